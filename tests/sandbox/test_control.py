"""The control API: the stage hands of a rehearsal."""

import gzip
import json
from typing import Any

import pytest
import requests

from .conftest import TIMEOUT_S, Remote


def test_what_a_remote_user_stores_is_listed_with_its_id(remote: Remote) -> None:
    answer = remote.control("POST", "salesforce/Account", json={"Name": "Facebook", "Phone": None})

    key = answer.json()["ids"][0]
    stored = remote.stored()[0]
    assert (stored["Id"], stored["Name"], stored["IsDeleted"]) == (key, "Facebook", False)
    assert "Phone" not in stored
    assert remote.control("GET", f"salesforce/Account/{key}").json() == stored


def test_a_remote_user_is_somebody_else_than_the_login(remote: Remote) -> None:
    key = remote.store({"Name": "A"})[0]
    remote.call("PATCH", f"/sobjects/Account/{key}", json={"Phone": "1"})

    stored = remote.stored()[0]

    users = {user["Id"]: user["Alias"] for user in remote.stored("User")}
    assert users[stored["CreatedById"]] == "remote"
    assert users[stored["LastModifiedById"]] == "concord"


def test_a_remote_user_changes_and_deletes(remote: Remote) -> None:
    key = remote.store({"Name": "A", "Phone": "1"})[0]

    assert remote.control("PUT", f"salesforce/Account/{key}", json={"Phone": "2"}).status_code == 200
    assert (remote.stored()[0]["Phone"], remote.stored()[0]["Name"]) == ("2", "A")
    assert remote.control("DELETE", f"salesforce/Account/{key}").status_code == 200
    assert remote.stored() == []
    kept = remote.control("GET", "salesforce/Account", params={"deleted": "1"}).json()
    assert [each["Id"] for each in kept] == [key]


def test_a_user_can_be_made_inactive(remote: Remote) -> None:
    key = next(user["Id"] for user in remote.stored("User") if user["Alias"] == "east")

    remote.control("PUT", f"salesforce/User/{key}", json={"IsActive": False})

    answer = remote.call("POST", "/sobjects/Account", json={"Name": "A", "OwnerId": key})
    assert answer.json()[0]["errorCode"] == "INACTIVE_OWNER_OR_USER"


def test_one_bad_record_stores_none(remote: Remote) -> None:
    answer = remote.control("POST", "salesforce/Account", json=[{"Name": "A"}, {"Name": "x" * 256}])

    assert answer.status_code == 400
    assert answer.json()["error"]["errorCode"] == "STRING_TOO_LONG"
    assert remote.stored() == []


def test_merging_with_nobody_or_oneself_is_refused(remote: Remote) -> None:
    key = remote.store({"Name": "A"})[0]

    for loser in (key, "0015g0000000001", None):
        answer = remote.control("POST", f"salesforce/Account/{key}/merge", json={"loser": loser})
        assert answer.status_code in (400, 404)
    assert len(remote.stored()) == 1


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "salesforce/Nope"),
        ("GET", "nowhere/Account"),
        ("GET", "nonsense"),
        ("PUT", "salesforce/Account/0015g0000000001"),
        ("GET", "salesforce/Account/0015g0000000001"),
        ("DELETE", "salesforce/Account/0015g0000000001"),
    ],
)
def test_what_is_not_there_is_404(remote: Remote, method: str, path: str) -> None:
    assert remote.control(method, path, json={"Name": "A"}).status_code == 404


def test_calls_are_counted_by_route_and_the_last_ones_shown_without_secrets(remote: Remote) -> None:
    remote.control("DELETE", "calls")
    token = remote.log_in()
    remote.upsert([{"Concord_Id__c": "C-1", "Name": "A"}])
    remote.upsert([{"Concord_Id__c": "C-2", "Name": "B"}])
    remote.call("GET", "/nowhere")

    answer = remote.control("GET", "calls")

    body = answer.json()
    assert body["counts"] == {"salesforce": {"token": 1, "collections_upsert": 2, "unknown": 1}}
    last = body["last"][-2]
    assert (last["method"], last["route"], last["status"]) == ("PATCH", "collections_upsert", 200)
    assert last["path"] == "/services/data/v64.0/composite/sobjects/Account/Concord_Id__c"
    assert last["body"]["records"][0]["Name"] == "B"
    assert body["last"][0]["body"]["client_secret"] == "***"
    assert token not in answer.text
    assert "rehearsal-secret" not in answer.text


