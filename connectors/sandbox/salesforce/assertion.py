"""The login by a signed assertion (JWT bearer): who is it from, is it true, and whose token will it be.

Source: Salesforce fact sheet, "Tokens". Which complaint comes first, and the wordings marked [M], are from
memory: the app is found first, because its certificate is needed for the rest.
"""

import json
import time
from collections.abc import Mapping
from typing import Any

import jwt

from .certificate import registered_key
from .settings import Settings
from .store import Row, Table

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
ALGORITHM = "RS256"
LONGEST_LIFE_S = 300
LEEWAY_S = 30  # clocks differ


class LoginRefused(Exception):
    """An OAuth error and its description."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(error)
        self.error = error
        self.description = description


def user_of(assertion: str, settings: Settings, own_root: str, users: Table) -> Row:
    """Return the user whose token the assertion asks for; raise LoginRefused."""
    if _read(assertion).get("iss") != settings.client_id:
        raise LoginRefused("invalid_client_id", "client identifier invalid")
    claims = _verified(assertion, settings.jwt_public_key)
    if claims.get("aud") not in (settings.login_audience, own_root):
        raise _grant("audience is invalid")
    _refuse_bad_expiry(claims.get("exp"))
    return _approved(claims.get("sub"), users)


def refuse_inactive(user: Row) -> None:
    """Raise LoginRefused for somebody who left."""
    if not user["IsActive"]:
        raise LoginRefused("inactive_user", "user is inactive")  # [M]


def _read(assertion: str) -> Mapping[str, Any]:
    try:
        if jwt.get_unverified_header(assertion).get("alg") != ALGORITHM:
            raise _grant("invalid assertion")
        return _claims(jwt.PyJWS().decode(assertion, options={"verify_signature": False}))
    except (jwt.InvalidTokenError, UnicodeError) as error:
        raise _grant("invalid assertion") from error


def _verified(assertion: str, pem: str) -> Mapping[str, Any]:
    if not pem:
        raise _grant("invalid assertion")
    try:
        payload = jwt.PyJWS().decode(assertion, registered_key(pem), algorithms=[ALGORITHM])
    except jwt.InvalidTokenError as error:
        raise _grant("invalid assertion") from error
    return _claims(payload)


def _claims(payload: bytes) -> Mapping[str, Any]:
    try:
        claims = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise _grant("invalid assertion") from error
    if not isinstance(claims, dict):
        raise _grant("invalid assertion")
    return claims


def _refuse_bad_expiry(value: object) -> None:
    # simple-salesforce sends the number as text, and is served.
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise _grant("invalid assertion")
    try:
        left_s = float(value) - time.time()
    except (ValueError, OverflowError) as error:
        raise _grant("invalid assertion") from error
    if not left_s > -LEEWAY_S:
        raise _grant("assertion is expired")  # [M]
    if left_s > LONGEST_LIFE_S + LEEWAY_S:
        raise _grant("assertion expires too far in the future")  # [M]


def _approved(username: object, users: Table) -> Row:
    found = users.alive_with("Username", username) if isinstance(username, str) else []
    if len(found) != 1 or found[0]["UserType"] != "Standard":
        raise _grant("user hasn't approved this consumer")
    refuse_inactive(found[0])
    return found[0]


def _grant(description: str) -> LoginRefused:
    return LoginRefused("invalid_grant", description)
