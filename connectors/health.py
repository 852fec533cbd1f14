"""How a connection fares: pause, resume, back off, recover. Writes ConnectionHealth only."""

import logging
import random
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from connectors import alerts, clock, identity, logbook
from connectors.errors import AuthFailed, ConnectorError, Misconfigured, RateLimited, Transient
from connectors.models import Connection, ConnectionHealth
from synclog.models import Entry

logger = logging.getLogger(__name__)

Pause = ConnectionHealth.Pause
ALONE_TRIES = 3  # raises in a row with a single record before the whole connection pauses
SESSION_TRIES = 3  # raises in a row until a session that is refused after a login wants a person
LIMIT_PAUSE_S = 60.0  # where the other side does not say how long


def pause(connection: Connection, *, by: str) -> None:
    """Send nothing until a person resumes. What waits goes on waiting."""
    _set_pause(connection, Pause.PERSON, f"Paused by {by}.", None)
    logbook.event(
        connection, f"{connection.name} was paused by {by}. What waits goes on waiting.", login_user=by
    )


def resume(connection: Connection, *, by: str) -> None:
    """End any pause and ring for what waits."""
    from connectors import doorbell

    _clear(connection)
    logbook.event(connection, f"{connection.name} was resumed by {by}.", login_user=by)
    doorbell.ring(connection.pk)


def credentials_changed(connection: Connection) -> None:
    """End a pause that waited for this: the login or the settings were edited."""
    waited = (Pause.LOGIN, Pause.SETUP)
    if ConnectionHealth.objects.filter(connection=connection, pause__in=waited).exists():
        _clear(connection)


def login_passed(connection: Connection, missing: str) -> None:
    """Let a pause for a refused login say what a test found missing instead: the login is not it any more."""
    rows = ConnectionHealth.objects.filter(connection=connection, pause=Pause.LOGIN)
    rows.update(pause=Pause.SETUP, pause_reason=missing)


def failed(connection: Connection, error: Exception, *, batch: int) -> bool:
    """Note a raise: pause, or halve the next batch, as the kind of error wants.

    `batch` is how many records were under way, for the sentence. What is no
    ConnectorError is a bug of ours: its traceback goes to the worker's log. Returns
    False, and notes nothing, where the connection has another login by now: whoever
    still talked by the old one says nothing about the new one.
    """
    if not isinstance(error, ConnectorError):
        logger.error("a bug while talking to %s", connection.slug, exc_info=error)
    with transaction.atomic():
        is_current = identity.current(connection, lock=True) is not None
        if is_current:
            _note(connection, error, batch)
    connection.health.refresh_from_db()
    return is_current


def _note(connection: Connection, error: Exception, batch: int) -> None:
    if isinstance(error, AuthFailed) and error.after_login and _refusals(connection) < SESSION_TRIES:
        error = Transient(error.message, detail=error.detail, code=error.code)
    if isinstance(error, AuthFailed | Misconfigured):
        kind = Pause.LOGIN if isinstance(error, AuthFailed) else Pause.SETUP
        _pause_for(connection, kind, error, None)
    elif isinstance(error, RateLimited):
        wait_s = error.retry_after_s or LIMIT_PAUSE_S * random.uniform(0.5, 1)
        _pause_for(connection, Pause.LIMIT, error, wait_s)
    else:
        _stumbled(connection, error, batch)


def _refusals(connection: Connection) -> int:
    rows = ConnectionHealth.objects.filter(connection=connection)
    rows.update(refusals=F("refusals") + 1)
    return rows.values_list("refusals", flat=True)[0]


def _stumbled(connection: Connection, error: Exception, batch: int) -> None:
    health = ConnectionHealth.objects.get(connection=connection)
    failures = min(health.failures + 1, 1_000)
    ConnectionHealth.objects.filter(pk=health.pk).update(failures=failures)
    steps = connection.batch_size.bit_length() - 1  # halvings until a batch is one record
    unknown = Transient("A call failed in a way that Concord does not know.", code="internal", halves=True)
    problem = error if isinstance(error, Transient) else unknown
    if isinstance(error, ConnectorError) and not isinstance(error, Transient):
        problem = Transient(error.message, detail=error.detail, code=error.code, halves=True)
    if problem.halves and failures < steps + ALONE_TRIES:
        _tell_halving(connection, problem, batch)
    else:
        _pause_for(connection, Pause.TROUBLE, problem, problem.retry_after_s or _backoff_s(failures))


