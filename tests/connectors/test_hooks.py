"""Deliveries at our door: who may speak, what is kept, how a flood is borne."""

import base64
import hashlib
import hmac
import json
import time
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from companies.models import Company
from connectors import hooks, pull
from connectors.models import Connection, Listener, Notice
from connectors.sandbox.server import SandboxServer
from synclog.models import Entry
from tests import b2b as store
from tests.factories import B2BFactory
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db

OURS, THEIRS = "our-own-secret", "rehearsal-secret"
UPDATED = "store/company/updated"


@pytest.fixture
def door(db: None) -> Connection:
    """Return a connection to a store that knows our secret; nobody listens at its address."""
    connection = B2BFactory.create()
    Listener.objects.create(connection=connection, secret={"value": OURS}, address="https://concord.example/")
    return Connection.objects.select_related("listener").get(pk=connection.pk)


def told(scope: str = UPDATED, **data: Any) -> bytes:
    """Return the body of a delivery."""
    ids = data or {"company_id": 1042}
    return json.dumps({"scope": scope, "data": ids, "created_at": 1_700_000_000, "hash": "x"}).encode()


def signature(body: bytes, delivery: str, stamp: int, secret: str = THEIRS) -> str:
    """Return what the store signs with."""
    digest = hmac.new(secret.encode(), f"{delivery}.{stamp}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def deliver(
    connection: Connection,
    body: bytes | None = None,
    *,
    delivery: str = "msg_1",
    stamp: int | None = None,
    signed: str | None = None,
    ours: str = OURS,
    path: str = "",
) -> int:
    """Deliver as the store does; return the status."""
    body = told() if body is None else body
    stamp = int(time.time()) if stamp is None else stamp
    signed = signature(body, delivery, stamp) if signed is None else signed
    headers = {"X-Concord-Secret": ours}
    if signed:
        headers |= {"webhook-id": delivery, "webhook-timestamp": str(stamp), "webhook-signature": signed}
    where = path or reverse("webhook", args=["bigcommerce", connection.public_id])
    answer = Client(enforce_csrf_checks=True).post(
        where, body, content_type="application/json", headers=headers
    )
    assert answer.content == b"" or answer.status_code in (404, 413)
    return answer.status_code


def test_a_delivery_of_the_store_is_kept_and_answered_without_a_word(door: Connection) -> None:
    status = deliver(door)

    notice = Notice.objects.get()
    assert status == 200
    assert (notice.entity, notice.remote_id, notice.said, notice.is_deleted) == (
        "company", "1042", UPDATED, False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("scope", "data", "kept"),
    [
        ("store/company/deleted", {"company_id": 7}, ("company", "7", True)),
        ("store/company/statusUpdated", {"company_id": "7"}, ("company", "7", False)),
        ("store/company/user/updated", {"company_id": 7, "user_id": 8}, ("contact", "8", False)),
        ("store/company/address/deleted", {"company_id": 7, "address_id": 9}, ("location", "9", True)),
    ],
    ids=["company", "status", "user", "address"],
)
def test_each_event_names_its_own_record(
    door: Connection, scope: str, data: dict[str, Any], kept: tuple[str, str, bool]
) -> None:
    deliver(door, told(scope, **data))

    notice = Notice.objects.get()
    assert (notice.entity, notice.remote_id, notice.is_deleted) == kept


def test_a_repeated_delivery_is_kept_once(door: Connection) -> None:
    statuses = [deliver(door, delivery=name) for name in ("msg_1", "msg_1", "msg_2", "msg_1")]

    assert statuses == [200] * 4
    assert Notice.objects.count() == 2


