"""Who is logged in, and to which org: userinfo and the identity address.

Source: Salesforce fact sheet, "Tokens"; the answer's further keys are from memory. [M]
"""

from typing import Any

from .org import Org


def identity(org: Org, root: str, user_id: str) -> dict[str, Any]:
    """Return the token's user and the org's id; the org's name is in the object Organization."""
    user = org.store.tables["User"].rows[user_id]
    address = f"{root}/id/{org.settings.org_id}/{user['Id']}"
    return {
        "sub": address,
        "id": address,
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
