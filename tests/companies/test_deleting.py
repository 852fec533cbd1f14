"""Deleting here: what goes along, what stays over there, and deactivating instead."""

from typing import Any

import pytest
from django.test import Client

from companies.models import Company, CompanyLink, Location
from connectors.models import Connection
from contacts.models import Contact, ContactLink
from tests.factories import CompanyFactory, ConnectionFactory, ContactFactory, LocationFactory
from tests.staff import EDITS_ALL, SYNCS, SYNCS_ALL, browser_of, person

pytestmark = pytest.mark.django_db
GRID = "/admin/companies/company/"
PLACES = "/admin/companies/location/"
ID = "0015g00000Xa1bcAAB"


@pytest.fixture
def account() -> Connection:
    return ConnectionFactory.create()


@pytest.fixture
def facebook() -> Company:
    return CompanyFactory.create(name="Facebook")


@pytest.fixture
def client() -> Client:
    return browser_of(person(*SYNCS_ALL))


def ticked(*records: Any, **more: str) -> dict[str, Any]:
    return {"action": "delete_selected", "_selected_action": [str(one.pk) for one in records], **more}


def told(answer: Any) -> str:
    return " ".join(str(message) for message in answer.context["messages"])


def test_the_page_counts_what_goes_along_and_what_stays(
    client: Client, account: Connection, facebook: Company
) -> None:
    people = ContactFactory.create_batch(3, company=facebook)
    LocationFactory.create_batch(2, company=facebook)
    CompanyLink.objects.create(connection=account, record=facebook, remote_id=ID)
    for number, one in enumerate(people[:2]):
        ContactLink.objects.create(connection=account, record=one, remote_id=f"0035g00000Xa{number}bcAAB")

    html = client.get(f"{GRID}{facebook.pk}/delete/").content.decode()

    assert "3 contacts and 2 locations" in html or "2 locations and 3 contacts" in html
    assert f"Not deleted: it stays in Salesforce as {ID}." in html
    assert "2 contacts stay in Salesforce." in html
    assert "link" not in html.partition("cc-leaving")[2].partition("</ul>")[0].lower()


def test_deleting_a_company_deletes_its_people_and_places_here(client: Client, facebook: Company) -> None:
    ContactFactory.create(company=facebook)
    LocationFactory.create(company=facebook)
    kept = ContactFactory.create()

    client.post(f"{GRID}{facebook.pk}/delete/", {"post": "yes"})

    assert list(Contact.objects.all()) == [kept]
    assert not Location.objects.exists()


def test_somebody_who_may_not_delete_contacts_cannot_delete_their_company(facebook: Company) -> None:
    ContactFactory.create(company=facebook)
    client = browser_of(person(*SYNCS))

    html = client.get(f"{GRID}{facebook.pk}/delete/").content.decode()
    answer = client.post(f"{GRID}{facebook.pk}/delete/", {"post": "yes"})

    assert "You may not delete" in html
    assert answer.status_code == 403
    assert Company.objects.exists()


def test_deactivate_instead_makes_the_company_inactive(client: Client, facebook: Company) -> None:
    ContactFactory.create(company=facebook)

    html = client.get(f"{GRID}{facebook.pk}/delete/").content.decode()
    answer = client.post(f"{GRID}{facebook.pk}/delete/", {"post": "yes", "deactivate": "yes"}, follow=True)

    assert "Deactivate instead" in html
    assert Company.objects.get().status == "inactive"
    assert Contact.objects.exists()
    assert "1 company deactivated, nothing was deleted." in told(answer)


def test_looking_at_the_page_deactivates_nothing(client: Client, facebook: Company) -> None:
    client.get(f"{GRID}{facebook.pk}/delete/?deactivate=yes&post=yes")

    assert Company.objects.get().status == "active"


def test_deactivating_needs_the_token(facebook: Company) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(person(*SYNCS_ALL))

    answer = strict.post(f"{GRID}{facebook.pk}/delete/", {"post": "yes", "deactivate": "yes"})

    assert answer.status_code == 403
    assert Company.objects.get().status == "active"


def test_many_are_deactivated_instead_and_the_counts_add_up(client: Client, facebook: Company) -> None:
    other = CompanyFactory.create(status="inactive")

    asked = client.post(GRID, ticked(facebook, other)).content.decode()
    answer = client.post(GRID, ticked(facebook, other, post="yes", deactivate="yes"), follow=True)

    assert "Delete 2 companies" in asked
    assert set(Company.objects.values_list("status", flat=True)) == {"inactive"}
    assert "1 company deactivated, nothing was deleted. 1 was inactive already." in told(answer)


def test_many_are_deleted_after_they_were_confirmed(client: Client, facebook: Company) -> None:
    other = CompanyFactory.create()

    client.post(GRID, ticked(facebook, other))
    kept = Company.objects.count()
    client.post(GRID, ticked(facebook, other, post="yes"))

    assert kept == 2
    assert not Company.objects.exists()


def test_a_deactivated_company_is_sent_where_that_is_automatic(
    client: Client, account: Connection, facebook: Company
) -> None:
    Connection.objects.update(auto_push={"company": True})
    CompanyLink.objects.create(connection=account, record=facebook, remote_id=ID)

    client.post(f"{GRID}{facebook.pk}/delete/", {"post": "yes", "deactivate": "yes"})

    assert CompanyLink.objects.get().requested_by == "dana"


def test_a_long_list_is_cut(client: Client) -> None:
    companies = CompanyFactory.create_batch(53)

    html = client.post(GRID, ticked(*companies)).content.decode()

    assert "and 3 more" in html
    assert "Delete 53 companies" in html


def test_a_location_has_nothing_to_deactivate(client: Client) -> None:
    place = LocationFactory.create()

    html = client.get(f"{PLACES}{place.pk}/delete/").content.decode()
    answer = client.post(f"{PLACES}{place.pk}/delete/", {"post": "yes", "deactivate": "yes"})

    assert "Deactivate instead" not in html
    assert answer.status_code == 403
    assert Location.objects.exists()


def test_deleting_a_location_requests_its_company(
    client: Client, account: Connection, facebook: Company
) -> None:
    place = LocationFactory.create(company=facebook, is_default_billing=True)
    Connection.objects.update(auto_push={"company": True})

    client.post(f"{PLACES}{place.pk}/delete/", {"post": "yes"})

    link = CompanyLink.objects.get()
    assert (link.state, link.requested_by) == ("pending", "dana")


def test_deleting_many_locations_requests_each_company_once(
    client: Client, account: Connection, facebook: Company
) -> None:
    other = CompanyFactory.create()
    places = [
        *LocationFactory.create_batch(2, company=facebook),
        LocationFactory.create(company=other),
    ]
    Connection.objects.update(auto_push={"company": True})
    version = Company.objects.get(pk=facebook.pk).version

    client.post(PLACES, ticked(*places, post="yes"))

    assert not Location.objects.exists()
    assert CompanyLink.objects.filter(state="pending", requested_by="dana").count() == 2
    assert Company.objects.get(pk=facebook.pk).version == version + 1


def test_an_editor_may_deactivate_without_the_right_to_sync(facebook: Company) -> None:
    client = browser_of(person(*EDITS_ALL))

    client.post(f"{GRID}{facebook.pk}/delete/", {"post": "yes", "deactivate": "yes"})

    assert Company.objects.get().status == "inactive"
