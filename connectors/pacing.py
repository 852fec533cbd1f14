"""Turns: how fast the calls of one connection may follow each other, whoever makes them.

The other side tells with each answer how many calls are left and when they are given
back. Calls are spread over what is left, so that a backlog neither runs into the limit
nor leaves it unused, and a share stays for clicks, which need not wait. The same rule
holds for a window that starts anew each minute and for a bucket that fills up all the
time: there the level settles where calls go out as fast as they come in.
"""

import time
from datetime import datetime, timedelta

from django.db import transaction

from connectors import clock
from connectors.errors import RateLimited
from connectors.models import Connection, Pace
from connectors.protocol import Window

RESERVE = 0.04  # of the calls: left for clicks
LONGEST_WAIT_S = 10.0  # of a talker with its slot; a longer wait is a pause of the connection


def wait_turn(connection: Connection, *, urgent: bool) -> float:
    """Wait until the next call has its turn; return the seconds. An urgent one goes ahead.

    Raises RateLimited where the turn is far away: others have used up the calls.
    """
    wait_s = take_turn(connection, urgent=urgent)
    if wait_s > LONGEST_WAIT_S:
        label = connection.system.label
        raise RateLimited(
            f"All calls that {label} allows at the moment are used up, by other integrations too.",
            retry_after_s=wait_s,
        )
    time.sleep(wait_s)
    return wait_s


def take_turn(connection: Connection, *, urgent: bool) -> float:
    """Reserve the next turn for one call; return in how many seconds it comes."""
    with transaction.atomic():
        pace = _locked(connection)
        now = clock.now()
        turn = max(now, pace.next_at or now)
        if urgent and (pace.remaining is None or pace.remaining > 0 or _is_over(pace, now)):
            # Whoever waits behind it waits a little longer: the calls are counted in any case.
            pace.next_at, starts = turn + timedelta(seconds=pace.interval_s), now
        else:
            pace.next_at, starts = turn + timedelta(seconds=pace.interval_s), turn
        pace.remaining = None if pace.remaining is None else pace.remaining - 1
        pace.save(update_fields=["next_at", "remaining"])
    return (starts - now).total_seconds()


def observe(connection: Connection, window: Window) -> None:
    """Keep what an answer told, and space the next calls by it."""
    with transaction.atomic():
        pace = _locked(connection)
        now = clock.now()
        resets_s = min(max(window.resets_s, 0.0), window.window_s)
        left = window.remaining - max(1.0, window.allocated * RESERVE)
        pace.remaining = window.remaining
        pace.resets_at = now + timedelta(seconds=resets_s)
        if left > 0:
            pace.interval_s = resets_s / left
            latest = now + timedelta(seconds=max(pace.interval_s * 10, 1.0))
            # A turn that was given out while hardly any calls were left.
            pace.next_at = min(pace.next_at, latest) if pace.next_at else None
        else:
            pace.interval_s = window.window_s / max(window.allocated, 1.0)
            pace.next_at = max(pace.next_at or now, pace.resets_at)
        pace.save()


def _is_over(pace: Pace, now: datetime) -> bool:
    return pace.resets_at is not None and pace.resets_at <= now


def _locked(connection: Connection) -> Pace:
    rows = Pace.objects.select_for_update()
    found = rows.filter(connection=connection).first()
    if found is None:
        Pace.objects.get_or_create(connection=connection)
        found = rows.get(connection=connection)
    return found
