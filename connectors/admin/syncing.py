"""One click on records: a run, the requests, and a message whose counts add up."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from connectors import entities, queue
from connectors.admin import cells
from connectors.admin.board import Board
from connectors.admin.chosen import Chosen, in_words, listed, number_of
from connectors.models import Connection
from connectors.states import capped
from synclog import runs, words
from synclog.models import Run

NAMED = 3  # how many records a message names
Results = Mapping[str, queue.Enqueued]


def new_run_id() -> str:
    """Return a fresh run id for a form."""
    return str(uuid.uuid4())


def run_id(request: HttpRequest) -> uuid.UUID:
    """Return the id that the form carries, so that a double click makes one run."""
    try:
        return uuid.UUID(request.POST.get("run", ""))
    except ValueError:
        return uuid.uuid4()


def request_sync(request: HttpRequest, board: Board, connection: Connection, chosen: Chosen) -> Run:
    """Ask for what was chosen to be sent and tell the person. Nothing waits for the broker."""
    run, is_new, results = _start_and_enqueue(request, board, connection, chosen)
    if not is_new:
        text = format_html("This was asked for already; nothing was sent twice. {}", follow(request, run))
        messages.info(request, text)
        return run
    queued = sum(result.queued for result in results.values())
    text = format_html(
        "{}{}: {}. {}{}{}{}{}",
        f"{connection.name}: " if len(board.connections) > 1 else "",
        chosen.counted() if chosen.is_family else f"{chosen.total:,} chosen",
        ", ".join(_parts(chosen, queued, results)),
        before_them(results),
        with_them(results),
        barred(chosen),
        paused(board, connection) if queued else "",
        follow(request, run),
    )
    whole = queued == chosen.total and not chosen.barred
    messages.add_message(request, messages.INFO if whole else messages.WARNING, text)
    return run


def _start_and_enqueue(
    request: HttpRequest, board: Board, connection: Connection, chosen: Chosen
) -> tuple[Run, bool, Results]:
    """Begin the form's run and request its records together; False where the run exists already."""
    user: Any = request.user
    with transaction.atomic():
        run, is_new = runs.start(
            run_id(request),
            kind=Run.Kind.CLICK,
            label=chosen.label,
            connection_id=connection.pk,
            connection_name=connection.name,
            entity="" if chosen.is_family else board.entity.name,
            user=user,
            requested=number_of(chosen.wanted) + number_of(chosen.kept),
        )
        if not is_new:
            return run, False, {}
        results = queue.enqueue_chosen(
            chosen.wanted, connection, run=run.pk, requested_by=user.get_username()
        )
        skipped = sum(len(result.not_enabled) for result in results.values()) + number_of(chosen.kept)
        if skipped:
            runs.add(run.pk, {"skipped": skipped})
    return run, True, results


def _parts(chosen: Chosen, queued: int, results: Results) -> list[str]:
    """Return what became of the records, in parts that add up to what was chosen."""
    off = {name: [*result.not_enabled, *chosen.kept.get(name, ())] for name, result in results.items()}
    not_enabled, undecided = number_of(off), number_of(chosen.undecided)
    parts = [f"{queued:,} queued"] if queued or not (not_enabled or undecided) else []
    if not_enabled:
        parts.append(f"{not_enabled:,} not enabled ({names(off)})")
    if undecided:
        need = "needs" if undecided == 1 else "need"
        parts.append(f"{undecided:,} {need} your choice ({names(chosen.undecided)})")
    return parts


def follow(request: HttpRequest, run: Run) -> SafeString:
    """Return the link to a run's page, nothing for somebody who may not see it."""
    if not request.user.has_perm("synclog.view_run"):
        return SafeString("")
    return format_html('<a class="cc-follow" href="{}">Follow this run</a>', cells.run_url(run.pk))


def names(pks: Mapping[str, Sequence[int]]) -> str:
    """Return the first few of these records by name, as in "Acme, Globex and 3 more"."""
    found: list[str] = []
    for name, chosen in pks.items():
        first = entities.get(name).records().filter(pk__in=list(chosen)[: NAMED - len(found)])
        found += [capped(str(record), 60) for record in first.order_by("pk")]
    more = number_of(pks) - len(found)
    return f"{', '.join(found)} and {more:,} more" if more > 0 else ", ".join(found)


def before_them(results: Results) -> str:
    """Say that parents that were never sent go first."""
    parents = {name: result.parents for name, result in results.items() if result.parents}
    number = sum(parents.values())
    if not number:
        return ""
    entity = entities.get(entities.get(next(iter(parents))).parent)
    counted = words.counted(number, entity.label, entity.label_plural)
    verb, they = ("was", "it goes") if number == 1 else ("were", "they go")
    return f"{counted} of theirs {verb} never sent: {they} first. "


def with_them(results: Results) -> str:
    """Say that new records are created with their leads, where those were not chosen themselves."""
    number = sum(result.leads for result in results.values())
    lead = next((entity for entity in entities.in_order() if entity.lead), None)
    if not number or lead is None or lead.name in results:
        return ""
    counted = words.counted(number, f"Primary {lead.label}", f"Primary {lead.label_plural}")
    return f"{counted} {'goes' if number == 1 else 'go'} along. "


def barred(chosen: Chosen) -> str:
    """Say what belongs to these and stays behind."""
    if not chosen.barred:
        return ""
    left = listed([in_words(name, number) for name, number in chosen.barred.items()])
    plural = listed([entities.get(name).label_plural for name in chosen.barred])
    return f"{left} left out: your login may not sync {plural}. "


def paused(board: Board, connection: Connection) -> str:
    """Say that what was queued waits for the connection."""
    why = board.worlds[connection.pk].paused
    return f"{connection.name} is paused ({why}): they wait, none is lost. " if why else ""
