"""manage.py sandbox: serve the rehearsal until interrupted."""

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from connectors.sandbox.server import SandboxServer


class Command(BaseCommand):
    """Serve stand-ins of the remote systems on this machine."""

    help = "Serve stand-ins of the remote systems, for rehearsing: http://HOST:PORT/"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take host and port."""
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
        parser.add_argument("--port", default=8100, type=int, help="port to listen on (default: %(default)s)")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Serve until SIGINT or SIGTERM; fail at once when the port is taken."""
        ended = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: ended.set())
        server = SandboxServer(host=options["host"], port=options["port"])
        try:
            server.start()
        except OSError as error:
            where = f"{options['host']}:{options['port']}"
            raise CommandError(f"The sandbox cannot listen on {where}: {error.strerror}.") from error
        self.stdout.write(f"Rehearsal at {server.url}/ (Ctrl-C ends it)")
        self.stdout.flush()
        ended.wait()
        server.stop()
