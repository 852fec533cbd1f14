"""What is to be written for each change: create, update, adopt, or ask a person."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from connectors.mapping import Mapping as FieldMapping
from connectors.mapping import adoption, is_blank
from connectors.protocol import CREATE, Account, Adoption, Change, Matched, Outcome, Status
from connectors.systems.salesforce.answers import Plan
from connectors.systems.salesforce.client import Client
from connectors.systems.salesforce.matching import OURS, RULE, Match, Record, candidate, contested, look_up
from connectors.systems.salesforce.urls import record_url
from connectors.systems.salesforce.words import ADMIN

OVERWRITE_SETTING = "overwrite_on_adoption"


@dataclass(frozen=True)
class Planner:
    """Plan one batch of one entity. Reads from Salesforce, writes nothing."""

    mapping: FieldMapping
    account: Account
    client: Client

    @property
    def names(self) -> list[str]:
        """Return the remote names of the mapped fields."""
        return [field.remote for field in self.mapping.fields]

    def plans(self, changes: Sequence[Change]) -> list[tuple[Plan, Adoption | None]]:
        """Return each change's plan, with what it wants to adopt; in order."""
        found = self._found(changes)
        rivals = contested(found.values())
        plans = [self._plan(change, found.get(change.key), rivals) for change in changes]
        return [self._with_adoption(plan, found.get(plan.change.key)) for plan in plans]

    def matched(self, changes: Sequence[Change]) -> list[Matched]:
        """Return what a push of these unlinked changes would do first."""
        found = self._found(changes)
        rivals = contested(found.values())
        return [self._matched(change, found[change.key], rivals) for change in changes]

    def refused(self, plan: Plan, wish: Adoption) -> Plan:
        """Return the plan of a change that may not have what it wanted."""
        text = (
            "Another company here is already linked to the account that matches. Choose which of them it is."
        )
        record = {"Id": wish.remote_id, "Name": wish.found.get("Name"), **wish.found}
        return Plan(plan.change, outcome=self._conflict([record], text))

    def _found(self, changes: Sequence[Change]) -> Mapping[str, Match]:
        unknown = [change for change in changes if not change.remote_id]
        if not unknown:
            return {}
        return look_up(self.client, self.mapping.remote, self.mapping.key, self.names, unknown)

    def _plan(self, change: Change, match: Match | None, rivals: tuple[set[str], set[str]]) -> Plan:
        if match is None:
            return Plan(change, change.remote_id, change.fields, with_key=not change.sure)
        own = (
            match.ours
            if match.chosen is None
            else [one for one in match.ours if one["Id"] == match.chosen["Id"]]
        )
        if len(own) == 1:
            # Written by us before, and the answer was lost or the link was cut.
            return Plan(change, str(own[0]["Id"]), {**change.payload, **change.fields}, with_key=True)
        problem, records = self._problem(change, match, rivals)
        if problem:
            return Plan(change, outcome=self._conflict(records, problem, OURS if match.ours else RULE))
        if not match.wanted or change.choice == CREATE:
            return Plan(change, "", change.payload)
        return Plan(change, str(match.wanted[0]["Id"]), with_key=True)

    def _problem(
        self, change: Change, match: Match, rivals: tuple[set[str], set[str]]
    ) -> tuple[str, Sequence[Record]]:
        """Return why only a person can decide, and between which; ("", []) where all is clear."""
        key_field, wanted = self.mapping.key, match.wanted
        if match.ours:
            text = (
                "Another account in Salesforce carries this company's id. Choose which one it is, "
                f"or {ADMIN} empties {key_field} on the wrong one."
            )
            return text, match.ours
        if change.choice not in ("", CREATE) and match.chosen is None:
            return "The account that was chosen is no longer there. Choose again.", match.alike
        if len(wanted) > 1:
            return f"{len(wanted)} accounts in Salesforce match. Choose which one it is.", wanted
        if any(record.get(key_field) for record in wanted):
            text = (
                "The account that matches carries another company's id. Choose what to do, "
                f"or {ADMIN} empties {key_field} on it."
            )
            return text, wanted
        if any(record["Id"] in rivals[match.chosen is not None] for record in wanted):
            return "Another company here matches the same account. Choose which of them it is.", wanted
        return "", []

    def _with_adoption(self, plan: Plan, match: Match | None) -> tuple[Plan, Adoption | None]:
        if match is None or plan.outcome is not None or plan.sent is not None:
            return plan, None
        fill, wish = self._adoption(plan.change, match.wanted[0])
        differing = [name for name, value in wish.left.items() if not is_blank(value)]
        left = ", ".join(self.mapping.labels(differing))
        note = "Linked to the account that matched" + (
            f"; left as they are over there: {left}." if left else "."
        )
        return replace(plan, sent=fill, note=note), wish

    def _adoption(self, change: Change, record: Record) -> tuple[dict[str, Any], Adoption]:
        """Return what fills the blanks over there, and what is reserved."""
        held = {name: record.get(name) for name in self.names}
        ours = {name: change.payload.get(name) for name in self.names}
        overwrite = bool(self.account.settings.get(OVERWRITE_SETTING))
        fill, left = adoption(ours, held, overwrite=overwrite, blocks=self.mapping.blocks)
        return fill, Adoption(change.key, str(record["Id"]), held, left, fill)

    def _matched(self, change: Change, match: Match, rivals: tuple[set[str], set[str]]) -> Matched:
        plan = self._plan(change, match, rivals)
        if plan.outcome is not None:
            return Matched(change.key, conflict=plan.outcome)
        if not plan.remote_id:
            return Matched(change.key)
        if plan.sent is None:
            return Matched(change.key, self._adoption(change, match.wanted[0])[1])
        (record,) = [one for one in match.ours if one["Id"] == plan.remote_id]
        held = {name: record.get(name) for name in self.names}
        # What only they have stays: we don't know that it was ever ours to clear.
        left = {
            name: None
            for name, value in held.items()
            if is_blank(change.payload.get(name)) and not is_blank(value)
        }
        return Matched(change.key, Adoption(change.key, plan.remote_id, held, left))

    def _conflict(self, records: Iterable[Record], text: str, rule: str = RULE) -> Outcome:
        found = [
            candidate(
                record,
                self.names,
                record_url(self.account.base_url, self.mapping.entity, str(record["Id"])),
                rule,
            )
            for record in records
        ]
        return Outcome(Status.CONFLICT, code="conflict", message=text, candidates=found)
