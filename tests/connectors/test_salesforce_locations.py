"""A company's default locations fill its account's addresses; what touches them requests the company.

After the fact sheet's section 2.10: BillingStreet 255, City 40, State 80, PostalCode 20,
Country 80, the same for Shipping.
"""

from typing import Any

import pytest

from companies.models import Company, Location
from connectors import queue
from connectors.models import Connection
from connectors.sandbox.server import SandboxServer
from tests import talk
from tests.desk import asked, set_up
from tests.factories import CompanyFactory, LocationFactory

pytestmark = pytest.mark.django_db(transaction=True)
PARTS = ("Street", "City", "State", "PostalCode", "Country")
SENT = ("Street", "City", "StateCode", "PostalCode", "CountryCode")
LEGAL = ("1 Market Street", "San Francisco", "California", "94105", "United States")
DOCK = {
    "street": "5 Dock Road",
    "city": "Vancouver",
    "region": "BC",
    "postal_code": "V6B 1A1",
    "country": "CA",
}
AT_DOCK = ("5 Dock Road", "Vancouver", "British Columbia", "V6B 1A1", "Canada")


@pytest.fixture
def automatic(salesforce: Connection) -> Connection:
    """Return the connection with automatic sync of companies on."""
    salesforce.auto_push = {"company": True}
    salesforce.save()
    return salesforce


@pytest.fixture
def company(automatic: Connection, sandbox: SandboxServer) -> Company:
    """Return a company that is over there with its legal address."""
    company: Company = CompanyFactory.create()
    talk.drain(automatic)
    return company


def address(sandbox: SandboxServer, company: Company, which: str) -> tuple[Any, ...]:
    account = talk.account_of(sandbox, company)
    return tuple(account.get(which + part) for part in PARTS)


def test_without_locations_both_addresses_are_the_legal_one(sandbox: SandboxServer, company: Company) -> None:
    assert address(sandbox, company, "Billing") == address(sandbox, company, "Shipping") == LEGAL


@pytest.mark.parametrize(
    ("mark", "fills", "other"), [("billing", "Billing", "Shipping"), ("shipping", "Shipping", "Billing")]
)
def test_a_default_location_fills_its_address_and_no_other(
    automatic: Connection, sandbox: SandboxServer, company: Company, mark: str, fills: str, other: str
) -> None:
    LocationFactory.create(company=company, **DOCK, **{f"is_default_{mark}": True})
    talk.drain(automatic)

    assert address(sandbox, company, fills) == AT_DOCK
    assert address(sandbox, company, other) == LEGAL
    (record,) = talk.last_body(sandbox, "collections_update")["records"]
    assert set(record) == {"attributes", "id", *(fills + part for part in SENT)}


def test_a_location_without_a_mark_changes_nothing(
    automatic: Connection, sandbox: SandboxServer, company: Company
) -> None:
    said = len(asked(sandbox))

    LocationFactory.create(company=company, **DOCK)
    talk.drain(automatic)

    assert talk.link_of(company).state == "idle"
    assert len(asked(sandbox)) == said


def test_an_edit_of_the_default_location_follows(
    automatic: Connection, sandbox: SandboxServer, company: Company
) -> None:
    dock = LocationFactory.create(company=company, **DOCK, is_default_billing=True)
    talk.drain(automatic)
    dock.city = "Reno"
    dock.save()

    talk.drain(automatic)

    (record,) = talk.last_body(sandbox, "collections_update")["records"]
    assert (record["BillingCity"], len(record)) == ("Reno", 3)


def _unmark(place: Location) -> None:
    place.is_default_billing = False
    place.save()


def _switch_off(place: Location) -> None:
    place.sync_enabled = False
    place.save()


def _mark_another(place: Location) -> None:
    LocationFactory.create(
        company=place.company, street="1 Market Street", city="San Francisco", region="CA",
        postal_code="94105", country="US", is_default_billing=True,
    )  # fmt: skip


@pytest.mark.parametrize("ends", [Location.delete, _unmark, _switch_off, _mark_another])
def test_when_the_default_location_ends_the_account_follows(
    automatic: Connection, sandbox: SandboxServer, company: Company, ends: Any
) -> None:
    dock = LocationFactory.create(company=company, **DOCK, is_default_billing=True)
    talk.drain(automatic)
    assert address(sandbox, company, "Billing") == AT_DOCK

    ends(dock)
    talk.drain(automatic)

    assert address(sandbox, company, "Billing") == LEGAL
    assert talk.link_of(company).state == "idle"


