"""Read the answers of a Collections call: one outcome per record, in our words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from connectors.errors import AuthFailed, RateLimited
from connectors.mapping import Mapping as FieldMapping
from connectors.protocol import CREATE, GONE, PARENT_GONE, Candidate, Change, Exchange, Outcome, Status
from connectors.systems.salesforce.errors import UNKNOWN_TRIES, Fault, Kind, faults
from connectors.systems.salesforce.nouns import NOUNS, Nouns
from connectors.systems.salesforce.problems import misconfigured, problem
from connectors.systems.salesforce.urls import record_url
from connectors.systems.salesforce.words import ADMIN, words

_AGAIN = frozenset({Kind.TRANSIENT, Kind.NEIGHBOUR, Kind.UNKNOWN, Kind.QUOTA, Kind.TOKEN})
_OWN_ID = frozenset({"Id", "id"})
# Why somebody may not own a record, as part of a sentence. Source: the fact sheet's section 2.9.
_NO_OWNER = {
    "INACTIVE_OWNER_OR_USER": "is inactive in Salesforce",
    "OP_WITH_INVALID_USER_TYPE_EXCEPTION": "may not own records in Salesforce",
    "TRANSFER_REQUIRES_READ": "may not read these records in Salesforce",
    "INVALID_CROSS_REFERENCE_KEY": "is not there in Salesforce any more",
}


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be written for one change, or the outcome that needs no write.

    `remote_id` "" means upsert by our key; `sent` are the mapped fields, None
    clears; `with_key` writes our key along; `owners` may own a new record, best first.
    """

    change: Change
    remote_id: str = ""
    sent: Mapping[str, Any] | None = None
    with_key: bool = False
    note: str = ""
    outcome: Outcome | None = None
    owners: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What Salesforce said of one record, read once: `faults` are () where it was taken."""

    body: Mapping[str, Any]
    faults: Sequence[Fault]

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Self:
        """Read one answer of a Collections call."""
        return cls(body, () if body.get("success") is True else faults(body))

    @property
    def is_taken(self) -> bool:
        """Return whether the record was written."""
        return self.body.get("success") is True


@dataclass(frozen=True, slots=True)
class Reader:
    """Turn answers into outcomes for one mapping and one call."""

    mapping: FieldMapping
    base_url: str
    call: Exchange

    def exchange(self, request: Mapping[str, Any], answer: Answer) -> Exchange:
        """Return one record's own slice of the call."""
        call = self.call
        return Exchange(call.endpoint, call.http_status, call.duration_ms, request, answer.body)

    def refusal(self, plan: Plan, errors: Sequence[Fault]) -> Outcome:
        """Return the outcome of a record that was not taken."""
        # What a person must mend comes first: trying again would not help the rest.
        fault = min(errors, key=lambda fault: fault.kind in _AGAIN)
        if _names_itself(plan, fault):
            text = "Deleted in Salesforce. Nothing was changed here. Create it again, unlink it, or leave it."
            return Outcome(Status.REJECTED, plan.remote_id, code=GONE, message=text)
        if fault.kind is Kind.GONE and self._names_parent(plan, fault):
            return parent_lost(plan, self.nouns)
        if fault.kind is Kind.DUPLICATE or (fault.kind is Kind.TAKEN and self._is_our_key(fault)):
            return self._duplicate(plan, fault)
        by_field = self._by_field(errors)
        return Outcome(
            Status.TRANSIENT if fault.kind in _AGAIN else Status.REJECTED,
            plan.remote_id,
            code=fault.code,
            message=words(fault, self.mapping.labels(fault.fields), self.nouns),
            errors=by_field,
            tries=UNKNOWN_TRIES if fault.kind is Kind.UNKNOWN else None,
        )

    @property
    def nouns(self) -> Nouns:
        """Return what the records are called."""
        return NOUNS[self.mapping.entity]

    def _names_parent(self, plan: Plan, fault: Fault) -> bool:
        """Return whether the record that is not there is the parent that we wrote."""
        parent = self.mapping.parent
        return bool(parent) and parent in (plan.sent or {}) and (not fault.fields or parent in fault.fields)

    def _is_our_key(self, fault: Fault) -> bool:
        return is_key(fault, self.mapping.key)

    def _duplicate(self, plan: Plan, fault: Fault) -> Outcome:
        """Other records stand in the way: a person chooses, where there is a choice."""
        one, ours = self.nouns.one, self.nouns.ours
        if fault.code != "DUPLICATES_DETECTED":
            text = (
                f"Another {one} in Salesforce carries this {ours}'s id. Choose which one it is, "
                f"or {ADMIN} empties {self.mapping.key} on the wrong one."
            )
        elif plan.remote_id:
            text = (
                f"A duplicate rule of your Salesforce refuses the change, since other {self.nouns.many} look "
                "alike. "
                f"{ADMIN} merges them or changes the rule."
            )
            return Outcome(Status.REJECTED, plan.remote_id, code=fault.code, message=text)
        elif plan.change.choice == CREATE:
            text = (
                f"A duplicate rule of your Salesforce blocks a second {one} for this {ours}. "
                f"Link to one of these, or {ADMIN} changes the rule."
            )
        else:
            text = (
                f"A duplicate rule of your Salesforce says that this {ours} exists there. Choose what to do."
            )
        found = [self._candidate(remote_id) for remote_id in fault.others]
        return Outcome(Status.CONFLICT, plan.remote_id, code="conflict", message=text, candidates=found)

    def _candidate(self, remote_id: str) -> Candidate:
        url = record_url(self.base_url, {}, self.mapping.entity, remote_id)
        return Candidate(remote_id, "", url, "named by Salesforce", {})

    def _by_field(self, errors: Iterable[Fault]) -> dict[str, str]:
        found: dict[str, str] = {}
        for fault in errors:
            for name in self.mapping.local_names(fault.fields):
                found.setdefault(name, words(fault, self.mapping.labels(fault.fields), self.nouns))
        return found


