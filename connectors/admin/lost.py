"""The ways out for a record that is gone over there, and for what belonged to it there."""

from typing import Any

from django.http import HttpRequest

from connectors import entities, queue
from connectors.admin import cells
from connectors.admin.board import Board, link_of
from connectors.admin.chosen import family_of, in_words, listed
from connectors.entities import Entity
from connectors.models import Connection, Link
from connectors.rendering import is_there
from connectors.states import capped
from synclog import words
from synclog.models import Run

UNCHANGED = "Nothing was changed here."
FAMILY = "family"  # posted where what belongs to the record shall come back with it


def context(
    request: HttpRequest, board: Board, connection: Connection, record: Any, link: Link
) -> dict[str, Any]:
    """Return what the page of such a record shows besides what every choice shows."""
    along = _along(request, board, connection, record.pk)
    kinds = [entities.get(name).label_plural for name in along]
    return {
        "is_gone": True,
        "message": _told(link, board, connection),
        "unlink_url": cells.address(type(record), "unlink", record.pk, connection.pk),
        "family_name": FAMILY,
        "family": f"with {listed(kinds)}" if along else "",
        "family_counted": listed([in_words(name, len(pks)) for name, pks in along.items()]),
        "below": _below(board, connection, record),
    }


def send_family(request: HttpRequest, board: Board, connection: Connection, link: Link, run: Run) -> int:
    """Send anew what belonged to a record over there; return how many were requested."""
    along = _along(request, board, connection, link.record_id)
    by = request.user.get_username()
    return sum(
        queue.send_anew(kind.name, along[kind.name], connection, by=by, run=run.pk)
        for kind in entities.in_order(along)  # as all locks are taken
    )


def _along(request: HttpRequest, board: Board, connection: Connection, pk: int) -> dict[str, list[int]]:
    """Return what of it was over there and this person may send, by entity."""
    goes, _ = family_of(request, board.entity, connection)
    found = {kind.name: _linked(kind, connection, pk) for kind in goes}
    return {name: pks for name, pks in found.items() if pks}


def _linked(kind: Entity[Any, Any], connection: Connection, pk: int) -> list[int]:
    links = kind.links().linked().filter(connection=connection, **{f"record__{kind.parent}": pk})
    return list(links.order_by("record_id").values_list("record_id", flat=True))


def _told(link: Link, board: Board, connection: Connection) -> str:
    """Return what became of it over there, since when we know, and that nothing was changed here."""
    said = capped(link.message, 500) or f"Deleted in {connection.system.label}."
    seen = f" Seen {words.when(link.failed_at, board.now)}." if link.failed_at else ""
    same = "" if UNCHANGED in said else f" {UNCHANGED}"
    return f"{said}{seen}{same}"


def _below(board: Board, connection: Connection, record: Any) -> dict[str, str]:
    """Return what must be over there before this record can be, where it is not."""
    if not board.entity.parent:
        return {}
    parent = getattr(record, board.entity.parent)
    link = link_of(parent, connection)
    if link is not None and is_there(link):
        return {}
    return {"name": capped(str(parent), 80), "url": cells.address(type(parent), "change", parent.pk)}
