from django.apps import AppConfig


class ConnectorsConfig(AppConfig):
    """Talking to remote systems."""

    name = "connectors"
    verbose_name = "System"  # as the sidebar calls it
