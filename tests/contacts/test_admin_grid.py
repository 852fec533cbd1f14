"""The contacts grid: what it shows, finds and costs."""

from typing import Any

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext

from connectors.models import Connection
from contacts.models import Contact, ContactLink
from tests.factories import CompanyFactory, ConnectionFactory, ContactFactory
from tests.staff import READS, READS_ALL, SYNCS_ALL, browser_of, person

pytestmark = pytest.mark.django_db
GRID = "/admin/contacts/contact/"
ID = "0035g00000Xa1bcAAB"
EVIL = "<script>alert(1)</script>"


@pytest.fixture
def account() -> Connection:
    return ConnectionFactory.create()


@pytest.fixture
def client() -> Client:
    return browser_of(person(*SYNCS_ALL))


def rows(html: str) -> str:
    return html.partition('id="result_list"')[2]


def test_a_row_tells_person_company_status_and_state(client: Client, account: Connection) -> None:
    mark = ContactFactory.create(company=CompanyFactory.create(name="Facebook"), last_name="Z")
    ContactLink.objects.create(connection=account, record=mark, remote_id=ID)

    html = rows(client.get(GRID).content.decode())

    for text in ("Mark Z", mark.email, "Facebook", "Active", "Primary", ID, "In sync"):
        assert text in html
    assert f'href="/admin/companies/company/{mark.company_id}/change/"' in html


@pytest.mark.parametrize("term", ["zuck", "MARKZ@", "Facebook", ID])
def test_searching_finds_name_email_company_and_reference_id(
    client: Client, account: Connection, term: str
) -> None:
    facebook = CompanyFactory.create(name="Facebook")
    mark = ContactFactory.create(company=facebook, last_name="Zuck", email="markz@test.com")
    ContactFactory.create(last_name="Somebodyelse")
    ContactLink.objects.create(connection=account, record=mark, remote_id=ID)

    html = client.get(f"{GRID}?q={term}").content.decode()

    assert "markz@test.com" in html
    assert "Somebodyelse" not in html


def test_a_possible_duplicate_is_marked_until_somebody_looked(client: Client) -> None:
    mark = ContactFactory.create(email="markz@test.com")
    ContactFactory.create(email="MARKZ@test.com", is_validated=True)

    before = rows(client.get(GRID).content.decode()).count("possible duplicate")
    Contact.objects.filter(pk=mark.pk).update(is_validated=True)
    after = rows(client.get(GRID).content.decode()).count("possible duplicate")

    assert (before, after) == (1, 0)


def test_the_menu_offers_set_as_primary_where_it_can_be(client: Client) -> None:
    first = ContactFactory.create()
    other = ContactFactory.create(company=first.company)
    gone = ContactFactory.create(company=first.company, active=False)

    html = client.get(GRID).content.decode()

    assert f"{GRID}{other.pk}/primary/" in html
    assert f"{GRID}{first.pk}/primary/" not in html
    assert f"{GRID}{gone.pk}/primary/" not in html


def test_more_rows_ask_no_more_queries(client: Client, account: Connection) -> None:
    ContactFactory.create_batch(2)
    client.get(GRID)
    with CaptureQueriesContext(database) as few:
        client.get(GRID)
    ContactFactory.create_batch(20)

    with CaptureQueriesContext(database) as many:
        client.get(GRID)

    assert len(many) == len(few)
    assert len(few) <= 30


def test_hostile_names_are_escaped(client: Client) -> None:
    company = CompanyFactory.create(name=EVIL)
    ContactFactory.create(company=company, first_name=EVIL, last_name="شركة" * 70, job_title=EVIL)

    assert EVIL not in client.get(GRID).content.decode()


@pytest.mark.parametrize("rights", [READS, ()])
def test_the_grid_needs_the_right_to_see_contacts(rights: Any) -> None:
    assert browser_of(person(*rights)).get(GRID).status_code == 403


def test_a_reader_has_no_actions(account: Connection) -> None:
    ContactFactory.create()

    html = browser_of(person(*READS_ALL)).get(GRID).content.decode()

    assert "Sync with Salesforce" not in html
    assert "Set as Primary" not in html


def test_an_empty_grid_says_so(client: Client) -> None:
    assert "No contacts yet." in client.get(GRID).content.decode()
