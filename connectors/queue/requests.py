"""Requests: what a click, a save or a command wants of links."""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, transaction
from django.db import connection as database
from django.db.models import Exists, OuterRef

from connectors import clock, doorbell, entities
from connectors.entities import Entity
from connectors.models import Connection, Link, LinkQuerySet
from connectors.queue.leads import enable_leads
from connectors.queue.upsert import write_requests
from connectors.rendering import parent_is_there
from synclog import runs, statements

MANY = 5_000  # records whose request may take longer than a page's statement
FEW = 1_000  # records that are looked up by their pks
CLICK_MOST = 25  # records that one click may put ahead of the others: more of them are a backlog


@dataclass(frozen=True, slots=True)
class Enqueued:
    """Tell what became of a request: the counts add up to what was asked."""

    queued: int = 0
    not_enabled: list[int] = field(default_factory=list)  # pks that a person switched off
    parents: int = 0  # requested along, since these could not be sent before them
    leads: int = 0  # neither asked for nor off, and created together with new ones of these


def enqueue(
    entity: str,
    pks: Iterable[int],
    connection: Connection,
    *,
    run: uuid.UUID | None,
    requested_by: str,
    priority: int = Link.Priority.CLICK,
    full: bool = False,
    along: bool | None = None,
) -> Enqueued:
    """Request that these records be sent, and ring once when that is committed.

    Associates those that have no link yet; leaves alone those switched off. Each
    row gets a fresh ticket: whoever is sending it now will not close it. `full`
    sends every field, not the difference. A click takes along what the records cannot be
    sent without, and so does whoever wants it of `along`: their parents that were never
    sent, and the leads of new records, unless switched off. Never waits for the broker.
    """
    kind = entities.get(entity)
    wanted = sorted(set(pks))
    asked = request_row(kind, connection, run, requested_by, priority)
    takes = priority == Link.Priority.CLICK if along is None else along
    try:
        return _enqueue(kind, connection, asked, wanted, full=full, along=takes)
    except IntegrityError:  # a record was deleted meanwhile: without it, it goes through
        if database.in_atomic_block:
            raise
        return _enqueue(kind, connection, asked, wanted, full=full, along=takes)


def enqueue_chosen(
    chosen: Mapping[str, Collection[int]],
    connection: Connection,
    *,
    run: uuid.UUID,
    requested_by: str,
) -> dict[str, Enqueued]:
    """Request what a person chose, records (pks) by entity, in one transaction and parents first.

    Many of them are a backlog, which a click on one record goes ahead of; what they cannot be
    sent without goes along either way. Returns what became of each entity's.
    """
    priority = priority_of(sum(map(len, chosen.values())))
    with transaction.atomic():
        return {
            kind.name: enqueue(
                kind.name, chosen[kind.name], connection,
                run=run, requested_by=requested_by, priority=priority, along=True,
            )
            for kind in entities.in_order(chosen)
        }  # fmt: skip


def priority_of(number: int) -> int:
    """Return how urgent it is that a person asked for so many records."""
    return Link.Priority.CLICK if number <= CLICK_MOST else Link.Priority.BULK


def _enqueue(
    kind: Entity[Any, Any],
    connection: Connection,
    template: Link,
    wanted: list[int],
    *,
    full: bool,
    along: bool,
) -> Enqueued:
    with transaction.atomic():
        if len(wanted) > MANY:
            statements.allow_longer()
        off = _switched_off(kind, connection, wanted)
        sent = [pk for pk in wanted if pk not in off]
        # First: parents before children.
        parents, led = _request_parents(kind, connection, template, sent) if along else (0, 0)
        queued = write_requests(kind, template, wanted)
        led += _take_leads(kind, template) if along else 0
        if full:
            kind.links().filter(connection=connection, ticket=template.ticket).update(full=True)
        if parents and template.run:
            runs.widen(template.run, parents)
        doorbell.ring_after_commit(connection.pk)
    return Enqueued(queued, sorted(off), parents, led)


def _request_parents(
    kind: Entity[Any, Any], connection: Connection, template: Link, wanted: list[int]
) -> tuple[int, int]:
    """Request the parents that nobody ever sent; return how many, and how many leads of theirs go along.

    One that failed or is switched off stays as it is. One that waits already comes as early as
    these want it to.
    """
    if not kind.parent:
        return 0, 0
    parent = entities.get(kind.parent)
    pks = set(kind.records().filter(pk__in=wanted).values_list(f"{kind.parent}_id", flat=True))
    _hurry(parent, connection, pks, template.priority)
    known = parent.links().filter(connection=connection, record__in=pks)
    known = known.exclude(remote_id="", state=Link.State.IDLE, enabled=Link.Enabled.YES)
    missing = sorted(pks - set(known.values_list("record_id", flat=True)))
    if not missing:
        return 0, 0
    asked = _template_of(parent, template)
    return write_requests(parent, asked, missing), _take_leads(parent, asked)


def _take_leads(kind: Entity[Any, Any], template: Link) -> int:
    return enable_leads(kind, template.connection, kind.links().filter(ticket=template.ticket))


def _hurry(kind: Entity[Any, Any], connection: Connection, pks: Collection[int], priority: int) -> None:
    """Let new records that wait be at least this urgent."""
    if priority == max(Link.Priority):
        return
    slow = kind.links().filter(connection=connection, record__in=pks, state=Link.State.PENDING)
    slow = slow.filter(remote_id="", priority__gt=priority).select_for_update().order_by("record_id")
    kind.links().filter(pk__in=list(slow.values_list("pk", flat=True))).update(priority=priority)


def request_row(
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
    return request_row(kind, template.connection, template.run, template.requested_by, template.priority)


def _switched_off(kind: Entity[Any, Any], connection: Connection, pks: Sequence[int]) -> set[int]:
    """Return those that a person switched off, here for this connection or at all."""
    links = kind.links().filter(connection=connection, enabled=Link.Enabled.NO)
    records = kind.records().filter(sync_enabled=False)
    if len(pks) <= FEW:  # of many it is quicker to read whoever is off
        links, records = links.filter(record__in=pks), records.filter(pk__in=pks)
    pks_off = {*links.values_list("record_id", flat=True), *records.values_list("pk", flat=True)}
    return pks_off & set(pks)


def retry_failed(
    connection: Connection,
    entity: str | None,
    *,
    run: uuid.UUID,
    requested_by: str,
    only_run: uuid.UUID | None = None,
) -> int:
    """Request failed records again, all or those of one run; return how many.

    Those that wait for a person's choice are left: asking again answers nothing. Many are a
    backlog: see `enqueue_chosen`.
    """
    chosen = {}
    for kind in entities.in_order([entity] if entity else None):
        failed = kind.links().filter(connection=connection, state=Link.State.FAILED)
        if only_run is not None:
            failed = failed.filter(run=only_run)
        chosen[kind.name] = list(failed.exclude(code="conflict").values_list("record_id", flat=True))
    results = enqueue_chosen(chosen, connection, run=run, requested_by=requested_by)
    return sum(result.queued for result in results.values())


def waiting(run: uuid.UUID) -> int:
    """Return how many records of a run have no outcome yet."""
    return sum(_pending(kind, run).count() for kind in entities.in_order())


def _pending(kind: Entity[Any, Any], run: uuid.UUID) -> LinkQuerySet:
    """Return what waits. One that was switched off while it was asked for waits for nothing."""
    rows = kind.links().filter(run=run, state=Link.State.PENDING)
    return rows.filter(enabled=Link.Enabled.YES, record__sync_enabled=True)


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
    return _pending(kind, run).exclude(parent_is_there(kind)).exclude(Exists(coming)).count()
