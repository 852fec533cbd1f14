"""Site Association: a record's box, and one line per connection that may have it.

A line's Enabled is Automatic (the connection's rule decides), Yes or No (a person
did). Only what a person changed is stored: saving an untouched form makes no link.
"""

from typing import TYPE_CHECKING, Any

from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from connectors import queue
from connectors.admin import cells, seen
from connectors.admin.board import Board, link_of
from connectors.admin.switched import AUTOMATIC, NO, YES
from connectors.models import Connection, Link
from connectors.states import Shown
from synclog import words

if TYPE_CHECKING:
    from connectors.admin.strip import StripMixin

MARK = "association"  # says that the form has this part: a missing box is then an unticked one
PARTS = ("id", "state", "last", "why")


def shown(request: HttpRequest, admin: "StripMixin", record: Any) -> dict[str, Any]:
    """Return what the part shows; without lines for a record that is not saved yet."""
    board = admin.board(request)
    may = admin.has_sync_permission(request) and admin.has_change_permission(request, record)
    rows = [_line(board, record, row) for row in board.connections] if record is not None else []
    return {
        "mark": MARK,
        "seen": seen.stamp(record) if record is not None else "",
        "entity": board.entity.label,
        "lines": rows,
        "may_change": may,
        "is_off": record is not None and not record.sync_enabled,
        "not_taken": _not_taken(board, admin.not_taken) if record is not None else [],
    }


def store(request: HttpRequest, admin: "StripMixin", record: Any) -> list[tuple[Connection, str]]:
    """Store the Yes, No or Automatic of each line that a person changed; needs the right to sync.

    Returns them. The caller saves the record next, which compares it with what each system
    has, and then tells what that did (`switched.tell`).
    """
    if MARK not in request.POST or not admin.has_sync_permission(request):
        return []
    board, by, stored = admin.board(request), request.user.get_username(), []
    for connection in board.connections:
        name = _field(connection)
        wanted, was = request.POST.get(name), request.POST.get(f"{name}_was")
        if wanted == was or wanted not in (AUTOMATIC, YES, NO):
            continue
        if wanted == AUTOMATIC:
            queue.set_automatic(board.entity.name, record.pk, connection, look=False)
        else:
            queue.set_enabled(board.entity.name, record.pk, connection, wanted == YES, by=by, look=False)
        stored.append((connection, wanted))
    return stored


def keep_box(request: HttpRequest, form: Any, record: Any) -> None:
    """Leave the box as it was where the form that was sent has no such part."""
    if MARK not in request.POST and "sync_enabled" in form.fields:
        record.sync_enabled = form.initial.get("sync_enabled", True)


def fresh(board: Board, record: Any, connection: Connection) -> SafeString:
    """Return what a poll puts in the place of a line's cells."""
    parts = _parts(board, record, connection)
    html = ((_cell(record, connection, name, parts[name], swapped=True),) for name in PARTS)
    return format_html_join("", "{}", html)


def _line(board: Board, record: Any, connection: Connection) -> dict[str, Any]:
    parts = _parts(board, record, connection)
    chosen = _chosen(link_of(record, connection))
    return {
        "field": _field(connection),
        "connection": connection,
        "environment": cells.environment(connection),
        "kind": connection.system.full_name,
        "theirs": connection.system.record_words[board.entity.name][0],
        "chosen": chosen,
        "choices": [
            (AUTOMATIC, f"Automatic: {_rule(board, record, connection)}", chosen == AUTOMATIC),
            (YES, "Yes", chosen == YES),
            (NO, "No: never sent", chosen == NO),
        ],
        **{name: _cell(record, connection, name, parts[name]) for name in PARTS},
    }


def _chosen(link: Link | None) -> str:
    if link is None:
        return AUTOMATIC
    if link.enabled == NO:
        return NO
    return YES if link.enabled_by else AUTOMATIC


def _rule(board: Board, record: Any, connection: Connection) -> str:
    """Return what Automatic means for this record at this moment."""
    associates = connection.associates_automatically(board.entity.name)
    link = link_of(record, connection)
    known = associates or (link is not None and bool(link.remote_id))
    return "sent when saved" if known and connection.sends_by_itself(record) else "only on a click"


def _parts(board: Board, record: Any, connection: Connection) -> dict[str, Any]:
    link, state = board.shown(record, connection)
    return {
        "id": cells.remote_id(link, connection, board.open_label(connection)) or "–",
        "state": cells.chip(state.state),
        "last": words.when(link.synced_at, board.now) if link and link.synced_at else "–",
        "why": _why(link, state),
    }


def _why(link: Link | None, state: Shown) -> SafeString:
    """Return the reason; that it is in sync needs none, the time stands in its own column."""
    return cells.why("" if link and link.synced_at and state.state.value == "in_sync" else state.reason)


def _cell(record: Any, connection: Connection, name: str, value: Any, *, swapped: bool = False) -> SafeString:
    whole = f"{cells.cell_id(record, connection)}-{name}"
    return format_html('<div id="{}"{}>{}</div>', whole, cells.SWAP if swapped else cells.NOTHING, value)


def _field(connection: Connection) -> str:
    return f"{MARK}_{connection.pk}"


def _not_taken(board: Board, note: str) -> list[str]:
    """Return a sentence per system that is connected and has no such records."""
    ending = f": {note}" if note else ""
    return [f"{kind.label} takes no {board.entity.label_plural} of its own{ending}." for kind in board.others]
