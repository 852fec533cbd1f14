"""What an org does with addresses when its State/Country picklists are on.

Source: Salesforce fact sheet, "Not in a plain describe".
"""

from collections.abc import Mapping
from typing import Any

from .errors import Refusal
from .places import COUNTRIES, STATES

PREFIXES = ("Billing", "Shipping", "Mailing", "Other")
PROBLEM = (
    "There's a problem with this {word}, even though it may appear correct. "
    "Please {verb} a {word} from the list of valid {plural}.: {value}"
)  # [M]


def settled(changed: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the address parts that follow from those written; raise Refusal for one that is on no list.

    A code writes its name, a name its code.
    """
    merged: dict[str, Any] = {}
    for prefix in PREFIXES:
        parts = {f"{prefix}{part}" for part in ("Country", "CountryCode", "State", "StateCode")}
        if parts & changed.keys():
            merged |= _settled_address(prefix, changed, row)
    return merged


def _settled_address(prefix: str, changed: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    country = f"{prefix}Country"
    code = _code(changed, row, country, COUNTRIES, "country")
    states = STATES.get(code or "", {})
    state = f"{prefix}State"
    state_code = _code(changed, row, state, states, "state")
    return {
        country: COUNTRIES.get(code or ""),
        f"{country}Code": code,
        state: states.get(state_code or ""),
        f"{state}Code": state_code,
    }


def _code(
    changed: Mapping[str, Any], row: Mapping[str, Any], name: str, known: Mapping[str, str], word: str
) -> str | None:
    by_code = f"{name}Code" in changed or name not in changed
    value = row.get(f"{name}Code" if by_code else name)
    if value is None:
        return None
    codes = (
        {code.lower(): code for code in known}
        if by_code
        else {text.lower(): code for code, text in known.items()}
    )
    if (code := codes.get(str(value).lower())) is not None:
        return code
    plural = "countries" if word == "country" else "states"
    message = PROBLEM.format(word=word, verb="select", plural=plural, value=value)
    raise Refusal("FIELD_INTEGRITY_EXCEPTION", message, fields=[f"{name}Code" if by_code else name])
