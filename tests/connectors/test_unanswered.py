"""What else happens to a record while a call about it may still be carried out, or was refused."""

from collections.abc import Callable
from typing import Any

import pytest

from companies.models import Company, CompanyLink, LocationLink
from connectors import entities, pull, queue, registry, upkeep
from connectors.models import Connection, Link
from connectors.protocol import CREATE, Outcome, Status
from connectors.pulling import notices
from connectors.sandbox.server import SandboxServer
from contacts.models import Contact
from tests import b2b as store
from tests import talk
from tests.connectors.test_late_answers import LATE, again, carry_out, link_of, linked, overtaken
from tests.factories import CompanyFactory, ContactFactory, LocationFactory

pytestmark = pytest.mark.django_db


def test_a_company_made_by_hand_after_a_refusal_is_adopted_and_not_overwritten(
    b2b: Connection, sandbox: SandboxServer
) -> None:
    company = CompanyFactory.create(name="Acme", phone="+14155550001")
    primary = ContactFactory.create(company=company, is_primary=True, email="ada@acme.example")
    talk.request(b2b, [primary])
    store.break_it(sandbox, {"fault": "record:PARAMETER", "times": 1, "match": {"companyName": "Acme"}})
    talk.send(b2b, [company])
    assert talk.shown(company, b2b)[0] == "Failed"
    store.makes(
        sandbox, "company",
        {"companyName": "Acme", "companyPhone": "+19990000000", "adminEmail": "ada@acme.example"},
    )  # fmt: skip

    talk.send(b2b, [company])

    assert store.named(sandbox, "Acme")["companyPhone"] == "+19990000000"
    assert "left as they are over there" in talk.told(company)[-1]


def test_a_value_that_a_late_call_brought_back_is_not_taken_for_theirs(
    b2b: Connection, sandbox: SandboxServer
) -> None:
    contact = _cleared_behind_a_late_call(b2b, sandbox)
    carry_out(sandbox)

    _read(b2b, contact)  # before the look is due
    seen = talk.shown(contact, b2b)[0]
    talk.send(b2b, [contact])

    assert seen == "Changed, not sent"
    assert store.mine(sandbox, "user", contact)["phoneNumber"] in ("", None)
    assert link_of(contact).left == {}


def _cleared_behind_a_late_call(b2b: Connection, sandbox: SandboxServer) -> Contact:
    """Return a contact whose phone was set by a call without an answer, and cleared by the next one."""
    company = linked(b2b)
    contact = ContactFactory.create(company=company, email="ada@acme.example", phone="")
    talk.send(b2b, [contact])
    store.break_it(sandbox, {**LATE, "match": {"method": "PUT"}})
    contact.phone = "+14155550001"
    contact.save()
    talk.send(b2b, [contact])
    contact.phone = ""
    contact.save()
    again(b2b)
    talk.send(b2b, [contact])
    assert talk.shown(contact, b2b)[0] == "Checking"
    return contact


def _read(connection: Connection, contact: Contact) -> None:
    """Read the contact again, as a webhook has it done."""
    notices.keep(connection, "contact", [link_of(contact).remote_id])
    pull.drain(connection.pk)


