"""Colleagues over there: what tests of users say of the sandbox's org."""

from typing import Any

import requests

from connectors.models import Connection, RemoteUser, UserLink
from connectors.sandbox.server import SandboxServer

SALES_EAST, LEFT_COMPANY = "east@example.com", "left@example.com"  # usernames of the first day


def everybody(sandbox: SandboxServer) -> list[dict[str, Any]]:
    """Return all users over there, of every type."""
    found: list[dict[str, Any]] = requests.get(f"{sandbox.url}/_control/salesforce/User", timeout=30).json()
    return found


def hire(sandbox: SandboxServer, *people: dict[str, Any]) -> None:
    """Add users over there."""
    url = f"{sandbox.url}/_control/salesforce/User"
    requests.post(url, json=list(people), timeout=60).raise_for_status()


def change(sandbox: SandboxServer, username: str, **fields: Any) -> None:
    """Change a user over there as an administrator would."""
    (key,) = [one["Id"] for one in everybody(sandbox) if one["Username"] == username]
    url = f"{sandbox.url}/_control/salesforce/User/{key}"
    requests.put(url, json=fields, timeout=10).raise_for_status()


def mirrored(connection: Connection, username: str) -> RemoteUser:
    """Return a user of the mirror, fresh."""
    return RemoteUser.objects.get(connection=connection, username=username)


def remote(connection: Connection, name: str, **values: Any) -> RemoteUser:
    """Return a user of the mirror, made without a call."""
    number = RemoteUser.objects.count()
    key = f"0055g{number:010}AAA"
    return RemoteUser.objects.create(connection=connection, name=name, remote_id=key, **values)


def link(user: Any, remote_user: RemoteUser) -> UserLink:
    """Link one of ours."""
    return UserLink.objects.create(user=user, connection=remote_user.connection, remote_user=remote_user)
