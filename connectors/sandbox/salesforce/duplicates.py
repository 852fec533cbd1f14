"""The org's duplicate rule: another living record has the same name.

Source: Salesforce fact sheet, DUPLICATES_DETECTED in "Error codes and what to do". The shape of
`duplicateResult` beyond `allowSave` is from memory. [M]
"""

from typing import Any

from .errors import Refusal
from .store import Row, Table

DETAILS = ("Id", "Name", "Website", "Phone", "BillingCity", "BillingCountry")


def refuse(table: Table, row: Row, *, is_soft: bool, with_details: bool) -> None:
    """Raise Refusal when another record has this name; `is_soft` is an Alert rule, which may be passed."""
    others = [other for other in table.alive_with("Name", row["Name"]) if other["Id"] != row["Id"]]
    if not others:
        return
    result = {
        "allowSave": is_soft,
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
