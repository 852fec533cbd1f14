"""Test connection: run a connector's checklist and keep what it says."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from django.utils import timezone

from connectors import doorbell, health, logbook, registry, tokens
from connectors.asking import Asker
from connectors.errors import AuthFailed, ConnectorError
from connectors.models import Connection, ConnectionHealth
from connectors.protocol import Check, Identity
from synclog.models import Entry

CALL_TIMEOUT_S = 15.0  # a person waits for this


def test(
    connection: Connection,
    *,
    by: str,
    call_timeout_s: float = CALL_TIMEOUT_S,  # noqa: PT028 - not one of pytest's
) -> ConnectionHealth:
    """Log in anew, check what a push needs, and store the checklist.

    The organisation is remembered at the first success; a login that belongs to
    another one is a red line, and nothing is sent by it: a copy of this database
    beside a staging system must not write to production. A passed test ends a
    pause that waited for the login or the set-up, and what waits is sent.
    """
    tokens.forget(connection)
    identity = _ask(connection, call_timeout_s)
    foreign = _same_org(connection, identity)
    tokens.note_org(connection, identity.org_id)
    checks = [*identity.checks, *foreign]
    learned = {} if foreign else _learned(identity)
    ConnectionHealth.objects.filter(connection=connection).update(
        checks=[asdict(check) for check in checks], tested_at=timezone.now(), **learned
    )
    if identity.ok and not foreign:
        _remember_org(connection, identity)
        health.credentials_changed(connection)
        doorbell.ring(connection.pk)
    elif checks[0].ok and not foreign and (red := [check for check in checks if check.ok is False]):
        health.login_passed(connection, f"{red[0].label}: {red[0].text}")
    _tell(connection, checks, by)
    connection.health.refresh_from_db()
    return connection.health


def _ask(connection: Connection, call_timeout_s: float) -> Identity:
    try:
        with registry.open_connector(
            connection, Asker(connection, call_timeout_s, any_org=True), call_timeout_s=call_timeout_s
        ) as connector:
            return connector.test_connection()
    except ConnectorError as error:
        return Identity("", "", [Check("Login", False, error.message, copy=error.detail)], {})


def _same_org(connection: Connection, identity: Identity) -> list[Check]:
    text = tokens.other_org(connection, identity.org_id)
    if not text:
        return []
    health.failed(connection, AuthFailed(text, code="other_org"), batch=0)
    return [Check("Same organisation as before", False, text)]


def _learned(identity: Identity) -> dict[str, Any]:
    """Return what of the answer is kept; a failed test takes nothing away that was known."""
    found = {"org_name": identity.org_name[:200], "facts": dict(identity.facts)}
    return {name: value for name, value in found.items() if value}


def _remember_org(connection: Connection, identity: Identity) -> None:
    if identity.org_id and not connection.org_id:
        connection.org_id = identity.org_id
        # Found, not changed by anybody: no line of the history, and no part of the next one.
        Connection.objects.filter(pk=connection.pk).update(org_id=identity.org_id)
        Connection.history.filter(id=connection.pk, org_id="").update(org_id=identity.org_id)


def _tell(connection: Connection, checks: Sequence[Check], by: str) -> None:
    red = [check.label for check in checks if check.ok is False]
    text = f"{connection.name} was tested: " + (f"{', '.join(red)} failed." if red else "all checks passed.")
    level = Entry.Level.ERROR if red else Entry.Level.INFO
    logbook.event(connection, text, level=level, login_user=by, code="test")
