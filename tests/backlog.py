"""Backlogs for a B2B store: many records at once, and what is over there afterwards."""

from typing import Any

from companies.models import Company, Location
from connectors import entities, queue
from connectors.models import Connection, Link
from connectors.protocol import Change
from connectors.sandbox.server import SandboxServer
from contacts.models import Contact
from tests import b2b as store
from tests import b2b_desk, buyers, talk
from tests.factories import CompanyFactory, ContactFactory, LocationFactory

CONTACTS, LOCATIONS = 3, 2


def house(companies: int, contacts: int = CONTACTS, locations: int = LOCATIONS) -> list[Company]:
    """Make companies with so many contacts each, of whom the first is Primary, and locations."""
    made = Company.objects.bulk_create(CompanyFactory.build_batch(companies, **buyers.PLACE))
    Contact.objects.bulk_create(
        ContactFactory.build(company=company, is_primary=number == 0)
        for company in made
        for number in range(contacts)
    )
    Location.objects.bulk_create(
        LocationFactory.build(company=company, region="CA", postal_code="94601")
        for company in made
        for _ in range(locations)
    )
    return made


def ask_for_all(connection: Connection) -> None:
    """Ask for everything at once, as a backlog."""
    run = talk.new_run(connection).pk
    for kind in entities.in_order():
        pks = list(kind.records().values_list("pk", flat=True))
        queue.enqueue(
            kind.name, pks, connection, run=run, requested_by="t", priority=Link.Priority.BULK, along=False
        )


def send_all(connection: Connection) -> None:
    """Send a backlog of everything until nothing waits."""
    ask_for_all(connection)
    talk.drain(connection)


def in_sync(connection: Connection) -> set[str]:
    """Return how the records here are shown."""
    shown = (talk.all_shown(kind.records(), connection) for kind in entities.in_order())
    return {word for states in shown for word, _ in states}


def keys(sandbox: SandboxServer, entity: str, name: str) -> list[str]:
    """Return the keys that the records over there carry."""
    return sorted(row[name] for row in store.rows(sandbox, entity))


def ours(model: Any) -> list[str]:
    """Return the keys of our records."""
    return sorted(str(one) for one in model.objects.values_list("public_id", flat=True))


def all_there_once(sandbox: SandboxServer) -> None:
    """Assert that each record of ours is over there, once, below its company."""
    assert keys(sandbox, "company", "uuid") == ours(Company)
    assert keys(sandbox, "user", "uuid") == ours(Contact)
    assert keys(sandbox, "address", "externalId") == ours(Location)
    ids = {row["id"]: row["uuid"] for row in store.rows(sandbox, "company")}
    for row in store.rows(sandbox, "user"):
        assert ids[row["companyId"]] == str(Contact.objects.get(public_id=row["uuid"]).company.public_id)


def firm(connection: Connection, number: int, **fields: Any) -> Company:
    """Return a new company of its own e-mail and phone."""
    own = {"email": f"office{number}@firm.example", "phone": f"+1 650 555 {number:04d}"}
    return buyers.company(connection, **{"name": f"Firm {number}", **own, **fields})


def firms(connection: Connection, count: int) -> list[Company]:
    """Return that many new companies."""
    return [firm(connection, number) for number in range(count)]


def by_hand(count: int, **values: Any) -> list[Change]:
    """Return what that many new companies want, without the engine."""
    return [
        b2b_desk.company(f"Firm {n}", admin=f"a{n}@firm.example", companyEmail=f"o{n}@firm.example", **values)
        for n in range(count)
    ]
