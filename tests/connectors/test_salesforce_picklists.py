"""State and Country/Territory picklists: what describe tells, which code fits an address, what is left out.

The answers are made by hand after the vendor's documents; no org and no stand-in is asked.
"""

import json
from typing import Any

import pytest

from companies.models import Company
from connectors.errors import Misconfigured
from connectors.mapping import Mapping, Rendered, grouped, outstanding
from connectors.systems.salesforce import address_parts, picklists
from connectors.systems.salesforce.errors import faults
from connectors.systems.salesforce.mapping import lists_of, mappings
from connectors.systems.salesforce.picklist_check import picklist_check
from connectors.systems.salesforce.picklists import Lists, country_name
from tests.connectors import described
from tests.connectors.described import COUNTRIES, STATES, bits, value
from tests.factories import CompanyFactory


def facts(fields: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """Return a connection's facts after describe; by default of an org whose picklists are on."""
    both = [*described.picklists("Billing"), *described.picklists("Shipping")] if fields is None else fields
    names = {item["name"]: {"length": item["length"], "type": item["type"]} for item in both}
    return {"Account": names, "Contact": {}, **picklists.facts(both)}


def mapping(known: dict[str, Any] | None = None) -> Mapping:
    return mappings({}, facts() if known is None else known)["company"]


def lists(known: dict[str, Any] | None = None) -> Lists:
    return Lists.of(facts() if known is None else known)


def company(country: str, region: str, **values: Any) -> Company:
    built: Company = CompanyFactory.build(legal_country=country, legal_region=region, **values)
    return built


def render(country: str, region: str, known: dict[str, Any] | None = None) -> Rendered:
    return mapping(known).render(company(country, region))


# What describe tells


def test_the_lists_are_read_by_the_bits_of_valid_for() -> None:
    assert facts()[picklists.FACTS] == {"countries": COUNTRIES, "states": STATES}


def test_one_code_may_be_a_state_of_several_countries() -> None:
    country, state = {"AL": "Albania", "BR": "Brazil", "US": "United States"}, described.picklists()[0]
    state["picklistValues"] = [
        value("AL", "Alagoas", valid_for=bits([1])),
        value("AL", "Alabama", valid_for=bits([2])),
        value("XX", "Both", valid_for=bits([1, 2])),
    ]

    found = picklists.facts([described.picklists(countries=country, states={})[1], state])[picklists.FACTS]

    assert found["states"] == {"BR": {"AL": "Alagoas", "XX": "Both"}, "US": {"AL": "Alabama", "XX": "Both"}}


def test_the_ninth_country_is_the_first_bit_of_the_second_byte() -> None:
    assert bits([8]) == "AIA="
    countries = {f"C{n}": f"Country {n}" for n in range(10)}

    found = facts(described.picklists(countries=countries, states={"C8": {"S": "State"}}))

    assert found[picklists.FACTS]["states"] == {"C8": {"S": "State"}}


def test_inactive_values_are_no_part_of_the_lists_and_keep_their_place_in_the_bits() -> None:
    state, country = described.picklists()
    country["picklistValues"][0]["active"] = False
    state["picklistValues"][-1]["active"] = False

    found = picklists.facts([state, country])[picklists.FACTS]

    assert "AU" not in found["countries"]
    assert "AU" not in found["states"]
    assert found["states"]["US"] == {"CA": "California", "CO": "Colorado"}
    assert found["states"]["BR"] == STATES["BR"]


@pytest.mark.parametrize("valid_for", [None, "", "not base64!", 5])
def test_without_readable_bits_the_states_are_not_known(valid_for: Any) -> None:
    state, country = described.picklists()
    for entry in state["picklistValues"]:
        entry["validFor"] = valid_for

    found = facts([state, country])

    assert found[picklists.FACTS]["states"] is None
    assert lists(found).state("DE", "Bayern") == "BY"  # ISO's list stands in


def test_an_org_without_states_is_told_from_one_that_does_not_say() -> None:
    found = facts(described.picklists(states={}))

    assert found[picklists.FACTS]["states"] == {}
    assert lists(found).state("US", "CA") == ""


def test_without_the_code_fields_there_are_no_lists() -> None:
    known = facts([described.text_field("BillingState", 80)])

    assert picklists.FACTS not in known
    assert lists_of(known) is None


def test_the_lists_are_kept_once_and_stay_small() -> None:
    countries = {f"{n:03}": "A country with a rather long name" for n in range(240)}
    states = {"000": {f"S{n}": "A state with a rather long name" for n in range(400)}}
    both = [
        *described.picklists("Billing", countries, states),
        *described.picklists("Shipping", countries, states),
    ]

    assert len(json.dumps(picklists.facts(both))) < 40_000


# Which code fits


@pytest.mark.parametrize(
    ("country", "typed", "code"),
    [
        ("US", "CA", "CA"),
        ("US", "ca", "CA"),
        ("US", "California", "CA"),
        ("US", "CALIFORNIA", "CA"),
        ("US", "US-CA", "CA"),
        ("AU", "WA", "WA"),
        ("CA", "Québec", "QC"),
        ("CA", "Yukon", "YT"),
        ("BR", "Sao Paulo", "SP"),
        ("BR", "Para", "PA"),
        ("MX", "JAL", "JA"),
        ("MX", "Ciudad de México", "DF"),
        ("MX", "Coahuila de Zaragoza", "CO"),
        ("MX", "Estado de Mexico", ""),
        ("CN", "BJ", "11"),
        ("CN", "Beijing Shi", "11"),
        ("CN", "Nei Mongol Zizhiqu", "15"),
        ("IN", "Odisha", "OR"),
        ("IN", "OD", "OR"),
        ("IT", "Venezia", "VE"),
        ("US", "Ontario", ""),
        ("US", "NY", ""),
        ("US", "Calif.", ""),
        ("US", "Washington DC", ""),
        ("DE", "BY", ""),
        ("US", "…", ""),
    ],
)
def test_a_state_is_found_by_code_or_name_and_never_guessed(country: str, typed: str, code: str) -> None:
    assert lists().state(country, typed) == code


def test_two_states_that_differ_in_an_accent_only_are_told_apart() -> None:
    two = Lists({"XX": "X"}, {"XX": {"1": "Rio", "2": "Río"}})

    assert (two.state("XX", "Rio"), two.state("XX", "Río"), two.state("XX", "RIÓ")) == ("1", "2", "")


def test_a_label_in_another_language_is_found_by_isos_code() -> None:
    german = Lists({"US": "Vereinigte Staaten"}, {"US": {"CA": "Kalifornien", "WA": "Washington"}})

    assert german.state("US", "California") == "CA"


def test_isos_code_is_not_taken_where_it_is_another_state_there() -> None:
    own = Lists({"US": "United States"}, {"US": {"CA": "Colorado"}})

    assert own.state("US", "California") == ""
    assert own.state("US", "Colorado") == "CA"


@pytest.mark.parametrize(
    ("countries", "code", "found"),
    [
        (COUNTRIES, "US", "US"),
        (COUNTRIES, "us", "US"),
        (COUNTRIES, "HK", ""),
        (COUNTRIES, "XX", ""),
        ({"USA": "Vereinigte Staaten"}, "US", "USA"),
        ({"UK": "United Kingdom"}, "GB", "UK"),
        ({}, "US", "US"),
        ({}, "XX", ""),
    ],
)
def test_a_country_is_found_by_code_or_name(countries: dict[str, str], code: str, found: str) -> None:
    assert Lists(countries, {}).country(code, company(code, "").legal_address.country_name) == found


def test_salesforces_own_names_are_those_of_iso_but_for_a_few() -> None:
    names = [country_name(code) for code in ("US", "GB", "KR", "TW", "CI", "VN")]

    assert names == [
        "United States", "United Kingdom", "Korea, Republic of", "Taiwan", "Cote d'Ivoire", "Vietnam",
    ]  # fmt: skip
    assert country_name("XK", "Kosovo") == "Kosovo"
    assert country_name("") == ""


# What is sent


def test_with_picklists_codes_are_sent_for_both_addresses() -> None:
    payload = render("US", "California").payload

    for prefix in ("Billing", "Shipping"):
        assert payload[f"{prefix}StateCode"] == "CA"
        assert payload[f"{prefix}CountryCode"] == "US"
        assert not {f"{prefix}State", f"{prefix}Country"} & set(payload)


def test_without_picklists_texts_are_sent_and_salesforces_name_of_the_country() -> None:
    rendered = render("US", "Calif.", facts([]))

    assert rendered.payload["BillingState"] == "Calif."
    assert rendered.payload["ShippingCountry"] == "United States"
    assert rendered.remarks == {}


def test_the_switch_of_one_address_does_not_decide_for_the_other() -> None:
    payload = render("US", "CA", facts(described.picklists("Shipping"))).payload

    assert {"BillingState", "BillingCountry", "ShippingStateCode", "ShippingCountryCode"} <= set(payload)


@pytest.mark.parametrize(
    ("country", "region", "codes", "said"),
    [
        (
            "DE", "Bavaria", (None, "DE"),
            "Salesforce lists no states of this country (Germany), so “Bavaria” is left out",
        ),
        (
            "US", "Calif.", (None, "US"),
            "“Calif.” is not on Salesforce's list of states (United States), so it is left out",
        ),
        (
            "HK", "Kowloon", (None, None),
            "“Hong Kong” is not on Salesforce's list of countries, so it is left out, and “Kowloon” with it",
        ),
        ("HK", "", (None, None), "“Hong Kong” is not on Salesforce's list of countries, so it is left out;"),
        ("", "CA", (None, None), "this address has none, so “CA” is left out"),
        ("XX", "", (None, None), "“XX” is not on Salesforce's list of countries"),
    ],
)  # fmt: skip
def test_what_is_not_on_the_lists_is_left_out_and_said_and_the_rest_goes(
    country: str, region: str, codes: tuple[str | None, str | None], said: str
) -> None:
    rendered = render(country, region)

    payload = rendered.payload
    assert (payload["BillingStateCode"], payload["BillingCountryCode"]) == codes
    assert payload["BillingCity"] == "San Francisco"
    assert rendered.errors == {}
    (sentence,) = grouped(mapping().by_label(rendered.remarks))  # once for both addresses
    assert said in sentence
    assert "the rest of the address is sent" in sentence
    assert sentence.startswith("Billing ")
    assert ", Shipping " in sentence


@pytest.mark.parametrize(("country", "region"), [("US", "CA"), ("DE", ""), ("", "")])
def test_an_address_that_fits_has_no_remark(country: str, region: str) -> None:
    assert render(country, region).remarks == {}


def test_a_state_as_long_as_our_box_takes_fails_nothing() -> None:
    rendered = render("US", "x" * 200)

    assert rendered.errors == {}
    assert all(len(text) < 400 for text in rendered.remarks.values())


def test_what_was_sent_is_what_is_compared_with() -> None:
    for country, region in (("US", "California"), ("DE", "Bavaria"), ("HK", "Kowloon")):
        rendered = render(country, region)
        sent = {name: value for name, value in rendered.payload.items() if value is not None}

        assert outstanding(rendered.payload, sent, {}, unsure=False) == {}


def test_a_state_that_no_longer_fits_is_cleared_there() -> None:
    before = render("US", "CA").payload

    after = outstanding(render("DE", "Bavaria").payload, before, {}, unsure=False)

    assert after["BillingStateCode"] is None
    assert after["BillingCountryCode"] == "DE"


def test_the_switch_turned_on_later_is_something_to_send() -> None:
    off, on = facts([]), facts()

    differs = outstanding(render("US", "CA", on).payload, render("US", "CA", off).payload, {}, unsure=False)

    assert {"BillingStateCode", "BillingCountryCode"} <= set(differs)


# Both codes of an address go together


@pytest.mark.parametrize(
    ("sent", "whole"),
    [
        ({"BillingCountryCode": "AU"}, {"BillingCountryCode": "AU", "BillingStateCode": "WA"}),
        ({"BillingStateCode": "WA"}, {"BillingCountryCode": "US", "BillingStateCode": "WA"}),
        ({"ShippingCountryCode": "DE"}, {"ShippingCountryCode": "DE", "ShippingStateCode": None}),
        ({"ShippingStateCode": None}, {"ShippingStateCode": None}),
        ({"BillingCountry": "Germany"}, {"BillingCountry": "Germany"}),
        ({"Name": "Acme"}, {"Name": "Acme"}),
        ({}, {}),
    ],
)
def test_a_state_and_its_country_are_sent_together(sent: dict[str, Any], whole: dict[str, Any]) -> None:
    payload = {"Name": "Acme", "BillingCountryCode": "US", "BillingStateCode": "WA"}

    assert address_parts.whole(sent, payload) == whole


# Refusals


def failed(code: str, message: str, *fields: str) -> dict[str, Any]:
    return {"success": False, "errors": [{"statusCode": code, "message": message, "fields": list(fields)}]}


CODES = {
    "Name": "Acme", "BillingStateCode": "CA", "BillingCountryCode": "US",
    "ShippingStateCode": "ON", "ShippingCountryCode": "CA",
}  # fmt: skip
BOTH = ["BillingStateCode", "BillingCountryCode"]


@pytest.mark.parametrize(
    ("message", "fields", "names"),
    [
        (
            "There's a problem with this state, even though it may appear correct. Please select a state "
            "from the list of valid states.: Billing State/Province",
            [],
            ["BillingStateCode"],
        ),
        ("There's a problem with this state", ["ShippingState"], ["ShippingStateCode"]),
        (
            "There's a problem with this country, even though it may appear correct. Please select a "
            "country/territory from the list of valid countries.: Billing Country",
            [],
            BOTH,
        ),
        ("There's a problem with this country", ["BillingCountry"], BOTH),
        (
            "The BillingStateCode field contains EP, which isn't an available state. Your administrator can "
            "add it for you.",
            [],
            ["BillingStateCode"],
        ),
        (
            "The BillingCountryCode field contains LK, which isn't an available country/territory.",
            ["BillingCountryCode"],
            BOTH,
        ),
        (
            "The existing country/territory doesn't recognize the state value for field: Billing "
            "State/Province Code",
            ["BillingStateCode"],
            ["BillingStateCode"],
        ),
        (
            "A country/territory must be specified before specifying a state value for field: Shipping "
            "State/Province",
            [],
            ["ShippingStateCode"],
        ),
        ("Ein Problem mit diesem Bundesland", ["BillingStateCode"], ["BillingStateCode"]),
        ("There's a problem with this state", [], ["BillingStateCode", "ShippingStateCode"]),
        ("Parent Account: bad value", ["ParentId"], []),
    ],
)
def test_the_field_that_the_lists_refuse_is_known(message: str, fields: list[str], names: list[str]) -> None:
    answer = failed("FIELD_INTEGRITY_EXCEPTION", message, *fields)

    assert address_parts.refused(faults(answer), CODES) == names


def test_a_refused_text_is_known_too() -> None:
    answer = failed("FIELD_INTEGRITY_EXCEPTION", "There's a problem with this state", "BillingState")

    assert address_parts.refused(faults(answer), {"BillingState": "CA", "BillingCity": "x"}) == [
        "BillingState"
    ]


@pytest.mark.parametrize(
    "answer",
    [
        {"success": True, "id": "001", "errors": []},
        failed("REQUIRED_FIELD_MISSING", "Required fields are missing: [BillingState]", "BillingState"),
        failed("FIELD_CUSTOM_VALIDATION_EXCEPTION", "We don't ship to this state", "BillingStateCode"),
    ],
)
def test_another_refusal_is_none_of_the_lists(answer: dict[str, Any]) -> None:
    assert address_parts.refused(faults(answer), CODES) == []


def test_what_is_cleared_was_not_refused() -> None:
    answer = failed("FIELD_INTEGRITY_EXCEPTION", "There's a problem with this state", "BillingStateCode")

    assert address_parts.refused(faults(answer), {"BillingStateCode": None}) == []


@pytest.mark.parametrize(
    ("code", "detail", "is_about"),
    [
        ("INVALID_FIELD", "400 INVALID_FIELD: No such column 'BillingStateCode' on sobject", True),
        ("INVALID_FIELD", "400 INVALID_FIELD: No such column 'Concord_Email__c' on sobject", False),
        ("INVALID_TYPE", "BillingStateCode", False),
    ],
)
def test_a_switch_that_was_turned_off_is_known(code: str, detail: str, is_about: bool) -> None:
    assert address_parts.is_about_codes(Misconfigured("x", detail=detail, code=code)) is is_about


# What a test of the connection says


def test_the_test_warns_of_what_the_lists_lack() -> None:
    check = picklist_check(lists())

    assert (check.ok, check.warns) == (True, True)
    assert check.text.startswith("On: states and countries are sent as codes. It lists states for Australia,")
    assert "a state of any other country, or one that is not listed, is left out" in check.text
    assert "Not on its list of countries, and left out with their states: Afghanistan, " in check.text
    assert "more." in check.text


def test_the_test_tells_how_countries_go_where_the_picklists_are_off() -> None:
    check = picklist_check(None)

    assert (check.ok, check.warns) == (True, False)
    assert "such as United States" in check.text


@pytest.mark.parametrize(
    ("states", "said"),
    [(None, "does not tell which state belongs to which country"), ({}, "Its list of states is empty")],
)
def test_the_test_tells_lists_that_are_empty_from_lists_that_are_not_told(states: Any, said: str) -> None:
    assert said in picklist_check(Lists(COUNTRIES, states)).text
