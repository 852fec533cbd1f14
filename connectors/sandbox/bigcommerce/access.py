"""Who may call: tokens, the store's hash, and what the account's scopes allow.

Source: BigCommerce docs, "Authenticate B2B Edition APIs": X-Auth-Token goes with X-Store-Hash; without the
right hash B2B answers with server errors, not with a 401; authToken beside it has unexpected results.
"""

import hmac
from dataclasses import replace

from ..wire import Reply, Request, json_reply
from .errors import core, plain
from .shop import Shop
from .trouble import MESSAGES, undocumented

NO_TOKEN = "Invalid token header. No credentials provided."  # noqa: S105 - a message
WRONG_TOKEN = "Invalid token."  # noqa: S105 - a message
NO_SCOPE = "You don't have a required scope to access the endpoint"


def refusal_of_b2b(shop: Shop, request: Request) -> Reply | None:
    """Return why a call of B2B Edition is not let in, or None."""
    settings, headers = shop.settings, request.headers
    token, legacy = headers.get("x-auth-token", ""), headers.get("authtoken", "")
    store_hash = headers.get("x-store-hash", "")
    if legacy and store_hash:
        if settings.legacy_mix == "empty":
            return json_reply({"code": 200, "data": [], "meta": {"message": "SUCCESS"}})
        return plain(500, MESSAGES[500]).as_reply()
    if not token and not legacy:
        return undocumented(401, NO_TOKEN, settings.undocumented_bodies)
    if legacy and not token:
        known = bool(settings.legacy_token) and _same(legacy, settings.legacy_token)
        return None if known else undocumented(401, WRONG_TOKEN, settings.undocumented_bodies)
    if not _same(store_hash, settings.store_hash):
        return plain(500, MESSAGES[500]).as_reply()
    if shop.revoked or not _same(token, settings.access_token):
        return undocumented(401, WRONG_TOKEN, settings.undocumented_bodies)
    if "b2b" not in settings.scopes:
        status = settings.missing_scope_status
        reply = undocumented(403, NO_SCOPE, settings.undocumented_bodies)
        return plain(404, MESSAGES[404]).as_reply() if status == 404 else replace(reply, status=status)
    return None


def refusal_of_core(shop: Shop, request: Request, store_hash: str, segments: list[str]) -> Reply | None:
    """Return why a call of the core API is not let in, or None; an authToken opens nothing here."""
    settings = shop.settings
    token = request.headers.get("x-auth-token", "")
    if store_hash != settings.store_hash:
        return core(404, "Not Found").as_reply()
    if shop.revoked or not _same(token, settings.access_token):
        return core(401, "Unauthorized").as_reply()
    reads = request.method in ("GET", "HEAD")
    enough = {"customers", "customers_read_only"} if reads else {"customers"}
    if segments[:1] == ["customers"] and not enough & set(settings.scopes):
        return core(403, NO_SCOPE).as_reply()
    return None


def _same(given: str, held: str) -> bool:
    return hmac.compare_digest(given.encode(), held.encode())
