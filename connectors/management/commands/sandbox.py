"""manage.py sandbox: serve the rehearsal until interrupted."""

import signal
import threading
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from connectors.sandbox import keeping
from connectors.sandbox.server import SandboxServer


class Command(BaseCommand):
    """Serve stand-ins of the remote systems on this machine."""

    help = "Serve stand-ins of the remote systems, for rehearsing: http://HOST:PORT/"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take host and port, and the files of records to begin with and to keep."""
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
        parser.add_argument("--port", default=8100, type=int, help="port to listen on (default: %(default)s)")
        parser.add_argument(
            "--seed-file",
            type=Path,
            default=settings.VAR_DIR / "rehearsal.json",
            help="records to begin with, if the file exists (default: what demo_data left)",
        )
        parser.add_argument("--keep", type=Path, help="file to remember all records in, over restarts")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Serve until SIGINT or SIGTERM; fail at once when the port is taken."""
        ended = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: ended.set())
        server = SandboxServer(host=options["host"], port=options["port"])
        self._load(server, options)
        try:
            server.start()
        except OSError as error:
            where = f"{options['host']}:{options['port']}"
            raise CommandError(f"The sandbox cannot listen on {where}: {error.strerror}.") from error
        self.stdout.write(f"Rehearsal at {server.url}/ (Ctrl-C ends it)")
        self.stdout.flush()
        ended.wait()
        server.stop()
        if options["keep"]:
            keeping.keep(server.app, options["keep"])

    def _load(self, server: SandboxServer, options: dict[str, Any]) -> None:
        for path in filter(None, (options["keep"], options["seed_file"])):
            if not path.exists():
                continue
            try:
                count = keeping.load(server.app, path)
            except keeping.UnreadableFileError as error:
                raise CommandError(f"{error}. Remove the file to begin without it.") from error
            self.stdout.write(f"{count} records from {path.name}.")
