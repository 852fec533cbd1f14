"""The fields of an address: as text, or as codes where the org has State and Country/Territory picklists.

What is not on the org's lists is left out of the address, never the whole record: a remark says so.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from connectors.mapping import Field, Subject, as_text
from connectors.systems.salesforce.picklists import Lists, country_name

VALUE_CHARS = 80  # of what somebody typed, in a sentence
WHERE = "Setup › State and Country/Territory Picklists"
_REST = "the rest of the address is sent"
_THEN = f"a Salesforce administrator adds it ({WHERE}) and you press Test connection"


def fields(prefix: str, lists: Lists | None) -> tuple[Field, ...]:
    """Return the fields of one address, "Billing" or "Shipping"; with `lists` its codes are sent.

    Without picklists Salesforce takes any text; the country goes by Salesforce's own name for it.
    """
    block = _Block(prefix)
    region, country = block.as_text() if lists is None else block.as_codes(lists)
    return (
        block.part("street", "Street", "Street", 255),
        block.part("city", "City", "City", 40),
        region,
        block.part("postal_code", "PostalCode", "Postal Code", 20),
        country,
    )


@dataclass(frozen=True, slots=True)
class _Block:
    """One address of a record: "Billing" is read of its `billing_address`."""

    prefix: str

    @property
    def path(self) -> str:
        return f"{self.prefix.lower()}_address"

    def part(self, name: str, remote: str, label: str, length: int, **options: Any) -> Field:
        return Field(
            f"{self.prefix.lower()}_{name}",
            self.prefix + remote,
            f"{self.prefix} {label}",
            path=f"{self.path}.{name}",
            max_length=length,
            block=self.prefix,
            **options,
        )

    def as_text(self) -> tuple[Field, Field]:
        region = self.part("region", "State", "State or Province", 80)
        return region, self.part("country", "Country", "Country", 80, value=self._of(country_text))

    def as_codes(self, lists: Lists) -> tuple[Field, Field]:
        known: dict[tuple[str, str], _Codes] = {}  # by country and region: many records have the same

        def codes(address: Any) -> _Codes:
            place = (address.country, address.region)
            if place not in known:
                known[place] = _Codes.of(lists, address)
            return known[place]

        region = self.part(
            "region", "StateCode", "State or Province", 10,
            value=self._of(lambda address: codes(address).state),
            remark=self._of(lambda address: codes(address).state_remark),
        )  # fmt: skip
        country = self.part(
            "country", "CountryCode", "Country", 10,
            value=self._of(lambda address: codes(address).country),
            remark=self._of(lambda address: codes(address).country_remark),
        )  # fmt: skip
        return region, country

    def _of(self, read: Callable[[Any], str | None]) -> Callable[[Subject], Any]:
        path = self.path
        return lambda subject: read(subject.read(path))


@dataclass(frozen=True, slots=True)
class _Codes:
    """What the org's lists make of one place: None where they have no code, and why."""

    state: str | None
    country: str | None
    state_remark: str
    country_remark: str

    @classmethod
    def of(cls, lists: Lists, address: Any) -> Self:
        return cls(
            state_code(lists, address),
            country_code(lists, address),
            state_remark(lists, address),
            country_remark(lists, address),
        )


def country_text(address: Any) -> str | None:
    """Return the country's name, None where there is none."""
    return as_text(country_name(str(address.country or ""), str(address.country_name or "")))


def country_code(lists: Lists, address: Any) -> str | None:
    """Return the org's code of the country, None where it has none."""
    code = str(address.country or "")
    return (lists.country(code, str(address.country_name or "")) or None) if code else None


def state_code(lists: Lists, address: Any) -> str | None:
    """Return the org's code of the state, None where it has none: a state needs its country."""
    country, text = country_code(lists, address), as_text(address.region)
    return (lists.state(country, text) or None) if country and text else None


def country_remark(lists: Lists, address: Any) -> str:
    """Return why the country is left out, "" where it is not."""
    if not address.country or country_code(lists, address):
        return ""
    name = address.country_name or country_name(str(address.country)) or str(address.country)
    state = as_text(address.region)
    along = f", and {_quoted(state)} with it" if state else ""
    return (
        f"{_quoted(name)} is not on Salesforce's list of countries, so it is left out{along}; {_REST}. "
        f"Correct it and save, or {_THEN}."
    )


def state_remark(lists: Lists, address: Any) -> str:
    """Return why the state is left out, "" where it is not, or where its country's remark tells it."""
    text = as_text(address.region)
    if not text or state_code(lists, address) or country_remark(lists, address):
        return ""
    country = country_code(lists, address)
    if not country:
        return (
            f"Salesforce takes no state without a country, and this address has none, so {_quoted(text)} is "
            f"left out; {_REST}. Fill in Country and save."
        )
    name = lists.country_label(country)
    if lists.states is not None and not lists.states.get(country):
        return (
            f"Salesforce lists no states of this country ({name}), so {_quoted(text)} is left out; {_REST}. "
            f"A Salesforce administrator can add them ({WHERE}); then press Test connection."
        )
    return (
        f"{_quoted(text)} is not on Salesforce's list of states ({name}), so it is left out; {_REST}. "
        f"Correct it and save, or {_THEN}."
    )


def refused_remark(value: object) -> str:
    """Return why a value is left out that Salesforce refused although nothing seems wrong with it."""
    return (
        f"Salesforce refused {_quoted(str(value))} although it fits its lists, so it is left out; {_REST}. "
        "Correct it and save, or a Salesforce administrator finds out why it is refused."
    )


def _quoted(text: str) -> str:
    short = text if len(text) <= VALUE_CHARS else f"{text[: VALUE_CHARS - 1].rstrip()}…"
    return f"“{short}”"
