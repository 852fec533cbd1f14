"""A storefront makes a company by its first user: our Primary contact leads, the others follow."""

import io
from typing import Any

import pytest
from django.core.management import call_command

from companies.models import Company
from connectors import pull, queue
from connectors.models import Connection, ConnectionHealth, Link
from connectors.sandbox.server import SandboxServer
from contacts import primary
from contacts.models import Contact, ContactLink
from synclog.models import Entry
from tests import b2b as store
from tests import talk
from tests.factories import CompanyFactory, ContactFactory, LocationFactory

pytestmark = pytest.mark.django_db(transaction=True)


def enable(connection: Connection, *records: Contact) -> None:
    for record in records:
        queue.set_enabled("contact", record.pk, connection, True, by="tester")


@pytest.fixture
def facebook() -> Company:
    return CompanyFactory.create(name="Facebook")


@pytest.fixture
def mark(facebook: Company, b2b: Connection) -> Contact:
    """Facebook's Primary contact, enabled for B2B."""
    contact = ContactFactory.create(company=facebook, first_name="Mark", last_name="Z")
    enable(b2b, contact)
    return contact


def test_a_company_is_made_with_its_primary_who_gets_an_id_and_an_entry_of_its_own(
    b2b: Connection, sandbox: SandboxServer, facebook: Company, mark: Contact
) -> None:
    run = talk.send(b2b, [facebook])

    (company,), (user,) = store.rows(sandbox, "company"), store.rows(sandbox, "user")
    assert talk.link_of(facebook).remote_id == str(company["id"])
    link = talk.contact_link_of(mark)
    assert (link.remote_id, link.state) == (str(user["id"]), Link.State.IDLE)
    assert user["uuid"] == str(mark.public_id)
    assert [entry.split(":")[0] for entry in talk.told(mark)] == ["INFO created"]
    assert (run.requested, run.created, queue.waiting(run.pk)) == (2, 2, 0)


def test_everything_that_is_missing_is_said_at_once_and_nobody_is_called(
    b2b: Connection, sandbox: SandboxServer
) -> None:
    company = CompanyFactory.create(name="Bare", phone="", email="", legal_country="")

    talk.send(b2b, [company])

    link = talk.link_of(company)
    assert link.state == Link.State.FAILED
    assert {"phone", "email", "legal_country", "primary_contact"} <= link.errors.keys()
    assert not any("POST" in route or "create" in route for route in store.calls(sandbox))
    assert store.rows(sandbox, "company") == []


def test_a_click_takes_the_primary_along_who_was_never_enabled(
    b2b: Connection, sandbox: SandboxServer, facebook: Company
) -> None:
    mark = ContactFactory.create(company=facebook)

    run = talk.send(b2b, [facebook])

    assert talk.link_of(facebook).remote_id
    assert talk.contact_link_of(mark).remote_id == str(store.mine(sandbox, "user", mark)["id"])
    assert (run.requested, run.created, queue.waiting(run.pk)) == (2, 2, 0)


def test_a_click_on_a_company_takes_nobody_but_its_primary(b2b: Connection, facebook: Company) -> None:
    ContactFactory.create(company=facebook)
    anna = ContactFactory.create(company=facebook)

    talk.send(b2b, [facebook])

    assert not ContactLink.objects.filter(record=anna).exists()


def test_a_click_on_what_belongs_to_a_company_takes_its_primary_too(
    b2b: Connection, sandbox: SandboxServer, facebook: Company
) -> None:
    ContactFactory.create(company=facebook)
    anna = ContactFactory.create(company=facebook)

    run = talk.send(b2b, [anna])

    assert len(store.rows(sandbox, "user")) == 2
    assert (run.requested, run.created, queue.waiting(run.pk)) == (3, 3, 0)


def test_a_company_that_is_there_already_takes_nobody_along(
    b2b: Connection, facebook: Company, mark: Contact
) -> None:
    talk.send(b2b, [facebook])
    ContactLink.objects.all().delete()

    talk.send(b2b, [facebook])

    assert not ContactLink.objects.exists()


def test_trying_again_takes_the_primary_along(b2b: Connection, facebook: Company) -> None:
    talk.send(b2b, [facebook])
    assert talk.link_of(facebook).state == Link.State.FAILED
    ContactFactory.create(company=facebook)

    queue.retry_failed(b2b, None, run=talk.new_run(b2b).pk, requested_by="tester")
    talk.drain(b2b)

    assert talk.link_of(facebook).remote_id


