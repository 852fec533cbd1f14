"""Runs: begin one, find the hour's automatic one, add to its counters."""

import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from django.db.models import F
from django.utils import timezone

from synclog.models import Run

_HOURS = uuid.UUID("6a1f3c0e-5d4b-5f5a-9a53-1a4f0d1c7b11")  # a name space of our own


def start(
    run_id: uuid.UUID,
    *,
    kind: str,
    label: str,
    connection_id: int,
    connection_name: str,
    entity: str,
    user: Any = None,
    user_name: str = "",
    requested: int = 0,
) -> tuple[Run, bool]:
    """Begin a run under an id of the caller's; False where it exists already.

    The id comes from the form that was sent: a double click makes one run.
    """
    return Run.objects.get_or_create(
        id=run_id,
        defaults={
            "kind": kind,
            "label": label,
            "connection_id": connection_id,
            "connection_name": connection_name,
            "entity": entity,
            "user": user,
            "user_name": user_name or (user.get_username() if user is not None else ""),
            "requested": requested,
        },
    )


def automatic_id(connection_id: int, moment: datetime) -> uuid.UUID:
    """Return the id of the run that holds this hour's automatic saves."""
    return uuid.uuid5(_HOURS, f"{connection_id}/{moment.astimezone(UTC):%Y-%m-%dT%H}")


def add_automatic(connection_id: int, connection_name: str, moment: datetime, requested: int) -> None:
    """Count automatic requests in their hour's run, making it at the first.

    Called after the saves are committed: a row locked here inside their
    transaction would be waited for by a worker that holds links they want.
    """
    rows = Run.objects.filter(pk=automatic_id(connection_id, moment))
    if rows.update(requested=F("requested") + requested):  # all but the hour's first
        return
    start(
        automatic_id(connection_id, moment),
        kind=Run.Kind.AUTOMATIC,
        label="Automatic",
        connection_id=connection_id,
        connection_name=connection_name,
        entity="",
    )
    rows.update(requested=F("requested") + requested)


def add(run_id: uuid.UUID, counts: Mapping[str, int]) -> bool:
    """Add outcomes to a run's counters. Returns False where there is no such run (yet)."""
    return bool(
        Run.objects.filter(pk=run_id).update(
            last_at=timezone.now(), **{name: F(name) + number for name, number in counts.items()}
        )
    )


def widen(run_id: uuid.UUID, requested: int) -> None:
    """Count records that were requested along with those that a run was begun for."""
    Run.objects.filter(pk=run_id).update(requested=F("requested") + requested)


def cancel(run_id: uuid.UUID, *, by: str, withdrawn: int) -> bool:
    """Note that a run was cancelled and how many of its records were not sent; False where it was before.

    Call it after the links are written, in their transaction. A later call adds what was found since.
    """
    rows = Run.objects.filter(pk=run_id)
    is_first = bool(rows.filter(cancelled_at=None).update(cancelled_at=timezone.now(), cancelled_by=by[:150]))
    rows.update(withdrawn=F("withdrawn") + withdrawn)
    return is_first


def found_equal(run_id: uuid.UUID, number: int) -> None:
    """Count withdrawn records as unchanged: there was nothing to send of them."""
    Run.objects.filter(pk=run_id).update(withdrawn=F("withdrawn") - number, unchanged=F("unchanged") + number)


def cancelled(run_ids: Iterable[uuid.UUID]) -> list[Run]:
    """Return those of these runs that were cancelled, by id."""
    return list(Run.objects.filter(pk__in=set(run_ids)).exclude(cancelled_at=None).order_by("pk"))


def add_calls(run_ids: Iterable[uuid.UUID], calls: int) -> None:
    """Add HTTP requests to each run that had a record in them.

    Requests that served several runs count in each: the sum over runs may be more
    than was sent; the connection's usage is the total.
    """
    for run_id in sorted(set(run_ids)):
        Run.objects.filter(pk=run_id).update(calls=F("calls") + calls)
