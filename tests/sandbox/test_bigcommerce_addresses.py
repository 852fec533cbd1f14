"""The address book: countries and states, defaults, external ids, filters."""

from typing import Any

import pytest

from .conftest import StoreCaller, address_values

NO_COUNTRY = "At least one of the country and country code is not empty"
BAD_DEFAULT = "Check is default fields and corresponding field."


def refused(store: StoreCaller, **values: Any) -> Any:
    answer = store.call("POST", "/addresses", json=address_values(store.company(), **values))
    assert (answer.status_code, answer.json()["meta"]["message"]) == (422, "Parameter Error")
    assert store.stored("address") == []
    return answer.json()["data"]["errMsg"]


def test_an_address_needs_little_and_tells_its_place_in_full(store: StoreCaller) -> None:
    company = store.company()

    answer = store.call("POST", "/addresses", json=address_values(company))

    key = answer.json()["data"]["addressId"]
    detail = store.data(f"/addresses/{key}")
    assert (detail["countryName"], detail["stateName"]) == ("United States", "California")
    assert (detail["isBilling"], detail["isDefaultShipping"], detail["label"]) == (False, False, "")
    assert detail["createdAt"] == detail["updatedAt"]


@pytest.mark.parametrize("name", ["firstName", "lastName", "addressLine1", "city", "companyId"])
def test_a_required_field_is_asked_for_in_snake_case(store: StoreCaller, name: str) -> None:
    snake = {"addressLine1": "address_line1", "companyId": "company_id"}
    key = snake.get(name, name.replace("N", "_n"))

    assert refused(store, **{name: None}) == {key: ["This field is required."]}


@pytest.mark.parametrize(
    ("values", "reasons"),
    [
        ({"firstName": ""}, {"first_name": ["This field may not be blank."]}),
        ({"city": "x" * 101}, {"city": ["Ensure this field has no more than 100 characters."]}),
        ({"companyId": 99}, {"company_id": ["Company does not exist."]}),
        ({"countryCode": None, "country": "US"}, {"non_field_errors": [NO_COUNTRY]}),
        ({"countryCode": ""}, {"non_field_errors": [NO_COUNTRY]}),
        ({"countryCode": "XX"}, {"country_code": ["Country does not exist."]}),
        ({"countryCode": "USA"}, {"country_code": ["Ensure this field has no more than 2 characters."]}),
        ({"stateCode": None}, {"state_code": ["This field is required."]}),
        ({"stateCode": "BY"}, {"state_code": ["State does not exist."]}),
        ({"stateCode": None, "stateName": "Bayern"}, {"state_name": ["State does not exist."]}),
        ({"countryCode": "FR", "stateCode": "75"}, {"state_code": ["State does not exist."]}),
        ({"isBilling": "maybe"}, {"is_billing": ["Must be a valid boolean."]}),
        ({"isDefaultBilling": True}, {"non_field_errors": [BAD_DEFAULT]}),
        ({"isDefaultShipping": True, "isBilling": True}, {"non_field_errors": [BAD_DEFAULT]}),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) and "errors" not in str(value) else "",
)
def test_a_bad_value_is_refused_with_its_reason(
    store: StoreCaller, values: dict[str, Any], reasons: dict[str, list[str]]
) -> None:
    found = refused(store, **values)

    # An unreadable country code leaves none, which is said too.
    assert {key: found[key] for key in reasons} == reasons


