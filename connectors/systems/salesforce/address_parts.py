"""States and countries of a written address: what belongs together, and which of them was refused.

Sources: Salesforce Help, "State and Country/Territory Picklist Field-Syncing Logic": a state that is not
of the record's country is refused, so both go together; refusals as several integrators recorded them,
listed at `_SAID`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connectors.errors import Misconfigured
from connectors.mapping import is_blank
from connectors.systems.salesforce.errors import Fault
from connectors.systems.salesforce.picklists import PREFIXES

STATE, COUNTRY = "State", "Country"
_PART = re.compile(rf"({'|'.join(PREFIXES)})(State|Country)(Code)?")
_CODES = frozenset(
    {
        "FIELD_INTEGRITY_EXCEPTION",
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
        "INVALID_FIELD",  # the codes' fields go with the picklists
    }
)
# "There's a problem with this state, even though it may appear correct. Please select a state from the
# list of valid states.: Billing State/Province" (and the same of a country); "The BillingStateCode field
# contains EP, which isn't an available state."; "The existing country/territory doesn't recognize the
# state value for field: Billing State/Province Code"; "A country/territory must be specified before
# specifying a state value for field: Billing State/Province". `fields` names BillingState or
# BillingStateCode, whichever was sent, and may be empty.
_SAID: Sequence[tuple[re.Pattern[str], str]] = (
    (re.compile(r"state value|problem with this state|available state", re.IGNORECASE), STATE),
    (re.compile(r"problem with this country|available country", re.IGNORECASE), COUNTRY),
)
_LABEL = re.compile(rf"\b({'|'.join(PREFIXES)}) ?(?:State|Country)")


def whole(sent: Mapping[str, Any], payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is sent with the other code of an address beside a code that is: they are checked together.

    `payload` holds the whole record without blanks. A country without a state of ours clears
    the state over there, which can't be one of the new country.
    """
    more: dict[str, Any] = {}
    for name in sent:
        part = _PART.fullmatch(name)
        if part is None or not part[3]:
            continue
        other = f"{part[1]}{COUNTRY if part[2] == STATE else STATE}Code"
        if other not in sent and (part[2] == COUNTRY or other in payload):
            more[other] = payload.get(other)
    return {**sent, **more}


def spelled_otherwise(sent: Mapping[str, Any]) -> dict[str, None]:
    """Return the other spellings of sent states and countries: BillingState beside BillingStateCode.

    Salesforce writes them anew by what was sent, so nothing that was agreed on them holds.
    """
    parts = (part for name in sent if (part := _PART.fullmatch(name)))
    return {f"{part[1]}{part[2]}{'' if part[3] else 'Code'}": None for part in parts}


def refused(said: Sequence[Fault], sent: Mapping[str, Any]) -> list[str]:
    """Return the fields of what was sent that the org's lists refused; a country goes with its state."""
    parts = {part for fault in said if fault.code in _CODES for part in _parts(fault)}
    if not parts:
        return []
    named = [(name, part) for name in sent if (part := _PART.fullmatch(name)) and not is_blank(sent[name])]
    return [name for name, part in named if (part[1], part[2]) in parts or (part[1], COUNTRY) in parts]


def is_about_codes(error: Misconfigured) -> bool:
    """Return whether a call failed since the codes' fields are not there any more."""
    return error.code == "INVALID_FIELD" and any(part[3] for part in _PART.finditer(error.detail))


def _parts(fault: Fault) -> Iterator[tuple[str, str]]:
    """Yield (prefix, kind) of what a refusal is about."""
    by_name = [part for name in fault.fields if (part := _PART.fullmatch(name))]
    if by_name:
        yield from ((part[1], part[2]) for part in by_name)
        return
    kind = next((kind for said, kind in _SAID if said.search(fault.text)), "")
    if kind:
        prefixes = {found[1] for found in _LABEL.finditer(fault.text)} or set(PREFIXES)
        yield from ((prefix, kind) for prefix in sorted(prefixes))
