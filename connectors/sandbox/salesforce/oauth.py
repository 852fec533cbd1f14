"""The token endpoint: client credentials, by form or by HTTP Basic, and signed assertions.

Source: Salesforce fact sheet, "Tokens".
"""

import base64
import binascii
import hashlib
import hmac
import secrets
import threading
import time
from urllib.parse import parse_qsl, unquote_plus

from ..wire import Reply, Request, json_reply
from . import assertion
from .assertion import LoginRefused
from .people import RUN_AS, user_id
from .settings import Settings
from .store import Row, Table


class Tokens:
    """The tokens in force; any thread may ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[str, tuple[float, str]] = {}

    def issue(self, org_id: str, lifetime_s: float, user_id: str) -> str:
        """Return a new token of this user that is good for so long."""
        token = f"{org_id[:15]}!{secrets.token_urlsafe(48)}"
        with self._lock:
            self._held[token] = (time.monotonic() + lifetime_s, user_id)
        return token

    def user_of(self, token: str) -> str | None:
        """Return the id of the user whose token this is, None for one not issued here or run out."""
        until, user_id = self._held.get(token, (0.0, ""))
        return user_id if until > time.monotonic() else None

    def expire_all(self) -> None:
        """Make every token invalid."""
        with self._lock:
            self._held.clear()


def token_reply(request: Request, settings: Settings, tokens: Tokens, root: str, users: Table) -> Reply:
    """Answer the token endpoint; `users` are the org's, the first is the app's Run As user."""
    if request.method != "POST":
        return refusal("invalid_request", "must use HTTP POST")  # [M]
    form = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
    if request.media_type != "application/x-www-form-urlencoded":
        form = {}
    try:
        match form.get("grant_type"):
            case "client_credentials":
                user = _run_as_user(request, form, settings, users)
                return _granted(settings, tokens, root, user, secret=settings.client_secret)
            case assertion.GRANT:
                user = assertion.user_of(form.get("assertion", ""), settings, root, users)
                return _granted(settings, tokens, root, user)
    except LoginRefused as refused:
        return refusal(refused.error, refused.description)
    return refusal("unsupported_grant_type", "grant type not supported")  # [M]


def refusal(error: str, description: str = "", status: int = 400) -> Reply:
    """Return an OAuth error: an object, unlike every other error of this system."""
    return json_reply({"error": error, "error_description": description or error.replace("_", " ")}, status)


def signature(secret: str, identity: str, issued_at: str) -> str:
    """Return base64(HMAC-SHA256(client secret, id + issued_at))."""
    digest = hmac.new(secret.encode(), (identity + issued_at).encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def _run_as_user(request: Request, form: dict[str, str], settings: Settings, users: Table) -> Row:
    client_id, secret = _credentials(request, form)
    if client_id != settings.client_id:
        raise LoginRefused("invalid_client_id", "client identifier invalid")
    if not hmac.compare_digest(secret.encode(), settings.client_secret.encode()):
        raise LoginRefused("invalid_client", "invalid client credentials")  # [M]
    if not settings.run_as_user:
        raise LoginRefused("invalid_grant", "no client credentials user enabled")
    user = users.rows[user_id(RUN_AS)]
    assertion.refuse_inactive(user)
    return user


def _granted(settings: Settings, tokens: Tokens, root: str, user: Row, *, secret: str | None = None) -> Reply:
    identity = f"{root}/id/{settings.org_id}/{user['Id']}"
    granted = {
        "access_token": tokens.issue(settings.org_id, settings.token_lifetime_s, user["Id"]),
        "scope": "api",
        "instance_url": root,
        "id": identity,
        "token_type": "Bearer",
    }
    # [M] Without the client secret there is nothing to sign with: an assertion's answer has neither of these.
    if secret is not None:
        issued_at = str(time.time_ns() // 1_000_000)
        granted |= {"issued_at": issued_at, "signature": signature(secret, identity, issued_at)}
    return json_reply(granted)


def _credentials(request: Request, form: dict[str, str]) -> tuple[str, str]:
    scheme, _, packed = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return form.get("client_id", ""), form.get("client_secret", "")
    try:
        client_id, _, secret = base64.b64decode(packed, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return unquote_plus(client_id), unquote_plus(secret)
