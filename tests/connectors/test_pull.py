"""What becomes here of records that were changed over there."""

import pytest

from companies.models import Company
from connectors import push, queue
from connectors.models import Cursor
from contacts.models import Contact
from synclog.models import Entry
from tests.factories import CompanyFactory
from tests.reading import arrivals, fetch, fresh, goes, link_of, linked
from tests.shelf import Shelf
from tests.talk import send

pytestmark = pytest.mark.django_db


def test_their_change_of_a_field_that_they_master_is_taken_over(shelf: Shelf) -> None:
    goes(shelf, "both", company={"status": "remote"})
    company, remote_id = linked(shelf, status="active")

    shelf.change("company", remote_id, status="BLOCKED")
    fetch(shelf)

    assert fresh(company).status == "blocked"
    (entry,) = arrivals()
    assert entry.changes == {"Status": ["active", "blocked"]}
    assert entry.description == f"{company.name} updated from Shelf: Status."
    assert (entry.login_user, entry.outcome, entry.remote_id) == ("dana", "updated", remote_id)


def test_what_was_edited_alike_on_both_sides_is_agreed(shelf: Shelf) -> None:
    goes(shelf, "both")
    company, remote_id = linked(shelf, legal_city="Toronto")
    company.legal_city = "Hamilton"
    company.save()
    shelf.change("company", remote_id, city="Hamilton")

    fetch(shelf)

    assert link_of(company).snapshot["city"] == "Hamilton"
    company.legal_city = "Toronto"
    company.save()
    assert link_of(company).changed == ["legal_city"]


def test_a_value_left_at_adoption_is_sent_once_both_sides_were_equal(shelf: Shelf) -> None:
    goes(shelf, "both")
    company, remote_id = linked(shelf, legal_city="Toronto")
    link = link_of(company)
    link.snapshot["city"], link.left["city"] = "Hamilton", "Toronto"
    link.save()
    shelf.change("company", remote_id, city="Hamilton")
    company.legal_city = "Hamilton"
    company.save()

    fetch(shelf)

    assert link_of(company).left == {}
    company.legal_city = "Toronto"
    company.save()
    assert link_of(company).changed == ["legal_city"]


@pytest.mark.parametrize("what", ["record", "link"])
def test_a_record_that_is_switched_off_takes_nothing_over(shelf: Shelf, what: str) -> None:
    goes(shelf, "both", company={"status": "remote"})
    company, remote_id = linked(shelf, status="active")
    if what == "record":
        company.sync_enabled = False
        company.save()
    else:
        queue.set_enabled("company", company.pk, shelf.connection, False, by="dana")

    shelf.change("company", remote_id, status="BLOCKED")
    fetch(shelf)

    assert fresh(company).status == "active"
    assert arrivals() == []


def test_a_change_that_was_taken_over_is_not_sent_back(shelf: Shelf) -> None:
    goes(shelf, "both", company={"status": "remote", "phone": "remote"})
    shelf.connection.auto_push = {"company": True}
    shelf.connection.save()
    company, remote_id = linked(shelf, phone="+1 415 555 0100")
    shelf.wrote.clear()

    shelf.change("company", remote_id, status="BLOCKED", phone="14155550199")
    fetch(shelf)
    push.drain(shelf.connection.pk)
    fetch(shelf)

    assert fresh(company).phone == "+14155550199"
    assert shelf.wrote == []
    assert len(arrivals()) == 1
    assert link_of(company).state == "idle"


def test_their_change_of_a_field_that_we_master_loses_and_stands_in_the_log(shelf: Shelf) -> None:
    goes(shelf, "both")
    company, remote_id = linked(shelf, legal_city="Toronto")

    shelf.change("company", remote_id, city="Hamilton")
    fetch(shelf)

    assert fresh(company).legal_city == "Toronto"
    (entry,) = arrivals()
    assert entry.changes == {"City": ["Toronto", "Hamilton"]}
    assert entry.level == "WARNING"
    assert entry.description == (
        f"{company.name} was changed in Shelf: City. Concord's value counts: Sync to Shelf sends it."
    )
    assert link_of(company).changed == ["legal_city"]


def test_the_value_that_counts_is_sent_again_where_automatic_sync_is_on(shelf: Shelf) -> None:
    goes(shelf, "both")
    shelf.connection.auto_push = {"company": True}
    shelf.connection.save()
    company, remote_id = linked(shelf, legal_city="Toronto")
    shelf.change("company", remote_id, city="Hamilton")

    fetch(shelf)
    push.drain(shelf.connection.pk)
    fetch(shelf)

    assert shelf.of("company")[remote_id].fields["city"] == "Toronto"
    assert len(arrivals()) == 1
    assert link_of(company).changed == []


