"""The Celery application: it carries doorbells, never data.

A message may be lost or come twice; the link rows hold the truth
(`connectors/queue/`).
"""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("concord")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
