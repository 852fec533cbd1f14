"""What a person decides of one record: which candidate it is, which way to go, or what after a loss.

Candidates stand side by side with ours. What they say comes from outside: templates
escape it, here it is only cut.
"""

import hashlib
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.html import format_html

from connectors.admin import cells, lost, syncing
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
        "title": f"{_titled(record)}: {state.word.lower()}",
        "headline": f"matches {number}" if link.candidates and not link.ways else "needs your choice",
        "one": words_one,
        "asked": _asked(link),
        "candidates": [_candidate(item) for item in link.candidates],
        "rows": _rows(board, connection, record, link),
        "facts": _facts(link),
        "ways": [_way(item) for item in link.ways],
        "message": capped(link.message, 600),
        "media": admin.media,
        "may_sync": admin.has_sync_permission(request),
        "run": syncing.new_run_id(),
        "home": home,
    }
    if state is State.GONE:
        context |= lost.context(request, board, connection, record, link)
    return TemplateResponse(request, "concord/choice.html", context)


def decide(request: HttpRequest, board: Board, connection: Connection, record: Any) -> HttpResponse:
    """Store a person's choice and send it. "Decide later" changes nothing."""
    home = cells.address(board.entity.model, "change", record.pk)
    link = link_of(record, connection)
    wanted = request.POST.get("choice", "")
    if link is None or not wanted:
        messages.info(request, f"Nothing was decided for {_titled(record)}. It waits for your choice.")
        return HttpResponseRedirect(home)
    if _is_stale(request, link, wanted):
        messages.warning(request, "What is asked has changed meanwhile. Look again and choose.")
        return HttpResponseRedirect(cells.address(board.entity.model, "choose", record.pk, connection.pk))
    try:
        run = _choose(request, board, connection, link, wanted)
    except InFlightError as error:
        messages.warning(request, str(error))
    except ValueError:
        messages.warning(request, "That one is not among the candidates any more. Look again and choose.")
        return HttpResponseRedirect(cells.address(board.entity.model, "choose", record.pk, connection.pk))
    else:
        text = format_html("{}: {} {}", _titled(record), _done(link, wanted), syncing.follow(request, run))
        messages.info(request, text)
    return HttpResponseRedirect(home)


def _asked(link: Link) -> str:
    """Return a mark of what a person is asked: a yes to something else is none to this."""
    said = "\n".join([link.message, *(str(item) for way in link.ways for item in way.values())])
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _is_stale(request: HttpRequest, link: Link, wanted: str) -> bool:
    """Return whether a way was chosen on a page that asked something else."""
    is_way = wanted in {item["choice"] for item in link.ways}
    return is_way and request.POST.get("asked") != _asked(link)


def _done(link: Link, wanted: str) -> str:
    """Return what was decided, for the message."""
    for way in link.ways:
        if way["choice"] == wanted:
            return f"you chose “{capped(str(way['label']), 120)}”. It is asked for."
    done = "a new one is created" if wanted == CREATE else f"linked to {_name(link, wanted)} ({wanted})"
    return f"{done}. It is remembered."


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
            if wanted == CREATE and lost.FAMILY in request.POST:
                runs.widen(run.pk, lost.send_family(request, board, connection, link, run))
    return run


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
        "whose": _whose(item),
        "rule": capped(str(item.get("rule", "")), VALUE_CHARS),
        "url": url if url.startswith(("https://", "http://")) else "",
    }


def _whose(item: dict[str, Any]) -> str:
    """Return what a narrow screen calls a candidate, where no head stands above its values."""
    return " ".join([capped(str(item.get("name", "")), 20), str(item.get("remote_id", ""))]).strip()


def _way(item: dict[str, Any]) -> dict[str, str]:
    return {
        "choice": str(item.get("choice", "")),
        "label": capped(str(item.get("label", "")), 120),
        "consequence": capped(str(item.get("consequence", "")), 600),
    }


def _rows(board: Board, connection: Connection, record: Any, link: Link) -> list[dict[str, Any]]:
    """Return one row per mapped field that anyone has a value for: ours, and each of theirs."""
    renderer = Renderer(connection, board.entity)
    mapping, ours = renderer.mapping, renderer.one(record).payload
    told = partial(_told, board.entity.model)
    rows = [_row(field, ours.get(field.remote), link.candidates, told) for field in mapping.fields]
    return [row for row in rows if row["ours"] or any(cell["value"] for cell in row["theirs"])]


def _row(
    field: Field, ours: Any, found: list[dict[str, Any]], told: Callable[[Field, Any], str]
) -> dict[str, Any]:
    values = [(item, item.get("fields", {}).get(field.remote)) for item in found]
    return {
        "label": field.label,
        "ours": told(field, ours),
        "theirs": [
            {"value": told(field, value), "is_same": same(ours, value), "whose": _whose(item)}
            for item, value in values
        ],
    }


def _told(model: Any, field: Field, value: Any) -> str:
    """Return a value of theirs as people read it: a number that stands for a word of ours as that word."""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if not isinstance(value, int) or field.local not in {one.name for one in model._meta.fields}:
        return _text(value)
    word = field.to_local(value)
    return _text(dict(model._meta.get_field(field.local).flatchoices).get(word, value))


def _facts(link: Link) -> list[dict[str, Any]]:
    """Return what only they know of each candidate, as owner and creation day."""
    names = dict.fromkeys(name for item in link.candidates for name in item.get("facts", {}))
    return [
        {
            "label": capped(name, 60),
            "theirs": [
                {"value": _text(item.get("facts", {}).get(name)), "whose": _whose(item)}
                for item in link.candidates
            ],
        }
        for name in names
    ]


def _text(value: Any) -> str:
    return "" if is_blank(value) else capped(str(value), VALUE_CHARS)
