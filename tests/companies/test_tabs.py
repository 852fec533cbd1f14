"""The tabs of the company page: contacts, locations, the log."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from companies.models import Company, CompanyLink, Location
from connectors.models import Connection
from contacts.models import Contact, ContactLink
from synclog.models import Entry
from tests.factories import CompanyFactory, ConnectionFactory, ContactFactory, LocationFactory
from tests.staff import EDITS, READS_ALL, SYNCS_ALL, browser_of, person

pytestmark = pytest.mark.django_db
GRID = "/admin/companies/company/"
PEOPLE = "/admin/contacts/contact/"
PLACES = "/admin/companies/location/"
EVIL = "<script>alert(1)</script>"


@pytest.fixture
def account() -> Connection:
    return ConnectionFactory.create()


@pytest.fixture
def facebook() -> Company:
    return CompanyFactory.create(name="Facebook")


@pytest.fixture
def client() -> Client:
    return browser_of(person(*SYNCS_ALL))


def page(client: Client, company: Company, query: str = "") -> str:
    return client.get(f"{GRID}{company.pk}/change/{query}").content.decode()


def part(html: str, slug: str) -> str:
    """Return one tab's part of the page."""
    _, _, rest = html.partition(f'id="{slug}-group"')
    return rest.partition("</section>")[0]


def test_the_tabs_carry_their_numbers(client: Client, facebook: Company) -> None:
    ContactFactory.create_batch(3, company=facebook)
    LocationFactory.create_batch(2, company=facebook)

    html = page(client, facebook)

    for tab in ("Contacts (3)", "Locations (2)", "Site Association", "Log"):
        assert tab in html


def test_the_contacts_grid_has_the_seeds_columns(
    client: Client, account: Connection, facebook: Company
) -> None:
    mark = ContactFactory.create(company=facebook, first_name="Mark", last_name="Z", job_title="Founder")
    ContactLink.objects.create(connection=account, record=mark, state="failed", message="Email is wrong.")

    grid = part(page(client, facebook), "contacts")

    for title in ("Active", "Contact", "Job Title", "Primary", "Email", "Phone 1", "Role", "Salesforce ID"):
        assert f">{title}</th>" in grid
    for tool in ("Refresh", "Add", "Set as Primary", "Search"):
        assert tool in grid
    assert "Founder" in grid
    assert "Failed" in grid
    assert "Email is wrong." in grid
    assert f'href="{PEOPLE}{mark.pk}/change/?over={facebook.pk}"' in grid
    assert f'href="{PEOPLE}add/?over={facebook.pk}"' in grid


def test_the_primary_stands_first_and_offers_no_button(client: Client, facebook: Company) -> None:
    first = ContactFactory.create(company=facebook, last_name="Zimmermann")
    other = ContactFactory.create(company=facebook, last_name="Aaltonen")

    grid = part(page(client, facebook), "contacts")

    assert grid.index("Zimmermann") < grid.index("Aaltonen")
    assert f"{PEOPLE}{other.pk}/primary/?over={facebook.pk}" in grid
    assert f"{PEOPLE}{first.pk}/primary/" not in grid


def test_a_company_without_contacts_says_so_and_offers_to_add_one(client: Client, facebook: Company) -> None:
    grid = part(page(client, facebook), "contacts")

    assert "No contacts." in grid
    assert "Add contact" in grid


def test_searching_finds_a_contact_by_name_email_and_reference_id(
    client: Client, account: Connection, facebook: Company
) -> None:
    mark = ContactFactory.create(company=facebook, first_name="Mark", email="markz@test.com")
    ContactFactory.create(company=facebook, first_name="Ana", email="ana@test.com")
    ContactLink.objects.create(connection=account, record=mark, remote_id="0035g00000Xa1bcAAB")

    for term in ("mark", "MARKZ@", "0035g00000Xa1bcAAB"):
        grid = part(page(client, facebook, f"?contacts_q={term}"), "contacts")
        assert "markz@test.com" in grid
        assert "ana@test.com" not in grid


def test_a_search_for_what_no_database_holds_is_refused(client: Client, facebook: Company) -> None:
    ContactFactory.create(company=facebook)

    assert client.get(f"{GRID}{facebook.pk}/change/?contacts_q=%00a%00").status_code == 400


def test_a_search_without_a_hit_says_so(client: Client, facebook: Company) -> None:
    ContactFactory.create(company=facebook)

    grid = part(page(client, facebook, f"?contacts_q={EVIL}"), "contacts")

    assert "No contact of 1 matches" in grid
    assert EVIL not in grid


