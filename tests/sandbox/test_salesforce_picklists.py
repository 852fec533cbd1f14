"""What an org with State and Country/Territory Picklists takes of addresses, refuses and returns."""

from typing import Any

import pytest

from .conftest import Remote
from .org_addresses import Raw, billing, change, create, refusal

# What is taken


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({"BillingCountryCode": "DE"}, ("DE", "Germany", None, None)),
        ({"BillingCountry": "Germany"}, ("DE", "Germany", None, None)),
        ({"BillingCountry": "germany"}, ("DE", "Germany", None, None)),
        ({"BillingCountryCode": "us", "BillingStateCode": "or"}, ("US", "United States", "OR", "Oregon")),
        (
            {"BillingCountry": "United States", "BillingState": "Oregon"},
            ("US", "United States", "OR", "Oregon"),
        ),
        (
            {"BillingCountryCode": "AU", "BillingStateCode": "WA"},
            ("AU", "Australia", "WA", "Western Australia"),
        ),
        ({"BillingCountryCode": "CA", "BillingState": "Ontario"}, ("CA", "Canada", "ON", "Ontario")),
        ({"BillingCity": "Nowhere"}, (None, None, None, None)),
    ],
)
def test_a_code_writes_its_text_and_a_text_its_code(remote: Remote, sent: Raw, kept: tuple[Any, ...]) -> None:
    assert billing(remote, create(remote, **sent)) == kept


def test_where_both_are_sent_for_a_new_record_the_code_wins(remote: Remote) -> None:
    key = create(
        remote,
        BillingCountryCode="US",
        BillingCountry="Canada",
        BillingStateCode="OR",
        BillingState="Not a state",
    )

    assert billing(remote, key) == ("US", "United States", "OR", "Oregon")


def test_an_upsert_by_collections_answers_for_each_address(remote: Remote) -> None:
    good = {"Name": "A", "Concord_Id__c": "1", "BillingCountryCode": "US", "BillingStateCode": "TX"}
    bad = {**good, "Concord_Id__c": "2", "BillingStateCode": "NSW"}

    answer = remote.upsert([good, bad]).json()

    assert [each["success"] for each in answer] == [True, False]
    assert answer[1]["errors"] == [
        {
            "statusCode": "FIELD_INTEGRITY_EXCEPTION",
            "message": (
                "The existing country/territory doesn't recognize the state value for field: "
                "Billing State/Province Code"
            ),
            "fields": ["BillingStateCode"],
        }
    ]


def test_a_query_returns_code_text_and_compound(remote: Remote) -> None:
    create(remote, BillingStreet="1 Main St", BillingCountryCode="US", BillingStateCode="OR")

    names = "BillingCountry, BillingStateCode, BillingAddress, ShippingAddress"
    row = remote.query(f"SELECT {names} FROM Account WHERE BillingStateCode = 'OR'").json()["records"][0]

    assert (row["BillingCountry"], row["BillingStateCode"]) == ("United States", "OR")
    assert row["BillingAddress"] == {
        "city": None,
        "country": "United States",
        "countryCode": "US",
        "geocodeAccuracy": None,
        "latitude": None,
        "longitude": None,
        "postalCode": None,
        "state": "Oregon",
        "stateCode": "OR",
        "street": "1 Main St",
    }
    assert row["ShippingAddress"] is None


def test_the_compound_address_of_a_parent_can_be_selected(remote: Remote) -> None:
    account = create(remote, BillingCountryCode="NL")
    remote.call("POST", "/sobjects/Contact", json={"LastName": "L", "AccountId": account})

    row = remote.query("SELECT Account.BillingAddress FROM Contact").json()["records"][0]

    assert row["Account"]["BillingAddress"]["countryCode"] == "NL"


@pytest.mark.parametrize("clause", ["WHERE BillingAddress = 'x'", "ORDER BY BillingAddress"])
def test_the_compound_address_finds_and_sorts_nothing(remote: Remote, clause: str) -> None:
    create(remote, BillingCountryCode="NL")

    answer = remote.query(f"SELECT Id FROM Account {clause}")

    assert answer.status_code == 400
    assert "BillingAddress" in answer.json()[0]["message"]


