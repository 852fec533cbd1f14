"""The talker's desk: its connection, its slot, and what its connector may ask."""

import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from connectors import entities, health, identity, pacing, queue, registry
from connectors.background import Background
from connectors.entities import Entity
from connectors.errors import Withdrawn
from connectors.models import Connection, Link
from connectors.protocol import Adoption, Connector, FetchedToken, TokenSource, Window
from connectors.tokens import SharedToken


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
    has_rung: bool = False  # for other talkers
    urgent: bool = False  # the batch under way is a person's click
    gives_way: bool = False  # to a click: what has no outcome is released
    looked_at: float = 0.0  # for clicks, by the monotonic clock
    pks: set[int] = field(default_factory=set)  # of the batch under way
    answered: set[int] = field(default_factory=set)  # those of them that have an outcome
    writes: set[int] = field(default_factory=set)  # pks that the last announced write is about
    unsent: set[int] = field(default_factory=set)  # begun by a call that was not made yet
    half_written: set[int] = field(default_factory=set)  # pks of half-made records: no cancel stops them
    withdrawn: set[int] = field(default_factory=set)  # pks that nobody wants sent any more
    checked_at: float = 0.0  # for those, by the monotonic clock
    seen: pacing.Seen | None = None  # of the limit, and not kept yet
    background: Background = field(default_factory=Background)  # for what is done while a call is under way

    @contextmanager
    def connector(self) -> Iterator[Connector]:
        """Open the connection's connector, at this desk, and make sure whose records it reaches.

        Raises AuthFailed where the login can't be read, or is another organisation's.
        """
        timeout_s = settings.CONCORD["call_timeout_s"]
        try:
            with registry.open_connector(self.connection, self, call_timeout_s=timeout_s) as connector:
                identity.confirm(self.connection, connector)
                yield connector
        finally:
            self.background.close()
            if self.seen is not None:
                pacing.observe(self.connection, self.seen)

    def begin(self, kind: Entity[Any, Any], rows: Mapping[str, Any]) -> None:
        """Take up a batch: rows by their key."""
        self.kind, self.rows = kind, dict(rows)
        self.pks = {row.pk for row in rows.values()}
        self.urgent = any(row.priority == Link.Priority.CLICK for row in rows.values())
        self.gives_way = False
        self.answered, self.writes, self.unsent, self.withdrawn = set(), set(), set(), set()
        self.half_written = set()

    def tick(self) -> None:
        """Renew the slot and wait for a turn. Raises LeaseLost, Withdrawn, and RateLimited for a far turn."""
        self._renew()
        if self.connection.system.is_paced:
            seen, self.seen = self.seen, None
            if pacing.wait_turn(self.connection, urgent=self.urgent, seen=seen):
                self._renew()
        self.unsent = set()

    def alive(self) -> None:
        """Renew the slot. Raises LeaseLost and Withdrawn."""
        self._renew()
        self.unsent = set()

    def _renew(self) -> None:
        queue.renew(self.lease, lease_s())
        # A call that was not announced belongs to the last write, or else looks for any of the rows.
        concerned = (self.writes & self._open()) or self._open()
        if (concerned - self.half_written) & self._withdrawn():
            self.begun -= self.unsent
            raise Withdrawn("The run was cancelled.")

    def _open(self) -> set[int]:
        """Return the rows of the batch that have no outcome yet."""
        return self.pks - self.answered

    def _withdrawn(self) -> set[int]:
        """Return which rows of the batch nobody wants sent any more. Asks the database now and then."""
        now = time.monotonic()
        if self.kind is not None and self.rows and now - self.checked_at > settings.CONCORD["look_every_s"]:
            self.checked_at = now
            self.withdrawn = queue.withdrawn(self.kind, self.lease, self._open())
        return self.withdrawn - self.answered

    def on_window(self, window: Window) -> None:
        """Note what an answer told of the limit: it is kept with the next turn, or at the end."""
        self.seen = pacing.Seen(window)

    def more_urgent(self) -> bool:
        """Return whether to end here: a click waits while this is none, or rows of it were withdrawn.

        Asks the database now and then.
        """
        now = time.monotonic()
        is_time = now - self.looked_at > settings.CONCORD["look_every_s"]
        if is_time and not self.urgent and not self.gives_way:
            self.looked_at = now
            kinds = entities.in_order(self.connection.system.entities)
            self.gives_way = queue.has_due(self.connection, kinds, urgent=True)
        self.gives_way = self.gives_way or bool(self._withdrawn())
        return self.gives_way

    def writing(self, keys: Iterable[str]) -> None:
        """Note which rows the next call writes."""
        self.writes = {self.rows[key].pk for key in keys}
        self.unsent |= self.writes - self.begun
        self.begun.update(self.writes)

    def creating(self, key: str, sent: Mapping[str, Any]) -> None:
        """Note which row the next call makes a record of, and what it is made with."""
        self.writing([key])
        assert self.kind is not None  # noqa: S101 - only called during push
        queue.note_create(self.kind, self.lease, self.rows[key], sent)

    def finishing(self, key: str) -> None:
        """Note that a row is half written, and would be left so."""
        self.half_written.add(self.rows[key].pk)

    def unanswered(self) -> None:
        """Have the rows of the write under way read again once it can't be carried out any more."""
        rows = [row for row in self.rows.values() if row.pk in self.writes]
        if self.kind is not None and rows:
            queue.expect_late(self.kind, self.lease, rows)

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
