"""What runs by itself: ring for what is due, find what changed, keep and prune the log."""

import logging

from django.conf import settings

from connectors import alerts, doorbell, drift, entities, pull, queue
from connectors.models import Connection
from connectors.pulling import notices
from connectors.users import known, mirror
from synclog import partitions, retention

logger = logging.getLogger(__name__)


def sweep() -> None:
    """Ring for every connection that has something due: to compare, and to talk unless it is paused.

    What a call without an answer may have changed is due once that is over.
    """
    drift.forget_the_disabled()
    enabled = Connection.objects.filter(enabled=True).select_related("health")
    for connection in enabled.prefetch_related("comparisons"):
        if drift.due(connection):
            doorbell.ring(connection.pk, doorbell.COMPARE)
        kinds = entities.in_order(connection.system.entities)
        if connection.health.is_paused():
            continue
        for kind in kinds:
            queue.request_rechecks(connection, kind)
        if queue.has_due(connection, kinds):
            doorbell.ring(connection.pk)
        if pull.has_due(connection):
            doorbell.ring(connection.pk, doorbell.PULL)


def find_changed() -> None:
    """Find records that differ from what was agreed, without calls."""
    for connection in Connection.objects.filter(enabled=True).select_related("health"):
        for kind in entities.in_order(connection.system.entities):
            found = drift.compare(connection, kind, anyway=True)
            number = found.differing if found else 0
            logger.info("%d %s differ for %s", number, kind.label_plural, connection.slug)


def refresh_users() -> None:
    """Fetch the users of every connection that has some and isn't paused."""
    for connection in known.connections():
        if not connection.health.is_paused():
            mirror.refresh(connection, by=mirror.SCHEDULE)


def keep_log() -> None:
    """See to the partitions that the log is kept in."""
    partitions.keep()


def prune_log() -> None:
    """Delete entries and runs past their time."""
    deleted = retention.prune(settings.CONCORD["log_retention_days"])
    heard = notices.prune()
    alerts.prune(settings.CONCORD["log_retention_days"])
    logger.info("pruned %d log entries and %d notices", deleted, heard)
