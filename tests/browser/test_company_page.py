"""The company page as a person clicks it: tabs, people, who is the Primary, who is enabled where."""

from typing import Any

import pytest

from companies.models import Company, CompanyLink
from connectors.models import Connection
from contacts.models import Contact, ContactLink
from tests.browser.conftest import Person
from tests.factories import (
    B2BFactory,
    CompanyFactory,
    ConnectionFactory,
    ContactFactory,
    LocationFactory,
    UserFactory,
)

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
COMPANIES = "/admin/companies/company/"


@pytest.fixture
def facebook() -> Company:
    UserFactory.create(username="admin", password="rehearsal", is_superuser=True)
    ConnectionFactory.create()
    company = CompanyFactory.create(name="Facebook", legal_country="AU")
    ContactFactory.create(company=company, first_name="Mark", last_name="Z", email="markz@test.com")
    ContactFactory.create(company=company, first_name="Ana", last_name="Brandt", email="ana@test.com")
    LocationFactory.create(company=company, label="Dock", is_default_shipping=True)
    return company


def opens(somebody: Person, company: Company, tab: str) -> Any:
    """Log in, open the company, and click a tab; return the page."""
    somebody.logs_in("admin", "rehearsal")
    somebody.goes_to(f"{COMPANIES}{company.pk}/change/")
    somebody.page.locator(".cc-record-tabs").get_by_text(tab).click()
    somebody.looks()
    return somebody.page


def test_a_contact_is_added_over_its_company_and_made_its_primary(
    somebody: Person, facebook: Company
) -> None:
    page = opens(somebody, facebook, "Contacts (2)")

    page.locator("#contacts-group").get_by_role("link", name="Add", exact=True).click()
    page.fill("#id_last_name", "Newcomer")
    page.fill("#id_phone", "0444 444 444")
    page.get_by_role("button", name="Save", exact=True).click()
    somebody.sees("Contacts (3)")
    somebody.looks()
    row = page.locator("#contacts-group tr", has_text="Newcomer")
    assert row.is_visible()

    row.get_by_role("radio").check()
    page.locator("#contacts-group").get_by_role("button", name="Set as Primary").click()
    somebody.sees("Make Newcomer the Primary of Facebook?")
    somebody.looks()
    page.get_by_role("button", name="Make primary").click()
    somebody.sees("Mark Z is it no more.")

    assert page.locator("#contacts-group tbody tr").first.inner_text().find("Newcomer") >= 0
    assert Contact.objects.get(is_primary=True).last_name == "Newcomer"


def test_searching_and_refreshing_stay_on_the_tab(somebody: Person, facebook: Company) -> None:
    page = opens(somebody, facebook, "Contacts (2)")

    page.fill("#contacts-group input[type=search]", "ana@")
    page.locator("#contacts-group").get_by_role("button", name="Search").click()
    page.wait_for_url("**contacts_q=ana*")
    rows = page.locator("#contacts-group tbody tr")
    rows.first.wait_for()
    assert rows.count() == 1

    Contact.objects.filter(first_name="Ana").update(job_title="Head of buying")
    page.locator("#contacts-group").get_by_role("link", name="Refresh").click()
    somebody.sees("Head of buying")
    assert rows.count() == 1
    somebody.looks()


def test_the_next_primary_is_asked_for_only_when_the_present_one_leaves(
    somebody: Person, facebook: Company
) -> None:
    page = opens(somebody, facebook, "Contacts (2)")
    page.locator("#contacts-group").get_by_role("link", name="Mark Z").click()
    somebody.page.locator(".cc-badge", has_text="Primary").wait_for()
    question = page.locator("#id_successor")
    assert not question.is_visible()

    page.select_option("#id_active", label="Inactive")
    assert question.is_visible()
    page.get_by_role("button", name="Save", exact=True).click()
    somebody.sees("Choose who is next")
    somebody.looks()
    page.select_option("#id_successor", label="Ana Brandt · ana@test.com")
    page.get_by_role("button", name="Save", exact=True).click()
    somebody.sees("Contacts (2)")

    assert Contact.objects.get(is_primary=True).first_name == "Ana"


def test_enabled_is_chosen_on_its_tab_and_saved_with_the_page(somebody: Person, facebook: Company) -> None:
    page = opens(somebody, facebook, "Site Association")

    page.get_by_label("Enabled for Salesforce").select_option(label="No: never sent")
    page.get_by_role("button", name="Save and continue editing").click()
    page.locator(".cc-association-table .cc-chip", has_text="Not enabled").wait_for()
    somebody.looks()

    assert (CompanyLink.objects.get().enabled, CompanyLink.objects.get().enabled_by) == ("no", "admin")


