"""One click on records: a run, the requests, and a message whose counts add up."""

import uuid
from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from connectors import entities, queue
from connectors.admin import cells
from connectors.admin.board import Board
from connectors.models import Connection
from synclog import runs, words
from synclog.models import Run

NAMED = 3  # how many records a message names


def new_run_id() -> str:
    """Return a fresh run id for a form."""
    return str(uuid.uuid4())


def run_id(request: HttpRequest) -> uuid.UUID:
    """Return the id that the form carries, so that a double click makes one run."""
    try:
        return uuid.UUID(request.POST.get("run", ""))
    except ValueError:
        return uuid.uuid4()


def request_sync(
    request: HttpRequest,
    board: Board,
    connection: Connection,
    pks: Sequence[int],
    *,
    left_out: Sequence[int] = (),
) -> Run:
    """Ask for these records to be sent and tell the person. Nothing waits for the broker.

    `left_out` were chosen too, but need a person's choice first: they are told, not sent.
    """
    run, is_new, result = start_and_enqueue(request, board, connection, pks)
    if not is_new:
        text = format_html("This was asked for already; nothing was sent twice. {}", follow(request, run))
        messages.info(request, text)
        return run
    parts = [f"{result.queued:,} queued"] if result.queued or not (result.not_enabled or left_out) else []
    if result.not_enabled:
        parts.append(f"{len(result.not_enabled):,} not enabled ({names(board, result.not_enabled)})")
    if left_out:
        need = "needs" if len(left_out) == 1 else "need"
        parts.append(f"{len(left_out):,} {need} your choice ({names(board, left_out)})")
    chosen = len(pks) + len(left_out)
    text = format_html(
        "{}{} chosen: {}. {}{}{}",
        f"{connection.name}: " if len(board.connections) > 1 else "",
        f"{chosen:,}",
        ", ".join(parts),
        _before_them(board, result.parents),
        _paused(board, connection) if result.queued else "",
        follow(request, run),
    )
    messages.add_message(request, messages.INFO if result.queued == chosen else messages.WARNING, text)
    return run


def start_and_enqueue(
    request: HttpRequest, board: Board, connection: Connection, pks: Sequence[int]
) -> tuple[Run, bool, queue.Enqueued]:
    """Begin the form's run and request its records together; False where the run exists already."""
    user: Any = request.user
    with transaction.atomic():
        run, is_new = runs.start(
            run_id(request),
            kind=Run.Kind.CLICK,
            label=board.push_label(connection),
            connection_id=connection.pk,
            connection_name=connection.name,
            entity=board.entity.name,
            user=user,
            requested=len(pks),
        )
        if not is_new:
            return run, False, queue.Enqueued()
        result = queue.enqueue(
            board.entity.name, pks, connection, run=run.pk, requested_by=user.get_username()
        )
        if result.not_enabled:
            runs.add(run.pk, {"skipped": len(result.not_enabled)})
    return run, True, result


def follow(request: HttpRequest, run: Run) -> SafeString:
    """Return the link to a run's page, nothing for somebody who may not see it."""
    if not request.user.has_perm("synclog.view_run"):
        return SafeString("")
    return format_html('<a class="cc-follow" href="{}">Follow this run</a>', cells.run_url(run.pk))


def names(board: Board, pks: Sequence[int]) -> str:
    """Return the first few records by name, as in "Acme, Globex and 3 more"."""
    first = board.entity.records().filter(pk__in=list(pks)[:NAMED]).order_by("pk")
    listed = ", ".join(str(record)[:60] for record in first)
    more = len(pks) - NAMED
    return f"{listed} and {more:,} more" if more > 0 else listed


def _before_them(board: Board, parents: int) -> str:
    """Say that parents that were never sent go first."""
    if not parents:
        return ""
    entity = entities.get(board.entity.parent)
    verb = "was" if parents == 1 else "were"
    counted = words.counted(parents, entity.label, entity.label_plural)
    return f"{counted} of theirs {verb} never sent: {'it goes' if parents == 1 else 'they go'} first. "


def _paused(board: Board, connection: Connection) -> str:
    paused = board.worlds[connection.pk].paused
    if not paused:
        return ""
    return f"{connection.name} is paused ({paused}): they wait, none is lost. "


def counted(board: Board, number: int) -> str:
    """Return a number of records in words, as in "1,150 companies"."""
    return words.counted(number, board.entity.label, board.entity.label_plural)
