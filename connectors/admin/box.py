"""One connection's box on a record's page: who the record is there, its state, what can be done."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from connectors.admin import cells, chosen, syncing
from connectors.admin.board import Board
from connectors.mapping import Rendered, grouped, is_blank
from connectors.models import Connection, Link
from connectors.rendering import Renderer
from connectors.states import Shown, State, capped
from synclog import words

if TYPE_CHECKING:
    from connectors.admin.strip import StripMixin

GENERAL = "general"  # the tab with the record's fields
INVALID = "invalid"  # the code of what was refused here, without a call
EMPTY = " is empty"  # in what is said of a field that must hold something
FAMILY = "family"  # after the connection, in the value of the button that sends what belongs to it too


@dataclass(frozen=True, slots=True)
class Mend:
    """Where something wrong is put right: what people call it, an address or a tab ("#contacts").

    `is_missing`: there is nothing yet. `text` says what to do where that is known better here.
    """

    label: str
    url: str = ""
    is_missing: bool = False
    text: str = ""


def box(
    request: HttpRequest, admin: "StripMixin", board: Board, record: Any, connection: Connection
) -> dict[str, Any]:
    """Return what the box of one connection shows."""
    link, shown = board.shown(record, connection)
    model, may_sync = board.entity.model, admin.has_sync_permission(request)
    push_label = board.push_label(connection)
    return {
        "id": cells.cell_id(record, connection),
        "pk": connection.pk,
        "name": connection.name,
        "environment": cells.environment(connection),
        "remote_id": cells.remote_id(link, connection, board.open_label(connection)),
        "id_label": board.id_label(connection),
        "chip": cells.chip(shown.state),
        "why": cells.why(shown.reason),
        "remarks": _remarks(link, shown),
        "message": capped(link.message, 600) if link and shown.state is State.FAILED else "",
        "problems": _problems(admin, board, record, connection, link, shown),
        "last": _last(link, shown, board),
        "push_label": push_label,
        "saves_first": admin.has_change_permission(request, record),
        "unlink_url": cells.address(model, "unlink", record.pk, connection.pk)
        if may_sync and link and link.remote_id
        else "",
        "run": syncing.new_run_id(),
        "run_url": cells.run_url(link.run) if link and shown.state.is_moving else "",
        **_acts(request, admin, board, record, connection, link, shown),
    }


def _acts(
    request: HttpRequest,
    admin: "StripMixin",
    board: Board,
    record: Any,
    connection: Connection,
    link: Link | None,
    shown: Shown,
) -> dict[str, Any]:
    """Return what can be done at this state."""
    model, may_sync = board.entity.model, admin.has_sync_permission(request)
    is_choice = shown.state in (State.CHOICE, State.GONE)
    which = link is not None and link.candidates and not link.ways
    is_held = bool(board.held(record, connection, link))
    may_push = may_sync and shown.state is not State.NOT_ENABLED and not is_choice and not is_held
    ways = chosen.ways(request, board, connection, of_one=True) if may_push else []
    is_new = is_unknown(board, link, shown, connection)
    return {
        "choose_url": cells.address(model, "choose", record.pk, connection.pk) if is_choice else "",
        "choose_label": "Choose which one it is" if which else "Decide what to do",
        "may_push": may_push,
        "ways": [_way(way, record, connection) for way in ways],
        "switch": _switch(model, record, connection, link) if may_sync and record.sync_enabled else None,
        "enable_url": cells.address(model, "enable", record.pk, connection.pk)
        if is_new and may_sync and record.sync_enabled
        else "",
        "creates": admin.creates(record, connection) if _is_first(link, shown) else "",
    }


def _way(way: chosen.Way, record: Any, connection: Connection) -> dict[str, str]:
    """Return a way to send the record, as the value of the button that saves first and as an address."""
    value = f"{connection.pk}-{FAMILY}" if way.is_family else str(connection.pk)
    after = way.label[:1].lower() + way.label[1:]
    url = chosen.url_of(way, record, connection)
    return {"label": way.label, "after": after, "words": way.words, "value": value, "url": url}


def is_unknown(board: Board, link: Link | None, shown: Shown, connection: Connection) -> bool:
    """Return whether nobody and no rule has let a record go to a connection yet."""
    by_rule = connection.associates_automatically(board.entity.name)
    return link is None and not by_rule and shown.state is State.NOT_SYNCED


def _is_first(link: Link | None, shown: Shown) -> bool:
    """Return whether sending the record would make a new one over there, as far as we know."""
    if link is not None and (link.remote_id or link.state != Link.State.IDLE):
        return False
    return shown.state is State.NOT_SYNCED or cells.is_switched_off(link)


def _last(link: Link | None, shown: Shown, board: Board) -> str:
    is_told = shown.state is State.IN_SYNC  # by the reason
    return words.when(link.synced_at, board.now) if link and link.synced_at and not is_told else ""


def _remarks(link: Link | None, shown: Shown) -> list[str]:
    """Return what was left out of a record that is in sync, a sentence each."""
    if link is None or shown.state is not State.IN_SYNC:
        return []
    return [capped(text, 600) for text in grouped(link.remarks)]


def _switch(model: Any, record: Any, connection: Connection, link: Link | None) -> dict[str, str]:
    """Return the Yes/No of this record for this connection, as the act that changes it."""
    is_off = cells.is_switched_off(link)
    return {
        "is_on": "" if is_off else "yes",
        "url": cells.address(model, "enable" if is_off else "disable", record.pk, connection.pk),
        "label": "Enable" if is_off else "Switch off",
    }


def _problems(
    admin: "StripMixin",
    board: Board,
    record: Any,
    connection: Connection,
    link: Link | None,
    shown: Shown,
) -> dict[str, Any] | None:
    """Return what is wrong field by field: what is missing in one sentence, the rest in a list.

    What was refused here is looked at again: it may have been put right since. None where
    nothing is told of a field.
    """
    if link is None or shown.state is not State.FAILED or not link.errors:
        return None
    renderer = Renderer(connection, board.entity)
    rendered = renderer.one(record)
    now = rendered.problems(is_new=not link.remote_id) if link.code == INVALID else link.errors
    blank = _blank(renderer.mapping.fields, rendered)
    if link.code != INVALID:  # they refused what was sent, and that may have been something else
        blank = {name for name in blank if EMPTY in str(now.get(name))}
    mends = {name: _mend(admin, board, record, connection, name, name in blank) for name in now}
    empty = [(name, mend) for name, mend in mends.items() if mend.is_missing]
    empty.sort(key=lambda pair: pair[1].url != f"#id_{pair[0]}")  # the fields of this page first
    missing = [_place(mend, name) for name, mend in empty]
    return {
        "system": connection.system.label,
        "what": "the changes of " if link.remote_id else "",
        "name": capped(str(record), 80),
        "missing": format_html_join(", ", "{}", ((one,) for one in missing)),
        "them": "it" if len(missing) == 1 else "them",
        "by_itself": connection.sends_by_itself(record),
        "others": [
            format_html("{}: {}", _place(mend, name), mend.text or capped(str(now[name]), 300))
            for name, mend in mends.items()
            if not mend.is_missing
        ],
        "is_solved": not now,
    }


def _blank(fields: Any, rendered: Rendered) -> set[str]:
    """Return our names of the fields that hold nothing."""
    values = {**rendered.first, **rendered.payload}
    return {field.local for field in fields if is_blank(values.get(field.remote))}


def _mend(
    admin: "StripMixin", board: Board, record: Any, connection: Connection, name: str, is_blank_now: bool
) -> Mend:
    found = admin.mend(record, connection, name)
    if found is not None:
        return found
    label = board.worlds[connection.pk].labels(name)
    is_field = name.isidentifier() and hasattr(record, name)
    return Mend(label, f"#id_{name}" if is_field else "", is_missing=is_field and is_blank_now)


def _place(mend: Mend, name: str) -> SafeString:
    """Return what is to be mended as a link; within the page it turns to the tab, and to the field."""
    if not mend.url.startswith("#"):
        html = '<a href="{}">{}</a>' if mend.url else "{1}"
        return format_html(html, mend.url, mend.label)
    goal = mend.url.removeprefix("#")
    tab = GENERAL if goal == f"id_{name}" else goal
    html = '<a href="{}" x-on:click="activeTab = \'{}\'" data-field="{}">{}</a>'
    return format_html(html, mend.url, tab, goal, mend.label)
