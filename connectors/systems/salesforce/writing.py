"""Write plans by Collections calls: repeat what another owner or a second look heals, read the answers."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from connectors.errors import ConnectorError
from connectors.mapping import Mapping as FieldMapping
from connectors.protocol import CREATE, STALE, Change, Engine, Exchange, Outcome, Status
from connectors.systems.salesforce import address_parts, addresses
from connectors.systems.salesforce.answers import (
    Answer,
    Plan,
    Reader,
    is_gone,
    only_warned,
    owner_problem,
    parent_lost,
    raced,
    refuse_if_all_agree,
)
from connectors.systems.salesforce.client import Client
from connectors.systems.salesforce.ids import as_18
from connectors.systems.salesforce.planning import Planner
from connectors.systems.salesforce.survivors import survivors

NOT_YET = Answer({}, ())


@dataclass(slots=True)
class Draft:
    """One plan on its way: what is sent, what was answered, which owners were refused.

    `sent` are the mapped fields among what is sent, `request` all of it.
    """

    plan: Plan
    owners: list[str]
    past_rule: bool  # save what a duplicate rule only warns of
    sent: Mapping[str, Any] = field(default_factory=dict)
    request: Mapping[str, Any] = field(default_factory=dict)
    answer: Answer = NOT_YET
    repeated: bool = False
    left_out: dict[str, Any] = field(default_factory=dict)  # values that the org's lists refused
    refused: dict[str, str] = field(default_factory=dict)

    @property
    def owner(self) -> str:
        """Return whom it asks to own the new record, "" for the system's own choice."""
        return self.owners[0] if self.owners else ""

    def prepare(self, mapping: FieldMapping) -> None:
        """Compose what is sent: what was refused is cleared, of a new record left out."""
        plan, left_out, sent = self.plan, self.left_out, self.plan.sent or {}
        if plan.remote_id:
            sent = address_parts.whole(sent, plan.change.payload)
            self.sent = {name: None if name in left_out else value for name, value in sent.items()}
            key = {mapping.key: plan.change.key} if plan.with_key else {}
            self.request = {"id": plan.remote_id, **self.sent, **key}
        else:
            self.sent = {name: value for name, value in sent.items() if name not in left_out}
            owner = {mapping.owner: self.owner} if self.owner else {}
            self.request = {mapping.key: plan.change.key, **self.sent, **owner}

    def goes_on(self, mapping: FieldMapping, *, lists_are_fresh: bool) -> bool:
        """Return whether the same call would end otherwise, and note what is to be changed in it.

        What the org's lists refuse is left out once they were read again: see `stale`.
        """
        said = self.answer.faults
        if lists_are_fresh and (names := address_parts.refused(said, self.sent)):
            self.left_out |= {name: self.sent[name] for name in names}
            return True
        if self.owner and (reason := owner_problem(said, mapping)):
            self.refused[self.owners.pop(0)] = reason
            return True
        is_linked = bool(self.plan.remote_id)
        # A linked record exists already: such a rule has nothing to warn of. And where two
        # created the same key at once, it exists now, so that the same call updates it.
        heals = only_warned(said) if is_linked else raced(said, mapping.key)
        if self.repeated or not heals:
            return False
        self.repeated, self.past_rule = True, self.past_rule or is_linked
        return True