def test_a_chip_on_the_tab_sends_the_contact_and_moves_by_itself(somebody: Person, facebook: Company) -> None:
    page = opens(somebody, facebook, "Contacts (2)")

    page.locator("#contacts-group tr", has_text="Ana").locator(".cc-not_synced").click()
    somebody.sees("1 chosen: 1 queued")
    waiting = page.locator("#contacts-group tr", has_text="Ana").locator(".cc-waiting")
    waiting.wait_for()
    ContactLink.objects.update(state="idle", remote_id="0035g00000Xa1bcAAB")

    page.locator("#contacts-group tr", has_text="Ana").locator(".cc-in_sync").wait_for()
    somebody.looks()


def test_the_button_sends_the_company_with_all_that_belongs_to_it(
    somebody: Person, facebook: Company
) -> None:
    B2BFactory.create()
    page = opens(somebody, facebook, "General")

    page.fill("#id_phone", "+1 650 555 0199")
    box = page.locator(".cc-box", has_text="Better B2B")
    box.get_by_role("button", name="Save and sync to B2B · with contacts and locations", exact=True).click()
    somebody.sees("1 company, 2 contacts and 1 location: 4 queued.")
    somebody.looks()

    assert Company.objects.get().phone == "+1 650 555 0199"
    assert page.locator(".cc-box", has_text="Better B2B").locator(".cc-waiting").is_visible()


def test_what_is_missing_leads_to_its_field_from_any_tab(somebody: Person, facebook: Company) -> None:
    errors = {"phone": "Phone is empty; B2B needs it.", "primary_contact": "None is there."}
    CompanyLink.objects.create(
        connection=B2BFactory.create(), record=facebook, state="failed", code="unique", errors=errors
    )
    Company.objects.update(phone="")
    page = opens(somebody, facebook, "Log")

    page.locator(".cc-errors").get_by_role("link", name="Phone").click()
    page.wait_for_function("document.activeElement.id === 'id_phone'")

    assert page.locator("#id_phone").is_visible()
    somebody.looks()


@pytest.mark.parametrize("width", [1280, 390])
def test_a_choice_bears_long_names_on_any_screen(somebody: Person, facebook: Company, width: int) -> None:
    long = "Facebook International Holding " * 4 + "x" * 90
    found = [
        {"remote_id": str(number), "name": long, "url": "", "rule": long, "facts": {"Created": long},
         "fields": {"companyName": long, "companyEmail": f"{'y' * 80}@example.com"}}
        for number in (11, 12)
    ]  # fmt: skip
    way = {"choice": "consent", "label": long, "consequence": long}
    account = B2BFactory.create()
    link = CompanyLink.objects.create(
        connection=account, record=facebook, state="failed", code="conflict", message=long, candidates=found
    )
    somebody.page.set_viewport_size({"width": width, "height": 800})

    somebody.logs_in("admin", "rehearsal")
    for ways in ([], [way]):
        CompanyLink.objects.filter(pk=link.pk).update(ways=ways)
        somebody.goes_to(f"{COMPANIES}{facebook.pk}/choose/{account.pk}/")
        somebody.looks()
        table = somebody.page.locator(".cc-scroll").bounding_box()
        inside = somebody.page.evaluate("document.querySelector('.cc-scroll').scrollWidth")
        assert table is not None
        assert width > 640 or inside <= table["width"] + 1


@pytest.mark.parametrize("width", [1280, 390])
def test_every_tab_bears_hostile_values(somebody: Person, facebook: Company, width: int) -> None:
    evil = "<b onmouseover=alert(1)>&amp; شركة 😀 " + "x" * 250
    long = ContactFactory.create(company=facebook, first_name=evil, last_name=evil[:290], job_title=evil)
    LocationFactory.create(company=facebook, label=evil[:190], recipient=evil, street=evil, city=evil[:190])
    ContactLink.objects.create(
        connection=Connection.objects.get(), record=long, state="failed", message=evil * 3
    )
    somebody.page.set_viewport_size({"width": width, "height": 800})

    somebody.logs_in("admin", "rehearsal")
    for tab in ("contacts", "locations", "association", "log"):
        somebody.page.goto("about:blank")
        somebody.goes_to(f"{COMPANIES}{facebook.pk}/change/#{tab}")
        somebody.page.locator(f"#{tab}-group").wait_for()
        somebody.looks()
    for what in ("change", "delete", "history", "primary"):
        somebody.goes_to(f"/admin/contacts/contact/{long.pk}/{what}/")
        somebody.looks()
    for grid in ("/admin/contacts/contact/", "/admin/companies/location/"):
        somebody.goes_to(grid)
        somebody.looks()