@pytest.mark.parametrize("chosen", [["company"], []])
def test_the_command_takes_the_primary_along(b2b: Connection, facebook: Company, chosen: list[str]) -> None:
    mark = ContactFactory.create(company=facebook)

    call_command("sync", b2b.slug, *chosen, "--wait", "--timeout", "60", stdout=io.StringIO())

    assert talk.link_of(facebook).remote_id
    assert talk.contact_link_of(mark).remote_id


def test_a_primary_whom_somebody_switched_off_here_stays_and_is_named(
    b2b: Connection, sandbox: SandboxServer, facebook: Company, mark: Contact
) -> None:
    queue.set_enabled("contact", mark.pk, b2b, False, by="dana")

    talk.send(b2b, [facebook])

    assert store.rows(sandbox, "company") == []
    assert talk.contact_link_of(mark).enabled == Link.Enabled.NO
    assert talk.link_of(facebook).errors["primary_contact"] == (
        "B2B creates a company with its first user. Mark Z, the Primary contact of Facebook, is switched off "
        "for Better B2B. Enable Mark Z for Better B2B, or set another contact as Primary; then press Sync to "
        "B2B."
    )


def test_a_primary_whom_somebody_switched_off_everywhere_stays_and_is_named(
    b2b: Connection, sandbox: SandboxServer, facebook: Company, mark: Contact
) -> None:
    Contact.objects.update(sync_enabled=False)

    talk.send(b2b, [facebook])

    assert store.rows(sandbox, "company") == []
    assert talk.link_of(facebook).errors["primary_contact"] == (
        "B2B creates a company with its first user. Synchronization is switched off for Mark Z, the Primary "
        "contact of Facebook. Enable it on the page of Mark Z, or set another contact as Primary; then press "
        "Sync to B2B."
    )


def test_a_save_takes_nobody_along_and_says_that_a_click_does(b2b: Connection, facebook: Company) -> None:
    b2b.auto_push, b2b.auto_associate = {"company": True}, {"company": True}
    b2b.save()
    ContactFactory.create(company=facebook, first_name="Mark", last_name="Z")

    facebook.save()
    talk.drain(b2b)

    assert not ContactLink.objects.exists()
    assert talk.link_of(facebook).errors["primary_contact"] == (
        "B2B creates a company with its first user. Mark Z, the Primary contact of Facebook, is not enabled "
        "for Better B2B. Press Sync to B2B: that takes Mark Z along."
    )


def test_ticking_primary_unblocks_the_company_by_itself(
    b2b: Connection, sandbox: SandboxServer, facebook: Company
) -> None:
    b2b.auto_push = {"company": True, "contact": True}
    b2b.auto_associate = {"company": True, "contact": True}
    b2b.save()
    talk.send(b2b, [facebook])
    assert talk.link_of(facebook).state == Link.State.FAILED

    ContactFactory.create(company=facebook)  # the first one becomes Primary
    talk.drain(b2b)

    assert talk.link_of(facebook).remote_id
    assert len(store.rows(sandbox, "user")) == 1


def test_others_follow_their_company_and_the_new_primary_takes_over(
    b2b: Connection, sandbox: SandboxServer, facebook: Company, mark: Contact
) -> None:
    anna = ContactFactory.create(company=facebook, first_name="Anna", last_name="B")
    enable(b2b, anna)
    b2b.auto_push = {"contact": True}
    b2b.save()
    talk.send(b2b, [facebook])
    talk.send(b2b, [anna])
    assert store.mine(sandbox, "user", anna)["role"] in (2, "2")

    primary.set_primary(anna, by="tester")
    talk.drain(b2b)
    talk.later(b2b)

    assert store.mine(sandbox, "user", anna)["role"] in (0, "0")
    assert store.mine(sandbox, "user", mark)["role"] in (2, "2")


