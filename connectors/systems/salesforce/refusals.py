"""Why Salesforce refuses a login, as a task: who does what where. Source: the fact sheet's section 2.1.

A refusal is known by a part of its description, or by its code: one code means many
things. The first that fits counts.
"""

from collections.abc import Mapping

from connectors.protocol import Account
from connectors.systems.salesforce import jwt_bearer
from connectors.systems.salesforce.errors import Fault
from connectors.systems.salesforce.words import ADMIN

_UNKNOWN = f"Concord does not know why. {ADMIN} looks at the login history of the user whom Concord acts as"
_NO_FLOW = (
    f"the app does not allow the client credentials flow. {ADMIN} switches it on in the app's OAuth settings"
)
_BOTH: Mapping[str, str] = {
    "request not supported on this domain": (
        "this is not your own domain. Enter the My Domain URL (https://….my.salesforce.com)"
    ),
    "invalid_client_id": (
        "it does not know the Client ID. Compare it with the app in Salesforce, and the address"
    ),
    "inactive_org": f"the organisation is locked or closed. {ADMIN} finds out why",
}
_CLIENT_CREDENTIALS: Mapping[str, str] = {
    **_BOTH,
    "no client credentials user enabled": (
        f"the app has no Run As user. {ADMIN} sets it in the app's policies"
    ),
    "hasn't approved this consumer": (
        f"the Run As user may not use the app. {ADMIN} allows it in the app's policies"
    ),
    "client credentials flow not enabled": _NO_FLOW,
    "invalid_client": (
        "the Client ID or the Client Secret is wrong. Copy both anew from the app in Salesforce"
    ),
    "inactive_user": f"the app's Run As user is inactive. {ADMIN} activates it",
    "invalid_app_access": f"the Run As user may not use the app. {ADMIN} assigns it",
    "unsupported_grant_type": _NO_FLOW,
    "invalid_grant": f"the app or its Run As user may not log in. {ADMIN} looks at the user's login history",
}
_BAD_AUDIENCE = (
    "it does not accept the audience {audience}. Choose another on the connection's page: Sandbox for a "
    "sandbox, Production for any other organisation, My Domain where neither serves"
)
# Source of the scope: several integrators; approvals are kept with the refresh token.
_NOT_APPROVED = (
    f"the user {{username}} is not pre-authorised for the app. {ADMIN} opens Setup › External Client App "
    "Manager › the app › Policies, sets Permitted Users to “Admin approved users are pre-authorized”, and "
    "adds the user's profile or permission set; the app also needs the scope “Perform requests at any time "
    "(refresh_token, offline_access)”"
)
_JWT: Mapping[str, str] = {
    **_BOTH,
    "hasn't approved this consumer": _NOT_APPROVED,
    "not admin approved": _NOT_APPROVED,
    "invalid_app_access": _NOT_APPROVED,
    "audience is invalid": _BAD_AUDIENCE,
    "app_not_found": f"it does not find the app. Compare the Client ID; else {_BAD_AUDIENCE}",
    "expire": (
        "it finds the signed login too old, or too far ahead. Whoever runs Concord compares the clock of "
        "this machine with the true time and corrects it"
    ),
    "invalid assertion": (
        "the certificate in the app does not belong to the private key here. "
        f"{ADMIN} uploads the certificate that was made with this key; or upload its key on the "
        "connection's page"
    ),
    "invalid_client": (
        f"the app takes no signed login. {ADMIN} switches the JWT bearer flow on in the app's OAuth settings "
        "and uploads the certificate"
    ),
    "unsupported_grant_type": (
        f"the app does not allow the JWT bearer flow. {ADMIN} switches it on in the app's OAuth settings"
    ),
    "inactive_user": f"the user {{username}} is inactive. {ADMIN} activates it, or enter another Username",
    "invalid_grant": f"the user {{username}} may not log in. {ADMIN} looks at the user's login history",
}
_WRONG_CLOCK = (
    "the clock of this machine is {clock}, and a signed login is good for a few minutes only. Whoever runs "
    "Concord sets the clock"
)


def why(fault: Fault, headers: Mapping[str, str], account: Account, now: float) -> str:
    """Return why a login was refused and who does what where, without a full stop.

    A wrong clock of ours has many names over there; it is seen in the answer's Date.
    """
    is_jwt = jwt_bearer.of(account.credentials)
    said = f"{fault.text} {fault.code}".lower()
    clock = jwt_bearer.clock_off(headers, now) if is_jwt else ""
    if clock and ("assertion" in said or "expire" in said):
        return _WRONG_CLOCK.format(clock=clock)
    reasons = _JWT if is_jwt else _CLIENT_CREDENTIALS
    found = next((text for part, text in reasons.items() if part in said), _UNKNOWN)
    username = str(account.credentials.get("username", ""))
    return found.replace("{audience}", jwt_bearer.audience(account)).replace("{username}", username)
