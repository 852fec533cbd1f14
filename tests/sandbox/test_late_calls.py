"""Calls that get no answer and are carried out later: behind those that were sent after them."""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
import requests

from tests.waiting import wait_until

from .conftest import Remote, StoreCaller, address_values, company_values, user_values

SOON = "late:2"  # a loaded machine sends a second call before that


def carried_out(url: str) -> Callable[[], bool]:
    """Ask whether no late call is left to be carried out."""
    return lambda: requests.get(f"{url}/_control/late", timeout=20).json() == {"waiting": 0}


def unanswered(call: Callable[[], Any]) -> None:
    with pytest.raises(requests.ConnectionError):
        call()


def test_a_late_write_lands_behind_its_successor(remote: Remote) -> None:
    remote.fault(SOON, times=1)

    unanswered(lambda: remote.upsert([{"Concord_Id__c": "C-1", "Name": "First"}]))
    remote.upsert([{"Concord_Id__c": "C-1", "Name": "Second"}])
    meanwhile = [each["Name"] for each in remote.stored()]
    wait_until(carried_out(remote.url), timeout_s=30)

    assert meanwhile == ["Second"]
    assert [each["Name"] for each in remote.stored()] == ["First"]


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_every_kind_of_write_to_an_org_can_be_late(remote: Remote, method: str) -> None:
    (record_id,) = remote.store({"Name": "Facebook"})
    remote.fault(SOON, times=1)
    body = {"json": {"Name": "Meta"}} if method == "PATCH" else {}

    unanswered(lambda: remote.call(method, f"/sobjects/Account/{record_id}", **body))
    meanwhile = [each["Name"] for each in remote.stored()]
    wait_until(carried_out(remote.url), timeout_s=30)

    assert meanwhile == ["Facebook"]
    assert [each["Name"] for each in remote.stored()] == (["Meta"] if method == "PATCH" else [])


def test_every_kind_of_create_in_a_store_can_be_late(store: StoreCaller) -> None:
    company_id = store.company()
    writes = {
        "/companies": company_values(
            companyName="Late", companyEmail="late@t.example", adminEmail="l@t.example"
        ),
        "/users": user_values(company_id, email="late-user@t.example"),
        "/addresses": address_values(company_id),
    }
    before = {name: len(store.stored(name)) for name in ("company", "user", "address")}
    store.fault(SOON, times=len(writes))

    for path, body in writes.items():
        unanswered(lambda path=path, body=body: store.call("POST", path, json=body))  # type: ignore[misc]
    assert {name: len(store.stored(name)) for name in before} == before
    wait_until(carried_out(store.url), timeout_s=30)

    after = {name: len(store.stored(name)) for name in before}
    assert after == {
        "company": before["company"] + 1,
        "user": before["user"] + 2,
        "address": before["address"] + 1,
    }


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_change_and_a_delete_in_a_store_can_be_late(store: StoreCaller, method: str) -> None:
    address_id = store.address(store.company(), city="Toronto")
    store.fault(SOON, times=1)

    with suppress(requests.ConnectionError):
        store.call(method, f"/addresses/{address_id}", json={"city": "Ottawa"})
    meanwhile = [each["city"] for each in store.stored("address")]
    wait_until(carried_out(store.url), timeout_s=30)

    left = [each["city"] for each in store.stored("address")]
    assert meanwhile == ["Toronto"]
    assert left == (["Ottawa"] if method == "PUT" else [])


def test_a_late_write_can_be_carried_out_by_order(remote: Remote) -> None:
    remote.fault("late:3600", times=1)
    unanswered(lambda: remote.upsert([{"Concord_Id__c": "C-1", "Name": "First"}]))
    before = remote.stored()

    told = remote.control("POST", "late").json()

    assert before == []
    assert told == {"carried_out": 1}
    assert [each["Name"] for each in remote.stored()] == ["First"]


def test_reads_are_answered_while_writes_are_late(remote: Remote) -> None:
    remote.fault("late:60")

    assert remote.query("SELECT Id FROM Account").status_code == 200


def test_a_reset_carries_out_nothing_that_was_late(remote: Remote) -> None:
    remote.fault("late:0.3", times=1)
    unanswered(lambda: remote.upsert([{"Concord_Id__c": "C-1", "Name": "First"}]))

    remote.control("POST", "reset")
    time.sleep(0.6)  # nothing to wait for: that nothing comes is the point

    assert remote.stored() == []
    assert carried_out(remote.url)()