def test_five_hundred_contacts_are_cut_and_lead_to_the_grid(
    client: Client, facebook: Company, django_assert_max_num_queries: Any
) -> None:
    Contact.objects.bulk_create(
        Contact(company=facebook, last_name=f"P{number:03}", email=f"p{number}@x.example")
        for number in range(500)
    )
    page(client, facebook)

    with django_assert_max_num_queries(45):
        grid = part(page(client, facebook), "contacts")

    assert grid.count("@x.example") == 50
    assert "50 of 500 are shown." in grid
    all_url = f"{PEOPLE}?company__id__exact={facebook.pk}"
    assert all_url in grid
    assert "500 contacts" in client.get(all_url).content.decode()


def test_more_contacts_ask_no_more_queries(
    client: Client, account: Connection, facebook: Company, django_assert_num_queries: Any
) -> None:
    from django.db import connection as database
    from django.test.utils import CaptureQueriesContext

    ContactFactory.create_batch(2, company=facebook)
    page(client, facebook)
    with CaptureQueriesContext(database) as few:
        page(client, facebook)
    ContactFactory.create_batch(20, company=facebook)
    LocationFactory.create_batch(20, company=facebook)

    with CaptureQueriesContext(database) as many:
        page(client, facebook)

    assert len(many) <= len(few) + 2  # locations are there now: their links are looked up


def test_hostile_values_are_escaped_and_cut(client: Client, facebook: Company) -> None:
    ContactFactory.create(company=facebook, first_name=EVIL, last_name="شركة" + "x" * 290, job_title=EVIL * 9)
    LocationFactory.create(company=facebook, label=EVIL, recipient=EVIL, street=EVIL, city="😀" * 50)

    html = page(client, facebook)

    assert EVIL not in html
    assert "x" * 200 not in part(html, "contacts")
    assert 'dir="auto"' in part(html, "contacts")


def test_somebody_who_may_not_see_contacts_has_no_such_tab(facebook: Company) -> None:
    ContactFactory.create(company=facebook, last_name="Secretperson")

    html = page(browser_of(person(*EDITS)), facebook)

    assert "Secretperson" not in html
    assert "contacts-group" not in html


def test_a_reader_sees_the_contacts_and_no_tools(facebook: Company) -> None:
    ContactFactory.create_batch(2, company=facebook)

    grid = part(page(browser_of(person(*READS_ALL)), facebook), "contacts")

    assert "@test.example" in grid
    assert "Set as Primary" not in grid
    assert ">Add<" not in grid


def test_a_chip_of_a_contact_sends_it_and_returns_to_the_tab(
    client: Client, account: Connection, facebook: Company
) -> None:
    mark = ContactFactory.create(company=facebook)
    grid = part(page(client, facebook), "contacts")
    home = f"http://testserver{GRID}{facebook.pk}/change/"

    answer = client.post(f"{PEOPLE}{mark.pk}/sync/{account.pk}/", {"tab": "contacts"}, HTTP_REFERER=home)

    assert f'formaction="{PEOPLE}{mark.pk}/sync/{account.pk}/"' in grid
    assert 'form="cc-acts-contact"' in grid
    assert answer["Location"] == f"{home}#contacts"
    assert ContactLink.objects.get().state == "pending"


@pytest.mark.parametrize("tab", ["x y", "<b>", "", "#"])
def test_a_tab_to_return_to_that_is_none_is_ignored(
    client: Client, account: Connection, facebook: Company, tab: str
) -> None:
    home = f"http://testserver{GRID}{facebook.pk}/change/"

    answer = client.post(f"{GRID}{facebook.pk}/sync/{account.pk}/", {"tab": tab}, HTTP_REFERER=home)

    assert answer["Location"] == home


def test_moving_cells_of_the_tab_are_asked_for_again(
    client: Client, account: Connection, facebook: Company
) -> None:
    mark = ContactFactory.create(company=facebook)
    ContactLink.objects.create(connection=account, record=mark, state="pending")

    grid = part(page(client, facebook), "contacts")
    fresh = client.get(f"{PEOPLE}cells/?ids={mark.pk}&panel=1").content.decode()

    assert f"{PEOPLE}cells/?ids={mark.pk}" in grid
    assert 'id="cc-poll-contact"' in grid
    assert f'id="cc-contact-{mark.pk}-{account.pk}" hx-swap-oob="true"' in fresh
    assert 'id="cc-poll-contact"' in fresh