@pytest.mark.parametrize(
    ("values", "place"),
    [
        ({"countryCode": "us"}, ("US", "United States", "CA", "California")),
        (
            {"countryCode": None, "countryName": "Germany", "stateCode": "by"},
            ("DE", "Germany", "BY", "Bayern"),
        ),
        ({"stateCode": None, "stateName": "texas"}, ("US", "United States", "TX", "Texas")),
        ({"countryName": "France"}, ("US", "United States", "CA", "California")),
        ({"countryCode": "FR", "stateCode": None, "stateName": "Bretagne"}, ("FR", "France", "", "Bretagne")),
        ({"countryCode": "FR", "stateCode": None}, ("FR", "France", "", "")),
    ],
    ids=["case", "name", "state-name", "code-wins", "free-state", "no-state"],
)
def test_the_name_follows_the_code_and_states_count_where_they_are_checked(
    store: StoreCaller, values: dict[str, Any], place: tuple[str, ...]
) -> None:
    detail = store.data(f"/addresses/{store.address(store.company(), **values)}")

    names = ("countryCode", "countryName", "stateCode", "stateName")
    assert tuple(detail[name] for name in names) == place


def test_the_same_address_twice_is_two(store: StoreCaller) -> None:
    company = store.company()

    assert store.address(company, externalId="L-1") != store.address(company, externalId="L-1")


def test_a_new_default_takes_the_place_of_the_old_one_in_its_company_only(store: StoreCaller) -> None:
    first, second = store.company(), store.company(adminEmail="b@test.com")
    billing = {"isBilling": True, "isDefaultBilling": True}
    old = store.address(first, isShipping=True, isDefaultShipping=True, **billing)
    other = store.address(second, **billing)

    new = store.address(first, **billing)

    defaults = {
        row["id"]: (row["isDefaultBilling"], row["isDefaultShipping"]) for row in store.stored("address")
    }
    assert defaults == {old: (False, True), other: (True, False), new: (True, False)}


def test_two_defaults_can_stand_where_the_old_one_is_not_cleared(store: StoreCaller) -> None:
    store.settings(new_default_clears_old=False)
    company = store.company()
    keys = [store.address(company, isBilling=True, isDefaultBilling=True) for _ in range(2)]

    assert [store.data(f"/addresses/{key}")["isDefaultBilling"] for key in keys] == [True, True]


def test_a_change_is_partial_and_leaves_the_company(store: StoreCaller) -> None:
    company = store.company()
    key = store.address(company, label="Head office")

    answer = store.call(
        "PUT", f"/addresses/{key}", json={"city": "Palo Alto", "companyId": 99, "country": "DE"}
    )

    detail = store.data(f"/addresses/{key}")
    assert answer.json()["data"] == {"addressId": key}
    assert (detail["city"], detail["label"], detail["countryCode"]) == ("Palo Alto", "Head office", "US")
    assert detail["companyId"] == company


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"countryName": "Germany"}, "country_code"),
        ({"countryCode": "DE"}, "state_code"),
        ({"countryCode": "DE", "stateCode": "CA"}, "state_code"),
        ({"countryCode": ""}, "non_field_errors"),
        ({"stateCode": "ZZ"}, "state_code"),
        ({"isDefaultBilling": True}, "non_field_errors"),
        ({"firstName": ""}, "first_name"),
    ],
    ids=["name-alone", "no-state", "old-state", "no-country", "state", "default", "blank"],
)
def test_a_change_meets_the_rules_of_its_country(
    store: StoreCaller, changes: dict[str, Any], key: str
) -> None:
    address = store.address(store.company(), isBilling=True)

    answer = store.call("PUT", f"/addresses/{address}", json=changes)

    assert (answer.status_code, list(answer.json()["data"]["errMsg"])) == (422, [key])


def test_a_changed_code_changes_the_name_and_drops_the_state(store: StoreCaller) -> None:
    key = store.address(store.company())

    store.call("PUT", f"/addresses/{key}", json={"countryCode": "FR"})
    abroad = store.data(f"/addresses/{key}")
    store.call("PUT", f"/addresses/{key}", json={"countryCode": "DE", "stateCode": "BY"})

    assert (abroad["countryName"], abroad["stateCode"], abroad["stateName"]) == ("France", "", "")
    assert store.data(f"/addresses/{key}")["stateName"] == "Bayern"


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_an_address_that_is_not_there_is_a_404(store: StoreCaller, method: str) -> None:
    answer = store.call(method, "/addresses/99", json={})

    assert answer.status_code == 404
    assert answer.json()["data"]["errMsg"] == "Address matching query does not exist."


