"""Test connection: run a connector's checklist and keep what it says."""

from dataclasses import asdict

from django.utils import timezone

from connectors import health, logbook, registry, tokens
from connectors.errors import AuthFailed, ConnectorError
from connectors.models import Connection, ConnectionHealth
from connectors.protocol import Adoption, Check, Identity, TokenSource
from connectors.tokens import SharedToken
from synclog.models import Entry

CALL_TIMEOUT_S = 15.0  # a person waits for this


class _Tester:
    """The engine as a test sees it: no slot, no rows."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def tick(self) -> None:
        """Hold no slot: a test writes nothing."""

    def writing(self, keys: object) -> None:
        """Never happens in a test."""

    def adopt(self, adoptions: "list[Adoption]") -> set[str]:
        """Never happens in a test."""
        return {item.key for item in adoptions}

    def on_usage(self, used: int, limit: int) -> None:
        """Keep the remote side's own count of calls."""
        health.note_usage(self.connection, used, limit)

    def tokens(self, fetch: "object") -> TokenSource:
        """Return the shared token."""
        return SharedToken(self.connection, fetch, fetch_timeout_s=CALL_TIMEOUT_S)  # type: ignore[arg-type]


def test(connection: Connection, *, by: str) -> ConnectionHealth:
    """Log in anew, check what a push needs, and store the checklist.

    The organisation is remembered at the first success; a login that belongs to
    another one is a red line, and nothing is sent by it: a copy of this database
    beside a staging system must not write to production. A passed test ends a
    pause that waited for the login or the set-up.
    """
    tokens.forget(connection)
    identity = _ask(connection)
    checks = [*identity.checks, *_same_org(connection, identity)]
    passed = all(check.ok for check in checks)
    ConnectionHealth.objects.filter(connection=connection).update(
        checks=[asdict(check) for check in checks],
        tested_at=timezone.now(),
        org_name=identity.org_name[:200],
        **({"facts": dict(identity.facts)} if identity.facts else {}),
    )
    if passed:
        _remember_org(connection, identity)
        health.credentials_changed(connection)
    _tell(connection, checks, by)
    connection.health.refresh_from_db()
    return connection.health


def _ask(connection: Connection) -> Identity:
    try:
        with registry.open_connector(
            connection, _Tester(connection), call_timeout_s=CALL_TIMEOUT_S
        ) as connector:
            return connector.test_connection()
    except ConnectorError as error:
        return Identity("", "", [Check("Login", False, error.message)], {})


def _same_org(connection: Connection, identity: Identity) -> list[Check]:
    if not connection.org_id or not identity.org_id or identity.org_id == connection.org_id:
        return []
    text = (
        f"This login belongs to another {connection.system.label} organisation ({identity.org_id}) "
        f"than before ({connection.org_id}). The reference ids here point to the old one, so nothing is sent. "
        "Enter the old login again, or make a new connection for the new organisation."
    )
    health.failed(connection, AuthFailed(text, code="other_org"), batch=0)
    return [Check("Same organisation as before", False, text)]


def _remember_org(connection: Connection, identity: Identity) -> None:
    if identity.org_id and not connection.org_id:
        connection.org_id = identity.org_id
        connection.save(update_fields=["org_id"])


def _tell(connection: Connection, checks: list[Check], by: str) -> None:
    red = [check.label for check in checks if check.ok is False]
    text = f"{connection.name} was tested: " + (f"{', '.join(red)} failed." if red else "all checks passed.")
    level = Entry.Level.ERROR if red else Entry.Level.INFO
    logbook.event(connection, text, level=level, login_user=by, code="test")
