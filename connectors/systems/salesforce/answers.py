"""Read the answers of a Collections call: one outcome per record, in our words."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from connectors.errors import Misconfigured
from connectors.mapping import Mapping as FieldMapping
from connectors.protocol import GONE, Candidate, Change, Exchange, Outcome, Status
from connectors.systems.salesforce.errors import UNKNOWN_TRIES, Fault, Kind, faults, words
from connectors.systems.salesforce.ids import to_18
from connectors.systems.salesforce.urls import record_url

# "duplicate value found: F duplicates value on record with id: 001…"
_OTHER_ID = re.compile(r"id:\s*([A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?)\b")
_AGAIN = frozenset({Kind.TRANSIENT, Kind.NEIGHBOUR, Kind.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be written for one change, or the outcome that needs no write.

    `remote_id` "" means upsert by our key; `sent` are the mapped fields, None
    clears; `with_key` writes our key along.
    """

    change: Change
    remote_id: str = ""
    sent: Mapping[str, Any] | None = None
    with_key: bool = False
    note: str = ""
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True)
class Reader:
    """Turn answers into outcomes for one mapping and one call."""

    mapping: FieldMapping
    base_url: str
    call: Exchange

    def outcome(self, plan: Plan, record: Mapping[str, Any], answer: Any) -> Outcome:
        """Return how one record fared, with its own slice of the call."""
        exchange = replace(self.call, request=record, answer=answer)
        if isinstance(answer, Mapping) and answer.get("success") is True:
            created = answer.get("created") is True and not plan.remote_id
            status = Status.CREATED if created else Status.UPDATED
            remote_id = _id_18(answer.get("id")) or plan.remote_id
            return Outcome(status, remote_id, message=plan.note, sent=plan.sent or {}, exchange=exchange)
        errors = faults(answer) or [Fault("NO_ANSWER", "")]
        return replace(self._refusal(plan, errors), exchange=exchange)

    def _refusal(self, plan: Plan, errors: Sequence[Fault]) -> Outcome:
        fault = errors[0]
        if fault.kind is Kind.GONE and plan.remote_id:
            text = "Deleted in Salesforce. Nothing was changed here. Create it again, unlink it, or leave it."
            return Outcome(Status.REJECTED, plan.remote_id, code=GONE, message=text)
        if fault.kind in (Kind.DUPLICATE, Kind.TAKEN):
            return self._duplicate(plan, fault)
        by_field = self._by_field(errors)
        return Outcome(
            Status.TRANSIENT if fault.kind in _AGAIN else Status.REJECTED,
            plan.remote_id,
            code=fault.code,
            message="" if by_field else words(fault, ""),
            errors=by_field,
            tries=UNKNOWN_TRIES if fault.kind is Kind.UNKNOWN else None,
        )

    def _duplicate(self, plan: Plan, fault: Fault) -> Outcome:
        """Another record stands in the way: name it where Salesforce names it."""
        if fault.kind is Kind.TAKEN and self.mapping.key not in fault.text:
            names = ", ".join(self.mapping.labels(fault.fields)) or "A value that must be unique"
            text = f"{names} stands on another account in Salesforce already."
            errors = dict.fromkeys(self.mapping.local_names(fault.fields), text)
            message = "" if errors else text
            return Outcome(Status.REJECTED, plan.remote_id, code=fault.code, message=message, errors=errors)
        if fault.code == "DUPLICATES_DETECTED":
            text = (
                "A duplicate rule of your Salesforce says that this company exists there. Choose what to do."
            )
        else:
            text = "Another account in Salesforce carries this company's id. Choose what to do."
        found = self._named(fault)
        return Outcome(Status.CONFLICT, plan.remote_id, code="conflict", message=text, candidates=found)

    def _named(self, fault: Fault) -> list[Candidate]:
        other = _OTHER_ID.search(fault.text)
        remote_id = _id_18(other[1]) if other else ""
        if not remote_id:
            return []
        url = record_url(self.base_url, self.mapping.entity, remote_id)
        return [Candidate(remote_id, "", url, "named by Salesforce", {})]

    def _by_field(self, errors: Iterable[Fault]) -> dict[str, str]:
        found: dict[str, str] = {}
        for fault in errors:
            for name in self.mapping.local_names(fault.fields):
                found.setdefault(name, words(fault, ", ".join(self.mapping.labels(fault.fields))))
        return found


def refuse_if_all_misconfigured(answers: Sequence[Any]) -> None:
    """Raise Misconfigured where every one of two or more records carries such a code."""
    first = [said[0] if (said := faults(answer)) else None for answer in answers]
    if len(first) < 2 or not all(fault and fault.kind is Kind.CONFIG for fault in first):
        return
    fault = first[0] or Fault("", "")
    text = f"Salesforce refuses every record ({fault.code[:60]}): {fault.text[:200]}"
    raise Misconfigured(
        f"{text} Press Test connection to see what is missing.",
        detail=f"{fault.code}: {fault.text}"[:500],
        code=fault.code,
    )


def raced(answer: Any, key_field: str) -> bool:
    """Return whether two talkers created the same key at once."""
    return any(
        fault.kind is Kind.TAKEN and (key_field in fault.fields or key_field in fault.text)
        for fault in faults(answer)
    )


def _id_18(value: Any) -> str:
    try:
        return to_18(str(value)) if value else ""
    except ValueError:
        return ""
