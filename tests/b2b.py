"""What tests of the B2B store say often: look at it, change it, break it."""

from typing import Any

import requests

from connectors.models import Synced
from connectors.sandbox.server import SandboxServer

TIMEOUT_S = 30


def _control(sandbox: SandboxServer, method: str, path: str, body: Any = None) -> Any:
    answer = requests.request(method, f"{sandbox.url}/_control/{path}", json=body, timeout=TIMEOUT_S)
    assert answer.ok, answer.text
    return answer.json()


def set_up(sandbox: SandboxServer, **settings: Any) -> None:
    """Change what the store is like."""
    _control(sandbox, "POST", "settings", {"bigcommerce": settings})


def rows(sandbox: SandboxServer, entity: str) -> list[dict[str, Any]]:
    """Return all records of an entity (company, user, address, customer …) over there."""
    found: list[dict[str, Any]] = _control(sandbox, "GET", f"bigcommerce/{entity}")
    return found


def named(sandbox: SandboxServer, name: str) -> dict[str, Any]:
    """Return the one company of this name; fail on none or several."""
    (found,) = [row for row in rows(sandbox, "company") if row["companyName"] == name]
    return found


def mine(sandbox: SandboxServer, entity: str, record: Synced) -> dict[str, Any]:
    """Return the one record that carries ours' id; fail on none or several."""
    key = {"company": "uuid", "user": "uuid", "address": "externalId"}[entity]
    (found,) = [row for row in rows(sandbox, entity) if row.get(key) == str(record.public_id)]
    return found


def makes(sandbox: SandboxServer, entity: str, *records: dict[str, Any]) -> list[str]:
    """Create records as somebody over there would; return their ids."""
    return list(_control(sandbox, "POST", f"bigcommerce/{entity}", list(records))["ids"])


def changes(sandbox: SandboxServer, entity: str, remote_id: object, **fields: Any) -> None:
    """Change a record as somebody over there would."""
    _control(sandbox, "PUT", f"bigcommerce/{entity}/{remote_id}", fields)


def deletes(sandbox: SandboxServer, entity: str, remote_id: object) -> None:
    """Delete a record as somebody over there would."""
    _control(sandbox, "DELETE", f"bigcommerce/{entity}/{remote_id}")


def break_it(sandbox: SandboxServer, *faults: dict[str, Any]) -> None:
    """Order faults."""
    _control(sandbox, "POST", "faults", [{"system": "bigcommerce", **fault} for fault in faults])


def struck(sandbox: SandboxServer) -> list[int]:
    """Return how often each ordered fault has struck."""
    return [fault["fired"] for fault in _control(sandbox, "GET", "faults")]


def calls(sandbox: SandboxServer) -> dict[str, int]:
    """Return how many calls each route has had."""
    counts: dict[str, int] = _control(sandbox, "GET", "calls")["counts"].get("bigcommerce", {})
    return counts
