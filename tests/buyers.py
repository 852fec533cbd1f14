"""Companies as a B2B store needs them, and what tests of the store's connector say often."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone

from companies.models import Company
from connectors import entities, queue, registry
from connectors.models import Connection, Link, Synced
from connectors.protocol import Adoption, Change, Connector, Matched, Outcome, Window
from contacts.models import Contact, ContactLink
from tests import talk
from tests.factories import CompanyFactory, ContactFactory

PLACE = {
    "legal_street": "1 Hacker Way",
    "legal_city": "Menlo Park",
    "legal_region": "CA",
    "legal_postal_code": "94025",
    "legal_country": "US",
}
DEFAULTS = {"email": "office@facebook.example", "phone": "+1 650 555 0100", **PLACE}


def company(connection: Connection, name: str = "Facebook", **fields: Any) -> Company:
    """Return a new company with all that B2B needs: Mark Z, its Primary, is enabled here.

    Without automatic sync a save of them asks for nothing: the rows go in as it leaves them.
    """
    made = CompanyFactory.build(**{"name": name, **DEFAULTS, **fields})
    mark = ContactFactory.build(
        company=made,
        first_name="Mark",
        last_name="Z",
        email=f"mark@{made.public_id.hex[:12]}.example",
        role="admin",
        is_primary=True,
    )
    if connection.auto_push:
        made.save()
        mark.save()
        enable(connection, mark)
    else:
        Company.objects.bulk_create([made])
        Contact.objects.bulk_create([mark])
        row = ContactLink(connection=connection, record=mark, enabled_by="tester", enabled_at=timezone.now())
        ContactLink.objects.bulk_create([row])
    return made


def lead(company: Company) -> Contact:
    """Return its Primary contact."""
    return Contact.objects.get(company=company, is_primary=True)


def change(record: Synced, **fields: Any) -> None:
    """Edit a record as a person does."""
    record.refresh_from_db()
    for name, value in fields.items():
        setattr(record, name, value)
    record.save()


def enable(connection: Connection, *records: Synced) -> None:
    """Tick the site association of records."""
    for record in records:
        queue.set_enabled(entities.of(type(record)).name, record.pk, connection, True, by="tester")


def sync(connection: Connection, *records: Synced) -> None:
    """Click Sync on records of one entity, and send what is due."""
    talk.send(connection, records)


def link(record: Synced, connection: Connection) -> Link:
    """Return a record's link, fresh."""
    found: Link = entities.of(type(record)).links().get(record=record, connection=connection)
    return found


def settle(connection: Connection, tries: int = 6) -> None:
    """Let each wait be over, again and again, as time would, until nothing waits."""
    for _ in range(tries):
        talk.later(connection)
        if not any(kind.links().filter(state="pending").exists() for kind in entities.in_order()):
            return


def set_up(connection: Connection, **settings: Any) -> None:
    """Change what was chosen on the connection's page; what is known of the store's fields is asked anew."""
    connection.settings = {**connection.settings, **settings}
    connection.save()
    learn(connection)


def learn(connection: Connection) -> None:
    """Have the store asked about its fields at the next push."""
    connection.health.facts = {}
    connection.health.save()


@dataclass
class Desk:
    """The engine as a connector sees it, for changes made by hand."""

    refuses: set[str] = field(default_factory=set)
    adopted: list[Adoption] = field(default_factory=list)
    began: list[str] = field(default_factory=list)
    windows: list[Window] = field(default_factory=list)
    ticks: int = 0
    last: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)  # whose write got no answer

    def tick(self) -> None:
        """Count the calls."""
        self.ticks += 1

    def alive(self) -> None:
        """Do nothing."""

    def on_window(self, window: Window) -> None:
        """Keep what was told."""
        self.windows.append(window)

    def more_urgent(self) -> bool:
        """Know of no click."""
        return False

    def writing(self, keys: Any) -> None:
        """Note what is about to be written."""
        self.last = list(keys)
        self.began += self.last

    def creating(self, key: str, sent: Mapping[str, Any]) -> None:
        """Note what is about to be made."""
        self.writing([key])

    def finishing(self, key: str) -> None:
        """Cancel nothing."""

    def unanswered(self) -> None:
        """Note that the last write got no answer."""
        self.lost += self.last

    def adopt(self, adoptions: Sequence[Adoption]) -> set[str]:
        """Note what is adopted; refuse as told."""
        self.adopted += adoptions
        return {item.key for item in adoptions} & self.refuses

    def on_usage(self, used: int, limit: int) -> None:
        """Do nothing."""

    def tokens(self, fetch: Any) -> Any:
        """Have none: B2B's token is entered."""
        raise NotImplementedError


@contextmanager
def opened(connection: Connection, desk: Desk | None = None, *, timeout_s: float = 10) -> Iterator[Connector]:
    """Open a connector, which has asked the store about its fields."""
    connection.refresh_from_db()
    with registry.open_connector(connection, desk or Desk(), call_timeout_s=timeout_s) as connector:
        connector.facts()
        yield connector


def pushed(connection: Connection, entity: str, *changes: Change, desk: Desk | None = None) -> list[Outcome]:
    """Push changes made by hand; return the outcomes."""
    with opened(connection, desk) as connector:
        return list(connector.push(entity, changes))


def matched(connection: Connection, entity: str, *changes: Change) -> list[Matched]:
    """Return what a push of changes made by hand would do first."""
    with opened(connection) as connector:
        return list(connector.match(entity, changes))


def new_company(key: str, name: str = "Acme", **values: Any) -> Change:
    """Return what an unlinked company of that name wants; `values` are remote names, or Change's own."""
    own = {one: values.pop(one) for one in ("choice", "sure") if one in values}
    payload = {
        "companyName": name, "companyEmail": f"office@{key}.example", "companyPhone": "+1 650 555 0100",
        "country": "United States", "companyStatus": 1, "adminEmail": f"ada@{key}.example",
        "adminFirstName": "Ada", "adminLastName": "Lovelace", **values,
    }  # fmt: skip
    local = {"name": name, "email": payload["companyEmail"], "phone": payload["companyPhone"]}
    first = ("adminEmail", "adminFirstName", "adminLastName")
    fields = {one: value for one, value in payload.items() if one not in first}
    return Change(key, "", fields, payload, local, name=name, **own)