def test_without_an_id_the_same_event_of_the_same_moment_is_kept_once(door: Connection) -> None:
    first, other = told(), told(company_id=1043)

    for body in (first, first, other):
        deliver(door, body, signed="")

    assert Notice.objects.count() == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"ours": "guessed"},
        {"ours": ""},
        {"signed": "v1,bm9uc2Vuc2U="},
        {"signed": "v1,***"},
        {"signed": "v2,abc"},
        {"stamp": 1_600_000_000},
        {"stamp": 4_000_000_000},
    ],
    ids=["guessed", "without", "wrong", "no-base64", "other-version", "old", "future"],
)
def test_what_is_not_the_stores_is_refused(door: Connection, wrong: dict[str, Any]) -> None:
    assert deliver(door, **wrong) == 401
    assert not Notice.objects.exists()


def test_a_body_that_was_changed_on_the_way_is_refused(door: Connection) -> None:
    stamp = int(time.time())

    assert deliver(door, told(company_id=1), stamp=stamp, signed=signature(told(), "msg_1", stamp)) == 401


def test_one_good_signature_among_several_is_enough(door: Connection) -> None:
    stamp = int(time.time())
    several = f"v1,bm9uc2Vuc2U= {signature(told(), 'msg_1', stamp)} v9,abc"

    assert deliver(door, stamp=stamp, signed=several) == 200


@pytest.mark.parametrize("off_s", [-290, 290])
def test_five_minutes_off_are_taken_both_ways(door: Connection, off_s: int) -> None:
    assert deliver(door, stamp=int(time.time()) + off_s) == 200


def test_from_the_first_signed_delivery_on_an_unsigned_one_is_refused(door: Connection) -> None:
    before = deliver(door, told(company_id=1), signed="")
    signed = deliver(door, told(company_id=2), delivery="msg_2")
    unsigned = deliver(door, told(company_id=3), signed="")
    again = deliver(door, told(company_id=4), delivery="msg_4")

    assert (before, signed, unsigned, again) == (200, 200, 401, 200)
    assert [notice.remote_id for notice in Notice.objects.order_by("pk")] == ["1", "2", "4"]
    assert Entry.objects.get(code="hook_signed").description == (
        "B2B signs its deliveries to Better B2B. From now on, those without its signature are refused."
    )
    assert "it carries no signature" in Entry.objects.get(code="hook_refused").description


@pytest.mark.parametrize(
    "wrong", [{"signed": "v1,bm9uc2Vuc2U="}, {"ours": "guessed"}], ids=["signature", "secret"]
)
def test_a_delivery_that_is_refused_is_not_taken_for_the_first_signed_one(
    door: Connection, wrong: dict[str, Any]
) -> None:
    refused = deliver(door, **wrong)
    unsigned = deliver(door, told(company_id=2), signed="")

    assert (refused, unsigned) == (401, 200)
    assert Listener.objects.get().signed_at is None


def test_one_connection_that_signs_says_nothing_of_another(door: Connection) -> None:
    other = B2BFactory.create(slug="other", name="Other")
    Listener.objects.create(connection=other, secret={"value": OURS}, address="https://concord.example/")

    deliver(door)

    assert deliver(other, told(company_id=2), signed="") == 200


def test_a_setting_requires_the_signature_at_once(door: Connection) -> None:
    Connection.objects.update(settings={"require_signature": "yes"})

    unsigned = deliver(door, signed="")
    signed = deliver(door, told(company_id=3), delivery="msg_3")

    assert (unsigned, signed) == (401, 200)


def test_signatures_cannot_be_required_without_the_client_secret(door: Connection) -> None:
    door.credentials = {"store_hash": "rehearsal", "access_token": "rehearsal-token"}
    door.settings = {"require_signature": "yes"}
    door.save()

    assert deliver(door) == 401


def test_our_secret_alone_serves_where_the_client_secret_is_not_known(door: Connection) -> None:
    door.credentials = {"store_hash": "rehearsal", "access_token": "rehearsal-token"}
    door.save()

    assert deliver(door, signed="v1,whatever") == 200


def test_nobody_speaks_for_a_connection_that_never_asked_for_deliveries(door: Connection) -> None:
    Listener.objects.all().delete()

    assert deliver(door, ours="") == 401


