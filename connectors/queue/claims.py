"""Claims: a talker takes due rows, reserves what it adopts, and lets go."""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from django.db import IntegrityError, transaction
from django.db import connection as database
from django.db.models import Case, F, PositiveSmallIntegerField, Q, QuerySet, Value, When

from connectors import clock, entities
from connectors.entities import Entity
from connectors.models import Connection, Link, LinkQuerySet
from connectors.protocol import Adoption
from connectors.queue import orphans
from connectors.queue.rechecks import over_at
from connectors.queue.slots import live_leases, talking
from connectors.rendering import parent_is_there

ANY_CONNECTION = -1  # no row has it: stands in compiled statements for the connection that is asked about
DEATHS_ALONE = 3  # a record that was alone when its worker died, so many times, fails


def has_due(connection: Connection, kinds: Iterable[Entity[Any, Any]], *, urgent: bool = False) -> bool:
    """Return whether a talker would find something to claim; `urgent`: a person's click."""
    asked = [_due_sql(kind, connection, urgent=urgent) for kind in kinds]
    return bool(asked) and _ask([(f"EXISTS ({sql})", values) for sql, values in asked], " OR ")[0]


def count_due(
    connection: Connection, entity: Entity[Any, Any], at_most: int, *, urgent: bool = False
) -> tuple[int, int]:
    """Count what is due, no further than `at_most`: (how many of them are a person's clicks, all).

    Clicks are counted first; `urgent`: nothing else.
    """
    sql, values = _due_sql(entity, connection, urgent=urgent)
    clicks = f"count(*) FILTER (WHERE priority = {Link.Priority.CLICK:d})"
    rows = f"FROM ({sql} ORDER BY priority LIMIT %s) AS due"
    found = _ask([(f"{clicks}, count(*) {rows}", [*values, at_most])])
    return found[0], found[1]


def _ask(parts: Sequence[tuple[str, Sequence[Any]]], between: str = "") -> tuple[Any, ...]:
    """Select these expressions; return the one row."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT " + between.join(sql for sql, _ in parts), [one for _, values in parts for one in values]
        )
        row: tuple[Any, ...] = cursor.fetchone()
        return row


def _due_sql(entity: Entity[Any, Any], connection: Connection, *, urgent: bool) -> tuple[str, list[Any]]:
    """Return the priorities of due rows as SQL with its values."""
    sql, values = _compiled(entity.name, urgent)
    return sql, [connection.pk if value == ANY_CONNECTION else value for value in values]


@cache
def _compiled(entity_name: str, urgent: bool) -> tuple[str, tuple[Any, ...]]:
    """Compile once what is asked before and after each batch: Django takes 6 ms to do it, PostgreSQL 1."""
    rows = _due(Connection(pk=ANY_CONNECTION), entities.get(entity_name), urgent=urgent)
    sql, values = rows.values("priority").query.sql_with_params()
    return sql, tuple(values)


def _due(connection: Connection, entity: Entity[Any, Any], *, urgent: bool = False) -> LinkQuerySet:
    free = Q(lease=None) | ~Q(lease__in=talking(connection))
    # Asked each time, not remembered: a child whose parent comes, or goes, needs no waking.
    due = entity.links().due().filter(free, parent_is_there(entity), connection=connection)
    due = due.filter(priority=Link.Priority.CLICK) if urgent else due
    return due.exclude(_of_parents(entity, _busy_parents(connection, entity))) if entity.parent else due


def _busy_parents(connection: Connection, entity: Entity[Any, Any]) -> QuerySet[Any]:
    """Return the parents of whose children one is being sent."""
    sending = entity.links().filter(
        connection=connection, state=Link.State.PENDING, lease__in=talking(connection)
    )
    return sending.values_list(f"record__{entity.parent}")


def _of_parents(entity: Entity[Any, Any], parents: Any) -> Q:
    return Q(**{f"record__{entity.parent}__in": parents})


def claim(
    connection: Connection, entity: Entity[Any, Any], lease: uuid.UUID, limit: int, *, urgent: bool = False
) -> tuple[list[Any], list[Any]]:
    """Take up to `limit` due rows (`urgent`: of clicks): (rows to send, rows that killed their workers).

    The rows come with their record, as they were before the claim: `row.unsure`
    tells whether the snapshot may be believed. In the table they are unsure from
    here on, until an answer is settled. Rows of a dead lease have crashed once
    more and come in ever smaller batches; those that died alone too often are
    handed back apart, to be settled as failed.
    """
    with transaction.atomic():
        rows = list(
            _due(connection, entity, urgent=urgent)
            .select_for_update(skip_locked=True, of=("self",))
            .order_by("priority", "not_before", "record_id")[:limit]
        )
        rows = _of_nobody(connection, rows)
        rows = _alone_with_parents(connection, entity, rows) if entity.parent else rows
        rows = _fitting(rows, connection.batch_size, limit)
        # Read after the locks, not joined: PostgreSQL fetches the newest version of a row
        # that it locks, beside the join's old one, and the ticket would be newer than the record.
        whole = entity.whole().defer("created_at", "updated_at")
        records = whole.in_bulk([row.record_id for row in rows])
        for row in rows:
            row.record = records[row.record_id]
            row.unsure = row.unsure or (row.full and bool(row.remote_id))  # nothing to send anew
        _lease(entity, rows, lease)
    spent = [row for row in rows if _died_alone(row, connection.batch_size) >= DEATHS_ALONE]
    return [row for row in rows if row not in spent], spent


def _of_nobody(connection: Connection, rows: list[Any]) -> list[Any]:
    """Leave out rows that another talker took a moment ago.

    One that began to talk after our statement did is none of those whom it knows: it would
    take the rows that this one has just leased for those of a dead worker. Asked after the locks,
    what is read is true.
    """
    leased = any(row.lease is not None for row in rows)
    live = live_leases(connection) if leased else set()
    return [row for row in rows if row.lease not in live]


def _alone_with_parents(connection: Connection, entity: Entity[Any, Any], rows: list[Any]) -> list[Any]:
    """Leave out children of a parent whose other children another talker has, or is just taking.

    Two who make two contacts of one account at once would each see no duplicate; and
    Salesforce locks the account's row for either of them.
    """
    records = entity.records().filter(pk__in=[row.record_id for row in rows])
    parents = dict(records.values_list("pk", f"{entity.parent}_id"))
    links = entities.get(entity.parent).links().filter(connection=connection)
    links = links.filter(record_id__in=set(parents.values())).select_for_update(skip_locked=True)
    mine = set(links.order_by("record_id").values_list("record_id", flat=True))
    # Asked after the locks: who held them before us has written whom it sends.
    mine -= {pk for (pk,) in _busy_parents(connection, entity).filter(_of_parents(entity, mine))}
    return [row for row in rows if parents.get(row.record_id) in mine]


def _fitting(rows: list[Any], batch_size: int, limit: int) -> list[Any]:
    """Cut the batch where the next row would be in too large company for its crashes."""
    for index, row in enumerate(rows):
        row.crashes += row.lease is not None
        if row.crashes:
            limit = min(limit, max(1, batch_size >> row.crashes))
        if index >= limit:
            return rows[:index]
    return rows[:limit]


def _died_alone(row: Link, batch_size: int) -> int:
    """Return how often this row's worker died while the row was alone in its batch."""
    return row.crashes - (batch_size.bit_length() - 1)


