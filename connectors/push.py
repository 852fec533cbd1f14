"""Out: from due rows to the remote system, and its answers back into the rows.

claim (short transaction) → render, diff → talk → settle (short transaction).
"""

import logging
import math
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from django.conf import settings

from connectors import doorbell, entities, health, identity, queue, registry
from connectors.batch import Batch, size_of
from connectors.desk import Desk, lease_s
from connectors.entities import Entity
from connectors.errors import LeaseLost
from connectors.models import Connection
from connectors.protocol import Connector
from connectors.rendering import Renderer

logger = logging.getLogger(__name__)


def drain(connection_pk: int, *, stop: Callable[[], bool] = lambda: False) -> None:
    """Send what is due on one connection, as one of its permitted talkers.

    Returns at once where all slots are taken or the connection is paused. Starts
    no batch after 30 s: it rings for a successor, so that a stop is short.
    """
    ends_at = time.monotonic() + settings.CONCORD["drain_s"]
    while not stop():
        connection = Connection.objects.select_related("health").filter(pk=connection_pk).first()
        if connection is None or not connection.enabled or connection.health.is_paused():
            return
        if not _talk(connection, ends_at, stop):
            return
        # The lost wake-up: whoever rang while we held the last slot went home. So look
        # again now that it is free; the sweep covers the rest.
        if time.monotonic() >= ends_at:
            doorbell.ring(connection_pk)
            return


def _talk(connection: Connection, ends_at: float, stop: Callable[[], bool]) -> bool:
    """Hold a slot while there is work; return whether looking once more is worth it."""
    kinds = entities.in_order(connection.system.entities)
    if not queue.has_due(connection, kinds):
        return False
    with queue.slot(connection, lease_s()) as lease:
        if lease is None:
            return False
        if not identity.is_as_read(connection):  # since it was read; whoever changed it saw nobody talking
            return True
        desk = Desk(connection, lease)
        try:
            with desk.connector() as connector:
                if not registry.knows_fields(connection):
                    health.learn(connection, connector.facts())
                return _work(desk, connector, kinds, lambda: stop() or time.monotonic() >= ends_at)
        except LeaseLost:
            logger.warning("lost the lease on %s: another worker goes on", connection.slug)
            return True
        except Exception as error:  # noqa: BLE001 - opening or asking failed: the one place, see the head
            return not health.failed(connection, error, batch=0)  # changed meanwhile: look again


def _work(
    desk: Desk, connector: Connector, kinds: Sequence[Entity[Any, Any]], stop: Callable[[], bool]
) -> bool:
    """Push batch after batch; return whether anything was done and more may be."""
    worked, facts = False, desk.connection.health.facts
    while not stop():
        if not _push_next(desk, connector, kinds):
            break
        worked = True
        desk.connection.health.refresh_from_db()
        if desk.connection.health.is_paused() or not identity.is_as_read(desk.connection):
            return False
        if desk.connection.health.facts != facts:
            return True  # the connector goes by what it was opened with
    return worked


def _push_next(desk: Desk, connector: Connector, kinds: Sequence[Entity[Any, Any]]) -> bool:
    """Send one batch, clicks before any backlog; return whether there was one."""
    connection, most = desk.connection, _most(desk.connection, connector)
    waits = False
    for kind in kinds:
        # Children that wait for their parents are many, and looked at last.
        clicks, due = queue.count_due(connection, kind, most, urgent=waits)
        if push_batch(desk, connector, kind, clicks, urgent=True):
            return True
        waits = waits or due > 0
    return waits and any(
        push_batch(desk, connector, kind, queue.count_due(connection, kind, most)[1]) for kind in kinds
    )


def push_batch(
    desk: Desk, connector: Connector, kind: Entity[Any, Any], due: int, *, urgent: bool = False
) -> bool:
    """Send one batch (`urgent`: of clicks) of so many that are due; return whether there was one."""
    if not due:
        return False
    connection = desk.connection
    limit = _limit(connection, connector, due)
    claim = partial(queue.claim, connection, kind, desk.lease, urgent=urgent)
    batch = Batch(desk, kind, Renderer(connection, kind), connector)
    # Of one parent's children no later claim takes any.
    first = limit if kind.parent else min(limit, batch.size)
    rows, spent = claim(first)
    if not rows and not spent:
        return False
    left = limit - first if len(rows) == first else 0
    if len(rows) == first and due >= limit:  # more than one talker can carry
        _call_others(desk, math.ceil((due - limit) / limit))
    if left and not all(row.remote_id for row in rows):  # one look-up serves all the new ones
        more, died = claim(left)
        rows, spent, left = rows + more, spent + died, 0
    batch.give_up(spent)
    batch.carry(rows, claim, left)
    return True


def _call_others(desk: Desk, batches: int) -> None:
    """Ring for as many talkers as the rest is worth, at the first batch; for one at each later one.

    For none that would find all slots taken: each that comes in vain costs as much as a few records.
    """
    most = 1 if desk.has_rung else max(1, batches)
    for _ in range(min(most, queue.free_slots(desk.connection))):
        doorbell.ring(desk.connection.pk)
    desk.has_rung = True


def _most(connection: Connection, connector: Connector) -> int:
    """Return how many due rows are worth counting: what all talkers together would claim next, or more."""
    return size_of(connection, connector) * connector.reach * 4


def _limit(connection: Connection, connector: Connector, due: int) -> int:
    """Return how many rows to claim: less after failures, more in calm weather.

    A claim may span several write calls (`reach`), since one matching query serves
    them all; it is cut so that the other slots find work too.
    """
    failures = connection.health.failures
    size = size_of(connection, connector)
    if failures:
        return max(1, size >> failures)
    share = math.ceil(due / connection.max_slots)
    return min(size * connector.reach, max(1, math.ceil(share / size)) * size)
