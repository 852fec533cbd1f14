"""The pages of the Salesforce stand-in, in Salesforce's own words, and who the login is."""

from typing import Any

from ..system import Desk, Prank
from ..wire import Reply, Request
from .org import Org

PRANKS: tuple[Prank, ...] = ()


def summary(org: Org) -> str:
    """Return how many accounts and contacts are held."""
    return f"{len(org.store.tables['Account'].rows)} accounts"


def identity(org: Org, root: str) -> dict[str, Any]:
    """Return who is logged in, and where."""
    user = org.store.tables["User"].rows[org.integration_user]
    return {
        "sub": f"{root}/id/{org.settings.org_id}/{user['Id']}",
        "id": f"{root}/id/{org.settings.org_id}/{user['Id']}",
        "user_id": user["Id"],
        "organization_id": org.settings.org_id,
        "preferred_username": user["Username"],
        "username": user["Username"],
        "name": user["Name"],
        "display_name": user["Name"],
        "email": user["Email"],
        "user_type": user["UserType"].upper(),
        "active": True,
        "urls": {"rest": f"{root}/services/data/v{{version}}/"},
    }


def page(org: Org, request: Request, seen: Desk) -> Reply | None:
    """Return the page at this path, or None where it is the API's."""
    return None
