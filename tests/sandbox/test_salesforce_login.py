"""What the login must accept and refuse, and what a token is good for."""

import base64
import hashlib
import hmac
from typing import Any

import pytest
import requests

from .conftest import TIMEOUT_S, Remote


def test_a_form_with_the_right_pair_gets_a_token_with_a_true_signature(remote: Remote) -> None:
    answer = remote.token()

    body = answer.json()
    assert set(body) == {
        "access_token",
        "signature",
        "scope",
        "instance_url",
        "id",
        "token_type",
        "issued_at",
    }
    assert body["token_type"] == "Bearer"
    assert body["instance_url"] == remote.base
    digest = hmac.new(b"rehearsal-secret", (body["id"] + body["issued_at"]).encode(), hashlib.sha256).digest()
    assert body["signature"] == base64.b64encode(digest).decode()
    assert "Sforce-Limit-Info" not in answer.headers


def test_the_pair_as_http_basic_gets_a_token(remote: Remote) -> None:
    answer = requests.post(
        f"{remote.base}/services/oauth2/token",
        data={"grant_type": "client_credentials"},
        auth=("rehearsal-client", "rehearsal-secret"),
        timeout=TIMEOUT_S,
    )

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"client_id": "other"}, "invalid_client_id"),
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"client_secret": ""}, "invalid_client"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": ""}, "unsupported_grant_type"),
    ],
)
def test_a_wrong_login_is_refused_with_an_object(remote: Remote, form: dict[str, str], error: str) -> None:
    answer = remote.token(**form)

    assert answer.status_code == 400
    assert set(answer.json()) == {"error", "error_description"}
    assert answer.json()["error"] == error


def test_a_token_asked_for_in_json_is_refused(remote: Remote) -> None:
    body = {"grant_type": "client_credentials", "client_id": "rehearsal-client"}

    answer = requests.post(f"{remote.base}/services/oauth2/token", json=body, timeout=TIMEOUT_S)

    assert answer.status_code == 400


def test_an_app_without_a_run_as_user_is_refused_as_recorded(remote: Remote) -> None:
    remote.settings(run_as_user=False)

    answer = remote.token()

    assert answer.status_code == 400
    assert answer.json() == {
        "error": "invalid_grant",
        "error_description": "no client credentials user enabled",
    }


def test_the_pair_can_be_changed(remote: Remote) -> None:
    remote.settings(client_id="other", client_secret="secret")

    assert remote.token().json()["error"] == "invalid_client_id"
    assert remote.token(client_id="other", client_secret="secret").status_code == 200


@pytest.mark.parametrize("header", [None, "Bearer wrong", "Bearer "])
def test_a_missing_or_wrong_token_is_401(remote: Remote, header: str | None) -> None:
    answer = requests.get(f"{remote.data}/limits", headers={"Authorization": header}, timeout=TIMEOUT_S)

    assert answer.status_code == 401
    assert answer.json() == [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]


def test_another_scheme_is_401_with_its_own_code(remote: Remote) -> None:
    answer = requests.get(f"{remote.data}/limits", auth=("a", "b"), timeout=TIMEOUT_S)

    assert (answer.status_code, answer.json()[0]["errorCode"]) == (401, "INVALID_AUTH_HEADER")


def test_a_token_ends_with_its_lifetime(remote: Remote) -> None:
    remote.settings(token_lifetime_s=0)
    remote.log_in()

    assert remote.call("GET", "/limits").status_code == 401


def test_expired_tokens_are_refused_and_a_new_one_works(remote: Remote) -> None:
    remote.fault("expire_tokens", times=1)

    assert remote.call("GET", "/limits").json()[0]["errorCode"] == "INVALID_SESSION_ID"
    remote.log_in()
    assert remote.call("GET", "/limits").status_code == 200


def test_versions_are_told_without_a_login(remote: Remote) -> None:
    listed = requests.get(f"{remote.base}/services/data/", timeout=TIMEOUT_S).json()

    assert [each["version"] for each in listed] == [f"{number}.0" for number in range(31, 69)]
    assert listed[0]["url"] == "/services/data/v31.0"


@pytest.mark.parametrize(
    ("version", "status"), [("v30.0", 410), ("v21.0", 410), ("v69.0", 404), ("v64", 404), ("64.0", 404)]
)
def test_a_stale_version_is_refused(remote: Remote, version: str, status: int) -> None:
    address = f"{remote.base}/services/data/{version}/limits"

    assert remote.session.get(address, timeout=TIMEOUT_S).status_code == status


@pytest.mark.parametrize("where", ["userinfo", "id"])
def test_the_identity_names_the_org(remote: Remote, where: str) -> None:
    own = remote.token().json()["id"]
    address = own if where == "id" else f"{remote.base}/services/oauth2/userinfo"

    identity: dict[str, Any] = remote.session.get(address, timeout=TIMEOUT_S).json()

    assert len(identity["organization_id"]) == 18
    assert identity["organization_id"].startswith("00D")
    assert own == f"{remote.base}/id/{identity['organization_id']}/{identity['user_id']}"
    assert requests.get(address, timeout=TIMEOUT_S).status_code == 401


def test_another_org_can_take_its_place(remote: Remote) -> None:
    before = remote.session.get(f"{remote.base}/services/oauth2/userinfo", timeout=TIMEOUT_S).json()
    remote.settings(org_id="00D5g0000000001", org_name="Another org")

    after = remote.session.get(f"{remote.base}/services/oauth2/userinfo", timeout=TIMEOUT_S).json()

    assert before["organization_id"] != after["organization_id"]
    assert after["organization_id"][:15] == "00D5g0000000001"
    organization = remote.query("SELECT Id, Name FROM Organization").json()["records"][0]
    assert (organization["Id"], organization["Name"]) == (after["organization_id"], "Another org")
