"""Push companies to Salesforce as Accounts: match, reserve, write, read the answers."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

from connectors.mapping import Mapping as FieldMapping
from connectors.mapping import adoption
from connectors.protocol import (
    CREATE,
    Account,
    Adoption,
    Candidate,
    Capability,
    Change,
    Engine,
    Identity,
    Matched,
    Outcome,
    Status,
)
from connectors.systems.salesforce import trial
from connectors.systems.salesforce.answers import Plan, Reader, raced, refuse_if_all_misconfigured
from connectors.systems.salesforce.client import MAX_QUERIES, MAX_RECORDS, Client
from connectors.systems.salesforce.mapping import mappings
from connectors.systems.salesforce.matching import Match, candidate, look_up
from connectors.systems.salesforce.urls import record_url


class SalesforceConnector:
    """Talk to one org; see `connectors.protocol.Connector`."""

    capabilities = frozenset({Capability.PUSH})
    batch_size = MAX_RECORDS
    reach = MAX_QUERIES  # one Composite call asks for so many batches at once

    def __init__(self, account: Account, engine: Engine) -> None:
        self.account, self.engine = account, engine
        self.client = Client(account, engine)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.client.close()

    @property
    def calls(self) -> int:
        """Return how many HTTP requests were made, the token's included."""
        return self.client.line.calls

    def facts(self) -> Mapping[str, Any]:
        """Return what describe says of the objects that we write."""
        return trial.facts(self.client)

    def test_connection(self) -> Identity:
        """Check all that a push will need; see `trial`."""
        return trial.run(self.client, self.account.settings)

    def pull(self, entity: str, since: str | None) -> Iterator[Any]:
        """Refuse: nothing is fetched from Salesforce yet."""
        raise NotImplementedError(f"Salesforce: {Capability.PULL} is not a declared capability")

    def push(self, entity: str, changes: Sequence[Change]) -> Iterator[Outcome]:
        """Yield one outcome per change, in order."""
        mapping = mappings(self.account.settings, self.account.facts)[entity]
        plans = self._plans(mapping, changes)
        for start in range(0, len(plans), MAX_RECORDS):
            part = plans[start : start + MAX_RECORDS]
            answers = self._write(mapping, part)
            yield from (plan.outcome or answers[plan.change.key] for plan in part)

    def match(self, entity: str, changes: Sequence[Change]) -> Iterator[Matched]:
        """Yield what a push of these unlinked changes would do first. Writes nothing."""
        mapping = mappings(self.account.settings, self.account.facts)[entity]
        plans, found = self._looked_up(mapping, changes)
        names = [field.remote for field in mapping.fields]
        for plan in plans:
            match = found[plan.change.key]
            if plan.outcome is not None:
                yield Matched(plan.change.key, conflict=plan.outcome)
            elif match.ours is not None and plan.sent is not None:
                held = {name: match.ours.get(name) for name in names}
                yield Matched(plan.change.key, Adoption(plan.change.key, plan.remote_id, held, {}))
            elif plan.remote_id:
                yield Matched(plan.change.key, self._adoption(plan, match, names)[1])
            else:
                yield Matched(plan.change.key)

    def _plans(self, mapping: FieldMapping, changes: Sequence[Change]) -> list[Plan]:
        plans, found = self._looked_up(mapping, changes)
        return self._reserve(mapping, plans, found)

    def _looked_up(
        self, mapping: FieldMapping, changes: Sequence[Change]
    ) -> tuple[list[Plan], Mapping[str, Match]]:
        unknown = [change for change in changes if not change.remote_id]
        fields = [field.remote for field in mapping.fields]
        found = look_up(self.client, mapping.remote, mapping.key, fields, unknown) if unknown else {}
        twice = _wanted_twice(found)
        return [self._plan(mapping, change, found.get(change.key), twice) for change in changes], found

    def _plan(self, mapping: FieldMapping, change: Change, match: Match | None, twice: set[str]) -> Plan:
        if match is None:
            return Plan(change, change.remote_id, change.fields, with_key=not change.sure)
        if match.ours is not None and match.chosen is None:
            # Written by us before, and the answer was lost or the link was cut.
            sent = {**change.payload, **change.fields}
            return Plan(change, str(match.ours["Id"]), sent, with_key=True)
        if change.choice == CREATE or not (match.alike or match.chosen):
            return Plan(change, "", change.payload)
        return self._existing(mapping, change, match, twice)

    def _existing(self, mapping: FieldMapping, change: Change, match: Match, twice: set[str]) -> Plan:
        """Adopt the one that fits, or leave the decision to a person."""
        fitting = [match.chosen] if match.chosen else match.alike
        carried = [item for item in fitting if item.get(mapping.key)]
        if len(fitting) > 1:
            text = f"{len(fitting)} accounts in Salesforce match. Choose which one it is."
        elif carried:
            text = "The account that matches belongs to another company already. Choose what to do."
        elif str(fitting[0]["Id"]) in twice:
            text = "Another company here matches the same account. Choose which of them it is."
        else:
            return Plan(change, str(fitting[0]["Id"]), with_key=True)
        return Plan(change, outcome=self._conflict(mapping, fitting, text))

    def _reserve(self, mapping: FieldMapping, plans: list[Plan], found: Mapping[str, Match]) -> list[Plan]:
        """Reserve what is to be adopted before anything is written to it."""
        names = [field.remote for field in mapping.fields]
        asked: dict[str, Adoption] = {}
        ready = []
        for plan in plans:
            if plan.outcome is None and plan.sent is None:
                plan, wish = self._adoption(plan, found[plan.change.key], names)
                asked[plan.change.key] = wish
            ready.append(plan)
        refused = self.engine.adopt(list(asked.values())) if asked else set()
        text = (
            "Another company here is already linked to the account that matches. Choose which of them it is."
        )
        return [
            replace(plan, outcome=self._conflict(mapping, _all(found[plan.change.key]), text))
            if plan.change.key in refused
            else plan
            for plan in ready
        ]

    def _adoption(self, plan: Plan, match: Match, names: Sequence[str]) -> tuple[Plan, Adoption]:
        record = match.chosen or match.alike[0]
        held = {name: record.get(name) for name in names}
        ours = {name: plan.change.payload.get(name) for name in names}
        fill, left = adoption(ours, held, overwrite=bool(self.account.settings.get("overwrite_on_adoption")))
        note = "Linked to the account that matched" + (
            f"; left as they are over there: {', '.join(left)}." if left else "."
        )
        wish = Adoption(plan.change.key, plan.remote_id, held, left)
        return replace(plan, sent=fill, note=note), wish

    def _conflict(self, mapping: FieldMapping, records: Iterable[Mapping[str, Any]], text: str) -> Outcome:
        names = [field.remote for field in mapping.fields]
        found = [self._candidate(mapping, record, names) for record in records]
        return Outcome(Status.CONFLICT, code="conflict", message=text, candidates=found)

    def _candidate(self, mapping: FieldMapping, record: Mapping[str, Any], names: list[str]) -> Candidate:
        url = record_url(self.account.base_url, mapping.entity, str(record["Id"]))
        return candidate(record, names, url)

    def _write(self, mapping: FieldMapping, plans: Sequence[Plan]) -> dict[str, Outcome]:
        """Write a part of at most 200 plans; return the outcomes by key."""
        open_plans = [plan for plan in plans if plan.outcome is None]
        known = [plan for plan in open_plans if plan.remote_id]
        fresh = [plan for plan in open_plans if not plan.remote_id]
        outcomes = self._updated(mapping, known) if known else {}
        for forced in (False, True):  # a person's "create" may pass a duplicate rule that only warns
            group = [plan for plan in fresh if (plan.change.choice == CREATE) is forced]
            if group:
                outcomes |= self._upserted(mapping, group, forced=forced)
        return outcomes

    def _updated(self, mapping: FieldMapping, plans: Sequence[Plan]) -> dict[str, Outcome]:
        records = [
            {
                "id": plan.remote_id,
                **(plan.sent or {}),
                **({mapping.key: plan.change.key} if plan.with_key else {}),
            }
            for plan in plans
        ]
        self.engine.writing(plan.change.key for plan in plans)
        answers = self.client.update(mapping.remote, records)
        return self._read(mapping, plans, records, answers)

    def _upserted(self, mapping: FieldMapping, plans: Sequence[Plan], *, forced: bool) -> dict[str, Outcome]:
        records = [{mapping.key: plan.change.key, **(plan.sent or {})} for plan in plans]
        self.engine.writing(plan.change.key for plan in plans)
        answers = self.client.upsert(mapping.remote, mapping.key, records, allow_duplicates=forced)
        again = [index for index, answer in enumerate(answers) if raced(answer, mapping.key)]
        if again:  # two created the same key at once: it exists now, so the same call updates it
            repeated = self.client.upsert(mapping.remote, mapping.key, [records[index] for index in again])
            for index, answer in zip(again, repeated, strict=True):
                answers[index] = answer
        return self._read(mapping, plans, records, answers)

    def _read(
        self,
        mapping: FieldMapping,
        plans: Sequence[Plan],
        records: Sequence[Mapping[str, Any]],
        answers: Sequence[Any],
    ) -> dict[str, Outcome]:
        refuse_if_all_misconfigured(answers)
        reader = Reader(mapping, self.account.base_url, self.client.last)
        return {
            plan.change.key: reader.outcome(plan, record, answer)
            for plan, record, answer in zip(plans, records, answers, strict=True)
        }


def _wanted_twice(found: Mapping[str, Match]) -> set[str]:
    """Return the ids that more than one change of the batch would adopt."""
    seen: set[str] = set()
    twice: set[str] = set()
    for match in found.values():
        for record in _all(match):
            remote_id = str(record["Id"])
            (twice if remote_id in seen else seen).add(remote_id)
    return twice


def _all(match: Match) -> list[Mapping[str, Any]]:
    return [match.chosen] if match.chosen else list(match.alike)
