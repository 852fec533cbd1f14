"""Describe answers made by hand as the vendor documents them: an org with State and Country picklists."""

import base64
from collections.abc import Iterable, Mapping
from typing import Any

# As a recorded org has them: Mexico's and China's codes are not ISO's.
COUNTRIES = {
    "AU": "Australia",
    "BR": "Brazil",
    "CA": "Canada",
    "CN": "China",
    "DE": "Germany",
    "IN": "India",
    "IT": "Italy",
    "MX": "Mexico",
    "US": "United States",
}
STATES = {
    "AU": {"NSW": "New South Wales", "WA": "Western Australia"},
    "BR": {"PA": "Pará", "PR": "Paraná", "SP": "São Paulo"},
    "CA": {"ON": "Ontario", "QC": "Quebec", "YT": "Yukon Territories"},
    "CN": {"11": "Beijing", "15": "Nei Mongol"},
    "IN": {"CT": "Chhattisgarh", "OR": "Odisha"},
    "IT": {"VE": "Venice", "MI": "Milan"},
    "MX": {"CO": "Coahuila", "DF": "Federal District", "JA": "Jalisco", "ME": "Mexico State"},
    "US": {"CA": "California", "CO": "Colorado", "WA": "Washington"},
}


def value(code: str, label: str, *, active: bool = True, valid_for: str | None = None) -> dict[str, Any]:
    """Return one PicklistEntry."""
    return {"active": active, "defaultValue": False, "label": label, "validFor": valid_for, "value": code}


def bits(indexes: Iterable[int]) -> str:
    """Return a validFor: the first controlling value is the highest bit of the first byte; base64."""
    wanted = list(indexes)
    held = bytearray(max(wanted) // 8 + 1)
    for index in wanted:
        held[index // 8] |= 0x80 >> index % 8
    return base64.b64encode(bytes(held)).decode()


def picklists(
    prefix: str = "Billing",
    countries: Mapping[str, str] = COUNTRIES,
    states: Mapping[str, Mapping[str, str]] = STATES,
) -> list[dict[str, Any]]:
    """Return the described code fields of one address; each state is an entry of its own country."""
    order = list(countries)
    country = {
        **text_field(f"{prefix}CountryCode", 10),
        "type": "picklist",
        "label": f"{prefix} Country Code",
        "picklistValues": [value(code, label) for code, label in countries.items()],
    }
    entries = [
        value(code, label, valid_for=bits([order.index(of)]))
        for of, known in states.items()
        for code, label in known.items()
    ]
    state = {
        **text_field(f"{prefix}StateCode", 10),
        "type": "picklist",
        "label": f"{prefix} State/Province Code",
        "dependentPicklist": True,
        "controllerName": f"{prefix}CountryCode",
        "picklistValues": entries,
    }
    return [state, country]


def text_field(name: str, length: int) -> dict[str, Any]:
    """Return a described text field that Concord may write."""
    return {
        "name": name,
        "label": name,
        "length": length,
        "type": "string",
        "createable": True,
        "updateable": True,
        "nillable": True,
        "defaultedOnCreate": False,
        "externalId": False,
        "idLookup": False,
        "unique": False,
    }
