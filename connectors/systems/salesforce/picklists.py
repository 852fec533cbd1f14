"""The State and Country/Territory picklists of an org: what describe tells of them, and which code fits.

Sources: Salesforce Help, "State, Country, and Territory Picklist Fields"; Object Reference,
PicklistEntry.validFor; the states of a recorded org's AddressSettings, whose codes are ISO's except
those of Mexico, China and some of India.
"""

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any, Self

import pycountry

from connectors import regions
from connectors.regions import folded

FACTS = (
    "picklists"  # among the facts: {"countries": {code: label}, "states": {country: {code: label}} | None}
)
PREFIXES = ("Billing", "Shipping", "Mailing", "Other")
MAX_VALUES = 5_000  # of one list that is kept; the preset ones have some 240 and 370
LABEL_CHARS = 80
# Salesforce's names of states that ISO calls otherwise. Source: the recorded org.
_SHORT: Mapping[str, str] = {
    "CA-YT": "Yukon Territories",
    "MX-CMX": "Federal District",
    "MX-COA": "Coahuila",
    "MX-MEX": "Mexico State",
    "MX-MIC": "Michoacán",
    "MX-VER": "Veracruz",
}
_KIND_IN_CHINESE = re.compile(r"( (Shi|Sheng|SAR|Huizu|Zhuangzu|Uygur|Zizhiqu))+$")

Values = Mapping[str, str]  # code -> label