# What is refused


@pytest.mark.parametrize(
    ("sent", "message", "field"),
    [
        (
            {"BillingCountry": "Deutschland"},
            "There's a problem with this country, even though it may appear correct. Please select a "
            "country/territory from the list of valid countries.: Billing Country",
            "BillingCountry",
        ),
        (
            {"BillingCountry": "US"},
            "There's a problem with this country, even though it may appear correct. Please select a "
            "country/territory from the list of valid countries.: Billing Country",
            "BillingCountry",
        ),
        (
            {"BillingCountryCode": "XX"},
            "The BillingCountryCode field contains XX, which isn't an available country/territory. "
            "Your administrator can add it for you.",
            "BillingCountryCode",
        ),
        (
            {"BillingCountryCode": "US", "BillingState": "OR"},
            "There's a problem with this state, even though it may appear correct. Please select a state "
            "from the list of valid states.: Billing State/Province",
            "BillingState",
        ),
        (
            {"BillingCountry": "South Africa", "BillingState": "Gauteng"},
            "There's a problem with this state, even though it may appear correct. Please select a state "
            "from the list of valid states.: Billing State/Province",
            "BillingState",
        ),
        (
            {"ShippingCountryCode": "US", "ShippingStateCode": "EP"},
            "The ShippingStateCode field contains EP, which isn't an available state. "
            "Your administrator can add it for you.",
            "ShippingStateCode",
        ),
        (
            {"BillingCountryCode": "DE", "BillingStateCode": "CA"},
            "The existing country/territory doesn't recognize the state value for field: "
            "Billing State/Province Code",
            "BillingStateCode",
        ),
        (
            {"BillingState": "California"},
            "A country/territory must be specified before specifying a state value for field: "
            "Billing State/Province",
            "BillingState",
        ),
        (
            {"BillingStateCode": "CA"},
            "A country/territory must be specified before specifying a state value for field: "
            "Billing State/Province Code",
            "BillingStateCode",
        ),
    ],
)
def test_what_is_on_no_list_is_refused_in_the_vendors_words(
    remote: Remote, sent: Raw, message: str, field: str
) -> None:
    answer = remote.call("POST", "/sobjects/Account", json={"Name": "A", **sent})

    assert refusal(answer) == ("FIELD_INTEGRITY_EXCEPTION", message, [field])
    assert remote.stored() == []


def test_a_contacts_addresses_are_held_to_the_same_lists(remote: Remote) -> None:
    answer = remote.call(
        "POST", "/sobjects/Contact", json={"LastName": "L", "MailingCountryCode": "CA", "MailingState": "ON"}
    )

    assert refusal(answer) == (
        "FIELD_INTEGRITY_EXCEPTION",
        "There's a problem with this state, even though it may appear correct. Please select a state "
        "from the list of valid states.: Mailing State/Province",
        ["MailingState"],
    )


@pytest.mark.parametrize("value", [{"city": "Delft"}, "Delft", None])
def test_the_compound_address_is_refused(remote: Remote, value: Any) -> None:
    answer = remote.call("POST", "/sobjects/Account", json={"Name": "A", "BillingAddress": value})

    assert answer.json()[0]["errorCode"] == "INVALID_FIELD_FOR_INSERT_UPDATE"


def test_a_colleague_over_there_meets_the_same_rules(remote: Remote) -> None:
    for bad in ({"BillingCountry": "Deutschland"}, {"BillingAddress": {"city": "Delft"}}):
        answer = remote.control("POST", "salesforce/Account", json={"Name": "A", **bad})

        assert answer.status_code == 400


# What an update does


