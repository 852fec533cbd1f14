"""Write a message in the transaction of the change that it tells of: once per change of state."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from connectors import clock, entities, states
from connectors.alerts import wording
from connectors.alerts.wording import Message
from connectors.models import Alert, AlertState, Connection, ConnectionHealth

CLAIMED_FOR = timedelta(minutes=2)
WITHIN = timedelta(hours=1)  # failures are counted
Event, Channel = Alert.Event, Alert.Channel


def paused(connection: Connection, kind: str, reason: str, until: datetime | None) -> None:
    """Tell that nothing is sent any more, unless that was told. Call it where the pause is stored.

    A pause that a person must end is told at once. One that ends by itself is told when it,
    or a row of them without an answer between, has lasted for `alert_after_s`.
    """
    state, now = _locked(connection), clock.now()
    if until is not None:
        state.troubled_since = state.troubled_since or now
        state.save(update_fields=["troubled_since"])
        lasts_s = (max(until, now) - state.troubled_since).total_seconds()
        if lasts_s < settings.CONCORD["alert_after_s"]:
            return
    if state.told_pause and (until is not None or state.told_pause == kind):
        return
    state.told_pause = kind
    state.save(update_fields=["told_pause"])
    message = wording.paused(connection, kind, reason, since=state.troubled_since or now, until=until)
    _write(connection, Event.PAUSED, message, {"pause": kind, "reason": reason, **_counts(connection)})


def recovered(connection: Connection) -> None:
    """Tell that it goes on, if a pause was told. Call it where the other side let us in, or answered.

    Not where a person only ended the pause: whether that helped is not known yet.
    """
    told = AlertState.objects.filter(connection=connection).exclude(told_pause="", troubled_since=None)
    if not told.exists() or not _goes_on(connection):  # nearly always: no lock
        return
    state = _locked(connection)
    known, state.told_pause, state.troubled_since = state.told_pause, "", None
    state.save(update_fields=["told_pause", "troubled_since"])
    if known:
        data = {"pause": known, **_counts(connection)}
        _write(connection, Event.RECOVERED, wording.recovered(connection), data)


def _goes_on(connection: Connection) -> bool:
    return ConnectionHealth.objects.filter(connection=connection, pause=ConnectionHealth.Pause.NONE).exists()


def failures(connection: Connection) -> None:
    """Tell that many records failed within the hour, when their number passes the threshold.

    Call it in the transaction that stores failures, after their links. It is told again after
    the number was below the threshold.
    """
    threshold, since = settings.CONCORD["alert_failures"], clock.now() - WITHIN
    number = sum(
        _failed(kind, connection).filter(failed_at__gte=since).count() for kind in entities.in_order()
    )
    if not threshold or (number < threshold and not _was_told(connection)):
        return
    state = _locked(connection)
    is_over, was_told = number >= threshold, state.failures_told_at is not None
    if is_over == was_told:
        return
    state.failures_told_at = clock.now() if is_over else None
    state.save(update_fields=["failures_told_at"])
    if is_over:
        message = wording.failures(connection, number, _reasons(connection, since))
        _write(connection, Event.FAILURES, message, {"failed_within_the_hour": number, **_counts(connection)})


def look_again() -> None:
    """Note where the number of failures fell below the threshold: the next time it passes it is told."""
    for state in AlertState.objects.exclude(failures_told_at=None).select_related("connection"):
        with transaction.atomic():
            failures(state.connection)


def test(connection: Connection, *, by: str) -> list[Alert]:
    """Write a message to every channel of a connection, claimed: the caller delivers them now."""
    written = _write(connection, Event.TEST, wording.test(connection, by=by), {"by": by})
    for alert in written:
        alert.attempts, alert.not_before = 1, alert.created_at + CLAIMED_FOR
    Alert.objects.bulk_update(written, ["attempts", "not_before"])
    return written


def new_secret(connection: Connection) -> str:
    """Make and store the secret that signs the webhook; the one before it is void. It is shown once."""
    state, _ = AlertState.objects.get_or_create(connection=connection)
    value = AlertState.new_secret()
    state.secret = {"value": value}
    state.save(update_fields=["secret"])
    return value


def state_of(connection: Connection) -> AlertState | None:
    """Read what was told of a connection, None where nothing ever was."""
    return AlertState.objects.filter(connection=connection).first()


def _locked(connection: Connection) -> AlertState:
    AlertState.objects.get_or_create(connection=connection)
    return AlertState.objects.select_for_update().get(connection=connection)


def _was_told(connection: Connection) -> bool:
    return AlertState.objects.filter(connection=connection).exclude(failures_told_at=None).exists()


def _write(
    connection: Connection, event: Alert.Event, message: Message, data: Mapping[str, Any]
) -> list[Alert]:
    now = clock.now()
    row = Connection.objects.get(pk=connection.pk)  # who talks may have read it before an address was changed
    channels = [Channel.EMAIL, *([Channel.WEBHOOK] if row.alert_url else [])]
    alerts = [
        Alert(
            connection=row, event=event, channel=channel, subject=message.subject[:200], text=message.text,
            data={"connection": wording.facts(row), **data}, created_at=now, not_before=now,
        )
        for channel in channels
    ]  # fmt: skip
    return Alert.objects.bulk_create(alerts)


def _failed(kind: Any, connection: Connection) -> Any:
    return kind.links().filter(states.needs_you(), connection=connection)


def _reasons(connection: Connection, since: datetime) -> Counter[str]:
    """Count the first sentences of why records failed."""
    found: Counter[str] = Counter()
    for kind in entities.in_order():
        rows = _failed(kind, connection).filter(failed_at__gte=since)
        for message, errors in rows.values_list("message", "errors")[:1_000]:
            said = message or next((str(text) for text in errors.values()), "")
            found[states.capped(states.first_sentence(said))] += 1
    return found


def _counts(connection: Connection) -> dict[str, int]:
    return {
        "waiting": wording.waiting(connection),
        "failed": sum(_failed(kind, connection).count() for kind in entities.in_order()),
    }
