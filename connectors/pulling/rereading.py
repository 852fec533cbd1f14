"""Read single records again because somebody said that they changed."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from django.utils import timezone

from connectors import clock, queue
from connectors.desk import Desk
from connectors.entities import Entity
from connectors.inbound import Missing
from connectors.models import Connection, Cursor
from connectors.protocol import Connector, Direction
from connectors.pulling import gone, notices, passes
from connectors.pulling.applying import BUSY_S, Applier
from connectors.pulling.notices import Wanted

AT_ONCE = 20
MANY = 20  # records of one entity: reading the list takes fewer calls
ECHO_S = 10.0  # after an answer of ours was stored: the delivery tells of our own write


def work(
    desk: Desk, connector: Connector, kinds: Sequence[Entity[Any, Any]], stop: Callable[[], bool]
) -> None:
    """Read some of the records that are to be read again, parents before children."""
    connection = desk.connection
    by_name = {kind.name: kind for kind in kinds}
    items = notices.wanted(connection, AT_ONCE)
    for item in items:
        if item.entity not in by_name:
            notices.done(connection, item)
    notices.remember_heard(connection)
    for kind in kinds:
        mine = [item for item in items if item.entity == kind.name]
        if mine and not stop():
            _reread(desk, connector, kind, mine)


def _reread(desk: Desk, connector: Connector, kind: Entity[Any, Any], items: Sequence[Wanted]) -> None:
    connection = desk.connection
    items = _worth_a_call(connection, kind, items)
    if len(items) > 1 and _is_flood(connection, kind):
        return
    by_id = {item.remote_id: item for item in items}
    read_at = clock.now()
    for one in connector.fetch(kind.name, list(by_id)):
        item = by_id[one.remote_id]
        by = f"webhook: {connection.name}" if item.said else passes.SCHEDULE
        if isinstance(one, Missing):
            if not gone.missing(connection, kind, one.remote_id, by=by):
                notices.postpone(connection, item, BUSY_S)
                continue
        else:
            Applier(connection, kind, by, desk.alive).page([one], read_at)
        notices.done(connection, item)


def _is_flood(connection: Connection, kind: Entity[Any, Any]) -> bool:
    """Have the list read where very many of its records are announced; return whether it is."""
    if not passes.poll_s(connection) or notices.count(connection, kind.name, MANY + 1) <= MANY:
        return False
    cursor, _ = Cursor.objects.get_or_create(connection=connection, entity=kind.name)
    newest = notices.open_ones(connection).filter(entity=kind.name).latest("heard_at").heard_at
    if cursor.failures or (cursor.looked_at is not None and cursor.looked_at > newest):
        return False  # it was read since, and did not show these; or it can't be read
    by = f"webhook: {connection.name}"
    Cursor.objects.filter(pk=cursor.pk).update(asked_at=timezone.now(), asked_by=by[:150])
    wait = notices.open_ones(connection).filter(entity=kind.name, is_deleted=False)
    wait.update(not_before=timezone.now() + timedelta(seconds=60))
    return True


def _worth_a_call(connection: Connection, kind: Entity[Any, Any], items: Sequence[Wanted]) -> list[Wanted]:
    """Leave out what is being sent now, and what tells of a write of ours: the next list shows the rest."""
    rows = kind.links().filter(connection=connection, remote_id__in=[item.remote_id for item in items])
    links = {link.remote_id: link for link in rows}
    live, polls = queue.live_leases(connection), passes.poll_s(connection) > 0
    worth = []
    for item in items:
        link = links.get(item.remote_id)
        if link is not None and link.lease is not None and link.lease in live:
            notices.postpone(connection, item, BUSY_S)
        elif _concerns_nobody(connection, kind, link) or (polls and _is_echo(link, item)):
            notices.done(connection, item)
        else:
            worth.append(item)
    return worth


def _concerns_nobody(connection: Connection, kind: Entity[Any, Any], link: Any) -> bool:
    return link is None and connection.direction(kind.name) == Direction.OUT


def _is_echo(link: Any, item: Wanted) -> bool:
    """Return whether a delivery tells of what we wrote ourselves."""
    if link is None or item.is_deleted or not item.said or not link.leased_at or not link.synced_at:
        return False
    return bool(link.leased_at <= item.heard_at <= link.synced_at + timedelta(seconds=ECHO_S))
