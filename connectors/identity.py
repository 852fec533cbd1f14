"""Whose records a connection writes: its organisation is known before the first write.

All reference ids of a connection belong to one organisation, `Connection.org_id`. It is learned
from the other side, and asked for again whenever the address or the login is another one than
was confirmed: by a fingerprint that is compared with each batch and needs no call. Whoever
writes, reads, matches or registers webhooks passes `confirm` first.
"""

import json
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.crypto import salted_hmac

from connectors import entities, logbook, registry
from connectors.errors import AuthFailed, Misconfigured, Transient
from connectors.models import Connection, ConnectionHealth
from synclog import words
from synclog.models import Entry

if TYPE_CHECKING:
    from connectors.protocol import Connector

SALT = "connectors.identity"
CHANGED = "The connection was changed meanwhile. Try again."


def fingerprint(connection: Connection) -> str:
    """Compute a text that differs where another address or login may reach another organisation.

    Keyed with SECRET_KEY: it is stored beside the encrypted login and must not help to guess it.
    """
    targets = [item.name for item in registry.kind(connection.kind).settings if item.is_target]
    parts = [
        connection.base_url,
        connection.environment,
        dict(connection.credentials),
        {name: (connection.settings or {}).get(name) for name in targets},
    ]
    return salted_hmac(SALT, json.dumps(parts, sort_keys=True), algorithm="sha256").hexdigest()


def current(connection: Connection, *, lock: bool = False) -> Connection | None:
    """Read the connection again; None where its address, login or organisation is another by now.

    `lock`, in a transaction, keeps it as it is until that ends.
    """
    rows = Connection.objects.filter(pk=connection.pk)
    row = (rows.select_for_update(no_key=True) if lock else rows).first()
    if row is None or fingerprint(row) != fingerprint(connection):
        return None
    return None if connection.org_id and row.org_id != connection.org_id else row


def is_as_read(connection: Connection) -> bool:
    """Tell whether the connection is still on, and nothing of it was changed since it was read."""
    row = current(connection)
    return row is not None and row.enabled and row.updated_at == connection.updated_at


def confirm(connection: Connection, connector: "Connector") -> None:
    """Make sure that the other side is the organisation that the reference ids belong to.

    Asks it where this address and login were not confirmed yet. Raises AuthFailed where it is
    another organisation, and any ConnectorError of the call: then send and link nothing.
    """
    if not (connection.org_id and connection.health.confirmed_login == fingerprint(connection)):
        accept(connection, connector.organisation())


def accept(connection: Connection, org_id: str) -> None:
    """Keep that this organisation answered; learn it where none was known.

    Raises AuthFailed where it is another one than the reference ids belong to, Misconfigured
    where the other side did not tell, Transient where the connection was changed meanwhile.
    """
    if not org_id:
        raise Misconfigured(
            f"{connection.system.label} did not say which organisation this login belongs to. Press Test "
            "connection: it names the right that is missing.",
            code="org_unknown",
        )
    with transaction.atomic():
        row = current(connection, lock=True)
        if row is None:
            raise Transient(CHANGED, code="changed")
        refusal = _compared(row, org_id)
    if refusal:
        raise AuthFailed(refusal, code="other_org")
    connection.org_id, connection.health.confirmed_login = org_id, fingerprint(connection)


def refuse_other(connection: Connection, org_id: str) -> None:
    """Raise AuthFailed where a login told another organisation than that of the reference ids."""
    with transaction.atomic():
        row = current(connection, lock=True)
        refusal = _compared(row, org_id) if row is not None and is_other(row, org_id) else ""
    if refusal:
        raise AuthFailed(refusal, code="other_org")


def is_other(connection: Connection, org_id: str) -> bool:
    """Tell whether this is another organisation than the one that the reference ids belong to.

    Where that was never learned, it is the one of the login they were made with.
    """
    if connection.org_id:
        return bool(org_id) and org_id != connection.org_id
    confirmed = connection.health.confirmed_login
    return bool(confirmed) and confirmed != fingerprint(connection) and _linked(connection) > 0


def _compared(row: Connection, org_id: str) -> str:
    """Store the finding about a locked connection; return the refusal, "" where it is the right one."""
    is_foreign = is_other(row, org_id)
    confirmed = row.health.confirmed_login if is_foreign and not row.org_id else ""
    ConnectionHealth.objects.filter(connection=row).update(
        other_org=org_id if is_foreign else "",
        confirmed_login=confirmed if is_foreign else fingerprint(row),
    )
    if is_foreign:
        return _refusal(row, org_id)
    if not row.org_id:
        _learn(row, org_id)
    return ""


def _learn(connection: Connection, org_id: str) -> None:
    # Found, not changed by anybody: no line of the history, and no part of the next one.
    Connection.objects.filter(pk=connection.pk).update(org_id=org_id)
    Connection.history.filter(id=connection.pk, org_id="").update(org_id=org_id)
    text = f"{connection.name} belongs to the {connection.system.label} organisation {org_id}."
    if known := _linked(connection):
        ids = words.counted(known, "reference id is", "reference ids are")
        text += f" {ids} taken to be of this organisation: they were made with this login."
    logbook.event(connection, text, level=Entry.Level.INFO, code="organisation")


def _linked(connection: Connection) -> int:
    return sum(kind.links().linked().filter(connection=connection).count() for kind in entities.in_order())


def _refusal(connection: Connection, org_id: str) -> str:
    ways = "Enter the old login again, or start over with the new one, on the connection's page."
    system = connection.system.label
    if connection.org_id:
        return (
            f"This login belongs to another {system} organisation ({org_id}) than before "
            f"({connection.org_id}). The reference ids here point to the old one, so nothing is sent. {ways}"
        )
    return (
        f"This login belongs to the {system} organisation {org_id}. The reference ids here were made with "
        f"another login, whose organisation was never asked, so nothing is sent. {ways}"
    )
