"""Who the rehearsed store lets in, how it counts calls, and how it answers what it does not know."""

from typing import Any

import pytest
import requests

from tests.waiting import wait_until

from .conftest import StoreCaller


def bare(store: StoreCaller, headers: dict[str, str], path: str = "/api/v3/io/companies") -> Any:
    return requests.get(f"{store.base}{path}", headers=headers, timeout=20)


def limits(answer: requests.Response) -> dict[str, str]:
    return {key: value for key, value in answer.headers.items() if key.startswith("X-Request")}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"X-Auth-Token": "rehearsal-token", "X-Store-Hash": "rehearsal"}, 200),
        ({"x-auth-token": "rehearsal-token", "x-store-hash": "rehearsal"}, 200),
        ({"X-Auth-Token": "wrong", "X-Store-Hash": "rehearsal"}, 401),
        ({"X-Store-Hash": "rehearsal"}, 401),
        ({}, 401),
        ({"X-Auth-Token": "rehearsal-token"}, 500),
        ({"X-Auth-Token": "rehearsal-token", "X-Store-Hash": "wrong"}, 500),
        ({"authToken": "old"}, 401),
        ({"authToken": "old", "X-Store-Hash": "rehearsal"}, 500),
        ({"authToken": "old", "X-Auth-Token": "rehearsal-token", "X-Store-Hash": "rehearsal"}, 500),
    ],
    ids=["good", "case", "wrong", "none", "nothing", "no-hash", "wrong-hash", "old", "mixed", "both"],
)
def test_only_token_and_hash_together_open(store: StoreCaller, headers: dict[str, str], status: int) -> None:
    assert bare(store, headers).status_code == status


def test_an_old_token_opens_while_it_still_works(store: StoreCaller) -> None:
    store.settings(legacy_token="old-jwt")

    assert bare(store, {"authToken": "old-jwt"}).status_code == 200
    assert bare(store, {"authToken": "older"}).status_code == 401
    hooks = bare(store, {"authToken": "old-jwt"}, "/stores/rehearsal/v3/hooks")
    assert hooks.status_code == 401


def test_an_old_token_beside_a_hash_may_answer_nothing_at_all(store: StoreCaller) -> None:
    store.company()
    store.settings(legacy_mix="empty")

    answer = bare(store, {"authToken": "old", "X-Store-Hash": "rehearsal"})

    assert (answer.status_code, answer.json()["data"]) == (200, [])


def test_token_and_hash_can_be_changed(store: StoreCaller) -> None:
    store.settings(access_token="other", store_hash="abc123")

    assert store.call("GET", "/companies").status_code == 500
    other = {"X-Auth-Token": "other", "X-Store-Hash": "abc123"}
    assert bare(store, other).status_code == 200
    assert bare(store, other, "/stores/abc123/v3/customers").status_code == 200


def test_a_token_that_was_taken_back_is_refused_until_there_is_another(store: StoreCaller) -> None:
    store.fault("expire_tokens", times=1)

    assert [store.call("GET", "/users").status_code for _ in range(2)] == [401, 401]
    store.settings(access_token="rehearsal-token")
    assert store.call("GET", "/users").status_code == 200


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_missing_b2b_scope_shows_as_the_settings_say(store: StoreCaller, status: int) -> None:
    store.settings(scopes=["customers"], missing_scope_status=status)

    assert store.call("GET", "/companies").status_code == status
    assert store.core("GET", "/customers").status_code == 200


def test_the_customers_scope_opens_customers_and_can_be_for_reading_only(store: StoreCaller) -> None:
    body = [{"email": "a@b.example", "first_name": "A", "last_name": "B"}]

    store.settings(scopes=["b2b"])
    assert store.core("GET", "/customers").status_code == 403
    store.settings(scopes=["b2b", "customers_read_only"])
    assert store.core("GET", "/customers").status_code == 200
    assert store.core("POST", "/customers", json=body).status_code == 403
    assert store.core("GET", "/hooks").status_code == 200


def test_the_core_api_knows_no_other_store(store: StoreCaller) -> None:
    answer = bare(store, {"X-Auth-Token": "rehearsal-token"}, "/stores/other/v3/customers")

    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("bodies", "kind"),
    [("envelope", "errMsg"), ("message", "message"), ("html", "<h1>401</h1>")],
    ids=["envelope", "message", "html"],
)
def test_undocumented_bodies_come_as_ordered(store: StoreCaller, bodies: str, kind: str) -> None:
    store.settings(undocumented_bodies=bodies)

    answer = bare(store, {"X-Store-Hash": "rehearsal"})

    assert answer.status_code == 401
    assert kind in answer.text
    assert ("data" in answer.text) == (bodies == "envelope")