def test_an_inactive_contact_is_kept_back_and_its_user_stays(
    b2b: Connection, sandbox: SandboxServer, facebook: Company, mark: Contact
) -> None:
    talk.send(b2b, [facebook])
    anna = ContactFactory.create(company=facebook, first_name="Anna", last_name="B")
    talk.send(b2b, [anna])

    anna.active, anna.last_name = False, "Changed"
    anna.save()
    talk.send(b2b, [anna])

    word, why = talk.shown(anna, b2b)
    assert word == "Not enabled"
    assert "inactive" in why.lower()
    assert store.mine(sandbox, "user", anna)["lastName"] == "B"
    assert talk.contact_link_of(anna).remote_id

    anna.active = True
    anna.save()
    talk.send(b2b, [anna])

    assert store.mine(sandbox, "user", anna)["lastName"] == "Changed"
    assert talk.shown(anna, b2b)[0] == "In sync"


def test_a_save_alone_shows_that_an_inactive_contact_is_kept_back(
    b2b: Connection, facebook: Company, mark: Contact
) -> None:
    talk.send(b2b, [facebook])
    anna = ContactFactory.create(company=facebook)
    talk.send(b2b, [anna])

    anna.active = False
    anna.save()

    assert talk.shown(anna, b2b)[0] == "Not enabled"
    assert ContactLink.objects.get(record=anna).state == Link.State.IDLE


def test_a_rejected_company_is_never_made(
    b2b: Connection, sandbox: SandboxServer, facebook: Company, mark: Contact
) -> None:
    facebook.status = Company.Status.REJECTED
    facebook.save()

    talk.send(b2b, [facebook])

    assert store.rows(sandbox, "company") == []
    assert talk.shown(facebook, b2b)[0] == "Not enabled"


@pytest.mark.parametrize(
    ("status", "there"), [("pending", "0"), ("active", "1"), ("blocked", "3"), ("inactive", "3")]
)
def test_a_new_company_has_our_status_over_there(
    b2b: Connection, sandbox: SandboxServer, facebook: Company, mark: Contact, status: str, there: str
) -> None:
    facebook.status = status
    facebook.save()

    talk.send(b2b, [facebook])

    assert str(store.named(sandbox, "Facebook")["companyStatus"]) == there


def test_a_place_without_recipient_is_named_after_the_primary(
    b2b: Connection, sandbox: SandboxServer, facebook: Company, mark: Contact
) -> None:
    dock = LocationFactory.create(
        company=facebook, label="Dock", region="CA", postal_code="94601", is_default_shipping=True
    )
    talk.send(b2b, [facebook])

    talk.send(b2b, [dock])

    address: dict[str, Any] = store.mine(sandbox, "address", dock)
    assert (address["firstName"], address["lastName"]) == ("Mark", "Z")
    assert Entry.objects.filter(object_id=dock.public_id, outcome="created").count() == 1


def test_a_login_of_another_store_sends_nothing_there(
    b2b: Connection, sandbox: SandboxServer, facebook: Company, mark: Contact
) -> None:
    b2b.org_id = "anotherstore"
    b2b.save()

    talk.send(b2b, [facebook])

    assert store.calls(sandbox) == {"companies_list": 1}  # whose it is, and no more
    health = ConnectionHealth.objects.get(connection=b2b)
    assert (health.pause, health.other_org) == (ConnectionHealth.Pause.LOGIN, "rehearsal")


def test_send_everything_of_a_company_that_was_never_sent_takes_no_stranger_for_its_own(
    b2b: Connection, sandbox: SandboxServer, facebook: Company, mark: Contact
) -> None:
    store.makes(sandbox, "company", {"companyName": "Facebook", "companyPhone": "1", "city": "Elsewhere"})
    store.makes(
        sandbox, "user", {"companyName": "Facebook", "email": mark.email, "firstName": "M", "lastName": "Z"}
    )

    talk.send(b2b, [facebook], full=True)

    assert store.named(sandbox, "Facebook")["city"] == "Elsewhere"


def test_an_e_mail_in_capitals_does_not_go_back_and_forth(
    b2b: Connection, sandbox: SandboxServer, facebook: Company, mark: Contact
) -> None:
    mark.email = "Mark.Z@Test.example"
    mark.save()
    talk.send(b2b, [facebook])
    user = store.mine(sandbox, "user", mark)
    store.changes(sandbox, "user", user["id"], email="MARK.Z@TEST.EXAMPLE", lastName="Zed")

    pull.ask(b2b, by="tester")
    pull.drain(b2b.pk)

    word, why = talk.shown(mark, b2b)
    assert (word, why.split(" ·")[0]) == ("Changed, not sent", "Last Name")
