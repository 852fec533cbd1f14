"""What the messages say: what happened, who can fix it and where, how many records wait."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from connectors import entities, states
from connectors.models import Connection, ConnectionHealth
from synclog import words

Pause = ConnectionHealth.Pause
REASON_CHARS = 600
SHOWN_REASONS = 3
_WHY = {
    Pause.LOGIN: "login refused",
    Pause.SETUP: "something is missing there",
    Pause.LIMIT: "calls used up",
    Pause.TROUBLE: "not answering",
}


@dataclass(frozen=True, slots=True)
class Message:
    """A message for people: one line, and the whole."""

    subject: str
    text: str


def paused(
    connection: Connection, kind: str, reason: str, *, since: datetime, until: datetime | None
) -> Message:
    """Say that nothing is sent any more, why, and who can change that."""
    name = _name(connection)
    head = f"Concord has sent nothing to {name} since {_at(since)}: {_quoted(reason)}"
    return _message(
        connection,
        f"{name} is paused: {_WHY[Pause(kind)]}",
        head,
        _remedy(connection, kind, until),
        _waits(connection),
    )


def recovered(connection: Connection) -> Message:
    """Say that it goes on."""
    name = _name(connection)
    return _message(connection, f"{name} goes on", f"{name} answers again.", _goes(connection))


def failures(connection: Connection, number: int, reasons: Counter[str]) -> Message:
    """Say how many records failed within the hour, and most of why."""
    name = _name(connection)
    head = f"{number:,} records could not be sent to {name} within the last hour."
    shown = [f"- {count:,}: {reason}" for reason, count in reasons.most_common(SHOWN_REASONS) if reason]
    most = "Most of the reasons:\n" + "\n".join(shown) if shown else ""
    remedy = (
        "Each of these records says what to do, and is sent again when it is saved or retried; the others go "
        "on being sent. You get no further message while the number stays this high."
    )
    return _message(connection, f"{number:,} records failed in {name}", head, most, remedy)


def test(connection: Connection, *, by: str) -> Message:
    """Say that messages of this connection arrive."""
    name = _name(connection)
    text = (
        f"{by} sent this test. Concord writes here when {name} pauses, goes on, or "
        f"{settings.CONCORD['alert_failures']:,} records fail within an hour."
    )
    return _message(connection, f"Test message of {name}", text)


def facts(connection: Connection) -> dict[str, Any]:
    """Describe a connection to a program."""
    return {
        "id": str(connection.public_id),
        "name": connection.name,
        "system": connection.kind,
        "environment": connection.environment,
        "url": page(connection),
    }


def page(connection: Connection) -> str:
    """Build the address of a connection's page, "" where our own address is not known."""
    path = reverse("admin:connectors_connection_change", args=[connection.pk])
    return f"{settings.PUBLIC_URL}{path}" if settings.PUBLIC_URL else ""


def waiting(connection: Connection) -> int:
    """Count the records that wait for a connection."""
    rows = (kind.links().filter(states.on_the_way(), connection=connection) for kind in entities.in_order())
    return sum(links.count() for links in rows)


def _message(connection: Connection, subject: str, *parts: str) -> Message:
    link = page(connection)
    where = link or f"In Concord: Connections, {connection.name}."
    whole = [*parts, where, "You get this message because you are named on this connection, or own it."]
    return Message(states.first_sentence(subject), "\n\n".join(part for part in whole if part) + "\n")


def _name(connection: Connection) -> str:
    return f"{connection.name} ({connection.get_environment_display()})"


def _at(moment: datetime) -> str:
    return f"{words.dated(moment, timezone.now())} {words.zone()}"


def _quoted(reason: str) -> str:
    return states.capped(" ".join(reason.split()), REASON_CHARS)


def _remedy(connection: Connection, kind: str, until: datetime | None) -> str:
    """Say who can end the pause, and how."""
    system = connection.system.label
    if kind == Pause.LOGIN:
        return (
            f"Who can fix it: a {system} administrator restores the login, or an owner of the connection "
            "enters it anew on its page. Then press Test connection there."
        )
    if kind == Pause.SETUP:
        return (
            f"Who can fix it: a {system} administrator adds what is missing. Then an owner of the connection "
            "presses Test connection on its page."
        )
    next_try = f", next at {_at(until)}" if until else ""
    if kind == Pause.LIMIT:
        return f"Nothing to do here: Concord goes on by itself when {system} allows calls again{next_try}."
    return (
        f"Nothing to do here: Concord tries again by itself{next_try}. If it lasts, a {system} "
        "administrator looks whether it is available."
    )


def _waits(connection: Connection) -> str:
    number = waiting(connection)
    if not number:
        return "No record waits at the moment. What is changed now waits until the connection goes on."
    one, many = "record waits, it is not lost", "records wait, none is lost"
    return f"{words.counted(number, one, many)}: what waits is sent when the connection goes on."


def _goes(connection: Connection) -> str:
    number = waiting(connection)
    if not number:
        return "No record waits."
    return f"{words.counted(number, 'record that waited is', 'records that waited are')} being sent now."
