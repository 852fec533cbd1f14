"""The storefront document's steps, one by one, as a person clicks them; each ends in the B2B app's page."""

import re
from typing import Any

import pytest

from companies.models import Company
from connectors.models import Connection
from connectors.sandbox.server import SandboxServer
from contacts.models import Contact
from tests import b2b as store
from tests import talk
from tests.browser.conftest import Person
from tests.factories import CompanyFactory, LocationFactory, UserFactory
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
COMPANIES = "/admin/companies/company/"
SYNC = "Sync to B2B"


@pytest.fixture
def facebook() -> Company:
    return CompanyFactory.create(name="Facebook", legal_country="AU", legal_region="NSW")


@pytest.fixture
def admin(somebody: Person, b2b: Connection) -> Person:
    """A person who may do everything, logged in. Nothing is sent by itself."""
    UserFactory.create(username="admin", password="rehearsal", is_superuser=True, email="")
    somebody.logs_in("admin", "rehearsal")
    return somebody


def opens(person: Person, company: Company, tab: str = "") -> Any:
    """Open the company's page, and a tab of it; return the page."""
    person.goes_to(f"{COMPANIES}{company.pk}/change/")
    if tab:
        person.page.locator(".cc-record-tabs").get_by_text(tab).click()
    person.looks()
    return person.page


def adds(person: Person, company: Company, first: str, last: str, email: str) -> Contact:
    """Step 1: create a contact on the customer's page."""
    page = opens(person, company, "Contacts")
    page.locator("#contacts-group").get_by_role("link", name=re.compile("^Add")).first.click()
    page.fill("#id_first_name", first)
    page.fill("#id_last_name", last)
    page.fill("#id_email", email)
    page.fill("#id_phone", "0444 444 444")
    page.get_by_role("button", name="Save", exact=True).click()
    person.page.locator("#contacts-group tr", has_text=f"{first} {last}").wait_for()
    person.looks()
    return Contact.objects.get(email=email)


def enables(person: Person, name: str) -> None:
    """Step 3: open the contact out of the grid and enable it under Site Association."""
    page = person.page
    page.locator("#contacts-group").get_by_role("link", name=name).first.click()
    page.get_by_label("Enabled for Better B2B").select_option(label="Yes")
    person.looks()
    page.get_by_role("button", name="Save and continue editing").click()
    page.locator(".cc-association-table .cc-chip", has_text="Not synced").wait_for()
    person.looks()


def users_page(person: Person, sandbox: SandboxServer, company: Company) -> Any:
    """Step 6: in the B2B app, open the company and its Company User(s)."""
    page = person.page
    page.goto(f"{sandbox.url}/bigcommerce")
    page.get_by_role("link", name=company.name).first.click()
    page.get_by_role("link", name="Company User(s)").click()
    return page


def row_of(page: Any, name: str) -> str:
    return str(page.locator("tbody tr", has_text=name).first.inner_text())


def test_a_contact_is_made_enabled_sent_and_stands_in_the_store_as_primary_admin(
    admin: Person, sandbox: SandboxServer, worker: Any, facebook: Company
) -> None:
    mark = adds(admin, facebook, "Mark", "Z", "markz@test.com")  # 1 and 2: made, and in the grid
    enables(admin, "Mark Z")  # 3

    page = opens(admin, facebook)
    page.get_by_role("button", name=re.compile(f"^{SYNC}")).first.click()
    wait_until(lambda: talk.contact_link_of(mark).remote_id)

    page = opens(admin, facebook, "Site Association")  # 4: the Commerce Reference ID
    link = talk.link_of(facebook)
    assert link.remote_id in page.locator("#association-group tr", has_text="Better B2B").inner_text()
    admin.goes_to(f"/admin/contacts/contact/{mark.pk}/change/")
    user_id = talk.contact_link_of(mark).remote_id
    assert user_id in page.locator("#association-group tr", has_text="Better B2B").inner_text()
    admin.looks()

    page = opens(admin, facebook, "Log")  # 5: the customer's log shows the contact
    log = page.locator("#log-group").inner_text()
    assert f"Facebook created in B2B as {link.remote_id}" in log
    assert f"Mark Z created in B2B as {user_id}" in log

    there = users_page(admin, sandbox, facebook)  # 6
    assert "markz@test.com" in row_of(there, "Mark Z")
    assert "Primary Admin" in row_of(there, "Mark Z")


def test_primary_ticked_afterwards_makes_the_contact_the_admin(
    admin: Person, sandbox: SandboxServer, worker: Any, facebook: Company
) -> None:
    mark = adds(admin, facebook, "Mark", "Z", "markz@test.com")
    enables(admin, "Mark Z")
    anna = adds(admin, facebook, "Anna", "B", "anna@test.com")
    enables(admin, "Anna B")
    Connection.objects.update(auto_push={"contact": True})
    page = opens(admin, facebook)
    page.get_by_role("button", name=re.compile(f"^{SYNC}")).first.click()
    wait_until(lambda: talk.contact_link_of(mark).remote_id and talk.contact_link_of(anna).remote_id)

    page = opens(admin, facebook, "Contacts")  # 7: the Primary check box
    page.locator("#contacts-group tr", has_text="Anna B").get_by_role("radio").check()
    page.locator("#contacts-group").get_by_role("button", name="Set as Primary").click()
    admin.sees("Anna B the Primary Admin of Facebook?")
    admin.looks()
    page.get_by_role("button", name="Make primary").click()
    wait_until(lambda: int(store.mine(sandbox, "user", mark)["role"]) != 0)

    there = users_page(admin, sandbox, facebook)
    assert "Primary Admin" in row_of(there, "Anna B")
    assert "Admin" not in row_of(there, "Mark Z")


def test_one_click_sends_the_company_with_its_contacts_and_locations_as_one_run(
    admin: Person, sandbox: SandboxServer, worker: Any, facebook: Company
) -> None:
    mark = adds(admin, facebook, "Mark", "Z", "markz@test.com")
    anna = adds(admin, facebook, "Anna", "B", "anna@test.com")
    dock = LocationFactory.create(
        company=facebook, label="Dock", country="AU", region="NSW", postal_code="2000"
    )

    page = opens(admin, facebook)
    page.get_by_role("button", name="Sync to B2B · with contacts and locations", exact=True).click()
    admin.looks()
    wait_until(lambda: len(store.rows(sandbox, "address")) == 1)
    wait_until(lambda: len(store.rows(sandbox, "user")) == 2)

    links = [talk.link_of(facebook), *(talk.contact_link_of(one) for one in (mark, anna))]
    wait_until(lambda: all(type(one).objects.get(pk=one.pk).state == "idle" for one in links))
    assert store.mine(sandbox, "address", dock)["label"] == "Dock"
    assert len({one.run for one in links}) == 1
