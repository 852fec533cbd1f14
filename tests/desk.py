"""A desk for one connector without the engine: what it asks of it is noted, nothing is stored."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import requests

from connectors.addresses import Permit
from connectors.protocol import Account, Adoption, Change, FetchedToken, Outcome, TokenSource, Window
from connectors.sandbox.server import SandboxServer
from connectors.systems.salesforce.connector import SalesforceConnector

CREDENTIALS = {"client_id": "rehearsal-client", "client_secret": "rehearsal-secret"}
KEY = "Concord_Id__c"
HERE = Permit(rehearsal=True, inside=("127.0.0.1",))  # where the sandbox listens


@dataclass
class Tokens:
    """A token kept in memory; counts the logins."""

    fetch: Callable[[], FetchedToken]
    logins: int = 0
    value: str = ""

    def get(self) -> str:
        """Return the token, fetching one if there is none."""
        return self.value or self.replace("")

    def replace(self, stale: str) -> str:
        """Fetch a new token."""
        self.logins += 1
        self.value = self.fetch().value
        return self.value


@dataclass
class Desk:
    """The engine as a connector sees it; `refuses` are keys that may not adopt."""

    refuses: set[str] = field(default_factory=set)
    ticks: int = 0
    last: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)  # whose write got no answer
    began: list[str] = field(default_factory=list)
    adopted: list[Adoption] = field(default_factory=list)
    usage: list[tuple[int, int]] = field(default_factory=list)
    source: Tokens | None = None

    def tick(self) -> None:
        """Count the calls."""
        self.ticks += 1

    def alive(self) -> None:
        """Hold no slot."""

    def on_window(self, window: Window) -> None:
        """Pace nothing."""

    def more_urgent(self) -> bool:
        """Know of no click."""
        return False

    def writing(self, keys: Iterable[str]) -> None:
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
        """Note the usage."""
        self.usage.append((used, limit))

    def tokens(self, fetch: Callable[[], FetchedToken]) -> TokenSource:
        """Return a token of this desk alone."""
        self.source = self.source or Tokens(fetch)
        return self.source


@contextmanager
def at(
    url: str,
    desk: Desk | None = None,
    *,
    settings: dict[str, Any] | None = None,
    facts: dict[str, Any] | None = None,
    credentials: dict[str, str] | None = None,
    timeout_s: float = 10,
) -> Iterator[SalesforceConnector]:
    """Open a connector to this address."""
    account = Account(
        url, credentials or CREDENTIALS, settings or {}, facts or {}, timeout_s, "rehearsal", HERE
    )
    with SalesforceConnector(account, desk or Desk()) as connector:
        yield connector


def salesforce(sandbox: SandboxServer, desk: Desk | None = None, **options: Any) -> Any:
    """Open a connector to the sandbox's Salesforce."""
    return at(f"{sandbox.url}/salesforce", desk, **options)


def change(key: str, name: str = "Acme", *, remote_id: str = "", **values: Any) -> Change:
    """Return what a company of that name wants; `values` are remote names, or Change's own."""
    own = {name: values.pop(name) for name in ("choice", "sure") if name in values}
    local = {"name": name, "website": values.pop("website", ""), "email": values.pop("email", "")}
    fields = values.pop("fields", None)
    payload = {"Name": name, **values}
    return Change(key, remote_id, payload if fields is None else fields, payload, local, **own)


def sent(sandbox: SandboxServer, *changes: Change, desk: Desk | None = None, **options: Any) -> list[Outcome]:
    """Push these changes by one connector; return the outcomes."""
    with salesforce(sandbox, desk, **options) as connector:
        return list(connector.push("company", changes))


def set_up(sandbox: SandboxServer, **settings: Any) -> None:
    """Change what the administrator of the rehearsed org decided."""
    url = f"{sandbox.url}/_control/settings"
    requests.post(url, json={"salesforce": settings}, timeout=10).raise_for_status()


def asked(sandbox: SandboxServer, *routes: str) -> list[dict[str, Any]]:
    """Return the calls that were recorded, all or those of these routes, oldest first."""
    found = requests.get(f"{sandbox.url}/_control/calls", timeout=10).json()["last"]
    return [call for call in found if not routes or call["route"] in routes]


def remote_deletes(sandbox: SandboxServer, account_id: str) -> None:
    """Delete an account as somebody over there would."""
    url = f"{sandbox.url}/_control/salesforce/Account/{account_id}"
    requests.delete(url, timeout=10).raise_for_status()
