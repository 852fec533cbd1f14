"""What tests seed is what the engine leaves: the same record is pushed for real and seeded, and compared."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from companies.models import Company
from connectors import entities
from connectors.models import Connection, ConnectionHealth, Synced
from connectors.sandbox.server import SandboxServer
from contacts.models import Contact
from tests import b2b as store
from tests import buyers, seeded, talk
from tests.factories import CompanyFactory, ContactFactory, LocationFactory

pytestmark = pytest.mark.django_db

# Of a link: who and when, never what was agreed.
ITS_OWN = {
    "id", "record_id", "remote_id", "remote_url", "synced_at", "ticket", "requested_at", "not_before", "run",
    "leased_at", "enabled_at",
}  # fmt: skip
MAKERS: dict[str, Callable[[Company], Synced]] = {
    "user": lambda company: ContactFactory.create(
        company=company, first_name="Anna", last_name="B", phone="+1 650 555 0123", role="senior_buyer",
        email=f"anna@{company.name.lower()}.example",
    ),
    "address": lambda company: LocationFactory.create(
        company=company, label="Dock", street="5 Dock Road\nGate 7\nLeft door", region="CA",
        postal_code="94607", recipient="Dana van Dock", phone="+1 510 555 0100",
    ),
}  # fmt: skip


def plain(value: Any, *own: object) -> Any:
    """Return a value without what is a record's own: its ids, its keys, the time."""
    text = repr(value)
    for one in own:
        text = text.replace(str(one), "·")
    return re.sub(r"([0-9a-f]{12})\.example|'(createdAt|updatedAt)': \d+", "·", text)


def link(shop: Connection, record: Synced, *own: object) -> str:
    """Return a link row as far as it says what was agreed."""
    rows = entities.of(type(record)).links().filter(connection=shop, record=record).values()
    (row,) = [{name: value for name, value in one.items() if name not in ITS_OWN} for one in rows]
    return str(plain({**row, "snapshot": sorted(row["snapshot"].items())}, record.public_id, *own))


def both(shop: Connection, **fields: Any) -> tuple[Company, Company]:
    """Return two companies that differ in nothing but their keys."""
    return buyers.company(shop, **fields), buyers.company(shop, **fields)


@pytest.mark.parametrize("status", ["active", "blocked"])
def test_a_seeded_company_is_as_a_push_leaves_it(
    shop: Connection, sandbox: SandboxServer, status: str
) -> None:
    pushed, placed = both(shop, status=status, legal_street="1 Hacker Way\nBuilding 20")
    buyers.sync(shop, pushed)
    health = ConnectionHealth.objects.values().get(connection=shop)
    there = {kind: store.rows(sandbox, kind) for kind in ("company", "user", "customer")}
    store.changes(sandbox, "company", there["company"][0]["id"], companyName="Meta")  # else it looks alike

    seeded.there(shop, sandbox, placed)

    for one, other in ((pushed, placed), (buyers.lead(pushed), buyers.lead(placed))):
        owns = [
            (
                who.public_id,
                buyers.lead(who).public_id,
                buyers.lead(who).email,
                buyers.link(who, shop).remote_id,
            )
            for who in (pushed, placed)
        ]
        assert link(shop, other, *owns[1]) == link(shop, one, *owns[0])
    for kind, rows in there.items():
        first, last = rows[0], store.rows(sandbox, kind)[-1]
        assert _row(last, kind, placed) == _row(first, kind, pushed)
    assert ConnectionHealth.objects.values().get(connection=shop) == health


def _row(row: dict[str, Any], kind: str, company: Company) -> dict[str, Any]:
    """Return a row of the store without its ids and times; who it belongs to by our keys."""
    ids = {"id", "companyId", "customerId", "customerGroupId", "bcGroupId"}
    times = {"createdAt", "updatedAt", "date_created", "date_modified"}
    lead = buyers.lead(company)
    ours = {str(company.public_id): "company", str(lead.public_id): "lead", lead.email: "lead's"}
    kept = {name: value for name, value in row.items() if name not in ids | times}
    return {name: ours.get(value, value) if isinstance(value, str) else value for name, value in kept.items()}


@pytest.mark.parametrize("kind", MAKERS)
def test_a_seeded_record_of_a_company_is_as_a_push_leaves_it(
    shop: Connection, sandbox: SandboxServer, kind: str
) -> None:
    pushed, placed = (buyers.company(shop, name) for name in ("Facebook", "Globex"))
    seeded.there(shop, sandbox, pushed, placed)
    one, other = MAKERS[kind](pushed), MAKERS[kind](placed)
    buyers.sync(shop, one)

    seeded.there(shop, sandbox, other)

    ids = [buyers.link(company, shop).remote_id for company in (pushed, placed)]
    assert link(shop, other, ids[1], "globex") == link(shop, one, ids[0], "facebook")
    own = {"id", "companyId", "customerId", "createdAt", "updatedAt", "uuid", "externalId", "email"}
    first, second = (store.mine(sandbox, kind, record) for record in (one, other))
    assert {name: first[name] for name in first.keys() - own} == {
        name: second[name] for name in second.keys() - own
    }


def test_what_is_seeded_in_salesforce_is_as_a_push_leaves_it(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    pushed, placed = (
        CompanyFactory.create(name="Facebook", website="", email="", phone="1") for _ in range(2)
    )
    buyers.sync(salesforce, pushed)
    seeded.there(salesforce, sandbox, placed)
    dana, anna = (
        ContactFactory.create(company=company, last_name="Z", phone="1", email=f"{name}@test.example")
        for company, name in ((pushed, "dana"), (placed, "anna"))
    )
    buyers.sync(salesforce, dana)
    seeded.there(salesforce, sandbox, anna)

    ids = [buyers.link(company, salesforce).remote_id for company in (pushed, placed)]
    assert link(salesforce, placed) == link(salesforce, pushed)
    assert link(salesforce, anna, ids[1], "anna") == link(salesforce, dana, ids[0], "dana")
    for sobject in ("Account", "Contact"):
        first, second = talk.rows(sandbox, sobject)
        own = {
            "Id", "Concord_Id__c", "AccountId", "Email", "CreatedDate", "LastModifiedDate", "SystemModstamp",
            "OwnerId", "CreatedById", "LastModifiedById",  # a colleague made it, not Concord's user
        }  # fmt: skip
        assert {name: value for name, value in second.items() if name not in own} == {
            name: value for name, value in first.items() if name not in own
        }


def test_what_was_seeded_has_nothing_to_send(shop: Connection, sandbox: SandboxServer) -> None:
    facebook = buyers.company(shop)
    seeded.there(shop, sandbox, facebook)
    anna, dock = (make(facebook) for make in MAKERS.values())
    seeded.there(shop, sandbox, anna, dock)

    before = {kind: store.rows(sandbox, kind) for kind in ("company", "user", "address")}
    for record in (facebook, buyers.lead(facebook), anna, dock):
        buyers.sync(shop, record)

    assert {kind: store.rows(sandbox, kind) for kind in before} == before
    assert {buyers.link(one, shop).state for one in (facebook, anna, dock)} == {"idle"}
    assert isinstance(anna, Contact)
