"""Send every record of a connection, and say in one line what became of them."""

import time
import uuid
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from connectors import entities, matching, push, queue
from connectors.entities import Entity
from connectors.errors import ConnectorError, LeaseLost
from connectors.models import Connection, ConnectionHealth, Link
from synclog import runs
from synclog.models import Run

POLL_S = 0.2
LOGIN_USER = "command"


class Command(BaseCommand):
    """Request every record that isn't switched off for the connection.

    With --wait it works along in this process, so it needs no worker, and ends when
    nothing of the run is pending, or what is pending waits for a person: the connection
    is paused, or a record's parent failed; or somebody cancels the run. Its last
    line counts; the exit status is 1 if anything was rejected, in conflict or left.
    """

    help = "Send every record that is not switched off for a connection."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("connection", help="the connection's slug")
        parser.add_argument("entity", nargs="?", help="only this entity, for example company")
        parser.add_argument("--full", action="store_true", help="send every field, not the difference")
        parser.add_argument("--wait", action="store_true", help="work along, and end when it is done")
        parser.add_argument("--timeout", type=float, default=600.0, help="seconds to wait at most")
        parser.add_argument(
            "--match-only", action="store_true", help="link what matches, report, write nothing over there"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the command."""
        connection = _connection(options["connection"])
        kinds = _kinds(connection, options["entity"])
        if options["match_only"]:
            self._match(connection, kinds)
            return
        started = time.monotonic()
        run = _start(connection, options["entity"] or "")
        requested = _request(connection, kinds, run, full=options["full"])
        if not options["wait"]:
            self.stdout.write(f"{requested} requested; run {run.pk}")
            return
        _work_along(connection, run, started + options["timeout"])
        self._report(run, time.monotonic() - started)

    def _report(self, run: Run, seconds: float) -> None:
        run.refresh_from_db()
        pending = queue.waiting(run.pk)
        if run.cancelled_at:
            self.stdout.write(f"Cancelled by {run.cancelled_by}: {run.withdrawn} were not sent.")
        self.stdout.write(
            f"created={run.created} updated={run.updated} unchanged={run.unchanged} skipped={run.skipped} "
            f"rejected={run.rejected} conflict={run.conflict} pending={pending} calls={run.calls} "
            f"seconds={seconds:.1f}"
        )
        if run.rejected or run.conflict or run.cancelled_at or pending:
            raise SystemExit(1)

    def _match(self, connection: Connection, kinds: list[Entity[Any, Any]]) -> None:
        if not connection.enabled or connection.health.is_paused():
            raise CommandError(
                f"{connection.name} is switched off or paused: {connection.health.pause_reason}"
            )
        for kind in kinds:
            try:
                found = matching.match_only(connection, kind)
            except LeaseLost as error:
                raise CommandError(
                    "It took too long, and another worker has taken over. Try again."
                ) from error
            except ConnectorError as error:
                raise CommandError(error.message) from error
            except matching.AllTalkersBusyError as error:
                raise CommandError(str(error)) from error
            self.stdout.write(
                f"{kind.name}: create={found.create} link={found.link} conflict={found.conflict} "
                f"linked_before={found.linked_before}" + (f" waiting={found.waiting}" if kind.parent else "")
            )


def _connection(slug: str) -> Connection:
    try:
        return Connection.objects.select_related("health").get(slug=slug)
    except Connection.DoesNotExist as error:
        known = ", ".join(Connection.objects.values_list("slug", flat=True)) or "none yet"
        raise CommandError(f"There is no connection {slug!r}. Connections: {known}.") from error


def _kinds(connection: Connection, entity: str | None) -> list[Entity[Any, Any]]:
    taken = list(connection.system.entities)
    if entity and entity not in taken:
        raise CommandError(f"{connection.name} takes {', '.join(taken)}, not {entity!r}.")
    return entities.in_order([entity] if entity else taken)


def _start(connection: Connection, entity: str) -> Run:
    run, _ = runs.start(
        uuid.uuid4(),
        kind=Run.Kind.COMMAND,
        label=connection.system.push_label,
        connection_id=connection.pk,
        connection_name=connection.name,
        entity=entity,
        user_name=LOGIN_USER,
    )
    return run


def _request(connection: Connection, kinds: list[Entity[Any, Any]], run: Run, *, full: bool) -> int:
    requested = 0
    for kind in kinds:
        pks = list(kind.records().order_by("pk").values_list("pk", flat=True))
        asked = queue.enqueue(
            kind.name,
            pks,
            connection,
            run=run.pk,
            requested_by=LOGIN_USER,
            priority=Link.Priority.BULK,
            full=full,
            along=True,
        )
        requested += asked.queued
    runs.widen(run.pk, requested)
    run.refresh_from_db()
    if run.cancelled_at:  # while entity by entity was requested
        queue.cancel(run, connection, by=run.cancelled_by)
    return requested


def _work_along(connection: Connection, run: Run, ends_at: float) -> None:
    """Send in this process, beside any worker, until done, blocked or out of time."""
    while time.monotonic() < ends_at and queue.moving(run.pk):
        push.drain(connection.pk, stop=lambda: time.monotonic() >= ends_at)
        health = ConnectionHealth.objects.get(connection=connection)
        if health.pause in ConnectionHealth.UNTIL_SOMEONE_ACTS or not _enabled(connection):
            return
        if queue.moving(run.pk):
            time.sleep(POLL_S)


def _enabled(connection: Connection) -> bool:
    return Connection.objects.filter(pk=connection.pk, enabled=True).exists()
