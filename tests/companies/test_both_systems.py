"""One page for two systems: reference ids and states side by side, and what waits for what."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from companies.models import Company, CompanyLink, LocationLink
from connectors.models import Connection
from contacts.models import ContactLink
from tests.factories import (
    B2BFactory,
    CompanyFactory,
    ConnectionFactory,
    ContactFactory,
    LocationFactory,
    UserFactory,
)
from tests.staff import SYNCS_ALL, browser_of, person

pytestmark = pytest.mark.django_db
GRID = "/admin/companies/company/"
ACCOUNT, CONTACT = "0015g00000Xa1bcAAB", "0035g00000Xa1bcAAB"


@pytest.fixture
def salesforce() -> Connection:
    return ConnectionFactory.create()


@pytest.fixture
def store() -> Connection:
    return B2BFactory.create()


@pytest.fixture
def facebook() -> Company:
    return CompanyFactory.create(name="Facebook")


@pytest.fixture
def client() -> Client:
    return browser_of(person(*SYNCS_ALL))


def page(client: Client, record: Any) -> str:
    meta = record._meta
    return client.get(f"/admin/{meta.app_label}/{meta.model_name}/{record.pk}/change/").content.decode()


def part(html: str, slug: str) -> str:
    return html.partition(f'id="{slug}-group"')[2].partition("</section>")[0]


def test_a_company_shows_both_ids_and_states(
    client: Client, salesforce: Connection, store: Connection, facebook: Company
) -> None:
    CompanyLink.objects.create(connection=salesforce, record=facebook, remote_id=ACCOUNT)
    CompanyLink.objects.create(connection=store, record=facebook, remote_id="4711", state="pending")

    for html in (page(client, facebook), client.get(GRID).content.decode()):
        for text in ("Salesforce ID", "B2B Reference ID", ACCOUNT, "4711", "In sync", "Waiting"):
            assert text in html


def test_a_contact_shows_both_ids_and_states(
    client: Client, salesforce: Connection, store: Connection, facebook: Company
) -> None:
    mark = ContactFactory.create(company=facebook)
    ContactLink.objects.create(connection=salesforce, record=mark, remote_id=CONTACT)
    ContactLink.objects.create(connection=store, record=mark, remote_id="2211", state="failed", code="gone")

    tab = part(page(client, facebook), "contacts")

    for html in (page(client, mark), tab, client.get("/admin/contacts/contact/").content.decode()):
        for text in ("Salesforce ID", "B2B Reference ID", CONTACT, "2211", "In sync", "Gone over there"):
            assert text in html


def test_a_location_goes_to_the_system_that_takes_it(
    client: Client, salesforce: Connection, store: Connection, facebook: Company
) -> None:
    dock = LocationFactory.create(company=facebook)
    LocationLink.objects.create(connection=store, record=dock, remote_id="101448")

    html = page(client, dock)

    assert "101448" in html
    assert "Sync to B2B" in html
    assert "Salesforce ID" not in html
    assert "Salesforce takes no locations of its own" in html
    assert "In Salesforce the account&#x27;s billing address: the legal address" in part(
        page(client, facebook), "locations"
    )


def test_where_every_system_takes_locations_no_line_speaks_of_an_account(
    client: Client, store: Connection, facebook: Company
) -> None:
    assert "billing address" not in part(page(client, facebook), "locations")


def test_the_association_names_kind_and_their_word(
    client: Client, salesforce: Connection, store: Connection, facebook: Company
) -> None:
    mark = ContactFactory.create(company=facebook)

    table = part(page(client, mark), "association")

    assert "BigCommerce B2B Edition" in table
    assert "Contact → user" in table
    assert "Contact → contact" in table
    assert "Automatic: only on a click" in table


def test_the_association_says_what_a_contact_waits_for(
    client: Client, store: Connection, facebook: Company
) -> None:
    mark = ContactFactory.create(company=facebook)
    ContactLink.objects.create(connection=store, record=mark, state="pending")
    CompanyLink.objects.create(connection=store, record=facebook, state="failed", code="invalid")

    table = part(page(client, mark), "association")

    assert "Waiting" in table
    assert "for Facebook (company), which failed" in table


@pytest.mark.parametrize(
    ("factory", "action", "label"),
    [
        (CompanyFactory, "sync_better-b2b_family", "Sync to B2B · with contacts and locations"),
        (ContactFactory, "sync_better-b2b", "Sync to B2B"),
        (LocationFactory, "sync_better-b2b", "Sync to B2B"),
    ],
)
def test_sync_to_b2b_stands_on_the_page_in_the_menu_and_among_the_actions(
    client: Client, store: Connection, factory: Any, action: str, label: str
) -> None:
    record = factory.create()
    grid = client.get(f"/admin/{record._meta.app_label}/{record._meta.model_name}/").content.decode()

    assert f'<option value="{action}">{label}</option>' in grid
    assert f'class="cc-item" title="" data-once>{label}</button>' in grid
    assert f'<span class="cc-if-clean">{label}</span>' in page(client, record)


def stores(number: int) -> list[Connection]:
    return [B2BFactory.create(slug=f"store-{one}", name=f"Store {one}") for one in range(1, number + 1)]


def test_three_systems_have_a_column_each(client: Client, facebook: Company) -> None:
    stores(3)

    html = client.get(GRID).content.decode()

    assert "B2B Reference ID · Store 3" in html
    assert "link_more" not in html


def test_more_than_three_fold_into_one_with_the_worst_first(client: Client, facebook: Company) -> None:
    rows = stores(6)
    CompanyLink.objects.create(connection=rows[3], record=facebook, remote_id="1", synced_at=timezone.now())
    CompanyLink.objects.create(connection=rows[4], record=facebook, state="failed", code="invalid")
    CompanyLink.objects.create(connection=rows[5], record=facebook, remote_id="2")

    html = client.get(GRID).content.decode()

    assert "B2B Reference ID · Store 3" in html
    assert "B2B Reference ID · Store 4" not in html
    assert f'class="cc-chip cc-failed" href="{GRID}{facebook.pk}/change/">3 more</a>' in html
    assert "1 failed, 2 in sync" in html


def test_a_poll_mends_the_folded_cell(client: Client, facebook: Company) -> None:
    rows = stores(4)
    CompanyLink.objects.create(connection=rows[3], record=facebook, state="pending")

    fresh = client.get(f"{GRID}cells/?ids={facebook.pk}").content.decode()

    assert f'id="cc-company-{facebook.pk}-more" hx-swap-oob="true"' in fresh
    assert "1 waiting" in fresh


def test_the_representative_goes_by_name(client: Client, facebook: Company) -> None:
    dana = UserFactory.create(username="d.whitfield", first_name="Dana", last_name="Whitfield", password=None)
    Company.objects.update(sales_representative=dana)

    html = client.get(GRID).content.decode()

    assert ">Dana Whitfield</span>" in html
    assert f'<option value="{dana.pk}">Dana Whitfield</option>' in html
    assert "d.whitfield" not in html


def test_a_record_that_is_off_at_all_offers_no_enabling_that_would_not_help(
    client: Client, store: Connection, facebook: Company
) -> None:
    Company.objects.update(sync_enabled=False)

    html = client.get(GRID).content.decode() + page(client, facebook)

    assert "/enable/" not in html
    assert f'class="cc-chip cc-not_enabled" href="{GRID}{facebook.pk}/change/"' in html


def test_where_records_only_come_in_nothing_is_offered_to_send(
    client: Client, store: Connection, facebook: Company
) -> None:
    Connection.objects.update(directions={"company": "in"})
    known = CompanyFactory.create()
    CompanyLink.objects.create(connection=store, record=known, remote_id="4711")

    new, linked = page(client, facebook), page(client, known)

    assert "Records come from B2B only; nothing is sent there" in new
    assert "In sync" in linked
    for html in (new, linked):
        assert 'name="_sync"' not in html