def test_direction_out_notices_a_change_and_takes_nothing_over(shelf: Shelf) -> None:
    goes(shelf, "out", company={"status": "remote"})
    company, remote_id = linked(shelf, status="active", legal_city="Toronto")

    shelf.change("company", remote_id, city="Hamilton", status="BLOCKED")
    fetch(shelf)

    assert (fresh(company).legal_city, fresh(company).status) == ("Toronto", "active")
    assert link_of(company).changed == ["legal_city"]


def test_where_both_changed_the_master_wins_and_the_other_value_is_told(shelf: Shelf) -> None:
    goes(shelf, "both", company={"status": "remote"})
    company, remote_id = linked(shelf, status="active", legal_city="Toronto")

    Company.objects.filter(pk=company.pk).update(status="inactive", legal_city="Ottawa")
    shelf.change("company", remote_id, status="BLOCKED", city="Hamilton")
    fetch(shelf)

    assert (fresh(company).status, fresh(company).legal_city) == ("blocked", "Ottawa")
    (entry,) = arrivals()
    assert entry.changes == {"Status": ["inactive", "blocked"], "City": ["Toronto", "Hamilton"]}


def test_direction_in_takes_everything_over_and_sends_nothing(shelf: Shelf) -> None:
    goes(shelf, "out")
    company, remote_id = linked(shelf, legal_city="Toronto")
    goes(shelf, "in")
    shelf.wrote.clear()

    shelf.change("company", remote_id, city="Hamilton")
    fetch(shelf)
    send(shelf.connection, [company])

    assert fresh(company).legal_city == "Hamilton"
    assert shelf.wrote == []


def test_a_field_that_the_answer_does_not_have_is_left_alone(shelf: Shelf) -> None:
    goes(shelf, "in")
    company = CompanyFactory.create(email="a@b.example", legal_city="Toronto")
    remote_id = shelf.add("company", key=str(company.public_id), name="Other name")

    fetch(shelf)

    assert link_of(company).remote_id == remote_id
    assert (fresh(company).name, fresh(company).email, fresh(company).legal_city) == (
        "Other name", "a@b.example", "Toronto",
    )  # fmt: skip


def test_what_they_cleared_is_cleared_here_where_they_master_it(shelf: Shelf) -> None:
    goes(shelf, "both", company={"legal_city": "remote"})
    company, remote_id = linked(shelf, legal_city="Toronto")

    shelf.change("company", remote_id, city=None)
    fetch(shelf)

    assert fresh(company).legal_city == ""


def test_what_only_they_know_is_not_wiped_out_by_our_blank(shelf: Shelf) -> None:
    goes(shelf, "both")
    shelf.connection.auto_push = {"company": True}
    shelf.connection.save()
    _, remote_id = linked(shelf, legal_city="")

    shelf.change("company", remote_id, city="Hamilton")
    fetch(shelf)
    push.drain(shelf.connection.pk)

    assert shelf.of("company")[remote_id].fields["city"] == "Hamilton"
    assert arrivals() == []


def test_a_phone_that_they_write_differently_is_no_change(shelf: Shelf) -> None:
    goes(shelf, "both", company={"phone": "remote"})
    company, remote_id = linked(shelf, phone="+1 415 555 0100")

    shelf.change("company", remote_id, name=company.name)
    fetch(shelf)

    assert fresh(company).phone == "+1 415 555 0100"
    assert arrivals() == []


def test_a_value_that_cannot_be_stored_is_told_once_and_the_others_are_taken(shelf: Shelf) -> None:
    goes(shelf, "in")
    company = CompanyFactory.create(legal_city="Toronto")
    remote_id = shelf.add("company", key=str(company.public_id), mail="no e-mail", city="Hamilton")

    fetch(shelf)
    shelf.change("company", remote_id, city="Ottawa")
    fetch(shelf)

    assert (fresh(company).legal_city, fresh(company).email) == ("Ottawa", company.email)
    told = [entry.description for entry in arrivals() if entry.code == "invalid"]
    assert told == [
        f"{company.name} was not updated from Shelf. Email: Enter a valid email address. Correct it in Shelf."
    ]


def test_a_page_that_comes_twice_changes_nothing(shelf: Shelf) -> None:
    goes(shelf, "both")
    company_id = shelf.add("company", name="Facebook")
    shelf.add("contact", parent=company_id, last="Z")
    fetch(shelf)
    before = (Entry.objects.count(), Company.objects.get().version, Contact.objects.get().version)

    Cursor.objects.update(value="")
    fetch(shelf)

    assert (Entry.objects.count(), Company.objects.get().version, Contact.objects.get().version) == before
