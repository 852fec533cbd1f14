"""manage.py demo: everything of Concord on this machine, until Ctrl-C."""

import os
import signal
import threading
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config import processes, serve
from config.celery import app
from config.demo import database, rehearsal, rows, staff, storefront
from config.demo.tree import DemoEndedError, DemoStoppedError, Tree, answers, only_one
from config.embedded.wheels import NotBundledError
from connectors.models import Connection

WORKER = "demo@localhost"
REFUSALS = (DemoEndedError, rows.RefusedError, database.UnreadableDataError, NotBundledError, RuntimeError)


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
            with only_one(settings.VAR_DIR), suppress(DemoStoppedError):
                port = self._port(options["port"], "The console")
                sandbox_port = self._port(options["sandbox_port"], "The rehearsal")
                self._run(port, sandbox_port, ended, options["companies"])
        except REFUSALS as error:
            raise CommandError(str(error)) from error
        self.stdout.write("All ended. Your data is kept: make demo goes on with it.")

    def _port(self, wanted: int, whose: str) -> int:
        port = processes.free_port(wanted)
        if port != wanted:
            self.stdout.write(f"Port {wanted} is taken. {whose} uses {port}.")
        return port

    def _run(self, port: int, sandbox_port: int, ended: threading.Event, companies: int) -> None:
        environment = {**os.environ, "PYTHONUNBUFFERED": "1", "DJANGO_SETTINGS_MODULE": "config.settings"}
        environment.setdefault("PUBLIC_URL", f"http://127.0.0.1:{port}")  # the rehearsal's webhooks go there
        with Tree(settings.VAR_DIR, environment, ended) as tree:
            self._start_servers(tree)
            self._say("Preparing the database ...")
            _start_web(tree, port)  # it takes its time to start, meanwhile
            is_first = _prepare(companies, f"http://127.0.0.1:{sandbox_port}")
            self._say("Starting ...")
            _start_others(tree, sandbox_port)
            tree.wait("web", answers(f"http://127.0.0.1:{port}/admin/login/"))
            if is_first:
                accounts = Connection.objects.select_related("health")
                staff.first_day(accounts.get(slug=rows.SLUG))
                storefront.first_day(accounts.get(slug=storefront.SLUG))
            self._welcome(port, sandbox_port)
            tree.watch()
            self._say("\nEnding ...")

    def _start_servers(self, tree: Tree) -> None:
        if not settings.DATABASE_URL:
            if older := database.older_data(settings.VAR_DIR):
                self._say(older)
            self._say("Starting the database ...")
            tree.start_database()
        if "REDIS_URL" not in os.environ:
            tree.start_broker()
            app.conf.broker_url = tree.environment["REDIS_URL"]  # for the question whether the worker answers

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


def _prepare(companies: int, sandbox_url: str) -> bool:
    """Bring the database up to date; fill it if this is the first start, and return whether it is."""
    call_command("migrate", verbosity=0, interactive=False)
    is_first = not rows.is_prepared()
    if is_first:
        rows.add_rows(companies, clean=False, sandbox_url=sandbox_url, people=True)
    else:
        rows.point_connections(sandbox_url)
    rehearsal.prepare(sandbox_url)
    return is_first


def _start_web(tree: Tree, port: int) -> None:
    _, *console = serve.console("127.0.0.1", port, workers=1)
    tree.start("web", *console)


def _start_others(tree: Tree, sandbox_port: int) -> None:
    celery = ("-m", "celery", "-A", "config")
    kept = settings.VAR_DIR / "rehearsal-kept.json"
    tree.start("sandbox", "manage.py", "sandbox", "--port", str(sandbox_port), "--keep", str(kept))
    tree.start("worker", *celery, "worker", "-P", "threads", "-c", "8", "-n", WORKER)
    tree.wait("sandbox", answers(f"http://127.0.0.1:{sandbox_port}/healthz"))
    tree.wait("worker", _worker_answers)
    tree.start("beat", *celery, "beat", "--pidfile=")


def _worker_answers() -> bool:
    return bool(app.control.ping(destination=[WORKER], timeout=1.0, limit=1))


def _end_on_signals() -> threading.Event:
    """Return an event that Ctrl-C, a kill, or the closing of the terminal sets."""
    ended = threading.Event()
    numbers = [signal.SIGINT, signal.SIGTERM]  # a shell ignores SIGINT for what it starts with `&`
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup wants it ignored
        numbers.append(signal.SIGHUP)
    for number in numbers:
        signal.signal(number, lambda *_: ended.set())
    return ended
