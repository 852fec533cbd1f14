"""Which records are read and when, and which of ours are not over there any more."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from companies.models import Company, CompanyLink
from connectors import pull, push, queue
from connectors.inbound import Notice as Delivery
from connectors.models import Connection, Cursor, Notice
from connectors.pulling import notices
from contacts.models import ContactLink
from synclog.models import Entry
from tests.factories import ContactFactory
from tests.reading import arrivals, fetch, fresh, goes, link_of, linked, linked_at_once, nightly
from tests.shelf import Shelf
from tests.talk import request, send

pytestmark = pytest.mark.django_db


def test_a_record_in_flight_is_read_again_later(shelf: Shelf) -> None:
    goes(shelf, "both", company={"status": "remote"})
    company, remote_id = linked(shelf)
    request(shelf.connection, [company], full=True)
    with queue.slot(shelf.connection, 60) as lease:
        assert lease is not None
        queue.claim(shelf.connection, *_company_claim(lease))
        shelf.change("company", remote_id, status="BLOCKED")

        fetch(shelf)

        assert fresh(company).status == "active"
    notice = Notice.objects.get(done_at=None)
    assert notice.remote_id == remote_id
    push.drain(shelf.connection.pk)
    Notice.objects.update(not_before=timezone.now() - timedelta(seconds=1))
    pull.drain(shelf.connection.pk)
    assert fresh(company).status == "blocked"


def _company_claim(lease: Any) -> tuple[Any, Any, int]:
    from connectors import entities

    return entities.get("company"), lease, 10


def test_an_announced_record_in_flight_is_read_again_later(shelf: Shelf) -> None:
    goes(shelf, "both", company={"status": "remote"})
    company, remote_id = linked(shelf)
    fetch(shelf)
    shelf.change("company", remote_id, status="BLOCKED")
    CompanyLink.objects.update(state="pending", unsure=True)  # its answer is missing

    notices.keep(shelf.connection, "company", [remote_id])
    pull.drain(shelf.connection.pk)
    waiting = Notice.objects.get(done_at=None)
    CompanyLink.objects.update(state="idle", unsure=False)
    Notice.objects.update(not_before=timezone.now() - timedelta(seconds=1))
    pull.drain(shelf.connection.pk)

    assert waiting.not_before > timezone.now()
    assert fresh(company).status == "blocked"
    assert not Notice.objects.filter(done_at=None).exists()


def test_a_record_that_was_claimed_since_the_list_was_read_is_read_again_later(shelf: Shelf) -> None:
    goes(shelf, "both", company={"status": "remote"})
    company, remote_id = linked(shelf, status="active")
    shelf.change("company", remote_id, status="BLOCKED")

    def claimed(_: str) -> None:
        CompanyLink.objects.update(leased_at=timezone.now())

    shelf.trouble = claimed
    fetch(shelf)

    assert fresh(company).status == "active"
    assert Notice.objects.get(done_at=None).remote_id == remote_id


def test_a_list_is_read_page_by_page_and_goes_on_where_it_broke_off(shelf: Shelf) -> None:
    goes(shelf, "both")
    for number in range(8):
        shelf.add("company", name=f"Company {number}")
    reads = []

    def breaks(what: str) -> None:
        reads.append(what)
        if reads.count("pull company") == 2:
            raise RuntimeError("the cable was pulled")

    shelf.trouble = breaks
    fetch(shelf)
    first = Company.objects.count()
    cursor = Cursor.objects.get(entity="company")
    shelf.trouble = lambda _: None
    Cursor.objects.update(not_before=None)
    pull.drain(shelf.connection.pk)

    assert first == 3
    assert (cursor.failures, bool(cursor.trouble)) == (1, True)
    assert Company.objects.count() == 8
    assert Cursor.objects.get(entity="company").trouble == ""


def test_a_deleted_record_is_gone_and_nothing_else_happens(shelf: Shelf) -> None:
    goes(shelf, "both")
    company, company_id = linked(shelf)
    contact = ContactFactory.create(company=company)
    send(shelf.connection, [contact])
    shelf.drop("company", company_id)

    notices.keep(shelf.connection, "company", [company_id])
    pull.drain(shelf.connection.pk)
    notices.keep(shelf.connection, "company", [company_id])
    pull.drain(shelf.connection.pk)

    link = link_of(company)
    assert (link.state, link.code, link.message) == ("failed", "gone", "Deleted in Shelf.")
    assert link.failed_at is not None
    assert link.candidates == []
    assert [entry.description for entry in arrivals()] == [
        f"{company.name} was deleted in Shelf (company {company_id}). Nothing was changed here."
    ]
    assert ContactLink.objects.get(record=contact).state == "idle"


def test_a_record_that_was_gone_and_is_there_again_is_linked_again(shelf: Shelf) -> None:
    goes(shelf, "both")
    company, company_id = linked(shelf)
    thing = shelf.drop("company", company_id)
    notices.keep(shelf.connection, "company", [company_id])
    pull.drain(shelf.connection.pk)

    shelf.of("company")[company_id] = thing
    notices.keep(shelf.connection, "company", [company_id])
    pull.drain(shelf.connection.pk)

    link = link_of(company)
    assert (link.state, link.code, link.failed_at) == ("idle", "", None)
    assert arrivals()[-1].description == (
        f"{company.name} is in Shelf again (company {company_id}): linked again."
    )


def test_what_was_edited_while_its_record_was_gone_shows_as_changed_once_that_is_back(shelf: Shelf) -> None:
    goes(shelf, "both")
    company, company_id = linked(shelf, phone="1")
    thing = shelf.drop("company", company_id)
    notices.keep(shelf.connection, "company", [company_id])
    pull.drain(shelf.connection.pk)
    company.phone = "2"
    company.save()
    CompanyLink.objects.update(changed=[])  # as where the edit bypassed `save()`

    shelf.of("company")[company_id] = thing
    notices.keep(shelf.connection, "company", [company_id])
    pull.drain(shelf.connection.pk)

    assert link_of(company).changed == ["phone"]


def test_the_night_finds_who_was_deleted_without_a_word(shelf: Shelf) -> None:
    goes(shelf, "both")
    companies = linked_at_once(shelf, 5)
    fetch(shelf)
    shelf.drop("company", link_of(companies[2]).remote_id)

    nightly(shelf)

    assert [link_of(company).code for company in companies] == ["", "", "gone", "", ""]
    assert Cursor.objects.get(entity="company").full_since is None


def test_a_list_that_ends_early_marks_nobody_as_gone(shelf: Shelf) -> None:
    goes(shelf, "both")
    companies = linked_at_once(shelf, 30)
    fetch(shelf)
    shelf.total = 30
    hidden = {
        link_of(company).remote_id: shelf.drop("company", link_of(company).remote_id)
        for company in companies[5:]
    }

    nightly(shelf)

    assert not CompanyLink.objects.filter(code="gone").exists()
    event = Entry.objects.filter(code="short_list").get()
    assert event.description == (
        "Shelf says that it has 30 companies and listed 5. So nobody is taken for deleted; the list is read "
        "again tomorrow."
    )
    assert len(hidden) == 25


def test_too_many_missing_at_once_are_a_question_and_an_answer_asks_for_each(shelf: Shelf) -> None:
    goes(shelf, "both")
    companies = linked_at_once(shelf, 30)
    fetch(shelf)
    for company in companies[10:]:
        shelf.drop("company", link_of(company).remote_id)

    nightly(shelf)
    doubted = Cursor.objects.get(entity="company").doubted
    before = CompanyLink.objects.filter(code="gone").count()
    pull.believe(shelf.connection, by="dana")
    pull.drain(shelf.connection.pk)

    assert (doubted, before) == (20, 0)
    assert CompanyLink.objects.filter(code="gone").count() == 20
    assert Cursor.objects.get(entity="company").doubted == 0


def test_a_yes_to_many_missing_records_is_no_yes_to_the_next_ones(shelf: Shelf) -> None:
    goes(shelf, "both")
    companies = linked_at_once(shelf, 30)
    fetch(shelf)
    for company in companies[18:]:
        shelf.drop("company", link_of(company).remote_id)
    nightly(shelf)
    pull.believe(shelf.connection, by="dana")
    pull.drain(shelf.connection.pk)
    for company in companies[:12]:
        shelf.drop("company", link_of(company).remote_id)

    nightly(shelf)

    assert CompanyLink.objects.filter(code="gone").count() == 12
    assert Cursor.objects.get(entity="company").doubted == 12


def test_a_long_list_that_shows_all_but_one_is_believed(shelf: Shelf) -> None:
    company, remote_id = linked(shelf)
    for number in range(299):
        shelf.add("company", name=f"Stranger {number}")
    shelf.page, shelf.total = 300, 300
    fetch(shelf)
    shelf.drop("company", remote_id)

    nightly(shelf)

    assert link_of(company).code == "gone"
    assert not Entry.objects.filter(code="short_list").exists()


def test_a_record_that_was_linked_and_never_sent_is_found_to_be_gone(shelf: Shelf) -> None:
    goes(shelf, "both")
    company, remote_id = linked(shelf)
    fetch(shelf)
    CompanyLink.objects.update(synced_at=None)
    shelf.drop("company", remote_id)

    nightly(shelf)

    assert link_of(company).code == "gone"


def test_what_was_sent_while_the_list_was_read_is_not_missing_in_it(shelf: Shelf) -> None:
    goes(shelf, "both", "company")
    linked(shelf)
    fetch(shelf)
    Cursor.objects.update(checked_at=timezone.now() - timedelta(days=2))
    hidden: list[object] = []

    def sent_meanwhile(what: str) -> None:
        if what == "pull company" and not hidden:
            for company in linked_at_once(shelf, 15):
                hidden.append(shelf.drop("company", link_of(company).remote_id))

    shelf.trouble = sent_meanwhile
    pull.drain(shelf.connection.pk)

    assert len(hidden) == 15
    assert "fetch company" not in shelf.asked
    assert Cursor.objects.get(entity="company").doubted == 0
    assert not CompanyLink.objects.filter(code="gone").exists()


def test_who_asks_while_a_list_is_read_is_not_forgotten(shelf: Shelf) -> None:
    goes(shelf, "both", "company")
    company_id = shelf.add("company", name="Facebook")
    asked: list[object] = []

    def asks(what: str) -> None:
        if what == "pull company" and not asked:
            asked.append(what)
            pull.ask(shelf.connection, by="vera")

    shelf.trouble = asks
    fetch(shelf)

    assert company_id
    assert shelf.asked.count("pull company") == 2


def test_a_record_that_the_list_forgot_is_asked_for_and_stays(shelf: Shelf) -> None:
    goes(shelf, "both")
    company, remote_id = linked(shelf)
    fetch(shelf)
    Cursor.objects.update(checked_at=timezone.now() - timedelta(days=2))
    thing = shelf.drop("company", remote_id)

    def comes_back(what: str) -> None:
        if what == "fetch company":
            shelf.of("company")[remote_id] = thing

    shelf.trouble = comes_back
    pull.drain(shelf.connection.pk)

    assert link_of(company).code == ""


def test_ten_thousand_notices_of_one_record_are_one_reading(shelf: Shelf) -> None:
    goes(shelf, "both")
    _, remote_id = linked(shelf)
    Notice.objects.bulk_create(
        [
            Notice(
                connection=shelf.connection, delivery=f"d{n}", entity="company", remote_id=remote_id, said="x"
            )
            for n in range(10_000)
        ]
    )
    CompanyLink.objects.update(leased_at=timezone.now() - timedelta(hours=1), synced_at=None)
    shelf.asked.clear()

    pull.drain(shelf.connection.pk)

    assert shelf.asked.count("fetch company") == 1
    assert not Notice.objects.filter(done_at=None).exists()


def test_what_is_announced_while_its_record_is_read_is_read_after_that(shelf: Shelf) -> None:
    goes(shelf, "both")
    _, remote_id = linked(shelf)
    fetch(shelf)
    fetched: list[str] = []

    def announced_again(what: str) -> None:
        if what == "fetch company":
            fetched.append(what)
            if len(fetched) == 1:
                told = Delivery("2", "company", remote_id, is_deleted=True, said="deleted")
                notices.hear(shelf.connection, told)

    shelf.trouble = announced_again
    notices.keep(shelf.connection, "company", [remote_id])

    pull.drain(shelf.connection.pk)

    assert len(fetched) == 2
    assert not Notice.objects.filter(done_at=None).exists()


def test_a_list_that_still_shows_a_record_does_not_answer_that_it_was_deleted(shelf: Shelf) -> None:
    goes(shelf, "both")
    _, remote_id = linked(shelf)
    for delivery, is_deleted in (("1", True), ("2", False)):
        notices.hear(shelf.connection, Delivery(delivery, "company", remote_id, is_deleted, said="told"))
    Notice.objects.update(not_before=timezone.now() + timedelta(hours=1))

    fetch(shelf)

    assert [notice.delivery for notice in Notice.objects.filter(done_at=None)] == ["1"]


def test_many_records_announced_at_once_are_read_by_the_list(shelf: Shelf) -> None:
    goes(shelf, "both")
    shelf.page = 100
    fetch(shelf)
    for number in range(40):
        remote_id = shelf.add("company", name=f"Company {number}")
        Notice.objects.create(
            connection=shelf.connection,
            delivery=remote_id,
            entity="company",
            remote_id=remote_id,
            said="created",
        )
    shelf.asked.clear()

    pull.drain(shelf.connection.pk)

    assert Company.objects.count() == 40
    assert shelf.asked.count("fetch company") == 0
    assert not Notice.objects.filter(done_at=None).exists()


def test_a_delivery_about_our_own_write_costs_no_call(shelf: Shelf) -> None:
    goes(shelf, "both")
    _, remote_id = linked(shelf)
    fetch(shelf)
    Notice.objects.create(
        connection=shelf.connection, delivery="1", entity="company", remote_id=remote_id, said="updated"
    )
    shelf.asked.clear()

    pull.drain(shelf.connection.pk)

    assert "fetch company" not in shelf.asked
    assert not Notice.objects.filter(done_at=None).exists()


def test_a_pull_takes_none_of_the_slots_of_those_who_send(shelf: Shelf) -> None:
    goes(shelf, "both")
    Connection.objects.update(max_slots=1)
    connection = Connection.objects.get()
    shelf.add("company", name="Facebook")
    with queue.slot(connection, 60) as lease:
        assert lease is not None

        fetch(shelf)

    assert Company.objects.count() == 1
    with queue.slot(connection, 60, reader=True) as first, queue.slot(connection, 60, reader=True) as second:
        assert first is not None
        assert second is None