def facts(fields: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what the fields of one described object tell of the lists: {FACTS: …}, {} without picklists.

    All addresses of an org share them. Inactive values are left out. "states" is None where
    describe does not tell which state belongs to which country.
    """
    by_name = {str(item.get("name")): item for item in fields}
    prefix = next((one for one in PREFIXES if f"{one}CountryCode" in by_name), None)
    if prefix is None:
        return {}
    country, state = by_name[f"{prefix}CountryCode"], by_name.get(f"{prefix}StateCode", {})
    # Named by every documented dependent picklist; without it the country is the only sense it can have.
    controller = by_name.get(str(state.get("controllerName") or ""), country)
    countries = {str(item["value"]): _label(item) for item in _values(country) if _is_active(item)}
    return {FACTS: {"countries": countries, "states": _states(state, controller, set(countries))}}


@dataclass(frozen=True)
class Lists:
    """The lists of one org. Where they are not known, ISO's stand in."""

    countries: Values  # {} where they are not known
    states: Mapping[str, Values] | None  # by the org's code of the country
    _by_text: dict[str, dict[str, set[str]]] = field(default_factory=dict, compare=False)
    _answers: dict[tuple[str, str], str] = field(default_factory=dict, compare=False)

    @classmethod
    def of(cls, known: Mapping[str, Any]) -> Self:
        """Return the lists of a connection's facts."""
        found = known.get(FACTS) or {}
        return cls(found.get("countries") or {}, found.get("states"))

    def country(self, code: str, name: str = "") -> str:
        """Return the org's code of a country by its two-letter code or its name, "" where it has none."""
        if not self.countries:
            return regions.country_code(code)
        if spelled := self._codes.get(code.casefold()):
            return spelled
        known = pycountry.countries.get(alpha_2=code.upper())
        if known and (spelled := self._codes.get(known.alpha_3.casefold())):
            return spelled  # a code of one's own: two or three letters, or any
        names = {folded(one) for one in (name, *_names_of_country(code)) if one}
        return _only(self._countries_by_name.get(one, set()) for one in names)

    def state(self, country: str, text: str) -> str:
        """Return the code of a country's state by its code or name, "" where it is not on the list.

        `country` is the org's code. Case and accents don't matter, unless two states differ
        in nothing else.
        """
        asked = (country, text)
        if asked not in self._answers:
            self._answers[asked] = self._state(country, text)
        return self._answers[asked]

    def country_label(self, code: str) -> str:
        """Return what people call a country, by the org's code."""
        return self.countries.get(code) or regions.country_name(code) or code

    @property
    def countries_with_states(self) -> list[str]:
        """Return the labels of the countries that have states, by name."""
        return sorted(self.country_label(code) for code, known in (self.states or {}).items() if known)

    @cached_property
    def _codes(self) -> dict[str, str]:
        return {code.casefold(): code for code in self.countries}

    @cached_property
    def _countries_by_name(self) -> dict[str, set[str]]:
        return _by_label(self.countries)

    def _state(self, country: str, text: str) -> str:
        if self.states is None:
            found = regions.state(country, text)
            return found.code if found else ""
        plain, known = text.casefold(), self.states.get(country, {})
        exact = {code for code, label in known.items() if plain in (code.casefold(), label.casefold())}
        return _only([exact]) or self._by_loose_text(country, text) or self._by_iso(country, text)

    def _by_loose_text(self, country: str, text: str) -> str:
        if country not in self._by_text:
            known = (self.states or {}).get(country, {})
            by_text = _by_label(known)
            for code in known:
                by_text.setdefault(folded(code), set()).add(code)
                by_text.setdefault(folded(f"{country}-{code}"), set()).add(code)
            self._by_text[country] = by_text
        return _only([self._by_text[country].get(folded(text), set())])

    def _by_iso(self, country: str, text: str) -> str:
        """Return the code by what else ISO calls the state: its code there, or its name."""
        known = (self.states or {}).get(country, {})
        iso = _iso_states(country).get(folded(text), "")
        if not iso or not known:
            return ""
        named = {code for code, label in known.items() if _iso_states(country).get(folded(label)) == iso}
        if named:
            return _only([named])
        # Its label is in another language, or an own one; the code counts, unless it is another state's.
        label = known.get(iso)
        return iso if label is not None and _iso_states(country).get(folded(label), iso) == iso else ""


def country_name(code: str, name: str = "") -> str:
    """Return a country's name as Salesforce writes it by default, `name` for one that ISO does not have."""
    found = pycountry.countries.get(alpha_2=code.upper()) if code else None
    return _COUNTRIES.get(code.upper()) or (str(found.name) if found else name)


# Where the preset list does not use ISO's spelling. Source: the recorded org. Countries that changed
# their name since it was recorded are left to ISO.
_COUNTRIES: Mapping[str, str] = {
    "AX": "Aland Islands",
    "CD": "Congo, the Democratic Republic of the",
    "CI": "Cote d'Ivoire",
    "PS": "Palestine",
    "RE": "Reunion",
    "TW": "Taiwan",
    "VN": "Vietnam",
}


def _values(described: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the values of a described picklist, inactive ones too: bits count them all."""
    found = described.get("picklistValues")
    items = found if isinstance(found, list) else []
    return [item for item in items if isinstance(item, Mapping) and item.get("value")][:MAX_VALUES]


def _is_active(item: Mapping[str, Any]) -> bool:
    return item.get("active") is not False


def _label(item: Mapping[str, Any]) -> str:
    return str(item.get("label") or item["value"])[:LABEL_CHARS]


def _states(
    state: Mapping[str, Any], controller: Mapping[str, Any], countries: set[str]
) -> dict[str, dict[str, str]] | None:
    """Return the active states by country; None where no value tells for which it is valid.

    One code may stand in the list several times, once per country, or once with several bits.
    """
    order = [str(item["value"]) for item in _values(controller)]
    found: dict[str, dict[str, str]] = {}
    is_told = False
    for item in _values(state):
        bits = _bits(item.get("validFor"))
        is_told = is_told or bits is not None
        for country in _set_bits(bits or b"", order):
            if _is_active(item) and country in countries:
                found.setdefault(country, {})[str(item["value"])] = _label(item)
    return found if is_told or (not _values(state) and state) else None


def _bits(text: object) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True) if isinstance(text, str) and text else None
    except (binascii.Error, ValueError):
        return None


def _set_bits(bits: bytes, order: list[str]) -> Iterator[str]:
    """Yield the controlling values whose bit is set: the first is the highest bit of the first byte."""
    rest = int.from_bytes(bits)
    while rest:
        index = 8 * len(bits) - rest.bit_length()
        if index < len(order):
            yield order[index]
        rest ^= 1 << (rest.bit_length() - 1)


def _by_label(values: Values) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for code, label in values.items():
        found.setdefault(folded(label), set()).add(code)
    return found


def _only(found: Iterable[set[str]]) -> str:
    """Return the code that all of it comes down to, "" where there is none, or a choice."""
    codes = set().union(*found)
    return codes.pop() if len(codes) == 1 else ""


@cache
def _names_of_country(code: str) -> tuple[str, ...]:
    found = pycountry.countries.get(alpha_2=code.upper()) if code else None
    names = (getattr(found, name, "") for name in ("name", "common_name", "official_name"))
    return tuple(name for name in names if name)


@cache
def _iso_states(country: str) -> dict[str, str]:
    """Return ISO's codes of a country's states by what they are called: there, and in Salesforce."""
    found: dict[str, str] = {}
    for item in pycountry.subdivisions:
        known = regions.state(country, item.code) if item.country_code == country.upper() else None
        if known is None:
            continue
        short = _SHORT.get(item.code) or _KIND_IN_CHINESE.sub("", known.name)
        found.update({folded(name): known.code for name in (known.code, known.name, short)})
    return found
