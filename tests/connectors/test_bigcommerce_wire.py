"""What a B2B store says comes in one shape, whatever shape it has."""

from typing import Any

import pycountry
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.protocol import Window
from connectors.regions import country_code, state
from connectors.systems.bigcommerce import wire
from connectors.systems.bigcommerce.states import WITH_STATES, state_name

WORDS = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp", "Zs")), min_size=1, max_size=20)


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (12, "12"),
        ("12", "12"),
        (12.0, "12"),
        (" 12 ", "12"),
        (None, ""),
        ("", ""),
        (0, ""),
        ("x", ""),
        (True, ""),
    ],
)
def test_an_id_is_read_however_it_comes(value: object, read: str) -> None:
    assert wire.as_id(value) == read


@pytest.mark.parametrize(
    ("value", "read"),
    [(True, True), ("1", True), (1, True), ("0", False), (0, False), (None, False), ("false", False)],
)
def test_a_flag_is_read_however_it_comes(value: object, read: bool) -> None:
    assert wire.as_flag(value) is read


def test_a_company_is_read_flat_with_names_in_full() -> None:
    said = {
        "companyId": "12", "companyName": "Acme", "companyPhone": 6505550100, "companyStatus": "1",
        "uuid": None, "addressLine1": "1 Way", "addressLine2": "Floor 2",
        "city": "", "state": "CA", "country": "us",
        "extraFields": [{"fieldName": "ERP ID", "fieldValue": "7", "isRequired": "1"}, "nonsense"],
    }  # fmt: skip

    assert wire.company(said) == {
        "companyName": "Acme", "companyPhone": "6505550100", "companyStatus": 1, "uuid": None,
        wire.LINES: "1 Way\nFloor 2", "city": None, "state": "California", "country": "United States",
        "extraFields.ERP ID": "7",
    }  # fmt: skip


def test_what_an_answer_does_not_have_is_not_read_as_empty() -> None:
    assert wire.company({"companyId": 1, "companyName": "Acme"}) == {"companyName": "Acme"}
    assert wire.address({"addressId": 1}) == {}


def test_an_address_is_read_with_its_country_as_code_and_its_state_in_full() -> None:
    said = {
        "countryName": "Canada",
        "stateCode": "ON",
        "stateName": None,
        "firstName": "Mark",
        "lastName": "Z",
    }

    assert wire.address({**said, "isBilling": "1"}) == {
        "countryCode": "CA", "stateName": "Ontario", wire.NAME: "Mark Z", "isBilling": True,
    }  # fmt: skip


def test_a_body_splits_what_is_one_field_here() -> None:
    flat = {
        wire.LINES: "1 Way\nFloor 2, Room 3",
        wire.NAME: "Anna Maria Z",
        "companyId": "12",
        "zipCode": None,
    }

    assert wire.body({**flat, "extraFields.Tax ID": 7, "userExtraFields.Shift": None}) == {
        "addressLine1": "1 Way", "addressLine2": "Floor 2, Room 3",
        "firstName": "Anna Maria", "lastName": "Z", "companyId": 12, "zipCode": "",
        "extraFields": [{"fieldName": "Tax ID", "fieldValue": "7"}],
        "userExtraFields": [{"fieldName": "Shift", "fieldValue": ""}],
    }  # fmt: skip


@given(st.lists(WORDS, min_size=1, max_size=6))
def test_a_street_comes_back_as_it_was_sent(rows: list[str]) -> None:
    street = wire.lines("\n".join(rows))

    assert wire.address(wire.body({wire.LINES: street})) == {wire.LINES: street}
    assert wire.lines(street) == street


@given(st.lists(WORDS, min_size=2, max_size=5))
def test_a_name_comes_back_as_it_was_sent(words: list[str]) -> None:
    name = wire.name("  ".join(words))

    assert wire.address(wire.body({wire.NAME: name})) == {wire.NAME: name}


def test_a_long_street_is_broken_between_words_and_not_cut() -> None:
    street = " ".join(["street"] * 40)

    first, _, second = str(wire.lines(street)).partition("\n")

    assert f"{first} {second}" == street
    assert max(len(first), len(second)) <= wire.LINE_CHARS


@pytest.mark.parametrize("name", ["company_phone", "companyPhone"])
def test_a_refused_field_is_known_in_either_spelling(name: str) -> None:
    assert wire.flat_name(name) == "companyPhone"


@pytest.mark.parametrize(
    ("refused", "ours"),
    [
        ("firstName", wire.NAME),
        ("addressLine2", wire.LINES),
        ("stateCode", "stateName"),
        ("country", "countryCode"),
    ],
)
def test_a_refused_part_belongs_to_the_whole(refused: str, ours: str) -> None:
    assert wire.whole_of(refused, {wire.NAME, wire.LINES, "stateName", "countryCode"}) == ours


def test_a_users_first_name_is_a_field_of_its_own() -> None:
    assert wire.whole_of("firstName", {"firstName", "lastName"}) == "firstName"


HEADERS = {
    "X-Requests-Allocated": "150 times/60 s",
    "X-Requests-Remaining": "149 times",
    "X-Request-Window-Resets-After": "0.3973509933774834 s",
}


@pytest.mark.parametrize(
    ("headers", "window"),
    [
        (HEADERS, Window(150, 60, 149, 0.3973509933774834)),
        ({**HEADERS, "X-Request-Window-Resets-After": ""}, Window(150, 60, 149, 60)),
        ({**HEADERS, "X-Requests-Allocated": "15 times"}, Window(15, 60, 149, 0.3973509933774834)),
        ({}, None),
        ({**HEADERS, "X-Requests-Remaining": "many"}, None),
    ],
    ids=["documented", "no reset", "no length", "none", "unreadable"],
)
def test_the_limits_headers_are_read_with_their_units(headers: dict[str, str], window: Any) -> None:
    assert wire.window(headers) == window


@pytest.mark.parametrize("typed", ["ON", "on", "CA-ON", "Ontario", "ontario "])
def test_a_state_is_known_by_code_and_name(typed: str) -> None:
    found = state("CA", typed)

    assert found is not None
    assert (found.code, found.name) == ("ON", "Ontario")


@pytest.mark.parametrize(
    ("country", "typed", "sent"),
    [
        ("US", "CA", "California"),
        ("US", "california", "california"),
        ("CA", "Narnia", "Narnia"),
        ("FR", "", None),
    ],
)
def test_a_state_goes_by_its_full_name_and_an_unknown_one_as_typed(
    country: str, typed: str, sent: str | None
) -> None:
    assert state_name(country, typed) == sent


def test_a_province_comes_before_the_region_of_its_name() -> None:
    found = state("ES", "Asturias")

    assert found is not None
    assert found.code == "O"


@pytest.mark.parametrize("country", sorted(WITH_STATES))
def test_every_state_of_a_checked_country_is_found_by_its_code(country: str) -> None:
    codes = [item.code for item in pycountry.subdivisions if item.country_code == country]

    found = [state(country, code) for code in codes]

    assert codes
    assert [f"{country}-{one.code}" for one in found if one] == codes


@pytest.mark.parametrize(
    ("text", "code"), [("Canada", "CA"), ("ca", "CA"), ("United States of America", "US"), ("x", "")]
)
def test_a_country_is_known_by_code_and_name(text: str, code: str) -> None:
    assert country_code(text) == code
