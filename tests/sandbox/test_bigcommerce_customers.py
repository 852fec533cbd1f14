"""Customers of the core API, which company users stand on."""

from typing import Any

import pytest

from .conftest import StoreCaller

ANN = {"email": "ann@test.com", "first_name": "Ann", "last_name": "Lee"}


def found(store: StoreCaller, **query: Any) -> list[str]:
    answer = store.core("GET", "/customers", params=query)
    return [customer["email"].partition("@")[0] for customer in answer.json()["data"]]


def people(store: StoreCaller) -> list[int]:
    rows = [
        {**ANN, "company": "Facebook", "phone": "1", "customer_group_id": 12},
        {"email": "bob@test.com", "first_name": "Bob", "last_name": "Ray", "company": "Globex"},
        {"email": "cy@test.com", "first_name": "Cy", "last_name": "Lee"},
    ]
    answer = store.core("POST", "/customers", json=rows)
    return [row["id"] for row in answer.json()["data"]]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"email:in": "ANN@test.com,cy@test.com"}, ["ann", "cy"]),
        ({"company:in": "globex"}, ["bob"]),
        ({"customer_group_id:in": "12"}, ["ann"]),
        ({"name:in": "Cy Lee"}, ["cy"]),
        ({"name:like": "lee"}, ["ann", "cy"]),
        ({"phone:in": "1"}, ["ann"]),
        ({"id:in": "302,303"}, ["bob", "cy"]),
        ({"date_modified:min": "2020-01-01T00:00:00Z"}, ["ann", "bob", "cy"]),
        ({"date_modified:max": "2020-01-01"}, []),
        ({"limit": 2, "page": 2}, ["cy"]),
        ({"email": "ann@test.com"}, ["ann", "bob", "cy"]),
    ],
    ids=["email", "company", "group", "name", "like", "phone", "id", "min", "max", "page", "unknown"],
)
def test_customers_are_found_by_documented_filters(
    store: StoreCaller, query: dict[str, Any], names: list[str]
) -> None:
    people(store)

    assert found(store, **query) == names


def test_a_page_tells_how_many_there_are(store: StoreCaller) -> None:
    people(store)

    meta = store.core("GET", "/customers", params={"limit": 2}).json()["meta"]["pagination"]

    assert (meta["total"], meta["count"], meta["total_pages"], meta["current_page"]) == (3, 2, 2, 1)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ([{**ANN, "email": "nobody"}], 422),
        ([{"email": "x@test.com"}], 422),
        ([ANN, ANN], 422),
        ([{**ANN, "first_name": "x" * 101}], 422),
        ([ANN] * 11, 413),
        (ANN, 422),
    ],
    ids=["email", "name", "twice", "long", "eleven", "object"],
)
def test_a_bad_customer_refuses_the_whole_call(store: StoreCaller, body: Any, status: int) -> None:
    answer = store.core("POST", "/customers", json=body)

    assert (answer.status_code, answer.json()["status"]) == (status, status)
    assert store.stored("customer") == []


def test_a_taken_email_is_told_vaguely(store: StoreCaller) -> None:
    people(store)

    body = store.core("POST", "/customers", json=[{**ANN, "email": "Ann@test.com"}]).json()

    assert body["title"] == "Create customers failed."
    assert body["errors"] == {".customer_create": "Error creating customers"}


def test_customers_are_changed_by_their_ids(store: StoreCaller) -> None:
    ann, bob, _ = people(store)
    password = {"new_password": "s3cret-s3cret"}

    good = store.core(
        "PUT", "/customers", json=[{"id": ann, "customer_group_id": 11, "authentication": password}]
    )
    taken = store.core("PUT", "/customers", json=[{"id": bob, "email": "ann@test.com"}])
    absent = store.core("PUT", "/customers", json=[{"id": 99, "phone": "1"}])

    assert good.json()["data"][0]["customer_group_id"] == 11
    assert (taken.status_code, absent.status_code) == (422, 422)
    assert "s3cret" not in str(store.stored("customer"))


def test_a_deleted_customer_takes_the_company_user_along(store: StoreCaller) -> None:
    company = store.company()
    (user,) = store.data("/users")

    answer = store.core("DELETE", "/customers", params={"id:in": f"{user['customerId']},999"})

    assert (answer.status_code, answer.text) == (204, "")
    assert store.data("/users") == []
    assert store.data(f"/companies/{company}")["companyStatus"] == "1"


def test_deleting_nobody_is_a_204_too(store: StoreCaller) -> None:
    assert store.core("DELETE", "/customers", params={"id:in": "999"}).status_code == 204


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/nothing", 404), ("PATCH", "/customers", 405)], ids=["404", "405"]
)
def test_unknown_calls_are_refused_in_the_shape_of_the_core(
    store: StoreCaller, method: str, path: str, status: int
) -> None:
    answer = store.core(method, path)

    assert (answer.status_code, answer.json()["status"]) == (status, status)
    assert answer.headers["X-Rate-Limit-Requests-Quota"] == "150"
