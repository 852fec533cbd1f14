"""Our companies as Accounts: settings, describe and converters, without a call."""

import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companies.models import Company
from connectors.mapping import Mapping
from connectors.systems.salesforce.ids import as_18, is_valid, to_18
from connectors.systems.salesforce.kind import KIND
from connectors.systems.salesforce.mapping import CUSTOM, as_label, mappings, must_be_filled
from tests.factories import CompanyFactory


def mapping(settings: dict[str, Any] | None = None, facts: dict[str, Any] | None = None) -> Mapping:
    return mappings(settings or {}, {"Account": facts or {}})["company"]


def limits(found: Mapping) -> dict[str, int | None]:
    return {field.remote: field.max_length for field in found.fields}


def test_without_describe_the_lengths_are_those_of_the_vendor() -> None:
    assert limits(mapping()) == {
        "Name": 255,
        "Phone": 40,
        "Website": 255,
        "BillingStreet": 255,
        "BillingCity": 40,
        "BillingState": 80,
        "BillingPostalCode": 20,
        "BillingCountry": 80,
        "ShippingStreet": 255,
        "ShippingCity": 40,
        "ShippingState": 80,
        "ShippingPostalCode": 20,
        "ShippingCountry": 80,
        **{default: 255 for _, _, default in CUSTOM.values()},
    }


def test_all_fields_of_the_issue_are_sent_by_default() -> None:
    company = CompanyFactory.build(
        name="Acme",
        legal_name="Acme Ltd",
        tax_id="T",
        reseller_id="R",
        customer_class="C",
        status=Company.Status.ACTIVE,
        email="a@b.example",
        legal_country="DE",
    )

    payload = mapping().render(company).payload

    assert payload["Concord_Email__c"] == "a@b.example"
    assert payload["Concord_Legal_Name__c"] == "Acme Ltd"
    assert (payload["Concord_Tax_Id__c"], payload["Concord_Reseller_Id__c"]) == ("T", "R")
    assert (payload["Concord_Customer_Class__c"], payload["Concord_Status__c"]) == ("C", "Active")
    assert payload["BillingCountry"] == "Germany"


def test_the_phone_is_sent_as_typed() -> None:
    assert (
        mapping().render(CompanyFactory.build(phone="(415) 555-0100 x7")).payload["Phone"]
        == "(415) 555-0100 x7"
    )


@pytest.mark.parametrize("code", ["", "XX"])
def test_a_country_that_is_none_breaks_nothing(code: str) -> None:
    for facts in ({}, {"BillingCountryCode": {"length": 10}}):
        rendered = mapping(facts=facts).render(CompanyFactory.build(legal_country=code))

        assert rendered.errors == {}


def test_every_country_of_ours_has_an_english_name_that_fits() -> None:
    from django_countries import countries

    found = mapping()
    for code in countries.countries:
        rendered = found.render(CompanyFactory.build(legal_country=code))
        assert rendered.errors == {}
        assert rendered.payload["BillingCountry"]


@pytest.mark.parametrize("setting", CUSTOM)
def test_an_empty_name_is_not_sent_and_another_one_is(setting: str) -> None:
    default = CUSTOM[setting][2]

    assert default not in limits(mapping({setting: ""}))
    assert default not in limits(mapping({setting: "  "}))
    assert default in limits(mapping({setting: None}))
    assert "Mine__c" in limits(mapping({setting: " Mine__c "}))


def test_names_are_spelled_as_describe_spells_them() -> None:
    found = mapping(
        {"external_id_field": "MY_ID__C", "email_field": "mail__C"},
        {"My_Id__c": {}, "Mail__c": {"length": 80}},
    )

    assert found.key == "My_Id__c"
    assert limits(found)["Mail__c"] == 80


@pytest.mark.parametrize(
    ("described", "needed"),
    [
        ({"nillable": False, "createable": True}, True),
        ({"nillable": False, "createable": True, "defaultedOnCreate": True}, False),
        ({"nillable": False, "createable": True, "type": "boolean"}, False),
        ({"nillable": False, "createable": False}, False),
        ({"nillable": True, "createable": True}, False),
        ({}, False),
    ],
)
def test_what_their_org_needs_is_checked_here(described: dict[str, Any], needed: bool) -> None:
    assert must_be_filled(described) is needed
    errors = mapping(facts={"Phone": described}).render(CompanyFactory.build(phone="")).errors
    assert ("phone" in errors) is needed


@pytest.mark.parametrize(
    ("value", "word"), [("active", "Active"), ("in_review", "In review"), ("", None), (None, None)]
)
def test_a_choice_is_a_word(value: str | None, word: str | None) -> None:
    assert as_label(value) == word


def test_each_setting_has_its_box_on_the_connections_page() -> None:
    boxes = {box.name for box in KIND.settings}

    assert {*CUSTOM, "external_id_field", "api_version"} <= boxes


# Ids. Source of the pairs: ids that the vendor's documents and public recordings show.


@pytest.mark.parametrize(
    "pair", ["0015g00000Xgxd8AAB", "0015g00000Xh2SxAAJ", "001R00000066cndIAA", "00D000000000062EAA"]
)
def test_real_ids_have_the_checksum_that_we_compute(pair: str) -> None:
    assert to_18(pair[:15]) == to_18(pair) == as_18(pair[:15]) == pair
    assert is_valid(pair)


@given(st.text(string.ascii_letters + string.digits, min_size=15, max_size=15))
def test_every_short_id_has_one_long_form(short: str) -> None:
    long = to_18(short)

    assert long.startswith(short)
    assert to_18(long) == long
    assert is_valid(long)
    assert not is_valid(short)
    if short.swapcase() != short:
        assert to_18(short.swapcase()) != long


@pytest.mark.parametrize(
    "text",
    [
        "",
        "001",
        "0015g00000Xgxd8AAA",
        "0015g00000xgxd8AAB",
        "0015g00000Xgxd8AAB ",
        "0015g00000Xgx-8",
        "٠" * 15,
        None,
        5,
    ],
)
def test_what_is_no_id_is_refused(text: Any) -> None:
    assert as_18(text) == ""
    if isinstance(text, str):
        assert not is_valid(text)
