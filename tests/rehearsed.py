"""Every system as its sandbox rehearses it: what its records are called, and how one is made there.

A new system adds one row to REHEARSED.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import requests

from connectors import registry
from connectors.protocol import Account, Change, Connector
from connectors.sandbox.server import SandboxServer
from connectors.systems.bigcommerce import wire
from tests.desk import CREDENTIALS, HERE, Desk

LOCAL = {"name": "", "website": "", "first_name": "", "email": "", "phone": "", "label": ""}


@dataclass(frozen=True)
class Sent:
    """How one entity is called over there."""

    entity: str
    there: str
    name: str  # their field for its name
    theirs: str  # a field that we never send
    local: str  # our field for its name
    write: str  # the route of a write
    rest: Callable[[str, str], dict[str, Any]] = lambda _key, _parent: {}  # what else a record needs
    first: Callable[[str], dict[str, Any]] = lambda _key: {}  # what only a new one takes

    def change(self, key: str, name: str = "Acme", *, remote_id: str = "", parent: str = "") -> Change:
        """Return what a record of that name wants."""
        fields = {self.name: name, **self.rest(key, parent)}
        local = {**LOCAL, self.local: name}
        return Change(key, remote_id, fields, {**fields, **self.first(key)}, local, parent_id=parent)


@dataclass(frozen=True)
class Rehearsed:
    """How a system is rehearsed: where it answers, and what its parts are called there."""

    slug: str  # the path where it answers, too
    credentials: dict[str, str]
    sent: tuple[Sent, ...]
    refuses: str  # a fault that one record fails with
    refused_status: int = 200
    skip_refresh: str = ""  # a 401 that a new token does not heal; none where the token is entered
    settings: Mapping[str, Any] = field(default_factory=dict)  # of the sandbox
    hosts: Mapping[str, Any] = field(
        default_factory=dict
    )  # the company that others belong to, made over there


REHEARSED = {
    "salesforce": Rehearsed(
        "salesforce",
        CREDENTIALS,
        (
            Sent("company", "Account", "Name", "Industry", "name", "collections_*"),
            Sent("contact", "Contact", "LastName", "Department", "last_name", "collections_*"),
        ),
        "record:STRING_TOO_LONG",
        skip_refresh="This session is not valid for use with the REST API",
    ),
    "bigcommerce": Rehearsed(
        "bigcommerce",
        {"store_hash": "rehearsal", "access_token": "rehearsal-token", "client_secret": "rehearsal-secret"},
        (
            Sent(
                "company", "company", "companyName", "zipCode", "name", "company_create",
                lambda key, _: {
                    "companyEmail": f"{key}@x.example", "companyPhone": "1", "country": "US",
                    "companyStatus": 1,
                },
                lambda key: {
                    "adminEmail": f"a-{key}@x.example", "adminFirstName": "Ada", "adminLastName": "L"
                },
            ),
            Sent(
                "contact", "user", "lastName", "phoneNumber", "last_name", "user*_create",
                lambda key, parent: {
                    "companyId": parent, "email": f"{key}@x.example", "firstName": "Ada", "role": 2
                },
            ),
            Sent(
                "location", "address", "label", "zipCode", "label", "address*_create",
                lambda _, parent: {
                    "companyId": parent, wire.NAME: "Ada L", wire.LINES: "1 Gracht", "city": "Delft",
                    "countryCode": "NL",
                },
            ),
        ),
        "record:PARAMETER",
        refused_status=422,
        settings={"requests_per_window": 100_000, "rate_headers": False},
        hosts={"companyName": "Host"},
    ),
}  # fmt: skip
PAIRS = [(slug, sent) for slug, rehearsed in REHEARSED.items() for sent in rehearsed.sent]
HOST_USER = "Admin"  # who is there with the host


def named(pair: tuple[str, Sent]) -> str:
    """Return how a pair is called in a test's name."""
    return f"{pair[0]}-{pair[1].entity}"


@contextmanager
def opened(
    sandbox: SandboxServer, system: Rehearsed, desk: Desk, *, timeout_s: float = 10
) -> Iterator[Connector]:
    """Open a connector to the sandbox's system."""
    url = f"{sandbox.url}/{system.slug}"
    account = Account(url, system.credentials, {}, {}, timeout_s, "rehearsal", HERE)
    with registry.kind(system.slug).connect(account, desk) as connector:
        yield connector


def control(sandbox: SandboxServer, method: str, path: str, body: Any = None) -> Any:
    """Ask the stage hand of the sandbox."""
    answer = requests.request(method, f"{sandbox.url}/_control/{path}", json=body, timeout=30)
    assert answer.ok, answer.text
    return answer.json()


def rows(sandbox: SandboxServer, system: Rehearsed, sent: Sent) -> list[dict[str, Any]]:
    """Return all records of an entity over there, but for who came with the host."""
    found = control(sandbox, "GET", f"{system.slug}/{sent.there}")
    return [row for row in found if row[sent.name] != HOST_USER]


def names(sandbox: SandboxServer, system: Rehearsed, sent: Sent) -> list[str]:
    """Return what the records over there are called."""
    return sorted(row[sent.name] for row in rows(sandbox, system, sent))


def break_it(sandbox: SandboxServer, system: Rehearsed, fault: dict[str, Any]) -> None:
    """Order a fault."""
    control(sandbox, "POST", "faults", [{"system": system.slug, **fault}])
