"""Records over there that are to be read again: who said so, and when it is their turn.

A thousand notices of one record are one reading: it takes all that had come before it.
"""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Count, F, Max, Min, Q, QuerySet

from connectors import clock, inbound
from connectors.models import Connection, Listener, Notice

KEEP_FOR = timedelta(days=3)  # a delivery is repeated for two days where it was not answered
LATER_S, LATEST_S = 10.0, 3_600.0
FAILED_S = 60.0
OWN = "own:"  # deliveries of nobody: we want to read again


@dataclass(frozen=True, slots=True)
class Wanted:
    """One record that is to be read again, by all its notices up to the last."""

    entity: str
    remote_id: str
    is_deleted: bool  # somebody said so
    said: str
    heard_at: datetime
    last: int  # pk of the newest notice
    attempts: int


def hear(connection: Connection, notice: inbound.Notice) -> bool:
    """Keep what a delivery says; return whether it is the first time."""
    try:
        with transaction.atomic():
            Notice.objects.create(
                connection=connection,
                delivery=notice.delivery_id[:200],
                entity=notice.entity,
                remote_id=notice.remote_id[:64],
                is_deleted=notice.is_deleted,
                said=notice.said[:100],
            )
    except IntegrityError:
        return False
    return True


def keep(connection: Connection, entity: str, remote_ids: Collection[str], *, after_s: float = 0.0) -> None:
    """Have records read again in a while, each once however often it is asked for, and ever later.

    Always by a new notice: whoever reads one of them now closes what had come before only.
    """
    own = _of(connection, entity, remote_ids).filter(said="")
    tries = dict(own.values_list("remote_id", "attempts"))
    own.delete()
    now = clock.now()
    Notice.objects.bulk_create(
        Notice(
            connection=connection,
            delivery=f"{OWN}{uuid.uuid4()}",
            entity=entity,
            remote_id=remote_id,
            heard_at=now,
            not_before=now
            + timedelta(seconds=min(LATEST_S, after_s * 2 ** min(tries.get(remote_id, 0), 10))),
            attempts=tries[remote_id] + 1 if remote_id in tries else 0,
        )
        for remote_id in sorted(set(remote_ids))
    )


def open_ones(connection: Connection) -> QuerySet[Notice]:
    """Return the notices that are due."""
    return Notice.objects.filter(connection=connection, done_at=None, not_before__lte=clock.now())


def wanted(connection: Connection, limit: int) -> list[Wanted]:
    """Return the records that are to be read again, those that wait longest first."""
    rows = open_ones(connection).values("entity", "remote_id")
    found = rows.annotate(
        last=Max("pk"),
        first=Min("heard_at"),
        heard=Max("heard_at"),
        deletions=Count("pk", filter=Q(is_deleted=True)),
        event=Max("said"),
        tries=Max("attempts"),
    )
    return [
        Wanted(
            row["entity"], row["remote_id"], row["deletions"] > 0, row["event"], row["heard"], row["last"],
            row["tries"],
        )
        for row in found.order_by("first", "entity", "remote_id")[:limit]
    ]  # fmt: skip


def count(connection: Connection, entity: str, at_most: int) -> int:
    """Return how many records of an entity are to be read again, counting no further than `at_most`."""
    rows = open_ones(connection).filter(entity=entity)
    return rows.values("remote_id").distinct().order_by()[:at_most].count()


def done(connection: Connection, item: Wanted) -> None:
    """Close the notices of a record that was read; one that came since stays."""
    rows = _of(connection, item.entity, [item.remote_id]).filter(pk__lte=item.last)
    rows.update(done_at=clock.now())


def seen(connection: Connection, entity: str, remote_ids: Sequence[str], read_at: datetime) -> None:
    """Close what was said, before a list was read, of records that it showed; ours may still want it."""
    rows = _of(connection, entity, remote_ids).filter(heard_at__lt=read_at, is_deleted=False)
    rows.exclude(said="", not_before__gt=read_at).update(done_at=clock.now())


def postpone(connection: Connection, item: Wanted, after_s: float | None = None) -> None:
    """Have a record read later: as told, or each time twice as late."""
    wait_s = min(LATEST_S, LATER_S * 2 ** min(item.attempts, 10)) if after_s is None else after_s
    rows = _of(connection, item.entity, [item.remote_id]).filter(pk__lte=item.last)
    not_before = clock.now() + timedelta(seconds=wait_s)
    rows.update(not_before=not_before, attempts=item.attempts + 1)


def postpone_all(connection: Connection) -> None:
    """Have all that is due read later: asking failed."""
    not_before = clock.now() + timedelta(seconds=FAILED_S)
    open_ones(connection).update(not_before=not_before, attempts=F("attempts") + 1)


def _of(connection: Connection, entity: str, remote_ids: Collection[str]) -> QuerySet[Notice]:
    return Notice.objects.filter(connection=connection, entity=entity, remote_id__in=remote_ids, done_at=None)


def remember_heard(connection: Connection) -> None:
    """Keep when the last delivery came, for people: the notices themselves go after some days."""
    said = Notice.objects.filter(connection=connection).exclude(said="")
    last = said.aggregate(last=Max("heard_at"))["last"]
    if last is not None:
        Listener.objects.filter(connection=connection).update(heard_at=last)


def prune() -> int:
    """Delete notices that were worked on some days ago; return how many."""
    limit = clock.now() - KEEP_FOR
    return Notice.objects.filter(done_at__lt=limit).delete()[0]
