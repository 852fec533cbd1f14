"""The engine as one sees it who only asks: no slot, no rows, nothing is written over there."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from connectors import health, identity, pacing, registry
from connectors.models import Connection
from connectors.protocol import Adoption, Connector, FetchedToken, TokenSource, Window
from connectors.tokens import SharedToken


@dataclass(frozen=True, slots=True)
class Asker:
    """Serve a connector that tests a connection or reads from it; see `protocol.Engine`.

    `any_org`: a token of another organisation serves this conversation alone, instead of
    being refused.
    """

    connection: Connection
    call_timeout_s: float
    any_org: bool = False

    def tick(self) -> None:
        """Hold no slot, and wait for no turn: a person waits for this."""

    def alive(self) -> None:
        """Hold no slot."""

    def on_window(self, window: Window) -> None:
        """Keep what an answer told of the limit."""
        pacing.observe(self.connection, pacing.Seen(window))

    def more_urgent(self) -> bool:
        """Give way to nobody."""
        return False

    def writing(self, keys: Iterable[str]) -> None:
        """Refuse."""
        raise AssertionError("who only asks writes nothing")

    def creating(self, key: str, sent: Mapping[str, Any]) -> None:
        """Refuse."""
        self.writing([key])

    def finishing(self, key: str) -> None:
        """Refuse."""
        self.writing([key])

    def unanswered(self) -> None:
        """Note nothing: no record was written."""

    def adopt(self, adoptions: Sequence[Adoption]) -> set[str]:
        """Reserve nothing."""
        return {item.key for item in adoptions}

    def on_usage(self, used: int, limit: int) -> None:
        """Keep the remote side's own count of calls."""
        health.note_usage(self.connection, used, limit)

    def tokens(self, fetch: Callable[[], FetchedToken]) -> TokenSource:
        """Return the token that all workers share."""
        return SharedToken(self.connection, fetch, fetch_timeout_s=self.call_timeout_s, any_org=self.any_org)


@contextmanager
def connected(connection: Connection, call_timeout_s: float) -> Iterator[Connector]:
    """Open a connector that asks only, and make sure whose records it reaches.

    Raises AuthFailed where the login can't be read, or is another organisation's.
    """
    engine = Asker(connection, call_timeout_s)
    with registry.open_connector(connection, engine, call_timeout_s=call_timeout_s) as connector:
        identity.confirm(connection, connector)
        yield connector