def test_the_locations_grid_has_the_seeds_columns(client: Client, facebook: Company) -> None:
    LocationFactory.create(
        company=facebook, label="Head office", recipient="Reception", is_default_billing=True
    )

    grid = part(page(client, facebook), "locations")

    titles = ("Label", "Recipient", "Address", "City", "Country", "Default Billing", "Default Shipping")
    for title in titles:
        assert f">{title}</th>" in grid
    assert "Head office" in grid
    assert "United States of America" in grid


def test_a_line_says_which_addresses_the_account_gets(
    client: Client, account: Connection, facebook: Company
) -> None:
    before = part(page(client, facebook), "locations")
    LocationFactory.create(company=facebook, label="Head office", is_default_billing=True)
    LocationFactory.create(company=facebook, label="Dock", is_default_shipping=True, sync_enabled=False)

    after = part(page(client, facebook), "locations")

    assert (
        "The account&#x27;s billing address: the legal address, since no location is the default." in before
    )
    assert "billing address: Head office (default location)." in after
    assert "shipping address: the legal address, since Dock is not enabled for synchronization." in after


def test_a_location_added_over_its_company_returns_there(client: Client, facebook: Company) -> None:
    sent = {
        "company": str(facebook.pk),
        "label": "Dock",
        "street": "5 Dock Road",
        "is_default_shipping": "on",
    }

    answer = client.post(f"{PLACES}add/?over={facebook.pk}", sent)

    assert answer["Location"] == f"{GRID}{facebook.pk}/change/#locations"
    assert Location.objects.get().is_default_shipping


def log(company_or_contact: Any, text: str, **more: Any) -> Entry:
    fields = {"level": "INFO", "action_type": "customer_sync", "login_user": "dana", **more}
    return Entry.objects.create(object_id=company_or_contact.public_id, description=text, **fields)


def test_the_log_shows_the_company_and_all_that_belongs_to_it(client: Client, facebook: Company) -> None:
    mark, dock = ContactFactory.create(company=facebook), LocationFactory.create(company=facebook)
    gone = ContactFactory.create(company=facebook)
    log(gone, "The deleted contact was created.")
    gone.delete()
    log(facebook, "Facebook was created.")
    log(mark, "Mark was created.", action_type="customer_contact")
    log(dock, "Dock was created.", action_type="customer_location")
    log(CompanyFactory.create(), "Globex was created.")

    shown = part(page(client, facebook), "log")

    for title in ("Level", "Action Type", "Message", "Description", "Login User"):
        assert f">{title}</th>" in shown
    for text in ("Facebook was", "Mark was", "Dock was", "The deleted contact was"):
        assert text in shown
    assert "Globex was" not in shown
    assert shown.index("Dock was") < shown.index("Facebook was")
    assert f"/admin/synclog/entry/?object={facebook.public_id}" in shown


def test_the_log_is_cut_and_leads_to_older_entries(client: Client, facebook: Company) -> None:
    for number in range(60):
        log(facebook, f"Attempt {number:02}.", logged_at=timezone.now() - timedelta(days=60 - number))

    newest = part(page(client, facebook), "log")
    before = newest.partition("log_before=")[2].partition("#")[0]
    older = part(page(client, facebook, f"?log_before={before}"), "log")

    assert newest.count("Attempt ") == 50
    assert "Attempt 59." in newest
    assert older.count("Attempt ") == 10
    assert "Attempt 00." in older


@pytest.mark.parametrize("before", ["x", "-1", "9" * 40, "0"])
def test_an_older_than_that_is_none_is_no_error(client: Client, facebook: Company, before: str) -> None:
    log(facebook, "Attempt.")

    assert client.get(f"{GRID}{facebook.pk}/change/?log_before={before}").status_code == 200


def test_an_empty_log_says_so(client: Client, facebook: Company) -> None:
    assert "Nothing was sent or tried yet." in part(page(client, facebook), "log")


def test_somebody_who_may_not_read_the_log_has_no_such_tab(facebook: Company) -> None:
    log(facebook, "Facebook was created.")

    html = page(browser_of(person("view_company", "change_company")), facebook)

    assert "Facebook was created." not in html
    assert "log-group" not in html


def test_a_contacts_log_is_its_own(client: Client, facebook: Company) -> None:
    mark = ContactFactory.create(company=facebook)
    log(facebook, "Facebook was created.")
    log(mark, f"Mark was created {EVIL}")

    html = client.get(f"{PEOPLE}{mark.pk}/change/").content.decode()

    assert "Mark was created" in part(html, "log")
    assert "Facebook was created." not in html
    assert EVIL not in html


def test_a_company_that_nobody_connected_still_has_its_page(client: Client, facebook: Company) -> None:
    html = page(client, facebook)

    assert "No system is connected yet." in html
    assert not CompanyLink.objects.exists()
