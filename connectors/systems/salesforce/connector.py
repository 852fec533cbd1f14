"""Push companies to Salesforce as Accounts: match, reserve, write, read the answers."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

from connectors.errors import ConnectorError
from connectors.mapping import Mapping as FieldMapping
from connectors.protocol import CREATE, Account, Capability, Change, Engine, Identity, Matched, Outcome
from connectors.systems.salesforce import trial
from connectors.systems.salesforce.answers import Plan, Reader, only_warned, raced, refuse_if_all_agree
from connectors.systems.salesforce.client import MAX_QUERIES, MAX_RECORDS, Client
from connectors.systems.salesforce.mapping import mappings
from connectors.systems.salesforce.matching import by_id, candidate
from connectors.systems.salesforce.planning import Planner


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
        """Return what describe says of the objects that we write; this connector goes by it from here on."""
        found = trial.facts(self.client)
        self.account = replace(self.account, facts=found)
        return found

    def test_connection(self) -> Identity:
        """Check all that a push will need; see `trial`."""
        return trial.run(self.client, self.account.settings)

    def pull(self, entity: str, since: str | None) -> Iterator[Any]:
        """Refuse: nothing is fetched from Salesforce yet."""
        raise NotImplementedError(f"Salesforce: {Capability.PULL} is not a declared capability")

    def push(self, entity: str, changes: Sequence[Change]) -> Iterator[Outcome]:
        """Yield one outcome per change, in order. Raises NotImplementedError for another entity."""
        mapping = self._mapping(entity)
        plans = self._plans(mapping, changes)
        for start in range(0, len(plans), MAX_RECORDS):
            yield from self._carried_out(mapping, plans[start : start + MAX_RECORDS])

    def match(self, entity: str, changes: Sequence[Change]) -> Iterator[Matched]:
        """Yield what a push of these unlinked changes would do first. Writes nothing."""
        yield from Planner(self._mapping(entity), self.account, self.client).matched(changes)

    def _mapping(self, entity: str) -> FieldMapping:
        known = mappings(self.account.settings, self.account.facts)
        if entity not in known:
            raise NotImplementedError(f"Salesforce: {entity} is not sent there")
        return known[entity]

    def _plans(self, mapping: FieldMapping, changes: Sequence[Change]) -> list[Plan]:
        """Plan, and reserve what is to be adopted before anything is written to it."""
        planner = Planner(mapping, self.account, self.client)
        planned = planner.plans(changes)
        wishes = [wish for _, wish in planned if wish is not None]
        refused = self.engine.adopt(wishes) if wishes else set()
        return [
            planner.refused(plan, wish) if wish is not None and wish.key in refused else plan
            for plan, wish in planned
        ]

    def _carried_out(self, mapping: FieldMapping, plans: Sequence[Plan]) -> Iterator[Outcome]:
        """Write at most 200 plans; what was answered is yielded even if a later call fails."""
        outcomes = {plan.change.key: plan.outcome for plan in plans if plan.outcome is not None}
        broken: ConnectorError | None = None
        for group in _groups(plans):
            try:
                outcomes |= self._written(mapping, group)
            except ConnectorError as error:
                broken = error
                break
        for plan in plans:
            outcome = outcomes.get(plan.change.key)
            if outcome is None:
                break
            yield outcome
        if broken is not None:
            raise broken

    def _written(self, mapping: FieldMapping, plans: Sequence[Plan]) -> dict[str, Outcome]:
        """Make the one call that writes these plans; return the outcomes by key."""
        self.engine.writing(plan.change.key for plan in plans)
        records = [_record(mapping, plan) for plan in plans]
        linked, forced = bool(plans[0].remote_id), plans[0].change.choice == CREATE
        # A person's "create" may pass a duplicate rule that only warns.
        answers = self._write(mapping, records, linked=linked, past_rule=forced and not linked)
        again = [
            index
            for index, answer in enumerate(answers)
            # A linked account exists already: such a rule has nothing to warn of. And where two
            # created the same key at once, it exists now, so that the same call updates it.
            if (only_warned(answer) if linked else raced(answer, mapping.key))
        ]
        if again:
            some = [records[index] for index in again]
            repeated = self._write(mapping, some, linked=linked, past_rule=forced or linked)
            for index, answer in zip(again, repeated, strict=True):
                answers[index] = answer
        return self._read(mapping, plans, records, answers)

    def _write(
        self, mapping: FieldMapping, records: Sequence[Mapping[str, Any]], *, linked: bool, past_rule: bool
    ) -> list[Any]:
        if linked:
            return self.client.update(mapping.remote, records, past_rule=past_rule)
        return self.client.upsert(mapping.remote, mapping.key, records, past_rule=past_rule)

    def _read(
        self,
        mapping: FieldMapping,
        plans: Sequence[Plan],
        records: Sequence[Mapping[str, Any]],
        answers: Sequence[Any],
    ) -> dict[str, Outcome]:
        refuse_if_all_agree(answers)
        reader = Reader(mapping, self.account.base_url, self.client.last)
        outcomes = {
            plan.change.key: reader.outcome(plan, record, answer)
            for plan, record, answer in zip(plans, records, answers, strict=True)
        }
        return self._described(mapping, outcomes)

    def _described(self, mapping: FieldMapping, outcomes: dict[str, Outcome]) -> dict[str, Outcome]:
        """Fill in name, website and owner of the candidates that Salesforce named by id only."""
        ids = {found.remote_id for outcome in outcomes.values() for found in outcome.candidates}
        if not ids:
            return outcomes
        names = [field.remote for field in mapping.fields]
        try:
            records = by_id(self.client, mapping.remote, mapping.key, names, ids)
        except ConnectorError:  # their ids and links still serve; what was written stands
            return outcomes
        return {
            key: replace(
                outcome,
                candidates=[
                    candidate(records[found.remote_id], names, found.url, found.rule)
                    if found.remote_id in records
                    else found
                    for found in outcome.candidates
                ],
            )
            for key, outcome in outcomes.items()
        }


def _groups(plans: Sequence[Plan]) -> list[list[Plan]]:
    """Return what goes in one call each: by id, by our key, by our key as a person wants it."""
    open_plans = [plan for plan in plans if plan.outcome is None]
    fresh = [plan for plan in open_plans if not plan.remote_id]
    groups = [
        [plan for plan in open_plans if plan.remote_id],
        [plan for plan in fresh if plan.change.choice != CREATE],
        [plan for plan in fresh if plan.change.choice == CREATE],
    ]
    return [group for group in groups if group]


def _record(mapping: FieldMapping, plan: Plan) -> dict[str, Any]:
    sent = dict(plan.sent or {})
    if not plan.remote_id:
        return {mapping.key: plan.change.key, **sent}
    return {"id": plan.remote_id, **sent, **({mapping.key: plan.change.key} if plan.with_key else {})}
