"""One sandbox for the whole session, gone back to its first day before every test."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from connectors.sandbox.server import SandboxServer

VERSION = "64.0"
TIMEOUT_S = 20
NOBODY = "http://127.0.0.1:9/hook"  # the port that discards: nothing listens


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


class StoreCaller:
    """A caller of the rehearsed BigCommerce store, with its token, and the control API beside it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.base = f"{url}/bigcommerce"
        self.session = requests.Session()
        self.session.headers.update({"X-Auth-Token": "rehearsal-token", "X-Store-Hash": "rehearsal"})

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        """Call B2B Edition."""
        return self.session.request(method, f"{self.base}/api/v3/io{path}", timeout=TIMEOUT_S, **options)

    def core(self, method: str, path: str, **options: Any) -> requests.Response:
        """Call the core API."""
        address = f"{self.base}/stores/rehearsal/v3{path}"
        return self.session.request(method, address, timeout=TIMEOUT_S, **options)

    def data(self, path: str, **query: Any) -> Any:
        """Return the data of a B2B call that must go well."""
        answer = self.call("GET", path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    def company(self, **values: Any) -> int:
        """Create a company by the API and return its id."""
        answer = self.call("POST", "/companies", json=company_values(**values))
        assert answer.status_code == 200, answer.text
        return int(answer.json()["data"]["companyId"])

    def user(self, company_id: int, **values: Any) -> int:
        """Create a company user by the API and return their id."""
        answer = self.call("POST", "/users", json=user_values(company_id, **values))
        assert answer.status_code == 200, answer.text
        return int(answer.json()["data"]["userId"])

    def address(self, company_id: int, **values: Any) -> int:
        """Create an address by the API and return its id."""
        answer = self.call("POST", "/addresses", json=address_values(company_id, **values))
        assert answer.status_code == 200, answer.text
        return int(answer.json()["data"]["addressId"])

    def control(self, method: str, path: str, **options: Any) -> Any:
        """Call the control API, which must go well, and return its answer."""
        answer = requests.request(method, f"{self.url}/_control/{path}", timeout=TIMEOUT_S, **options)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def settings(self, **changes: Any) -> None:
        self.control("POST", "settings", json={"bigcommerce": changes})

    def fault(self, fault: str, **more: Any) -> None:
        self.control("POST", "faults", json=[{"system": "bigcommerce", "fault": fault, **more}])

    def store(self, entity: str, **record: Any) -> int:
        """Store a record as a person over there would and return its id."""
        return int(self.control("POST", f"bigcommerce/{entity}", json=record)["ids"][0])

    def stored(self, entity: str) -> list[dict[str, Any]]:
        return list(self.control("GET", f"bigcommerce/{entity}"))


class Visitor(StoreCaller):
    """A person in front of the store's pages."""

    def page(self, path: str) -> requests.Response:
        return requests.get(f"{self.base}{path}", timeout=TIMEOUT_S)

    def text(self, path: str) -> str:
        """Return a page that must be there."""
        answer = self.page(path)
        assert answer.status_code == 200, answer.text
        return answer.text

    def token(self) -> str:
        """Return the token that the forms of a page carry."""
        found = re.search(r'name="token" value="([^"]+)"', self.text("/page/companies"))
        assert found
        return found[1]

    def does(self, deed: str, key: object = "", **typed: str) -> requests.Response:
        """Send a form as the page would."""
        return self.sends({"token": self.token(), "deed": deed, "id": str(key), **typed})

    def sends(self, form: dict[str, str], **headers: str) -> requests.Response:
        return requests.post(f"{self.base}/page/order", data=form, headers=headers, timeout=TIMEOUT_S)

    def change(self, entity: str, key: int, **values: Any) -> None:
        """Change a record behind the pages."""
        self.control("PUT", f"bigcommerce/{entity}/{key}", json=values)

    def several(self, entity: str, *records: dict[str, Any]) -> list[int]:
        """Store records as a person over there would and return their ids."""
        return [int(key) for key in self.control("POST", f"bigcommerce/{entity}", json=list(records))["ids"]]

    def one(self, entity: str, key: int) -> dict[str, Any]:
        return dict(self.control("GET", f"bigcommerce/{entity}/{key}"))

    def hooks(self, *scopes: str) -> list[int]:
        """Let nobody at all be told of these."""
        return [self.store("hook", scope=scope, destination=NOBODY) for scope in scopes]

    def heard(self) -> list[str]:
        """Return the scopes that were told, oldest first."""
        return [each["scope"] for each in self.stored("delivery")]

    def users_of(self, company: int) -> dict[str, int]:
        """Return the ids of a company's users by e-mail."""
        return {row["email"]: row["id"] for row in self.stored("user") if row["companyId"] == company}


def company_values(**values: Any) -> dict[str, Any]:
    """Return what POST /companies asks for; None leaves a key out."""
    filled = {
        "companyName": "Facebook",
        "companyPhone": "+1 555 0100",
        "companyEmail": "office@facebook.example",
        "country": "US",
        "adminFirstName": "Mark",
        "adminLastName": "Z",
        "adminEmail": "markz@test.com",
        **values,
    }
    return {key: value for key, value in filled.items() if value is not None}


def user_values(company_id: int, **values: Any) -> dict[str, Any]:
    """Return what POST /users asks for; None leaves a key out."""
    filled = {
        "companyId": company_id,
        "email": "ann@test.com",
        "firstName": "Ann",
        "lastName": "Lee",
        "role": 2,
        **values,
    }
    return {key: value for key, value in filled.items() if value is not None}


def address_values(company_id: int, **values: Any) -> dict[str, Any]:
    """Return what POST /addresses asks for; None leaves a key out."""
    filled = {
        "companyId": company_id,
        "firstName": "Ann",
        "lastName": "Lee",
        "addressLine1": "1 Hacker Way",
        "city": "Menlo Park",
        "countryCode": "US",
        "stateCode": "CA",
        **values,
    }
    return {key: value for key, value in filled.items() if value is not None}


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


@pytest.fixture
def store(sandbox: SandboxServer) -> StoreCaller:
    """A fresh BigCommerce store and a caller with its token."""
    caller = StoreCaller(sandbox.url)
    caller.control("POST", "reset")
    return caller


@pytest.fixture
def visitor(sandbox: SandboxServer) -> Visitor:
    """A fresh BigCommerce store and a person in front of its pages."""
    visitor = Visitor(sandbox.url)
    visitor.control("POST", "reset")
    return visitor


@pytest.fixture
def facebook(visitor: Visitor) -> int:
    """The company that everybody starts with, and its admin Mark Z; return its id."""
    return visitor.store("company", **company_values(adminPhoneNumber="444444444"))


@pytest.fixture
def mark(visitor: Visitor, facebook: int) -> int:
    """Return the id of Facebook's admin."""
    return visitor.users_of(facebook)["markz@test.com"]
