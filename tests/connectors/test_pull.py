"""What becomes here of records that were changed, made or deleted over there."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from companies.models import Company, CompanyLink
from connectors import pull, push, queue
from connectors.models import Connection, Cursor, Notice, Stray
from connectors.pulling import notices
from contacts.models import Contact, ContactLink
from synclog.models import Entry
from tests.factories import CompanyFactory, ContactFactory
from tests.shelf import Shelf
from tests.talk import request, send

pytestmark = pytest.mark.django_db


def goes(shelf: Shelf, direction: str, *entities: str, **masters: dict[str, str]) -> None:
    """Let entities go this way, all if none is named; `masters` by entity."""
    names = entities or ("company", "contact", "location")
    connection: Connection = shelf.connection
    connection.directions = dict.fromkeys(names, direction)
    connection.masters = masters
    connection.save()


def fetch(shelf: Shelf) -> None:
    """Read now what changed."""
    pull.ask(shelf.connection, by="dana")
    pull.drain(shelf.connection.pk)


def linked(shelf: Shelf, **values: Any) -> tuple[Company, str]:
    """Return a company that stands over there, and its id."""
    company = CompanyFactory.create(**values)
    send(shelf.connection, [company])
    return company, link_of(company).remote_id


def link_of(company: Company) -> CompanyLink:
    return CompanyLink.objects.get(record=company)


def arrivals() -> list[Entry]:
    """Return what the log says of records that came in, oldest first."""
    return list(Entry.objects.filter(direction="in").order_by("pk"))


def fresh(company: Company) -> Company:
    return Company.objects.get(pk=company.pk)


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

    assert fresh(company).legal_city == "Ottawa"
    told = [entry.description for entry in arrivals() if entry.code == "invalid"]
    assert told == [
        f"{company.name} was not updated from Shelf. Email: Enter a valid email address. Correct it in Shelf."
    ]


def test_a_record_that_is_new_there_is_made_here_and_not_sent_back(shelf: Shelf) -> None:
    goes(shelf, "both")
    shelf.connection.auto_push = {"company": True, "contact": True}
    shelf.connection.auto_associate = {"company": True, "contact": True}
    shelf.connection.save()
    company_id = shelf.add(
        "company", name="Facebook", mail="fb@test.example", phone="14155550100", status="ACTIVE"
    )
    user_id = shelf.add("contact", parent=company_id, first="Mark", last="Z", mail="markz@test.example")

    fetch(shelf)
    push.drain(shelf.connection.pk)

    company, contact = Company.objects.get(), Contact.objects.get()
    assert (company.name, company.phone, company.source) == ("Facebook", "+14155550100", "pull")
    assert (contact.name, contact.company, contact.source) == ("Mark Z", company, "pull")
    assert link_of(company).remote_id == company_id
    assert ContactLink.objects.get(record=contact).remote_id == user_id
    assert shelf.wrote == []
    assert [entry.description for entry in arrivals()] == [
        f"Facebook created here from Shelf (company {company_id}).",
        f"Mark Z created here from Shelf (user {user_id}).",
    ]


def test_a_fetched_contact_is_nobodys_primary(shelf: Shelf) -> None:
    goes(shelf, "both")
    company_id = shelf.add("company", name="Facebook")
    shelf.add("contact", parent=company_id, last="Z", role="admin")

    fetch(shelf)

    contact = Contact.objects.get()
    assert (contact.role, contact.is_primary) == ("admin", False)


def test_unknown_records_are_left_alone_without_noise_where_we_only_send(shelf: Shelf) -> None:
    goes(shelf, "out")
    linked(shelf)
    shelf.add("company", name="Stranger")

    fetch(shelf)

    assert Company.objects.count() == 1
    assert arrivals() == []
    assert not Stray.objects.exists()


def test_a_page_that_comes_twice_changes_nothing(shelf: Shelf) -> None:
    goes(shelf, "both")
    company_id = shelf.add("company", name="Facebook")
    shelf.add("contact", parent=company_id, last="Z")
    fetch(shelf)
    before = (Entry.objects.count(), Company.objects.get().version, Contact.objects.get().version)

    Cursor.objects.update(value="")
    fetch(shelf)

    assert (Entry.objects.count(), Company.objects.get().version, Contact.objects.get().version) == before


def test_a_user_is_known_by_the_email_below_the_same_company(shelf: Shelf) -> None:
    goes(shelf, "both")
    company, company_id = linked(shelf)
    contact = ContactFactory.create(company=company, email="markz@test.example", first_name="Mark")
    ContactFactory.create(email="markz@test.example")
    user_id = shelf.add("contact", parent=company_id, first="Marc", last="Z", mail="MarkZ@test.example")

    fetch(shelf)

    link = ContactLink.objects.get(record=contact)
    assert (link.remote_id, link.adopted) == (user_id, True)
    assert Contact.objects.count() == 2
    (entry,) = arrivals()
    assert entry.description == f"{contact.name} linked to user {user_id} in Shelf: the same Email."
    assert "first" in link.left  # theirs stays: nobody here changed it


def test_a_company_that_only_has_the_same_name_is_left_to_a_person(shelf: Shelf) -> None:
    goes(shelf, "both")
    company = CompanyFactory.create(name="Facebook", email="fb@test.example")
    company_id = shelf.add("company", name="facebook", mail="other@test.example")

    fetch(shelf)
    Cursor.objects.update(value="")
    fetch(shelf)

    assert Company.objects.count() == 1
    assert not CompanyLink.objects.exists()
    (entry,) = arrivals()
    assert entry.description == (
        f"Company {company_id} (facebook) in Shelf was not taken over. Facebook here may be the same. Open "
        "Facebook and press Sync to Shelf: it is looked for there and linked, or you are asked."
    )
    assert entry.object_id == company.public_id


def test_a_record_that_somebody_unlinked_is_not_linked_again(shelf: Shelf) -> None:
    goes(shelf, "both")
    company, _ = linked(shelf)
    queue.unlink("company", link_of(company).pk, by="dana")

    fetch(shelf)

    assert link_of(company).remote_id == ""
    assert Company.objects.count() == 1


@pytest.mark.parametrize("entity", ["company", "contact"])
def test_a_record_that_somebody_deleted_here_is_not_made_again(shelf: Shelf, entity: str) -> None:
    goes(shelf, "both")
    company, _ = linked(shelf, name="Gone Inc")
    contact = ContactFactory.create(company=company)
    send(shelf.connection, [contact])
    record = company if entity == "company" else contact
    record.delete()

    fetch(shelf)
    nightly(shelf)

    assert Company.objects.exists() is (entity == "contact")
    assert not Contact.objects.exists()
    assert "which was deleted here" in Stray.objects.get(entity=entity).message


def test_a_user_waits_for_its_company_and_comes_once_that_is_linked(shelf: Shelf) -> None:
    goes(shelf, "out", "company")
    goes(shelf, "both", "contact")
    shelf.connection.directions = {"company": "out", "contact": "both"}
    shelf.connection.save()
    company = CompanyFactory.create()
    company_id = shelf.add("company", key=str(company.public_id), name=company.name)
    shelf.add("contact", parent=company_id, last="Z")
    fetch(shelf)
    waited = Stray.objects.get()

    CompanyLink.objects.create(connection=shelf.connection, record=company, remote_id=company_id)
    pull.drain(shelf.connection.pk)

    assert waited.message.endswith(f"waits: its company ({company_id}) is not linked here.")
    assert Contact.objects.get().company == company
    assert not Stray.objects.exists()


def test_a_record_that_is_new_there_but_unfit_is_told_in_words(shelf: Shelf) -> None:
    goes(shelf, "both")
    company_id = shelf.add("company", name="", mail="nonsense")

    fetch(shelf)

    assert not Company.objects.exists()
    (entry,) = arrivals()
    assert entry.description == (
        f"Company {company_id} in Shelf was not taken over. Company Name: This field cannot be blank. "
        "Email: Enter a valid email address. Correct it in Shelf; it is read again then."
    )


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


def nightly(shelf: Shelf) -> None:
    """Read the whole lists, as at night."""
    Cursor.objects.update(checked_at=timezone.now() - timedelta(days=2))
    pull.drain(shelf.connection.pk)


def test_the_night_finds_who_was_deleted_without_a_word(shelf: Shelf) -> None:
    goes(shelf, "both")
    companies = [linked(shelf)[0] for _ in range(5)]
    fetch(shelf)
    shelf.drop("company", link_of(companies[2]).remote_id)

    nightly(shelf)

    assert [link_of(company).code for company in companies] == ["", "", "gone", "", ""]
    assert Cursor.objects.get(entity="company").full_since is None


def test_a_list_that_ends_early_marks_nobody_as_gone(shelf: Shelf) -> None:
    goes(shelf, "both")
    companies = [linked(shelf)[0] for _ in range(30)]
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
    companies = [linked(shelf)[0] for _ in range(30)]
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


def test_what_was_sent_while_the_list_was_read_is_not_missing_in_it(shelf: Shelf) -> None:
    goes(shelf, "both", "company")
    linked(shelf)
    fetch(shelf)
    Cursor.objects.update(checked_at=timezone.now() - timedelta(days=2))
    hidden: list[object] = []

    def sent_meanwhile(what: str) -> None:
        if what == "pull company" and not hidden:
            for _ in range(15):
                company, remote_id = linked(shelf)
                hidden.append((company, remote_id, shelf.drop("company", remote_id)))

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