def refuse_if_all_agree(answers: Sequence[Answer]) -> None:
    """Raise where every one of two or more records carries a code of the whole connection."""
    said = [answer.faults[0] for answer in answers if answer.faults]
    if len(said) < 2 or len(said) < len(answers):
        return
    if all(fault.kind is Kind.CONFIG for fault in said):
        raise misconfigured(said[0])
    if all(fault.kind in (Kind.QUOTA, Kind.TOKEN) for fault in said):
        error = problem(200, {}, answers[0].body)
        if isinstance(error, AuthFailed | RateLimited):
            raise error


def is_key(fault: Fault, key_field: str) -> bool:
    """Return whether the unique value that stands elsewhere is our key."""
    return fault.kind is Kind.TAKEN and (key_field in fault.fields or f" {key_field} " in f" {fault.text} ")


def raced(said: Iterable[Fault], key_field: str) -> bool:
    """Return whether two talkers created the same key at once."""
    return any(is_key(fault, key_field) for fault in said)


def only_warned(said: Iterable[Fault]) -> bool:
    """Return whether a duplicate rule refused what it would let pass when asked again."""
    return any(fault.code == "DUPLICATES_DETECTED" and fault.may_save for fault in said)


def parent_lost(plan: Plan, nouns: Nouns) -> Outcome:
    """Return the outcome of a record whose parent is not there any more."""
    text = (
        f"Its {nouns.parent} is not there in Salesforce any more. That is looked at first; then this is "
        "tried again by itself."
    )
    return Outcome(Status.TRANSIENT, plan.remote_id, code=PARENT_GONE, message=text)


def _names_itself(plan: Plan, fault: Fault) -> bool:
    """Return whether the record that is not there is the one that was to be changed."""
    return fault.kind is Kind.GONE and bool(plan.remote_id) and not set(fault.fields) - _OWN_ID


def is_gone(plan: Plan, said: Iterable[Fault]) -> bool:
    """Return whether the linked record was deleted or merged."""
    return any(_names_itself(plan, fault) for fault in said)


def owner_problem(said: Iterable[Fault], mapping: FieldMapping) -> str:
    """Return why the owner that was asked for is not taken, "" where that is no matter.

    An id that is not there may be another than the owner's: it is the owner's where
    Salesforce names its field, or names none.
    """
    for fault in said:
        reason = _NO_OWNER.get(fault.code, "")
        if reason and (not fault.fields or mapping.owner in fault.fields):
            return reason
    return ""
