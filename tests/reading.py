"""What tests of reading say often: which way records go, read now, what came in."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from companies.models import Company, CompanyLink
from connectors import pull
from connectors.models import Connection, Cursor
from synclog.models import Entry
from tests.factories import CompanyFactory
from tests.shelf import Shelf
from tests.talk import send


def goes(shelf: Shelf, direction: str, *entities: str, **masters: dict[str, str]) -> None:
    """Let entities go this way, all if none is named; `masters` by entity."""
    names = entities or ("company", "contact", "location")
    connection: Connection = shelf.connection
    connection.directions = dict.fromkeys(names, direction)
    connection.masters = masters
    connection.save()


def fetch(shelf: Shelf) -> None:
    """Read now what changed."""
    pull.ask(shelf.connection, by="dana")
    pull.drain(shelf.connection.pk)


def linked(shelf: Shelf, **values: Any) -> tuple[Company, str]:
    """Return a company that stands over there, and its id."""
    company = CompanyFactory.create(**values)
    send(shelf.connection, [company])
    return company, link_of(company).remote_id


def linked_at_once(shelf: Shelf, count: int) -> list[Company]:
    """Return so many companies that stand over there."""
    companies = CompanyFactory.create_batch(count)
    send(shelf.connection, companies)
    return companies


def link_of(company: Company) -> CompanyLink:
    return CompanyLink.objects.get(record=company)


def arrivals() -> list[Entry]:
    """Return what the log says of records that came in, oldest first."""
    return list(Entry.objects.filter(direction="in").order_by("pk"))


def fresh(company: Company) -> Company:
    return Company.objects.get(pk=company.pk)


def nightly(shelf: Shelf) -> None:
    """Read the whole lists, as at night."""
    Cursor.objects.update(checked_at=timezone.now() - timedelta(days=2))
    pull.drain(shelf.connection.pk)
