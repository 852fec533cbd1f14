"""Answers that nobody promised: unreadable, silent, in other types, full of secrets.

Source: BigCommerce docs, B2B Edition, read 2026-11; the types that wobble as seen in its examples.
"""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from companies.models import Company, CompanyLink, LocationLink
from connectors import errors
from connectors.models import Connection, ConnectionHealth
from connectors.protocol import Change, Status
from connectors.sandbox.server import SandboxServer
from contacts.models import ContactLink
from synclog.models import Entry, Run
from tests import b2b as store
from tests import buyers, talk
from tests.between import Between
from tests.buyers import new_company
from tests.factories import ContactFactory, LocationFactory

pytestmark = pytest.mark.django_db

TOKEN, CLIENT_SECRET = "rehearsal-token", "rehearsal-secret"
READS = ("GET /companies/{}", "GET /companies", "GET core/customers")
UNREADABLE = [
    "",
    "null",
    "[]",
    "0",
    '"x"',
    "<html>Sign in</html>",
    '{"code":200}',
    '{"code":200,"data":{"com',
    "\ufeff{",
]


@pytest.mark.parametrize(
    ("call", "body"),
    [*(("POST /companies", body) for body in UNREADABLE), *((call, "<html></html>") for call in READS)],
)
def test_an_answer_that_can_not_be_read_passes_by_itself(
    shop: Connection, sandbox: SandboxServer, between: Between, call: str, body: str
) -> None:
    facebook = buyers.company(shop)
    between.answers(call, 200, body, arrives=True)

    buyers.sync(shop, facebook)
    buyers.settle(shop)

    assert talk.shown(facebook, shop)[0] == "In sync"
    assert len(store.rows(sandbox, "company")) == 1


@pytest.mark.parametrize("data", [None, {}, [], {"companyId": None}, {"companyId": "x"}, "8000001"])
def test_a_create_whose_answer_has_no_id_is_found_again(
    shop: Connection, sandbox: SandboxServer, between: Between, data: Any
) -> None:
    facebook = buyers.company(shop)
    between.answers("POST /companies", 200, {"code": 200, "data": data, "meta": {}}, arrives=True)

    buyers.sync(shop, facebook)
    buyers.settle(shop)

    assert buyers.link(facebook, shop).remote_id == str(store.named(sandbox, "Facebook")["id"])


def test_a_silent_server_is_left_in_time(shop: Connection, hung_port: int) -> None:
    shop.base_url = f"http://127.0.0.1:{hung_port}/bigcommerce"
    shop.save()

    with pytest.raises(errors.Transient) as caught, buyers.opened(shop, timeout_s=0.5) as connector:
        list(connector.push("company", [new_company("k1")]))

    assert caught.value.code == "timeout"


def test_too_much_at_once_asks_for_less(shop: Connection, sandbox: SandboxServer, between: Between) -> None:
    store.set_up(sandbox, max_limit=50)
    store.makes(sandbox, "company", *({"companyName": "Facebook"} for _ in range(60)))
    facebook = buyers.company(shop)

    buyers.sync(shop, facebook)

    limits = [int(dict(one.query)["limit"]) for one in between.calls("GET /companies")]
    assert min(limits) <= 50
    assert talk.shown(facebook, shop)[0] == "Needs your choice"


def wobbled(value: Any) -> Any:
    """Return an answer with its numbers as texts, its texts of digits as numbers, its flags as either."""
    if isinstance(value, dict):
        return {key: wobbled(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [wobbled(inner) for inner in value]
    if isinstance(value, bool):
        return "1" if value else 0
    if isinstance(value, int):
        return str(value)
    is_number = isinstance(value, str) and value.isdigit() and value[0] != "0"
    return int(value) if is_number else value


def test_types_that_wobble_change_nothing(shop: Connection, sandbox: SandboxServer, between: Between) -> None:
    between.edits("*", wobbled)
    facebook = buyers.company(shop, phone="6505550100", legal_postal_code="94025", status="pending")
    place, anna = (
        LocationFactory.create(company=facebook, region="CA"),
        ContactFactory.create(company=facebook, first_name="Anna", phone="6505550101"),
    )
    buyers.change(place, is_default_billing=True)

    for _ in range(2):
        buyers.sync(shop, facebook)
        buyers.sync(shop, anna)
        buyers.sync(shop, place)
        between.forget()
    buyers.change(facebook, status="active")
    buyers.sync(shop, facebook)

    assert between.writes() == ["PUT /companies/{}/status"]
    assert store.named(sandbox, "Facebook")["companyStatus"] == 1
    counts = {kind: len(store.rows(sandbox, kind)) for kind in ("company", "user", "address")}
    assert counts == {"company": 1, "user": 2, "address": 1}
    assert {talk.shown(one, shop)[0] for one in (facebook, anna, place)} == {"In sync"}


ECHO = f"Bad header {TOKEN}; Bearer {TOKEN}; secret {CLIENT_SECRET}"


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (401, {"code": 401, "data": {"errMsg": ECHO}, "meta": {"message": ECHO}}),
        (403, {"code": 403, "message": ECHO}),
        (404, f"<html>{ECHO}</html>"),
        (422, {"code": 422, "data": {"errMsg": {"first_name": [ECHO]}}, "meta": {"message": ECHO}}),
        (422, {"code": 422, "data": {"errMsg": ECHO}, "meta": {"message": ECHO}}),
        (500, {"code": 500, "data": {}, "meta": {"message": ECHO}}),
        (429, ECHO),
        (200, f"<html>{ECHO}</html>"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_no_secret_stands_in_the_log_nor_in_what_a_person_reads(
    shop: Connection, between: Between, caplog: pytest.LogCaptureFixture, status: int, body: Any
) -> None:
    caplog.set_level(logging.DEBUG)
    facebook = buyers.company(shop)
    between.answers("POST /companies", status, body, times=None)

    talk.send(shop, [facebook])
    talk.later(shop)

    assert not [name for name, text in _texts(caplog) for one in (TOKEN, CLIENT_SECRET) if one in text]


def _texts(caplog: pytest.LogCaptureFixture) -> Iterator[tuple[str, str]]:
    for model in (Entry, Run, Company, CompanyLink, ContactLink, LocationLink, ConnectionHealth):
        for row in model._default_manager.values():
            yield model.__name__, json.dumps(row, default=str)
    noisy = ("factory", "connectors.sandbox")  # the test's own and the other side's
    lines = [record for record in caplog.records if not record.name.startswith(noisy)]
    yield "the worker's log", "\n".join(logging.Formatter().format(record) for record in lines)


def test_outcomes_and_connector_show_no_secret(shop: Connection) -> None:
    with buyers.opened(shop) as connector:
        outcomes = list(
            connector.push("company", [new_company("k1"), Change("k2", "999", {"companyPhone": "2"}, {})])
        )
        shown = repr(outcomes) + repr(connector) + repr(vars(connector))

    assert [outcome.status for outcome in outcomes] == [Status.CREATED, Status.REJECTED]
    assert TOKEN not in shown
    assert CLIENT_SECRET not in shown
