"""Records that are over there already, for tests whose claim is what happens next.

The other side goes in by the sandbox's control API, ours as link rows with the values that a push leaves:
tests/connectors/test_seeded.py pushes for real beside it and compares. A test that claims something of the
push itself pushes.
"""

import copy
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from django.utils import timezone

from companies.models import Company, Location
from connectors import entities, health, identity
from connectors.models import Connection, Synced
from connectors.rendering import Renderer
from connectors.sandbox.server import SandboxServer
from connectors.systems.salesforce import address_parts
from contacts.models import Contact
from tests import b2b as store
from tests import b2b_desk, desk, talk

STATUS = {"pending": 0, "active": 1, "rejected": 2, "inactive": 3, "blocked": 3}
ROLE = {"admin": 0, "senior_buyer": 1, "junior_buyer": 2}
STATES = {"": "", "CA": "California"}
COUNTRIES = {"US": "United States"}


def tested(connection: Connection, sandbox: SandboxServer) -> None:
    """Leave a connection as its first talk leaves it: who answers there and what its fields take is known."""
    organisation, facts = _asked(connection.kind, sandbox)
    identity.accept(connection, organisation)
    health.learn(connection, copy.deepcopy(facts))


@cache
def _asked(kind: str, sandbox: SandboxServer) -> tuple[str, dict[str, Any]]:
    """Return what a new sandbox tells of itself. Asked once in a process: each test begins with a new one."""
    with {"salesforce": desk.salesforce, "bigcommerce": b2b_desk.store}[kind](sandbox) as connector:
        return connector.organisation(), dict(connector.facts())


def there(connection: Connection, sandbox: SandboxServer, *records: Synced) -> None:
    """Have records over there and linked; in the store a company with its Primary, who is its first user."""
    for record in records:
        record.refresh_from_db()
        place = _in_salesforce if connection.kind == "salesforce" else _PLACED[type(record)]
        place(connection, sandbox, record)


def _in_salesforce(connection: Connection, sandbox: SandboxServer, record: Any) -> None:
    renderer = Renderer(connection, entities.of(type(record)))
    fields = renderer.one(record).for_create()
    whole = {renderer.mapping.key: str(record.public_id), **fields}
    (remote_id,) = talk.remote_creates(sandbox, whole, sobject=renderer.mapping.remote)
    _link(connection, record, remote_id, {**fields, **address_parts.spelled_otherwise(fields)})


def _company(connection: Connection, sandbox: SandboxServer, record: Any) -> None:
    lead = Contact.objects.get(company=record, is_primary=True)
    lines = record.legal_street.splitlines()
    plain = {
        "companyName": record.name, "companyEmail": record.email, "companyPhone": record.phone,
        "city": record.legal_city, "state": STATES[record.legal_region], "zipCode": record.legal_postal_code,
        "country": COUNTRIES[str(record.legal_country)], "companyStatus": STATUS[record.status],
    }  # fmt: skip
    (remote_id,) = store.makes(
        sandbox,
        "company",
        {
            **_filled(plain),
            **_filled(dict(zip(("addressLine1", "addressLine2"), lines, strict=False))),
            **_filled({"adminFirstName": lead.first_name, "adminLastName": lead.last_name}),
            "adminEmail": lead.email,
            "uuid": str(record.public_id),
        },
    )
    first = [str(lead.public_id), lead.email]
    snapshot = {**plain, "addressLine1 + addressLine2": record.legal_street, "firstUser": first}
    _link(connection, record, remote_id, snapshot)
    (user,) = [row for row in store.rows(sandbox, "user") if row["email"] == lead.email]
    store.changes(sandbox, "user", user["id"], uuid=str(lead.public_id), role=0)
    _link_user(connection, lead, user["id"], remote_id)


def _contact(connection: Connection, sandbox: SandboxServer, record: Any) -> None:
    company_id = _remote_id(connection, record.company)
    (remote_id,) = store.makes(
        sandbox,
        "user",
        {
            **_user(record),
            "companyId": int(company_id),
            "uuid": str(record.public_id),
            "acceptWelcomeEmail": False,
        },
    )
    _link_user(connection, record, remote_id, company_id)


def _link_user(connection: Connection, record: Contact, remote_id: object, company_id: str) -> None:
    _link(connection, record, remote_id, {**_user(record), "companyId": company_id})


def _user(record: Contact) -> dict[str, Any]:
    names = {"firstName": record.first_name, "lastName": record.last_name, "email": record.email}
    role = ROLE["admin"] if record.is_primary else ROLE[record.role]
    return _filled({**names, "phoneNumber": record.phone, "role": role})


def _location(connection: Connection, sandbox: SandboxServer, record: Any) -> None:
    company_id = _remote_id(connection, record.company)
    lead = Contact.objects.get(company=record.company, is_primary=True)
    first, last = (record.recipient or f"{lead.first_name} {lead.last_name}").rsplit(" ", 1)
    line, *more = record.street.splitlines()
    plain = {
        "label": record.label, "phoneNumber": record.phone, "city": record.city,
        "stateName": STATES[record.region], "zipCode": record.postal_code, "countryCode": str(record.country),
        "isBilling": True, "isShipping": True, "isDefaultBilling": record.is_default_billing,
        "isDefaultShipping": record.is_default_shipping,
    }  # fmt: skip
    (remote_id,) = store.makes(
        sandbox,
        "address",
        {
            **_filled(plain),
            "companyId": int(company_id),
            "externalId": str(record.public_id),
            "stateCode": record.region,
            "firstName": first,
            "lastName": last,
            "addressLine1": line,
            "addressLine2": ", ".join(more),
        },
    )
    snapshot = {
        **plain,
        "companyId": company_id,
        "firstName + lastName": f"{first} {last}",
        "addressLine1 + addressLine2": "\n".join(filter(None, [line, ", ".join(more)])),
    }
    _link(connection, record, remote_id, snapshot)


def _filled(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value != ""}


def _remote_id(connection: Connection, company: Company) -> str:
    found = entities.get("company").links().values_list("remote_id", flat=True)
    return str(found.get(connection=connection, record=company))


def _link(connection: Connection, record: Synced, remote_id: object, snapshot: Mapping[str, Any]) -> None:
    entity, moment = entities.of(type(record)), timezone.now()
    values = {
        "remote_id": str(remote_id),
        "remote_url": f"{connection.base_url}/{entity.name}/{remote_id}",
        "snapshot": _filled(snapshot),
        "synced_at": moment,
        "synced_version": record.version,
        "state": "idle",
        "priority": 0,
        "requested_at": moment,
        "requested_by": "tester",
    }
    entity.links().update_or_create(connection=connection, record=record, defaults=values)


_PLACED: Mapping[type, Callable[[Connection, SandboxServer, Any], None]] = {
    Company: _company,
    Contact: _contact,
    Location: _location,
}
