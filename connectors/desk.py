"""The talker's desk: its connection, its slot, and what its connector may ask."""

import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from connectors import entities, health, identity, pacing, queue, registry
from connectors.entities import Entity
from connectors.models import Connection
from connectors.protocol import Adoption, Connector, FetchedToken, TokenSource, Window
from connectors.tokens import SharedToken

LOOK_EVERY_S = 0.5  # for clicks


def lease_s() -> float:
    """Return how long a slot is held without renewal: longer than any call may take."""
    return float(settings.CONCORD["call_timeout_s"] + settings.CONCORD["lease_margin_s"])


@dataclass
class Desk:
    """What a connector may ask of the engine while it talks; see `protocol.Engine`."""

    connection: Connection
    lease: uuid.UUID
    kind: Entity[Any, Any] | None = None
    rows: dict[str, Any] = field(default_factory=dict)  # of the batch under way, by key
    begun: set[int] = field(default_factory=set)  # pks whose write may have been sent
    filled: dict[int, Mapping[str, Any]] = field(default_factory=dict)  # by pk: blanks that an adoption fills
    counted_calls: int = 0
    urgent: bool = False  # the batch under way is a person's click
    gives_way: bool = False  # to a click: what has no outcome is released
    looked_at: float = 0.0  # for clicks, by the monotonic clock

    @contextmanager
    def connector(self) -> Iterator[Connector]:
        """Open the connection's connector, at this desk, and make sure whose records it reaches.

        Raises AuthFailed where the login can't be read, or is another organisation's.
        """
        timeout_s = settings.CONCORD["call_timeout_s"]
        with registry.open_connector(self.connection, self, call_timeout_s=timeout_s) as connector:
            identity.confirm(self.connection, connector)
            yield connector

    def tick(self) -> None:
        """Renew the slot and wait for a turn. Raises LeaseLost, and RateLimited for a far turn."""
        self.alive()
        if self.connection.system.is_paced and pacing.wait_turn(self.connection, urgent=self.urgent):
            self.alive()

    def alive(self) -> None:
        """Renew the slot. Raises LeaseLost."""
        queue.renew(self.lease, lease_s())

    def on_window(self, window: Window) -> None:
        """Keep what an answer told of the limit."""
        pacing.observe(self.connection, window)

    def more_urgent(self) -> bool:
        """Return whether a click waits while this is none. Asks the database now and then."""
        now = time.monotonic()
        if not self.urgent and not self.gives_way and now - self.looked_at > LOOK_EVERY_S:
            self.looked_at = now
            kinds = entities.in_order(self.connection.system.entities)
            self.gives_way = any(queue.has_due(self.connection, kind, urgent=True) for kind in kinds)
        return self.gives_way

    def writing(self, keys: Iterable[str]) -> None:
        """Note which rows the next call writes."""
        self.begun.update(self.rows[key].pk for key in keys)

    def adopt(self, adoptions: Sequence[Adoption]) -> set[str]:
        """Reserve existing records; return the keys that may not have theirs."""
        assert self.kind is not None  # noqa: S101 - only called during push
        wanted = [(self.rows[item.key], item) for item in adoptions]
        refused = queue.reserve(self.kind, self.lease, wanted)
        self.begun.update(row.pk for row, _ in wanted if row.pk not in refused)
        self.filled.update({row.pk: item.fill for row, item in wanted if row.pk not in refused})
        return {item.key for row, item in wanted if row.pk in refused}

    def on_usage(self, used: int, limit: int) -> None:
        """Keep the remote side's own count of calls."""
        health.note_usage(self.connection, used, limit)

    def tokens(self, fetch: Callable[[], FetchedToken]) -> TokenSource:
        """Return the token that all workers share."""
        timeout_s = settings.CONCORD["call_timeout_s"]
        return SharedToken(self.connection, fetch, fetch_timeout_s=timeout_s, while_waiting=self.tick)
