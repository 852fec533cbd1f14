"""A contact that several over there may be, or that is gone over there: a person decides."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from connectors.models import Connection
from contacts.models import Contact, ContactLink
from tests.factories import ConnectionFactory, ContactFactory
from tests.staff import READS_ALL, SYNCS_ALL, browser_of, person

pytestmark = pytest.mark.django_db
ID = "0035g00000Xa1bcAAB"
EVIL = "<script>alert(1)</script>"


@pytest.fixture
def account() -> Connection:
    return ConnectionFactory.create()


@pytest.fixture
def mark() -> Contact:
    return ContactFactory.create(first_name="Mark", last_name="Z", email="markz@test.com")


@pytest.fixture
def client() -> Client:
    return browser_of(person(*SYNCS_ALL))


def address(contact: Contact, account: Connection, what: str = "choose") -> str:
    return f"/admin/contacts/contact/{contact.pk}/{what}/{account.pk}/"


def candidate(**fields: Any) -> dict[str, Any]:
    facts = {"Account": "Facebook Inc", "Owner": "Sam Seller", "Created": "2024-05-01"}
    return {
        "remote_id": ID, "name": "Mark Z", "url": "", "rule": "the same e-mail", "facts": facts,
        "fields": {"FirstName": "Mark", "LastName": "Z", "Email": "markz@test.com", **fields},
    }  # fmt: skip


def test_a_candidate_shows_who_it_is_and_why_it_matches(
    account: Connection, mark: Contact, client: Client
) -> None:
    found = [candidate(Title=EVIL, Phone="+1 22")]
    ContactLink.objects.create(
        connection=account, record=mark, state="failed", code="conflict", candidates=found
    )

    html = client.get(address(mark, account)).content.decode()

    assert "matches 1 contact in Salesforce" in html
    for text in ("Job Title", "+1 22", "Facebook Inc", "Sam Seller", "2024-05-01", "the same e-mail"):
        assert text in html
    assert "Create a new contact" in html
    assert EVIL not in html


def gone(account: Connection, contact: Contact, **fields: Any) -> ContactLink:
    return ContactLink.objects.create(
        connection=account, record=contact, state="failed", code="gone", remote_id=ID, **fields
    )


def test_a_contact_that_is_gone_says_since_when_and_that_nothing_changed_here(
    account: Connection, mark: Contact, client: Client
) -> None:
    gone(account, mark, failed_at=timezone.now())

    html = client.get(address(mark, account)).content.decode()

    assert "Deleted in Salesforce. Seen " in html
    assert html.count("Nothing was changed here.") == 1
    for way_out in ("Create it again", "Unlink", "Leave", "a new contact is made over there"):
        assert way_out in html


def test_the_grid_says_when_it_was_seen(account: Connection, mark: Contact, client: Client) -> None:
    gone(account, mark, message="Deleted in Salesforce.", failed_at=timezone.now())

    html = client.get("/admin/contacts/contact/").content.decode()

    assert "Gone over there" in html
    assert ", seen " in html


def test_creating_it_again_is_a_persons_act(account: Connection, mark: Contact, client: Client) -> None:
    gone(account, mark)

    client.post(address(mark, account), {"choice": "create"})

    link = ContactLink.objects.get()
    assert (link.choice, link.state, link.remote_id) == ("create", "pending", "")


def test_unlinking_forgets_the_id_and_sends_nothing(
    account: Connection, mark: Contact, client: Client
) -> None:
    gone(account, mark)

    client.post(address(mark, account, "unlink"))

    assert (ContactLink.objects.get().remote_id, ContactLink.objects.get().state) == ("", "idle")


def test_a_reader_decides_nothing(account: Connection, mark: Contact) -> None:
    gone(account, mark)
    reader = browser_of(person(*READS_ALL))

    html = reader.get(address(mark, account)).content.decode()
    answer = reader.post(address(mark, account), {"choice": "create"})

    assert "Create it again</button>" not in html
    assert answer.status_code == 403
    assert ContactLink.objects.get().remote_id == ID
