"""The schedule of what runs by itself, whatever the clock of its machine has done."""

import logging
from datetime import datetime, timedelta
from typing import Any

from celery.utils.time import maybe_make_aware
from django.utils import timezone
from django_celery_beat.schedulers import DatabaseScheduler

logger = logging.getLogger(__name__)

AHEAD = timedelta(seconds=5)  # more than two looks at one clock can differ


class Scheduler(DatabaseScheduler):  # type: ignore[misc]  # the library is untyped
    """Run what is due; a last run that lies ahead counts as one of this moment.

    The next run is counted from the last one. One that was written while the clock was
    ahead would hold its task up until the clock gets there again.
    """

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Go round the loop once: at the start too, when the last runs come from the database."""
        now = timezone.now()
        if ahead := [entry for entry in self.schedule.values() if _last_run(entry) > now + AHEAD]:
            self._set_back(ahead, now)
        delay: float = super().tick(*args, **kwargs)
        return delay

    def _set_back(self, ahead: list[Any], now: datetime) -> None:
        names = ", ".join(sorted(entry.name for entry in ahead))
        logger.warning("the clock was ahead; what runs by itself is counted from now: %s", names)
        for entry in ahead:
            entry.model.last_run_at = now
            self._dirty.add(entry.name)
        for entry in self.schedule.values():  # the loop's own copies are newer: begin it anew with these
            entry.last_run_at = entry.model.last_run_at
        self._heap = None


def _last_run(entry: Any) -> datetime:
    moment: datetime = maybe_make_aware(entry.model.last_run_at)
    return moment
