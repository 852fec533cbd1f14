"""Slots: how many may talk to one connection, who does, and who died doing so."""

import os
import socket
import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

from django.db import transaction
from django.db.models import Q

from connectors import clock
from connectors.errors import LeaseLost
from connectors.models import Connection, Slot

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
    with transaction.atomic():
        now = clock.now()
        free = (
            Slot.objects.select_for_update(skip_locked=True)
            .filter(Q(lease=None) | Q(expires_at__lte=now), connection=connection)
            .filter(number__in=numbers)
            .order_by("number")
            .first()
        )
        if free is None:
            return None
        free.lease = uuid.uuid4()
        free.expires_at = now + timedelta(seconds=lease_s)
        free.holder = f"{socket.gethostname()}:{os.getpid()}:{threading.get_ident()}"[-100:]
        free.save(update_fields=["lease", "expires_at", "holder"])
        return free.lease


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
    now = clock.now()
    alive = Slot.objects.filter(lease=lease, expires_at__gt=now)
    if not alive.update(expires_at=now + timedelta(seconds=lease_s)):
        raise LeaseLost


def live_leases(connection: Connection) -> set[uuid.UUID]:
    """Return the leases of those who talk now."""
    rows = Slot.objects.filter(connection=connection, expires_at__gt=clock.now()).exclude(lease=None)
    return {lease for lease in rows.values_list("lease", flat=True) if lease}
