"""The troubles a rehearsal can make, in the words and shapes of the store."""

from typing import Any

import pytest
import requests

from .conftest import StoreCaller, company_values, user_values


def test_a_status_is_answered_so_many_times_with_the_limit_told(store: StoreCaller) -> None:
    store.fault("status:500", times=2, retry_after=7)

    answers = [store.call("GET", "/companies") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [500, 500, 200]
    assert answers[0].json() == {"code": 500, "data": {}, "meta": {"message": "Server Error"}}
    assert answers[0].headers["Retry-After"] == "7"
    assert answers[1].headers["X-Requests-Remaining"] == "149 times"


@pytest.mark.parametrize(
    ("order", "status", "words"),
    [
        ({"fault": "status:401"}, 401, "Invalid token"),
        ({"fault": "status:403", "message": "No B2B."}, 403, "No B2B."),
        ({"fault": "status:503"}, 503, "<h1>"),
        ({"fault": "status:503", "message": "Service Unavailable"}, 503, '"code":503'),
        ({"fault": "status:507"}, 507, "Insufficient Storage"),
        ({"fault": "html"}, 503, "<!DOCTYPE html>"),
        ({"fault": "html:200"}, 200, "<!DOCTYPE html>"),
        ({"fault": "garbage"}, 200, '{"code":200,"data"'),
    ],
    ids=["401", "403", "page", "503", "507", "html", "html-200", "garbage"],
)
def test_a_refusal_looks_like_the_vendors(
    store: StoreCaller, order: dict[str, Any], status: int, words: str
) -> None:
    store.fault(**order)

    answer = store.call("GET", "/companies")

    assert answer.status_code == status
    assert words in answer.text


def test_a_used_up_limit_is_told_in_headers_and_soon_over(store: StoreCaller) -> None:
    store.fault("rate_limit", times=1)

    answer = store.call("GET", "/companies")

    assert (answer.status_code, answer.headers["X-Requests-Remaining"]) == (429, "0 times")
    assert answer.headers["X-Request-Window-Resets-After"] == "0.3973509933774834 s"
    assert "Retry-After" not in answer.headers
    assert store.call("GET", "/companies").status_code == 200


def test_the_core_api_refuses_in_its_own_shape(store: StoreCaller) -> None:
    store.fault("rate_limit", times=1, match={"route": "customers_list"})

    assert store.call("GET", "/companies").status_code == 200
    answer = store.core("GET", "/customers")
    assert (answer.status_code, answer.json()["status"]) == (429, 429)
    assert answer.headers["X-Rate-Limit-Requests-Left"] == "0"


@pytest.mark.parametrize(
    ("code", "status", "words"),
    [
        ("GROUP_FAILED", 400, "Create BigCommerce customer group failed"),
        ("EMAIL_EXISTS", 422, "Email already exists. ['taken@example.com']"),
        ("EMAIL_CONFLICT", 409, "email is existed"),
        ("SUPER_ADMIN", 400, "The user already exists."),
        ("CONVERT_FAILED", 400, "Convert failed for the API call."),
        ("DUPLICATE", 409, "unique field"),
        ("PARAMETER", 422, "last_name"),
        ("PLAN_LIMIT", 507, "Insufficient Storage"),
        ("Strange words", 422, "Strange words"),
    ],
)
def test_a_record_is_refused_with_a_documented_message(
    store: StoreCaller, code: str, status: int, words: str
) -> None:
    store.fault(f"record:{code}", times=1, match={"companyName": "Facebook"})

    other = store.call("POST", "/companies", json=company_values(companyName="B", adminEmail="b@test.com"))
    struck = store.call("POST", "/companies", json=company_values())

    assert (other.status_code, struck.status_code) == (200, status)
    assert words in struck.text
    assert store.call("POST", "/companies", json=company_values()).status_code == 200


def test_a_record_fault_can_name_fields_and_words(store: StoreCaller) -> None:
    store.fault("record:BAD", fields=["phone_number"], message="Too odd.", times=1)

    answer = store.call("POST", "/users", json=user_values(1))

    assert answer.json()["data"]["errMsg"] == {"phone_number": ["Too odd."]}


def test_one_record_of_a_bulk_call_can_be_refused(store: StoreCaller) -> None:
    company = store.company()
    store.fault("record:PARAMETER", times=1, match={"email": "b@test.com"})
    body = [user_values(company, email=email) for email in ("a@test.com", "b@test.com")]

    answer = store.call("POST", "/users/bulk", json=body)

    assert answer.json()["data"]["errMsg"] == [{}, {"last_name": ["This field may not be null."]}]
    assert len(store.stored("user")) == 1


@pytest.mark.parametrize(
    ("path", "entity"), [("/companies", "company"), ("/users", "user"), ("/addresses", "address")]
)
def test_a_lost_answer_leaves_the_record_behind(store: StoreCaller, path: str, entity: str) -> None:
    company = store.store("company", companyName="Seed")
    before = len(store.stored(entity))
    place = {"addressLine1": "1 Way", "city": "Rome", "countryCode": "FR"}
    body = {**company_values(), **user_values(company), **place}
    store.fault("drop_after_commit", times=1)

    with pytest.raises(requests.ConnectionError):
        store.call("POST", path, json=body)

    assert len(store.stored(entity)) == before + 1


def test_a_line_that_breaks_before_a_write_leaves_nothing(store: StoreCaller) -> None:
    store.fault("drop_before_commit", times=1)
    assert store.call("GET", "/companies").status_code == 200

    with pytest.raises(requests.ConnectionError):
        store.call("POST", "/companies", json=company_values())

    assert store.stored("company") == []
