"""Turns: how fast the calls of one connection may follow each other, whoever makes them.

The other side tells with each answer how many calls are left and when they are given
back. Calls are spread over what is left, so that a backlog neither runs into the limit
nor leaves it unused, and a share stays for clicks, which need not wait. The same rule
holds for a window that starts anew each minute and for a bucket that fills up all the
time: there the level settles where calls go out as fast as they come in.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import transaction

from connectors import clock
from connectors.errors import RateLimited
from connectors.models import Connection, Pace
from connectors.protocol import Window

RESERVE = 0.04  # of the calls: left for clicks
AHEAD = 10  # turns that may be given out ahead, when calls come free again
FURTHEST = 2  # windows
LONGEST_WAIT_S = 10.0  # of a talker with its slot; a longer wait is a pause of the connection


def wait_turn(connection: Connection, *, urgent: bool) -> float:
    """Wait until the next call has its turn; return the seconds. An urgent one goes ahead.

    Raises RateLimited where the turn is far away: others have used up the calls.
    """
    with _locked(connection) as pace:
        now = clock.now()
        starts_at = take(pace, now, urgent=urgent)
    wait_s = (starts_at - now).total_seconds()
    if wait_s > LONGEST_WAIT_S:
        text = f"The calls that {connection.system.label} allows are used up, by other integrations too."
        raise RateLimited(text, retry_after_s=wait_s)
    time.sleep(wait_s)
    return wait_s


def observe(connection: Connection, window: Window) -> None:
    """Keep what an answer told, and space the next calls by it."""
    with _locked(connection) as pace:
        space(pace, window, clock.now())


def take(pace: Pace, now: datetime, *, urgent: bool = False) -> datetime:
    """Give out the next turn: return when it is. An urgent call need not wait while any is left."""
    # No turn is further away than that, unless the clock was set back: then nobody waits for it.
    latest = now + timedelta(seconds=FURTHEST * max(pace.window_s, 1.0))
    turn = min(max(now, pace.next_at or now), latest)
    pace.next_at = turn + timedelta(seconds=pace.interval_s)  # whoever waits, waits for the urgent one too
    any_left = pace.remaining is None or pace.remaining > 0 or (pace.resets_at or now) <= now
    pace.remaining = None if pace.remaining is None else pace.remaining - 1
    return now if urgent and any_left else turn


def space(pace: Pace, window: Window, now: datetime) -> None:
    """Space the turns so that what is left lasts until it is given back."""
    resets_s = min(max(window.resets_s, 0.0), window.window_s)
    left = window.remaining - max(1.0, window.allocated * RESERVE)
    pace.allocated, pace.window_s = window.allocated, window.window_s
    pace.remaining, pace.resets_at = window.remaining, now + timedelta(seconds=resets_s)
    if left > 0:
        pace.interval_s = resets_s / left
        latest = now + timedelta(seconds=max(pace.interval_s * AHEAD, 1.0))
        pace.next_at = min(pace.next_at or now, latest)
    else:
        pace.interval_s = window.window_s / max(window.allocated, 1.0)
        pace.next_at = max(pace.next_at or now, pace.resets_at)


@contextmanager
def _locked(connection: Connection) -> Iterator[Pace]:
    """Hold the connection's row, in a short transaction, and store what becomes of it."""
    with transaction.atomic():
        rows = Pace.objects.select_for_update().filter(connection=connection)
        pace = rows.first()
        if pace is None:
            Pace.objects.get_or_create(connection=connection)
            pace = rows.get()
        yield pace
        pace.save()
