"""Cancelling a run on its page, what is said of it then, and sending what it left."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest

from connectors import entities, queue
from connectors.admin import connection_head, syncing
from connectors.entities import Entity
from connectors.models import Connection
from synclog import runs, words
from synclog.models import Run


def may_cancel(request: HttpRequest, run: Run, connection: Connection) -> bool:
    """Return whether this person may stop a run, and send what it left: whoever may sync its records."""
    return all(connection_head.may_sync(request, kind) for kind in _kinds(run, connection))


def is_cancellable(run: Run) -> bool:
    """Return whether a run is one request: an hour of automatic saves is many people's."""
    return run.kind != Run.Kind.AUTOMATIC


def cancel(request: HttpRequest, run: Run, connection: Connection) -> None:
    """Cancel a run and tell how many records were not sent."""
    done = queue.cancel(run, connection, by=request.user.get_username())
    handed = _handed_over(done.handed_over)
    if done.withdrawn:
        one, many = "record that waited is not sent", "records that waited are not sent"
        text = f"The run is cancelled: {words.counted(done.withdrawn, one, many)}. What was sent stands."
    elif run.cancelled_at:
        text = f"{run.cancelled_by} has cancelled this run already."
    else:
        text = (
            "Nothing was left to cancel: each record has its outcome."
            if not handed
            else "Nothing was withdrawn."
        )
    messages.info(request, f"{text}{handed}")


def _handed_over(number: int) -> str:
    if not number:
        return ""
    one = " 1 goes on: records of another run wait for it."
    return one if number == 1 else f" {number:,} go on: records of other runs wait for them."


def send_rest(request: HttpRequest, run: Run, connection: Connection) -> Run:
    """Begin a run of what a cancelled one left, and tell how many."""
    user: Any = request.user
    with transaction.atomic():
        again, is_new = runs.start(
            syncing.run_id(request),
            kind=Run.Kind.CLICK,
            label=run.label,
            connection_id=connection.pk,
            connection_name=connection.name,
            entity=run.entity,
            user=user,
        )
        if is_new:
            again.requested = _request(connection, run, again, user.get_username())
            runs.widen(again.pk, again.requested)
    one, many = "record is", "records are"
    messages.info(request, f"{words.counted(again.requested, one, many)} sent that the cancel left.")
    return again


def _request(connection: Connection, run: Run, again: Run, by: str) -> int:
    chosen = {
        kind.name: list(queue.left(kind, run.pk).values_list("record_id", flat=True))
        for kind in entities.in_order(connection.system.entities)
    }
    results = queue.enqueue_chosen(chosen, connection, run=again.pk, requested_by=by)
    return sum(result.queued for result in results.values())


def context(request: HttpRequest, run: Run, connection: Connection | None, waits: int) -> dict[str, Any]:
    """Return what a run's page says of a cancel, and its two buttons."""
    if connection is None:
        return {"in_flight": 0}
    may, is_cancelled = may_cancel(request, run, connection), run.cancelled_at is not None
    in_flight = queue.answering(run.pk, connection) if is_cancelled else 0
    left = _left(run, connection) if is_cancelled and not in_flight else 0
    return {
        "in_flight": in_flight,
        "may_cancel": bool(waits) and may and is_cancellable(run),
        "why_not_cancel": _hour(connection) if waits and not is_cancellable(run) else "",
        "cancelled": _told(run, connection, in_flight, left) if is_cancelled else [],
        "rest": f"Send the rest ({left:,})" if left and may else "",
    }


def _left(run: Run, connection: Connection) -> int:
    kinds = entities.in_order(connection.system.entities)
    return sum(queue.left(kind, run.pk).count() for kind in kinds)


def _told(run: Run, connection: Connection, in_flight: int, left: int) -> list[str]:
    """Return what stands, what was not sent and how that shows, in sentences."""
    sent = words.counted(
        run.created + run.updated, "record was sent and stands", "records were sent and stand"
    )
    not_sent = words.counted(run.withdrawn, "was", "were")
    if in_flight:
        what = words.counted(in_flight, "record", "records")
        return [
            f"{sent}.",
            f"A call for {what} is under way: its answer is still stored and counted.",
            "No further call is made.",
        ]
    if not run.withdrawn:
        return [f"{sent}.", "Nothing was left to send."]
    since = run.withdrawn - left
    if not left:
        return [f"{sent}.", f"{not_sent} not sent by this run, and asked for again since."]
    said = [f"{sent}.", f"{not_sent} not sent: they show as “Changed, not sent” or “Not synced”."]
    if since > 0:
        said.append(f"{words.counted(since, 'of them was', 'of them were')} asked for again since.")
    if any(connection.pushes_automatically(kind.name) for kind in _kinds(run, connection)):
        said.append("Automatic sync is on: what differs is sent after its next save, or tonight.")
    return said


def _hour(connection: Connection) -> str:
    return (
        "These are saves of many people, each sent by itself, so there is nothing to cancel as a whole. "
        f"Pause {connection.name}, or switch its automatic sync off, to hold them back."
    )


def _kinds(run: Run, connection: Connection) -> list[Entity[Any, Any]]:
    return entities.in_order([run.entity] if run.entity else connection.system.entities)
