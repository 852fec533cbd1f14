"""The section of a connection's page for what was made there and deleted here, and the warning before it."""

import uuid
from typing import Any

import pytest
from django.test import Client

from companies.models import Company, CompanyLink
from connectors import pull, queue
from connectors.models import Connection, Notice, Orphan, Stray
from contacts.models import ContactLink
from tests import talk
from tests.connection_pages import told, url
from tests.factories import CompanyFactory, ContactFactory
from tests.reading import goes, nightly
from tests.shelf import Shelf
from tests.staff import READS_ALL, SYNCS_ALL, browser_of, person

pytestmark = pytest.mark.django_db(transaction=True)
EDITS = ("view_connection", "change_connection")


@pytest.fixture
def client() -> Client:
    return browser_of(person(*SYNCS_ALL, *EDITS, "delete_company", "delete_contact"))


@pytest.fixture
def left(shelf: Shelf) -> Orphan:
    """Return Facebook, which was made on the shelf and deleted here meanwhile."""
    company = CompanyFactory.create(name="Facebook")

    def delete(_: str) -> None:
        Company.objects.filter(pk=company.pk).delete()

    shelf.trouble = delete
    talk.send(shelf.connection, [company])
    shelf.trouble = lambda _: None
    return Orphan.objects.get()


def section(client: Client, connection: Connection) -> str:
    html = client.get(url(connection)).content.decode()
    return " ".join(html.partition('id="cc-orphans"')[2].partition("</section>")[0].split())


def press(client: Client, orphan: Orphan, way: str) -> Any:
    return client.post(f"{url(orphan.connection, 'orphan')}{orphan.pk}/{way}/", follow=True)


def test_it_stands_on_the_page_with_its_ways_out(client: Client, shelf: Shelf, left: Orphan) -> None:
    html = section(client, shelf.connection)

    assert "1 record left behind in Shelf" in html
    assert f"Facebook was made in Shelf as {left.remote_id} and deleted here meanwhile." in html
    assert f'href="http://shelf.test/company/{left.remote_id}"' in html
    assert "Dismiss</button>" in html
    assert "Make it here" not in html  # companies go out only


def test_the_overview_leads_to_it(client: Client, shelf: Shelf, left: Orphan) -> None:
    html = client.get("/admin/").content.decode()

    assert f'<a href="{url(shelf.connection)}#cc-orphans">1 record left behind in Shelf</a>' in html


def test_a_connection_without_any_has_no_such_section(client: Client, shelf: Shelf) -> None:
    assert section(client, shelf.connection) == ""


def test_who_may_not_change_the_connection_reads_it_only(shelf: Shelf, left: Orphan) -> None:
    reader = browser_of(person(*READS_ALL, "view_connection"))

    assert "<button" not in section(reader, shelf.connection)
    assert press(reader, left, "dismiss").status_code == 403
    assert Orphan.objects.exists()


def test_dismissed_it_is_gone_and_does_not_come_back(client: Client, shelf: Shelf, left: Orphan) -> None:
    answer = press(client, left, "dismiss")
    goes(shelf, "both")
    nightly(shelf)

    assert told(answer) == "Facebook is dismissed. Nothing was changed in Shelf."
    assert not Orphan.objects.exists()
    assert not Company.objects.exists()


def test_it_can_be_made_here_again_where_records_come_in(client: Client, shelf: Shelf, left: Orphan) -> None:
    goes(shelf, "both")
    assert "Make it here" in section(client, shelf.connection)

    answer = press(client, left, "take")
    pull.drain(shelf.connection.pk)

    assert "Facebook is read from Shelf and made here." in told(answer)
    assert Company.objects.get().name == "Facebook"
    assert CompanyLink.objects.get().remote_id == left.remote_id
    assert not Orphan.objects.exists()
    assert not Stray.objects.exists()


def test_what_only_goes_out_can_not_be_made_here(client: Client, shelf: Shelf, left: Orphan) -> None:
    assert press(client, left, "take").status_code == 404
    assert not Notice.objects.exists()


def test_a_second_click_says_that_it_was_settled(client: Client, left: Orphan) -> None:
    press(client, left, "dismiss")

    assert told(press(client, left, "dismiss")) == "That was settled meanwhile."


def test_deleting_says_that_the_record_is_being_sent(client: Client, salesforce: Connection) -> None:
    company = CompanyFactory.create()
    mark = ContactFactory.create(company=company)
    lease = queue.slots.take(salesforce, 60)
    CompanyLink.objects.create(
        connection=salesforce, record=company, state="pending", unsure=True, lease=lease
    )
    ContactLink.objects.create(
        connection=salesforce, record=mark, state="pending", unsure=True, lease=uuid.uuid4()
    )

    html = client.get(f"/admin/companies/company/{company.pk}/delete/").content.decode()
    other = client.get(f"/admin/contacts/contact/{mark.pk}/delete/").content.decode()

    assert "It is being sent to Salesforce at this moment and will be made there." in html
    assert "1 contact is being sent to Salesforce and may be made there too." in html
    assert "It was sent to Salesforce, which did not answer: it may have been made there." in other
