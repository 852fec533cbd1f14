"""Records of one entity on their way: looked for, then changed, or made alone or together."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from connectors.errors import ConnectorError
from connectors.protocol import Change, Outcome
from connectors.systems.bigcommerce.bulk import Bulk
from connectors.systems.bigcommerce.store_lists import StoreList
from connectors.systems.bigcommerce.talk import Plan, Talk


class Finder(Protocol):
    """Whoever looks for a record over there."""

    def plan(self, change: Change) -> Plan:
        """Return what is to be done about a record that is not linked yet. Reads only."""

    def decides(self, change: Change) -> bool:
        """Return whether the store's list tells it, without another call."""


class Records(ABC):
    """Push the records of one batch; new ones go together where that is fewer calls."""

    least: int  # so many new ones are worth a bulk call
    finder: Finder
    listing: StoreList
    bulk: Bulk

    def __init__(self, talk: Talk, changes: Sequence[Change]) -> None:
        self.talk, self.client, self.changes = talk, talk.client, changes
        self.made: dict[str, str] = {}
        self.asked: set[str] = set()  # whose turn was: they are told, or being told
        self.ready: dict[str, Outcome] = {}  # of a bulk call: told when their turn comes

    @abstractmethod
    def plan(self, change: Change) -> Plan:
        """Return what is to be done about a record that is not linked yet. Reads only."""

    def push(self, change: Change) -> Outcome:
        """Send one record. Raises ConnectorError, and HalfwayError for one that was made only."""
        self.asked.add(change.key)
        if change.key in self.ready:
            return self._told(change)
        if change.remote_id:
            return self._edit(change)
        return self._first(change)

    def _first(self, change: Change) -> Outcome:
        plan = self.plan(change)
        if _is_new(plan):
            together = self._together(change)
            if together is not None:
                return together
            plan = self._anew(plan)
        if plan.outcome is not None:
            return plan.outcome
        if not plan.remote_id:
            return self._make(change)
        return self._own(plan) if plan.held is None else self._adopt(plan, plan.held)

    def _together(self, change: Change) -> Outcome | None:
        """Make new ones in bulk; None where there are too few, or it did not serve this one."""
        if not self._may_go_together(change):
            return None
        group = [change, *(one for one in self.changes if self._goes_with(change, one) and self._is_new(one))]
        if len(group) < self.least:
            return None
        try:
            told = self.bulk.make(group)
        except ConnectorError:
            self.listing.doubted.update(one.key for one in self.bulk.sent)
            self._forget(self.bulk.sent)
            raise
        self.made.update({key: outcome.remote_id for key, outcome in told.items() if outcome.remote_id})
        self.ready.update(told)
        return self._told(change) if change.key in self.ready else None

    def _may_go_together(self, change: Change) -> bool:
        return change.key not in self.bulk.alone

    def _is_new(self, change: Change) -> bool:
        """Return whether a record whose turn comes later is to be made, and may go along."""
        is_known = change.remote_id or change.key in self.asked | set(self.made) | set(self.ready)
        return not is_known and self._may_go_together(change) and _is_new(self.plan(change))

    def _told(self, change: Change) -> Outcome:
        """Return the outcome of one that a bulk call made. Raises ConnectorError, HalfwayError."""
        return self.ready.pop(change.key)

    def _anew(self, plan: Plan) -> Plan:
        """Return the plan of one that was not made together."""
        return plan

    def _goes_with(self, change: Change, other: Change) -> bool:
        """Return whether two may go in one call."""
        return True

    def _edit(self, change: Change) -> Outcome:
        """Send a record that is linked."""
        return self._change(change, change.remote_id, change.fields, with_key=not change.sure)

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
    def _change(
        self, change: Change, remote_id: str, fields: Mapping[str, Any], *, with_key: bool
    ) -> Outcome:
        """Write what differs. What is not there any more is looked for, or is gone."""


def _is_new(plan: Plan) -> bool:
    return plan.outcome is None and not plan.remote_id


def unlinked(changes: Sequence[Change]) -> list[Change]:
    """Return the changes that are not linked yet, each once."""
    return list({change.key: change for change in changes if not change.remote_id}.values())
