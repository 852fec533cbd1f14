"""manage.py sandbox: what python -m connectors.sandbox does, beside Concord's other commands."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from connectors.sandbox.command import PURPOSE, NotServingError, Options, add_arguments, serve


class Command(BaseCommand):
    """Serve stand-ins of the remote systems on this machine."""

    help = PURPOSE
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take host and port, and the files of records to begin with and to keep."""
        add_arguments(parser)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Serve until SIGINT or SIGTERM; fail at once when the port is taken."""
        try:
            serve(Options.of(options))
        except NotServingError as error:
            raise CommandError(str(error)) from error
