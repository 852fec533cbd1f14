"""The shared access token: one worker fetches a new one, the others wait for it.

No lock is held while talking. The election is a compare-and-set on the row, with
an expiry, so that a fetcher that dies is replaced; it works the same on SQLite.
"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db.models import Q

from connectors import clock, logbook
from connectors.errors import Transient
from connectors.models import Connection, Token
from connectors.protocol import FetchedToken
from synclog.models import Entry

POLL_S = 0.1
EARLY_S = 30.0  # a token that expires within so many seconds is not handed out


class SharedToken:
    """The token of one connection; see `connectors.protocol.TokenSource`."""

    def __init__(
        self, connection: Connection, fetch: Callable[[], FetchedToken], *, fetch_timeout_s: float
    ) -> None:
        self.connection, self.fetch, self.fetch_timeout_s = connection, fetch, fetch_timeout_s
        self._known = ""

    def get(self) -> str:
        """Return the token; fetch one if there is none. Raises ConnectorError."""
        return self._known or self.replace("")

    def replace(self, stale: str) -> str:
        """Return a token other than `stale`. Raises ConnectorError, Transient if nobody got one in time."""
        deadline = time.monotonic() + self.fetch_timeout_s + 5
        while time.monotonic() < deadline:
            row, _ = Token.objects.get_or_create(connection=self.connection)
            now = clock.now()
            value = _usable(row, stale, now)
            if value or self._elected(row, now):
                self._known = value or self._fetched(row)
                return self._known
            time.sleep(POLL_S)
        raise Transient("Another worker is logging in and has not finished yet.", code="login_slow")

    def _elected(self, row: Token, now: datetime) -> bool:
        free = Q(refreshing_until=None) | Q(refreshing_until__lte=now)
        until = now + timedelta(seconds=self.fetch_timeout_s + 5)
        mine = Token.objects.filter(free, pk=row.pk, version=row.version)
        return bool(mine.update(refreshing_until=until))

    def _fetched(self, row: Token) -> str:
        try:
            fresh = self.fetch()
        except BaseException:
            Token.objects.filter(pk=row.pk, version=row.version).update(refreshing_until=None)
            raise
        expires_at = clock.now() + timedelta(seconds=fresh.lifetime_s) if fresh.lifetime_s else None
        Token.objects.filter(pk=row.pk, version=row.version).update(
            value={"access_token": fresh.value},
            version=row.version + 1,
            refreshing_until=None,
            expires_at=expires_at,
        )
        self._tell()
        return fresh.value

    def _tell(self) -> None:
        logbook.event(
            self.connection,
            f"{self.connection.system.label} handed out a new access token.",
            action_type=Entry.ActionType.TOKEN,
            endpoint=self.connection.base_url,
        )


def _usable(row: Token, stale: str, now: datetime) -> str:
    value = str(row.value.get("access_token", ""))
    expired = row.expires_at is not None and row.expires_at <= now + timedelta(seconds=EARLY_S)
    return "" if expired or value == stale else value


def forget(connection: Connection) -> None:
    """Throw the token away: the login was changed, the next call fetches a new one."""
    Token.objects.filter(connection=connection).delete()
