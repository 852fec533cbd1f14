"""Bulk calls: ten at most, reasons in order, odd shapes of answers, all or none unless told otherwise."""

from typing import Any

import pytest

from .conftest import StoreCaller, address_values, company_values, user_values


def companies(*names: str) -> list[dict[str, Any]]:
    return [company_values(companyName=name, adminEmail=f"{name.lower()}@test.com") for name in names]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/companies/bulk"),
        ("PUT", "/companies/bulk"),
        ("POST", "/users/bulk"),
        ("POST", "/addresses/bulk"),
    ],
)
def test_an_eleventh_record_refuses_all(store: StoreCaller, method: str, path: str) -> None:
    answer = store.call(method, path, json=[{}] * 11)

    assert (answer.status_code, answer.json()["meta"]["message"]) == (413, "Request Entity Too Large")
    assert answer.json()["data"] == {"errMsg": "Add up to ten data at a time"}


def test_new_companies_are_told_in_an_odd_shape(store: StoreCaller) -> None:
    body = [{**each, "acceptWelcomeEmail": True} for each in companies("A", "B")]

    answer = store.call("POST", "/companies/bulk", json=body)

    ids = [company["id"] for company in store.stored("company")]
    assert answer.json() == {
        "code": 200,
        "meta": [{"companyId": each} for each in ids],
        "data": {"id": str(ids[0])},
    }
    assert [user["welcomed"] for user in store.stored("user")] == [True, True]


@pytest.mark.parametrize("key", ["_detail", "detail"])
def test_bad_companies_are_listed_in_the_third_shape_and_none_is_stored(store: StoreCaller, key: str) -> None:
    store.settings(bulk_error_key=key)
    body = [*companies("A"), {"companyName": ""}, *companies("A")]

    answer = store.call("POST", "/companies/bulk", json=body)

    assert (answer.status_code, answer.json()["meta"]["message"]) == (422, "Parameter Error")
    assert answer.json()["data"]["errors"] == [
        {"id": "1", key: "The company name is required."},
        {"id": "2", key: "Email already exists. ['a@test.com']"},
    ]
    assert store.stored("company") == store.stored("user") == store.stored("customer") == []


def test_good_companies_can_be_stored_beside_bad_ones(store: StoreCaller) -> None:
    store.settings(bulk_atomic=False)

    answer = store.call("POST", "/companies/bulk", json=[*companies("A"), {}, *companies("C")])

    assert answer.status_code == 422
    assert answer.json()["meta"]["message"].startswith("Some companies updated failed")
    assert [company["companyName"] for company in store.stored("company")] == ["A", "C"]
    assert len(store.stored("customer")) == 2


def test_several_companies_are_changed_by_their_ids(store: StoreCaller) -> None:
    first, second = store.company(), store.company(adminEmail="b@test.com")
    body = [{"companyId": first, "city": "Paris", "uuid": "X"}, {"companyId": str(second), "city": "Rome"}]

    good = store.call("PUT", "/companies/bulk", json=body)
    bad = store.call("PUT", "/companies/bulk", json=[{"companyId": 99, "city": "Oslo"}])

    assert good.status_code == 200
    assert [(row["city"], row["uuid"]) for row in store.stored("company")] == [("Paris", ""), ("Rome", "")]
    assert (bad.status_code, bad.json()["data"]["errors"][0]["id"]) == (404, "99")


def test_users_of_different_companies_come_in_one_call_and_in_order(store: StoreCaller) -> None:
    first, second = store.company(), store.company(adminEmail="b@test.com")
    body = [user_values(second, email="x@test.com"), user_values(first, email="y@test.com")]

    answer = store.call("POST", "/users/bulk", json=body)

    made = [store.data(f"/users/{each['userId']}") for each in answer.json()["data"]]
    assert [(user["email"], user["companyId"]) for user in made] == [
        ("x@test.com", str(second)),
        ("y@test.com", str(first)),
    ]
    assert [user["customerId"] for user in made] == [each["bcId"] for each in answer.json()["data"]]


def test_reasons_for_users_stand_in_the_order_of_the_records(store: StoreCaller) -> None:
    company = store.company()
    body = [user_values(company), user_values(company, email="x@test.com", lastName="")]

    answer = store.call("POST", "/users/bulk", json=body)

    assert answer.status_code == 422
    assert answer.json()["data"]["errMsg"] == [{}, {"last_name": ["This field may not be blank."]}]
    assert len(store.stored("user")) == 1


def test_a_taken_email_is_one_sentence_also_within_the_call(store: StoreCaller) -> None:
    company = store.company()

    answer = store.call("POST", "/users/bulk", json=[user_values(company)] * 2)

    assert answer.json()["data"]["errMsg"] == "Email already exists. ['ann@test.com']"
    assert len(store.stored("user")) == 1


def test_good_users_can_be_stored_beside_bad_ones(store: StoreCaller) -> None:
    store.settings(bulk_atomic=False)
    company = store.company()

    answer = store.call("POST", "/users/bulk", json=[user_values(company), {}])

    assert answer.status_code == 422
    assert len(store.stored("user")) == 2


def test_new_addresses_are_told_in_full(store: StoreCaller) -> None:
    company = store.company()
    body = [address_values(company, externalId=f"L-{number}") for number in range(10)]

    answer = store.call("POST", "/addresses/bulk", json=body)

    told = answer.json()["data"]
    assert [each["externalId"] for each in told] == [each["externalId"] for each in body]
    assert [each["addressId"] for each in told] == [row["id"] for row in store.stored("address")]
    assert told[0]["stateName"] == "California"


def test_reasons_for_addresses_stand_in_the_order_of_the_records(store: StoreCaller) -> None:
    company = store.company()
    body = [address_values(company), address_values(company, lastName=None), address_values(99)]

    answer = store.call("POST", "/addresses/bulk", json=body)

    assert answer.json()["data"]["errMsg"] == [
        {},
        {"last_name": ["This field is required."]},
        {"company_id": ["Company does not exist."]},
    ]
    assert store.stored("address") == []
