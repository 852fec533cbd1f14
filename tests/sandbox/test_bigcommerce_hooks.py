"""Webhook subscriptions: which can be made, and by whom they are seen."""

from typing import Any

import pytest

from .conftest import StoreCaller

CREATED = {"scope": "store/company/created", "destination": "https://hooks.example/b2b"}


def make(store: StoreCaller, **values: Any) -> Any:
    body = {key: value for key, value in {**CREATED, **values}.items() if value is not None}
    return store.core("POST", "/hooks", json=body)


def test_a_hook_is_made_read_changed_and_deleted(store: StoreCaller) -> None:
    made = make(store, headers={"X-Our-Secret": "s"}).json()["data"]

    read = store.core("GET", f"/hooks/{made['id']}").json()["data"]
    off = store.core("PUT", f"/hooks/{made['id']}", json={"is_active": False}).json()["data"]
    gone = store.core("DELETE", f"/hooks/{made['id']}")

    assert read == made
    assert (made["is_active"], made["headers"], made["store_hash"]) == (
        True,
        {"X-Our-Secret": "s"},
        "rehearsal",
    )
    assert (off["is_active"], off["scope"]) == (False, "store/company/created")
    assert gone.status_code == 200
    assert store.core("GET", f"/hooks/{made['id']}").status_code == 404


@pytest.mark.parametrize(
    ("values", "errors"),
    [
        ({"destination": None}, {"destination": "error.path.missing."}),
        ({"scope": None}, {"scope": "error.path.missing."}),
        ({"scope": "store/company/renamed"}, {"scope": "error.scope.invalid."}),
        ({"scope": "store/company/*"}, {"scope": "error.scope.invalid."}),
        ({"destination": "http://hooks.example/b2b"}, {"destination": "error.destination.invalid."}),
        ({"destination": "https://hooks.example:8443/"}, {"destination": "error.destination.invalid."}),
        ({"destination": "https://u:p@hooks.example/"}, {"destination": "error.destination.invalid."}),
        ({"destination": "ftp://127.0.0.1/"}, {"destination": "error.destination.invalid."}),
        ({"destination": "hooks"}, {"destination": "error.destination.invalid."}),
        ({"headers": {"X-A": 5}}, {"headers": "error.headers.invalid."}),
        ({"headers": {"X-A": "1\r\nX-B: 2"}}, {"headers": "error.headers.invalid."}),
        ({"is_active": "yes"}, {"is_active": "error.expected.jsboolean."}),
    ],
    ids=[
        "no-goal",
        "no-scope",
        "scope",
        "wildcard",
        "http",
        "port",
        "login",
        "ftp",
        "word",
        "number",
        "lines",
        "flag",
    ],
)
def test_a_bad_hook_is_refused_with_its_path(
    store: StoreCaller, values: dict[str, Any], errors: dict[str, str]
) -> None:
    answer = make(store, **values)

    assert answer.status_code == 422
    assert answer.json()["title"] == "JSON data is missing or invalid"
    assert answer.json()["errors"] == errors
    assert store.stored("hook") == []


@pytest.mark.parametrize(
    "destination",
    ["http://127.0.0.1:9/", "http://localhost:9/", "http://[::1]:9/", "https://127.0.0.1:8443/"],
    ids=["address", "name", "six", "tls"],
)
def test_plain_http_reaches_this_machine_only_and_can_be_forbidden(
    store: StoreCaller, destination: str
) -> None:
    open_to_it = make(store, destination=destination)
    store.settings(local_http_hooks=False)
    closed = make(store, destination=destination, scope="store/company/deleted")

    assert (open_to_it.status_code, closed.status_code) == (200, 422)


@pytest.mark.parametrize(
    "scope",
    [
        "store/company/statusUpdated",
        "store/company/user/deleted",
        "store/company/address/updated",
        "store/superadmin/created",
        "store/quote/created",
        "store/customer/*",
        "store/customer/address/created",
    ],
)
def test_documented_scopes_can_be_hooked(store: StoreCaller, scope: str) -> None:
    assert make(store, scope=scope).status_code == 200


def test_wildcards_of_b2b_may_be_possible(store: StoreCaller) -> None:
    store.settings(b2b_wildcards=True)

    assert make(store, scope="store/company/*").status_code == 200


def test_one_hook_for_each_scope_and_destination_and_ten_for_a_scope(store: StoreCaller) -> None:
    made = [make(store, destination=f"https://hooks.example/{number}") for number in range(11)]
    twice = make(store, destination="https://hooks.example/0")

    assert [answer.status_code for answer in made] == [200] * 10 + [422]
    assert twice.status_code == 409
    assert make(store, scope="store/company/deleted").status_code == 200


def test_a_hook_does_not_clash_with_itself(store: StoreCaller) -> None:
    key = make(store).json()["data"]["id"]

    assert store.core("PUT", f"/hooks/{key}", json=CREATED).status_code == 200


def test_hooks_are_listed_by_scope_destination_and_activity(store: StoreCaller) -> None:
    make(store)
    make(store, scope="store/company/deleted", is_active=False)

    def scopes(**query: Any) -> list[str]:
        return [hook["scope"] for hook in store.core("GET", "/hooks", params=query).json()["data"]]

    assert scopes() == ["store/company/created", "store/company/deleted"]
    assert scopes(scope="store/company/deleted") == ["store/company/deleted"]
    assert scopes(is_active="true") == ["store/company/created"]
    assert scopes(destination="https://other.example/") == []
    assert scopes(limit=1, page=2) == ["store/company/deleted"]


def test_a_hook_is_seen_by_the_account_that_made_it(store: StoreCaller) -> None:
    key = make(store).json()["data"]["id"]
    store.settings(client_id="another")

    assert store.core("GET", "/hooks").json()["data"] == []
    assert store.core("DELETE", f"/hooks/{key}").status_code == 404


def test_b2b_events_need_the_b2b_scope(store: StoreCaller) -> None:
    store.settings(scopes=["customers"])

    assert make(store).status_code == 403
    assert make(store, scope="store/customer/created").status_code == 200
