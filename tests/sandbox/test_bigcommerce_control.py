"""The control API of the rehearsed store: records by hand, settings, what a file keeps, and the page."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from connectors.sandbox import keeping
from connectors.sandbox.server import SandboxServer
from connectors.sandbox.system import System

from .conftest import StoreCaller

SEED: dict[str, Any] = {
    "address": [
        {
            "companyName": "Facebook",
            "firstName": "A",
            "lastName": "B",
            "addressLine1": "1 Hacker Way",
            "city": "Menlo Park",
            "countryCode": "US",
            "stateCode": "CA",
        }
    ],
    "user": [{"companyName": "Facebook", "email": "ann@test.com", "firstName": "Ann", "lastName": "Lee"}],
    "company": [{"companyName": "Facebook", "adminEmail": "markz@test.com", "companyStatus": 3}],
    "customer": [{"email": "shopper@test.com", "first_name": "S", "last_name": "H", "orderIds": [4]}],
    "extra_field": [{"resource": "user", "fieldName": "Badge"}],
    "role": [{"name": "Approver"}],
    "super_admin": [{"email": "boss@test.com"}],
}


def refused(store: StoreCaller, method: str, path: str, body: object) -> tuple[int, str]:
    url = f"{store.url}/_control/{path}"
    answer = requests.request(method, url, json=body, timeout=20)
    return answer.status_code, str(answer.json()["error"])


def load(folder: Path, entities: object) -> tuple[System, int]:
    """Return a store that began with this file, and how many records were added."""
    app = SandboxServer(port=0).app
    path = folder / "begin.json"
    path.write_text(json.dumps({"bigcommerce": entities}))
    return app.systems["bigcommerce"], keeping.load(app, path)


def test_a_company_made_by_hand_needs_only_a_name(store: StoreCaller) -> None:
    key = store.store("company", companyName="Globex", uuid="X-1", companyStatus=2, customerGroupId=12)

    detail = store.data(f"/companies/{key}")
    assert (detail["uuid"], detail["companyStatus"], detail["bcGroupName"]) == ("X-1", "2", "Wholesale")
    assert [user["role"] for user in store.data("/users", companyId=key)] == [0]
    assert store.control("GET", f"bigcommerce/company/{key}")["companyName"] == "Globex"


def test_records_made_by_hand_meet_the_rules_all_or_none(store: StoreCaller) -> None:
    good, bad = {"companyName": "A"}, {"companyName": "B", "country": "Atlantis"}

    status, words = refused(store, "POST", "bigcommerce/company", [good, bad])

    assert (status, "Country does not exist." in words) == (400, True)
    assert store.stored("company") == []


@pytest.mark.parametrize(
    ("entity", "record"),
    [
        ("customer", {"first_name": "A"}),
        ("extra_field", {"resource": "order", "fieldName": "X"}),
        ("role", {}),
        ("user", {"companyName": "Nobody", "email": "a@test.com", "firstName": "A", "lastName": "B"}),
        ("company", 5),
    ],
    ids=["customer", "resource", "role", "company", "number"],
)
def test_a_record_that_makes_no_sense_is_a_400(store: StoreCaller, entity: str, record: object) -> None:
    assert refused(store, "POST", f"bigcommerce/{entity}", record)[0] == 400


def test_a_change_by_hand_is_newer_than_what_was_there(store: StoreCaller) -> None:
    company = store.company()
    user, address = store.user(company), store.address(company)
    for entity, key in (("company", company), ("user", user), ("address", address)):
        store.control("PUT", f"bigcommerce/{entity}/{key}", json={"updatedAt": 5})

    store.control("PUT", f"bigcommerce/company/{company}", json={"city": "Paris", "companyStatus": 0})
    store.control("PUT", f"bigcommerce/user/{user}", json={"firstName": "Anna", "role": 1})
    store.control("PUT", f"bigcommerce/address/{address}", json={"label": "Dock"})

    changed = [store.stored("company")[0], store.stored("user")[1], store.stored("address")[0]]
    assert [row["updatedAt"] > 5 for row in changed] == [True] * 3
    assert (changed[0]["companyStatus"], changed[1]["role"], changed[2]["label"]) == (0, 1, "Dock")


@pytest.mark.parametrize(
    ("path", "values", "status"),
    [
        ("company/8000001", {"companyNam": "A"}, 400),
        ("company/8000001", {"companyName": ""}, 400),
        ("company/8000001", {"updatedAt": "soon"}, 400),
        ("company/1", {"companyName": "A"}, 404),
        ("group/11", {"nam": "A"}, 400),
        ("nothing/1", {}, 404),
    ],
    ids=["key", "blank", "stamp", "absent", "group", "entity"],
)
def test_a_change_that_cannot_be_is_told(
    store: StoreCaller, path: str, values: dict[str, Any], status: int
) -> None:
    store.company()

    assert refused(store, "PUT", f"bigcommerce/{path}", values)[0] == status
    assert store.stored("company")[0]["companyName"] == "Facebook"


def test_a_person_can_delete_the_last_user_and_move_one(store: StoreCaller) -> None:
    first, second = store.company(), store.company(companyName="B", adminEmail="b@test.com")
    key = store.stored("user")[0]["id"]

    store.control("POST", f"bigcommerce/user/{key}/move", json={"companyId": second})
    without = store.data(f"/companies/{first}")["companyStatus"]
    store.control("DELETE", f"bigcommerce/user/{key}")

    assert without == "3"
    assert [user["companyId"] for user in store.stored("user")] == [second]


@pytest.mark.parametrize("entity", ["address", "customer", "role", "extra_field", "company"])
def test_a_person_can_delete_every_kind_of_record(store: StoreCaller, entity: str) -> None:
    store.address(store.company())
    keys = [row["id"] for row in store.stored(entity)]

    store.control("DELETE", f"bigcommerce/{entity}/{keys[-1]}")

    assert [row["id"] for row in store.stored(entity)] == keys[:-1]
    assert refused(store, "DELETE", f"bigcommerce/{entity}/{keys[-1]}", None)[0] == 404


def test_a_person_can_change_a_customer_and_name_a_group(store: StoreCaller) -> None:
    store.company()
    store.control("PUT", "bigcommerce/customer/301", json={"customer_group_id": 12})
    store.control("PUT", "bigcommerce/group/12", json={"name": "Dealers"})

    assert store.stored("customer")[0]["customer_group_id"] == 12
    assert [group["name"] for group in store.stored("group")] == ["Retail", "Dealers"]


def test_settings_are_checked_before_any_is_changed(store: StoreCaller) -> None:
    before = store.control("GET", "settings")["bigcommerce"]

    wrong: tuple[dict[str, Any], ...] = (
        {"store_kind": "both"},
        {"nothing": 1},
        {"requests_per_window": 0},
        {"requests_per_window": True},
        {"scopes": ["everything"]},
        {"channels": {}},
        {"access_token": "x", "window_s": "long"},
    )
    for changes in wrong:
        assert refused(store, "POST", "settings", {"bigcommerce": changes})[0] == 400

    assert store.control("GET", "settings")["bigcommerce"] == before


def test_everything_can_be_seeded_in_any_order_and_only_once(tmp_path: Path) -> None:
    system, added = load(tmp_path, SEED)

    again = [system.seed(entity, records) for entity, records in SEED.items()]

    (company,) = system.listing("company", with_deleted=True)
    users = system.listing("user", with_deleted=True)
    assert (added, sum(again)) == (7, 0)
    assert (company["companyStatus"], {user["companyId"] for user in users}) == (3, {company["id"]})
    assert system.listing("address", with_deleted=True)[0]["companyId"] == company["id"]


def test_everything_is_kept_over_a_restart_and_ids_go_on(tmp_path: Path) -> None:
    system, _ = load(tmp_path, SEED)
    key = str(system.listing("company", with_deleted=True)[0]["id"])
    system.change("company", key, {"companyName": "Meta"})

    later, _ = load(tmp_path, system.kept())

    assert later.kept() == system.kept()
    (other,) = later.create("company", [{"companyName": "Globex"}])
    assert int(other) == int(key) + 1


@pytest.mark.parametrize(
    "entities",
    [
        {"company": [{"companyName": "A"}, {"companyName": ""}]},
        {"company": [{"id": "x", "companyName": "A"}]},
        {"company": [{"id": 5}]},
        {"user": [{"companyName": "Nobody", "email": "a@b.example"}]},
        {"nothing": []},
        {"company": 5},
        [],
    ],
    ids=["blank", "id", "half", "orphan", "entity", "number", "list"],
)
def test_a_file_that_makes_no_sense_is_named(tmp_path: Path, entities: object) -> None:
    with pytest.raises(keeping.UnreadableFileError, match=r"begin\.json"):
        load(tmp_path, entities)


def test_the_front_page_tells_what_to_type(store: StoreCaller) -> None:
    store.company()

    page = requests.get(f"{store.url}/", timeout=20).text

    assert "BigCommerce B2B Edition" in page
    assert "access token rehearsal-token, store hash rehearsal" in page
    assert "1 companies" in page


def test_two_callers_who_create_one_person_at_once_make_one(store: StoreCaller) -> None:
    store.settings(requests_per_window=1000)
    company = store.company()

    def create(_: int) -> int:
        answer = requests.post(
            f"{store.base}/api/v3/io/users",
            json={"companyId": company, "email": "a@test.com", "firstName": "A", "lastName": "B", "role": 2},
            headers=dict(store.session.headers),
            timeout=20,
        )
        return answer.status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(create, range(16)))

    assert statuses == [200] + [422] * 15
    assert len(store.stored("customer")) == 2
