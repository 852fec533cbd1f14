"""The shared access token: one worker fetches a new one, the others wait for it.

No lock is held while talking. The election is a compare-and-set on the row, with
an expiry, so that a fetcher that dies is replaced.

A token is bound to its login: after an edit of address or credentials the old one
is never sent again, least of all to the new address. And it is bound to the
organisation that the reference ids belong to: a login of another one is refused
before anything is written there.
"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from connectors import clock, identity, logbook
from connectors.errors import Transient
from connectors.models import Connection, Token
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
        login = identity.fingerprint(self.connection)
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
        try:
            fresh = self.fetch()
            if fresh.org_id and not self.any_org:
                identity.accept(self.connection, fresh.org_id)
        except BaseException:
            mine.update(refreshing_until=None)
            raise
        if self._may_be_kept(fresh):
            self._store(mine, row.version + 1, fresh, login)
        else:
            mine.update(refreshing_until=None)
        return fresh.value

    def _may_be_kept(self, fresh: FetchedToken) -> bool:
        """Tell whether others may use it: not one of another organisation, nor of a login of before."""
        row = identity.current(self.connection)
        return row is not None and not identity.is_other(row, fresh.org_id)

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


def _usable(row: Token, login: str, stale: str, now: datetime) -> str:
    value = str(row.value.get("access_token", ""))
    expired = row.expires_at is not None and row.expires_at <= now + timedelta(seconds=EARLY_S)
    return "" if expired or value == stale or row.value.get("login") != login else value


def forget(connection: Connection) -> None:
    """Throw the token away: the login was changed, the next call fetches a new one."""
    Token.objects.filter(connection=connection).delete()