def _lease(entity: Entity[Any, Any], rows: Sequence[Link], lease: uuid.UUID) -> None:
    now = clock.now()
    late = over_at(now)  # the call of a worker that died may still be carried out
    entity.link.objects.filter(pk__in=[row.pk for row in rows]).update(
        lease=lease,
        leased_at=now,
        unsure=True,
        full=False,
        recheck_at=Case(When(lease__isnull=False, then=Value(late)), default=F("recheck_at")),
        crashes=Case(
            When(lease__isnull=False, then=F("crashes") + 1),
            default=F("crashes"),
            output_field=PositiveSmallIntegerField(),
        ),
    )
    for row in rows:
        row.recheck_at = row.recheck_at if row.lease is None else late
        row.lease, row.leased_at = lease, now


def hold(entity: Entity[Any, Any], pks: Collection[int]) -> None:
    """Lock records that are about to be deleted, and their links, in the order of all other locks.

    Call it in the deleting transaction, for parents before their children: a delete takes
    its locks as the rows lie, the record's last, and would deadlock with a save or a
    request of the same records.
    """
    records = entity.records().select_for_update(no_key=True).filter(pk__in=pks)
    list(records.order_by("pk").values_list("pk"))
    links = entity.link.objects.select_for_update().filter(record_id__in=pks)
    list(links.order_by("record_id", "connection_id").values_list("pk"))


def widen(entity: Entity[Any, Any], lease: uuid.UUID, rows: dict[int, dict[str, Any]]) -> None:
    """Remember, before the call, fields that are about to be set for the first time.

    While a row is unsure its snapshot is not believed, but its keys say what we may
    have set and so may have to clear. Without this an edit from blank to A whose
    answer is lost, edited back to blank, would leave A over there.
    """
    with transaction.atomic():
        links = entity.link.objects.select_for_update().filter(pk__in=rows, lease=lease)
        for link in links.order_by("record_id"):
            sent = rows[link.pk]
            link.snapshot = {**link.snapshot, **said(sent)}
            link.left = {name: value for name, value in link.left.items() if name not in sent}
            link.save(update_fields=["snapshot", "left"])


def said(sent: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of it sets something."""
    return {name: value for name, value in sent.items() if value is not None}


def reserve(entity: Entity[Any, Any], lease: uuid.UUID, wanted: Sequence[tuple[Any, Adoption]]) -> set[int]:
    """Take existing remote records for these rows; return the pks that may not.

    The unique constraint decides between two companies that want one account,
    before anything is written to it. The rows given are updated as well.
    """
    refused = set()
    for row, adoption in sorted(wanted, key=lambda pair: pair[0].record_id):
        values = {
            "remote_id": adoption.remote_id,
            "snapshot": dict(adoption.found),
            "left": dict(adoption.left),
            "adopted": True,
        }
        try:
            with transaction.atomic():
                # As `widen`: what is about to be filled may have to be cleared if no answer comes.
                stored = {**values, "snapshot": {**adoption.found, **adoption.fill}}
                held = entity.link.objects.filter(pk=row.pk, lease=lease).update(**stored)
        except IntegrityError:
            held = 0
        if not held:
            refused.add(row.pk)
            continue
        for name, value in values.items():
            setattr(row, name, value)
        row.unsure = True  # until the external id is known to stand over there
    return refused


def release(entity: Entity[Any, Any], lease: uuid.UUID, rows: Sequence[Any], begun: Collection[int]) -> None:
    """Let go of rows that got no answer. Those in `begun` (pks) stay unsure.

    For the others no write was started: they are as sure as they were.
    """
    mine = entity.link.objects.filter(lease=lease)
    safe = [row.pk for row in rows if row.pk not in begun and not row.unsure]
    with transaction.atomic():
        list(mine.select_for_update().order_by("record_id").values_list("pk"))
        mine.filter(pk__in=safe).update(lease=None, unsure=False)
        mine.filter(pk__in=[row.pk for row in rows]).update(lease=None)
        orphans.released(entity, rows, begun)
