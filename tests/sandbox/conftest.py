"""One sandbox for the whole session, gone back to its first day before every test."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from connectors.sandbox.server import SandboxServer

VERSION = "64.0"
TIMEOUT_S = 20


class Remote:
    """A caller with a token, and the control API beside it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.base = f"{url}/salesforce"
        self.data = f"{self.base}/services/data/v{VERSION}"
        self.session = requests.Session()

    def log_in(self) -> str:
        answer = self.token()
        assert answer.status_code == 200, answer.text
        token = str(answer.json()["access_token"])
        self.session.headers["Authorization"] = f"Bearer {token}"
        return token

    def token(self, **form: str) -> requests.Response:
        filled = {
            "grant_type": "client_credentials",
            "client_id": "rehearsal-client",
            "client_secret": "rehearsal-secret",
            **form,
        }
        return requests.post(f"{self.base}/services/oauth2/token", data=filled, timeout=TIMEOUT_S)

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        """Call below the version's root."""
        options.setdefault("timeout", TIMEOUT_S)
        return self.session.request(method, f"{self.data}{path}", **options)

    def query(self, soql: str, path: str = "/query", **options: Any) -> requests.Response:
        return self.call("GET", path, params={"q": soql}, **options)

    def upsert(
        self, records: list[dict[str, Any]], *, address: str = "Account/Concord_Id__c", **more: Any
    ) -> requests.Response:
        """Upsert by Collections; the type is filled in where a record has none."""
        kind = address.partition("/")[0]
        filled = [{"attributes": {"type": kind}, **record} for record in records]
        return self.call("PATCH", f"/composite/sobjects/{address}", json={"records": filled, **more})

    def control(self, method: str, path: str, **options: Any) -> requests.Response:
        options.setdefault("timeout", TIMEOUT_S)
        return requests.request(method, f"{self.url}/_control/{path}", **options)

    def settings(self, **changes: Any) -> None:
        answer = self.control("POST", "settings", json={"salesforce": changes})
        assert answer.status_code == 200, answer.text

    def fault(self, fault: str, **more: Any) -> None:
        order = {"system": "salesforce", "fault": fault, **more}
        answer = self.control("POST", "faults", json=[order])
        assert answer.status_code == 200, answer.text

    def stored(self, entity: str = "Account") -> list[dict[str, Any]]:
        return list(self.control("GET", f"salesforce/{entity}").json())

    def store(self, *records: dict[str, Any], entity: str = "Account") -> list[str]:
        """Store records as a remote user would."""
        answer = self.control("POST", f"salesforce/{entity}", json=list(records))
        assert answer.status_code == 200, answer.text
        return list(answer.json()["ids"])


@pytest.fixture(scope="session")
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer() as server:
        yield server


@pytest.fixture
def remote(sandbox: SandboxServer) -> Remote:
    """A fresh org and a caller who is logged in."""
    caller = Remote(sandbox.url)
    caller.control("POST", "reset")
    caller.log_in()
    return caller
