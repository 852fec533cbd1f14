"""The login: client credentials, by form or by HTTP Basic.

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
from .settings import Settings


class Tokens:
    """The tokens in force; any thread may ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until: dict[str, float] = {}

    def issue(self, org_id: str, lifetime_s: float) -> str:
        """Return a new token that is good for so long."""
        token = f"{org_id[:15]}!{secrets.token_urlsafe(48)}"
        with self._lock:
            self._until[token] = time.monotonic() + lifetime_s
        return token

    def is_good(self, token: str) -> bool:
        """Return whether the token was issued here and has not run out."""
        return self._until.get(token, 0.0) > time.monotonic()

    def expire_all(self) -> None:
        """Make every token invalid."""
        with self._lock:
            self._until.clear()


def token_reply(request: Request, settings: Settings, tokens: Tokens, root: str, user_id: str) -> Reply:
    """Answer the token endpoint."""
    if request.method != "POST":
        return refusal("invalid_request", "must use HTTP POST")  # [M]
    form = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
    if request.media_type != "application/x-www-form-urlencoded":
        form = {}
    if form.get("grant_type") != "client_credentials":
        return refusal("unsupported_grant_type", "grant type not supported")  # [M]
    client_id, secret = _credentials(request, form)
    if client_id != settings.client_id:
        return refusal("invalid_client_id", "client identifier invalid")
    if not hmac.compare_digest(secret.encode(), settings.client_secret.encode()):
        return refusal("invalid_client", "invalid client credentials")  # [M]
    if not settings.run_as_user:
        return refusal("invalid_grant", "no client credentials user enabled")
    return _granted(settings, tokens, root, user_id)


def refusal(error: str, description: str = "", status: int = 400) -> Reply:
    """Return an OAuth error: an object, unlike every other error of this system."""
    return json_reply({"error": error, "error_description": description or error.replace("_", " ")}, status)


def signature(secret: str, identity: str, issued_at: str) -> str:
    """Return base64(HMAC-SHA256(client secret, id + issued_at))."""
    digest = hmac.new(secret.encode(), (identity + issued_at).encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def _granted(settings: Settings, tokens: Tokens, root: str, user_id: str) -> Reply:
    identity = f"{root}/id/{settings.org_id}/{user_id}"
    issued_at = str(time.time_ns() // 1_000_000)
    return json_reply(
        {
            "access_token": tokens.issue(settings.org_id, settings.token_lifetime_s),
            "signature": signature(settings.client_secret, identity, issued_at),
            "scope": "api",
            "instance_url": root,
            "id": identity,
            "token_type": "Bearer",
            "issued_at": issued_at,
        }
    )


def _credentials(request: Request, form: dict[str, str]) -> tuple[str, str]:
    scheme, _, packed = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return form.get("client_id", ""), form.get("client_secret", "")
    try:
        client_id, _, secret = base64.b64decode(packed, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return unquote_plus(client_id), unquote_plus(secret)
