"""What a contact is in the connected systems, in their words: badge, role, what a first sync makes."""

from typing import Any

import pytest
from django.test import Client

from companies.models import Company
from connectors import queue
from connectors.models import Connection
from contacts.models import Contact, ContactLink
from tests.factories import B2BFactory, CompanyFactory, ConnectionFactory, ContactFactory
from tests.staff import READS_ALL, SYNCS_ALL, browser_of, person

pytestmark = pytest.mark.django_db
EVIL = "<script>alert(1)</script>"


@pytest.fixture
def store() -> Connection:
    return B2BFactory.create()


@pytest.fixture
def facebook() -> Company:
    return CompanyFactory.create(name="Facebook")


@pytest.fixture
def mark(facebook: Company) -> Contact:
    return ContactFactory.create(company=facebook, first_name="Mark", last_name="Z")


@pytest.fixture
def ana(mark: Contact) -> Contact:
    return ContactFactory.create(
        company=mark.company, first_name="Ana", last_name="Brandt", role="senior_buyer"
    )


@pytest.fixture
def client() -> Client:
    return browser_of(person(*SYNCS_ALL))


def page(client: Client, contact: Contact, what: str = "change") -> str:
    html = client.get(f"/admin/contacts/contact/{contact.pk}/{what}/").content.decode()
    return " ".join(html.replace("&#x27;", "'").split())


def link(store: Connection, contact: Contact, **fields: Any) -> None:
    ContactLink.objects.create(connection=store, record=contact, **fields)


def test_the_primary_is_called_as_the_store_calls_it(
    client: Client, store: Connection, mark: Contact
) -> None:
    assert '<span class="cc-badge">Primary Admin</span>' in page(client, mark)


def test_without_a_store_the_primary_is_the_primary(client: Client, mark: Contact) -> None:
    ConnectionFactory.create()

    assert '<span class="cc-badge">Primary</span>' in page(client, mark)


def test_a_role_is_told_with_its_meaning_there(client: Client, store: Connection, ana: Contact) -> None:
    assert "In B2B: Senior buyer." in page(client, ana)


def test_the_primarys_role_there_is_primary_admin(client: Client, store: Connection, mark: Contact) -> None:
    assert "In B2B: Primary Admin." in page(client, mark)


def test_a_role_of_the_stores_own_is_told_and_stays(client: Client, store: Connection, ana: Contact) -> None:
    link(store, ana, remote_id="5", snapshot={"role": 2, "companyRoleName": f"Regional buyer {EVIL}"})

    html = page(client, ana)

    assert "In Better B2B the person has a role of its own, Regional buyer" in html
    assert EVIL not in html


def test_without_a_system_that_has_roles_nothing_is_told_of_there(client: Client, ana: Contact) -> None:
    ConnectionFactory.create()

    assert "In Salesforce" not in page(client, ana)


def test_a_contact_that_is_enabled_nowhere_says_what_enabling_makes(
    client: Client, store: Connection, ana: Contact
) -> None:
    html = page(client, ana)

    assert "Not enabled anywhere." in html
    assert "The first sync makes a company user, role Senior buyer, no welcome e-mail." in html
    assert f'formaction="/admin/contacts/contact/{ana.pk}/enable/{store.pk}/"' in html
    assert ">Enable for Better B2B</button>" in html


def test_welcome_mails_are_told_where_the_store_sends_them(
    client: Client, store: Connection, mark: Contact
) -> None:
    Connection.objects.update(settings={"welcome_mails": "yes"})

    assert "The first sync makes a company user, role Primary Admin, with a welcome e-mail." in page(
        client, mark
    )


def test_enabling_it_sends_nothing_and_the_offer_is_gone(
    client: Client, store: Connection, ana: Contact
) -> None:
    client.post(f"/admin/contacts/contact/{ana.pk}/enable/{store.pk}/")

    html = page(client, ana)
    assert ContactLink.objects.get().state == "idle"
    assert "Not enabled" not in html
    assert "The first sync makes a company user" in html


def test_where_contacts_go_by_themselves_there_is_nothing_to_enable(client: Client, ana: Contact) -> None:
    ConnectionFactory.create()

    html = page(client, ana)

    assert "Not enabled" not in html
    assert "Enable for" not in html


def test_a_reader_is_told_and_offered_nothing(store: Connection, ana: Contact) -> None:
    html = page(browser_of(person(*READS_ALL)), ana)

    assert "Not enabled anywhere." in html
    assert "Enable for" not in html


def test_a_linked_contact_makes_nothing_new(client: Client, store: Connection, ana: Contact) -> None:
    link(store, ana, remote_id="5")

    assert "The first sync makes" not in page(client, ana)


def test_an_inactive_contact_says_that_its_user_stays(
    client: Client, store: Connection, ana: Contact
) -> None:
    link(store, ana, remote_id="5", snapshot={"role": 1})
    ana.active = False
    ana.save()

    for html in (page(client, ana), client.get("/admin/contacts/contact/").content.decode()):
        assert "Not enabled" in html
        assert "Ana Brandt is inactive: nothing more is sent; the user in B2B stays" in html
    assert f"/enable/{store.pk}/" not in page(client, ana)
    assert '<span class="cc-if-clean">Sync to B2B</span>' not in page(client, ana)


def test_an_inactive_contact_that_was_never_there_says_that_none_is_made(
    client: Client, store: Connection, ana: Contact
) -> None:
    Contact.objects.filter(pk=ana.pk).update(active=False)

    html = page(client, ana)

    assert "Ana Brandt is inactive; an inactive contact is not sent to B2B" in html
    assert "The first sync makes" not in html


def test_the_question_tells_the_order_in_the_store(
    client: Client, store: Connection, mark: Contact, ana: Contact
) -> None:
    Connection.objects.update(auto_push={"contact": True})
    Contact.objects.filter(pk=mark.pk).update(role="senior_buyer")
    link(store, mark, remote_id="1")
    link(store, ana, remote_id="2")

    html = page(client, ana, "primary")

    assert "Make <bdi>Ana Brandt</bdi> the Primary Admin of <bdi>Facebook</bdi>?" in html
    assert (
        "In B2B Ana Brandt becomes Admin first; only then Mark Z, the present Primary Admin, "
        "becomes Senior buyer." in html
    )
    assert "Automatic sync is off" not in html
    assert ">Make primary</button>" in html


def test_an_admin_who_was_the_primary_stays_admin(
    client: Client, store: Connection, mark: Contact, ana: Contact
) -> None:
    Contact.objects.filter(pk=mark.pk).update(role="admin")
    link(store, mark, remote_id="1")
    link(store, ana, remote_id="2")

    html = page(client, ana, "primary")

    assert (
        "the present Primary Admin, stays Admin. Automatic sync is off for Better B2B: "
        "press Sync to B2B on both." in html
    )


def test_who_is_not_enabled_there_changes_nothing_there(
    client: Client, store: Connection, mark: Contact, ana: Contact
) -> None:
    link(store, mark, remote_id="1")
    queue.set_enabled("contact", ana.pk, store, False, by="carl")

    html = page(client, ana, "primary")

    assert "Ana Brandt is not enabled for Better B2B, so nothing changes there." in html
    assert "becomes Admin" not in html


def test_who_is_next_is_asked_in_the_stores_words(
    client: Client, store: Connection, mark: Contact, ana: Contact
) -> None:
    assert "The Primary leaves: who is next? The Primary Admin changes with it." in page(client, mark)
