"""manage.py demo: everything of Concord on this machine, until Ctrl-C."""

import os
import signal
import threading
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config import embedded, processes, serve
from config.celery import app
from config.demo import rehearsal, rows, staff, storefront
from config.demo.tree import DemoEndedError, Tree, answers, only_one
from connectors.models import Connection

WORKER = "demo@localhost"


class Command(BaseCommand):
    """Run the console, a worker, the schedule, the broker and the rehearsal systems together."""

    help = "Run everything on this machine with demo data and rehearsal systems. Ctrl-C ends it."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the ports and how many companies the first start makes."""
        parser.add_argument("--port", type=int, default=8000, help="of the console (default: %(default)s)")
        parser.add_argument(
            "--sandbox-port", type=int, default=8100, help="of the rehearsal (default: %(default)s)"
        )
        parser.add_argument(
            "--companies", type=int, default=60, help="made at the first start (default: %(default)s)"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Prepare, start, watch until a signal, end every child."""
        if not settings.DEVELOPMENT:
            raise CommandError(
                f"This is a {settings.CONCORD_ENV} system (CONCORD_ENV): the demo is for trying Concord out."
            )
        ended = _end_on_signals()
        try:
            with only_one(settings.VAR_DIR):
                port = self._port(options["port"], "The console")
                sandbox_port = self._port(options["sandbox_port"], "The rehearsal")
                is_first = self._prepare(options["companies"], f"http://127.0.0.1:{sandbox_port}")
                self._run(port, sandbox_port, ended, is_first=is_first)
        except (DemoEndedError, rows.RefusedError, embedded.NotBundledError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write("All ended. Your data is kept: make demo goes on with it.")

    def _port(self, wanted: int, whose: str) -> int:
        port = processes.free_port(wanted)
        if port != wanted:
            self.stdout.write(f"Port {wanted} is taken. {whose} uses {port}.")
        return port

    def _prepare(self, companies: int, sandbox_url: str) -> bool:
        """Bring the database up to date; fill it if this is the first start, and return whether it is."""
        self._say("Preparing the database ...")
        call_command("migrate", verbosity=0, interactive=False)
        is_first = not rows.is_prepared()
        if is_first:
            rows.add_rows(companies, clean=False, sandbox_url=sandbox_url, people=True)
        else:
            rows.point_connections(sandbox_url)
        rehearsal.prepare(sandbox_url)
        return is_first

    def _run(self, port: int, sandbox_port: int, ended: threading.Event, *, is_first: bool) -> None:
        environment = {**os.environ, "PYTHONUNBUFFERED": "1", "DJANGO_SETTINGS_MODULE": "config.settings"}
        environment.setdefault("PUBLIC_URL", f"http://127.0.0.1:{port}")  # the rehearsal's webhooks go there
        with Tree(settings.VAR_DIR, environment, ended) as tree:
            self._say("Starting ...")
            _start(tree, port, sandbox_port)
            if is_first:
                accounts = Connection.objects.select_related("health")
                staff.first_day(accounts.get(slug=rows.SLUG))
                storefront.first_day(accounts.get(slug=storefront.SLUG))
            self._welcome(port, sandbox_port)
            tree.watch()
            self._say("\nEnding ...")

    def _welcome(self, port: int, sandbox_port: int) -> None:
        lines = [
            f"Concord    http://127.0.0.1:{port}/",
            f"Login      {rows.LOGIN} / {rows.PASSWORD}",
            f"Rehearsal  http://127.0.0.1:{sandbox_port}/  what Salesforce and the store would have",
            "",
            "Try it: open Companies, tick some, and choose",
            "Actions > Sync with Salesforce, or Sync to B2B.",
            "",
            f"Ctrl-C ends it; so does: kill {os.getpid()}",
            f"Data and logs: {settings.VAR_DIR}",
        ]
        width = max(map(len, lines))
        edge = f"+{'-' * (width + 4)}+"
        self._say("\n".join(["", edge, *(f"|  {line:<{width}}  |" for line in lines), edge]))

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def _start(tree: Tree, port: int, sandbox_port: int) -> None:
    if "REDIS_URL" not in os.environ:
        tree.start_broker()
        app.conf.broker_url = tree.environment["REDIS_URL"]  # for the question whether the worker is there
    kept = settings.VAR_DIR / "rehearsal-kept.json"
    tree.start("sandbox", "manage.py", "sandbox", "--port", str(sandbox_port), "--keep", str(kept))
    tree.wait("sandbox", answers(f"http://127.0.0.1:{sandbox_port}/healthz"))
    celery = ("-m", "celery", "-A", "config")
    tree.start("worker", *celery, "worker", "-P", "threads", "-c", "8", "-n", WORKER)
    tree.start("beat", *celery, "beat", "--pidfile=")
    _, *console = serve.console("127.0.0.1", port, workers=1)
    tree.start("web", *console)
    tree.wait("web", answers(f"http://127.0.0.1:{port}/admin/login/"))
    tree.wait("worker", _worker_answers)


def _worker_answers() -> bool:
    return bool(app.control.ping(destination=[WORKER], timeout=1.0))


def _end_on_signals() -> threading.Event:
    """Return an event that Ctrl-C, a kill, or the closing of the terminal sets."""
    ended = threading.Event()
    numbers = [signal.SIGINT, signal.SIGTERM]  # a shell ignores SIGINT for what it starts with `&`
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup wants it ignored
        numbers.append(signal.SIGHUP)
    for number in numbers:
        signal.signal(number, lambda *_: ended.set())
    return ended
