"""Requests: what a click, a save, a command or a person's choice wants of a link."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, transaction
from django.db import connection as database
from django.db.models import Exists, OuterRef
from django.utils import timezone

from connectors import clock, doorbell, entities, logbook
from connectors.entities import Entity
from connectors.mapping import outstanding
from connectors.models import Connection, Link, Synced
from connectors.protocol import Adoption, Candidate, Matched, Outcome, Status
from connectors.queue.slots import live_leases
from connectors.queue.upsert import write_requests
from connectors.rendering import Renderer, parent_is_there
from synclog import runs


@dataclass(frozen=True, slots=True)
class Enqueued:
    """Tell what became of a request: the counts add up to what was asked."""

    queued: int = 0
    not_enabled: list[int] = field(default_factory=list)  # pks that a person switched off
    parents: int = 0  # requested along, since these could not be sent before them


class InFlightError(Exception):
    """Tell that the record is being sent at this moment: ask again shortly."""


def enqueue(
    entity: str,
    pks: Iterable[int],
    connection: Connection,
    *,
    run: uuid.UUID,
    requested_by: str,
    priority: int = Link.Priority.CLICK,
    full: bool = False,
) -> Enqueued:
    """Request that these records be sent, and ring once when that is committed.

    Associates those that have no link yet; leaves alone those switched off. Each
    row gets a fresh ticket: whoever is sending it now will not close it. `full`
    sends every field, not the difference. A click requests the parents too that were
    never sent. Never waits for the broker.
    """
    kind = entities.get(entity)
    wanted = sorted(set(pks))
    template = _template(kind, connection, run, requested_by, priority)
    try:
        return _enqueue(kind, connection, template, wanted, full=full)
    except IntegrityError:  # a record was deleted meanwhile: without it, it goes through
        if database.in_atomic_block:
            raise
        return _enqueue(kind, connection, template, wanted, full=full)


def _enqueue(
    kind: Entity[Any, Any], connection: Connection, template: Link, wanted: list[int], *, full: bool
) -> Enqueued:
    with transaction.atomic():
        off = _switched_off(kind, connection, wanted)
        queued = write_requests(kind, template, wanted)
        if full:
            kind.links().filter(connection=connection, ticket=template.ticket).update(full=True)
        parents = _request_parents(kind, connection, template, wanted)
        doorbell.ring_after_commit(connection.pk)
    return Enqueued(queued, sorted(off), parents)


def _request_parents(
    kind: Entity[Any, Any], connection: Connection, template: Link, wanted: list[int]
) -> int:
    """Request the parents that nobody ever sent; one that failed or is switched off stays as it is."""
    if not kind.parent or template.priority != Link.Priority.CLICK:
        return 0
    parent = entities.get(kind.parent)
    rows = kind.records().filter(pk__in=wanted, sync_enabled=True)
    pks = set(rows.values_list(f"{kind.parent}_id", flat=True))
    known = parent.links().filter(connection=connection, record__in=pks)
    known = known.exclude(remote_id="", state=Link.State.IDLE, enabled=Link.Enabled.YES)
    missing = sorted(pks - set(known.values_list("record_id", flat=True)))
    return write_requests(parent, _template_of(parent, template), missing) if missing else 0


def _template(
    kind: Entity[Any, Any], connection: Connection, run: uuid.UUID | None, requested_by: str, priority: int
) -> Any:
    """Return a link row with the request that many records get. Its ticket is fresh."""
    now = clock.now()
    return kind.link(
        connection=connection,
        state=Link.State.PENDING,
        ticket=uuid.uuid4(),  # one per request will do: it is compared row by row
        priority=priority,
        requested_at=now,
        requested_by=requested_by[:150],
        not_before=now,
        run=run,
    )


def _template_of(kind: Entity[Any, Any], template: Link) -> Any:
    """Return the same request for records of another entity."""
    return _template(kind, template.connection, template.run, template.requested_by, template.priority)


def _switched_off(kind: Entity[Any, Any], connection: Connection, pks: Sequence[int]) -> set[int]:
    """Return those that a person switched off, here for this connection or at all."""
    off = kind.links().filter(connection=connection, enabled=Link.Enabled.NO)
    pks_off = {*off.values_list("record_id", flat=True)}
    pks_off |= {*kind.records().filter(sync_enabled=False).values_list("pk", flat=True)}
    return pks_off & set(pks)


def enqueue_auto(record: Synced, *, requested_by: str = "") -> None:
    """Request what a save wants of each connection; call it in the save's transaction.

    Automatic sync on: whatever differs from the snapshot is requested, and a record
    without a link is associated. Off: a linked record that differs is marked as
    changed, and one that is being sent is looked at again when that ends. A record
    that is switched off is withdrawn.
    """
    kind = entities.of(type(record))
    if not record.sync_enabled:
        waiting = kind.links().filter(record_id=record.pk, state=Link.State.PENDING)
        waiting.update(state=Link.State.IDLE)
        return
    for connection in _connections(kind.name):
        link = kind.links().filter(connection=connection, record_id=record.pk).first()
        if link is None:
            if connection.sends_by_itself(record) and connection.associates_automatically(kind.name):
                _request_saved(kind, record, connection, requested_by)
        elif link.enabled == Link.Enabled.YES:
            link.record = record
            _after_save(kind, link, connection, requested_by)


def _connections(entity: str) -> list[Connection]:
    rows = Connection.objects.filter(enabled=True).select_related("health").order_by("pk")
    return [row for row in rows if entity in row.system.entities]


def _after_save(kind: Entity[Any, Any], link: Any, connection: Connection, requested_by: str) -> None:
    differs = _differing(link, Renderer(connection, kind))
    automatic = connection.sends_by_itself(link.record)
    if automatic and (differs or link.state != Link.State.IDLE or not link.remote_id):
        _request_saved(kind, link.record, connection, requested_by)
    elif link.remote_id and differs != link.changed:
        kind.links().filter(pk=link.pk).update(changed=differs)


def _request_saved(kind: Entity[Any, Any], record: Synced, connection: Connection, by: str) -> None:
    run = runs.automatic_id(connection.pk, timezone.now())
    write_requests(kind, _template(kind, connection, run, by, Link.Priority.SAVE), [record.pk])
    now = timezone.now()

    transaction.on_commit(lambda: runs.add_automatic(connection.pk, connection.name, now, 1))
    doorbell.ring_after_commit(connection.pk)


def _differing(link: Any, renderer: Renderer) -> list[str]:
    """Return our names of the fields that the other side does not have yet."""
    payload = renderer.one(link.record).payload
    return renderer.mapping.local_names(outstanding(payload, link.snapshot, link.left, unsure=False))


def find_changed(
    connection: Connection, entity: str, pks: Sequence[int] | None = None, *, send: bool = True
) -> int:
    """Find linked, idle records that differ from what was agreed; return how many.

    Makes no call. Catches what bypassed `save()`. Where automatic sync is on, and
    `send` allows it, they are requested; otherwise they are marked as changed.
    """
    kind = entities.get(entity)
    renderer = Renderer(connection, kind)
    rows = kind.links().linked().filter(connection=connection, state=Link.State.IDLE, enabled="yes")
    if pks is not None:
        rows = rows.filter(record_id__in=pks)
    differing, sent = 0, []
    related = [f"record__{name}" for name in kind.related]
    rows = rows.select_related("record").prefetch_related(*related)
    for link in rows.iterator(chunk_size=1000):
        differs = _differing(link, renderer)
        if differs:
            differing += 1
            sent += [link.record_id] if connection.sends_by_itself(link.record) else []
        if differs != link.changed:
            kind.links().filter(pk=link.pk, state=Link.State.IDLE).update(changed=differs)
    if send and sent:
        now = timezone.now()
        run = runs.automatic_id(connection.pk, now)
        runs.add_automatic(connection.pk, connection.name, now, len(sent))
        enqueue(entity, sent, connection, run=run, requested_by="schedule", priority=Link.Priority.BULK)
    return differing


def retry_failed(
    connection: Connection,
    entity: str | None,
    *,
    run: uuid.UUID,
    requested_by: str,
    only_run: uuid.UUID | None = None,
) -> int:
    """Request failed records again, all or those of one run; return how many.

    Those that wait for a person's choice are left: asking again answers nothing.
    """
    count = 0
    for kind in entities.in_order([entity] if entity else None):
        failed = kind.links().filter(connection=connection, state=Link.State.FAILED)
        if only_run is not None:
            failed = failed.filter(run=only_run)
        pks = failed.exclude(code="conflict").values_list("record_id", flat=True)
        count += enqueue(kind.name, list(pks), connection, run=run, requested_by=requested_by).queued
    return count


def waiting(run: uuid.UUID) -> int:
    """Return how many records of a run have no outcome yet."""
    return sum(kind.links().filter(run=run, state=Link.State.PENDING).count() for kind in entities.in_order())


def moving(run: uuid.UUID) -> int:
    """Return how many records of a run still come to an outcome by themselves.

    Left out are those whose parent is not over there and is not on its way either:
    only a person's act on the parent moves them.
    """
    return waiting(run) - sum(_stuck(kind, run) for kind in entities.in_order() if kind.parent)


def _stuck(kind: Entity[Any, Any], run: uuid.UUID) -> int:
    parents = entities.get(kind.parent).links()
    coming = parents.filter(
        connection=OuterRef("connection"),
        record=OuterRef(f"record__{kind.parent}"),
        state=Link.State.PENDING,
        enabled=Link.Enabled.YES,
        record__sync_enabled=True,
    )
    pending = kind.links().filter(run=run, state=Link.State.PENDING)
    return pending.exclude(parent_is_there(kind)).exclude(Exists(coming)).count()


def choose(entity: str, link_pk: int, choice: str, *, by: str, run: uuid.UUID) -> None:
    """Store what a person decided about a record that matched several, and request it.

    `choice` is "create", a candidate's remote id, or "" for later. A record that
    was linked before is unlinked first. Raises InFlightError, and ValueError for
    an id that is not among the candidates.
    """
    with transaction.atomic():
        _, link = _locked(entity, link_pk)
        allowed = {"", "create", *(item["remote_id"] for item in link.candidates)}
        if choice not in allowed:
            raise ValueError(f"{choice!r} is not among the candidates")
        link.choice = choice
        if choice:
            _forget_remote(link)
        link.save(update_fields=["choice", "lease", *FORGOTTEN])
    if choice:
        enqueue(entity, [link.record_id], link.connection, run=run, requested_by=by)


def unlink(entity: str, link_pk: int, *, by: str) -> None:
    """Forget who a record is over there; nothing is changed there. Raises InFlightError."""
    with transaction.atomic():
        _, link = _locked(entity, link_pk)
        _forget_remote(link)
        link.state = Link.State.IDLE
        link.choice = link.code = link.message = ""
        link.errors, link.candidates = {}, []
        link.requested_by = by[:150]
        link.save()


def note_match(entity: str, pk: int, connection: Connection, matched: Matched) -> str:
    """Store who an unlinked record is over there, or that a person must choose.

    Nothing is requested. The link stays unsure, so that the first push writes our
    id over there. Returns "link" or "conflict", "" where the record is linked or being
    sent by now. A remote id that another record has is a conflict.
    """
    kind = entities.get(entity)
    try:
        with transaction.atomic():
            kind.link.objects.get_or_create(connection=connection, record_id=pk)
            link = kind.link.objects.select_for_update().get(connection=connection, record_id=pk)
            busy = link.lease is not None and link.lease in live_leases(connection)
            if link.remote_id or busy or link.enabled == Link.Enabled.NO:
                return ""
            _set_match(link, connection, entity, matched)
            link.save()
    except IntegrityError:
        if matched.adoption is None:
            raise
        return note_match(
            entity,
            pk,
            connection,
            Matched(matched.key, conflict=_taken(connection, entity, matched.adoption)),
        )
    return "link" if matched.adoption is not None else "conflict"


def _taken(connection: Connection, entity: str, wish: Adoption) -> Outcome:
    url = connection.system.record_url(connection.base_url, entity, wish.remote_id)
    text = f"Another {entity} here is already linked to the one that matches. Choose which of them it is."
    found = Candidate(wish.remote_id, "", url, "is linked to another one here", wish.found)
    return Outcome(Status.CONFLICT, code="conflict", message=text, candidates=[found])


def _set_match(link: Any, connection: Connection, entity: str, matched: Matched) -> None:
    if matched.adoption is not None:
        link.remote_id = matched.adoption.remote_id
        link.remote_url = connection.system.record_url(connection.base_url, entity, link.remote_id)
        link.snapshot, link.left = dict(matched.adoption.found), dict(matched.adoption.left)
        link.unsure = link.adopted = True
        if link.code == "conflict":  # solved over there: there is nothing left to choose
            link.state, link.code, link.message = Link.State.IDLE, "", ""
            link.candidates = []
    elif matched.conflict is not None and link.state != Link.State.PENDING:  # the request will ask itself
        link.state, link.code, link.message = Link.State.FAILED, "conflict", matched.conflict.message
        link.candidates = logbook.candidates(matched.conflict.candidates)


FORGOTTEN = ("remote_id", "remote_url", "snapshot", "left", "changed", "adopted", "owner_fallback")


def _forget_remote(link: Link) -> None:
    link.remote_id = link.remote_url = link.owner_fallback = ""
    link.snapshot, link.left, link.changed = {}, {}, []
    link.unsure = link.adopted = False


def _locked(entity: str, link_pk: int) -> tuple[Entity[Any, Any], Any]:
    kind = entities.get(entity)
    link = kind.link.objects.select_for_update(of=("self",)).select_related("connection").get(pk=link_pk)
    if link.lease is not None and link.lease in live_leases(link.connection):
        raise InFlightError("This record is being sent right now. Try again in a moment.")
    link.lease = None  # of a dead worker: should it settle late, it must not undo what a person does now
    return kind, link


def set_enabled(entity: str, pk: int, connection: Connection, enabled: bool, *, by: str) -> None:
    """Store a person's yes or no to syncing one record with one connection.

    No: nothing sends it, a waiting request is withdrawn. A call under way is not
    called back: what it answers is stored.
    """
    kind = entities.get(entity)
    answer = Link.Enabled.YES if enabled else Link.Enabled.NO
    with transaction.atomic():
        kind.link.objects.get_or_create(connection=connection, record_id=pk)
        link = kind.link.objects.select_for_update().get(connection=connection, record_id=pk)
        link.enabled, link.enabled_by, link.enabled_at = answer, by[:150], timezone.now()
        if not enabled and link.state == Link.State.PENDING:
            link.state = Link.State.IDLE
        link.save(update_fields=["enabled", "enabled_by", "enabled_at", "state"])


def set_automatic(entity: str, pk: int, connection: Connection) -> None:
    """Take a person's yes or no back: the connection's rule decides again.

    A record that is linked, waits or is being sent keeps its link, enabled; others lose it.
    """
    kind = entities.get(entity)
    with transaction.atomic():
        links = kind.links().filter(connection=connection, record_id=pk)
        list(links.select_for_update().values_list("pk"))
        known = links.exclude(remote_id="", state__in=[Link.State.IDLE, Link.State.FAILED])
        if not known.update(enabled=Link.Enabled.YES, enabled_by="", enabled_at=None):
            links.delete()