def test_a_deleted_address_is_gone(store: StoreCaller) -> None:
    key = store.address(store.company())

    assert store.call("DELETE", f"/addresses/{key}").json()["code"] == 200
    assert store.stored("address") == []


def found(store: StoreCaller, **query: Any) -> list[str]:
    return [address["externalId"] for address in store.data("/addresses", **query)]


def places(store: StoreCaller) -> list[int]:
    companies = [store.company(), store.company(adminEmail="b@test.com")]
    store.address(companies[0], externalId="L-1", isBilling=True)
    store.address(
        companies[0], externalId="L-10", city="Paris", countryCode="FR", stateCode=None, zipCode="75001"
    )
    store.address(companies[1], externalId="M,1", firstName="Bob", isShipping=True, phoneNumber="123")
    for number, address in enumerate(store.stored("address")):
        stamps = {"createdAt": 1000 + number, "updatedAt": 2000 + number}
        store.control("PUT", f"bigcommerce/address/{address['id']}", json=stamps)
    return companies


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ({"externalId[]": "L-1"}, ["L-1"]),
        ({"externalId[]": ["L-10", "M,1"]}, ["L-10", "M,1"]),
        ({"externalId[]": "nothing"}, []),
        ({"externalId": "L-1"}, ["L-1", "L-10", "M,1"]),
        ({"isBilling": "true"}, ["L-1"]),
        ({"isShipping": "false"}, ["L-1", "L-10"]),
        ({"city": "paris"}, ["L-10"]),
        ({"country": "France"}, ["L-10"]),
        ({"state": "California"}, ["L-1", "M,1"]),
        ({"firstName": "bob"}, ["M,1"]),
        ({"zipCode": "75"}, ["L-10"]),
        ({"phoneNumber": "123"}, ["M,1"]),
        ({"minModified": 2001}, ["L-10", "M,1"]),
        ({"maxCreated": 1000}, ["L-1"]),
        ({"label": "x"}, ["L-1", "L-10", "M,1"]),
    ],
    ids=lambda value: (
        "-".join(f"{key}-{each}" for key, each in value.items()) if isinstance(value, dict) else ""
    ),
)
def test_a_documented_parameter_filters(store: StoreCaller, query: dict[str, Any], keys: list[str]) -> None:
    places(store)

    assert found(store, **query) == keys


def test_a_company_has_its_own_addresses(store: StoreCaller) -> None:
    first, second = places(store)

    assert found(store, companyId=second) == ["M,1"]
    assert found(store, companyId=first, **{"externalId[]": "M,1"}) == []


@pytest.mark.parametrize(
    ("how", "keys"), [("contains", ["L-1", "L-10"]), ("ignored", ["L-1", "L-10", "M,1"])]
)
def test_the_filter_for_external_ids_may_not_be_exact(store: StoreCaller, how: str, keys: list[str]) -> None:
    places(store)
    store.settings(external_id_filter=how)

    assert found(store, **{"externalId[]": "L-1"}) == keys


def test_limits_of_1_and_250_are_outside(store: StoreCaller) -> None:
    def statuses() -> list[int]:
        limits = (1, 2, 249, 250)
        return [store.call("GET", "/addresses", params={"limit": each}).status_code for each in limits]

    strict = statuses()
    store.settings(address_limits_exclusive=False)

    assert strict == [422, 200, 200, 413]
    assert statuses() == [200, 200, 200, 200]


def test_ids_and_times_are_text_in_lists(store: StoreCaller) -> None:
    company = store.company()
    key = store.address(company)

    listed, detail = store.data("/addresses")[0], store.data(f"/addresses/{key}")

    assert (listed["companyId"], detail["companyId"]) == (str(company), company)
    assert listed["updatedAt"] == str(detail["updatedAt"])
