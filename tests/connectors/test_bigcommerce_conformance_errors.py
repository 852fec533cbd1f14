"""B2B's refusals and silences: what each means for the record, the connection, and the person who reads it.

Source: BigCommerce docs, B2B "API status codes" and "Authentication", read 2026-11.
"""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from companies.models import Company, Location
from connectors.models import Connection, ConnectionHealth, Synced
from connectors.sandbox.server import SandboxServer
from tests import b2b as store
from tests import buyers, seeded, talk
from tests.between import Between
from tests.buyers import new_company
from tests.factories import LocationFactory

pytestmark = pytest.mark.django_db

TOKEN, CLIENT_SECRET = "rehearsal-token", "rehearsal-secret"


@pytest.fixture
def facebook(shop: Connection, sandbox: SandboxServer) -> Company:
    """A company that is over there."""
    made = buyers.company(shop)
    seeded.there(shop, sandbox, made)
    return made


def dock(company: Company) -> Location:
    """Return a location of a company."""
    return LocationFactory.create(company=company, label="Dock", region="CA", postal_code="94607")


def shapes(field: str, text: str) -> dict[str, dict[str, Any]]:
    """Return one refusal of a field in every shape that names it."""
    camel = re.sub(r"_([a-z0-9])", lambda found: found[1].upper(), field)
    about = {"message": "Parameter Error"}
    return {
        "object": {"code": 422, "data": {"errMsg": {field: [text]}}, "meta": about},
        "camel": {"code": 422, "data": {"errMsg": {camel: [text]}}, "meta": about},
        "bare text": {"code": 422, "data": {"errMsg": {field: text}}, "meta": about},
        "array of one": {"code": 422, "data": {"errMsg": [{field: [text]}]}, "meta": about},
        "errors": {"code": 422, "data": {"errors": [{"id": "0", "_detail": {field: [text]}}]}, "meta": about},
        "meta": {"code": 422, "data": {}, "meta": {"message": {field: [text]}}},
        "top": {"code": 400, "data": "", "message": {field: [text]}},
    }


FIELDS = [
    ("company", "PUT /companies/{}", {"phone": "2"}, "company_phone", "phone"),
    ("company", "PUT /companies/{}", {"phone": "2"}, "company_email", "email"),
    ("company", "PUT /companies/{}", {"phone": "2"}, "zip_code", "legal_postal_code"),
    ("company", "PUT /companies/{}", {"phone": "2"}, "address_line1", "legal_street"),
    ("contact", "PUT /users/{}", {"last_name": "Y"}, "first_name", "first_name"),
    ("contact", "PUT /users/{}", {"last_name": "Y"}, "phone_number", "phone"),
    ("location", "PUT /addresses/{}", {"phone": "2"}, "last_name", "recipient"),
    ("location", "PUT /addresses/{}", {"phone": "2"}, "country_code", "country"),
    ("location", "PUT /addresses/{}", {"phone": "2"}, "phone_number", "phone"),
]


# Every shape for one field of each entity, the others in the usual one.
SHAPED = [(shape, *FIELDS[n]) for n in (0, 4, 6) for shape in shapes("x", "y")]
SHAPED += [("object", *FIELDS[n]) for n in (1, 2, 3, 5, 7, 8)]


@pytest.mark.parametrize(
    ("shape", "entity", "call", "edit", "theirs", "ours"), SHAPED, ids=lambda value: str(value)[:20]
)
def test_a_refused_field_is_told_by_our_name_in_every_shape(
    shop: Connection,
    facebook: Company,
    sandbox: SandboxServer,
    between: Between,
    shape: str,
    entity: str,
    call: str,
    edit: dict[str, str],
    theirs: str,
    ours: str,
) -> None:
    makers: dict[str, Callable[[], Synced]] = {
        "company": lambda: facebook,
        "contact": lambda: buyers.lead(facebook),
        "location": lambda: dock(facebook),
    }
    one = makers[entity]()
    if entity == "location":
        seeded.there(shop, sandbox, one)
    refusal = shapes(theirs, "Ensure this field has no more than 20 characters.")[shape]
    between.answers(call, refusal["code"], refusal)

    buyers.change(one, **edit)
    buyers.sync(shop, one)

    link = buyers.link(one, shop)
    assert (link.state, list(link.errors)) == ("failed", [ours])
    assert re.fullmatch(
        r"[A-Z][\w -]+ is too long; B2B takes 20 characters\. Shorten it\.", link.errors[ours]
    )


