"""Lists of company users: what filters, and what does not."""

from typing import Any

import pytest

from .conftest import StoreCaller


def emails(store: StoreCaller, **query: Any) -> list[str]:
    return [user["email"].partition("@")[0] for user in store.data("/users", **query)]


def people(store: StoreCaller) -> tuple[int, int]:
    """Create two companies with an admin each, and a buyer of each kind in the first."""
    first = store.company(adminEmail="ada@test.com")
    second = store.company(companyName="Globex", adminEmail="gus@test.com")
    for email, role in (("sue@test.com", 1), ("jim@test.com", 2)):
        store.user(first, email=email, role=role)
    for number, user in enumerate(store.stored("user")):
        stamps = {"createdAt": 1000 + number, "updatedAt": 2000 + number}
        store.control("PUT", f"bigcommerce/user/{user['id']}", json=stamps)
    return first, second


def test_company_and_role_filter_however_the_roles_are_written(store: StoreCaller) -> None:
    first, second = people(store)

    assert emails(store) == ["ada", "gus", "sue", "jim"]
    assert emails(store, companyId=second) == ["gus"]
    assert emails(store, companyId=first, roles=0) == ["ada"]
    assert emails(store, roles=[1, 2]) == ["sue", "jim"]
    assert emails(store, **{"role[]": "1,2"}) == ["sue", "jim"]
    assert emails(store, companyId=99) == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"email": "sue@test.com"}, ["sue"]),
        ({"email": "SUE@test.com"}, ["sue"]),
        ({"email": "sue"}, []),
        ({"q": "jim@"}, ["jim"]),
        ({"q": "mark"}, ["ada", "gus"]),
        ({"q": "globex"}, ["gus"]),
        ({"minModified": 2002}, ["sue", "jim"]),
        ({"maxModified": 2000}, ["ada"]),
        ({"minCreated": 1003}, ["jim"]),
        ({"maxCreated": 1000}, ["ada"]),
        ({"role": 1}, ["ada", "gus", "sue", "jim"]),
        ({"firstName": "Ann"}, ["ada", "gus", "sue", "jim"]),
        ({"customerId": 301}, ["ada", "gus", "sue", "jim"]),
    ],
    ids=lambda value: (
        "-".join(f"{key}-{each}" for key, each in value.items()) if isinstance(value, dict) else ""
    ),
)
def test_only_documented_parameters_filter(
    store: StoreCaller, query: dict[str, Any], found: list[str]
) -> None:
    people(store)

    assert emails(store, **query) == found


def test_super_admins_are_in_no_list(store: StoreCaller) -> None:
    store.call("POST", "/super-admins", json={"email": "boss@test.com", "firstName": "B", "lastName": "S"})

    assert (emails(store), len(store.stored("super_admin"))) == ([], 1)


def test_a_super_admin_is_refused_where_there_is_one_or_a_user(store: StoreCaller) -> None:
    store.company()
    person = {"firstName": "B", "lastName": "S"}
    store.store("super_admin", email="boss@test.com")

    twice = store.call("POST", "/super-admins", json={**person, "email": "boss@test.com"})
    user = store.call("POST", "/super-admins", json={**person, "email": "markz@test.com"})

    assert (twice.status_code, twice.json()["data"]["errMsg"]) == (400, "The user already exists.")
    assert user.status_code == 422


def test_a_limit_of_250_is_the_highest(store: StoreCaller) -> None:
    statuses = [store.call("GET", "/users", params={"limit": each}).status_code for each in (1, 250, 251, 0)]

    assert statuses == [200, 200, 413, 422]


def test_pages_follow_each_other(store: StoreCaller) -> None:
    people(store)

    page = store.call("GET", "/users", params={"limit": 3, "offset": 3}).json()

    assert [user["email"] for user in page["data"]] == ["jim@test.com"]
    assert page["meta"]["pagination"] == {"totalCount": 4, "limit": 3, "offset": 3}


def test_extra_fields_are_always_in_the_detail(store: StoreCaller) -> None:
    store.store("extra_field", resource="user", fieldName="Badge")
    company = store.company()
    user = store.user(company, extraFields=[{"fieldName": "Badge", "fieldValue": "7"}])

    listed = [each["extraFields"] for each in store.data("/users")]

    assert listed == [[], []]
    assert store.data("/users", isIncludeExtraFields="1")[1]["extraFields"][0]["fieldValue"] == "7"
    assert store.data(f"/users/{user}")["extraFields"][0]["fieldValue"] == "7"
