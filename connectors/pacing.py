"""Turns: how fast the calls of one connection may follow each other, whoever makes them.

The other side tells with each answer how many calls are left and when they are given
back. Calls are spread over what is left, so that a backlog neither runs into the limit
nor leaves it unused, and a share stays for clicks, which need not wait. The same rule
holds for a window that starts anew each minute and for a bucket that fills up all the
time: there the level settles where calls go out as fast as they come in.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from django.db import connection as database
from django.db import transaction

from connectors.errors import RateLimited
from connectors.models import Connection, Pace
from connectors.protocol import Window

RESERVE = 0.04  # of the calls: left for clicks
AHEAD = 10  # turns that may be given out ahead, when calls come free again
FURTHEST = 2  # windows
LONGEST_WAIT_S = 10.0  # of a talker with its slot; a longer wait is a pause of the connection


@dataclass(frozen=True, slots=True)
class Seen:
    """What an answer told of the limit, and when it came, by the monotonic clock."""

    window: Window
    at: float = field(default_factory=time.monotonic)


def wait_turn(connection: Connection, *, urgent: bool, seen: Seen | None = None) -> float:
    """Wait until the next call has its turn; return the seconds. An urgent one goes ahead.

    Keeps what was `seen` since the last turn, before it takes this one. Raises RateLimited where
    the turn is far away: others have used up the calls.
    """

    def next_turn(pace: Pace, now: datetime) -> float:
        _keep(pace, seen, now)
        return (take(pace, now, urgent=urgent) - now).total_seconds()

    wait_s = _locked(connection, next_turn)
    if wait_s > LONGEST_WAIT_S:
        text = f"The calls that {connection.system.label} allows are used up, by other integrations too."
        raise RateLimited(text, retry_after_s=wait_s)
    time.sleep(wait_s)
    return wait_s


def observe(connection: Connection, seen: Seen) -> None:
    """Keep what an answer told, and space the next calls by it."""
    _locked(connection, lambda pace, now: _keep(pace, seen, now))


def _keep(pace: Pace, seen: Seen | None, now: datetime) -> None:
    if seen is not None:
        space(pace, seen.window, now - timedelta(seconds=time.monotonic() - seen.at))


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


T = TypeVar("T")
_NAMES = ("next_at", "interval_s", "allocated", "window_s", "remaining", "resets_at")
# As they are: every call passes here, and Django would take ten times as long to compose them.
_READ = f"""SELECT clock_timestamp(), {", ".join(_NAMES)} FROM connectors_pace
WHERE connection_id = %s FOR UPDATE"""  # noqa: S608 - our names
_WRITE = f"UPDATE connectors_pace SET {', '.join(f'{name} = %s' for name in _NAMES)} WHERE connection_id = %s"  # noqa: S608


def _locked(connection: Connection, change: Callable[[Pace, datetime], T]) -> T:
    """Change the connection's row, locked, in a short transaction, at the database's moment."""
    with transaction.atomic(), database.cursor() as cursor:
        cursor.execute(_READ, [connection.pk])
        row = cursor.fetchone()
        if row is None:
            Pace.objects.get_or_create(connection=connection)
            cursor.execute(_READ, [connection.pk])
            row = cursor.fetchone()
        now, *values = row
        pace = Pace(connection=connection, **dict(zip(_NAMES, values, strict=True)))
        found = change(pace, now)
        cursor.execute(_WRITE, [*(getattr(pace, name) for name in _NAMES), connection.pk])
    return found
