"""Which countries and states an org has, how describe tells it, and what its administrator decided."""

import base64

import pytest

from .conftest import Remote
from .org_addresses import Raw, billing, change, create, fields, refusal, states_of

# As an org of the vendor has them: they are not the codes of ISO 3166-2.
MEXICO = {"JA": "Jalisco", "ME": "Mexico State", "NL": "Nuevo León", "PB": "Puebla"}


# What describe tells


def test_a_new_org_has_the_picklists(remote: Remote) -> None:
    assert {"BillingStateCode", "BillingCountryCode"} <= fields(remote).keys()


@pytest.mark.parametrize(
    ("sobject", "prefixes"), [("Account", ("Billing", "Shipping")), ("Contact", ("Mailing", "Other"))]
)
def test_describe_tells_codes_beside_texts_of_every_address(
    remote: Remote, sobject: str, prefixes: tuple[str, ...]
) -> None:
    told = fields(remote, sobject)

    for prefix in prefixes:
        country, state = told[f"{prefix}CountryCode"], told[f"{prefix}StateCode"]
        assert (country["type"], country["length"], country["restrictedPicklist"]) == ("picklist", 10, True)
        assert (country["controllerName"], country["dependentPicklist"]) == (None, False)
        assert (state["controllerName"], state["dependentPicklist"]) == (f"{prefix}CountryCode", True)
        assert told[f"{prefix}State"]["type"] == "string"
        assert (told[f"{prefix}Country"]["type"], told[f"{prefix}Country"]["length"]) == ("string", 80)
        assert state["label"] == f"{prefix} State/Province Code"


@pytest.mark.parametrize("prefix", ["Billing", "Shipping"])
def test_the_compound_address_is_told_and_never_written(remote: Remote, prefix: str) -> None:
    told = fields(remote)

    compound = told[f"{prefix}Address"]
    assert (compound["type"], compound["soapType"]) == ("address", "urn:address")
    assert (compound["createable"], compound["updateable"], compound["sortable"]) == (False, False, False)
    parts = [name for name, field in told.items() if field["compoundFieldName"] == f"{prefix}Address"]
    assert parts == [
        f"{prefix}{part}"
        for part in ("Street", "City", "State", "PostalCode", "Country", "StateCode", "CountryCode")
    ]


def test_valid_for_has_a_bit_for_every_country_and_needs_no_padding(remote: Remote) -> None:
    told = fields(remote)

    countries = told["BillingCountryCode"]["picklistValues"]
    assert {each["validFor"] for each in countries} == {None}
    for each in told["BillingStateCode"]["picklistValues"]:
        bits = base64.b64decode(each["validFor"])
        assert len(bits) * 8 >= len(countries)
        assert not each["validFor"].endswith("=")
        assert sum(byte.bit_count() for byte in bits) == 1


def test_nine_countries_have_states_and_no_other(remote: Remote) -> None:
    codes = [each["value"] for each in fields(remote)["BillingCountryCode"]["picklistValues"]]

    assert len(codes) > 230
    told = {
        code for code in ("AU", "BR", "CA", "CN", "IE", "IN", "IT", "MX", "US") if states_of(remote, code)
    }
    assert told == {"AU", "BR", "CA", "CN", "IE", "IN", "IT", "MX", "US"}
    for code in ("DE", "ES", "FR", "GB", "JP", "NL", "NZ", "ZA"):
        assert states_of(remote, code) == {}


def test_states_are_those_that_are_written_in_an_address(remote: Remote) -> None:
    assert states_of(remote, "US")["OR"] == "Oregon"
    assert states_of(remote, "AU")["NSW"] == "New South Wales"
    assert states_of(remote, "CA").keys() >= {"ON", "QC", "YT"}
    assert states_of(remote, "IE")["D"] == "Dublin"
    assert "Leinster" not in states_of(remote, "IE").values()  # a province of counties
    assert states_of(remote, "IT")["MI"] == "Milano"
    assert "Lombardia" not in states_of(remote, "IT").values()


def test_one_code_stands_once_for_each_country_that_has_it(remote: Remote) -> None:
    entries = fields(remote)["BillingStateCode"]["picklistValues"]

    labels = [each["label"] for each in entries if each["value"] == "WA"]
    assert sorted(labels) == ["Washington", "Western Australia"]
    assert states_of(remote, "AU")["WA"] == "Western Australia"


# What the administrator of the org decided


def test_the_default_country_fills_every_address_of_a_new_record(remote: Remote) -> None:
    remote.settings(default_country="CA")

    key = create(remote, BillingStateCode="ON")

    assert billing(remote, key) == ("CA", "Canada", "ON", "Ontario")
    row = remote.stored()[0]
    assert (row["ShippingCountryCode"], row.get("ShippingStateCode")) == ("CA", None)
    told = fields(remote)["BillingCountryCode"]
    assert [each["value"] for each in told["picklistValues"] if each["defaultValue"]] == ["CA"]
    change(remote, key, BillingCountryCode=None)
    assert billing(remote, key) == (None, None, None, None)


