"""In: what changed over there, taken over here. The counterpart of `push`.

One reader per connection, in a slot of its own. First the records of which somebody said
that they changed, then the lists that are due, parents before children.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from django.conf import settings
from django.utils import timezone

from connectors import doorbell, entities, health, identity, logbook, queue, registry
from connectors.desk import Desk, lease_s
from connectors.entities import Entity
from connectors.errors import AuthFailed, ConnectorError, LeaseLost, Misconfigured, RateLimited, Transient
from connectors.models import Connection, Cursor
from connectors.protocol import Connector, Direction
from connectors.pulling import checking, notices, passes, rereading, strays
from connectors.pulling.passes import Reading
from synclog.models import Entry

logger = logging.getLogger(__name__)

OF_THE_CONNECTION = (AuthFailed, Misconfigured, RateLimited)
NEVER = datetime.min.replace(tzinfo=UTC)
UNKNOWN = (
    "Reading failed in a way that nobody foresaw. Concord's operator finds the cause in the worker's log."
)


def kinds_of(connection: Connection) -> list[Entity[Any, Any]]:
    """Return the entities that are read from this connection, parents before children.

    Not those of which nothing is linked and nothing wanted: nothing there concerns us.
    """
    return [
        kind
        for kind in entities.in_order(connection.system.directions)
        if connection.direction(kind.name) != Direction.OUT
        or kind.links().linked().filter(connection=connection).exists()
    ]


def has_due(connection: Connection) -> bool:
    """Return whether a reader would find something to do."""
    if not connection.system.directions:
        return False
    if notices.open_ones(connection).exists():
        return True
    kinds = kinds_of(connection)
    every_s = passes.poll_s(connection)
    known = {cursor.entity: cursor for cursor in Cursor.objects.filter(connection=connection)}
    return any(
        passes.is_due(known.get(kind.name) or Cursor(), every_s, passes.rules_of(connection, kind.name))
        for kind in kinds
    )


def ask(connection: Connection, *, by: str) -> None:
    """Have everything that changed over there read now."""
    for kind in kinds_of(connection):
        values = {"asked_at": timezone.now(), "asked_by": by[:150], "not_before": None}
        Cursor.objects.update_or_create(connection=connection, entity=kind.name, defaults=values)
    doorbell.ring_after_commit(connection.pk, doorbell.PULL)


def believe(connection: Connection, *, by: str) -> None:
    """Have every record asked for by its id that was missing in a list, however many."""
    doubted = Cursor.objects.filter(connection=connection, doubted__gt=0)
    # The list is read once more: what is missing now counts, not what was missing then.
    doubted.update(
        is_believed=True, full_since=None, checked_at=None, asked_at=timezone.now(), asked_by=by[:150]
    )
    doorbell.ring_after_commit(connection.pk, doorbell.PULL)


def drain(connection_pk: int, *, stop: Callable[[], bool] = lambda: False) -> None:
    """Read what is due on one connection, unless somebody else does.

    Takes no further page after 30 s: it rings for a successor, so that a stop is short.
    """
    connection = Connection.objects.select_related("health").filter(pk=connection_pk).first()
    if connection is None or not connection.enabled or connection.health.is_paused():
        return
    if not has_due(connection):
        return
    ends_at = time.monotonic() + settings.CONCORD["drain_s"]
    with queue.slot(connection, lease_s(), reader=True) as lease:
        if lease is None:
            return
        _read(Desk(connection, lease), lambda: stop() or time.monotonic() >= ends_at)
    connection.health.refresh_from_db()
    if not connection.health.is_paused() and not stop() and has_due(connection):
        doorbell.ring(connection_pk, doorbell.PULL)


def _read(desk: Desk, stop: Callable[[], bool]) -> None:
    connection = desk.connection
    try:
        with desk.connector() as connector:
            if not registry.knows_fields(connection):
                health.learn(connection, connector.facts())
            _work(desk, connector, stop)
    except LeaseLost:
        logger.warning("lost the reader's lease on %s: another worker goes on", connection.slug)
    except Exception as error:  # noqa: BLE001 - opening or asking failed; beside push's the one place
        health.failed(connection, error, batch=0)


def _work(desk: Desk, connector: Connector, stop: Callable[[], bool]) -> None:
    """Read again what was announced, then list after list."""
    connection = desk.connection
    kinds = kinds_of(connection)
    for _ in _rounds(connection, stop):
        strays.call_children(connection, kinds)
        if notices.open_ones(connection).exists():
            _guarded(connection, None, lambda: rereading.work(desk, connector, kinds, stop))
            continue
        reading = _next(desk, connector, kinds, stop)
        if reading is None:
            return
        _guarded(connection, reading.cursor, partial(_look, reading))


def _rounds(connection: Connection, stop: Callable[[], bool]) -> Iterator[None]:
    """Yield as long as there is time, and the connection is as it was."""
    while not stop():
        yield
        connection.health.refresh_from_db()
        if connection.health.is_paused() or not identity.is_as_read(connection):
            return


def _next(
    desk: Desk, connector: Connector, kinds: Sequence[Entity[Any, Any]], stop: Callable[[], bool]
) -> Reading | None:
    """Return the list whose turn it is, None where none is due: the one that waits longest.

    So that one of which changes are told all the time does not keep the others waiting; of
    those that were never read, parents come first.
    """
    connection = desk.connection
    every_s = passes.poll_s(connection)

    def gives_way() -> bool:
        return stop() or notices.open_ones(connection).exists()

    due = []
    for kind in kinds:
        cursor, _ = Cursor.objects.get_or_create(connection=connection, entity=kind.name)
        if passes.is_due(cursor, every_s, passes.rules_of(connection, kind.name)):
            due.append(Reading(desk, connector, kind, cursor, gives_way))
    return min(due, key=lambda one: one.cursor.looked_at or NEVER, default=None)


def _look(reading: Reading) -> None:
    """Look at one list once: what changed, or all of it, or what it did not show."""
    cursor = reading.cursor
    rules = passes.rules_of(reading.connection, reading.kind.name)
    asked = cursor.asked_at is not None and not cursor.is_believed
    if cursor.value and (asked or not passes.is_full_due(cursor, rules)):
        passes.changes(reading)
    elif cursor.is_listed or passes.whole(reading):
        checking.check(reading)
    health.read(reading.connection)


def _guarded(connection: Connection, cursor: Cursor | None, work: Callable[[], object]) -> None:
    """Do some work; its failure is the connection's, or of this one list, which waits then."""
    try:
        work()
    except (LeaseLost, *OF_THE_CONNECTION):
        raise
    except Exception as error:
        if isinstance(error, Transient) and not error.halves:
            raise  # nobody answers at all
        _stumbled(connection, cursor, error)


def _stumbled(connection: Connection, cursor: Cursor | None, error: Exception) -> None:
    """Let one list wait, so that the others and what is sent go on."""
    if not isinstance(error, ConnectorError):
        logger.error("a bug while reading from %s", connection.slug, exc_info=error)
    message = error.message if isinstance(error, ConnectorError) else UNKNOWN
    detail = error.detail if isinstance(error, ConnectorError) else type(error).__name__
    if cursor is None:
        notices.postpone_all(connection)
    elif not passes.failed(cursor, message):
        return
    text = f"{message} Nothing was lost: it is read again later."
    logbook.event(connection, text, level=Entry.Level.WARNING, code="reading", detail=detail)
