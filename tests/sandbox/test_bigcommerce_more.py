"""Roles and permissions, hierarchy, channels, countries and states."""

from itertools import pairwise
from typing import Any

import pytest

from .conftest import StoreCaller


def permissions(*codes: str, level: int = 2) -> list[dict[str, Any]]:
    return [{"code": code, "permissionLevel": level} for code in codes]


def test_a_store_has_three_predefined_roles_with_ids_of_its_own(store: StoreCaller) -> None:
    roles = store.data("/companies/roles")

    assert [role["name"] for role in roles] == ["Admin", "Senior buyer", "Junior buyer"]
    assert {role["roleType"] for role in roles} == {"1"}
    assert not {0, 1, 2} & {role["id"] for role in roles}
    assert store.data("/companies/roles", q="buyer") == roles[1:]


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_predefined_role_stays_as_it_is(store: StoreCaller, method: str) -> None:
    admin = store.data("/companies/roles")[0]["id"]

    answer = store.call(method, f"/companies/roles/{admin}", json={"name": "Boss"})

    assert answer.status_code == 403
    assert store.data(f"/companies/roles/{admin}")["name"] == "Admin"


def test_a_custom_role_lives_until_it_is_deleted_which_needs_it_unused(store: StoreCaller) -> None:
    body = {"name": "Approver", "permissions": permissions("get_users", "get_orders")}
    role = store.call("POST", "/companies/roles", json=body).json()["data"]["id"]
    changes = {"name": "Checker", "permissions": permissions("get_users")}
    store.call("PUT", f"/companies/roles/{role}", json=changes)
    user = store.user(store.company(), companyRoleId=role)

    in_use = store.call("DELETE", f"/companies/roles/{role}")
    store.call("PUT", f"/users/{user}", json={"role": 2})
    unused = store.call("DELETE", f"/companies/roles/{role}")

    assert (in_use.status_code, unused.status_code) == (422, 200)
    assert store.call("GET", f"/companies/roles/{role}").status_code == 404


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"name": "Checker", "permissions": permissions("get_users", level=3)}, 200),
        ({"name": "admin"}, 409),
        ({"name": ""}, 422),
        ({"name": "x" * 201}, 422),
        ({"name": "Checker", "permissions": permissions("fly")}, 422),
        ({"name": "Checker", "permissions": permissions("get_users", level=4)}, 422),
    ],
    ids=["good", "taken", "blank", "long", "code", "level"],
)
def test_a_role_needs_a_name_of_its_own_and_known_permissions(
    store: StoreCaller, body: dict[str, Any], status: int
) -> None:
    assert store.call("POST", "/companies/roles", json=body).status_code == status


def test_permissions_have_a_code_and_a_name_of_their_own(store: StoreCaller) -> None:
    body = {"name": "Fly", "code": "fly", "description": "May fly", "moduleName": "Air"}

    made = store.call("POST", "/companies/permissions", json=body).json()["data"]["id"]
    again = store.call("POST", "/companies/permissions", json=body)
    partly = store.call("POST", "/companies/permissions", json={"name": "Swim", "code": "swim"})
    store.call("PUT", f"/companies/permissions/{made}", json={"name": "Soar"})

    assert (again.status_code, partly.status_code) == (409, 422)
    assert store.data("/companies/permissions")[-1]["name"] == "Soar"
    store.call("DELETE", f"/companies/permissions/{made}")
    assert "fly" not in [each["code"] for each in store.data("/companies/permissions")]


def test_a_hierarchy_is_built_and_taken_apart(store: StoreCaller) -> None:
    parent, child = store.company(), store.company(companyName="WhatsApp", adminEmail="b@test.com")

    made = store.call("POST", f"/companies/{child}/parent", json={"parentCompanyId": parent})

    assert made.status_code == 201
    assert store.data(f"/companies/{child}")["parentCompany"] == {"id": parent, "name": "Facebook"}
    assert [each["companyId"] for each in store.data(f"/companies/{parent}/subsidiaries")] == [child]
    assert store.data(f"/companies/{child}/hierarchy")[0]["subsidiaries"][0]["companyName"] == "WhatsApp"
    gone = store.call("DELETE", f"/companies/{parent}/subsidiaries/{child}")
    assert (gone.status_code, gone.text) == (204, "")
    assert store.data(f"/companies/{parent}/subsidiaries") == []


def test_a_hierarchy_speaks_of_errors_in_the_fourth_shape(store: StoreCaller) -> None:
    company = store.company()

    missing = store.call("GET", "/companies/99/subsidiaries")
    own = store.call("POST", f"/companies/{company}/parent", json={"parentCompanyId": company})

    assert missing.json() == {
        "status": 404,
        "title": "Parameter Error.",
        "errors": {"1": "Company does not exist."},
    }
    assert own.status_code == 422


def test_a_sixth_layer_does_not_fit(store: StoreCaller) -> None:
    keys = [store.store("company", companyName=f"C{number}") for number in range(6)]

    statuses = [
        store.call("POST", f"/companies/{child}/parent", json={"parentCompanyId": parent}).status_code
        for parent, child in pairwise(keys)
    ]

    assert statuses == [201, 201, 201, 201, 422]


def test_channels_speak_of_errors_in_the_fifth_shape(store: StoreCaller) -> None:
    single = store.call("GET", "/channels")
    store.settings(channels={"1": "Main", "5": "Outlet"})

    assert (single.status_code, single.json()) == (
        403,
        {"code": 403, "message": "Multi storefront is not enabled"},
    )
    outlet = store.data("/channels")[1]
    assert (outlet["channelId"], outlet["channelName"], outlet["id"] == 5) == (5, "Outlet", False)


@pytest.mark.parametrize(
    ("path", "query", "found"),
    [
        ("/countries", {"searchType": 0, "q": "united st"}, ["United States"]),
        ("/countries", {"searchType": 1, "q": "de"}, ["Germany"]),
        ("/states", {"searchType": 1, "q": "CA", "country": "US"}, ["California"]),
        ("/states", {"searchType": 0, "q": "bay", "country": "Germany"}, ["Bayern"]),
    ],
    ids=["country-name", "country-code", "state-code", "state-name"],
)
def test_places_are_found_by_name_or_code(
    store: StoreCaller, path: str, query: dict[str, Any], found: list[str]
) -> None:
    name = "countryName" if path == "/countries" else "stateName"

    rows = [row[name] for row in store.data(path, **query)]

    assert [row for row in rows if not row.endswith("Minor Outlying Islands")] == found


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/countries", {"searchType": 1, "q": "XX"}),
        ("/countries", {"searchType": 0, "q": "Atlantis"}),
        ("/states", {"searchType": 1, "q": "ZZ", "country": "US"}),
        ("/states", {"country": "FR"}),
    ],
    ids=["code", "name", "state", "unchecked"],
)
def test_a_place_that_is_not_known_is_a_404(store: StoreCaller, path: str, query: dict[str, Any]) -> None:
    assert store.call("GET", path, params=query).status_code == 404


def test_states_are_known_for_the_23_countries_that_need_them(store: StoreCaller) -> None:
    codes = {state["countryCode"] for state in store.data("/states")}

    wanted = "AR AU AT BR CA CL DE IN ID IE IT JP MY MM NZ PH QA RO ZA ES CH AE US"
    assert codes == set(wanted.split())
