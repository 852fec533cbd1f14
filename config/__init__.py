"""What binds the rooms together: settings, addresses, commands of the whole."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