WORDS = [
    (
        422,
        {"code": 422, "data": {}, "meta": {"message": "The company name is required."}},
        "name",
        "Company Name",
    ),
    (422, {"code": 422, "data": {}, "meta": {"message": "The company phone is required."}}, "phone", "Phone"),
    (
        404,
        {"status": 404, "title": "Parameter Error.", "errors": {"1": "Company does not exist."}},
        "",
        "B2B",
    ),
    (400, {"code": 400, "message": "Something is off"}, "", "Something is off"),
    (
        400,
        {"code": 400, "data": {}, "meta": {"message": "Create BigCommerce customer group failed"}},
        "",
        "group",
    ),
    (
        422,
        {"code": 422, "data": {"errMsg": "Enter a valid value."}, "meta": {"message": "x"}},
        "",
        "Enter a valid",
    ),
    (422, {"code": 422, "data": {"errMsg": {"non_field_errors": ["No way."]}}, "meta": {}}, "", "No way."),
    (
        409,
        {"code": 409, "data": {"errors": [{"id": "1", "detail": "Taken by X"}]}, "meta": {"message": "m"}},
        "",
        "X",
    ),
    (507, {"code": 507, "data": {}, "meta": {"message": "Insufficient Storage"}}, "", "plan"),
    (422, {}, "", "reason"),
    (422, {"code": 422, "data": None, "meta": None}, "", "reason"),
    (422, "<b>no</b>", "", "no"),
]


@pytest.mark.parametrize(("status", "body", "field", "word"), WORDS, ids=lambda value: str(value)[:40])
def test_a_refusal_is_one_records_and_in_words(
    shop: Connection, facebook: Company, between: Between, status: int, body: Any, field: str, word: str
) -> None:
    globex = buyers.company(shop, "Globex")  # with its first user: two are made
    between.answers("PUT /companies/{}", status, body)
    buyers.change(facebook, phone="2")

    run = talk.send(shop, [facebook, globex])

    link = buyers.link(facebook, shop)
    said = " ".join([link.message, *link.errors.values()])
    assert (run.rejected, run.created, link.state) == (1, 2, "failed")
    assert word in said
    assert list(link.errors) == ([field] if field else [])
    assert bool(link.message) is not bool(field)
    assert not re.search(r"errMsg|_detail|\{|\}|None|<b>|Traceback", said.replace("<b>no</b>", ""))


@pytest.mark.parametrize("code", [422, 400, 10012])
def test_a_refusal_in_a_200_is_one(shop: Connection, facebook: Company, between: Between, code: int) -> None:
    between.answers(
        "PUT /companies/{}", 200, {"code": code, "data": {}, "meta": {"message": "PARAMETER VALUE ERROR"}}
    )

    buyers.change(facebook, phone="2")
    buyers.sync(shop, facebook)

    assert buyers.link(facebook, shop).state == "failed"
    assert "phone" not in buyers.link(facebook, shop).snapshot or (
        buyers.link(facebook, shop).snapshot["companyPhone"] != "2"
    )


PAUSES = [
    (401, {}, "access token", ""),
    (403, {}, "B2B Edition: modify", "<html></html>"),
    (405, {}, "Independent", ""),
    (301, {"Location": "https://elsewhere.example/"}, "another address", "<html></html>"),
    (503, {}, "maintenance", ""),
    (502, {}, "not available", "<html></html>"),
]


