"""Records that were changed, made or deleted in the rehearsed B2B store, read there over HTTP."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from companies.models import Company, CompanyLink, Location, LocationLink
from connectors import pull, push, registry
from connectors.asking import Asker
from connectors.inbound import Found, Missing
from connectors.models import Connection, Cursor
from connectors.protocol import Connector
from connectors.pulling import notices
from connectors.sandbox.server import SandboxServer
from connectors.systems.bigcommerce.pull import SHARED, Place
from contacts.models import Contact, ContactLink
from synclog.models import Entry
from tests import b2b as store
from tests.factories import ConnectionFactory
from tests.talk import accounts

pytestmark = pytest.mark.django_db
EVERYTHING = ("company", "contact", "location")
FACEBOOK = {
    "companyName": "Facebook",
    "companyEmail": "office@facebook.example",
    "companyPhone": "650-555-0100",
    "addressLine1": "1 Hacker Way",
    "addressLine2": "Building 20",
    "city": "Menlo Park",
    "state": "California",
    "country": "United States",
    "zipCode": "94025",
    "adminEmail": "markz@test.example",
    "adminFirstName": "Mark",
    "adminLastName": "Z",
    "companyStatus": 1,
}
ANN = {"companyName": "Facebook", "email": "ann@test.example", "firstName": "Ann", "lastName": "Lee"}
DOCK = {
    "companyName": "Facebook",
    "firstName": "Ann",
    "lastName": "Lee",
    "label": "Dock",
    "addressLine1": "5 Dock Road",
    "city": "Oakland",
    "countryCode": "US",
    "stateCode": "CA",
    "zipCode": "94607",
    "isBilling": True,
    "isShipping": True,
}


def goes(connection: Connection, direction: str, **masters: dict[str, str]) -> None:
    """Let all entities go this way."""
    connection.directions = dict.fromkeys(EVERYTHING, direction)
    connection.masters = masters
    connection.save()


def fetch(connection: Connection) -> None:
    """Read now what changed."""
    pull.ask(connection, by="dana")
    pull.drain(connection.pk)
    cursors = Cursor.objects.filter(connection=connection)
    assert [cursor.trouble for cursor in cursors if cursor.trouble] == []


def told() -> list[str]:
    """Return what the log says of records that came in, oldest first."""
    return list(Entry.objects.filter(direction="in").order_by("pk").values_list("description", flat=True))


def test_company_user_and_address_come_in_with_all_their_fields(
    b2b: Connection, sandbox: SandboxServer
) -> None:
    (company_id,) = store.makes(sandbox, "company", FACEBOOK)
    (address_id,) = store.makes(sandbox, "address", DOCK)
    goes(b2b, "both")

    fetch(b2b)

    company, contact, location = Company.objects.get(), Contact.objects.get(), Location.objects.get()
    assert (company.name, company.legal_street, company.legal_city) == (
        "Facebook", "1 Hacker Way\nBuilding 20", "Menlo Park",
    )  # fmt: skip
    assert (company.legal_region, str(company.legal_country), company.status) == (
        "California", "US", "active",
    )  # fmt: skip
    assert (contact.name, contact.email, contact.role) == ("Mark Z", "markz@test.example", "admin")
    assert (contact.company, contact.is_primary) == (company, False)
    assert (location.label, location.recipient, location.city, str(location.country)) == (
        "Dock", "Ann Lee", "Oakland", "US",
    )  # fmt: skip
    assert CompanyLink.objects.get().remote_id == str(company_id)
    assert LocationLink.objects.get().remote_id == str(address_id)
    assert sorted(text.split(" ")[0] for text in told()) == ["Dock", "Facebook", "Mark"]


def called_since(sandbox: SandboxServer, before: dict[str, int]) -> set[str]:
    """Return the routes of the store that were called since."""
    return {route for route, count in store.calls(sandbox).items() if count != before.get(route, 0)}


def companies(number: int) -> list[dict[str, Any]]:
    """Return many companies, each with its own admin."""
    return [
        {**FACEBOOK, "companyName": f"Company {each:03}", "adminEmail": f"a{each}@test.example"}
        for each in range(number)
    ]


def test_what_came_in_is_never_sent_back(b2b: Connection, sandbox: SandboxServer) -> None:
    store.makes(sandbox, "company", FACEBOOK)
    store.makes(sandbox, "address", DOCK)
    goes(b2b, "both")
    b2b.auto_push = b2b.auto_associate = dict.fromkeys(EVERYTHING, True)
    b2b.save()
    fetch(b2b)
    before = store.calls(sandbox)

    push.drain(b2b.pk)
    fetch(b2b)

    assert called_since(sandbox, before) == {"companies_list", "users_list", "addresses_list"}
    assert not ContactLink.objects.exclude(state="idle").exists()
    assert len(told()) == 3


def test_a_change_there_comes_in_once_and_only_what_changed_is_listed(
    b2b: Connection, sandbox: SandboxServer
) -> None:
    (company_id,) = store.makes(sandbox, "company", FACEBOOK)
    goes(b2b, "both", company={"status": "remote", "phone": "remote"})
    fetch(b2b)

    store.changes(sandbox, "company", company_id, companyStatus=3, companyPhone="650-555-0199")
    fetch(b2b)
    fetch(b2b)

    company = Company.objects.get()
    assert (company.status, company.phone) == ("inactive", "650-555-0199")
    assert told()[-1] == "Facebook updated from B2B: Phone, Status."
    assert len([text for text in told() if text.startswith("Facebook")]) == 2


def test_a_role_of_the_stores_own_is_no_role_of_ours(b2b: Connection, sandbox: SandboxServer) -> None:
    store.makes(sandbox, "company", FACEBOOK)
    (role_id,) = store.makes(sandbox, "role", {"name": "Approver"})
    (user_id,) = store.makes(sandbox, "user", {**ANN, "role": 1})
    goes(b2b, "both", contact={"role": "remote"})
    fetch(b2b)
    ann = Contact.objects.get(email="ann@test.example")

    store.changes(sandbox, "user", user_id, companyRoleId=int(role_id))
    fetch(b2b)

    ann.refresh_from_db()
    link = ContactLink.objects.get(record=ann)
    assert ann.role == "senior_buyer"
    assert b2b.system.role_there(link.snapshot) == "Approver"


def test_a_long_list_that_shifts_while_it_is_read_loses_nobody(
    b2b: Connection, sandbox: SandboxServer
) -> None:
    ids = store.makes(sandbox, "company", *companies(230))
    pages = connector_of(b2b).pull("company", None)
    first = next(pages)
    for remote_id in ids[:40]:  # those that were read: all behind them move up
        store.deletes(sandbox, "company", remote_id)

    rest = list(pages)

    seen = {one.remote_id for page in [first, *rest] for one in page.records}
    assert seen == {str(one) for one in ids}
    assert rest[-1].has_more is False
    assert rest[-1].total == 190


def connector_of(connection: Connection) -> Connector:
    """Return a connector to the store that only asks."""
    stored = Connection.objects.select_related("health").get(pk=connection.pk)
    return registry.open_connector(stored, Asker(stored, 10), call_timeout_s=10)


def test_a_pass_that_breaks_off_goes_on_at_its_cursor(b2b: Connection, sandbox: SandboxServer) -> None:
    ids = store.makes(sandbox, "company", *companies(150))
    connector = connector_of(b2b)
    first = next(connector.pull("company", None))

    (second,) = list(connector.pull("company", first.cursor))

    assert first.has_more
    assert {one.remote_id for one in (*first.records, *second.records)} == {str(one) for one in ids}
    assert len(second.records) == 50 + SHARED
    assert Place.read(second.cursor).since is not None


def test_the_next_pass_begins_before_the_last_one_did(b2b: Connection, sandbox: SandboxServer) -> None:
    (company_id,) = store.makes(sandbox, "company", FACEBOOK)
    connector = connector_of(b2b)
    (page,) = list(connector.pull("company", None))

    (again,) = list(connector.pull("company", page.cursor))

    assert [one.remote_id for one in again.records] == [str(company_id)]  # the overlap


@pytest.mark.parametrize("cursor", ["", "nonsense", "[]", '{"since":"x","foo":1}'])
def test_a_cursor_that_cannot_be_read_starts_from_the_beginning(cursor: str) -> None:
    assert Place.read(cursor) == Place()


def test_single_records_are_found_or_missing(b2b: Connection, sandbox: SandboxServer) -> None:
    (company_id,) = store.makes(sandbox, "company", FACEBOOK)

    found, missing = connector_of(b2b).fetch("company", [str(company_id), "999999"])

    assert isinstance(found, Found)
    assert (found.remote_id, found.name, found.fields["city"]) == (str(company_id), "Facebook", "Menlo Park")
    assert missing == Missing("999999")


def test_a_deleted_company_is_gone_and_its_people_stay(b2b: Connection, sandbox: SandboxServer) -> None:
    (company_id,) = store.makes(sandbox, "company", FACEBOOK)
    goes(b2b, "both")
    fetch(b2b)

    store.deletes(sandbox, "company", company_id)
    notices.keep(b2b, "company", [str(company_id)])
    pull.drain(b2b.pk)

    link = CompanyLink.objects.get()
    assert (link.state, link.code, link.message) == ("failed", "gone", "Deleted in B2B.")
    assert Company.objects.count() == Contact.objects.count() == 1
    assert ContactLink.objects.get().state == "idle"


def test_the_night_finds_a_user_that_was_deleted_without_a_word(
    b2b: Connection, sandbox: SandboxServer
) -> None:
    store.makes(sandbox, "company", FACEBOOK)
    (user_id,) = store.makes(sandbox, "user", ANN)
    goes(b2b, "both")
    fetch(b2b)

    store.deletes(sandbox, "user", user_id)
    Cursor.objects.update(checked_at=timezone.now() - timedelta(days=2))
    pull.drain(b2b.pk)

    links = {link.record.email: link.code for link in ContactLink.objects.select_related("record")}
    assert links == {"markz@test.example": "", "ann@test.example": "gone"}


def test_a_change_in_b2b_reaches_salesforce_once_and_does_not_come_back(
    b2b: Connection, sandbox: SandboxServer
) -> None:
    salesforce = ConnectionFactory.create(
        base_url=f"{sandbox.url}/salesforce", auto_push={"company": True}, auto_associate={"company": True}
    )
    b2b.auto_push = {"company": True}
    b2b.save()
    (company_id,) = store.makes(sandbox, "company", FACEBOOK)
    goes(b2b, "both", company={"phone": "remote"})
    fetch(b2b)
    push.drain(salesforce.pk)
    written = store.calls(sandbox)

    store.changes(sandbox, "company", company_id, companyPhone="650-555-0199")
    fetch(b2b)
    push.drain(salesforce.pk)
    push.drain(b2b.pk)
    fetch(b2b)
    push.drain(salesforce.pk)

    (account,) = accounts(sandbox)
    assert account["Phone"] == "650-555-0199"
    company = Company.objects.get()
    out = Entry.objects.filter(direction="out", object_id=company.public_id).order_by("pk")
    assert [(entry.connection_name, entry.outcome) for entry in out] == [
        ("Salesforce", "created"), ("Salesforce", "updated"),
    ]  # fmt: skip
    assert out[1].changes == {"Phone": ["650-555-0100", "650-555-0199"]}
    assert called_since(sandbox, written) == {"companies_list", "users_list", "addresses_list"}
