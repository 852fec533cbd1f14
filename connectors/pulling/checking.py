"""After a whole list: which of our records it did not show, and whether they are really gone.

A list that ended early must not mark thousands as gone. So it is believed only if it
showed as many records as the other side says there are; a record that it did not show is
asked for by its id; and where too many are missing at once, a person is asked first.
"""

from typing import Any

from django.db.models import Q
from django.utils import timezone

from connectors import clock, logbook
from connectors.entities import Entity
from connectors.inbound import Missing
from connectors.models import Connection, Cursor, Link, Sighting
from connectors.protocol import GONE
from connectors.pulling import gone, notices
from connectors.pulling.applying import BUSY_S
from connectors.pulling.passes import Reading
from synclog import words
from synclog.models import Entry

AT_ONCE = 10  # so many may be missing without a question
SHARE = 0.2  # of all linked ones; above it the list is doubted
SLACK = 0.02  # of a list: records come and go while it is read
FINISHED = (
    "full_since", "full_value", "full_total", "is_listed", "is_believed", "checked_at", "doubted",
)  # fmt: skip
CHUNK = 20  # asked for before the desk is looked at


def check(reading: Reading) -> bool:
    """Ask for each record that a whole list did not show; return whether that was finished."""
    cursor, connection, kind = reading.cursor, reading.connection, reading.kind
    absent = _absent(connection, kind, cursor)
    if absent and not _is_believable(reading, len(absent)):
        return True
    for start in range(0, len(absent), CHUNK):
        if start and reading.stop():
            return False
        _ask_for(reading, absent[start : start + CHUNK])
    _finish(cursor, doubted=0)
    return True


def _is_believable(reading: Reading, absent: int) -> bool:
    """Return whether a list may have left these out because they are gone; else finish, and say why not."""
    cursor, connection, kind = reading.cursor, reading.connection, reading.kind
    shown = cursor.sightings.count()
    if cursor.full_total is not None and shown < cursor.full_total * (1 - SLACK) - AT_ONCE / 2:
        _tell_short(connection, kind, shown, cursor.full_total)
        _finish(cursor, doubted=0)
        return False
    if absent > _bound(connection, kind, shown) and not cursor.is_believed:
        if cursor.doubted != absent:
            _tell_doubt(connection, kind, absent)
        _finish(cursor, doubted=absent)
        return False
    return True


def _absent(connection: Connection, kind: Entity[Any, Any], cursor: Cursor) -> list[str]:
    links = kind.links().linked().filter(connection=connection, enabled=Link.Enabled.YES)
    links = links.exclude(state=Link.State.FAILED, code=GONE)
    if cursor.full_since is not None:  # what was sent since the list was begun is there
        links = links.filter(Q(synced_at=None) | Q(synced_at__lt=cursor.full_since))
    shown = Sighting.objects.filter(cursor=cursor).values("remote_id")
    return list(links.exclude(remote_id__in=shown).order_by("pk").values_list("remote_id", flat=True))


def _bound(connection: Connection, kind: Entity[Any, Any], shown: int) -> float:
    """Return how many may be missing: one, where the list showed nobody."""
    if not shown:
        return 1
    linked = kind.links().linked().filter(connection=connection).exclude(state=Link.State.FAILED, code=GONE)
    return max(AT_ONCE, linked.count() * SHARE)


def _ask_for(reading: Reading, remote_ids: list[str]) -> None:
    """Ask for records by their ids. One that is there is seen, so that it is not asked for again."""
    read_at = clock.now()
    for one in reading.connector.fetch(reading.kind.name, remote_ids):
        if isinstance(one, Missing):
            if not gone.missing(reading.connection, reading.kind, one.remote_id, by=reading.applier.by):
                notices.keep(reading.connection, reading.kind.name, [one.remote_id], after_s=BUSY_S)
        else:
            reading.applier.page([one], read_at)
        Sighting.objects.bulk_create(
            [Sighting(cursor=reading.cursor, remote_id=one.remote_id)], ignore_conflicts=True
        )


def _finish(cursor: Cursor, *, doubted: int) -> None:
    cursor.sightings.all().delete()
    cursor.full_since, cursor.full_value, cursor.full_total = None, "", None
    cursor.is_listed = cursor.is_believed = False
    cursor.checked_at, cursor.doubted = timezone.now(), doubted
    cursor.save(update_fields=FINISHED)


def _tell_short(connection: Connection, kind: Entity[Any, Any], shown: int, total: int) -> None:
    one, many = connection.system.record_words[kind.name]
    text = (
        f"{connection.system.label} says that it has {words.counted(total, one, many)} and listed {shown:,}. "
        "So nobody is taken for deleted; the list is read again tomorrow."
    )
    logbook.event(connection, text, level=Entry.Level.WARNING, code="short_list")


def _tell_doubt(connection: Connection, kind: Entity[Any, Any], missing: int) -> None:
    one, many = connection.system.record_words[kind.name]
    text = (
        f"{words.counted(missing, one, many)} that are linked here are not in {connection.system.label}'s "
        "list: too many at once to believe it. Nothing was marked as deleted. If they were deleted on "
        "purpose, say so on the connection's page: each is then asked for by its id."
    )
    logbook.event(connection, text, level=Entry.Level.ERROR, code="many_missing")
