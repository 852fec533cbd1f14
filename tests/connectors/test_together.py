"""What a person asks for at once: records of several entities, many of them, and who goes ahead."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from companies.models import Company, CompanyLink, LocationLink
from connectors import queue
from connectors.models import Connection, Link, Slot
from contacts.models import Contact, ContactLink
from tests.factories import B2BFactory, CompanyFactory, ContactFactory, LocationFactory

pytestmark = pytest.mark.django_db
CLICK, BULK = Link.Priority.CLICK, Link.Priority.BULK


@pytest.fixture
def store() -> Connection:
    return B2BFactory.create()


def ask(store: Connection, run: uuid.UUID | None = None, **chosen: list[Any]) -> dict[str, queue.Enqueued]:
    pks = {name: [one.pk for one in records] for name, records in chosen.items()}
    return queue.enqueue_chosen(pks, store, run=run or uuid.uuid4(), requested_by="dana")


def companies(count: int) -> list[Company]:
    return list(Company.objects.bulk_create(CompanyFactory.build_batch(count)))


def test_records_of_several_entities_are_asked_for_in_one_run(store: Connection) -> None:
    facebook, run = CompanyFactory.create(), uuid.uuid4()
    people = ContactFactory.create_batch(3, company=facebook)
    places = LocationFactory.create_batch(2, company=facebook)

    results = ask(store, run, contact=people, location=places, company=[facebook])

    assert {name: result.queued for name, result in results.items()} == {
        "company": 1, "location": 2, "contact": 3,
    }  # fmt: skip
    for model in (CompanyLink, LocationLink, ContactLink):
        assert set(model.objects.values_list("run", "state", "priority")) == {(run, "pending", CLICK)}


@pytest.mark.parametrize(("number", "priority"), [(1, CLICK), (25, CLICK), (26, BULK)])
def test_more_than_twenty_five_records_are_a_backlog(store: Connection, number: int, priority: int) -> None:
    ask(store, company=companies(number))

    assert set(CompanyLink.objects.values_list("priority", flat=True)) == {priority}


def test_the_records_of_all_entities_count_together(store: Connection) -> None:
    facebook = CompanyFactory.create()
    people = ContactFactory.create_batch(25, company=facebook)

    ask(store, company=[facebook], contact=people)

    assert CompanyLink.objects.get().priority == BULK
    assert set(ContactLink.objects.values_list("priority", flat=True)) == {BULK}


def test_the_companies_of_a_backlog_of_contacts_go_along(store: Connection) -> None:
    people = ContactFactory.create_batch(26)

    result = ask(store, contact=people)["contact"]

    assert (result.queued, result.parents) == (26, 26)
    assert set(CompanyLink.objects.values_list("state", "priority")) == {("pending", BULK)}


def test_a_click_on_a_contact_brings_its_company_out_of_the_backlog(store: Connection) -> None:
    chosen = companies(26)
    ask(store, company=chosen)
    mark = ContactFactory.create(company=chosen[7])
    before = CompanyLink.objects.get(record=chosen[7])

    ask(store, contact=[mark])

    urgent = CompanyLink.objects.get(priority=CLICK)
    assert urgent.record == chosen[7]
    assert (urgent.ticket, urgent.run) == (before.ticket, before.run)


def test_a_company_that_is_there_stays_in_the_backlog(store: Connection) -> None:
    chosen = companies(26)
    ask(store, company=chosen)
    CompanyLink.objects.filter(record=chosen[7]).update(remote_id="4711")

    ask(store, contact=[ContactFactory.create(company=chosen[7])])

    assert not CompanyLink.objects.filter(priority=CLICK).exists()


@pytest.mark.parametrize(("number", "priority"), [(25, CLICK), (26, BULK)])
def test_many_that_are_tried_again_are_a_backlog(store: Connection, number: int, priority: int) -> None:
    for company in companies(number):
        CompanyLink.objects.create(connection=store, record=company, state="failed", code="invalid")

    count = queue.retry_failed(store, None, run=uuid.uuid4(), requested_by="dana")

    assert count == number
    assert set(CompanyLink.objects.values_list("priority", flat=True)) == {priority}


def test_what_failed_in_all_entities_is_tried_again_as_one(store: Connection) -> None:
    for contact in ContactFactory.create_batch(13):
        ContactLink.objects.create(connection=store, record=contact, state="failed")
        CompanyLink.objects.create(connection=store, record=contact.company, state="failed")

    count = queue.retry_failed(store, None, run=uuid.uuid4(), requested_by="dana")

    assert count == 26
    assert set(ContactLink.objects.values_list("state", "priority")) == {("pending", BULK)}


def linked(store: Connection, contact: Contact, **fields: Any) -> ContactLink:
    return ContactLink.objects.create(
        connection=store, record=contact, remote_id=str(contact.pk), snapshot={"email": "x"}, **fields
    )


def test_what_is_sent_anew_is_known_there_no_more(store: Connection) -> None:
    mark = ContactFactory.create()
    linked(store, mark, choice="create", adopted=True)

    count = queue.send_anew("contact", [mark.pk], store, by="dana", run=uuid.uuid4())

    link = ContactLink.objects.get()
    assert count == 1
    assert (link.remote_id, link.snapshot, link.choice, link.adopted) == ("", {}, "", False)
    assert (link.state, link.requested_by) == ("pending", "dana")


def test_what_is_switched_off_or_being_sent_is_not_sent_anew(store: Connection) -> None:
    off, busy = ContactFactory.create_batch(2)
    slot = Slot.objects.create(
        connection=store, number=0, lease=uuid.uuid4(), expires_at=timezone.now() + timedelta(minutes=1)
    )
    linked(store, off, enabled="no")
    linked(store, busy, state="pending", lease=slot.lease)

    count = queue.send_anew("contact", [off.pk, busy.pk], store, by="dana", run=uuid.uuid4())

    assert count == 0
    assert not ContactLink.objects.filter(remote_id="").exists()


@pytest.mark.parametrize(("first", "second"), [(0, 2), (2, 0)])
def test_of_two_requests_of_a_record_the_more_urgent_counts(
    salesforce: Connection, first: int, second: int
) -> None:
    company = CompanyFactory.create()

    for priority in (first, second):
        queue.enqueue("company", [company.pk], salesforce, run=None, requested_by="dana", priority=priority)

    assert CompanyLink.objects.get(record=company).priority == 0
