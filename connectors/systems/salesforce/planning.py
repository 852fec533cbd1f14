"""What is to be written for each change: create, update, adopt, or ask a person."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from connectors.mapping import Mapping as FieldMapping
from connectors.mapping import adoption, is_blank
from connectors.protocol import CREATE, Account, Adoption, Change, Engine, Matched, Outcome, Status
from connectors.systems.salesforce.answers import Plan
from connectors.systems.salesforce.client import Client
from connectors.systems.salesforce.matching import LookUp, Match, contested
from connectors.systems.salesforce.nouns import NOUNS, Nouns
from connectors.systems.salesforce.rules import Record
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

    @property
    def nouns(self) -> Nouns:
        """Return what the records are called."""
        return NOUNS[self.mapping.entity]

    @property
    def look_up(self) -> LookUp:
        """Return what asks for records of this entity."""
        return LookUp(self.client, self.mapping)

    def plans(self, changes: Sequence[Change]) -> list[tuple[Plan, Adoption | None]]:
        """Return each change's plan, with what it wants to adopt; in order."""
        found = self._found(changes)
        rivals = contested(found.values())
        plans = [self._plan(change, found.get(change.key), rivals) for change in changes]
        plans = self._with_owners(self._one_by_one(plans))
        return [self._with_adoption(plan, found.get(plan.change.key)) for plan in plans]

    def matched(self, changes: Sequence[Change]) -> list[Matched]:
        """Return what a push of these unlinked changes would do first."""
        found = self._found(changes)
        rivals = contested(found.values())
        return [self._matched(change, found[change.key], rivals) for change in changes]

    def adopted(self, engine: Engine, planned: Sequence[tuple[Plan, Adoption | None]]) -> list[Plan]:
        """Reserve what is to be adopted before anything is written to it; return what may go on."""
        wishes = [wish for _, wish in planned if wish is not None]
        refused = engine.adopt(wishes) if wishes else set()
        return [
            self.refused(plan, wish) if wish is not None and wish.key in refused else plan
            for plan, wish in planned
        ]

    def refused(self, plan: Plan, wish: Adoption) -> Plan:
        """Return the plan of a change that may not have what it wanted."""
        text = (
            f"Another {self.nouns.ours} here is already linked to the {self.nouns.one} that matches. "
            "Choose which of them it is."
        )
        record = {"Id": wish.remote_id, "Name": wish.found.get("Name"), **wish.found}
        return Plan(plan.change, outcome=self.conflict([record], text))

    def _found(self, changes: Sequence[Change]) -> Mapping[str, Match]:
        unknown = [change for change in changes if not change.remote_id]
        if not unknown:
            return {}
        return self.look_up.matches(unknown)

    def _one_by_one(self, plans: Sequence[Plan]) -> list[Plan]:
        """Let only one of those that would be made twice be made; the others find it next time."""
        seen: set[Hashable] = set()
        left = []
        for plan in plans:
            is_new = plan.outcome is None and not plan.remote_id and plan.change.choice != CREATE
            marks = self.look_up.rule.marks(plan.change) if is_new else set()
            twin = bool(marks & seen)
            seen |= marks
            left.append(Plan(plan.change, outcome=Outcome(Status.WAITING)) if twin else plan)
        return left

    def _with_owners(self, plans: Sequence[Plan]) -> list[Plan]:
        """Give each new record the users who may own it: first the owner of an adopted account."""
        new = [plan for plan in plans if plan.outcome is None and not plan.remote_id]
        owners = self.client.owners({plan.change.owner_of for plan in new if plan.change.owner_of})
        return [
            replace(plan, owners=_best_first(plan.change, owners)) if not plan.remote_id else plan
            for plan in plans
        ]

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
            return Plan(change, outcome=self.conflict(records, problem, is_ours=bool(match.ours)))
        if not match.wanted or change.choice == CREATE:
            return Plan(change, "", change.payload)
        return Plan(change, str(match.wanted[0]["Id"]), with_key=True)

    def _problem(
        self, change: Change, match: Match, rivals: tuple[set[str], set[str]]
    ) -> tuple[str, Sequence[Record]]:
        """Return why only a person can decide, and between which; ("", []) where all is clear."""
        key_field, wanted, nouns = self.mapping.key, match.wanted, self.nouns
        if match.ours:
            text = (
                f"Another {nouns.one} in Salesforce carries this {nouns.ours}'s id. Choose which one it is, "
                f"or {ADMIN} empties {key_field} on the wrong one."
            )
            return text, match.ours
        if change.choice not in ("", CREATE) and match.chosen is None:
            return f"The {nouns.one} that was chosen is no longer there. Choose again.", match.alike
        if len(wanted) > 1:
            return f"{len(wanted)} {nouns.many} in Salesforce match. Choose which one it is.", wanted
        if any(record.get(key_field) for record in wanted):
            text = (
                f"The {nouns.one} that matches carries another {nouns.ours}'s id. Choose what to do, "
                f"or {ADMIN} empties {key_field} on it."
            )
            return text, wanted
        if any(record["Id"] in rivals[match.chosen is not None] for record in wanted):
            text = f"Another {nouns.ours} here matches the same {nouns.one}. Choose which of them it is."
            return text, wanted
        if wanted and match.chosen is None and (doubt := self.look_up.rule.doubt(change, wanted[0])):
            return doubt, wanted
        return "", []

    def _with_adoption(self, plan: Plan, match: Match | None) -> tuple[Plan, Adoption | None]:
        if match is None or plan.outcome is not None or plan.sent is not None:
            return plan, None
        fill, wish = self.adoption(plan.change, match.wanted[0])
        note = self._noted(f"Linked to the {self.nouns.one} that matched", wish)
        return replace(plan, sent=fill, note=note), wish

    def relinked(self, plan: Plan, record: Record) -> tuple[Plan, Adoption | None]:
        """Return the plan of a record that was merged into another one over there, which it takes over.

        What was edited is sent; the survivor's other values are treated as at any adoption.
        One that carries another record's id is a person's to decide.
        """
        if str(record.get(self.mapping.key) or "").casefold() not in ("", plan.change.key.casefold()):
            text = (
                f"Merged in Salesforce into the {self.nouns.one} of another {self.nouns.ours} here. "
                f"Choose what to do, or merge the two {self.nouns.ours_many}."
            )
            return Plan(plan.change, outcome=self.conflict([record], text)), None
        fill, wish = self.adoption(plan.change, record)
        sent = {**fill, **plan.change.edited}
        left = {name: value for name, value in wish.left.items() if name not in sent}
        wish = replace(wish, left=left, fill=sent)
        name = str(record.get("Name") or record["Id"])
        note = self._noted(f"Merged in Salesforce into {name[:100]}; linked to that {self.nouns.one}", wish)
        return Plan(plan.change, str(record["Id"]), sent, with_key=True, note=note), wish

    def _noted(self, what: str, wish: Adoption) -> str:
        differing = [name for name, value in wish.left.items() if not is_blank(value)]
        left = ", ".join(self.mapping.labels(differing))
        return what + (f"; left as they are over there: {left}." if left else ".")

    def adoption(self, change: Change, record: Record) -> tuple[dict[str, Any], Adoption]:
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
            return Matched(change.key, self.adoption(change, match.wanted[0])[1])
        (record,) = [one for one in match.ours if one["Id"] == plan.remote_id]
        held = {name: record.get(name) for name in self.names}
        # What only they have stays: we don't know that it was ever ours to clear.
        left = {
            name: None
            for name, value in held.items()
            if is_blank(change.payload.get(name)) and not is_blank(value)
        }
        return Matched(change.key, Adoption(change.key, plan.remote_id, held, left))

    def conflict(self, records: Iterable[Record], text: str, *, is_ours: bool = False) -> Outcome:
        """Return the outcome that asks a person to choose between these records."""
        rule = f"carries this {self.nouns.ours}'s id" if is_ours else self.look_up.rule.sentence
        found = [self.look_up.candidate(record, self._url(record), rule) for record in records]
        return Outcome(Status.CONFLICT, code="conflict", message=text, candidates=found)

    def _url(self, record: Record) -> str:
        return record_url(self.account.base_url, {}, self.mapping.entity, str(record["Id"]))


def _best_first(change: Change, owners: Mapping[str, str]) -> tuple[str, ...]:
    named = (owners.get(change.owner_of, ""), *change.owners)
    return tuple(dict.fromkeys(name for name in named if name))
