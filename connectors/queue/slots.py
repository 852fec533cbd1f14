"""Slots: how many may talk to one connection, who does, and who died doing so."""

import os
import socket
import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

from django.db import connection as database
from django.db import transaction
from django.db.models import Q, QuerySet, Subquery
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Now

from connectors.errors import LeaseLost
from connectors.models import Connection, Slot

# As it is: it goes before each call, and Django would take ten times as long to compose it.
_RENEW = """UPDATE connectors_slot SET expires_at = statement_timestamp() + make_interval(secs => %s)
WHERE lease = %s AND expires_at > statement_timestamp()"""
READER = 1_000  # the number of the slot of who reads: there is one, and it takes none of those who send


@contextmanager
def slot(connection: Connection, lease_s: float, *, reader: bool = False) -> Iterator[uuid.UUID | None]:
    """Hold one of the connection's slots, or the `reader`'s; None where all are taken.

    The lease must outlast the longest call: `renew` it before each. A holder that
    dies simply stops renewing; its rows are claimable once the lease has run out.
    """
    lease = take(connection, lease_s, reader=reader)
    try:
        yield lease
    finally:
        if lease is not None:
            Slot.objects.filter(lease=lease).update(lease=None, expires_at=None, holder="")


def take(connection: Connection, lease_s: float, *, reader: bool = False) -> uuid.UUID | None:
    """Take a free slot and return its lease, None where there is none. Prefer `slot`."""
    numbers = [READER] if reader else range(connection.max_slots)
    _make_rows(connection, numbers)
    lease = uuid.uuid4()
    free = (
        Slot.objects.select_for_update(skip_locked=True)
        .filter(Q(lease=None) | Q(expires_at__lte=Now()), connection=connection, number__in=numbers)
        .order_by("number")
        .values("pk")[:1]
    )
    holder = f"{socket.gethostname()}:{os.getpid()}:{threading.get_ident()}"[-100:]
    with transaction.atomic():
        # Not pk__in: PostgreSQL may ask that again for each row, and take them all.
        mine = Slot.objects.filter(pk=Subquery(free))
        taken = mine.update(lease=lease, expires_at=_after(lease_s), holder=holder)
    return lease if taken else None


def _make_rows(connection: Connection, numbers: Sequence[int]) -> None:
    if Slot.objects.filter(connection=connection, number__in=numbers).count() < len(numbers):
        Slot.objects.bulk_create(
            [Slot(connection=connection, number=number) for number in numbers], ignore_conflicts=True
        )


def renew(lease: uuid.UUID, lease_s: float) -> None:
    """Extend a lease from now. Raises LeaseLost if it has run out: stop at once.

    A lease that ran out is lost even if nobody took the slot: its rows may have
    been claimed meanwhile.
    """
    with database.cursor() as cursor:
        cursor.execute(_RENEW, [lease_s, lease])
        if not cursor.rowcount:
            raise LeaseLost


def talking(connection: Connection) -> QuerySet[Slot, uuid.UUID | None]:
    """Return the leases of those who talk now, as part of a statement about their rows."""
    rows = Slot.objects.filter(connection=connection, expires_at__gt=Now()).exclude(lease=None)
    return rows.values_list("lease", flat=True)


def live_leases(connection: Connection) -> set[uuid.UUID]:
    """Return the leases of those who talk now."""
    return {lease for lease in talking(connection) if lease}


def free_slots(connection: Connection) -> int:
    """Return how many more may send on this connection now."""
    sending = Slot.objects.filter(connection=connection, number__lt=READER, expires_at__gt=Now())
    return max(0, connection.max_slots - sending.exclude(lease=None).count())


def _after(seconds: float) -> CombinedExpression:
    """Return the moment so long after now, by the database's clock."""
    return Now() + timedelta(seconds=seconds)