def test_an_unknown_connection_or_kind_is_not_found(door: Connection) -> None:
    stranger = reverse("webhook", args=["bigcommerce", uuid.uuid4()])
    other_kind = reverse("webhook", args=["salesforce", door.public_id])
    no_kind = reverse("webhook", args=["nothing", door.public_id])

    assert [deliver(door, path=path) for path in (stranger, other_kind, no_kind)] == [404, 404, 404]


def test_only_a_post_is_listened_to(client: Client, door: Connection) -> None:
    assert client.get(reverse("webhook", args=["bigcommerce", door.public_id])).status_code == 405


def test_a_body_beyond_64_kb_is_not_read(door: Connection) -> None:
    assert deliver(door, b"{" + b" " * 65_536) == 413
    assert not Notice.objects.exists()


@pytest.mark.parametrize(
    "body",
    [told("store/quote/created", quote_id=5), told("store/company/renamed"), b"[]", b"none", b"[" * 9_000],
    ids=["quote", "new", "list", "no-json", "deep"],
)
def test_what_does_not_concern_us_is_answered_and_ignored(door: Connection, body: bytes) -> None:
    assert deliver(door, body) == 200
    assert not Notice.objects.exists()


def test_a_connection_that_is_off_answers_and_keeps_nothing(door: Connection) -> None:
    Connection.objects.update(enabled=False)

    assert deliver(door) == 200
    assert not Notice.objects.exists()


def test_refused_deliveries_are_told_once_in_ten_minutes_and_no_secret_is(door: Connection) -> None:
    for _ in range(5):
        deliver(door, signed="v1,bm9uc2Vuc2U=")
    first = list(Entry.objects.all())
    Listener.objects.update(refused_at=timezone.now() - timedelta(minutes=11))
    deliver(door, ours="guessed")

    assert len(first) == 1
    assert first[0].description == (
        "A delivery to the webhook address of Better B2B was refused: its signature is wrong. If B2B sent "
        "it, press Repair webhooks on the connection's page, and compare the client secret. More of them in "
        "the next ten minutes are not told."
    )
    assert Entry.objects.count() == 2
    everything = json.dumps(list(Entry.objects.values()), default=str)
    assert OURS not in everything
    assert THEIRS not in everything


def test_a_delivery_costs_one_look_and_one_insert(door: Connection, django_assert_num_queries: Any) -> None:
    deliver(door)  # the first signed one is noted besides

    with django_assert_num_queries(4):  # the connection, a savepoint of the test's, the notice, its end
        deliver(door, delivery="msg_2")


def serve(connection: Connection, live_server: Any, settings: Any) -> None:
    """Let the store reach us."""
    settings.PUBLIC_URL = live_server.url
    connection.directions = {"company": "both", "contact": "both", "location": "both"}
    connection.save()
    connection.refresh_from_db()


def states(connection: Connection) -> list[str]:
    return [line["state"] for line in Listener.objects.get(connection=connection).lines]


@pytest.mark.django_db(transaction=True)
def test_registered_hooks_bring_a_change_here(
    b2b: Connection, sandbox: SandboxServer, live_server: Any, settings: Any
) -> None:
    serve(b2b, live_server, settings)
    hooks.register(b2b, by="dana")

    (company_id,) = store.makes(sandbox, "company", {"companyName": "Facebook", "city": "Menlo Park"})
    wait_until(
        lambda: Notice.objects.filter(entity="company").exists(), said=lambda: store.rows(sandbox, "delivery")
    )
    pull.drain(b2b.pk)
    store.changes(sandbox, "company", company_id, city="Paris")
    store.deletes(sandbox, "company", company_id)
    wait_until(lambda: Notice.objects.filter(said="store/company/deleted").exists())
    pull.drain(b2b.pk)

    assert states(b2b) == ["listening"] * 10
    assert Company.objects.get().name == "Facebook"
    descriptions = list(Entry.objects.filter(direction="in").order_by("pk").values_list("login_user", "code"))
    assert ("webhook: Better B2B", "gone") in descriptions
    assert Listener.objects.get().heard_at is not None


