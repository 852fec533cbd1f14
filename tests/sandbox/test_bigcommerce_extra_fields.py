"""Extra fields: definitions can only be read, values go by name, unique ones are unique for their kind."""

from typing import Any

import pytest

from .conftest import StoreCaller, address_values, company_values, user_values


def pairs(**values: Any) -> list[dict[str, Any]]:
    return [{"fieldName": name, "fieldValue": value} for name, value in values.items()]


@pytest.mark.parametrize(
    ("resource", "path"), [("company", "companies"), ("user", "users"), ("address", "addresses")]
)
def test_definitions_are_read_for_each_resource(store: StoreCaller, resource: str, path: str) -> None:
    store.store("extra_field", resource=resource, fieldName="Badge", isRequired=False, fieldType="2")

    config = store.data(f"/{path}/extra-fields")[-1]

    assert (config["fieldName"], config["fieldType"], config["isRequired"]) == ("Badge", "2", False)
    assert (config["configType"], config["maximumLength"], "resource" in config) == ("2", "255", False)
    assert store.call("POST", f"/{path}/extra-fields", json={}).status_code == 405


def test_a_new_store_has_a_unique_field_for_our_key(store: StoreCaller) -> None:
    (config,) = store.data("/companies/extra-fields")

    assert (config["fieldName"], config["isUnique"], config["visibleToEnduser"]) == ("ERP ID", True, False)


def test_values_are_text_and_unknown_names_are_passed_over(store: StoreCaller) -> None:
    company = store.company(extraFields=[*pairs(Nothing="x"), {"fieldName": "ERP ID", "fieldValue": 12}])

    (shown,) = store.data(f"/companies/{company}")["extraFields"]

    assert (shown["fieldName"], shown["fieldValue"], shown["isRequired"]) == ("ERP ID", "12", "0")


@pytest.mark.parametrize("status", [409, 422])
def test_a_taken_unique_value_is_refused_on_create_and_on_change(store: StoreCaller, status: int) -> None:
    store.settings(unique_extra_field_status=status)
    key = [{"fieldName": "ERP ID", "fieldValue": "12"}]
    first = store.company(extraFields=key)
    second = store.company(adminEmail="b@test.com")

    created = store.call("POST", "/companies", json=company_values(adminEmail="c@test.com", extraFields=key))
    changed = store.call("PUT", f"/companies/{second}", json={"extraFields": key})
    again = store.call("PUT", f"/companies/{first}", json={"extraFields": key})

    assert (created.status_code, changed.status_code, again.status_code) == (status, status, 200)
    assert "ERP ID" in created.json()["meta"]["message"]
    assert len(store.stored("company")) == 2


@pytest.mark.parametrize(
    ("definition", "value", "good"),
    [
        ({"maximumLength": "3"}, "abc", True),
        ({"maximumLength": "3"}, "abcd", False),
        ({"fieldType": "2", "maximumValue": "10"}, "10", True),
        ({"fieldType": "2", "maximumValue": "10"}, "11", False),
        ({"fieldType": "2"}, "ten", False),
        ({"fieldType": "3", "listOfValue": ["a", "b"]}, "b", True),
        ({"fieldType": "3", "listOfValue": ["a", "b"]}, "c", False),
        ({"isRequired": True}, "", False),
    ],
    ids=["fits", "long", "number", "high", "word", "choice", "no-choice", "empty"],
)
def test_a_value_meets_its_definition(
    store: StoreCaller, definition: dict[str, Any], value: str, good: bool
) -> None:
    store.store("extra_field", resource="company", fieldName="Badge", **definition)

    answer = store.call("POST", "/companies", json=company_values(extraFields=pairs(Badge=value)))

    assert answer.status_code == (200 if good else 422)
    assert good or answer.json()["meta"]["message"].startswith("extra_fields: Badge")


@pytest.mark.parametrize(
    "extra", [{"Badge": "x"}, [{"fieldName": "Badge"}], [{"fieldValue": "x"}], ["Badge"], "x"]
)
def test_values_come_as_a_list_of_names_and_values(store: StoreCaller, extra: Any) -> None:
    answer = store.call("POST", "/companies", json=company_values(extraFields=extra))

    assert answer.status_code == 422


def test_a_required_field_is_asked_for_on_create_and_on_every_change(store: StoreCaller) -> None:
    company = store.company()
    store.store("extra_field", resource="company", fieldName="Region", isRequired=True)

    created = store.call("POST", "/companies", json=company_values(adminEmail="b@test.com"))
    changed = store.call("PUT", f"/companies/{company}", json={"city": "Paris"})
    complete = store.call(
        "PUT", f"/companies/{company}", json={"city": "Paris", "extraFields": pairs(Region="North")}
    )

    assert [answer.status_code for answer in (created, changed, complete)] == [422, 422, 200]
    assert created.json()["meta"]["message"] == "extra_fields: Region is required."


def test_the_first_user_brings_required_fields_of_users(store: StoreCaller) -> None:
    store.store("extra_field", resource="user", fieldName="Badge", isRequired=True, isUnique=True)

    without = store.call("POST", "/companies", json=company_values())
    company = store.company(userExtraFields=pairs(Badge="1"))
    taken = store.call("POST", "/users", json=user_values(company, extraFields=pairs(Badge="1")))
    missing = store.call("POST", "/users", json=user_values(company))

    assert without.json()["meta"]["message"] == "user_extra_fields: Badge is required."
    assert store.data("/users", isIncludeExtraFields="1")[0]["extraFields"][0]["fieldValue"] == "1"
    assert taken.json()["data"]["errMsg"] == "The value of Badge already exists: 1"
    assert missing.json()["data"]["errMsg"] == {"extra_fields": ["Badge is required."]}


def test_a_unique_value_of_one_kind_is_free_for_another(store: StoreCaller) -> None:
    for resource in ("user", "address"):
        store.store("extra_field", resource=resource, fieldName="ERP ID", isUnique=True)
    extra = [{"fieldName": "ERP ID", "fieldValue": "1"}]
    company = store.company(extraFields=extra)

    store.user(company, extraFields=extra)
    store.address(company, extraFields=extra)
    taken = store.call("POST", "/addresses", json=address_values(company, extraFields=extra))
    other = store.address(company)
    changed = store.call("PUT", f"/addresses/{other}", json={"extraFields": extra})

    assert (taken.status_code, changed.status_code) == (422, 422)


def test_a_change_of_one_value_leaves_the_others(store: StoreCaller) -> None:
    store.store("extra_field", resource="company", fieldName="Region")
    company = store.store("company", companyName="A", extraFields={"ERP ID": "1", "Region": "North"})

    store.call("PUT", f"/companies/{company}", json={"extraFields": pairs(Region="South")})

    assert store.stored("company")[0]["extraFields"] == {"ERP ID": "1", "Region": "South"}


def test_a_renamed_field_no_longer_shows_the_old_values(store: StoreCaller) -> None:
    company = store.store("company", companyName="A", extraFields={"ERP ID": "1"})
    (config,) = store.data("/companies/extra-fields")

    store.control("PUT", f"bigcommerce/extra_field/{config['id']}", json={"fieldName": "Key"})

    (shown,) = store.data(f"/companies/{company}")["extraFields"]
    assert (shown["fieldName"], shown["fieldValue"]) == ("Key", "")
