"""How many calls a connection has left: of the day, or of the minute, as its answers told."""

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from connectors import clock
from connectors.admin.board import health_of
from connectors.models import Connection, ConnectionHealth, Pace
from synclog import words

CLOSE_PERCENT = 85  # of the calls: from there on it is said in amber
MINUTE_S = 60.0


def slowed(connection: Connection, health: ConnectionHealth) -> str:
    """Return what to say of a pause that only waits for calls to be given back, "" for any other."""
    pace = pace_of(connection)
    if health.pause != health.Pause.LIMIT or pace is None or health.paused_until is None:
        return ""
    goes_on = f"at {words.clock(health.paused_until)}"
    if health.paused_until - clock.now() < timedelta(minutes=1):
        goes_on = "within a minute"
    return f"Slowed down: {_allowed(pace)} reached. It goes on by itself {goes_on}."


def usage(connection: Connection) -> str:
    """Return the calls used, as the other side counts them, or those left where it counts by the minute."""
    used, limit, at = _used(connection)
    if not limit:
        return _left(connection)
    counted, now = f"{used:,} of {limit:,} calls", timezone.now()
    if at and now - at > timedelta(days=1):
        return f"{counted} when last counted, {words.when(at, now)}, shared with your other integrations"
    return f"{counted} today, shared with your other integrations"


def _left(connection: Connection) -> str:
    pace = pace_of(connection)
    if pace is None:
        return ""
    left = _remaining(pace)
    if left is None:
        return f"{_allowed(pace)}, shared with your other integrations"
    every = "this minute" if pace.window_s == MINUTE_S else f"in these {pace.window_s:g} s"
    return f"{left:,} of {pace.allocated:,.0f} calls left {every}, shared with your other integrations"


def _remaining(pace: Pace) -> int | None:
    """Return how many calls are left, None where all were given back since that was told."""
    if pace.remaining is None or pace.resets_at is None or pace.resets_at <= timezone.now():
        return None
    return max(0, int(pace.remaining))


def meter(connection: Connection) -> dict[str, str]:
    """Return how much of the calls is used, as a bar beside its words; nothing where not known."""
    used, limit = _measured(connection)
    if not limit:
        return {}
    percent = min(100.0, used / limit * 100)
    is_close = percent > CLOSE_PERCENT
    said = f"{percent:.0f} % are used up" if is_close else ""
    return {"percent": f"{percent:.1f}", "tone": "warn" if is_close else "calm", "said": said}


def _measured(connection: Connection) -> tuple[float, float]:
    """Return the calls used, and of how many: of the day, or of the minute."""
    used, limit, _ = _used(connection)
    pace = pace_of(connection)
    if limit or pace is None:
        return used, limit
    allocated, left = float(pace.allocated or 0), _remaining(pace)
    return (0.0 if left is None else allocated - left), allocated


def _used(connection: Connection) -> tuple[int, int, datetime | None]:
    """Return the day's calls used, of how many, and when that was counted."""
    health = health_of(connection)
    found = (health.usage or {}) if health else {}
    at = parse_datetime(str(found.get("at") or ""))
    return int(found.get("used") or 0), int(found.get("limit") or 0), at


def pace_of(connection: Connection) -> Pace | None:
    """Return what the answers told of a limit on calls, None where they told nothing."""
    pace: Pace | None = getattr(connection, "pace", None)
    return pace if pace is not None and pace.allocated else None


def _allowed(pace: Pace) -> str:
    """Return "150 calls a minute"."""
    every = "a minute" if pace.window_s == MINUTE_S else f"in {pace.window_s:g} s"
    return f"{words.counted(int(pace.allocated or 0), 'call', 'calls')} {every}"