@pytest.fixture
def account(remote: Remote) -> str:
    return create(remote, BillingCity="Portland", BillingCountryCode="US", BillingStateCode="OR")


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({"BillingStateCode": "WA"}, ("US", "United States", "WA", "Washington")),
        ({"BillingState": "Texas"}, ("US", "United States", "TX", "Texas")),
        ({"BillingStateCode": None}, ("US", "United States", None, None)),
        ({"BillingState": None}, ("US", "United States", None, None)),
        ({"BillingState": ""}, ("US", "United States", None, None)),
        ({"BillingCountryCode": None}, (None, None, None, None)),
        ({"BillingCountry": None}, (None, None, None, None)),
        ({"BillingCountryCode": None, "BillingStateCode": None}, (None, None, None, None)),
        ({"BillingCountryCode": "DE", "BillingStateCode": None}, ("DE", "Germany", None, None)),
        ({"BillingCountryCode": "AU", "BillingState": "Tasmania"}, ("AU", "Australia", "TAS", "Tasmania")),
        ({"BillingCountryCode": "US"}, ("US", "United States", "OR", "Oregon")),
        (
            {"BillingStateCode": "CA", "BillingState": "california"},
            ("US", "United States", "CA", "California"),
        ),
        ({"BillingCity": "Salem"}, ("US", "United States", "OR", "Oregon")),
    ],
)
def test_an_update_keeps_code_and_text_in_step(
    remote: Remote, account: str, sent: Raw, kept: tuple[Any, ...]
) -> None:
    change(remote, account, **sent)

    assert billing(remote, account) == kept


@pytest.mark.parametrize(
    ("sent", "message", "field"),
    [
        (
            {"BillingStateCode": "WA", "BillingState": "Texas"},
            "Mismatched integration value and ISO code for field: Billing State/Province",
            "BillingState",
        ),
        (
            {"BillingCountryCode": "CA", "BillingCountry": "Mexico", "BillingStateCode": None},
            "Mismatched integration value and ISO code for field: Billing Country",
            "BillingCountry",
        ),
        (
            {"BillingCountryCode": "DE"},
            "The existing country/territory doesn't recognize the state value for field: "
            "Billing State/Province Code",
            "BillingStateCode",
        ),
        (
            {"BillingCountryCode": None, "BillingStateCode": "CA"},
            "A country/territory must be specified before specifying a state value for field: "
            "Billing State/Province Code",
            "BillingStateCode",
        ),
        (
            {"BillingState": "Ontario"},
            "There's a problem with this state, even though it may appear correct. Please select a state "
            "from the list of valid states.: Billing State/Province",
            "BillingState",
        ),
    ],
)
def test_an_update_that_does_not_fit_changes_nothing(
    remote: Remote, account: str, sent: Raw, message: str, field: str
) -> None:
    answer = remote.call("PATCH", f"/sobjects/Account/{account}", json={"BillingCity": "Salem", **sent})

    assert refusal(answer) == ("FIELD_INTEGRITY_EXCEPTION", message, [field])
    row = remote.stored()[0]
    assert (row["BillingCity"], row["BillingStateCode"]) == ("Portland", "OR")


# What a person sees


def test_the_page_shows_an_address_as_one_with_its_codes(remote: Remote) -> None:
    key = create(
        remote,
        BillingStreet="1 Main St\nSuite 2",
        BillingCity="Portland",
        BillingPostalCode="97201",
        BillingCountryCode="US",
        BillingStateCode="OR",
    )

    page = remote.session.get(f"{remote.base}/lightning/r/Account/{key}/view", timeout=20).text

    assert "1 Main St\nSuite 2\nPortland, Oregon (OR) 97201\nUnited States (US)" in page
    assert "Shipping Address" in page
    assert "Billing State/Province Code" not in page


def test_the_page_shows_free_text_as_it_came(remote: Remote) -> None:
    remote.settings(state_country_picklists=False)
    key = create(remote, BillingState="Bayern", BillingCountry="Deutschland")

    page = remote.session.get(f"{remote.base}/lightning/r/Account/{key}/view", timeout=20).text

    assert "Bayern\nDeutschland" in page