@dataclass(frozen=True)
class Writer:
    """Carry out the plans of one entity."""

    planner: Planner
    client: Client
    engine: Engine
    lists_are_fresh: bool = False  # the facts were asked for by this connector

    @property
    def mapping(self) -> FieldMapping:
        """Return how the entity's fields are bound."""
        return self.planner.mapping

    def carried_out(self, plans: Sequence[Plan]) -> Iterator[Outcome]:
        """Write at most 200 plans; what was answered is yielded even if a later call fails."""
        outcomes = {plan.change.key: plan.outcome for plan in plans if plan.outcome is not None}
        broken: ConnectorError | None = None
        for group in _groups(plans):
            try:
                outcomes |= self._written(group)
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

    def _written(self, plans: Sequence[Plan], *, follow: bool = True) -> dict[str, Outcome]:
        """Make the calls that write these plans; return the outcomes by key."""
        self.engine.writing(plan.change.key for plan in plans)
        # A person's "create" may pass a duplicate rule that only warns.
        drafts = [
            Draft(plan, list(plan.owners), past_rule=plan.change.choice == CREATE and not plan.remote_id)
            for plan in plans
        ]
        waiting = drafts
        while waiting:
            for past_rule in (False, True):
                self._send([draft for draft in waiting if draft.past_rule is past_rule], past_rule)
            waiting = [
                draft
                for draft in waiting
                if not draft.answer.is_taken
                and draft.goes_on(self.mapping, lists_are_fresh=self.lists_are_fresh)
            ]
        refuse_if_all_agree([draft.answer for draft in drafts])
        lost = [draft.plan for draft in drafts if follow and is_gone(draft.plan, draft.answer.faults)]
        outcomes = self._read(drafts)
        return {**outcomes, **self._followed(lost)} if lost else outcomes

    def _send(self, drafts: Sequence[Draft], past_rule: bool) -> None:
        if not drafts:
            return
        for draft in drafts:
            draft.prepare(self.mapping)
        records = [draft.request for draft in drafts]
        sobject = self.mapping.remote
        if drafts[0].plan.remote_id:
            answers = self.client.update(sobject, records, past_rule=past_rule)
        else:
            answers = self.client.upsert(sobject, self.mapping.key, records, past_rule=past_rule)
        for draft, answer in zip(drafts, answers, strict=True):
            draft.answer = Answer.of(answer)

    def _read(self, drafts: Sequence[Draft]) -> dict[str, Outcome]:
        reader = Reader(self.mapping, self.planner.account.base_url, self.client.last)
        return self._described({draft.plan.change.key: self._outcome(reader, draft) for draft in drafts})

    def _outcome(self, reader: Reader, draft: Draft) -> Outcome:
        exchange = reader.exchange(draft.request, draft.answer)
        if draft.answer.is_taken:
            return self._taken(draft, exchange)
        said = draft.answer.faults
        if not self.lists_are_fresh and address_parts.refused(said, draft.sent):
            return stale(draft.plan.change)
        # Refused with no owner at all for the same reason: then it was none of theirs.
        refused = {} if owner_problem(said, self.mapping) else draft.refused
        outcome = reader.refusal(draft.plan, said)
        return replace(outcome, exchange=exchange, owner=draft.owner, refused_owners=refused)

    def _taken(self, draft: Draft, exchange: Exchange) -> Outcome:
        """Return the outcome of a record that was taken, with what it was taken without."""
        plan, answer = draft.plan, draft.answer.body
        is_new = answer.get("created") is True and not plan.remote_id
        by_remote = self.mapping.by_remote
        return Outcome(
            Status.CREATED if is_new else Status.UPDATED,
            as_18(answer.get("id")) or plan.remote_id,
            message=plan.note,
            sent=draft.sent,
            noted=address_parts.spelled_otherwise(draft.sent),
            remarks={
                by_remote[name].local: addresses.refused_remark(value)
                for name, value in draft.left_out.items()
                if name in by_remote
            },
            left=draft.left_out,
            exchange=exchange,
            owner=draft.owner,
            refused_owners=draft.refused,
        )

    def _described(self, outcomes: dict[str, Outcome]) -> dict[str, Outcome]:
        """Fill in what a person compares of the candidates that Salesforce named by id only."""
        ids = {found.remote_id for outcome in outcomes.values() for found in outcome.candidates}
        if not ids:
            return outcomes
        look_up = self.planner.look_up
        try:
            records = look_up.by_id(ids)
        except ConnectorError:  # their ids and links still serve; what was written stands
            return outcomes
        return {
            key: replace(
                outcome,
                candidates=[
                    look_up.candidate(records[found.remote_id], found.url, found.rule)
                    if found.remote_id in records
                    else found
                    for found in outcome.candidates
                ],
            )
            for key, outcome in outcomes.items()
        }

    def _followed(self, lost: Sequence[Plan]) -> dict[str, Outcome]:
        """Write to the survivors of records that were merged; return the outcomes that this changes."""
        try:
            return self._relinked(lost)
        except ConnectorError as error:  # what the first call wrote stands; these are asked for again
            text = f"Not there any more; whether it was merged could not be found out: {error.message}"
            again = Outcome(Status.TRANSIENT, code=error.code, message=text)
            return {plan.change.key: replace(again, remote_id=plan.remote_id) for plan in lost}

    def _relinked(self, lost: Sequence[Plan]) -> dict[str, Outcome]:
        found = survivors(self.client, self.mapping.remote, [plan.remote_id for plan in lost])
        # Itself alive: what is not there is what it refers to. Without a parent its first answer stands.
        alive = [plan for plan in lost if found.get(plan.remote_id) == plan.remote_id]
        with_parent = [plan for plan in alive if self.mapping.parent in (plan.sent or {})]
        outcomes = {plan.change.key: parent_lost(plan, self.planner.nouns) for plan in with_parent}
        merged_into = {old: new for old, new in found.items() if new != old}
        records = self.planner.look_up.by_id(set(merged_into.values()))
        merged = [plan for plan in lost if merged_into.get(plan.remote_id) in records]
        planned = [self.planner.relinked(plan, records[merged_into[plan.remote_id]]) for plan in merged]
        plans = self.planner.adopted(self.engine, planned)
        outcomes |= {plan.change.key: plan.outcome for plan in plans if plan.outcome is not None}
        left = [plan for plan in plans if plan.outcome is None]
        return {**outcomes, **(self._written(left, follow=False) if left else {})}


def stale(change: Change) -> Outcome:
    """Return the outcome of a change that waits until the facts were asked for again."""
    return Outcome(Status.WAITING, change.remote_id, code=STALE)


def _groups(plans: Sequence[Plan]) -> list[list[Plan]]:
    """Return what goes in one call each: by id, by our key."""
    open_plans = [plan for plan in plans if plan.outcome is None]
    groups = [
        [plan for plan in open_plans if plan.remote_id],
        [plan for plan in open_plans if not plan.remote_id],
    ]
    return [group for group in groups if group]