def test_the_first_call_has_the_headers_of_the_vendors_sample(store: StoreCaller) -> None:
    assert limits(store.call("GET", "/companies")) == {
        "X-Requests-Allocated": "150 times/60 s",
        "X-Requests-Remaining": "150 times",
        "X-Requests-Window-Length": "0 times",
        "X-Request-Window-Resets-After": "0.3973509933774834 s",
    }


def test_a_leaky_bucket_refuses_what_does_not_fit_and_empties_evenly(store: StoreCaller) -> None:
    store.settings(requests_per_window=4, window_s=1)

    answers = [store.call("GET", "/companies") for _ in range(8)]
    refused = next(answer for answer in answers if answer.status_code == 429)

    assert [answer.status_code for answer in answers[:5]] == [200] * 5
    assert limits(refused)["X-Requests-Remaining"] == "0 times"
    assert float(limits(refused)["X-Request-Window-Resets-After"].split()[0]) <= 0.2
    assert "Retry-After" not in refused.headers
    wait_until(lambda: store.call("GET", "/companies").status_code == 200)


def test_a_fixed_window_lets_nothing_through_until_it_ends(store: StoreCaller) -> None:
    store.settings(limiter="fixed", requests_per_window=3, window_s=30)

    answers = [store.call("GET", "/companies") for _ in range(4)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [limits(answer)["X-Requests-Remaining"] for answer in answers] == [
        "2 times",
        "1 times",
        "0 times",
        "0 times",
    ]
    assert 25 < float(limits(answers[-1])["X-Request-Window-Resets-After"].split()[0]) <= 30


def test_reads_writes_and_refusals_of_all_kinds_count_together(store: StoreCaller) -> None:
    store.settings(limiter="fixed", requests_per_window=4)
    bare(store, {"X-Store-Hash": "rehearsal"})

    store.call("GET", "/users")
    store.call("POST", "/companies", json={})
    store.call("GET", "/nothing")
    last = store.call("DELETE", "/addresses/1")

    assert (last.status_code, limits(last)["X-Requests-Remaining"]) == (404, "0 times")


def test_calls_of_the_core_api_are_counted_apart(store: StoreCaller) -> None:
    store.settings(limiter="fixed", requests_per_window=1, core_requests_per_window=2)

    answers = [store.core("GET", "/customers") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [answer.headers["X-Rate-Limit-Requests-Left"] for answer in answers] == ["1", "0", "0"]
    assert answers[0].headers["X-Rate-Limit-Requests-Quota"] == "2"
    assert answers[0].headers["X-Rate-Limit-Time-Window-Ms"] == "30000"
    assert limits(answers[0]) == {}
    assert store.call("GET", "/companies").status_code == 200


def test_headers_of_the_limit_can_be_absent(store: StoreCaller) -> None:
    store.settings(rate_headers=False)

    assert limits(store.call("GET", "/companies")) == {}


@pytest.mark.parametrize(
    ("method", "path", "options", "status", "words"),
    [
        ("GET", "/nothing", {}, 404, "This resource is not found."),
        ("PATCH", "/companies", {"json": {}}, 405, "not allowed"),
        (
            "POST",
            "/companies",
            {"data": "a=b", "headers": {"Content-Type": "text/plain"}},
            415,
            "Unsupported",
        ),
        (
            "POST",
            "/companies",
            {"data": "{", "headers": {"Content-Type": "application/json"}},
            400,
            "JSON parse",
        ),
        ("POST", "/users", {"json": []}, 422, "Invalid data"),
        ("POST", "/users/bulk", {"json": {}}, 422, "Expected a list"),
    ],
    ids=["path", "method", "type", "json", "list", "object"],
)
def test_what_cannot_be_read_is_refused_in_the_first_two_shapes(
    store: StoreCaller, method: str, path: str, options: dict[str, Any], status: int, words: str
) -> None:
    answer = store.call(method, path, **options)

    assert (answer.status_code, answer.json()["code"]) == (status, status)
    assert words in answer.text


def test_tokens_stay_out_of_the_record_of_calls(store: StoreCaller) -> None:
    store.settings(legacy_token="old-jwt")
    store.call("GET", "/companies")
    bare(store, {"authToken": "old-jwt"})

    calls = store.control("GET", "calls")

    assert calls["counts"]["bigcommerce"] == {"companies_list": 2}
    assert "rehearsal-token" not in str(calls)
    assert "old-jwt" not in str(calls)
