"""The org's duplicate rules: another living account has the same name, another contact the same e-mail.

Source: Salesforce fact sheet, DUPLICATES_DETECTED in "Error codes and what to do". The shape of
`duplicateResult` beyond `allowSave` is from memory. [M]
"""

from dataclasses import dataclass
from typing import Any

from .errors import Refusal
from .schema import SObject
from .settings import Settings
from .store import Row, Table

DETAILS = ("Id", "Name", "Email", "Website", "Phone", "BillingCity", "BillingCountry")


@dataclass(frozen=True, slots=True)
class Rule:
    """What two records must not have alike; `is_soft` is an Alert rule, which may be passed."""

    compares: str
    is_soft: bool


def rule_of(sobject: SObject, settings: Settings) -> Rule | None:
    """Return the rule in force for this object, if there is one."""
    rules = {
        "Account": ("Name", settings.duplicate_rule),
        "Contact": ("Email", settings.contact_duplicate_rule),
    }
    compares, strength = rules.get(sobject.name, ("", "off"))
    return None if strength == "off" else Rule(compares, is_soft=strength == "alert")


def refuse(rule: Rule, table: Table, row: Row, *, with_details: bool) -> None:
    """Raise Refusal when another record has the same value."""
    value = row.get(rule.compares)
    others = [] if value is None else table.alive_with(rule.compares, value)
    others = [other for other in others if other["Id"] != row["Id"]]
    if not others:
        return
    result = {
        "allowSave": rule.is_soft,
        "duplicateRule": f"Standard_{table.sobject.name}_Duplicate_Rule",
        "duplicateRuleEntityType": table.sobject.name,
        "errorMessage": "Use one of these records?",
        "matchResults": [_match(table.sobject.name, others, with_details=with_details)],
    }
    raise Refusal("DUPLICATES_DETECTED", "Use one of these records?", extra={"duplicateResult": result})


def _match(name: str, others: list[Row], *, with_details: bool) -> dict[str, Any]:
    shown = DETAILS if with_details else DETAILS[:1]
    return {
        "entityType": name,
        "errors": [],
        "matchEngine": "FuzzyMatchEngine",
        "matchRecords": [
            {
                "additionalInformation": [],
                "fieldDiffs": [],
                "matchConfidence": 100.0,
                "record": {
                    "attributes": {"type": name},
                    **{key: other.get(key) for key in shown if key in other},
                },
            }
            for other in others
        ],
        "rule": f"Standard_{name}_Match_Rule_v1_0",
        "size": len(others),
        "success": True,
    }
