"""A refusal of B2B is read in each shape, classed by what the caller does next, and holds no secret."""

from typing import Any

import pytest

from connectors.errors import AuthFailed, ConnectorError, Misconfigured, RateLimited, Transient
from connectors.systems.bigcommerce.errors import Refused, Why, problem, said, status_of
from connectors.systems.bigcommerce.nouns import NOUNS
from connectors.systems.bigcommerce.words import refusal

ERRMSG = {"code": 422, "meta": {"message": "Parameter Error"}}
SHAPES: dict[str, tuple[Any, str, dict[str, str]]] = {
    "message": (
        {"code": 422, "data": {}, "meta": {"message": "The company name is required."}},
        "",
        {"companyName": "The company name is required."},
    ),
    "errMsg object": (
        {**ERRMSG, "data": {"errMsg": {"first_name": ["This field may not be null."]}}},
        "Parameter Error",
        {"firstName": "This field may not be null."},
    ),
    "errMsg of no field": (
        {**ERRMSG, "data": {"errMsg": {"non_field_errors": ["User must have a role."]}}},
        "User must have a role.",
        {},
    ),
    "errMsg string": (
        {**ERRMSG, "data": {"errMsg": "Email already exists. ['a@b.example']"}},
        "Email already exists. ['a@b.example']",
        {},
    ),
    "errors with _detail": (
        {
            "code": 409,
            "data": {"errors": [{"id": "42", "_detail": "Taken"}]},
            "meta": {"message": "Conflict"},
        },
        "Conflict Taken",
        {},
    ),
    "errors with detail": (
        {"code": 409, "data": {"errors": [{"id": "42", "detail": "Taken"}]}, "meta": {"message": "Conflict"}},
        "Conflict Taken",
        {},
    ),
    "numbered errors": (
        {"status": 404, "title": "Parameter Error.", "errors": {"1": "Company does not exist."}},
        "Company does not exist.",
        {},
    ),
    "bare message": (
        {"code": 403, "message": "Multi storefront is not enabled"},
        "Multi storefront is not enabled",
        {},
    ),
    "fields as message": (
        {"code": 400, "data": "", "message": {"city": ["This field may not be blank."]}},
        "",
        {"city": "This field may not be blank."},
    ),
    "core": (
        {"status": 422, "title": "Create customers failed.", "errors": {".customer_create": "Error"}},
        "Create customers failed.",
        {".customerCreate": "Error"},
    ),
    "null": (None, "", {}),
    "list": ([1], "", {}),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_each_shape_is_read(shape: str) -> None:
    body, message, fields = SHAPES[shape]

    told = said(body)

    assert (told.message, dict(told.fields)) == (message, fields)


def test_a_bulk_calls_refusal_is_read_in_its_order() -> None:
    told = said({**ERRMSG, "data": {"errMsg": [{}, {"last_name": ["May not be null."]}]}})

    assert [item.text for item in told.items] == ["", "May not be null."]
    assert dict(told.items[1].fields) == {"lastName": "May not be null."}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Email already exists. ['john.doe@example.com']", Why.TAKEN),
        ("The user already exists.", Why.TAKEN),
        ("Conflict Error / email is existed", Why.TAKEN),
        ("The last user in company can not be deleted.", Why.LAST_USER),
        ("User must have a role.", Why.ROLE),
        ('"5" is not a valid choice', Why.ROLE),
        ('The value "5" is not a valid role.', Why.ROLE),
        ("At least one B2B storefront needs to be enabled for a Company user.", Why.STOREFRONT),
        ("Create BigCommerce customer group failed", Why.GROUP),
        ("Check is default fields and corresponding field.", Why.DEFAULTS),
        ("User matching query does not exist.", Why.GONE),
        ("Address matching query does not exist.", Why.GONE),
        ("This resource is not found.", Why.GONE),
        ("Company does not exist.", Why.GONE),
        ("Something else", Why.OTHER),
    ],
)
def test_a_known_message_is_recognised_whatever_its_status(text: str, why: Why) -> None:
    for status in (400, 422):
        refused = problem(status, {}, {"code": status, "data": {"errMsg": text}, "meta": {"message": "x"}})

        assert isinstance(refused, Refused)
        assert refused.why is why