@pytest.mark.parametrize(("status", "headers", "word", "body"), PAUSES)
def test_what_is_wrong_with_the_connection_pauses_it_and_says_who_does_what(
    shop: Connection, between: Between, status: int, headers: dict[str, str], word: str, body: str
) -> None:
    some = [buyers.company(shop, name) for name in ("Facebook", "Globex", "Initech")]
    between.answers("POST /companies", status, body, times=None, headers=headers)

    buyers.sync(shop, *some)

    health = ConnectionHealth.objects.get(connection=shop)
    assert health.is_paused()
    assert word in health.pause_reason
    assert [buyers.link(one, shop).state for one in some[1:]] == ["pending", "pending"]


@pytest.mark.parametrize(("status", "word"), [(403, "B2B Edition: modify"), (405, "Independent")])
def test_a_single_write_that_is_not_allowed_is_its_records(
    shop: Connection, facebook: Company, between: Between, status: int, word: str
) -> None:
    globex = buyers.company(shop, "Globex")
    between.answers("PUT /companies/{}", status, "")
    buyers.change(facebook, phone="2")

    buyers.sync(shop, facebook, globex)

    assert talk.shown(facebook, shop)[0] == "Failed"
    assert word in buyers.link(facebook, shop).message
    assert talk.shown(globex, shop)[0] == "In sync"


@pytest.mark.parametrize(
    ("status", "bodies"),
    [(401, "html"), (403, "envelope"), (403, "message"), (404, "html"), (404, "message")],
)
def test_a_missing_scope_pauses_and_names_it(
    shop: Connection, sandbox: SandboxServer, status: int, bodies: str
) -> None:
    facebook = buyers.company(shop)
    store.set_up(sandbox, scopes=["customers"], missing_scope_status=status, undocumented_bodies=bodies)

    buyers.sync(shop, facebook)

    reason = ConnectionHealth.objects.get(connection=shop).pause_reason
    assert buyers.link(facebook, shop).state == "pending"
    assert status == 401 or "B2B Edition: modify" in reason


def test_a_scope_that_the_store_lacks_is_named(
    shop: Connection, sandbox: SandboxServer, between: Between
) -> None:
    facebook = buyers.company(shop)
    store.set_up(sandbox, scopes=["b2b"])

    buyers.sync(shop, facebook)

    assert "Customers: modify" in ConnectionHealth.objects.get(connection=shop).pause_reason
    assert between.writes() == []


WAITS = [
    ({"X-Request-Window-Resets-After": "7.25 s"}, 7.25, 7.25),
    ({"x-request-window-resets-after": "12.0"}, 12, 12),
    ({"Retry-After": "9"}, 9, 9),
    ({"X-Request-Window-Resets-After": "soon"}, 5, 60),
    ({}, 5, 60),
]


@pytest.mark.parametrize(("headers", "least", "most"), WAITS, ids=lambda value: str(value)[:36])
def test_a_429_waits_as_long_as_it_says(
    shop: Connection, facebook: Company, between: Between, headers: dict[str, str], least: float, most: float
) -> None:
    between.answers("PUT /companies/{}", 429, "", headers=headers)
    buyers.change(facebook, phone="2")
    before = timezone.now()

    buyers.sync(shop, facebook)

    health = ConnectionHealth.objects.get(connection=shop)
    assert health.pause == ConnectionHealth.Pause.LIMIT
    assert health.paused_until is not None
    waits_s = (health.paused_until - before).total_seconds()
    assert least - 1 <= waits_s <= most + 5
    assert buyers.link(facebook, shop).attempts == 0


def test_what_the_answers_tell_of_the_limit_is_handed_on(shop: Connection, between: Between) -> None:
    told = {
        "x-requests-ALLOCATED": "150 times/60 s",
        "X-Requests-Remaining": "3 times",
        "X-Request-Window-Resets-After": "0.39 s",
    }
    between.answers("GET /companies", 200, {"code": 200, "data": [], "meta": {}}, times=None, headers=told)
    desk = buyers.Desk()

    buyers.pushed(shop, "company", new_company("k1"), desk=desk)

    window = next(one for one in desk.windows if one.remaining == 3)
    assert (window.allocated, window.window_s, window.resets_s) == (150, 60, 0.39)
    assert desk.ticks == len([one for one in between.heard if "core" not in one.call])
