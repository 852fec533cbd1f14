"""The mirror of the users over there: who may own a record, and who might when active again.

Nobody is ever deleted from it, since our users may be linked to them: who is inactive,
or not in the answer any more, is marked. An answer without anybody, or none, changes
nothing but the sentence that says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from connectors import asking, identity, logbook
from connectors.errors import ConnectorError
from connectors.models import Connection, ConnectionHealth, RemoteUser
from connectors.protocol import UserRecord
from connectors.text import storable
from synclog import words
from synclog.models import Entry

CALL_TIMEOUT_S = 15.0  # a person waits for this
SCHEDULE = "schedule"  # the Login User of what runs by itself
CHUNK = 500  # rows per statement
_TEXTS = {"name": 250, "email": 254, "username": 254, "federation_id": 512, "profile": 250}  # characters kept
_COPIED = (*_TEXTS, "is_active")
_WRITTEN = (*_COPIED, "inactive_since", "trouble", "seen_at")


@dataclass(frozen=True, slots=True)
class Refreshed:
    """How a refresh went: a sentence for a person, and what is different from before."""

    ok: bool
    text: str
    new: int = 0
    changed: int = 0
    gone: int = 0

    @property
    def is_news(self) -> bool:
        """Return whether anything is different."""
        return bool(self.new or self.changed or self.gone)


def refresh(connection: Connection, *, by: str, call_timeout_s: float = CALL_TIMEOUT_S) -> Refreshed:
    """Fetch the users over there and keep them. Never raises for what the other side does.

    Writes nothing over there. What went wrong is kept in the health row and told in
    the log; a schedule's refresh that found nothing new is not.
    """
    try:
        found = _usable(connection, _asked(connection, call_timeout_s))
    except ConnectorError as error:
        return _failed(connection, error.message, by, code=error.code, detail=error.detail)
    if not found:
        text = f"{connection.system.label} answered without a single user. The list was left as it was."
        return _failed(connection, text, by, code="no_users")
    done = _kept(connection, found)
    if done is None:
        text = "The connection has another login or another organisation by now. Fetch the users again."
        return _failed(connection, text, by, code="changed")
    if done.is_news or by != SCHEDULE:
        logbook.event(connection, done.text, login_user=by, code="users")
    return done


def _asked(connection: Connection, call_timeout_s: float) -> list[UserRecord]:
    with asking.connected(connection, call_timeout_s) as connector:
        return list(connector.list_users())


def _usable(connection: Connection, records: Sequence[UserRecord]) -> dict[str, UserRecord]:
    """Return the records by id, without those that no account could name as its owner."""
    is_valid = connection.system.valid_id
    return {record.remote_id: record for record in records if is_valid(record.remote_id)}


def _failed(connection: Connection, text: str, by: str, *, code: str, detail: str = "") -> Refreshed:
    ConnectionHealth.objects.filter(connection=connection).update(users_trouble=text)
    said = f"The users of {connection.name} were not fetched: {text}"
    logbook.event(connection, said, level=Entry.Level.ERROR, login_user=by, code=code, detail=detail)
    return Refreshed(False, said)


def _kept(connection: Connection, found: Mapping[str, UserRecord]) -> Refreshed | None:
    """Store what was found, in one transaction; two who refresh at once wait for each other.

    None, and nothing stored, where the connection has another login or another organisation by now.
    """
    with transaction.atomic():
        if identity.current(connection, lock=True) is None:
            return None
        now = timezone.now()
        known = {row.remote_id: row for row in RemoteUser.objects.filter(connection=connection)}
        rows = [_row(connection, found[key], known.get(key), now) for key in sorted(found)]
        gone = [row.pk for key, row in sorted(known.items()) if key not in found and row.is_active]
        changed = sum(_differs(row, known[row.remote_id]) for row in rows if row.remote_id in known)
        _write(rows, gone, now)
        ConnectionHealth.objects.filter(connection=connection).update(users_at=now, users_trouble="")
    new = sum(key not in known for key in found)
    return Refreshed(True, _sentence(connection, rows, new, changed, len(gone)), new, changed, len(gone))


def _row(connection: Connection, record: UserRecord, known: RemoteUser | None, now: datetime) -> RemoteUser:
    since = known.inactive_since if known is not None and not known.is_active else None
    row = RemoteUser(
        connection=connection,
        remote_id=record.remote_id,
        is_active=record.is_active,
        inactive_since=None if record.is_active else since or now,
        seen_at=now,
    )
    for name, limit in _TEXTS.items():
        setattr(row, name, storable(getattr(record, name))[:limit])
    return row


def _differs(row: RemoteUser, known: RemoteUser) -> bool:
    return any(getattr(row, name) != getattr(known, name) for name in _COPIED)


def _write(rows: Sequence[RemoteUser], gone: Sequence[int], now: datetime) -> None:
    RemoteUser.objects.bulk_create(
        rows,
        batch_size=CHUNK,
        update_conflicts=True,
        unique_fields=["connection", "remote_id"],
        update_fields=_WRITTEN,
    )
    for start in range(0, len(gone), CHUNK):
        left = RemoteUser.objects.filter(pk__in=gone[start : start + CHUNK])
        left.update(is_active=False, inactive_since=now)


def _sentence(connection: Connection, rows: Sequence[RemoteUser], new: int, changed: int, gone: int) -> str:
    inactive = sum(not row.is_active for row in rows)
    parts = [
        f"{number:,} {word}"
        for number, word in ((new, "new"), (changed, "changed"), (inactive, "inactive"))
        if number
    ]
    if gone:
        parts.append(f"{gone:,} not there any more, kept as inactive")
    counted = words.counted(len(rows), "user", "users")
    return f"{counted} fetched from {connection.name}" + (f": {', '.join(parts)}." if parts else ".")