@pytest.mark.django_db(transaction=True)
def test_registering_twice_changes_nothing_and_repairs_what_is_broken(
    b2b: Connection, sandbox: SandboxServer, live_server: Any, settings: Any
) -> None:
    serve(b2b, live_server, settings)
    hooks.register(b2b, by="dana")
    first = store.rows(sandbox, "hook")
    hooks.register(b2b, by="dana")
    again = store.rows(sandbox, "hook")

    store.changes(sandbox, "hook", first[0]["id"], is_active=False)
    store.changes(sandbox, "hook", first[1]["id"], headers={"X-Concord-Secret": "another"})
    store.deletes(sandbox, "hook", first[2]["id"])
    hooks.look(b2b)
    broken = states(b2b)
    lines = hooks.register(b2b, by="dana")

    assert again == first
    assert broken[:4] == ["off", "astray", "missing", "listening"]
    assert [line.text for line in lines[:4]] == [
        "was switched off there, and is on again",
        "went to another address, and is registered anew",
        "registered",
        "",
    ]
    assert states(b2b) == ["listening"] * 10
    assert len(store.rows(sandbox, "hook")) == 10


@pytest.mark.django_db(transaction=True)
def test_hooks_follow_us_to_another_address_and_go_on_request(
    b2b: Connection, sandbox: SandboxServer, live_server: Any, settings: Any
) -> None:
    serve(b2b, live_server, settings)
    hooks.register(b2b, by="dana")
    settings.PUBLIC_URL = live_server.url.replace("localhost", "127.0.0.1")

    hooks.register(b2b, by="dana")
    moved = {hook["destination"] for hook in store.rows(sandbox, "hook")}
    Listener.objects.update(signed_at=timezone.now())
    removed = hooks.remove(b2b, by="dana")

    assert Listener.objects.get().signed_at is None
    assert moved == {hooks.address(b2b)}
    assert removed == 10
    assert store.rows(sandbox, "hook") == []
    assert states(b2b) == []


@pytest.mark.django_db(transaction=True)
def test_the_schedule_repairs_hooks_and_says_so_only_if_there_was_need(
    b2b: Connection, sandbox: SandboxServer, live_server: Any, settings: Any
) -> None:
    serve(b2b, live_server, settings)
    hooks.register(b2b, by="dana")
    Entry.objects.all().delete()

    hooks.repair_all()
    quiet = Entry.objects.count()
    store.changes(sandbox, "hook", store.rows(sandbox, "hook")[0]["id"], is_active=False)
    hooks.repair_all()

    assert quiet == 0
    assert Entry.objects.get(code="hooks").login_user == "schedule"
    assert states(b2b) == ["listening"] * 10


@pytest.mark.parametrize(
    ("url", "environment", "told_of"),
    [
        ("", "production", "does not know its own address"),
        ("concord.example.com", "production", "does not know its own address"),
        ("http://concord.example.com", "production", "https addresses on port 443 only"),
        ("https://concord.example.com:8443", "production", "https addresses on port 443 only"),
        ("https://concord.example.com", "production", ""),
        ("http://127.0.0.1:8000", "rehearsal", ""),
        ("", "rehearsal", "does not know its own address"),
    ],
    ids=["none", "bare", "http", "port", "https", "rehearsal", "rehearsal-none"],
)
def test_an_address_that_nobody_can_deliver_to_is_told(
    door: Connection, settings: Any, url: str, environment: str, told_of: str
) -> None:
    settings.PUBLIC_URL = url
    door.environment = environment

    said = hooks.trouble(door)

    assert told_of in said
    assert bool(said) == bool(told_of)
