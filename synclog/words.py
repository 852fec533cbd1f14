"""Times and counts as people read them, the same on every screen.

Times are shown in the active zone (Django's current one); a screen names the zone
in a column head, not in each cell.
"""

from datetime import datetime, timedelta

from django.utils import timezone


def clock(moment: datetime) -> str:
    """Return the time of day, as in "10:39 PM"."""
    return f"{timezone.localtime(moment):%I:%M %p}".removeprefix("0")


def day(moment: datetime, now: datetime) -> str:
    """Return the date, as in "3 Nov"; with the year where it isn't this one."""
    local = timezone.localtime(moment)
    text = f"{local.day} {local:%b}"
    return text if local.year == timezone.localtime(now).year else f"{text} {local.year}"


def when(moment: datetime, now: datetime) -> str:
    """Return "10:39 PM (3 min ago)" for the last day, else "21 Nov, 10:39 PM"."""
    if timedelta(0) <= now - moment < timedelta(days=1):
        return f"{clock(moment)} ({ago(moment, now)})"
    return dated(moment, now)


def dated(moment: datetime, now: datetime) -> str:
    """Return "10:39 PM" for today, else "21 Nov, 10:39 PM"."""
    is_today = timezone.localtime(moment).date() == timezone.localtime(now).date()
    return clock(moment) if is_today else f"{day(moment, now)}, {clock(moment)}"


def two_lines(moment: datetime, now: datetime) -> tuple[str, str]:
    """Return the same as `when` for a narrow column: ("10:39 PM", "3 min ago") or ("21 Nov", "10:39 PM")."""
    if timedelta(0) <= now - moment < timedelta(days=1):
        return clock(moment), ago(moment, now)
    return day(moment, now), clock(moment)


def ago(moment: datetime, now: datetime) -> str:
    """Return how long something has been over, as in "3 min ago"."""
    return "now" if now - moment < timedelta(seconds=1) else f"{lasting(moment, now)} ago"


def lasting(since: datetime, now: datetime) -> str:
    """Return how long something has lasted, as in "a moment", "4 s", "3 min", "2 h", "5 days"."""
    seconds = max(0, int((now - since).total_seconds()))
    if seconds < 1:
        return "a moment"
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min"
    if seconds < 86_400:
        return f"{seconds // 3600} h"
    return counted(seconds // 86_400, "day", "days")


def waiting(seconds: int) -> str:
    """Return how long to wait, as in "8 seconds", "2 minutes", "24 hours": never less than it takes."""
    if seconds < 60:
        return counted(seconds, "second", "seconds")
    if seconds <= 2 * 3600:
        return counted(-(-seconds // 60), "minute", "minutes")
    return counted(-(-seconds // 3600), "hour", "hours")


def counted(number: int, one: str, many: str) -> str:
    """Return a number with its noun, as in "1 company" or "1,204 companies"."""
    return f"{number:,} {one if number == 1 else many}"


def ordinal(number: int) -> str:
    """Return "1st", "2nd", "3rd", "11th"."""
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def zone() -> str:
    """Return the short name of the zone that times are shown in, as in "CET"."""
    return f"{timezone.localtime():%Z}"