def test_a_gzipped_body_is_shown_decoded(remote: Remote) -> None:
    packed = gzip.compress(json.dumps({"Name": "A"}).encode())
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    remote.call("POST", "/sobjects/Account", data=packed, headers=headers)

    assert remote.control("GET", "calls").json()["last"][-1]["body"] == {"Name": "A"}


def test_a_running_rehearsal_is_seeded_with_what_a_file_may_hold(remote: Remote) -> None:
    seed = {
        "salesforce": {
            "Contact": [{"LastName": "Zuck", "Account": {"Concord_Id__c": "C-1"}}],
            "Account": [{"Name": "Facebook", "Concord_Id__c": "C-1", "Owner": {"Username": "n@example.com"}}],
            "User": [{"LastName": "Voss", "Email": "n@example.com"}],
        }
    }

    answers = [remote.control("POST", "seed", json=seed).json() for _ in range(2)]

    assert answers == [{"added": 3}, {"added": 0}]
    account = remote.stored()[0]
    owner = next(user["LastName"] for user in remote.stored("User") if user["Id"] == account["OwnerId"])
    assert (owner, remote.stored("Contact")[0]["AccountId"]) == ("Voss", account["Id"])


@pytest.mark.parametrize(
    "body", [[], 5, {"nowhere": {}}, {"salesforce": []}, {"salesforce": {"Account": [{"Name": 5}]}}]
)
def test_a_seed_that_makes_no_sense_is_refused(remote: Remote, body: Any) -> None:
    assert remote.control("POST", "seed", json=body).status_code == 400
    assert remote.stored() == []


def test_reset_forgets_everything(remote: Remote) -> None:
    remote.store({"Name": "A"})
    remote.settings(org_name="Other")
    remote.fault("hang")
    remote.control("POST", "settings", json={"latency_ms": 5})

    remote.control("POST", "reset")

    assert remote.stored() == []
    assert remote.control("GET", "faults").json() == []
    assert remote.control("GET", "calls").json() == {"counts": {}, "last": []}
    settings = remote.control("GET", "settings").json()
    assert (settings["latency_ms"], settings["salesforce"]["org_name"]) == (0.0, "Concord Rehearsal")
    assert remote.call("GET", "/limits").status_code == 401


def test_ids_of_a_forgotten_rehearsal_never_come_back(remote: Remote) -> None:
    before = remote.store({"Name": "A"})
    remote.control("POST", "reset")

    assert before != remote.store({"Name": "A"})


@pytest.mark.parametrize(
    "body",
    [
        {"nonsense": 1},
        {"latency_ms": -1},
        {"latency_ms": "5"},
        {"salesforce": {"nonsense": 1}},
        {"salesforce": {"run_as_user": "no"}},
        {"salesforce": {"duplicate_rule": "sometimes"}},
        {"salesforce": {"org_id": "001"}},
        {"salesforce": {"api_used": "many"}},
        {"salesforce": {"fields": {"Account": {"Name": {"lenght": 5}}}}},
        {"salesforce": {"fields": {"Account": 5}}},
        {"salesforce": 5},
        [],
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_and_changes_nothing(remote: Remote, body: Any) -> None:
    before = remote.control("GET", "settings").json()

    assert remote.control("POST", "settings", json=body).status_code == 400
    assert remote.control("GET", "settings").json() == before


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Host": "evil.example"},
    ],
)
def test_a_page_of_another_site_can_change_nothing(remote: Remote, headers: dict[str, str]) -> None:
    remote.store({"Name": "A"})

    assert remote.control("POST", "reset", headers=headers).status_code == 403
    assert len(remote.stored()) == 1


def test_a_page_of_another_site_can_read_nothing_by_a_rebound_name(remote: Remote) -> None:
    answer = remote.control("GET", "salesforce/Account", headers={"Host": "evil.example:8100"})

    assert answer.status_code == 403


def test_only_json_is_taken(remote: Remote) -> None:
    body = json.dumps({"Name": "A"})

    for kind in ("text/plain", "application/x-www-form-urlencoded"):
        answer = remote.control("POST", "salesforce/Account", data=body, headers={"Content-Type": kind})
        assert answer.status_code == 415
    broken = {"Content-Type": "application/json"}
    assert remote.control("POST", "salesforce/Account", data="{", headers=broken).status_code == 400


def test_a_wrong_method_is_405(remote: Remote) -> None:
    assert remote.control("PUT", "faults", json=[]).status_code == 405
    assert remote.control("PATCH", "salesforce/Account/1", json={}).status_code == 405


def test_the_process_tells_that_it_lives(remote: Remote) -> None:
    answer = requests.get(f"{remote.url}/healthz", timeout=TIMEOUT_S)

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
