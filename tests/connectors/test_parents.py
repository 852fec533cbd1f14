"""A contact waits for its company, says for what, and follows by itself; one click sends both."""

from typing import Any

import pytest
from django.db.models import Sum

from companies.models import Company
from connectors import entities, push, queue
from connectors.models import Connection
from connectors.sandbox.server import SandboxServer
from contacts.models import Contact, ContactLink
from synclog.models import Entry, Run
from tests import talk
from tests.desk import asked
from tests.factories import CompanyFactory, ContactFactory
from tests.shelf import Shelf
from tests.waiting import wait_until

from .test_races import in_thread

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def automatic(salesforce: Connection) -> Connection:
    """Return the connection with automatic sync on for both."""
    salesforce.auto_push = {"company": True, "contact": True}
    salesforce.save()
    return salesforce


def request_only(connection: Connection, contact: Contact) -> Run:
    """Ask for a contact as a save would: its company is not requested along."""
    run = talk.new_run(connection)
    queue.enqueue("contact", [contact.pk], connection, run=run.pk, requested_by="tester", priority=1)
    return run


def people(sandbox: SandboxServer) -> int:
    return len(talk.people(sandbox))


# What it waits for.


def test_a_contact_of_a_company_that_was_never_sent_waits_and_makes_no_call(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    mark = ContactFactory.create(company=CompanyFactory.create(name="Facebook"))
    request_only(salesforce, mark)

    talk.drain(salesforce)

    assert talk.shown(mark, salesforce) == ("Waiting", "for Facebook (company), which was never sent")
    assert talk.calls(sandbox)["counts"].get("salesforce", {}) == {}

    talk.send(salesforce, [mark.company])
    assert talk.shown(mark, salesforce)[0] == "In sync"


def test_a_contact_of_a_company_that_failed_says_why_and_follows_when_it_is_mended(
    automatic: Connection, sandbox: SandboxServer
) -> None:
    company = CompanyFactory.create(name="Facebook", phone="1" * 41)
    mark = ContactFactory.create(company=company)
    talk.drain(automatic)
    word, reason = talk.shown(mark, automatic)
    assert word == "Waiting"
    assert reason.startswith("for Facebook (company), which failed: Phone has 41 characters")
    assert people(sandbox) == 0

    company.phone = "1"
    company.save()
    talk.drain(automatic)

    assert talk.person_of(sandbox, mark)["AccountId"] == talk.link_of(company).remote_id
    assert talk.shown(mark, automatic)[0] == "In sync"


def test_a_company_refused_over_there_holds_its_contacts_and_nobody_elses(
    automatic: Connection, sandbox: SandboxServer
) -> None:
    talk.break_it(sandbox, {"fault": "record:FIELD_INTEGRITY_EXCEPTION", "match": {"Name": "Bad"}})
    bad, good = CompanyFactory.create(name="Bad"), CompanyFactory.create(name="Good")
    held, sent = ContactFactory.create(company=bad), ContactFactory.create(company=good)

    talk.drain(automatic)

    assert talk.shown(held, automatic)[1].startswith("for Bad (company), which failed: ")
    assert talk.shown(sent, automatic)[0] == "In sync"
    assert people(sandbox) == 1

    talk.mend(sandbox)
    run = talk.new_run(automatic)
    queue.retry_failed(automatic, None, run=run.pk, requested_by="tester")
    talk.drain(automatic)
    assert people(sandbox) == 2


def test_a_contact_of_a_company_in_conflict_waits_for_the_choice_and_follows_it(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    first, _ = talk.remote_creates(sandbox, *[{"Name": "Acme", "Website": "acme.example"}] * 2)
    company = CompanyFactory.create(name="Acme", website="acme.example")
    mark = ContactFactory.create(company=company)

    talk.send(salesforce, [mark])

    assert talk.shown(mark, salesforce) == ("Waiting", "for Acme (company), which needs your choice")
    link = talk.link_of(company)
    queue.choose("company", link.pk, first, by="tester", run=talk.new_run(salesforce).pk)
    talk.drain(salesforce)
    assert talk.person_of(sandbox, mark)["AccountId"] == first


@pytest.mark.parametrize("how", ["record", "line"])
def test_a_contact_of_a_company_that_is_not_enabled_says_so(
    salesforce: Connection, sandbox: SandboxServer, how: str
) -> None:
    company = CompanyFactory.create(name="Facebook", sync_enabled=how != "record")
    if how == "line":
        queue.set_enabled("company", company.pk, salesforce, False, by="tester")
    mark = ContactFactory.create(company=company)

    talk.send(salesforce, [mark])

    assert talk.shown(mark, salesforce) == ("Waiting", "for Facebook (company), which is not enabled")
    assert talk.accounts(sandbox) == []

    queue.set_enabled("company", company.pk, salesforce, True, by="tester")
    company.sync_enabled = True
    company.save()
    talk.send(salesforce, [company])
    assert people(sandbox) == 1


def test_a_contact_of_a_company_that_is_gone_over_there_waits_until_somebody_decides(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    company = CompanyFactory.create(name="Facebook")
    talk.send(salesforce, [company])
    talk.remote_deletes(sandbox, "Account", talk.link_of(company).remote_id)
    talk.send(salesforce, [company], full=True)
    assert talk.shown(company, salesforce)[0] == "Gone over there"
    mark = ContactFactory.create(company=company)

    talk.send(salesforce, [mark])

    assert talk.shown(mark, salesforce) == ("Waiting", "for Facebook (company), which is gone in Salesforce")
    assert people(sandbox) == 0
    link = talk.link_of(company)
    queue.choose("company", link.pk, "create", by="tester", run=talk.new_run(salesforce).pk)
    talk.drain(salesforce)
    assert talk.person_of(sandbox, mark)["AccountId"] == talk.link_of(company).remote_id


def test_a_company_that_is_off_but_linked_holds_nobody_up(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    company = CompanyFactory.create()
    talk.send(salesforce, [company])
    company.sync_enabled = False
    company.save()
    mark = ContactFactory.create(company=company)

    talk.send(salesforce, [mark])

    assert talk.person_of(sandbox, mark)["AccountId"] == talk.link_of(company).remote_id


def test_a_company_that_waits_for_its_next_try_is_said_plainly(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    talk.break_it(sandbox, {"fault": "record:UNABLE_TO_LOCK_ROW", "times": 1})
    mark = ContactFactory.create(company=CompanyFactory.create(name="Facebook"))

    talk.send(salesforce, [mark])

    assert talk.shown(mark, salesforce) == ("Waiting", "for Facebook (company)")
    talk.later(salesforce)
    assert talk.shown(mark, salesforce)[0] == "In sync"


# One click.


def test_a_click_on_a_contact_sends_its_company_first_and_the_run_adds_up(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    company = CompanyFactory.create()
    some = ContactFactory.create_batch(3, company=company)

    run = talk.send(salesforce, some)

    objects = [call["path"].split("/")[-2] for call in asked(sandbox, "collections_upsert")]
    assert objects == ["Account", "Contact"]
    assert run.created == 4
    assert run.requested == run.finished == 4
    assert queue.waiting(run.pk) == 0


def test_a_click_on_contacts_of_many_companies_requests_each_company_once(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    companies = CompanyFactory.create_batch(3)
    talk.send(salesforce, companies[:1])
    some = [ContactFactory.create(company=company) for company in companies for _ in range(2)]

    run = talk.request(salesforce, some)
    asked_for = queue.waiting(run.pk)
    talk.drain(salesforce)

    run.refresh_from_db()
    assert asked_for == 8
    assert (run.created, run.requested) == (8, 8)
    assert len(talk.accounts(sandbox)) == 3


def test_a_click_does_not_send_a_company_that_failed_or_is_off(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    failed = CompanyFactory.create(phone="1" * 41)
    off = CompanyFactory.create(sync_enabled=False)
    talk.send(salesforce, [failed])
    some = [ContactFactory.create(company=company) for company in (failed, off)]

    run = talk.send(salesforce, some)

    assert run.requested == 2
    assert queue.waiting(run.pk) == 2
    assert talk.accounts(sandbox) == []


def test_clicking_twice_makes_neither_twice(salesforce: Connection, sandbox: SandboxServer) -> None:
    mark = ContactFactory.create()

    first = talk.request(salesforce, [mark])
    second = talk.request(salesforce, [mark])
    talk.drain(salesforce)

    assert (len(talk.accounts(sandbox)), people(sandbox)) == (1, 1)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.created, second.created) == (1, 1)  # the company, then the contact of the newer click
    assert queue.waiting(first.pk) == queue.waiting(second.pk) == 0


def test_a_click_on_a_contact_that_is_switched_off_does_not_send_its_company(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    mark = ContactFactory.create()
    queue.set_enabled("contact", mark.pk, salesforce, False, by="dana")

    run = talk.send(salesforce, [mark])

    assert talk.accounts(sandbox) == []
    assert run.requested == 1


# By itself.


def test_saving_a_company_and_its_contact_sends_both_in_one_go(
    automatic: Connection, sandbox: SandboxServer
) -> None:
    company = CompanyFactory.create()
    mark = ContactFactory.create(company=company)

    talk.drain(automatic)

    assert talk.person_of(sandbox, mark)["AccountId"] == talk.account_of(sandbox, company)["Id"]
    found = Run.objects.filter(kind=Run.Kind.AUTOMATIC)  # two, where the hour turns between the saves
    counts = found.aggregate(created=Sum("created"), requested=Sum("requested"))
    assert counts == {"created": 2, "requested": 2}


def test_contacts_alone_are_automatic_and_their_company_is_not(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    salesforce.auto_push = {"contact": True}
    salesforce.save()
    mark = ContactFactory.create(company=CompanyFactory.create(name="Facebook"))

    talk.drain(salesforce)

    assert talk.accounts(sandbox) == []
    assert talk.shown(mark, salesforce) == ("Waiting", "for Facebook (company), which was never sent")


def test_a_rejected_company_sends_neither_itself_nor_its_contact_by_itself(
    automatic: Connection, sandbox: SandboxServer
) -> None:
    company = CompanyFactory.create(status=Company.Status.REJECTED)
    ContactFactory.create(company=company)

    talk.drain(automatic)

    assert (talk.accounts(sandbox), people(sandbox)) == ([], 0)
    company.status = Company.Status.ACTIVE
    company.save()
    talk.drain(automatic)
    assert (len(talk.accounts(sandbox)), people(sandbox)) == (1, 1)


def test_a_contact_of_an_unlinked_company_waits_and_is_not_written_under_the_old_account(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    company = CompanyFactory.create(name="Facebook")
    talk.send(salesforce, [company])
    mark = ContactFactory.create(company=company)
    talk.request(salesforce, [mark])
    queue.unlink("company", talk.link_of(company).pk, by="tester")

    talk.drain(salesforce)

    assert people(sandbox) == 0
    assert talk.shown(mark, salesforce) == ("Waiting", "for Facebook (company), which was never sent")


def test_a_company_unlinked_between_claim_and_render_leaves_its_contact_waiting(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    from connectors import entities
    from connectors.rendering import Renderer

    company = CompanyFactory.create()
    talk.send(salesforce, [company])
    mark = ContactFactory.create(company=company)
    queue.unlink("company", talk.link_of(company).pk, by="tester")

    rendered = Renderer(salesforce, entities.get("contact")).one(mark)

    assert rendered.is_orphan
    assert "AccountId" not in rendered.payload


def test_a_contact_whose_company_is_deleted_here_goes_with_it_and_nothing_hangs(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    company = CompanyFactory.create()
    talk.send(salesforce, [company])
    mark = ContactFactory.create(company=company)
    run = talk.request(salesforce, [mark])

    company.delete()
    talk.drain(salesforce)

    assert people(sandbox) == 0
    assert queue.waiting(run.pk) == 0
    assert not ContactLink.objects.exists()


def test_a_linked_contact_whose_company_is_unlinked_keeps_its_account_over_there(
    automatic: Connection, sandbox: SandboxServer
) -> None:
    company = CompanyFactory.create()
    mark = ContactFactory.create(company=company, phone="1")
    talk.drain(automatic)
    before = talk.person_of(sandbox, mark)["AccountId"]
    queue.unlink("company", talk.link_of(company).pk, by="tester")

    mark.phone = "2"
    mark.save()
    talk.drain(automatic)

    assert talk.person_of(sandbox, mark)["AccountId"] == before
    talk.send(automatic, [company])
    assert talk.person_of(sandbox, mark)["Phone"] == "2"
    assert talk.person_of(sandbox, mark)["AccountId"] == talk.link_of(company).remote_id == before


def test_a_linked_contact_whose_company_is_unlinked_has_not_moved(salesforce: Connection) -> None:
    company = CompanyFactory.create()
    mark = ContactFactory.create(company=company)
    talk.send(salesforce, [mark])
    queue.unlink("company", talk.link_of(company).pk, by="tester")

    mark.save()

    assert talk.contact_link_of(mark).changed == []


def test_a_company_that_is_in_another_system_holds_its_contacts_here(
    salesforce: Connection, shelf: Shelf
) -> None:
    mark = ContactFactory.create()
    talk.send(salesforce, [mark.company])
    kind = entities.get("contact")

    request_only(shelf.connection, mark)

    assert not queue.has_due(shelf.connection, [kind])
    assert queue.count_due(shelf.connection, kind, 10) == (0, 0)


def moved(mark: Contact, company: Company) -> None:
    mark.company, mark.is_primary = company, False
    mark.save()


def test_a_contact_that_moved_to_a_company_not_sent_yet_follows_it(
    automatic: Connection, sandbox: SandboxServer
) -> None:
    mark = ContactFactory.create()
    talk.drain(automatic)
    other = CompanyFactory.create(name="Facebook")

    moved(mark, other)
    assert talk.shown(mark, automatic) == ("Waiting", "for Facebook (company)")
    talk.drain(automatic)

    assert talk.person_of(sandbox, mark)["AccountId"] == talk.account_of(sandbox, other)["Id"]


def test_a_contact_that_moved_to_a_company_not_sent_yet_shows_it_where_the_switch_is_off(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    mark = ContactFactory.create()
    talk.send(salesforce, [mark])

    moved(mark, CompanyFactory.create())

    assert talk.shown(mark, salesforce)[0] == "Changed, not sent"
    assert talk.contact_link_of(mark).changed == ["company"]
    assert queue.find_changed(salesforce, "contact") == 1


# Two workers.


def test_two_workers_at_once_send_parents_before_children(
    automatic: Connection, sandbox: SandboxServer
) -> None:
    Connection.objects.filter(pk=automatic.pk).update(batch_size=5)
    automatic.refresh_from_db()
    companies = CompanyFactory.create_batch(20)
    some = [ContactFactory.create(company=company) for company in companies for _ in range(2)]
    talk.break_it(sandbox, {"fault": "slow:0.1", "match": {"route": "collections_upsert"}})

    with in_thread(lambda: push.drain(automatic.pk), lambda: push.drain(automatic.pk)):
        pass
    talk.drain(automatic)

    assert len(talk.accounts(sandbox)) == 20
    assert people(sandbox) == 40
    for mark in some:
        assert talk.person_of(sandbox, mark)["AccountId"] == talk.link_of(mark.company).remote_id


def test_two_workers_with_two_of_ours_for_one_person_make_one_contact(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    Connection.objects.filter(pk=salesforce.pk).update(batch_size=1)
    salesforce.refresh_from_db()
    company = CompanyFactory.create()
    talk.send(salesforce, [company])
    pair = ContactFactory.create_batch(2, company=company, last_name="Z", email="m@test.example")
    talk.request(salesforce, pair)
    talk.break_it(sandbox, {"fault": "slow:0.5", "match": {"route": "composite"}, "times": 2})

    with in_thread(lambda: push.drain(salesforce.pk), lambda: push.drain(salesforce.pk)):
        pass
    talk.drain(salesforce)

    assert people(sandbox) == 1
    assert sorted(talk.contact_link_of(one).code for one in pair) == ["", "conflict"]


def test_two_workers_that_want_one_existing_contact_do_not_share_it(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    Connection.objects.filter(pk=salesforce.pk).update(batch_size=1)
    salesforce.refresh_from_db()
    company = CompanyFactory.create()
    talk.send(salesforce, [company])
    (there,) = talk.remote_creates(
        sandbox,
        {"LastName": "Z", "Email": "M@test.example", "AccountId": talk.link_of(company).remote_id},
        sobject="Contact",
    )
    pair = ContactFactory.create_batch(2, company=company, last_name="Z", email="m@test.example")
    talk.request(salesforce, pair)
    talk.break_it(sandbox, {"fault": "slow:0.5", "match": {"route": "composite"}, "times": 2})

    with in_thread(lambda: push.drain(salesforce.pk), lambda: push.drain(salesforce.pk)):
        pass
    talk.drain(salesforce)

    assert people(sandbox) == 1
    links = sorted((one.code, one.remote_id) for one in map(talk.contact_link_of, pair))
    assert links == [("", there), ("conflict", "")]


def test_a_contact_saved_while_its_company_is_on_the_wire_follows_in_the_same_drain(
    automatic: Connection, sandbox: SandboxServer
) -> None:
    company = CompanyFactory.create()
    talk.break_it(sandbox, {"fault": "slow:0.8", "match": {"route": "collections_upsert"}, "times": 1})

    with in_thread(lambda: push.drain(automatic.pk)):
        wait_until(lambda: talk.count(sandbox, "composite"))
        mark = ContactFactory.create(company=company)

    assert talk.person_of(sandbox, mark)["AccountId"] == talk.link_of(company).remote_id


# The account went while nobody looked.


@pytest.mark.parametrize("fate", ["merged", "merged twice", "deleted"])
def test_a_contact_whose_account_is_gone_has_the_company_looked_at_first(
    salesforce: Connection, sandbox: SandboxServer, fate: str
) -> None:
    company = CompanyFactory.create(name="Facebook")
    talk.send(salesforce, [company])
    old = talk.link_of(company).remote_id
    survivor, last = talk.remote_creates(sandbox, {"Name": "Meta"}, {"Name": "Meta Platforms"})
    if fate == "deleted":
        talk.remote_deletes(sandbox, "Account", old)
    else:
        talk.remote_merges(sandbox, "Account", survivor, old)
    if fate == "merged twice":
        talk.remote_merges(sandbox, "Account", last, survivor)
        survivor = last
    mark = ContactFactory.create(company=company)

    talk.send(salesforce, [mark])
    talk.later(salesforce)

    if fate == "deleted":
        assert people(sandbox) == 0
        assert talk.shown(company, salesforce)[0] == "Gone over there"
        assert talk.shown(mark, salesforce) == (
            "Waiting",
            "for Facebook (company), which is gone in Salesforce",
        )
        return
    assert talk.link_of(company).remote_id == survivor
    assert talk.person_of(sandbox, mark)["AccountId"] == survivor
    assert (talk.contact_link_of(mark).state, talk.contact_link_of(mark).attempts) == ("idle", 0)
    assert any("not there in Salesforce any more" in text for text in talk.told(mark))


def test_a_contact_of_an_account_merged_into_another_companys_waits_for_the_choice(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    company, other = CompanyFactory.create(name="Facebook"), CompanyFactory.create(name="Meta")
    talk.send(salesforce, [company, other])
    talk.remote_merges(sandbox, "Account", talk.link_of(other).remote_id, talk.link_of(company).remote_id)
    mark = ContactFactory.create(company=company)

    talk.send(salesforce, [mark])
    talk.later(salesforce)
    said = len(asked(sandbox))
    talk.later(salesforce)

    assert talk.shown(company, salesforce)[0] == "Needs your choice"
    assert talk.shown(mark, salesforce) == ("Waiting", "for Facebook (company), which needs your choice")
    assert len(asked(sandbox)) == said  # nothing is sent to the merged account again and again
    link = talk.link_of(company)
    queue.choose("company", link.pk, "create", by="tester", run=talk.new_run(salesforce).pk)
    talk.drain(salesforce)
    assert talk.person_of(sandbox, mark)["AccountId"] == talk.link_of(company).remote_id
    assert talk.link_of(company).remote_id != talk.link_of(other).remote_id


def test_a_contact_of_a_lost_account_whose_company_is_off_says_so_in_the_end(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    company = CompanyFactory.create(name="Facebook")
    talk.send(salesforce, [company])
    (survivor,) = talk.remote_creates(sandbox, {"Name": "Meta"})
    talk.remote_merges(sandbox, "Account", survivor, talk.link_of(company).remote_id)
    queue.set_enabled("company", company.pk, salesforce, False, by="tester")
    mark = ContactFactory.create(company=company)

    talk.send(salesforce, [mark])

    link = talk.contact_link_of(mark)
    assert people(sandbox) == 0
    assert link.state == "pending"
    assert link.attempts == 1
    assert "account is not there in Salesforce any more" in link.message


@pytest.mark.parametrize("full", [True, False])
def test_contacts_follow_the_survivor_of_their_account(
    automatic: Connection, sandbox: SandboxServer, full: bool
) -> None:
    company = CompanyFactory.create()
    mark = ContactFactory.create(company=company)
    talk.drain(automatic)
    (survivor,) = talk.remote_creates(sandbox, {"Name": "Meta"})
    talk.remote_merges(sandbox, "Account", survivor, talk.link_of(company).remote_id)
    company.phone = "77"
    company.save()
    talk.drain(automatic)
    assert talk.link_of(company).remote_id == survivor

    talk.send(automatic, [mark], full=full)

    assert talk.person_of(sandbox, mark)["AccountId"] == survivor
    assert talk.contact_link_of(mark).state == "idle"
    assert talk.contact_link_of(mark).snapshot["AccountId"] == survivor


def test_parents_first_even_where_the_children_were_asked_for_long_before(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    companies = CompanyFactory.create_batch(5)
    some: list[Any] = [ContactFactory.create(company=company) for company in companies]
    for mark in some:
        request_only(salesforce, mark)

    talk.send(salesforce, companies)

    objects = [call["path"].split("/")[-2] for call in asked(sandbox, "collections_upsert")]
    assert objects == ["Account", "Contact"]


def test_an_account_that_is_gone_without_being_named_is_not_taken_for_the_contact(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    old, new = CompanyFactory.create_batch(2)
    mark = ContactFactory.create(company=old)
    talk.send(salesforce, [mark])
    talk.send(salesforce, [new])
    mark.company = new
    mark.save()
    unnamed = {"fault": "record:INVALID_CROSS_REFERENCE_KEY", "match": {"route": "collections_update"}}
    talk.break_it(sandbox, {**unnamed, "fields": [], "times": 1})

    talk.send(salesforce, [mark])

    link = ContactLink.objects.get(record=mark)
    assert (link.state, link.code) == ("pending", "parent_gone")
    assert not Entry.objects.filter(description__contains="Merged").exists()
    assert not Entry.objects.filter(description__contains="Deleted").exists()
