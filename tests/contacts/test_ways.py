"""What a person may decide besides linking: a customer who becomes a user, a contact who moved, a loss."""

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from companies.models import Company, CompanyLink, LocationLink
from connectors.models import Connection
from contacts.models import Contact, ContactLink
from synclog.models import Entry, Run
from tests.factories import B2BFactory, CompanyFactory, ContactFactory, LocationFactory
from tests.staff import READS_ALL, SYNCS_ALL, browser_of, person

pytestmark = pytest.mark.django_db
EVIL = "<script>alert(1)</script>"
CONSENT = {
    "choice": "consent",
    "label": "Link",
    "consequence": "Earlier private orders of markz@test.com become visible to Facebook.",
}
MOVE = {
    "choice": "move",
    "label": "Delete the user in Globex and create it in Facebook",
    "consequence": "Mark Z can no longer order for Globex.",
}


@pytest.fixture
def store() -> Connection:
    return B2BFactory.create()


@pytest.fixture
def mark(store: Connection) -> Contact:
    facebook = CompanyFactory.create(name="Facebook")
    CompanyLink.objects.create(connection=store, record=facebook, remote_id="7")
    return ContactFactory.create(company=facebook, first_name="Mark", last_name="Z", email="markz@test.com")


@pytest.fixture
def client() -> Client:
    return browser_of(person(*SYNCS_ALL))


def address(record: Any, store: Connection, what: str = "choose") -> str:
    meta = record._meta
    return f"/admin/{meta.app_label}/{meta.model_name}/{record.pk}/{what}/{store.pk}/"


def asks(store: Connection, mark: Contact, *ways: dict[str, str], **fields: Any) -> ContactLink:
    values = {"message": "markz@test.com is a customer of the store already.", "ways": list(ways), **fields}
    return ContactLink.objects.create(
        connection=store, record=mark, state="failed", code="conflict", failed_at=timezone.now(), **values
    )


def decide(client: Client, store: Connection, mark: Contact, choice: str, **more: str) -> Any:
    """Choose on the page as it is shown now."""
    html = client.get(address(mark, store)).content.decode()
    asked = re.search(r'name="asked" value="(\w+)"', html)
    form = {"choice": choice, "asked": asked[1] if asked else "", **more}
    return client.post(address(mark, store), form, follow=True)


def told(answer: Any) -> str:
    return " ".join(str(message) for message in answer.context["messages"])


def test_a_way_stands_beside_its_consequence(client: Client, store: Connection, mark: Contact) -> None:
    asks(store, mark, CONSENT)

    html = client.get(address(mark, store)).content.decode()

    assert "needs your choice in Better B2B" in html
    assert "markz@test.com is a customer of the store already." in html
    assert "Earlier private orders of markz@test.com become visible to Facebook." in html
    assert 'value="consent" data-once>Link</button>' in html
    assert ">Not now</a>" in html
    assert "Create a new" not in html


def test_a_way_that_was_chosen_is_sent(client: Client, store: Connection, mark: Contact) -> None:
    asks(store, mark, CONSENT)

    answer = decide(client, store, mark, "consent")

    link = ContactLink.objects.get()
    assert (link.choice, link.state, link.requested_by) == ("consent", "pending", "dana")
    assert Run.objects.get().requested == 1
    assert "Mark Z: you chose “Link”." in told(answer)


def test_a_contact_that_moved_stays_linked_until_it_is_sent(
    client: Client, store: Connection, mark: Contact
) -> None:
    asks(store, mark, MOVE, remote_id="2211", snapshot={"companyId": "9"})

    decide(client, store, mark, "move")

    link = ContactLink.objects.get()
    assert (link.choice, link.remote_id, link.state) == ("move", "2211", "pending")


def test_a_yes_to_another_question_is_none_to_this(client: Client, store: Connection, mark: Contact) -> None:
    link = asks(store, mark, CONSENT)
    html = client.get(address(mark, store)).content.decode()
    asked = re.search(r'name="asked" value="(\w+)"', html)
    ContactLink.objects.filter(pk=link.pk).update(
        ways=[{**CONSENT, "consequence": "Earlier private orders of ana@test.com become visible."}]
    )

    answer = client.post(
        address(mark, store), {"choice": "consent", "asked": asked[1] if asked else ""}, follow=True
    )

    assert "has changed meanwhile" in told(answer)
    assert (ContactLink.objects.get().state, ContactLink.objects.get().choice) == ("failed", "")


@pytest.mark.parametrize("choice", ["create", "move", "2211"])
def test_what_was_not_offered_is_refused(
    client: Client, store: Connection, mark: Contact, choice: str
) -> None:
    asks(store, mark, CONSENT)

    decide(client, store, mark, choice)

    assert ContactLink.objects.get().state == "failed"
    assert not Run.objects.exists()


def test_not_now_changes_nothing(client: Client, store: Connection, mark: Contact) -> None:
    asks(store, mark, CONSENT)

    decide(client, store, mark, "")

    assert ContactLink.objects.get().state == "failed"


def test_candidates_stand_beside_the_ways(client: Client, store: Connection, mark: Contact) -> None:
    found = {"remote_id": "2211", "name": "Mark Z", "url": "", "rule": "same e-mail", "fields": {"role": 2}}
    asks(store, mark, CONSENT, candidates=[found])

    html = client.get(address(mark, store)).content.decode()

    assert 'value="2211" data-once>Link to this one</button>' in html
    assert 'value="consent"' in html
    assert "Junior buyer" in html  # 2 in their words
    assert "Create a new" not in html