def test_a_state_that_the_default_country_lacks_is_refused(remote: Remote) -> None:
    remote.settings(default_country="US")

    answer = remote.call("POST", "/sobjects/Account", json={"Name": "A", "BillingStateCode": "ON"})

    assert refusal(answer)[1].startswith("The existing country/territory doesn't recognize the state value")


def test_integration_values_are_written_and_labels_only_shown(remote: Remote) -> None:
    remote.settings(
        countries={"US": {"integrationValue": "USA", "states": {"OR": {"integrationValue": "Ore."}}}}
    )

    told = fields(remote)["BillingCountryCode"]["picklistValues"]
    assert next(each["label"] for each in told if each["value"] == "US") == "United States"
    assert states_of(remote, "US") == {"OR": "Oregon"}
    key = create(remote, BillingCountry="USA", BillingState="Ore.")
    assert billing(remote, key) == ("US", "USA", "OR", "Ore.")
    answer = remote.call("POST", "/sobjects/Account", json={"Name": "A", "BillingCountry": "United States"})
    assert refusal(answer)[2] == ["BillingCountry"]


def test_an_org_has_the_lists_that_its_administrator_made(remote: Remote) -> None:
    remote.settings(
        countries={
            "MX": {"states": MEXICO},
            "DE": {"states": {"BY": "Bavaria"}},
            "LK": None,
            "XK": {"label": "Kosovo"},
        }
    )

    assert states_of(remote, "MX") == MEXICO
    assert billing(remote, create(remote, BillingCountryCode="DE", BillingState="Bavaria"))[2] == "BY"
    assert billing(remote, create(remote, BillingCountry="Kosovo"))[0] == "XK"
    for gone in ({"BillingCountryCode": "LK"}, {"BillingCountryCode": "MX", "BillingStateCode": "JAL"}):
        answer = remote.call("POST", "/sobjects/Account", json={"Name": "A", **gone})
        assert refusal(answer)[0] == "FIELD_INTEGRITY_EXCEPTION"


@pytest.mark.parametrize(
    "wrong",
    [
        {"countries": {"Germany": None}},
        {"countries": {"DE": {"name": "Germany"}}},
        {"countries": {"DE": {"states": ["BY"]}}},
        {"countries": {"DE": {"states": {"BY": 1}}}},
        {"countries": {"XK": {}}},
        {"countries": {"DE": {"states": {"BY": {}}}}},
        {"default_country": "XX"},
    ],
)
def test_lists_that_cannot_be_are_refused_with_a_sentence(remote: Remote, wrong: Raw) -> None:
    answer = remote.control("POST", "settings", json={"salesforce": wrong})

    assert answer.status_code == 400
    assert fields(remote)["BillingCountryCode"]["picklistValues"]


def test_turning_the_picklists_on_gives_codes_to_the_texts_on_the_lists(remote: Remote) -> None:
    remote.settings(state_country_picklists=False)
    known = create(remote, BillingCountry="United States", BillingState="Oregon", BillingPostalCode="97205")
    unknown = create(remote, BillingCountry="Deutschland", BillingState="Bayern")

    remote.settings(state_country_picklists=True)

    assert billing(remote, known) == ("US", "United States", "OR", "Oregon")
    assert billing(remote, unknown) == (None, "Deutschland", None, "Bayern")
    assert remote.stored()[0]["BillingPostalCode"] == "97205"


def test_without_picklists_addresses_are_free_text(remote: Remote) -> None:
    remote.settings(state_country_picklists=False)

    told = fields(remote)
    assert not {"BillingStateCode", "BillingCountryCode", "ShippingStateCode"} & told.keys()
    assert told["BillingAddress"]["type"] == "address"
    key = create(remote, BillingCountry="Deutschland", BillingState="Bayern")
    row = remote.call("GET", f"/sobjects/Account/{key}").json()
    assert (row["BillingCountry"], row["BillingState"]) == ("Deutschland", "Bayern")
    assert "countryCode" not in row["BillingAddress"]
    answer = remote.call("POST", "/sobjects/Account", json={"Name": "A", "BillingCountryCode": "DE"})
    assert answer.json()[0]["errorCode"] == "INVALID_FIELD"


def test_what_was_kept_without_codes_comes_back_with_them(remote: Remote) -> None:
    kept = {
        "Id": "001000000000001AAA",
        "Name": "A",
        "BillingCountry": "United States",
        "BillingState": "Oregon",
        "SystemModstamp": "2026-11-21T22:39:00.000+0000",
    }

    answer = remote.control("POST", "seed", json={"salesforce": {"Account": [kept]}})

    assert answer.status_code == 200, answer.text
    row = remote.stored()[0]
    assert (row["BillingCountryCode"], row["BillingStateCode"]) == ("US", "OR")
