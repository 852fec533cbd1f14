"""Webhook subscriptions of the core API, which carry the events of B2B Edition too.

Source: BigCommerce docs, "Webhooks V3" and "B2B Edition events": https and port 443 only, ten hooks for each
scope and one for each scope and destination. This rehearsal also takes http:// and any port of this very
machine, unless the setting `local_http_hooks` is off: a receiver under test has no certificate.
"""

import ipaddress
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from ..wire import Reply, json_reply
from .context import Context
from .errors import Refusal, core
from .lists import Test
from .store import Row, as_id, matching, now

MISSING = "error.path.missing."
B2B_SCOPES = frozenset(
    {
        *(f"store/company/{deed}" for deed in ("created", "updated", "deleted", "statusUpdated")),
        *(f"store/company/user/{deed}" for deed in ("created", "updated", "deleted")),
        *(f"store/company/address/{deed}" for deed in ("created", "updated", "deleted")),
        *(f"store/superadmin/{deed}" for deed in ("created", "updated", "deleted", "assignmentUpdated")),
        "store/company/superadmin/assignmentUpdated",
        *(f"store/quote/{deed}" for deed in ("created", "updated", "statusUpdated", "deleted")),
    }
)
B2B_WILDCARDS = frozenset(
    {
        "store/company/*",
        "store/company/user/*",
        "store/company/address/*",
        "store/superadmin/*",
        "store/quote/*",
    }
)
CORE_SCOPES = frozenset(
    {
        *(f"store/customer/{deed}" for deed in ("created", "updated", "deleted", "*")),
        *(f"store/customer/address/{deed}" for deed in ("created", "updated", "deleted")),
    }
)
MOST_PER_SCOPE = 10
DEFAULT_LIMIT = 50


def listing(ctx: Context) -> Reply:
    """GET /v3/hooks; only those of the account in use."""
    rows = matching(_own(ctx), *_tests(ctx))
    limit = min(as_id(ctx.given("limit")) or DEFAULT_LIMIT, 250)
    page = as_id(ctx.given("page")) or 1
    shown = [_shown(ctx, row) for row in rows[(page - 1) * limit : page * limit]]
    about = {
        "total": len(rows),
        "count": len(shown),
        "per_page": limit,
        "current_page": page,
        "total_pages": -(-len(rows) // limit),
    }
    return json_reply({"data": shown, "meta": {"pagination": about}})


def read(ctx: Context) -> Reply:
    """GET /v3/hooks/{id}."""
    return _one(ctx, _found(ctx))


def create(ctx: Context) -> Reply:
    """POST /v3/hooks."""
    values = _values(ctx, {"is_active": True, "headers": {}}, partial=False)
    return _one(ctx, add(ctx, values))


def add(ctx: Context, values: Mapping[str, Any]) -> Row:
    """Store a checked hook of the account in use."""
    moment = now()
    stamps = {"created_at": moment, "updated_at": moment}
    return ctx.store.add("hook", {"client_id": ctx.settings.client_id, **values, **stamps})


def update(ctx: Context) -> Reply:
    """PUT /v3/hooks/{id}; is_active true wakes one that was given up."""
    hook = _found(ctx)
    changed = {**hook, **_values(ctx, hook, partial=True), "updated_at": now()}
    return _one(ctx, ctx.store.put("hook", changed))


def delete(ctx: Context) -> Reply:
    """DELETE /v3/hooks/{id}."""
    hook = _found(ctx)
    ctx.store.remove("hook", hook["id"])
    return _one(ctx, hook)


def _own(ctx: Context) -> list[Row]:
    return [row for row in ctx.store["hook"] if row["client_id"] == ctx.settings.client_id]


def _found(ctx: Context) -> Row:
    row = ctx.store["hook"].get(ctx.params[0])
    if row is None or row["client_id"] != ctx.settings.client_id:
        raise core(404, "Hook not found")  # [M]
    return row


def _one(ctx: Context, row: Row) -> Reply:
    return json_reply({"data": _shown(ctx, row), "meta": {}})


def _shown(ctx: Context, row: Row) -> dict[str, Any]:
    return {**row, "store_hash": ctx.settings.store_hash}


def _tests(ctx: Context) -> list[Test]:
    tests: list[Test] = []
    for name in ("scope", "destination"):
        if wanted := ctx.given(name):
            tests.append(_equal(name, wanted))
    if active := ctx.given("is_active"):
        tests.append(lambda row: row["is_active"] is (active.lower() in ("true", "1")))
    return tests


def _equal(name: str, wanted: str) -> Test:
    return lambda row: row[name] == wanted


def _values(ctx: Context, old: Row, *, partial: bool) -> dict[str, Any]:
    """Return the values of a hook after the body; raise Refusal."""
    body = ctx.body()
    if not isinstance(body, dict):
        raise _invalid({"scope": MISSING, "destination": MISSING})
    ctx.fail_if_ordered(body)
    missing = {key: MISSING for key in ("scope", "destination") if not body.get(key) and not partial}
    if missing:
        raise _invalid(missing)
    values = {key: body.get(key, old.get(key)) for key in ("scope", "destination", "is_active", "headers")}
    _check(ctx, values)
    _check_number(ctx, values, old.get("id"))
    return values


def _check(ctx: Context, values: Mapping[str, Any]) -> None:
    known = B2B_SCOPES | CORE_SCOPES | (B2B_WILDCARDS if ctx.settings.b2b_wildcards else frozenset())
    if values["scope"] not in known:
        raise _invalid({"scope": "error.scope.invalid."})  # [M]
    if values["scope"] not in CORE_SCOPES and "b2b" not in ctx.settings.scopes:
        raise core(403, "You don't have a required scope to access the endpoint")
    if not _is_reachable(str(values["destination"]), local=ctx.settings.local_http_hooks):
        raise _invalid({"destination": "error.destination.invalid."})  # [M]
    headers = values["headers"]
    if headers is not None and not _is_headers(headers):
        raise _invalid({"headers": "error.headers.invalid."})  # [M]
    if not isinstance(values["is_active"], bool):
        raise _invalid({"is_active": "error.expected.jsboolean."})


def _check_number(ctx: Context, values: Mapping[str, Any], own_id: int | None) -> None:
    same = [row for row in _own(ctx) if row["scope"] == values["scope"] and row["id"] != own_id]
    if any(row["destination"] == values["destination"] for row in same):
        raise core(409, "A hook on this scope with this destination exists already.")  # [M]
    if len(same) >= MOST_PER_SCOPE:
        raise core(422, f"There are {MOST_PER_SCOPE} hooks on this scope already.")  # [M]


def _is_headers(headers: object) -> bool:
    return isinstance(headers, dict) and all(
        isinstance(key, str) and isinstance(value, str) and (key + value).isprintable()
        for key, value in headers.items()
    )


def _is_reachable(destination: str, *, local: bool) -> bool:
    try:
        parts = urlsplit(destination)
        port = parts.port
    except ValueError:
        return False
    if not parts.hostname or parts.username:
        return False
    if local and parts.scheme in ("http", "https") and _is_this_machine(parts.hostname):
        return True
    return parts.scheme == "https" and port in (None, 443)


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _invalid(errors: Mapping[str, str]) -> Refusal:
    return core(422, "JSON data is missing or invalid", errors)
