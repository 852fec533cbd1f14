"""Changes: what a save wants of each connection, and what bypassed the saves."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.db import transaction
from django.db.models import prefetch_related_objects
from django.utils import timezone

from connectors import doorbell, entities, registry
from connectors.entities import Entity
from connectors.mapping import outstanding
from connectors.models import Connection, Link, Synced
from connectors.protocol import HELD
from connectors.queue.remarks import note_remarks
from connectors.queue.requests import enqueue, request_row
from connectors.queue.upsert import write_requests
from connectors.rendering import Renderer, held
from synclog import runs

CHUNK = 1_000  # links rendered together


def enqueue_auto(record: Synced, *, requested_by: str = "", because_of: type[Synced] | None = None) -> None:
    """Request what a save wants of each connection; call it in the save's transaction.

    `because_of`: not this record was saved, but one of that model which it depends on.

    Automatic sync on: whatever differs from the snapshot is requested, and a record
    without a link is associated. Off: a linked record that differs is marked as
    changed, and one that is being sent is looked at again when that ends. A record
    that is switched off is withdrawn, unless a call of it got no answer: nobody knows
    what stands over there, so it goes on waiting for the day it is switched on.
    """
    kind = entities.of(type(record))
    if not record.sync_enabled:
        waiting = kind.links().filter(record_id=record.pk, state=Link.State.PENDING, unsure=False)
        waiting.update(state=Link.State.IDLE)
        return
    for connection in _connections(kind.name):
        if because_of is None or _depends(connection, kind.name, entities.of(because_of)):
            _want(kind, record, connection, requested_by)


def look_again(record: Synced, connection: Connection, *, requested_by: str) -> None:
    """Request or mark what a record wants of one connection, after a person switched it there.

    As `enqueue_auto` after a save, and for those whose payload depends on it (see
    `Synced.touches`) too. Call it in a transaction that holds the record.
    """
    kind = entities.of(type(record))
    is_on = kind.links().filter(connection=connection, record_id=record.pk, enabled=Link.Enabled.YES).exists()
    for other in record.touches():
        name = entities.of(type(other)).name
        if is_on:
            other.touched(requested_by, of=type(record))
        elif name in connection.system.entities and _depends(connection, name, kind):
            find_changed(connection, name, [other.pk])  # what failed without it is not tried again
    if record.sync_enabled and connection.enabled:
        _want(kind, record, connection, requested_by)


def _want(kind: Entity[Any, Any], record: Synced, connection: Connection, requested_by: str) -> None:
    # Locked: an answer about it is settled before this looks, or sees this save when it is.
    links = kind.links().select_for_update().filter(connection=connection, record_id=record.pk)
    link = links.first()
    if link is None:
        wanted = connection.sends_by_itself(record) and connection.associates_automatically(kind.name)
        if wanted and not _held(connection, kind, record):
            _request_saved(kind, record, connection, requested_by)
    elif link.enabled == Link.Enabled.YES:
        link.record = record.twin()  # what is read along with it, is as of now
        prefetch_related_objects([link.record], *kind.related(""))
        _after_save(kind, link, connection, requested_by)


def _depends(connection: Connection, entity: str, other: Entity[Any, Any]) -> bool:
    """Return whether what is sent of an entity depends on records of another one."""
    return not other.lead or registry.mapping(connection, entity).lead == other.name


def _held(connection: Connection, kind: Entity[Any, Any], record: Synced) -> bool:
    mapping = registry.mapping(connection, kind.name)
    return bool(held(connection, mapping, record, is_linked=False))


def _kept_back(link: Any, renderer: Renderer) -> bool:
    """Note on a record's link whether it is kept back now, and why; return whether it is."""
    kind, connection = renderer.kind, renderer.connection
    why = held(connection, renderer.mapping, link.record, is_linked=bool(link.remote_id))
    if not why and link.code != HELD:
        return False
    # Whoever requested it since this was read must not be withdrawn: a claim tells the same then.
    rows = kind.links().filter(pk=link.pk, state=link.state, ticket=link.ticket)
    link.state = Link.State.IDLE if why else link.state
    link.code, link.message = (HELD, why) if why else ("", "")
    rows.update(state=link.state, code=link.code, message=link.message)
    return bool(why)


def _connections(entity: str) -> list[Connection]:
    rows = Connection.objects.filter(enabled=True).select_related("health").order_by("pk")
    return [row for row in rows if entity in row.system.entities]