def test_what_was_cleared_before_a_second_create_is_not_brought_back_by_the_first(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    company = CompanyFactory.create(phone="+14155550001")
    talk.break_it(sandbox, {**LATE, "match": {"route": "collections_upsert"}})
    talk.send(salesforce, [company])
    company.phone = ""
    company.save()
    again(salesforce)
    before = talk.account_of(sandbox, company).get("Phone")
    carry_out(sandbox)
    between = talk.account_of(sandbox, company).get("Phone")

    talk.later(salesforce)

    assert (before or "", between) == ("", "+14155550001")
    assert not talk.account_of(sandbox, company).get("Phone")
    assert talk.shown(company, salesforce)[0] == "In sync"


def test_a_location_whose_move_got_no_answer_is_made_once(b2b: Connection, sandbox: SandboxServer) -> None:
    old, new = linked(b2b, name="Old Inc"), linked(b2b, name="New Inc")
    location = LocationFactory.create(company=old, label="Yard", region="CA", postal_code="94601")
    talk.send(b2b, [location])
    location.company = new
    location.save()
    talk.send(b2b, [location])
    link = link_of(location)
    queue.choose("location", link.pk, "move", by="dana", run=talk.new_run(b2b).pk)
    store.break_it(sandbox, {**LATE, "match": {"method": "POST"}})

    talk.drain(b2b)
    again(b2b)
    carry_out(sandbox)
    talk.later(b2b)
    talk.later(b2b)

    yards = [row for row in store.rows(sandbox, "address") if row["label"] == "Yard"]
    assert [row["id"] for row in yards] == [int(LocationLink.objects.get().remote_id)]
    assert talk.shown(location, b2b)[0] == "In sync"


def test_a_record_that_is_unlinked_and_sent_again_is_still_checked(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    company = overtaken(salesforce, sandbox)
    queue.unlink("company", link_of(company).pk, by="dana")

    talk.send(salesforce, [company])
    seen = talk.shown(company, salesforce)[0]
    carry_out(sandbox)
    talk.later(salesforce)

    assert seen == "Checking"
    assert talk.account_of(sandbox, company)["Phone"] == "+14155550002"
    assert talk.shown(company, salesforce)[0] == "In sync"


def made_unheard(b2b: Connection, sandbox: SandboxServer) -> Company:
    """Return a company that was made over there by a call whose answer got lost."""
    company = CompanyFactory.create(name="Late Inc")
    primary = ContactFactory.create(company=company, is_primary=True, email="first@late.example")
    talk.request(b2b, [primary])
    store.break_it(sandbox, {"fault": "drop_after_commit", "times": 1, "match": {"method": "POST"}})
    talk.send(b2b, [company])
    assert link_of(company).remote_id == ""
    return company


def unlinked(link: Link) -> None:
    queue.unlink("company", link.pk, by="dana")


def chosen(link: Link) -> None:
    queue.choose("company", link.pk, CREATE, by="dana", run=talk.new_run(link.connection).pk)


@pytest.mark.parametrize("decide", [unlinked, chosen])
def test_a_decision_forgets_no_create_that_may_have_arrived(
    b2b: Connection, sandbox: SandboxServer, decide: Callable[[Link], None]
) -> None:
    company = made_unheard(b2b, sandbox)

    decide(link_of(company))

    link = link_of(company)
    assert link.create_sent == {"adminEmail": "first@late.example", "companyName": "Late Inc"}
    assert link.unsure


def test_a_company_that_is_unlinked_and_renamed_behind_a_lost_create_is_made_once(
    b2b: Connection, sandbox: SandboxServer
) -> None:
    company = made_unheard(b2b, sandbox)
    unlinked(link_of(company))
    primary = Contact.objects.get(company=company)
    primary.email = "second@late.example"
    primary.save()
    company.name = "Later Inc"
    company.save()

    talk.request(b2b, [company])
    talk.later(b2b)
    talk.later(b2b)

    assert [row["companyName"] for row in store.rows(sandbox, "company")] == ["Later Inc"]
    assert talk.shown(company, b2b)[0] == "In sync"


@pytest.mark.parametrize("values", [{"unsure": True}, {"recheck_at": "2026-11-30T00:00Z"}])
def test_automatic_forgets_no_call_that_may_still_make_the_record(
    salesforce: Connection, values: dict[str, Any]
) -> None:
    company = CompanyFactory.create()
    CompanyLink.objects.create(connection=salesforce, record=company, state="failed", **values)

    queue.set_automatic("company", company.pk, salesforce, by="dana")

    assert CompanyLink.objects.filter(record=company).exists()


def test_a_cancelled_record_whose_answer_is_missing_is_not_sent_by_the_schedule(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    company = linked(salesforce, phone="+14155550001")
    talk.break_it(sandbox, {"fault": "drop_after_commit", "times": 1, "match": {"method": "PATCH"}})
    company.phone = "+14155550002"
    company.save()
    run = talk.send(salesforce, [company])
    company.phone = "+14155550001"
    company.save()
    queue.cancel(run, salesforce, by="dana")
    calls = talk.count(sandbox, "collections_update")

    talk.later(salesforce)
    upkeep.sweep()
    talk.drain(salesforce)

    assert talk.count(sandbox, "collections_update") == calls
    assert talk.shown(company, salesforce)[0] == "Changed, not sent"


def test_an_edit_made_while_the_answer_came_is_marked_with_the_answer(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    company = linked(salesforce)
    company.phone = "+14155550007"
    company.save()
    talk.request(salesforce, [company])
    kind = entities.get("company")
    with queue.slot(salesforce, 60) as lease:
        assert lease is not None
        ((row,), _) = queue.claim(salesforce, kind, lease, 10)
        company.phone = "+14155550008"
        company.save()

        mapping = registry.mapping(salesforce, "company")
        rendered = mapping.render(row.record)
        sent = Outcome(Status.UPDATED, row.remote_id, sent={"Phone": "+14155550007"})
        queue.settle(salesforce, kind, mapping, lease, [queue.Result(row, rendered, sent)])
        # The worker dies here.

    assert CompanyLink.objects.get().changed == ["phone"]
