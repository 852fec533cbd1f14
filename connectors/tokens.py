"""The shared access token: one worker fetches a new one, the others wait for it.

No lock is held while talking. The election is a compare-and-set on the row, with
an expiry, so that a fetcher that dies is replaced; it works the same on SQLite.

A token is bound to its login: after an edit of address or credentials the old one
is never sent again, least of all to the new address. And it is bound to the
organisation that the reference ids belong to: a login of another one is refused
before anything is written there.
"""

import hashlib
import json
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from connectors import clock, logbook
from connectors.errors import AuthFailed, Transient
from connectors.models import Connection, ConnectionHealth, Token
from connectors.protocol import FetchedToken
from synclog.models import Entry

POLL_S = 0.1
EARLY_S = 30.0  # a token that expires within so many seconds is not handed out
MARGIN_S = 5.0  # an elected fetcher has so much more than its call may take


class SharedToken:
    """The token of one connection; see `connectors.protocol.TokenSource`.

    `any_org` hands out a token of another organisation too, for a test that will
    say so; such a token is never stored.
    """

    def __init__(
        self,
        connection: Connection,
        fetch: Callable[[], FetchedToken],
        *,
        fetch_timeout_s: float,
        any_org: bool = False,
        while_waiting: Callable[[], object] = lambda: None,
    ) -> None:
        self.connection, self.fetch, self.any_org = connection, fetch, any_org
        self.while_waiting = while_waiting
        self.term_s = fetch_timeout_s + MARGIN_S
        self._known = ""

    def get(self) -> str:
        """Return the token; fetch one if there is none. Raises ConnectorError."""
        return self._known or self.replace("")

    def replace(self, stale: str) -> str:
        """Return a token other than `stale`. Raises ConnectorError, Transient if nobody got one in time."""
        login = _fingerprint(self.connection)
        deadline = time.monotonic() + self.term_s + 1  # longer than a dead fetcher's term
        while time.monotonic() < deadline:
            row, _ = Token.objects.get_or_create(connection=self.connection)
            now = clock.now()
            value = _usable(row, login, stale, now)
            if value or self._elected(row, now):
                self._known = value or self._fetched(row, login, now)
                return self._known
            self.while_waiting()  # the slot must outlive another worker's login
            time.sleep(POLL_S)
        raise Transient("Another worker is logging in and has not finished yet.", code="login_slow")

    def _elected(self, row: Token, now: datetime) -> bool:
        free = Q(refreshing_until=None) | Q(refreshing_until__lte=now)
        mine = Token.objects.filter(free, pk=row.pk, version=row.version)
        return bool(mine.update(refreshing_until=self._term_end(now)))

    def _term_end(self, now: datetime) -> datetime:
        return now + timedelta(seconds=self.term_s)

    def _fetched(self, row: Token, login: str, elected_at: datetime) -> str:
        """Fetch and store, unless another was elected meanwhile: then ours serves us alone."""
        mine = Token.objects.filter(
            pk=row.pk, version=row.version, refreshing_until=self._term_end(elected_at)
        )
        foreign = ""
        try:
            fresh = self.fetch()
            foreign = other_org(self.connection, fresh.org_id)
            if foreign and not self.any_org:
                note_org(self.connection, fresh.org_id)
                raise AuthFailed(foreign, code="other_org")
        except BaseException:
            mine.update(refreshing_until=None)
            raise
        if foreign:
            mine.update(refreshing_until=None)
            return fresh.value
        self._store(mine, row.version + 1, fresh, login)
        return fresh.value

    def _store(self, mine: QuerySet[Token], version: int, fresh: FetchedToken, login: str) -> None:
        expires_at = clock.now() + timedelta(seconds=fresh.lifetime_s) if fresh.lifetime_s else None
        value = {"access_token": fresh.value, "login": login}
        mine.update(value=value, version=version, refreshing_until=None, expires_at=expires_at)
        logbook.event(
            self.connection,
            f"{self.connection.system.label} handed out a new access token.",
            action_type=Entry.ActionType.TOKEN,
            endpoint=self.connection.base_url,
        )


def other_org(connection: Connection, org_id: str) -> str:
    """Return what to tell a person where a login belongs to another organisation, "" where it doesn't."""
    if not is_other_org(connection, org_id):
        return ""
    return (
        f"This login belongs to another {connection.system.label} organisation ({org_id}) "
        f"than before ({connection.org_id}). The reference ids here point to the old one, so nothing is "
        "sent. Enter the old login again, or start over with the new one, on the connection's page."
    )


def is_other_org(connection: Connection, org_id: str) -> bool:
    """Return whether this is another organisation than the one that the reference ids belong to."""
    return bool(connection.org_id and org_id and org_id != connection.org_id)


def note_org(connection: Connection, org_id: str) -> None:
    """Keep which other organisation the login was found to belong to; "" where it was not."""
    found = org_id if is_other_org(connection, org_id) else ""
    ConnectionHealth.objects.filter(connection=connection).update(other_org=found)


def _usable(row: Token, login: str, stale: str, now: datetime) -> str:
    value = str(row.value.get("access_token", ""))
    expired = row.expires_at is not None and row.expires_at <= now + timedelta(seconds=EARLY_S)
    return "" if expired or value == stale or row.value.get("login") != login else value


def _fingerprint(connection: Connection) -> str:
    """Return what changes with the login: the row that holds it is encrypted."""
    login = [connection.base_url, sorted(connection.credentials.items())]
    return hashlib.sha256(json.dumps(login).encode()).hexdigest()


def forget(connection: Connection) -> None:
    """Throw the token away: the login was changed, the next call fetches a new one."""
    Token.objects.filter(connection=connection).delete()