def test_blanks_of_the_default_location_are_cleared_and_not_mixed_with_the_legal_address(
    automatic: Connection, sandbox: SandboxServer, company: Company
) -> None:
    LocationFactory.create(
        company=company, street="5 Dock Road", city="Oakland", region="", postal_code="", country="",
        is_default_billing=True,
    )  # fmt: skip

    talk.drain(automatic)

    assert address(sandbox, company, "Billing") == ("5 Dock Road", "Oakland", None, None, None)


@pytest.mark.parametrize(
    ("field", "limit", "label"),
    [
        ("street", 255, "Billing Street"),
        ("city", 40, "Billing City"),
        ("postal_code", 20, "Billing Postal Code"),
    ],
)
def test_what_is_too_long_names_the_address_that_it_fills(
    automatic: Connection, sandbox: SandboxServer, company: Company, field: str, limit: int, label: str
) -> None:
    dock = LocationFactory.create(
        company=company, **{**DOCK, field: "x" * (limit + 1)}, is_default_billing=True
    )

    talk.drain(automatic)

    link = talk.link_of(company)
    text = f"{label} has {limit + 1} characters; Salesforce takes {limit}. Shorten it by 1."
    assert (link.state, list(link.errors.values())) == ("failed", [text])
    assert address(sandbox, company, "Billing") == LEGAL

    setattr(dock, field, "x" * limit)
    dock.save()
    talk.drain(automatic)
    assert talk.link_of(company).state == "idle"
    assert "x" * limit in address(sandbox, company, "Billing")


def test_a_region_that_is_too_long_is_refused_where_it_is_free_text(
    automatic: Connection, sandbox: SandboxServer
) -> None:
    set_up(sandbox, state_country_picklists=False)
    company = CompanyFactory.create()
    LocationFactory.create(company=company, **{**DOCK, "region": "x" * 81}, is_default_billing=True)

    talk.drain(automatic)

    link = talk.link_of(company)
    text = "Billing State or Province has 81 characters; Salesforce takes 80. Shorten it by 1."
    assert (link.state, list(link.errors.values())) == ("failed", [text])


def test_with_automatic_sync_off_the_company_shows_as_changed(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    company = CompanyFactory.create()
    talk.send(salesforce, [company])

    dock = LocationFactory.create(company=company, **DOCK, is_default_shipping=True)
    talk.drain(salesforce)

    assert address(sandbox, company, "Shipping") == LEGAL
    word, reason = talk.shown(company, salesforce)
    assert word == "Changed, not sent"
    assert "Shipping Street" in reason
    dock.delete()
    assert talk.shown(company, salesforce)[0] == "In sync"


def test_a_company_that_is_off_is_not_requested_by_its_locations(
    automatic: Connection, sandbox: SandboxServer, company: Company
) -> None:
    queue.set_enabled("company", company.pk, automatic, False, by="tester")

    LocationFactory.create(company=company, **DOCK, is_default_billing=True)
    talk.later(automatic)

    assert address(sandbox, company, "Billing") == LEGAL


def test_locations_that_bypassed_save_are_found(
    automatic: Connection, sandbox: SandboxServer, company: Company
) -> None:
    dock = LocationFactory.create(company=company, **DOCK, is_default_billing=True)
    talk.drain(automatic)
    Location.objects.filter(pk=dock.pk).update(city="Reno")

    assert queue.find_changed(automatic, "company") == 1
    talk.drain(automatic)

    assert address(sandbox, company, "Billing")[1] == "Reno"


def test_a_location_that_moves_to_another_company_leaves_the_first_right(
    automatic: Connection, sandbox: SandboxServer, company: Company
) -> None:
    other = CompanyFactory.create()
    dock = LocationFactory.create(company=company, **DOCK, is_default_billing=True)
    talk.drain(automatic)

    dock.company = other
    dock.save()
    talk.drain(automatic)

    assert address(sandbox, other, "Billing") == AT_DOCK
    assert address(sandbox, company, "Billing") == LEGAL


def test_a_location_is_saved_while_its_company_is_on_the_wire(
    automatic: Connection, sandbox: SandboxServer
) -> None:
    from connectors import push
    from tests.waiting import wait_until

    from .test_races import in_thread

    company = CompanyFactory.create()
    talk.break_it(sandbox, {"fault": "slow:0.8", "match": {"route": "collections_upsert"}, "times": 1})

    with in_thread(lambda: push.drain(automatic.pk)):
        wait_until(lambda: talk.count(sandbox, "composite"))
        LocationFactory.create(company=company, **DOCK, is_default_billing=True)
    talk.drain(automatic)

    assert address(sandbox, company, "Billing") == AT_DOCK
    assert talk.link_of(company).changed == []
