"""Bulk calls: up to ten new records each, and one look behind them that tells what became of each.

Neither the order of an answer is promised, nor whether a refused call stored some. So each
record is found again by what it is, and who is not found goes alone and is told why.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from connectors.protocol import Change, Exchange, Outcome, Status
from connectors.systems.bigcommerce import wire
from connectors.systems.bigcommerce.client import MAX_BULK
from connectors.systems.bigcommerce.errors import Denied, Refused
from connectors.systems.bigcommerce.store_lists import StoreList
from connectors.systems.bigcommerce.talk import Talk

Flat = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """One bulk call: who was in it by key, the bodies, and what was answered."""

    changes: Mapping[str, Change]
    bodies: Mapping[str, Any]
    stored: Sequence[wire.Record]
    exchange: Exchange
    refused: Refused | None = None

    def exchange_of(self, key: str, answer: Any) -> Exchange:
        """Return one record's own slice."""
        return replace(self.exchange, request=self.bodies[key], answer=answer)


@dataclass
class Bulk(ABC):
    """The bulk calls of one push. `alone`: keys that go alone, since a bulk call did not serve them."""

    talk: Talk
    listing: StoreList
    alone: set[str] = field(default_factory=set)
    sent: list[Change] = field(default_factory=list)  # by the last `make`

    path = ""
    rounds = 10  # calls that one look serves

    def make(self, changes: Sequence[Change]) -> dict[str, Outcome]:
        """Make records; return the outcomes that are certain, by key. Raises ConnectorError.

        Who is in neither the outcomes nor `alone` was not sent yet.
        """
        self.sent = []
        self.listing.begin_bulk()
        calls: list[Call] = []
        for group in self._groups(changes):
            if calls and self.talk.engine.more_urgent():
                break
            self.sent += group
            calls.append(self._call(group))
        found = self.found(calls)
        told: dict[str, Outcome] = {}
        for call in calls:
            told.update(self.refusals(call) if call.refused else {})
            told.update({key: self.made(call, key, *found[key]) for key in call.changes if key in found})
        missed = [one for one in self.sent if one.key not in told]
        self.alone.update(one.key for one in missed)
        self.missed(missed)
        return told

    def _groups(self, changes: Sequence[Change]) -> Iterator[list[Change]]:
        """Yield groups of ten; who shares a name or an e-mail with another waits what becomes of that."""
        taken: set[str] = set()
        fitting: list[Change] = []
        for change in changes:
            if not taken & self.unique(change):
                taken |= self.unique(change)
                fitting.append(change)
        for start in range(0, min(len(fitting), self.rounds * MAX_BULK), MAX_BULK):
            yield fitting[start : start + MAX_BULK]

    def _call(self, group: Sequence[Change]) -> Call:
        bodies = {change.key: self.body(change) for change in group}
        self.announce(group)
        stored: Sequence[wire.Record] = ()
        refused: Refused | None = None
        try:
            with suppress(Denied):  # each is denied once more, alone
                stored = self.talk.client.write("POST", self.path, list(bodies.values())).records
        except Refused as error:
            refused = error
        return Call({one.key: one for one in group}, bodies, stored, self.talk.client.last, refused)

    def made(self, call: Call, key: str, remote_id: str, flat: Flat) -> Outcome:
        """Return the outcome of a record that is there now."""
        sent, note = self.talk.kept(self.talk.lasting(call.changes[key].payload), flat)
        said = call.exchange_of(key, dict(flat))
        return Outcome(Status.CREATED, remote_id, message=note, sent=sent, exchange=said)

    def refusals(self, call: Call) -> dict[str, Outcome]:
        """Return the outcomes that a refusal tells for certain."""
        return {}

    def missed(self, changes: Sequence[Change]) -> None:
        """Note who was not found behind the calls."""
        return

    def announce(self, group: Sequence[Change]) -> None:
        """Tell the engine whom the next call writes."""
        self.talk.engine.writing([change.key for change in group])

    @abstractmethod
    def unique(self, change: Change) -> set[str]:
        """Return what no two records of a bulk call may have in common."""

    @abstractmethod
    def body(self, change: Change) -> dict[str, Any]:
        """Return a new record as the request has it."""

    @abstractmethod
    def found(self, calls: Sequence[Call]) -> dict[str, tuple[str, Flat]]:
        """Return who is there now, by our key: the id over there and what was stored."""
