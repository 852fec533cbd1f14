"""The demo's storefront on its first day: some companies are enabled and sent, two records need somebody.

It sells in a few countries only: the others' companies are left for you to enable.
"""

import uuid
from collections.abc import Iterable
from typing import Any

from companies.models import Company, Location
from config.demo.companies import DUPLICATE_NAME
from connectors import queue
from connectors.models import Connection, Link
from contacts.models import Contact
from synclog import runs
from synclog.models import Run

SLUG = "better-b2b"
NAME = "Better B2B"
SOLD_TO = ("US", "DE", "GB", "FR", "CA", "SE", "MX")
FIRST = 12  # companies: what 150 calls a minute let arrive while somebody looks around
KEY_FIELD = "Concord ID"  # the store's extra field for our id
# What stands in the store before anything is sent, beside its customers.
EXTRA_FIELDS: tuple[dict[str, Any], ...] = (
    {"resource": "company", "fieldName": KEY_FIELD, "isUnique": True, "visibleToEnduser": False},
    {"resource": "company", "fieldName": "Tax ID"},
)
SETTINGS = {"key_field": KEY_FIELD, "tax_id_field": "Tax ID"}
LOGIN = {"store_hash": "rehearsal", "access_token": "rehearsal-token", "client_secret": "rehearsal-secret"}


def point(sandbox_url: str) -> None:
    """Let the rehearsal store's connection talk to this sandbox; make it if it is missing."""
    address = f"{sandbox_url.rstrip('/')}/bigcommerce"
    connection, is_new = Connection.objects.get_or_create(
        slug=SLUG,
        defaults={
            "kind": "bigcommerce",
            "name": NAME,
            "environment": Connection.Environment.REHEARSAL,
            "base_url": address,
            "enabled": True,
            "credentials": LOGIN,
            "settings": SETTINGS,
            "auto_push": {"company": True, "contact": True, "location": True},
            "batch_size": 100,
            "max_slots": 2,
        },
    )
    if not is_new and connection.base_url != address:
        connection.base_url = address
        connection.save(update_fields=["base_url", "updated_at"])


def sold_to(companies: Iterable[Company]) -> list[Company]:
    """Return those that are customers of the store, of the demo's companies in their order."""
    fitting = (company for company in companies if str(company.legal_country) in SOLD_TO)
    return [company for company in fitting if company.status != Company.Status.REJECTED][:FIRST]


def take_primary_away(companies: Iterable[Company], contacts: Iterable[Contact]) -> None:
    """Leave the last of the store's companies without a Primary contact: B2B can't create it then."""
    customers = sold_to(companies)
    for contact in contacts:
        if customers and contact.company is customers[-1]:
            contact.is_primary = False


def shoppers() -> list[dict[str, Any]]:
    """Return the store's customers from before: one is a contact here, whose company must be asked first."""
    if not Company.objects.filter(name=DUPLICATE_NAME).exists():  # a clean demo
        return []
    found = Contact.objects.filter(company__in=_customers()[:-1], is_primary=False, active=True)
    person = found.order_by("company", "pk").first()
    if person is None:
        return []
    known = {"email": person.email, "first_name": person.first_name, "last_name": person.last_name}
    return [{**known, "orderIds": [1001, 1017]}]


def first_day(connection: Connection) -> None:
    """Enable the store's companies with their people and places, and send them. Call it once."""
    companies = [company.pk for company in _customers()]
    wanted: dict[str, Any] = {
        "company": companies,
        "location": Location.objects.filter(company__in=companies),
        "contact": Contact.objects.filter(company__in=companies),
    }
    pks = {name: [getattr(one, "pk", one) for one in records] for name, records in wanted.items()}
    run, _ = runs.start(
        uuid.uuid4(),
        kind=Run.Kind.COMMAND,
        label=connection.system.push_label,
        connection_id=connection.pk,
        connection_name=connection.name,
        entity="",
        user_name="demo",
        requested=sum(map(len, pks.values())),
    )
    for name, chosen in pks.items():
        bulk = Link.Priority.BULK  # in turns, so that a click of yours goes ahead
        queue.enqueue(name, chosen, connection, run=run.pk, requested_by="demo", priority=bulk)


def _customers() -> list[Company]:
    return sold_to(Company.objects.filter(source=Company.Source.DEMO).order_by("pk"))
