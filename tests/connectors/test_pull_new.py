"""Records that are new over there: known here, made here, or left alone."""

import pytest
from django.test import Client

from companies.models import Company, CompanyLink
from connectors import pull, push, queue
from connectors.models import Cursor, Stray
from contacts.models import Contact, ContactLink
from tests.factories import CompanyFactory, ContactFactory
from tests.reading import arrivals, fetch, goes, link_of, linked, nightly
from tests.shelf import Shelf
from tests.staff import superuser
from tests.talk import send

pytestmark = pytest.mark.django_db


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
    assert "it was deleted here" in Stray.objects.get(entity=entity).message


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


def test_a_record_that_was_fetched_and_deleted_here_does_not_come_back(shelf: Shelf) -> None:
    goes(shelf, "both")
    shelf.add("company", name="Fetched Inc")
    fetch(shelf)
    Company.objects.get(name="Fetched Inc").delete()

    fetch(shelf)
    nightly(shelf)
    nightly(shelf)

    assert not Company.objects.exists()
    told = [entry.description for entry in arrivals() if entry.outcome == "not_taken"]
    assert len(told) == 1
    assert "it was deleted here" in told[0]


def test_what_is_deleted_on_its_page_takes_its_contacts_along_for_good(shelf: Shelf, client: Client) -> None:
    goes(shelf, "both")
    company, remote_id = linked(shelf)
    shelf.add("contact", parent=remote_id, last="Z", mail="z@test.example")
    fetch(shelf)
    assert Contact.objects.count() == 1
    client.force_login(superuser())

    client.post(f"/admin/companies/company/{company.pk}/delete/", {"post": "yes"})
    nightly(shelf)

    assert not Company.objects.exists()
    assert set(Stray.objects.values_list("entity", "reason")) == {
        ("company", Stray.Reason.DELETED),
        ("contact", Stray.Reason.DELETED),
    }
