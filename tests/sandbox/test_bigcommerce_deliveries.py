"""Webhooks on their way: what is sent, signed how, how often, and what happens to a hook nobody answers."""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.waiting import wait_until

from .conftest import StoreCaller, company_values

SCOPES = (
    *(f"store/company/{deed}" for deed in ("created", "updated", "deleted", "statusUpdated")),
    *(f"store/company/user/{deed}" for deed in ("created", "updated", "deleted")),
    *(f"store/company/address/{deed}" for deed in ("created", "updated", "deleted")),
)


class Receiver(ThreadingHTTPServer):
    """Takes webhooks and answers with the statuses it was told, then 200."""

    daemon_threads = True

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.statuses: list[int] = []
        self.hanging = 0
        self.released = threading.Event()
        super().__init__(("127.0.0.1", 0), _Taking)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/hooks"

    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.got]

    def events(self) -> list[tuple[str, dict[str, Any]]]:
        return [(body["scope"].removeprefix("store/"), body["data"]) for body in self.bodies()]


class _Taking(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.hanging:
            self.server.hanging -= 1
            self.server.released.wait(20)
            return
        self.server.got.append(({key.lower(): value for key, value in self.headers.items()}, body))
        self.send_response(self.server.statuses.pop(0) if self.server.statuses else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield server
        server.released.set()
        server.shutdown()


def hook(store: StoreCaller, receiver: Receiver, *scopes: str, **more: Any) -> list[int]:
    keys = []
    for scope in scopes or SCOPES:
        body = {"scope": scope, "destination": receiver.url, **more}
        answer = store.core("POST", "/hooks", json=body)
        assert answer.status_code == 200, answer.text
        keys.append(answer.json()["data"]["id"])
    return keys


def settled(store: StoreCaller) -> list[dict[str, Any]]:
    """Wait until nothing is on its way and return the deliveries."""
    wait_until(lambda: all(each["state"] != "waiting" for each in store.stored("delivery")))
    return store.stored("delivery")


def test_every_write_of_our_own_is_told_with_ids_only(store: StoreCaller, receiver: Receiver) -> None:
    hook(store, receiver)
    company = store.company()
    user, address = store.user(company), store.address(company)
    store.call("PUT", f"/companies/{company}", json={"city": "Paris"})
    store.call("PUT", f"/companies/{company}/status", json={"companyStatus": 3})
    store.call("PUT", f"/users/{user}", json={"firstName": "Anna"})
    store.call("PUT", f"/addresses/{address}", json={"city": "Paris"})
    store.call("DELETE", f"/users/{user}")
    store.call("DELETE", f"/addresses/{address}")
    store.call("DELETE", f"/companies/{company}")
    settled(store)

    of_user, of_address = (
        {"company_id": company, key: each} for key, each in (("user_id", user), ("address_id", address))
    )
    assert receiver.events() == [
        ("company/created", {"company_id": company}),
        ("company/user/created", {"company_id": company, "user_id": user - 1}),
        ("company/user/created", of_user),
        ("company/address/created", of_address),
        ("company/updated", {"company_id": company}),
        ("company/statusUpdated", {"company_id": company}),
        ("company/user/updated", of_user),
        ("company/address/updated", of_address),
        ("company/user/deleted", of_user),
        ("company/address/deleted", of_address),
        ("company/deleted", {"company_id": company}),
    ]


def test_companies_made_in_bulk_are_not_told(store: StoreCaller, receiver: Receiver) -> None:
    hook(store, receiver)

    store.call("POST", "/companies/bulk", json=[company_values()])
    store.store("company", companyName="Marker")
    settled(store)

    assert [data["company_id"] for _, data in receiver.events()] == [8000002, 8000002]


def test_a_changed_role_is_not_told_unless_the_store_does_so(store: StoreCaller, receiver: Receiver) -> None:
    company = store.company()
    user = store.user(company)
    hook(store, receiver, "store/company/user/updated")

    store.call("PUT", f"/users/{user}", json={"role": 1, "channelIds": [1]})
    quiet = store.stored("delivery")
    store.settings(role_fires_user_updated=True)
    store.call("PUT", f"/users/{user}", json={"role": 2})

    assert (quiet, len(settled(store))) == ([], 1)


def test_a_refused_write_is_not_told(store: StoreCaller, receiver: Receiver) -> None:
    hook(store, receiver)

    store.call("POST", "/companies", json=company_values(adminEmail="nobody"))
    store.call("POST", "/companies/bulk", json=[company_values(), {}])
    store.call("POST", "/users/bulk", json=[{}])

    assert store.stored("delivery") == []


def test_what_a_person_does_over_there_is_told_too(store: StoreCaller, receiver: Receiver) -> None:
    company = store.store("company", companyName="A")
    hook(store, receiver)

    store.control("PUT", f"bigcommerce/company/{company}", json={"city": "Paris", "companyStatus": 2})
    store.control("DELETE", f"bigcommerce/company/{company}")
    settled(store)

    assert [scope for scope, _ in receiver.events()] == [
        "company/updated",
        "company/statusUpdated",
        "company/deleted",
    ]


def test_core_events_name_the_customer(store: StoreCaller, receiver: Receiver) -> None:
    hook(store, receiver, "store/customer/*")

    store.company()
    settled(store)

    assert receiver.events() == [("customer/created", {"type": "customer", "id": 301})]


def test_the_envelope_and_headers_are_the_documented_ones(store: StoreCaller, receiver: Receiver) -> None:
    hook(store, receiver, "store/company/created", headers={"X-Our-Secret": "s3"})

    company = store.company()
    settled(store)

    ((headers, body),) = receiver.got
    told = json.loads(body)
    assert told.keys() == {"scope", "store_id", "data", "hash", "created_at", "producer"}
    assert (told["data"], told["producer"]) == ({"company_id": company}, "stores/rehearsal")
    assert len(told["hash"]) == 40
    assert abs(told["created_at"] - time.time()) < 60
    assert (headers["x-our-secret"], headers["content-type"]) == ("s3", "application/json")


def test_the_signature_is_that_of_standard_webhooks(store: StoreCaller, receiver: Receiver) -> None:
    store.settings(client_secret="another-secret")
    hook(store, receiver, "store/company/created")

    store.company()
    settled(store)

    ((headers, body),) = receiver.got
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    digest = hmac.new(b"another-secret", signed, hashlib.sha256).digest()
    assert headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"
    assert headers["webhook-id"].startswith("msg_")


def test_a_message_is_repeated_under_its_id_until_it_is_taken(store: StoreCaller, receiver: Receiver) -> None:
    store.settings(retry_scale=0.0001)
    hook(store, receiver, "store/company/created")
    receiver.statuses = [500, 302]

    store.company()
    (delivery,) = settled(store)

    assert (delivery["state"], delivery["statuses"]) == ("delivered", [500, 302, 200])
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1
    assert len({body for _, body in receiver.got}) == 1


def test_a_hook_that_nobody_answers_dies_and_can_be_woken(store: StoreCaller, receiver: Receiver) -> None:
    store.settings(retry_scale=0)
    (key,) = hook(store, receiver, "store/company/created")
    receiver.statuses = [503] * 12
    store.company()
    (delivery,) = settled(store)
    wait_until(lambda: not store.stored("hook")[0]["is_active"])

    store.company(adminEmail="b@test.com")
    asleep = len(store.stored("delivery"))
    store.core("PUT", f"/hooks/{key}", json={"is_active": True})
    store.company(adminEmail="c@test.com")

    assert (delivery["state"], delivery["attempts"]) == ("given up", 12)
    assert (asleep, len(settled(store)), len(receiver.got)) == (1, 2, 13)


def test_a_receiver_that_hangs_holds_up_no_caller_and_nobody_after_a_reset(
    store: StoreCaller, receiver: Receiver
) -> None:
    hook(store, receiver, "store/company/created")
    receiver.hanging = 1

    store.company()
    wait_until(lambda: receiver.hanging == 0)
    store.company(adminEmail="b@test.com")
    behind = [delivery["state"] for delivery in store.stored("delivery")]
    store.control("POST", "reset")
    hook(store, receiver, "store/company/created")
    store.company(companyName="After")
    wait_until(lambda: receiver.got)

    assert behind == ["waiting", "waiting"]
    assert (len(receiver.got), receiver.released.is_set()) == (1, False)


def test_duplicates_come_as_ordered_under_the_same_id(store: StoreCaller, receiver: Receiver) -> None:
    store.settings(duplicate_deliveries=2)
    hook(store, receiver, "store/company/created")

    store.company()
    settled(store)

    assert len(receiver.got) == 3
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1


def test_a_delivery_can_be_repeated_by_hand(store: StoreCaller, receiver: Receiver) -> None:
    hook(store, receiver, "store/company/created")
    store.company()
    (delivery,) = settled(store)

    store.control("POST", f"bigcommerce/delivery/{delivery['id']}/repeat", json={})
    settled(store)

    assert [body for _, body in receiver.got] == [receiver.got[0][1]] * 2


def test_the_newest_message_may_come_first(store: StoreCaller, receiver: Receiver) -> None:
    store.settings(reverse_deliveries=True, delivery_delay_s=1)
    hook(store, receiver, "store/company/created")

    keys = [store.store("company", companyName=name) for name in "ABC"]
    settled(store)

    told = [data["company_id"] for _, data in receiver.events()]
    assert told == [keys[2], keys[1], keys[0]]


def test_inactive_hooks_and_other_scopes_hear_nothing(store: StoreCaller, receiver: Receiver) -> None:
    hook(store, receiver, "store/company/created", is_active=False)
    hook(store, receiver, "store/company/deleted")

    store.company()

    assert store.stored("delivery") == []