def _tell_halving(connection: Connection, problem: ConnectorError, batch: int) -> None:
    text = (
        f"{problem.message} {batch} records were under way; each is looked for before it is sent again, "
        "in smaller batches."
    )
    level = Entry.Level.WARNING
    logbook.event(connection, text, level=level, code=problem.code, detail=problem.detail)


def _backoff_s(failures: int) -> float:
    """Return a wait with jitter, a tenth of the longest at least.

    Without the least, the pause may be over before the worker that noted it looks: it would try
    again at once.
    """
    first_s, last_s = settings.CONCORD["connection_backoff_s"]
    most_s = min(last_s, first_s * 2 ** min(failures - 1, 20))
    return random.uniform(most_s / 10, most_s)


def _pause_for(connection: Connection, kind: str, error: ConnectorError, wait_s: float | None) -> None:
    before = ConnectionHealth.objects.get(connection=connection)
    if before.pause in ConnectionHealth.UNTIL_SOMEONE_ACTS:
        return  # a person's pause stands, and a person was told once
    until = None if wait_s is None else clock.now() + timedelta(seconds=wait_s)
    if not _set_pause(connection, kind, error.message, until, unless_longer=True):
        return
    alerts.paused(connection, kind, error.message, until)
    if before.pause != kind:
        level = Entry.Level.ERROR if until is None else Entry.Level.WARNING
        logbook.event(
            connection,
            f"{error.message} What waits is kept.",
            level=level,
            code=error.code,
            detail=error.detail,
        )


def _set_pause(
    connection: Connection, kind: str, reason: str, until: Any, *, unless_longer: bool = False
) -> bool:
    """Pause; `unless_longer` leaves a pause that a person must end, or that lasts longer."""
    rows = ConnectionHealth.objects.filter(connection=connection)
    if unless_longer:
        rows = rows.exclude(pause__in=ConnectionHealth.UNTIL_SOMEONE_ACTS)
        if until is not None:
            rows = rows.exclude(paused_until__gt=until)
    return bool(rows.update(pause=kind, pause_reason=reason, paused_at=Now(), paused_until=until))


def _clear(connection: Connection) -> None:
    ConnectionHealth.objects.filter(connection=connection).update(
        pause=Pause.NONE, pause_reason="", paused_at=None, paused_until=None, failures=0, refusals=0
    )


def answered(connection: Connection) -> None:
    """Note that the other side answers; an outage that ended is said in the log."""
    ConnectionHealth.objects.filter(connection=connection).update(failures=0)
    read(connection)


def read(connection: Connection) -> None:
    """Note that the other side let us read: it answers. How much it takes at once, it did not tell."""
    rows = ConnectionHealth.objects.filter(connection=connection)
    # One that still runs was set after this call began, by another talker: it stands.
    over = rows.filter(pause__in=(Pause.LIMIT, Pause.TROUBLE), paused_until__lte=clock.now())
    with transaction.atomic():
        ended = over.update(pause=Pause.NONE, pause_reason="", paused_at=None, paused_until=None)
        rows.update(refusals=0, last_success=Now())
        alerts.recovered(connection)
        if ended:
            logbook.event(connection, f"{connection.system.label} answers again. What waited is being sent.")


def blamed(connection: Connection) -> None:
    """Note that one record was found to be the cause: the next batch is whole again."""
    ConnectionHealth.objects.filter(connection=connection).update(failures=0)
    connection.health.failures = 0


def note_usage(connection: Connection, used: int, limit: int) -> None:
    """Keep what the remote side counted of its daily calls."""
    usage = {"used": used, "limit": limit, "at": clock.now().isoformat()}
    ConnectionHealth.objects.filter(connection=connection).update(usage=usage)


def learn(connection: Connection, facts: Mapping[str, Any]) -> None:
    """Keep what the remote side said of its fields."""
    ConnectionHealth.objects.filter(connection=connection).update(facts=dict(facts))
    connection.health.facts = dict(facts)
