"""Calls that got no answer and are carried out behind their successors: noticed, told, made good."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import requests
from django.utils import timezone

from companies.models import Company, CompanyLink, Location
from connectors import entities, push, queue, recheck, registry, upkeep
from connectors.models import Connection, Link, Slot, Synced
from connectors.sandbox.server import SandboxServer
from contacts import primary
from contacts.models import Contact
from tests import b2b as store
from tests import talk
from tests.factories import CompanyFactory, ContactFactory, LocationFactory
from tests.shelf import Shelf

pytestmark = pytest.mark.django_db
LATE = {"fault": "late:3600", "times": 1}  # or when the test says so


@pytest.fixture
def connection(request: pytest.FixtureRequest) -> Connection:
    """Return the connection that a test is asked for."""
    found: Connection = request.getfixturevalue(request.param)
    return found


def breaks(connection: Connection, sandbox: SandboxServer, fault: dict[str, Any]) -> None:
    (talk if connection.kind == "salesforce" else store).break_it(sandbox, fault)


def carry_out(sandbox: SandboxServer) -> None:
    """Have the call carried out that got no answer."""
    answer = requests.post(f"{sandbox.url}/_control/late", timeout=30)
    assert answer.json() == {"carried_out": 1}


def link_of(record: Synced) -> Any:
    return entities.of(type(record)).links().get(record_id=record.pk)


def again(connection: Connection) -> None:
    """Let the waits of records be over, but not that for calls without an answer; send what is due."""
    for kind in entities.in_order():
        kind.links().filter(state="pending").update(not_before=timezone.now() - timedelta(seconds=1))
    connection.health.__class__.objects.update(pause="", paused_until=None, failures=0)
    push.drain(connection.pk)


# What a record is over there, by system: its table, and our fields' names there.
PHONES: dict[str, Callable[[SandboxServer, Any], str]] = {
    "salesforce": lambda sandbox, company: talk.account_of(sandbox, company)["Phone"],
    "bigcommerce": lambda sandbox, company: store.mine(sandbox, "company", company)["companyPhone"],
}


def phone_there(connection: Connection, sandbox: SandboxServer, company: Company) -> str:
    return PHONES[connection.kind](sandbox, company)


def linked(connection: Connection, **values: Any) -> Company:
    company = CompanyFactory.create(**values)
    contact = ContactFactory.create(company=company, is_primary=True)
    if connection.kind == "bigcommerce":
        talk.request(connection, [contact])
    talk.send(connection, [company])
    return company


def overtaken(connection: Connection, sandbox: SandboxServer) -> Company:
    """Return a company whose first edit gets no answer and is carried out behind the second."""
    company = linked(connection, phone="+14155550000")
    breaks(connection, sandbox, LATE)
    company.phone = "+14155550001"
    company.save()
    talk.send(connection, [company])
    company.phone = "+14155550002"
    company.save()
    again(connection)
    talk.send(connection, [company])
    return company


@pytest.mark.parametrize("connection", ["salesforce", "b2b"], indirect=True)
def test_an_edit_that_an_older_call_overwrites_is_sent_again(
    connection: Connection, sandbox: SandboxServer
) -> None:
    company = overtaken(connection, sandbox)
    before = phone_there(connection, sandbox, company), talk.shown(company, connection)[0]
    carry_out(sandbox)
    between = phone_there(connection, sandbox, company)

    talk.later(connection)

    assert before == ("+14155550002", "Checking")
    assert between == "+14155550001"
    assert phone_there(connection, sandbox, company) == "+14155550002"
    assert talk.shown(company, connection)[0] == "In sync"
    assert "carried out late" in talk.told(company)[-1]


def test_what_they_changed_of_what_was_left_at_an_adoption_is_no_late_call(shelf: Shelf) -> None:
    mapping = registry.mapping(shelf.connection, "company")
    agreed, left = {"city": "Hamilton", "phone": "1"}, {"city": "Toronto"}

    found = recheck.overwritten(mapping, agreed, left, {"city": "Ottawa", "phone": "2"})

    assert found == {"phone": "2"}


@pytest.mark.parametrize("connection", ["salesforce", "b2b"], indirect=True)
def test_a_call_that_was_never_carried_out_costs_one_look_and_no_word(
    connection: Connection, sandbox: SandboxServer
) -> None:
    company = linked(connection)
    breaks(connection, sandbox, {"fault": "drop_before_commit", "times": 1})
    company.phone = "+14155550009"
    company.save()
    talk.send(connection, [company])
    again(connection)
    said = talk.told(company)

    talk.later(connection)

    assert link_of(company).recheck_at is None
    assert talk.shown(company, connection)[0] == "In sync"
    assert talk.told(company) == said


@pytest.mark.parametrize("connection", ["salesforce", "b2b"], indirect=True)
def test_nothing_is_read_before_the_call_must_be_over_but_for_a_click(
    connection: Connection, sandbox: SandboxServer
) -> None:
    company = overtaken(connection, sandbox)
    carry_out(sandbox)

    upkeep.sweep()
    push.drain(connection.pk)
    waited = phone_there(connection, sandbox, company)
    talk.send(connection, [company])

    assert waited == "+14155550001"
    assert phone_there(connection, sandbox, company) == "+14155550002"
    assert talk.shown(company, connection)[0] == "Checking"


def test_the_schedule_asks_for_the_look_once_it_is_due(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    company = overtaken(salesforce, sandbox)
    carry_out(sandbox)
    CompanyLink.objects.update(recheck_at=timezone.now() - timedelta(seconds=1))

    upkeep.sweep()
    pending = link_of(company).state
    push.drain(salesforce.pk)

    assert pending == "pending"
    assert phone_there(salesforce, sandbox, company) == "+14155550002"


def test_an_edit_that_nobody_has_sent_is_not_sent_by_the_look(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    company = overtaken(salesforce, sandbox)
    company.phone = "+14155550003"
    company.save()

    talk.later(salesforce)

    assert phone_there(salesforce, sandbox, company) == "+14155550002"
    assert talk.shown(company, salesforce)[0] == "Changed, not sent"


def test_the_record_of_a_dead_worker_is_checked(salesforce: Connection, sandbox: SandboxServer) -> None:
    company = linked(salesforce)
    company.phone = "+14155550004"
    company.save()
    talk.request(salesforce, [company])
    with queue.slot(salesforce, 60) as lease:
        assert lease is not None
        queue.claim(salesforce, entities.get("company"), lease, 10)
        Slot.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    again(salesforce)

    assert phone_there(salesforce, sandbox, company) == "+14155550004"
    assert talk.shown(company, salesforce)[0] == "Checking"


@pytest.mark.parametrize("entity", ["company", "contact", "location"])
def test_a_create_without_an_answer_is_made_once_whenever_it_is_carried_out(
    b2b: Connection, sandbox: SandboxServer, entity: str
) -> None:
    record = _new(b2b, entity)
    store.break_it(sandbox, {**LATE, "match": {"method": "POST"}})

    talk.send(b2b, [record])
    _edit(record)
    again(b2b)
    meanwhile, (seen, reason) = link_of(record), talk.shown(record, b2b)
    carry_out(sandbox)
    talk.later(b2b)
    talk.later(b2b)

    table = {"company": "company", "contact": "user", "location": "address"}[entity]
    mine = [row for row in store.rows(sandbox, table) if _is(row, record)]
    assert (meanwhile.state, meanwhile.remote_id) == (Link.State.PENDING, "")
    assert "may still be carried out" in meanwhile.message
    assert meanwhile.attempts == 0  # to wait is not to fail
    assert seen == "Waiting"
    assert reason.startswith("a call got no answer; looked for again at ")
    assert len(mine) == 1
    assert link_of(record).remote_id == str(mine[0]["id"])
    assert talk.shown(record, b2b)[0] == "In sync"


def _new(connection: Connection, entity: str) -> Any:
    """Return a record that is not over there; its company is, if it has one."""
    if entity == "company":
        company = CompanyFactory.create(name="Late Inc", email="first@late.example")
        primary = ContactFactory.create(company=company, is_primary=True, email="first@late.example")
        talk.request(connection, [primary])
        return company
    company = linked(connection, name="Early Inc")
    if entity == "contact":
        return ContactFactory.create(company=company, last_name="Late", email="first@late.example")
    return LocationFactory.create(company=company, label="Late", region="CA", postal_code="94601")


def _edit(record: Any) -> None:
    fresh = type(record).objects.get(pk=record.pk)
    if isinstance(fresh, Location):
        fresh.recipient = "Somebody"
    else:
        fresh.email = "second@late.example"
    fresh.save()


def _is(row: dict[str, Any], record: Any) -> bool:
    if isinstance(record, Company):
        return bool(row["companyName"] == record.name)
    name = "label" if isinstance(record, Location) else "lastName"
    return bool(row[name] == "Late")


def test_a_create_that_was_never_carried_out_is_made_once_that_is_sure(
    b2b: Connection, sandbox: SandboxServer
) -> None:
    record = _new(b2b, "location")
    store.break_it(sandbox, {"fault": "drop_before_commit", "times": 1, "match": {"method": "POST"}})

    talk.send(b2b, [record])
    again(b2b)
    meanwhile = link_of(record).remote_id
    talk.later(b2b)

    assert meanwhile == ""
    assert len([row for row in store.rows(sandbox, "address") if _is(row, record)]) == 1
    assert talk.shown(record, b2b)[0] == "In sync"


@pytest.mark.parametrize("fault", ["status:500", "status:503", "garbage", "rate_limit"])
def test_a_call_that_was_answered_needs_no_look(
    salesforce: Connection, sandbox: SandboxServer, fault: str
) -> None:
    company = linked(salesforce)
    talk.break_it(sandbox, {"fault": fault, "times": 1, "match": {"method": "PATCH"}})
    company.phone = "+14155550005"
    company.save()

    talk.send(salesforce, [company])
    again(salesforce)

    assert link_of(company).recheck_at is None
    assert talk.shown(company, salesforce)[0] == "In sync"


@pytest.mark.parametrize("fault", ["status:502", "status:504", "drop_after_commit"])
def test_a_call_that_a_machine_on_the_way_gave_up_may_still_be_carried_out(
    salesforce: Connection, sandbox: SandboxServer, fault: str
) -> None:
    company = linked(salesforce)
    talk.break_it(sandbox, {"fault": fault, "times": 1, "match": {"method": "PATCH"}})
    company.phone = "+14155550005"
    company.save()

    talk.send(salesforce, [company])
    again(salesforce)

    assert talk.shown(company, salesforce)[0] == "Checking"


def test_a_record_that_is_not_there_when_it_is_read_again_is_told_as_gone(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    company = overtaken(salesforce, sandbox)
    carry_out(sandbox)
    talk.remote_deletes(sandbox, "Account", link_of(company).remote_id)

    talk.later(salesforce)

    assert talk.shown(company, salesforce)[0].startswith("Gone")


def test_many_are_read_in_one_call(salesforce: Connection, sandbox: SandboxServer) -> None:
    companies = CompanyFactory.create_batch(150)
    talk.send(salesforce, companies)
    CompanyLink.objects.update(recheck_at=timezone.now() - timedelta(seconds=1))
    before = talk.count(sandbox, "composite")

    talk.later(salesforce)

    assert talk.count(sandbox, "composite") - before == 1
    assert not CompanyLink.objects.exclude(recheck_at=None).exists()


def test_a_contact_is_checked_like_its_company(salesforce: Connection, sandbox: SandboxServer) -> None:
    contact: Contact = ContactFactory.create(company=linked(salesforce))
    talk.send(salesforce, [contact])
    talk.break_it(sandbox, LATE)
    for title in ("First", "Second"):
        contact.job_title = title
        contact.save()
        talk.send(salesforce, [contact])
        again(salesforce)
    carry_out(sandbox)
    overwritten = talk.person_of(sandbox, contact)["Title"]

    talk.later(salesforce)

    assert overwritten == "First"
    assert talk.person_of(sandbox, contact)["Title"] == "Second"


def test_an_edit_after_a_lost_create_arrives_also_where_the_primary_moved(
    b2b: Connection, sandbox: SandboxServer
) -> None:
    company = _new(b2b, "company")
    other = ContactFactory.create(company=company, email="other@late.example")
    talk.request(b2b, [other])
    store.break_it(sandbox, {"fault": "drop_after_commit", "times": 1, "match": {"method": "POST"}})
    talk.send(b2b, [company])
    assert link_of(company).state == Link.State.PENDING  # so the edit goes along, automatic sync or not

    primary.set_primary(other, by="dana")
    company.refresh_from_db()
    company.phone = "+14155550077"
    company.save()
    for _ in range(3):
        talk.later(b2b)

    assert store.named(sandbox, "Late Inc")["companyPhone"] == "+14155550077"
