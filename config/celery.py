"""The Celery application: it carries doorbells, never data.

A message may be lost or come twice; the link rows hold the truth
(`connectors/queue/`).
"""

import gc
import os
from typing import Any

from celery import Celery
from celery.signals import celeryd_after_setup

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("concord")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


def _collect_seldom(**_: Any) -> None:
    """Look for cycles of objects seldom: a batch makes many objects and hardly a cycle.

    Looking as often as Python does by itself took a seventh of a worker's time; looking through the old ones
    every hundred millionth object let a worker grow by 100 MB over 100,000 records.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 10, 3)


celeryd_after_setup.connect(_collect_seldom, weak=False)
