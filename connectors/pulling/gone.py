"""A record that is not over there any more. Nothing is deleted here or elsewhere: a person decides.

One 404 for its own id is what counts, never that a list did not show it.
"""

from typing import Any

from django.db import transaction

from connectors import queue
from connectors.entities import Entity
from connectors.models import Connection, Link
from connectors.pulling import strays, telling
from connectors.queue import orphans, pulled
from synclog.models import Entry


def missing(connection: Connection, kind: Entity[Any, Any], remote_id: str, *, by: str) -> bool:
    """Mark the link of a record that was asked for by its id and is not there.

    Returns False where it is being sent at this moment: ask again later. What waits to be
    sent is read then instead of compared, and looked for by more than its id. A record that
    is switched off is marked too: it shows once it is switched on.
    """
    strays.forget(connection, kind.name, [remote_id])
    orphans.forget(connection, kind, remote_id)
    with transaction.atomic():
        link = pulled.lock(kind, connection, remote_id)
        if link is None or pulled.is_gone(link):
            return True
        if link.lease is not None and link.lease in queue.live_leases(connection):
            return False
        if link.state == Link.State.PENDING:
            pulled.have_read(link)
            return True
        pulled.note_gone(link, f"Deleted in {connection.system.label}.")
        _tell(connection, kind, link.record, remote_id, by)
    return True


def _tell(connection: Connection, kind: Entity[Any, Any], record: Any, remote_id: str, by: str) -> None:
    word, where = telling.word(connection, kind), connection.system.label
    telling.entry(
        connection,
        kind,
        f"{telling.called(record)} was deleted in {where} ({word} {remote_id}). Nothing was changed here.",
        by=by,
        outcome="gone",
        remote_id=remote_id,
        record=record,
        level=Entry.Level.WARNING,
        code="gone",
    )
