"""What a Celery message may ask for: it rings, it never carries data."""

import threading
from typing import Any

from celery import shared_task
from celery.signals import celeryd_after_setup, worker_shutting_down

from connectors import alerts, drift, hooks, shares, upkeep
from connectors import pull as pulling
from connectors import push as pushing

_stopping = threading.Event()


@worker_shutting_down.connect
def _stop(**_: Any) -> None:
    """Start no further batch: what is claimed is finished, the rest stays due."""
    _stopping.set()


@celeryd_after_setup.connect
def _count_threads(instance: Any, **_: Any) -> None:
    """Note how many tasks this worker runs at once."""
    shares.set_threads(instance.concurrency)


@shared_task(name="connectors.push", ignore_result=True)
def push(connection_pk: int) -> None:
    """Send what is due on one connection. Safe to run twice, safe to lose."""
    with shares.share(connection_pk) as is_free:
        if is_free:
            pushing.drain(connection_pk, stop=_stopping.is_set)
            pulling.drain(connection_pk, stop=_stopping.is_set)  # whoever came to read found no share


@shared_task(name="connectors.pull", ignore_result=True)
def pull(connection_pk: int) -> None:
    """Read what changed on one connection. Safe to run twice, safe to lose."""
    with shares.share(connection_pk) as is_free:
        if is_free:
            pulling.drain(connection_pk, stop=_stopping.is_set)


@shared_task(name="connectors.compare", ignore_result=True)
def compare(connection_pk: int) -> None:
    """Compare records with what was agreed, where what decides that changed. Makes no call."""
    drift.catch_up(connection_pk)


@shared_task(name="connectors.sweep", ignore_result=True)
def sweep() -> None:
    """Ring for every connection that has something due, to be sent or to be read."""
    upkeep.sweep()


@shared_task(name="connectors.find_changed", ignore_result=True)
def find_changed() -> None:
    """Look for changes that bypassed save()."""
    upkeep.find_changed()


@shared_task(name="connectors.refresh_users", ignore_result=True)
def refresh_users() -> None:
    """Fetch the users over there, who may own records."""
    upkeep.refresh_users()


@shared_task(name="connectors.repair_hooks", ignore_result=True)
def repair_hooks() -> None:
    """Have the other sides tell of changes again where they ceased to."""
    hooks.repair_all()


@shared_task(name="connectors.send_alerts", ignore_result=True)
def send_alerts() -> None:
    """Send the messages about connections that are due."""
    alerts.send_due()


@shared_task(name="connectors.keep_log", ignore_result=True)
def keep_log() -> None:
    """Make the log's partitions ahead, and index those that are full. Safe to run twice, safe to lose."""
    upkeep.keep_log()


@shared_task(name="connectors.prune_log", ignore_result=True)
def prune_log() -> None:
    """Delete log entries that are older than the retention allows."""
    upkeep.prune_log()
