"""The choice between candidates: ours and theirs side by side, and a person decides.

Also the exits of a record that is gone over there. What candidates say comes from
outside: templates escape it, here it is only cut.
"""

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.html import format_html

from connectors.admin import cells, syncing
from connectors.admin.board import Board, link_of
from connectors.mapping import Field, is_blank, same
from connectors.models import Connection, Link
from connectors.protocol import CREATE
from connectors.queue import InFlightError, choose
from connectors.queue import unlink as forget
from connectors.rendering import Renderer
from connectors.states import State, capped, state_of
from synclog import runs, words
from synclog.models import Run

if TYPE_CHECKING:
    from connectors.admin.clicks import ClicksMixin

VALUE_CHARS = 300
UNCHANGED = "Nothing was changed here."


def page(
    request: HttpRequest, admin: "ClicksMixin", board: Board, connection: Connection, record: Any
) -> HttpResponse:
    """Show what to decide; a record that needs no decision leads back to its page."""
    link = link_of(record, connection)
    state = state_of(link, board.worlds[connection.pk].live)
    home = cells.address(admin.model, "change", record.pk)
    if link is None or state not in (State.CHOICE, State.GONE):
        messages.info(request, f"There is nothing to choose for {_titled(record)}: {state.word.lower()}.")
        return HttpResponseRedirect(home)
    words_one, words_many = connection.system.record_words[board.entity.name]
    number = words.counted(len(link.candidates), words_one, words_many)
    context = {
        **admin.admin_site.each_context(request),
        "opts": admin.opts,
        "record": _titled(record),
        "connection": connection,
        "cc_environment": cells.environment(connection),
        "link": link,
        "is_gone": state is State.GONE,
        "title": f"{_titled(record)}: {state.word.lower()}",
        "headline": f"matches {number}",
        "one": words_one,
        "candidates": [_candidate(item) for item in link.candidates],
        "rows": _rows(board, connection, record, link),
        "facts": _facts(link),
        "message": _gone_words(link, board, connection) if state is State.GONE else capped(link.message, 600),
        "media": admin.media,
        "may_sync": admin.has_sync_permission(request),
        "run": syncing.new_run_id(),
        "home": home,
        "unlink_url": cells.address(admin.model, "unlink", record.pk, connection.pk),
    }
    return TemplateResponse(request, "concord/choice.html", context)


def decide(request: HttpRequest, board: Board, connection: Connection, record: Any) -> HttpResponse:
    """Store a person's choice and send it. "Decide later" changes nothing."""
    home = cells.address(board.entity.model, "change", record.pk)
    link = link_of(record, connection)
    wanted = request.POST.get("choice", "")
    if link is None or not wanted:
        messages.info(request, f"Nothing was decided for {_titled(record)}. It waits for your choice.")
        return HttpResponseRedirect(home)
    try:
        run = _choose(request, board, connection, link, wanted)
    except InFlightError as error:
        messages.warning(request, str(error))
    except ValueError:
        messages.warning(request, "That one is not among the candidates any more. Look again and choose.")
        return HttpResponseRedirect(cells.address(board.entity.model, "choose", record.pk, connection.pk))
    else:
        done = "a new one is created" if wanted == CREATE else f"linked to {_name(link, wanted)} ({wanted})"
        text = format_html(
            "{}: {}. It is remembered. {}", _titled(record), done, syncing.follow(request, run)
        )
        messages.info(request, text)
    return HttpResponseRedirect(home)


def unlink(request: HttpRequest, board: Board, connection: Connection, record: Any) -> None:
    """Forget who the record is over there, and say that nothing was changed there."""
    link = link_of(record, connection)
    if link is None:
        messages.info(request, f"{_titled(record)} is not linked in {connection.name}.")
        return
    try:
        forget(board.entity.name, link.pk, by=request.user.get_username())
    except InFlightError as error:
        messages.warning(request, str(error))
        return
    text = f"{_titled(record)} is not linked any more. Nothing was changed in {connection.name}."
    messages.info(request, text)


def _choose(request: HttpRequest, board: Board, connection: Connection, link: Link, wanted: str) -> Run:
    user: Any = request.user
    with transaction.atomic():
        run, is_new = runs.start(
            syncing.run_id(request),
            kind=Run.Kind.CLICK,
            label=board.push_label(connection),
            connection_id=connection.pk,
            connection_name=connection.name,
            entity=board.entity.name,
            user=user,
            requested=1,
        )
        if is_new:
            choose(board.entity.name, link.pk, wanted, by=user.get_username(), run=run.pk)
    return run


def _gone_words(link: Link, board: Board, connection: Connection) -> str:
    """Return what became of it over there, since when we know, and that nothing was changed here."""
    said = capped(link.message, 500) or f"Deleted in {connection.system.label}."
    seen = f" Seen {words.when(link.failed_at, board.now)}." if link.failed_at else ""
    same = "" if UNCHANGED in said else f" {UNCHANGED}"
    return f"{said}{seen}{same}"


def _titled(record: Any) -> str:
    return capped(str(record), 120)


def _name(link: Link, remote_id: str) -> str:
    names = [str(item.get("name", "")) for item in link.candidates if item["remote_id"] == remote_id]
    return capped(names[0] if names and names[0] else remote_id, 100)


def _candidate(item: dict[str, Any]) -> dict[str, str]:
    url = str(item.get("url", ""))
    return {
        "remote_id": str(item.get("remote_id", "")),
        "name": capped(str(item.get("name", "")), 120),
        "rule": capped(str(item.get("rule", "")), VALUE_CHARS),
        "url": url if url.startswith(("https://", "http://")) else "",
    }


def _rows(board: Board, connection: Connection, record: Any, link: Link) -> list[dict[str, Any]]:
    """Return one row per mapped field that anyone has a value for: ours, and each of theirs."""
    renderer = Renderer(connection, board.entity)
    mapping, ours = renderer.mapping, renderer.one(record).payload
    theirs = [item.get("fields", {}) for item in link.candidates]
    rows = [_row(field, ours.get(field.remote), theirs) for field in mapping.fields]
    return [row for row in rows if row["ours"] or any(cell["value"] for cell in row["theirs"])]


def _row(field: Field, ours: Any, theirs: list[dict[str, Any]]) -> dict[str, Any]:
    values = [item.get(field.remote) for item in theirs]
    return {
        "label": field.label,
        "ours": _text(ours),
        "theirs": [{"value": _text(value), "is_same": same(ours, value)} for value in values],
    }


def _facts(link: Link) -> list[dict[str, Any]]:
    """Return what only they know of each candidate, as owner and creation day."""
    names = dict.fromkeys(name for item in link.candidates for name in item.get("facts", {}))
    facts = [item.get("facts", {}) for item in link.candidates]
    return [
        {"label": capped(name, 60), "values": [_text(fact.get(name)) for fact in facts]} for name in names
    ]


def _text(value: Any) -> str:
    return "" if is_blank(value) else capped(str(value), VALUE_CHARS)
