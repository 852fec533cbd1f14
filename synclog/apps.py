from django.apps import AppConfig


class SynclogConfig(AppConfig):
    """What happened."""

    name = "synclog"
    verbose_name = "Log"
