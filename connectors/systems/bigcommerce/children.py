"""Users and addresses of a company on their way: looked for, then made alone or together."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from connectors.errors import ConnectorError
from connectors.protocol import Change, Outcome
from connectors.systems.bigcommerce.errors import Refused
from connectors.systems.bigcommerce.talk import HalfwayError, Plan, Talk
from connectors.systems.bigcommerce.words import halfway


class Finder(Protocol):
    """Whoever looks for a record over there."""

    def plan(self, change: Change) -> Plan:
        """Return what is to be done about a record that is not linked yet. Reads only."""


class Bulk(Protocol):
    """Whoever makes several at once. `alone`: keys that go alone, since a bulk call did not serve them."""

    alone: set[str]

    def make(self, changes: Sequence[Change]) -> dict[str, Outcome]:
        """Make up to ten; return the outcomes that are certain, by key. Raises ConnectorError."""


class Children(ABC):
    """Push the records of one batch; new ones go together where that is fewer calls."""

    entity: str  # as the mapping calls it over there
    least: int  # so many new ones are worth a bulk call
    finder: Finder
    bulk: Bulk

    def __init__(self, talk: Talk, changes: Sequence[Change]) -> None:
        self.talk, self.client, self.changes = talk, talk.client, changes
        self.plans: dict[str, Plan] = {}
        self.made: dict[str, str] = {}
        self.asked: set[str] = set()  # whose turn was: they are told, or being told
        self.ready: dict[str, Outcome] = {}  # of a bulk call: told when their turn comes

    def plan(self, change: Change) -> Plan:
        """Return what is to be done about a record that is not linked yet. Reads only."""
        if change.key in self.made:
            return Plan(change, self.made[change.key])
        if change.key not in self.plans:
            plan = self.finder.plan(change)
            is_new = plan.outcome is None and not plan.remote_id
            stop = (self.talk.not_yet(change) or self.talk.unfilled(change, self.entity)) if is_new else None
            self.plans[change.key] = Plan(change, outcome=stop) if stop else plan
        return self.plans[change.key]

    def push(self, change: Change) -> Outcome:
        """Send one record. Raises ConnectorError."""
        self.asked.add(change.key)
        if change.key in self.ready:
            return self.ready.pop(change.key)
        if change.remote_id and change.moved_from:
            return self._move(change)
        if change.remote_id:
            return self._change(change, change.remote_id, change.fields, with_key=not change.sure)
        return self._first(change)

    def _first(self, change: Change) -> Outcome:
        plan = self.plan(change)
        if plan.outcome is not None:
            return plan.outcome
        if not plan.remote_id:
            return self._together(change) or self._make(change)
        return self._own(plan) if plan.held is None else self._adopt(plan, plan.held)

    def _together(self, change: Change) -> Outcome | None:
        """Make new ones in one call; None where there are too few, or it did not serve."""
        group = [change, *(one for one in self.changes if self._goes_with(change, one) and self._is_new(one))]
        if len(group) < self.least or change.key in self.bulk.alone:
            return None
        try:
            told = self.bulk.make(group)
        except ConnectorError:
            self._forget(group)
            raise
        self.made.update({key: outcome.remote_id for key, outcome in told.items() if outcome.remote_id})
        self.ready.update(told)
        return self.ready.pop(change.key, None)

    def _is_new(self, change: Change) -> bool:
        if change.remote_id or change.key in self.asked | set(self.made) | self.bulk.alone | set(self.ready):
            return False
        plan = self.plan(change)
        return plan.outcome is None and not plan.remote_id

    def _arrive(self, change: Change, deleted: str) -> Outcome:
        """Make a record that was just `deleted` elsewhere; a break here is made good by the next try."""
        self.talk.engine.finishing(change.key)
        try:
            return self._first(replace(change, remote_id="", sure=False))
        except Refused:
            raise
        except ConnectorError as error:
            half = self.talk.waits(change, halfway(deleted, error.message), error.code)
            raise HalfwayError(replace(half, unsure=True), error) from error

    def _goes_with(self, change: Change, other: Change) -> bool:
        """Return whether two may go in one call."""
        return True

    @abstractmethod
    def _forget(self, group: Sequence[Change]) -> None:
        """Have the records of an unanswered call looked for again: they may be there by now."""

    @abstractmethod
    def _make(self, change: Change) -> Outcome:
        """Make one record. Raises ConnectorError."""

    @abstractmethod
    def _own(self, plan: Plan) -> Outcome:
        """Write all that we have to a record that was found to be ours."""

    @abstractmethod
    def _adopt(self, plan: Plan, held: Mapping[str, Any]) -> Outcome:
        """Take a record that was there before us; what differs stays."""

    @abstractmethod
    def _move(self, change: Change) -> Outcome:
        """Have a record below another company, by a person's word."""

    @abstractmethod
    def _change(
        self, change: Change, remote_id: str, fields: Mapping[str, Any], *, with_key: bool
    ) -> Outcome:
        """Write what differs. What is not there any more is looked for, or is gone."""
