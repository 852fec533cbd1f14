"""Who may be given a record.

Source: Salesforce fact sheet, "Error codes and what to do", class owner; wordings are from memory. [M]
"""

from collections.abc import Collection

from .errors import Refusal
from .schema import SObject
from .store import Row

FIELDS = ["OwnerId"]


def refuse_blank(sobject: SObject) -> None:
    """Raise the refusal of a record that would belong to nobody."""
    label = sobject.by_name["ownerid"].label
    raise Refusal("INVALID_CROSS_REFERENCE_KEY", f"{label}: owner cannot be blank", fields=FIELDS)


def refuse_bad(sobject: SObject, user: Row, without_read: Collection[str]) -> None:
    """Raise Refusal for a user who is inactive, of another type, or not allowed to read such records."""
    kind = sobject.name.lower()
    if not user["IsActive"]:
        message = f"operation performed with inactive user [{user['Id']}] as owner of {kind}"
        raise Refusal("INACTIVE_OWNER_OR_USER", message, fields=FIELDS)
    if user["UserType"] != "Standard":
        message = f"{sobject.name} cannot be owned by a user of type {user['UserType']}"
        raise Refusal("OP_WITH_INVALID_USER_TYPE_EXCEPTION", message, fields=FIELDS)
    if user["Alias"] in without_read:
        message = f"The new owner must have read access to {kind}s."
        raise Refusal("TRANSFER_REQUIRES_READ", message, fields=FIELDS)
