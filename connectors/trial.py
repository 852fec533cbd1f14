"""Test connection: run a connector's checklist and keep what it says."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from connectors import alerts, doorbell, health, identity, logbook, registry, tokens
from connectors.asking import Asker
from connectors.errors import AuthFailed, ConnectorError
from connectors.models import Connection, ConnectionHealth
from connectors.protocol import Check, Identity
from synclog.models import Entry

CALL_TIMEOUT_S = 15.0  # a person waits for this
FIRST_PASSED = "First test passed"


class ChangedError(Exception):
    """Tell that the connection was changed while it was tested: nothing is kept, test it again."""


def test(
    connection: Connection,
    *,
    by: str,
    call_timeout_s: float = CALL_TIMEOUT_S,  # noqa: PT028 - not one of pytest's
) -> ConnectionHealth:
    """Log in anew, check what a push needs, and store the checklist.

    A login that belongs to another organisation than before is a red line, and nothing is
    sent by it: a copy of this database beside a staging system must not write to
    production. A passed test ends a pause that waited for the login or the set-up, and
    what waits is sent; the first one switches a new connection on. Raises ChangedError.
    """
    tokens.forget(connection)
    found = _ask(connection, call_timeout_s)
    with transaction.atomic():
        row = identity.current(connection, lock=True)
        if row is None:
            raise ChangedError(f"{connection.name} was changed while it was tested. Test it again.")
        foreign = _same_org(connection, found)
        _keep(row, found, foreign)
        _tell(connection, [*found.checks, *foreign], by)
    connection.refresh_from_db(fields=["org_id", "enabled", "updated_at"])
    connection.health.refresh_from_db()
    return connection.health


def _keep(row: Connection, found: Identity, foreign: Sequence[Check]) -> None:
    """Store what a test found out about a locked connection, and what follows from it."""
    checks = [asdict(check) for check in (*found.checks, *foreign)]
    rows = ConnectionHealth.objects.filter(connection=row)
    rows.update(checks=checks, tested_at=Now(), **({} if foreign else _learned(found)))
    if foreign:
        return
    red = [check for check in found.checks if check.ok is False]
    if found.ok:
        _switch_on(row)
        rows.update(passed_at=Now())
        health.credentials_changed(row)
        alerts.recovered(row)
        doorbell.ring_after_commit(row.pk)
    elif found.checks[0].ok and red:
        health.login_passed(row, f"{red[0].label}: {red[0].text}")


def _switch_on(row: Connection) -> None:
    """Switch a new connection on; one that was tested before is off because a person wants it so."""
    if row.awaits_test:
        row.refresh_from_db(fields=["org_id"])  # learned meanwhile: for the history
        row.enabled, row._change_reason = True, FIRST_PASSED
        row.save(update_fields=["enabled", "updated_at"])


def _ask(connection: Connection, call_timeout_s: float) -> Identity:
    try:
        with registry.open_connector(
            connection, Asker(connection, call_timeout_s, any_org=True), call_timeout_s=call_timeout_s
        ) as connector:
            return connector.test_connection()
    except ConnectorError as error:
        return Identity("", "", [Check("Login", False, error.message, copy=error.detail)], {})


def _same_org(connection: Connection, found: Identity) -> list[Check]:
    """Keep whose the login is; return a red line where it is another organisation's.

    It is learned by a test that passed: the first addresses that somebody tries may be wrong.
    """
    is_first = not connection.org_id and not identity.is_other(connection, found.org_id)
    if not found.org_id or (is_first and not found.ok):
        return []
    try:
        identity.accept(connection, found.org_id)
    except AuthFailed as error:
        health.failed(connection, error, batch=0)
        return [Check("Same organisation as before", False, error.message)]
    return []


def _learned(found: Identity) -> dict[str, Any]:
    """Return what of the answer is kept; a failed test takes nothing away that was known."""
    learned = {"org_name": found.org_name[:200], "facts": dict(found.facts)}
    return {name: value for name, value in learned.items() if value}


def _tell(connection: Connection, checks: Sequence[Check], by: str) -> None:
    red = [check.label for check in checks if check.ok is False]
    text = f"{connection.name} was tested: " + (f"{', '.join(red)} failed." if red else "all checks passed.")
    level = Entry.Level.ERROR if red else Entry.Level.INFO
    logbook.event(connection, text, level=level, login_user=by, code="test")
