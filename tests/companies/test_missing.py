"""What keeps a company from being taken: all at once, with the way to each field."""

from typing import Any

import pytest
from django.test import Client

from companies.models import Company, CompanyLink
from connectors import queue
from connectors.models import Connection
from contacts.models import Contact, ContactLink
from tests import talk
from tests.factories import CompanyFactory, ContactFactory
from tests.staff import SYNCS_ALL, browser_of, person

pytestmark = pytest.mark.django_db
GRID = "/admin/companies/company/"
EVIL = "<script>alert(1)</script>"


@pytest.fixture
def store(b2b: Connection) -> Connection:
    return b2b


@pytest.fixture
def client() -> Client:
    return browser_of(person(*SYNCS_ALL))


@pytest.fixture
def bare(store: Connection) -> Company:
    """A company that lacks all that B2B needs."""
    return CompanyFactory.create(name="Facebook", phone="", email="", legal_country="")


def page(client: Client, company: Company) -> str:
    html = client.get(f"{GRID}{company.pk}/change/").content.decode()
    return " ".join(html.replace("&#x27;", "'").split())


def plain(html: str) -> str:
    """Return the words of the first box's red part."""
    part = html.partition('class="cc-errors"')[2].partition("</div>")[0]
    words, is_tag = [], True
    for sign in part:
        if sign in "<>":
            is_tag = sign == "<"
        elif not is_tag:
            words.append(sign)
    return " ".join("".join(words).split())


def refused(store: Connection, company: Company) -> CompanyLink:
    """Try to send it, as a worker does. Nobody clicked, so it goes alone."""
    queue.enqueue("company", [company.pk], store, run=None, requested_by="schedule", along=False)
    talk.drain(store)
    return CompanyLink.objects.get(record=company)


def test_everything_that_is_missing_is_said_at_once(client: Client, store: Connection, bare: Company) -> None:
    refused(store, bare)

    html = page(client, bare)

    assert plain(html).startswith(
        "B2B cannot take Facebook yet. Missing: Email, Phone, Country, a Primary contact. "
        "Fill them in and save; then press Sync to B2B."
    )
    for field in ("email", "phone", "legal_country"):
        assert f'<a href="#id_{field}" x-on:click="activeTab = \'general\'"' in html


def test_where_it_is_sent_by_itself_that_is_said(client: Client, store: Connection, bare: Company) -> None:
    refused(store, bare)
    Connection.objects.update(auto_push={"company": True})

    assert "Fill them in and save; it is sent by itself." in plain(page(client, bare))


def test_a_missing_primary_leads_to_the_contacts(client: Client, store: Connection) -> None:
    company = CompanyFactory.create()
    refused(store, company)

    html = page(client, company)

    assert '<a href="#contacts" x-on:click="activeTab = \'contacts\'" data-field="contacts">' in html
    assert "Missing: a Primary contact. Fill it in and save;" in plain(html)


def test_a_primary_that_is_not_enabled_is_named_and_leads_to_its_page(
    client: Client, store: Connection
) -> None:
    mark = ContactFactory.create(first_name=EVIL, last_name="Z")
    refused(store, mark.company)

    html = page(client, mark.company)

    assert f'<a href="/admin/contacts/contact/{mark.pk}/change/?over={mark.company_id}">' in html
    assert "is not enabled for Better B2B. Press Sync to B2B: that takes" in plain(html)
    assert "Missing" not in plain(html)
    assert EVIL not in html


def test_a_primary_without_an_email_is_said_so(client: Client, store: Connection) -> None:
    mark = ContactFactory.create(first_name="Mark", last_name="Z", email="")
    ContactLink.objects.create(connection=store, record=mark)
    refused(store, mark.company)

    assert "Mark Z (Primary contact): Mark Z, the Primary contact, has no E-mail;" in plain(
        page(client, mark.company)
    )


def test_what_was_filled_in_meanwhile_is_missing_no_more(
    client: Client, store: Connection, bare: Company
) -> None:
    refused(store, bare)
    bare.phone = "+1 650 555 0100"
    bare.save()

    assert "Missing: Email, Country, a Primary contact." in plain(page(client, bare))


def test_once_all_is_filled_in_only_the_button_is_left(client: Client, store: Connection) -> None:
    mark = ContactFactory.create()
    ContactLink.objects.create(connection=store, record=mark)
    Company.objects.update(phone="")
    refused(store, mark.company)
    Company.objects.update(phone="+1 650 555 0100")

    html = page(client, mark.company)

    assert "What was wrong is put right here. Press Sync to B2B." in html
    assert 'class="cc-errors"' not in html


def test_what_they_refused_stays_in_their_words(client: Client, store: Connection) -> None:
    company = CompanyFactory.create(tax_id="")
    errors = {"tax_id": f"Tax ID stands on another company {EVIL}.", "no such field": "It is refused."}
    CompanyLink.objects.create(connection=store, record=company, state="failed", code="unique", errors=errors)

    html = page(client, company)

    assert "Missing" not in plain(html)
    assert 'data-field="id_tax_id">Tax ID</a>: Tax ID stands on another company &lt;script&gt;' in html
    assert "No Such Field: It is refused." in plain(html)
    assert EVIL not in html


def test_a_company_that_is_there_lacks_something_for_its_changes(client: Client, store: Connection) -> None:
    company = CompanyFactory.create(name="Facebook")
    CompanyLink.objects.create(connection=store, record=company, remote_id="7", snapshot={"companyName": "x"})
    Company.objects.update(phone="")
    refused(store, company)

    assert plain(page(client, company)).startswith(
        "B2B cannot take the changes of Facebook yet. Missing: Phone. Fill it in and save;"
    )


def test_the_grid_names_what_is_missing(client: Client, store: Connection, bare: Company) -> None:
    refused(store, bare)

    html = client.get(GRID).content.decode()

    assert "missing or wrong: Country, Email, Phone, Primary Contact" in html


def test_a_company_without_contacts_says_what_needs_one(
    client: Client, store: Connection, bare: Company
) -> None:
    html = page(client, bare)

    assert "No contacts. B2B needs a primary contact before it can create the company." in html
    assert ">Add contact</a>" in html


def test_enabling_the_primary_lets_its_company_go(client: Client, store: Connection) -> None:
    Connection.objects.update(auto_push={"company": True})
    mark = ContactFactory.create()
    refused(store, mark.company)

    client.post(f"/admin/contacts/contact/{mark.pk}/enable/{store.pk}/")

    assert CompanyLink.objects.get().state == "pending"
    assert ContactLink.objects.get().enabled == "yes"


@pytest.mark.parametrize("what", ["enable", "disable"])
def test_any_other_switch_asks_for_nothing(client: Client, store: Connection, what: str) -> None:
    Connection.objects.update(auto_push={"company": True})
    other = ContactFactory.create(company=ContactFactory.create().company)
    refused(store, other.company)
    chosen: Any = other if what == "enable" else Contact.objects.get(is_primary=True)

    client.post(f"/admin/contacts/contact/{chosen.pk}/{what}/{store.pk}/")

    assert CompanyLink.objects.get().state == "failed"
