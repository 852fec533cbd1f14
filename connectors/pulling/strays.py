"""Records over there that could not be taken over: each is told once, and tried again when that may help."""

from collections.abc import Collection, Sequence
from typing import Any

from django.utils import timezone

from connectors import entities, queue
from connectors.entities import Entity
from connectors.inbound import Found
from connectors.models import Connection, Link, LinkQuerySet, Stray
from connectors.pulling import notices
from connectors.queue import orphans
from connectors.rendering import THERE

MANY = 1_000  # looked at in one go
DELETED = Stray.Reason.DELETED


def note(
    connection: Connection, kind: Entity[Any, Any], found: Found, reason: Stray.Reason, message: str
) -> bool:
    """Keep why a record was not taken over; return whether that is new, so that the log tells it."""
    key: dict[str, Any] = {"connection": connection, "entity": kind.name, "remote_id": found.remote_id}
    known = Stray.objects.filter(**key).values_list("message", flat=True).first()
    values = {"parent_id": found.parent_id, "reason": reason, "message": message, "seen_at": timezone.now()}
    Stray.objects.update_or_create(**key, defaults=values)
    return known != message


def leave(kind: Entity[Any, Any], pks: Collection[int]) -> None:
    """Lock records that are about to be deleted here, with their children, and note what stays over there.

    What stays is not made anew; what is being made at this moment is an orphan. Call it in
    the deleting transaction.
    """
    queue.hold(kind, pks)
    _deleted_here(kind, pks)
    orphans.leaving(kind, pks)
    for child in entities.children_of(kind.name):
        theirs = child.records().filter(**{f"{child.parent}__in": pks})
        leave(child, list(theirs.values_list("pk", flat=True)))


def _deleted_here(kind: Entity[Any, Any], pks: Collection[int]) -> None:
    links = kind.links().linked().filter(record_id__in=pks).select_related("connection")
    fetched = [link for link in links if kind.name in link.connection.system.directions]
    Stray.objects.bulk_create(
        [
            Stray(connection=link.connection, entity=kind.name, remote_id=link.remote_id, reason=DELETED)
            for link in fetched
        ],
        update_conflicts=True,
        unique_fields=["connection", "entity", "remote_id"],
        update_fields=["reason", "message"],
    )


def keep_away(connection: Connection, entity: str, remote_id: str) -> None:
    """Note a record over there that belonged to one deleted here, without a word: it is not made anew."""
    Stray.objects.get_or_create(
        connection=connection, entity=entity, remote_id=remote_id, defaults={"reason": DELETED}
    )


def was_deleted_here(connection: Connection, kind: Entity[Any, Any], remote_id: str) -> bool:
    """Return whether ours of this record was deleted here."""
    rows = Stray.objects.filter(connection=connection, entity=kind.name, remote_id=remote_id, reason=DELETED)
    return rows.exists()


def forget(connection: Connection, entity: str, remote_ids: Sequence[str]) -> None:
    """Forget what was said of records that are fine now, or gone."""
    Stray.objects.filter(connection=connection, entity=entity, remote_id__in=remote_ids).delete()


def homes(connection: Connection, kind: Entity[Any, Any]) -> LinkQuerySet:
    """Return the links of the parents below which a record from over there may be made or known here."""
    links = entities.get(kind.parent).links()
    return links.filter(THERE, connection=connection, enabled=Link.Enabled.YES, record__sync_enabled=True)


def call_children(connection: Connection, kinds: Collection[Entity[Any, Any]]) -> None:
    """Have those read again that waited for a parent which is linked now."""
    for kind in kinds:
        if not kind.parent:
            continue
        waiting = Stray.objects.filter(connection=connection, entity=kind.name, reason=Stray.Reason.PARENT)
        ids = dict(waiting.values_list("remote_id", "parent_id")[:MANY])
        if not ids:
            continue
        parents = homes(connection, kind).filter(remote_id__in=set(ids.values()))
        there = set(parents.values_list("remote_id", flat=True))
        called = [remote_id for remote_id, parent_id in ids.items() if parent_id in there]
        if called:
            notices.keep(connection, kind.name, called)
            waiting.filter(remote_id__in=called).delete()
