"""What an org with State and Country/Territory Picklists does with the addresses of a record that is written.

Source: Salesforce Help, "State and Country/Territory Picklist Field-Syncing Logic"; wordings, and the fields
they name, as integrators have published them. What neither tells carries [M].
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from .errors import Refusal
from .places import Country, Places, State, any_state_has
from .schema import SObject

PREFIXES = ("Billing", "Shipping", "Mailing", "Other")
UNKNOWN_COUNTRY = (
    "There's a problem with this country, even though it may appear correct. Please select a "
    "country/territory from the list of valid countries.: {label}"
)
UNKNOWN_STATE = (
    "There's a problem with this state, even though it may appear correct. Please select a state from the "
    "list of valid states.: {label}"
)
UNAVAILABLE_COUNTRY = (
    "The {name} field contains {value}, which isn't an available country/territory. "
    "Your administrator can add it for you."
)
UNAVAILABLE_STATE = (
    "The {name} field contains {value}, which isn't an available state. "
    "Your administrator can add it for you."
)
STATE_ELSEWHERE = "The existing country/territory doesn't recognize the state value for field: {label}"
NO_COUNTRY = "A country/territory must be specified before specifying a state value for field: {label}"
MISMATCH = "Mismatched integration value and ISO code for field: {label}"


@dataclass(frozen=True, slots=True)
class Part:
    """What a write leaves of a country or a state: its code and its integration value."""

    name: str
    label: str
    code: str | None
    text: str | None
    is_sent: bool
    must_agree: bool = False

    def fields(self, place: Country | State | None) -> dict[str, str | None]:
        """Name both fields with what they hold then; nothing where neither was sent nor has a code."""
        if not self.is_sent and self.code is None:
            return {}
        value, code = (place.value, place.code) if place else (None, None)
        return {self.name: value, f"{self.name}Code": code}

    def check(self, place: Country | State) -> None:
        """Refuse code and text that were sent together and do not name the same."""
        agrees = self.code is not None and self.text is not None and self.text.lower() == place.value.lower()
        if self.must_agree and not agrees:
            raise self.refusal_of_text(MISMATCH)

    def refusal_of_text(self, message: str) -> Refusal:
        """Make the refusal that names the text field."""
        return _refusal(message.format(label=self.label), self.name)

    def refusal_of_code(self, message: str) -> Refusal:
        """Make the refusal that names the code field."""
        name = f"{self.name}Code"
        return _refusal(message.format(label=f"{self.label} Code", name=name, value=self.code), name)


@dataclass(frozen=True, slots=True)
class AddressRules:
    """The lists of an org, and the country of new addresses that bring none ('' for no default)."""

    places: Places
    default_country: str = ""

    def apply(
        self, sobject: SObject, row: Mapping[str, Any], changed: Mapping[str, Any], *, creating: bool
    ) -> dict[str, str | None]:
        """Derive text from code and code from text in every address that is written; raise Refusal.

        `row` is the record as it would be stored, `changed` what of it was sent.
        """
        derived: dict[str, str | None] = {}
        for prefix in PREFIXES:
            if sobject.find(f"{prefix}CountryCode") is None:
                continue
            country = _part(sobject, f"{prefix}Country", row, changed, creating=creating)
            if creating and not country.is_sent and self.default_country:
                country = replace(country, code=self.default_country, is_sent=True)
            derived |= self._settled(
                country, _part(sobject, f"{prefix}State", row, changed, creating=creating)
            )
        return derived

    def codes_of_texts(self, row: Mapping[str, Any]) -> dict[str, str]:
        """Find the codes of free texts, as the vendor's conversion does when the picklists are turned on."""
        codes: dict[str, str] = {}
        for prefix in PREFIXES:
            country = self.places.with_value(row.get(f"{prefix}Country") or "")
            state = country.states.with_value(row.get(f"{prefix}State") or "") if country else None
            codes |= {f"{prefix}CountryCode": country.code} if country else {}
            codes |= {f"{prefix}StateCode": state.code} if state else {}
        return codes

    def _settled(self, country: Part, state: Part) -> dict[str, str | None]:
        if not (country.is_sent or state.is_sent):
            return {}
        place = self._country(country)
        return {**country.fields(place), **state.fields(self._state(state, place))}

    def _country(self, part: Part) -> Country | None:
        if part.code is not None:
            found = self.places.with_code(part.code)
            if found is None:
                raise part.refusal_of_code(UNAVAILABLE_COUNTRY)
        elif part.text is not None:
            found = self.places.with_value(part.text)
            if found is None:
                raise part.refusal_of_text(UNKNOWN_COUNTRY)
        else:
            return None
        part.check(found)
        return found

    def _state(self, part: Part, country: Country | None) -> State | None:
        if part.code is None and part.text is None:
            return None
        if country is None and not part.is_sent:
            return None  # it goes with the country that was taken away
        found = self._state_by_code(part, country) if part.code is not None else _state_by_text(part, country)
        part.check(found)
        return found

    def _state_by_code(self, part: Part, country: Country | None) -> State:
        code = part.code or ""
        if country is None:
            raise part.refusal_of_code(NO_COUNTRY)
        if (found := country.states.with_code(code)) is not None:
            return found
        raise part.refusal_of_code(STATE_ELSEWHERE if any_state_has(self.places, code) else UNAVAILABLE_STATE)


def _state_by_text(part: Part, country: Country | None) -> State:
    if country is None:
        raise part.refusal_of_text(NO_COUNTRY)
    if (found := country.states.with_value(part.text or "")) is None:
        raise part.refusal_of_text(UNKNOWN_STATE)
    return found


def _part(
    sobject: SObject, name: str, row: Mapping[str, Any], changed: Mapping[str, Any], *, creating: bool
) -> Part:
    code_name = f"{name}Code"
    known = sobject.find(name)
    sends_code, sends_text = code_name in changed, name in changed
    return Part(
        name,
        known.label if known else name,
        code=None if sends_text and not sends_code else row.get(code_name),  # of a text alone it follows
        text=changed.get(name),
        is_sent=sends_code or sends_text,
        must_agree=sends_code and sends_text and not creating,
    )


def _refusal(message: str, name: str) -> Refusal:
    return Refusal("FIELD_INTEGRITY_EXCEPTION", message, fields=[name])