JSON: dict[str, Any] = {"code": 0, "data": {}, "meta": {"message": "No"}}
CLASSES: dict[str, tuple[int, Any, type[ConnectorError]]] = {
    "400": (400, JSON, Refused),
    "401": (401, JSON, AuthFailed),
    "403": (403, JSON, Misconfigured),
    "404 of a record": (404, JSON, Refused),
    "404 of a page": (404, "<html>", Misconfigured),
    "405": (405, JSON, Misconfigured),
    "409": (409, JSON, Refused),
    "413": (413, JSON, Refused),
    "415": (415, JSON, ConnectorError),
    "422": (422, JSON, Refused),
    "429": (429, JSON, RateLimited),
    "500": (500, JSON, Transient),
    "502": (502, "<html>", Transient),
    "503": (503, JSON, Transient),
    "504": (504, "", Transient),
    "507": (507, JSON, Refused),
}


@pytest.mark.parametrize("status", CLASSES)
def test_each_status_has_its_class(status: str) -> None:
    code, body, kind = CLASSES[status]

    found = problem(code, {}, body)

    assert type(found) is kind
    assert found.message.endswith(".")


def test_a_list_that_is_not_there_is_a_wrong_address_and_no_missing_record() -> None:
    assert isinstance(problem(404, {}, JSON, is_record=False), Misconfigured)


def test_an_overload_says_when_to_come_back() -> None:
    found = problem(429, {"X-Request-Window-Resets-After": "12.5 s"}, JSON)

    assert isinstance(found, RateLimited)
    assert found.retry_after_s == 12.5


def test_the_stores_own_overload_says_it_in_milliseconds() -> None:
    found = problem(429, {"X-Rate-Limit-Time-Reset-Ms": "2500"}, JSON, core=True)

    assert isinstance(found, RateLimited)
    assert found.retry_after_s == 2.5


def test_a_failure_inside_is_not_tried_again_within_a_minute() -> None:
    found = problem(500, {}, JSON)

    assert isinstance(found, Transient)
    assert found.retry_after_s == 60


def test_a_missing_scope_says_which() -> None:
    b2b, core = problem(403, {}, JSON), problem(403, {}, JSON, core=True)

    assert "B2B Edition: modify" in b2b.message
    assert "Customers: modify" in core.message


def test_channels_of_a_store_with_one_storefront_are_said_to_be_it() -> None:
    found = problem(403, {}, {"code": 403, "message": "Multi storefront is not enabled"})

    assert "Empty the box Channels" in found.message


@pytest.mark.parametrize(("code", "status"), [(200, 200), (422, 422), (10012, 400), ("500", 500)])
def test_a_good_answer_may_carry_a_bad_code(code: object, status: int) -> None:
    assert status_of(200, {"code": code, "data": {}}) == status


def test_a_token_in_a_refusal_is_masked() -> None:
    body = {
        "code": 401,
        "data": {"errMsg": 'Bad "access_token": "abcdefgh12345678"'},
        "meta": {"message": "No"},
    }

    found = problem(401, {}, body)

    assert "abcdefgh12345678" not in str(found)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("This field may not be null.", "City is empty; B2B needs it. Fill it in and save."),
        ("City is required", "City is empty; B2B needs it. Fill it in and save."),
        (
            "Enter a valid email address.",
            "B2B does not take what stands in City as an e-mail address. Correct it and save.",
        ),
        (
            "Ensure this field has no more than 100 characters.",
            "City is too long; B2B takes 100 characters. Shorten it.",
        ),
        ("odd\nwords", "B2B refused City of Facebook: “odd words”"),
    ],
)
def test_a_refused_field_becomes_a_sentence_with_a_remedy(text: str, sentence: str) -> None:
    assert refusal(Why.OTHER, "Facebook", "City", NOUNS["company"], text) == sentence


def test_their_words_are_capped() -> None:
    assert len(refusal(Why.OTHER, "Facebook", "", NOUNS["company"], "x" * 5_000)) < 300
