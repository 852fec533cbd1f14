"""Users and addresses of a company on their way: planned once, moved by a person's word."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace

from connectors.errors import ConnectorError
from connectors.protocol import Change, Outcome
from connectors.systems.bigcommerce.errors import Refused
from connectors.systems.bigcommerce.records import Records
from connectors.systems.bigcommerce.talk import HalfwayError, Plan, Talk
from connectors.systems.bigcommerce.words import halfway


class Children(Records):
    """Push the users or addresses of one batch."""

    entity: str  # as the mapping calls it over there

    def __init__(self, talk: Talk, changes: Sequence[Change]) -> None:
        super().__init__(talk, changes)
        self.plans: dict[str, Plan] = {}

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

    def _may_go_together(self, change: Change) -> bool:
        """Return whether a record may go along with others: it is not looked for before its turn."""
        is_told = change.key in self.plans or not self.listing.is_known or self.finder.decides(change)
        return is_told and super()._may_go_together(change)

    def _edit(self, change: Change) -> Outcome:
        return self._move(change) if change.moved_from else super()._edit(change)

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

    @abstractmethod
    def _move(self, change: Change) -> Outcome:
        """Have a record below another company, by a person's word."""
