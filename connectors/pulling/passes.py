"""Passes over a list: what changed since the last one, or all of it.

After each page its cursor is stored with the last of its data: a crash repeats a page,
and a page that comes twice changes nothing. A pass ends when the connector says so; one
that is broken off goes on where it was.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from connectors import clock
from connectors.desk import Desk
from connectors.entities import Entity
from connectors.inbound import Page
from connectors.models import Connection, Cursor, Sighting
from connectors.protocol import Connector
from connectors.pulling import notices
from connectors.pulling.applying import Applier

POLL_SETTING = "poll_minutes"  # of the connection's settings: 0 switches reading off
POLL_MINUTES = 5
NIGHT = range(1, 5)  # hours, in the console's zone, in which whole lists are read
FULL_EVERY, FULL_LATEST = timedelta(hours=12), timedelta(hours=36)
SCHEDULE = "schedule"
FIRST_WAIT_S, LAST_WAIT_S = 30.0, 1_800.0


@dataclass(frozen=True)
class Reading:
    """One connection that is being read, and one list of it."""

    desk: Desk
    connector: Connector
    kind: Entity[Any, Any]
    cursor: Cursor
    stop: Callable[[], bool]  # give way between two pages

    @property
    def connection(self) -> Connection:
        """Return whose list it is."""
        return self.desk.connection

    @property
    def applier(self) -> Applier:
        """Return who takes over what is found."""
        return Applier(self.connection, self.kind, self.cursor.asked_by or SCHEDULE, self.desk.alive)


def poll_s(connection: Connection) -> float:
    """Return the seconds between two looks, 0 where nothing is read by itself."""
    try:
        return max(0.0, float(connection.settings.get(POLL_SETTING, POLL_MINUTES)) * 60)
    except (TypeError, ValueError):
        return POLL_MINUTES * 60.0


def rules_of(connection: Connection, entity: str) -> str:
    """Return by which rules records are judged now: whoever changes them wants all judged anew."""
    masters = sorted(connection.masters.get(entity, {}).items())
    return hashlib.sha256(json.dumps([connection.direction(entity), masters]).encode()).hexdigest()[:16]


def is_due(cursor: Cursor, every_s: float, rules: str) -> bool:
    """Return whether a list is to be looked at now."""
    now = clock.now()
    if cursor.not_before is not None and cursor.not_before > now:
        return False
    if cursor.asked_at is not None or cursor.is_midway or cursor.full_since is not None:
        return True
    if not every_s:
        return False
    looked = cursor.looked_at
    return looked is None or looked + timedelta(seconds=every_s) <= now or is_full_due(cursor, rules)


def is_full_due(cursor: Cursor, rules: str) -> bool:
    """Return whether the whole list is to be read: begun already, never yet, by other rules, at night."""
    if cursor.full_since is not None or cursor.is_believed or not cursor.value or cursor.rules != rules:
        return True
    now = clock.now()
    age = now - cursor.checked_at if cursor.checked_at else FULL_LATEST
    return age >= FULL_LATEST or (age >= FULL_EVERY and timezone.localtime(now).hour in NIGHT)


def changes(reading: Reading) -> bool:
    """Read what changed since the last pass; return whether the pass ended."""
    cursor = reading.cursor

    def advance(page: Page) -> None:
        _advance(cursor, value=page.cursor, is_midway=page.has_more)

    ended = _read(reading, cursor.value, advance)
    if ended:
        _end(cursor)
    return ended


def whole(reading: Reading) -> bool:
    """Read the whole list, keeping which ids it showed; return whether it was read to its end."""
    cursor = reading.cursor
    if cursor.full_since is None:
        cursor.sightings.all().delete()
        rules = rules_of(reading.connection, reading.kind.name)
        _advance(cursor, full_since=clock.now(), full_value="", full_total=None, is_listed=False, rules=rules)

    def advance(page: Page) -> None:
        shown = [Sighting(cursor=cursor, remote_id=one.remote_id) for one in page.records]
        Sighting.objects.bulk_create(shown, ignore_conflicts=True)
        first = {} if cursor.value or page.has_more else {"value": page.cursor}
        total = cursor.full_total if page.total is None else page.total
        _advance(cursor, full_value=page.cursor, full_total=total, is_midway=page.has_more, **first)

    if not _read(reading, cursor.full_value, advance):
        return False
    _advance(cursor, is_listed=True)
    _end(cursor)
    return True


def _read(reading: Reading, since: str, advance: Callable[[Page], None]) -> bool:
    """Take over page after page; return whether the pass ended, rather than gave way."""
    pages = reading.connector.pull(reading.kind.name, since or None)
    applier = reading.applier
    while True:
        read_at = clock.now()  # before the call: what is pushed from here on is newer
        page = next(pages, None)
        if page is None:
            return True
        applier.page(page.records, read_at)
        reading.desk.alive()  # else somebody else reads on from the old cursor
        with transaction.atomic():
            advance(page)
            ids = [one.remote_id for one in page.records]
            notices.seen(reading.connection, reading.kind.name, ids, read_at)
        if not page.has_more:
            return True
        if reading.stop():
            return False


def failed(cursor: Cursor, message: str) -> bool:
    """Note a look that failed and wait with the next; return whether it is the first in a row."""
    failures = min(cursor.failures + 1, 1_000)
    wait_s = min(LAST_WAIT_S, FIRST_WAIT_S * 2 ** min(failures - 1, 10))
    until = clock.now() + timedelta(seconds=wait_s)
    _advance(cursor, failures=failures, not_before=until, trouble=message)
    return failures == 1


def _end(cursor: Cursor) -> None:
    # Who asked again meanwhile wants to see what came since this pass was begun.
    asked = Cursor.objects.filter(pk=cursor.pk, asked_at=cursor.asked_at)
    asked.update(asked_at=None, asked_by="")
    _advance(cursor, is_midway=False, looked_at=clock.now(), failures=0, not_before=None, trouble="")


def _advance(cursor: Cursor, **values: Any) -> None:
    for name, value in values.items():
        setattr(cursor, name, value)
    cursor.save(update_fields=list(values))
