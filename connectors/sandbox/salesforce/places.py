"""Countries and states of an org whose State and Country/Territory Picklists are on.

Names and codes are those of ISO 3166, as pycountry has them; which countries come with states is the vendor's
choice, and an administrator may change all of it. A real org's own lists differ in places (China's states
have numbers for codes, Mexico's two letters): who reads describe is right in both.
Source: Salesforce Help, "Let Users Select States, Countries, and Territories from Picklists", "Integration
Values for State and Country/Territory Picklists".
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Generic, TypeVar

import pycountry

COUNTRIES_WITH_STATES = ("AU", "BR", "CA", "CN", "IE", "IN", "IT", "MX", "US")


@dataclass(frozen=True, slots=True)
class State:
    """A state or province; `value` is the integration value, which the text field of a record holds."""

    code: str
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Country:
    """A country or territory with its states."""

    code: str
    label: str
    value: str
    states: "Listed[State]"


T = TypeVar("T", State, Country)


@dataclass(frozen=True, eq=False)
class Listed(Generic[T]):
    """Places in the order of their labels, found by code or integration value in any case."""

    items: tuple[T, ...]
    _by_code: Mapping[str, T] = field(init=False)
    _by_value: Mapping[str, T] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_code", {each.code.lower(): each for each in self.items})
        object.__setattr__(self, "_by_value", {each.value.lower(): each for each in self.items})

    def with_code(self, code: str) -> T | None:
        """Find a place by its code."""
        return self._by_code.get(code.lower())

    def with_value(self, value: str) -> T | None:
        """Find a place by its integration value."""
        return self._by_value.get(value.lower())


Places = Listed[Country]


def places(changes: Mapping[str, Mapping[str, Any] | None]) -> Places:
    """Build the lists of an org; raise ValueError, a sentence, for a change that can't be made.

    `changes` is what its administrator did, by country code: None removes a country, a dict with `label`,
    `integrationValue` and `states` (all that it has then) changes or adds one.
    """
    if not changes:
        return _preset()
    countries: dict[str, Country] = {each.code: each for each in _preset().items}
    for code, change in changes.items():
        if not (len(code) == 2 and code.isascii() and code.isupper()):
            raise ValueError(f"{code!r} is no country code: they are two capital letters")
        if change is None:
            countries.pop(code, None)
        else:
            countries[code] = _changed_country(code, countries.get(code), change)
    return _listed(countries.values())


def any_state_has(countries: Places, code: str) -> bool:
    """Tell whether some country has a state with this code."""
    return any(country.states.with_code(code) for country in countries.items)


@cache
def _preset() -> Places:
    return _listed(
        Country(each.alpha_2, each.name, each.name, _listed(_preset_states(each.alpha_2)))
        for each in pycountry.countries
    )


def _preset_states(country: str) -> list[State]:
    if country not in COUNTRIES_WITH_STATES:
        return []
    found = [each for each in pycountry.subdivisions if each.country_code == country]
    # Ireland has counties and Italy provinces: what they are grouped into is in no address.
    groups = {each.parent_code for each in found}
    return [
        State(each.code.partition("-")[2], each.name, each.name) for each in found if each.code not in groups
    ]


def _listed(items: Iterable[T]) -> Listed[T]:
    return Listed(tuple(sorted(items, key=lambda each: (each.label, each.code))))


def _changed_country(code: str, old: Country | None, change: object) -> Country:
    known = {"label", "integrationValue", "states"}
    if not isinstance(change, Mapping) or change.keys() - known:
        raise ValueError(f"{code}: a country is changed by {', '.join(sorted(known))}")
    label, value = _names(code, old, change)
    states = old.states if old else Listed[State](())
    if "states" in change:
        states = _changed_states(code, states, change["states"])
    return Country(code, label, value, states)


def _changed_states(country: str, old: Listed[State], change: object) -> Listed[State]:
    if not isinstance(change, Mapping):
        raise ValueError(f"{country}: states are named by their codes")
    return _listed(
        _changed_state(f"{country}-{code}", old.with_code(code), each) for code, each in change.items()
    )


def _changed_state(code: str, old: State | None, change: object) -> State:
    if isinstance(change, str):
        change = {"label": change}
    if not isinstance(change, Mapping) or change.keys() - {"label", "integrationValue"}:
        raise ValueError(f"{code}: a state is a label, or a dict with integrationValue, label")
    label, value = _names(code, old, change)
    return State(code.partition("-")[2], label, value)


def _names(code: str, old: State | Country | None, change: Mapping[str, Any]) -> tuple[str, str]:
    label = change.get("label", old.label if old else None)
    value = change.get("integrationValue", old.value if old and "label" not in change else label)
    if not (isinstance(label, str) and label and isinstance(value, str) and value):
        raise ValueError(f"{code}: label and integrationValue are texts")
    return label, value
