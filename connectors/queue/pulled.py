"""Pulled: what was found over there, written to the link in the transaction that takes it over.

Whoever comes here holds the record's own row first, as a save does; then the link's.
"""

import uuid
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from connectors import alerts, clock, entities
from connectors.entities import Entity
from connectors.models import Connection, Link
from connectors.protocol import GONE

_COMPLAINT: dict[str, Any] = {
    "state": Link.State.IDLE,
    "code": "",
    "message": "",
    "errors": {},
    "candidates": [],
    "ways": [],
    "failed_at": None,
}


def lock(kind: Entity[Any, Any], connection: Connection, remote_id: str) -> Any | None:
    """Lock the record with this id over there and its link; return the link with the record, fresh.

    Returns None where nobody has that id, or not any more.
    """
    links = kind.links().filter(connection=connection, remote_id=remote_id)
    record = kind.records().filter(pk__in=links.values("record")).first()
    if record is None:
        return None
    fresh = hold(kind, record)
    link = links.filter(record_id=record.pk).select_for_update(of=("self",)).first()
    if link is not None:
        link.record = fresh
    return link


def hold(kind: Entity[Any, Any], record: Any) -> Any:
    """Lock a record, and what a save of it touches, in the order of a save; return it fresh.

    A save takes the links of a parent before those of a child: what is locked here before
    it must be so, too.
    """
    record.hold()
    fresh = kind.whole().get(pk=record.pk)
    touched = list(fresh.touches())
    for other in touched:
        other.hold()
    for entity in entities.in_order():
        pks = [other.pk for other in touched if isinstance(other, entity.model)]
        if pks:
            rows = entity.link.objects.select_for_update().filter(record_id__in=pks)
            list(rows.order_by("record_id", "connection_id").values_list("pk"))
    return fresh


def is_in_flight(link: Any, live: Collection[uuid.UUID], read_at: datetime) -> bool:
    """Return whether a push may have changed the record over there since it was read at `read_at`.

    One whose answer is missing is looked at after it was sent anew: until then nobody
    knows what was agreed.
    """
    touched = (link.leased_at, link.synced_at)
    return (
        (link.lease is not None and link.lease in live)
        or any(moment is not None and moment >= read_at for moment in touched)
        or (link.unsure and link.state == Link.State.PENDING)
    )


def agree(link: Any, snapshot: Mapping[str, Any], left: Mapping[str, Any]) -> None:
    """Keep what the other side has now. One that was gone is there again."""
    values: dict[str, Any] = {"snapshot": dict(snapshot), "left": dict(left)}
    if is_gone(link):
        values.update(_COMPLAINT)
    _write(link, values)


def is_gone(link: Any) -> bool:
    """Return whether the record was found to be deleted over there."""
    return bool(link.state == Link.State.FAILED and link.code == GONE)


def note_gone(link: Any, message: str) -> None:
    """Store that the record is not over there any more: a person decides what that means here."""
    values = {**_COMPLAINT, "state": Link.State.FAILED, "code": GONE, "message": message}
    _write(link, {**values, "failed_at": clock.now(), "lease": None})
    alerts.failures(link.connection)


def have_read(link: Any) -> None:
    """Have a waiting record read before it is compared, or once a call without an answer is over."""
    if link.recheck_at is None:
        _write(link, {"recheck_at": clock.now()})


def link_new(
    kind: Entity[Any, Any],
    connection: Connection,
    record: Any,
    remote_id: str,
    snapshot: Mapping[str, Any],
    left: Mapping[str, Any],
    *,
    adopted: bool,
    unsure: bool,
) -> Any:
    """Make the link of a record that has none. Raises IntegrityError where one of the two is linked."""
    link = kind.link(
        connection=connection,
        record=record,
        remote_id=remote_id,
        remote_url=connection.record_url(kind.name, remote_id),
        snapshot=dict(snapshot),
        left=dict(left),
        adopted=adopted,
        unsure=unsure,
        synced_at=clock.now(),
    )
    link.save(force_insert=True)
    return link


def _write(link: Any, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        setattr(link, name, value)
    link.save(update_fields=list(values))
