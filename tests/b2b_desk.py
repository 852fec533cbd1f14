"""The B2B connector without the engine: a desk that notes what it asks, and changes as it gets them."""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from connectors.protocol import Account, Change, Outcome, Window
from connectors.sandbox.server import SandboxServer
from connectors.systems.bigcommerce import wire
from connectors.systems.bigcommerce.connector import BigCommerceConnector
from tests import desk
from tests.desk import HERE

CREDENTIALS = {
    "store_hash": "rehearsal",
    "access_token": "rehearsal-token",
    "client_secret": "rehearsal-secret",
}


@dataclass
class Desk(desk.Desk):
    """The engine as the B2B connector sees it; `gives_way_after` that many questions."""

    windows: list[Window] = field(default_factory=list)
    gives_way_after: int = 1_000_000
    core_ticks: int = 0

    def alive(self) -> None:
        """Count the calls that no limit counts."""
        self.core_ticks += 1

    def on_window(self, window: Window) -> None:
        """Note what was told of the limit."""
        self.windows.append(window)

    def more_urgent(self) -> bool:
        """Say as told whether a click waits."""
        self.gives_way_after -= 1
        return self.gives_way_after < 0


@contextmanager
def at(
    url: str,
    desk: Desk | None = None,
    *,
    settings: Mapping[str, Any] | None = None,
    credentials: Mapping[str, str] | None = None,
    with_facts: bool = False,
    timeout_s: float = 10,
) -> Iterator[BigCommerceConnector]:
    """Open a connector to this address; `with_facts`: it has asked for the store's fields and roles."""
    account = Account(
        url, {**CREDENTIALS, **(credentials or {})}, dict(settings or {}), {}, timeout_s, "rehearsal", HERE
    )
    with BigCommerceConnector(account, desk or Desk()) as connector:
        if with_facts:
            connector.facts()
        yield connector


def store(sandbox: SandboxServer, desk: Desk | None = None, **options: Any) -> Any:
    """Open a connector to the sandbox's B2B store."""
    return at(f"{sandbox.url}/bigcommerce", desk, **options)


def pushed(
    sandbox: SandboxServer, entity: str, *changes: Change, desk: Desk | None = None, **options: Any
) -> list[Outcome]:
    """Push these changes by one connector; return the outcomes."""
    with store(sandbox, desk, **options) as connector:
        return list(connector.push(entity, changes))


def key() -> str:
    """Return a key as our records have."""
    return str(uuid.uuid4())


def _change(name: str, payload: dict[str, Any], first: dict[str, Any], own: dict[str, Any]) -> Change:
    fields = own.pop("fields", payload)
    edited = own.pop("edited", fields)
    own.setdefault("key", key())
    own.setdefault("remote_id", "")
    known = {name: value for name, value in {**first, **payload}.items() if value not in (None, "")}
    return Change(fields=fields, payload=known, edited=edited, name=name, **own)


def company(name: str = "Facebook", *, admin: str = "markz@test.com", **values: Any) -> Change:
    """Return what a company wants; `values` are flat remote names, or Change's own."""
    own, rest = _own(values)
    payload = {
        "companyName": name,
        "companyEmail": "info@facebook.example",
        "companyPhone": "+1 650 555 0100",
        wire.LINES: "1 Hacker Way",
        "city": "Menlo Park",
        "state": "California",
        "country": "United States",
        "zipCode": "94025",
        "companyStatus": 1,
        **rest,
    }
    first = {"adminEmail": admin, "adminFirstName": "Mark", "adminLastName": "Z"}
    return _change(name, payload, first, own)


def user(company_id: str, email: str = "markz@test.com", role: int = 2, **values: Any) -> Change:
    """Return what a contact of this company wants."""
    own, rest = _own(values)
    payload = {
        "companyId": company_id, "firstName": "Mark", "lastName": "Z", "email": email, "role": role, **rest
    }  # fmt: skip
    return _change("Mark Z", payload, {}, {"parent_id": company_id, **own})


def address(company_id: str, label: str = "Head office", **values: Any) -> Change:
    """Return what a location of this company wants."""
    own, rest = _own(values)
    payload = {
        "companyId": company_id,
        "label": label,
        wire.NAME: "Mark Z",
        wire.LINES: "100 King Street",
        "city": "Toronto",
        "stateName": "Ontario",
        "zipCode": "M5H 1J8",
        "countryCode": "CA",
        "isBilling": True,
        "isShipping": True,
        "isDefaultBilling": False,
        "isDefaultShipping": False,
        **rest,
    }
    return _change(label, payload, {}, {"parent_id": company_id, **own})


_OWN = frozenset(
    {"key", "remote_id", "fields", "edited", "choice", "sure", "parent_id", "parent_adopted", "moved_from"}
)


def _own(values: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Split what is Change's own from the fields of the record."""
    own = {name: value for name, value in values.items() if name in _OWN}
    return own, {name: value for name, value in values.items() if name not in _OWN}
