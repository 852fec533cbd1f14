"""Rechecks: records of which a call got no answer are read again once it can't be carried out any more.

A call that we gave up on may be carried out behind its successor, and nothing that we hold
prevents it: nobody over there knows our leases. So such a row carries the moment after which
that is over (`recheck_at`, moved on by each such call). Then it is requested like any other,
and its batch reads it before it compares (`connectors/recheck.py`).
"""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from connectors import clock
from connectors.entities import Entity
from connectors.models import Connection, Link
from connectors.protocol import CANCELLED, HELD, Direction

AT_ONCE = 1_000  # rows that one look requests


def over_at(now: datetime) -> datetime:
    """Return when a call that was given up at this moment can't be carried out any more."""
    return now + timedelta(seconds=settings.CONCORD["unanswered_s"])


def expect_late(entity: Entity[Any, Any], lease: uuid.UUID, rows: Sequence[Any]) -> None:
    """Note that a call about these claimed rows got no answer. The rows given are updated as well."""
    moment = over_at(clock.now())
    entity.link.objects.filter(pk__in=[row.pk for row in rows], lease=lease).update(recheck_at=moment)
    for row in rows:
        row.recheck_at = moment


def note_create(entity: Entity[Any, Any], lease: uuid.UUID, row: Any, sent: Mapping[str, Any]) -> None:
    """Keep, before the call, what a claimed row's create is sent with. The row given is updated as well."""
    row.create_sent = dict(sent)
    entity.link.objects.filter(pk=row.pk, lease=lease).update(create_sent=row.create_sent)


def request_rechecks(connection: Connection, entity: Entity[Any, Any]) -> int:
    """Request the rows whose unanswered call is over, a thousand at most; return how many.

    Not those that wait or failed, which are read when they are sent next; nor those with an
    edit that nobody has sent, or whose sending was cancelled: they don't say that they are in sync.
    """
    now = clock.now()
    over = entity.links().filter(connection=connection, recheck_at__lte=now)
    if not over.exists():
        return 0
    if connection.direction(entity.name) == Direction.IN:  # nothing of ours could come behind it
        over.update(recheck_at=None)
        return 0
    idle = over.linked().filter(
        state=Link.State.IDLE, changed=[], enabled=Link.Enabled.YES, record__sync_enabled=True
    )
    with transaction.atomic():
        wanted = idle.exclude(code=HELD).exclude(code=CANCELLED, unsure=True)
        rows = wanted.select_for_update(of=("self",), skip_locked=True)
        pks = list(rows.order_by("record_id").values_list("pk", flat=True)[:AT_ONCE])
        requested: int = entity.link.objects.filter(pk__in=pks).update(
            state=Link.State.PENDING,
            ticket=uuid.uuid4(),
            priority=Link.Priority.SAVE,
            requested_at=now,
            requested_by="schedule",
            not_before=now,
            attempts=0,
            run=None,
        )
    return requested


def is_over(row: Any) -> bool:
    """Return whether no unanswered call about a row could be carried out any more when it was claimed."""
    return row.recheck_at is not None and row.leased_at is not None and row.recheck_at <= row.leased_at


def seconds_left(row: Any) -> float:
    """Return how long an unanswered call about a claimed row may still be carried out, 0 for none."""
    if row.recheck_at is None or row.leased_at is None:
        return 0.0
    return float(max(0.0, (row.recheck_at - row.leased_at).total_seconds()))
