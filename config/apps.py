from django.apps import AppConfig


class ConcordConfig(AppConfig):
    """What binds the rooms together."""

    name = "config"

    def ready(self) -> None:
        """Begin the trail of logins."""
        from config import trail

        trail.connect()