def test_what_ways_say_is_escaped(client: Client, store: Connection, mark: Contact) -> None:
    asks(store, mark, {"choice": EVIL, "label": EVIL, "consequence": EVIL}, message=EVIL)

    html = client.get(address(mark, store)).content.decode()

    assert EVIL not in html


def test_a_reader_sees_what_is_asked_and_decides_nothing(store: Connection, mark: Contact) -> None:
    asks(store, mark, CONSENT)
    reader = browser_of(person(*READS_ALL))

    html = reader.get(address(mark, store)).content.decode()
    answer = reader.post(address(mark, store), {"choice": "consent"})

    assert "Earlier private orders" in html
    assert 'value="consent"' not in html
    assert answer.status_code == 403


def test_the_page_and_the_grid_say_what_is_asked(client: Client, store: Connection, mark: Contact) -> None:
    asks(store, mark, MOVE, remote_id="2211", message="Mark Z belongs to Globex in B2B. More.")

    page = client.get(f"/admin/contacts/contact/{mark.pk}/change/").content.decode()
    grid = client.get("/admin/contacts/contact/").content.decode()

    for html in (page, grid):
        assert "Needs your choice" in html
        assert "Mark Z belongs to Globex in B2B." in html
    assert ">Decide what to do</a>" in page


@pytest.mark.parametrize("fields", [{"outcome": "conflict"}, {"outcome": "rejected", "code": "gone"}])
def test_the_log_offers_to_choose_and_not_to_send_again(
    client: Client, store: Connection, mark: Contact, fields: dict[str, str]
) -> None:
    entry = Entry.objects.create(
        level="ERROR", action_type="customer_contact", entity="contact", object_id=mark.public_id,
        connection_id=store.pk, description="Mark Z needs your choice.", **fields,
    )  # fmt: skip

    html = client.get(f"/admin/synclog/entry/{entry.pk}/change/").content.decode()

    assert f'href="/admin/contacts/contact/{mark.public_id}/choose/{store.pk}/">Choose</a>' in html
    assert "Send again" not in html


def gone(store: Connection, company: Company) -> None:
    """Let a company be gone over there, whose contact and location were there too."""
    CompanyLink.objects.filter(record=company).update(
        state="failed", code="gone", message="Deleted in B2B.", failed_at=timezone.now()
    )
    for model, record in ((ContactLink, company.contacts.get()), (LocationLink, company.locations.get())):
        model.objects.create(connection=store, record=record, remote_id=str(record.pk), choice="create")  # type: ignore[misc]


@pytest.fixture
def lost(store: Connection, mark: Contact) -> Company:
    LocationFactory.create(company=mark.company)
    gone(store, mark.company)
    return mark.company


def test_a_company_that_is_gone_can_come_back_with_all_that_was_there(
    client: Client, store: Connection, lost: Company
) -> None:
    html = client.get(address(lost, store)).content.decode()
    client.post(address(lost, store), {"choice": "create", "family": "1"})

    contact, location = ContactLink.objects.get(), LocationLink.objects.get()
    assert "Create it again with contacts and locations (1 contact and 1 location)" in html
    assert (CompanyLink.objects.get().choice, CompanyLink.objects.get().remote_id) == ("create", "")
    assert (contact.remote_id, contact.state, contact.choice) == ("", "pending", "")
    assert (location.remote_id, location.state) == ("", "pending")
    assert Run.objects.get().requested == 3
    assert {contact.run, location.run} == {Run.objects.get().pk}


def test_without_the_tick_it_comes_back_alone(client: Client, store: Connection, lost: Company) -> None:
    client.post(address(lost, store), {"choice": "create"})

    assert CompanyLink.objects.get().state == "pending"
    assert (ContactLink.objects.get().state, ContactLink.objects.get().remote_id) != ("pending", "")
    assert Run.objects.get().requested == 1


def test_what_somebody_may_not_sync_does_not_come_back_by_them(store: Connection, lost: Company) -> None:
    client = browser_of(person(*READS_ALL, "sync_company", "sync_location"))

    html = client.get(address(lost, store)).content.decode()
    client.post(address(lost, store), {"choice": "create", "family": "1"})

    assert "Create it again with locations (1 location)" in html
    assert LocationLink.objects.get().state == "pending"
    assert ContactLink.objects.get().remote_id != ""


def test_a_user_of_a_company_that_is_gone_says_what_comes_first(
    client: Client, store: Connection, lost: Company, mark: Contact
) -> None:
    ContactLink.objects.update(state="failed", code="gone")

    html = client.get(address(mark, store)).content.decode()

    assert "which is not in Better B2B now. Decide about that one first" in html
    assert f'href="/admin/companies/company/{lost.pk}/change/" dir="auto">Facebook</a>' in html


def test_a_user_below_a_company_that_is_there_is_made_again_there(
    client: Client, store: Connection, mark: Contact
) -> None:
    ContactLink.objects.create(connection=store, record=mark, remote_id="5", state="failed", code="gone")

    html = client.get(address(mark, store)).content.decode()

    assert "Decide about that one first" not in html
    assert "a new user is made over there" in html