def _after_save(kind: Entity[Any, Any], link: Any, connection: Connection, requested_by: str) -> None:
    renderer = Renderer(connection, kind)
    if _kept_back(link, renderer):
        return
    (differs,) = differences([link], renderer)
    automatic = connection.sends_by_itself(link.record)
    if automatic and (differs or link.state != Link.State.IDLE or not link.remote_id):
        _request_saved(kind, link.record, connection, requested_by)
        return
    if link.remote_id and differs != link.changed:
        kind.links().filter(pk=link.pk).update(changed=differs)
    if link.state == Link.State.PENDING:  # a talker passes over what is locked here
        doorbell.ring_after_commit(connection.pk)


def _request_saved(kind: Entity[Any, Any], record: Synced, connection: Connection, by: str) -> None:
    run = runs.automatic_id(connection.pk, timezone.now())
    write_requests(kind, request_row(kind, connection, run, by, Link.Priority.SAVE), [record.pk])
    now = timezone.now()

    transaction.on_commit(lambda: runs.add_automatic(connection.pk, connection.name, now, 1))
    doorbell.ring_after_commit(connection.pk)


def _chunks(links: Iterable[Any]) -> Iterator[list[Any]]:
    rest = iter(links)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk


def differences(links: Sequence[Any], renderer: Renderer) -> list[list[str]]:
    """Return, per link, our names of the fields that the other side does not have yet.

    What is left out of the records now is noted on the links.
    """
    renderings = renderer.render([link.record for link in links])
    for link, one in zip(links, renderings, strict=True):
        note_remarks(link, one, renderer)
    moved = renderer.moved(links, renderings)
    differing = [
        {*outstanding(one.payload, link.snapshot, link.left, unsure=False)}
        | ({renderer.mapping.parent} if link.pk in moved else set())
        for link, one in zip(links, renderings, strict=True)
    ]
    return [renderer.mapping.local_names(remote) for remote in differing]


def _mark(kind: Entity[Any, Any], marks: Mapping[tuple[str, ...], Sequence[int]]) -> None:
    """Mark links as changed in these fields: many at once, since a night finds whole companies."""
    for names, pks in marks.items():
        with transaction.atomic():
            rows = kind.links().filter(pk__in=pks, state=Link.State.IDLE)
            # One UPDATE takes its locks as the rows lie, and would deadlock with a request.
            held = list(rows.select_for_update().order_by("record_id").values_list("pk", flat=True))
            kind.links().filter(pk__in=held).update(changed=list(names))


@dataclass(frozen=True, slots=True)
class Compared:
    """How many linked, idle records differ, how many of them anew, and how many of those are queued."""

    differing: int = 0
    new: int = 0
    queued: int = 0


def find_changed(
    connection: Connection, entity: str, pks: Sequence[int] | None = None, *, send: bool = True
) -> int:
    """Find linked, idle records that differ from what was agreed; return how many. See `compare`."""
    return compare(connection, entity, pks, send=send).differing


def compare(
    connection: Connection, entity: str, pks: Sequence[int] | None = None, *, send: bool = True
) -> Compared:
    """Compare linked, idle records, all or these, with what was agreed.

    Makes no call. Catches what bypassed `save()`. Where automatic sync is on, and
    `send` allows it, those that differ are requested; otherwise they are marked as changed.
    """
    kind = entities.get(entity)
    renderer = Renderer(connection, kind)
    rows = kind.links().linked().filter(connection=connection, state=Link.State.IDLE, enabled="yes")
    rows = rows.filter(record__sync_enabled=True)
    if pks is not None:
        rows = rows.filter(record_id__in=pks)
    differing, new, sent = 0, set(), []
    for chunk in _chunks(kind.with_records(rows).iterator(chunk_size=CHUNK)):
        marks: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for link, differs in zip(chunk, differences(chunk, renderer), strict=True):
            if _kept_back(link, renderer):
                continue
            if differs:
                differing += 1
                new |= set() if link.changed else {link.record_id}
                sent += [link.record_id] if connection.sends_by_itself(link.record) else []
            if differs != link.changed:
                marks[tuple(differs)].append(link.pk)
        _mark(kind, marks)
    if send and sent:
        now = timezone.now()
        run = runs.automatic_id(connection.pk, now)
        runs.add_automatic(connection.pk, connection.name, now, len(sent))
        enqueue(entity, sent, connection, run=run, requested_by="schedule", priority=Link.Priority.BULK)
    return Compared(differing, len(new), len(new.intersection(sent)) if send else 0)
