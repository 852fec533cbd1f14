"""The rows of a demo: companies with their people, a login and connections. Nothing is sent."""

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction

from companies.models import Company, Location
from config.demo import staff, storefront
from config.demo.companies import BAD, demo_companies
from config.demo.people import demo_contacts, demo_locations
from connectors.models import Connection
from contacts.models import Contact

LOGIN = "admin"
PASSWORD = "admin"  # noqa: S105 - the demo's, printed at every start
SLUG = "salesforce"
_ROWS_PER_INSERT = 1000


class RefusedError(Exception):
    """Tell why demo data may not be put here, as a sentence for a person."""


@transaction.atomic
def add_rows(number: int, *, clean: bool, sandbox_url: str, people: bool = False) -> int:
    """Add what is missing and return how many companies that were.

    With `people`: also contacts, locations, staff, and the connection to a store.

    Companies are added only where there are none: not again, and not beside real
    ones. Raises RefusedError.
    """
    refuse_where_unwanted()
    if number < (0 if clean else BAD):
        raise RefusedError("At least 3 companies are needed: three of them can't be sent. Or add --clean.")
    if settings.DEVELOPMENT:  # a known password has no place where others come in
        _add_login()
    point_connection(sandbox_url)
    if people:
        storefront.point(sandbox_url)
    if Company.objects.exists():
        return 0
    made = demo_companies(number, clean=clean)
    if people:
        staff.share_out(made, staff.add_staff())
    Company.objects.bulk_create(made, batch_size=_ROWS_PER_INSERT)  # not save(): that would ask for a sync
    if people:
        contacts = demo_contacts(made, clean=clean)
        if not clean:
            storefront.take_primary_away(made, contacts)
        Contact.objects.bulk_create(contacts, batch_size=_ROWS_PER_INSERT)
        Location.objects.bulk_create(demo_locations(made), batch_size=_ROWS_PER_INSERT)
    return len(made)


def is_prepared() -> bool:
    """Return whether demo data was put here before; what a person did since is theirs."""
    return Connection.objects.filter(slug=SLUG, environment=Connection.Environment.REHEARSAL).exists()


def refuse_where_unwanted() -> None:
    """Raise RefusedError in production and where somebody else's records are."""
    if settings.PRODUCTION:
        raise RefusedError("This is a production system (CONCORD_ENV): demo data is never put here.")
    others = Company.objects.exclude(source=Company.Source.DEMO).exclude(public_id=staff.REGISTERED).count()
    if others:
        raise RefusedError(
            f"This database has {others} companies that are not demo data. Use an empty database."
        )
    ours = Connection.objects.filter(slug__in=(SLUG, storefront.SLUG))
    real = ours.exclude(environment=Connection.Environment.REHEARSAL).first()
    if real is not None:
        raise RefusedError(f"The connection {real.name} here is no rehearsal: demo data would reach it.")


def point_connections(sandbox_url: str) -> None:
    """Let both rehearsal connections talk to this sandbox."""
    point_connection(sandbox_url)
    storefront.point(sandbox_url)


def point_connection(sandbox_url: str) -> None:
    """Let the connection to Salesforce talk to this sandbox; make it if it is missing."""
    address = f"{sandbox_url.rstrip('/')}/salesforce"
    connection, is_new = Connection.objects.get_or_create(
        slug=SLUG,
        defaults={
            "kind": "salesforce",
            "name": "Salesforce",
            "environment": Connection.Environment.REHEARSAL,
            "base_url": address,
            "enabled": True,
            "credentials": {"client_id": "rehearsal-client", "client_secret": "rehearsal-secret"},
            "auto_push": {"company": True, "contact": True},
        },
    )
    if not is_new and connection.base_url != address:
        connection.base_url = address
        connection.save(update_fields=["base_url", "updated_at"])


def _add_login() -> None:
    users = get_user_model()._default_manager
    if not users.filter(username=LOGIN).exists():
        users.create_superuser(LOGIN, "admin@concord.example", PASSWORD)
