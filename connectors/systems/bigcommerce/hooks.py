"""The store's webhooks: which events we listen to, and whether a delivery is the store's.

A delivery holds ids only, comes twice or out of order, and is a hint to read a record
again. It is the store's if it carries our own secret and the signature of Standard
Webhooks. Whether every store signs is not certain, so one without a signature is taken
until the first signed one came (`needs_signature`). Source: BigCommerce, Webhooks,
"Verify webhooks" and "B2B Edition events", read 2026-11.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from connectors.errors import Misconfigured
from connectors.inbound import Delivery, HookKind, HookLine, HookState, Notice, Verdict
from connectors.systems.bigcommerce import wire
from connectors.systems.bigcommerce.client import Client
from connectors.systems.bigcommerce.errors import Refused
from connectors.systems.bigcommerce.logins import CLIENT_SECRET
from connectors.systems.bigcommerce.words import ACCOUNTS, OWNER

HOOK_SECRET = "hook_secret"  # noqa: S105 - the name under which the engine hands ours over
SIGNATURE_SETTING = "require_signature"
OUR_HEADER = "X-Concord-Secret"
ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
TOLERANCE_S = 300
PAGE = 250
_ROOT = "store/company"
# Scope -> (entity, name of its id, what it tells in words)
SCOPES: Mapping[str, tuple[str, str, str]] = {
    f"{_ROOT}/created": ("company", "company_id", "Company created"),
    f"{_ROOT}/updated": ("company", "company_id", "Company changed"),
    f"{_ROOT}/statusUpdated": ("company", "company_id", "Company's status changed"),
    f"{_ROOT}/deleted": ("company", "company_id", "Company deleted"),
    f"{_ROOT}/user/created": ("contact", "user_id", "User created"),
    f"{_ROOT}/user/updated": ("contact", "user_id", "User changed"),
    f"{_ROOT}/user/deleted": ("contact", "user_id", "User deleted"),
    f"{_ROOT}/address/created": ("location", "address_id", "Address created"),
    f"{_ROOT}/address/updated": ("location", "address_id", "Address changed"),
    f"{_ROOT}/address/deleted": ("location", "address_id", "Address deleted"),
}
SCOPE_MISSING = (
    "The API account may not be told of changes in B2B. "
    f"{OWNER} makes one with the scope “B2B Edition: modify” ({ACCOUNTS}); then press Register webhooks."
)


def checks_signature(credentials: Mapping[str, Any]) -> bool:
    """Return whether the secret is known by which the store signs."""
    return bool(credentials.get(CLIENT_SECRET))


def forces_signature(settings: Mapping[str, Any]) -> bool:
    """Return whether a delivery without a signature is refused from the start."""
    return settings.get(SIGNATURE_SETTING) == "yes"


def verify(credentials: Mapping[str, Any], delivery: Delivery, needs_signature: bool) -> Verdict:
    """Judge a delivery; see `HookKind`. A wrong signature is refused in any case."""
    ours, secret = (str(credentials.get(name) or "") for name in (HOOK_SECRET, CLIENT_SECRET))
    carries_ours = _equal(delivery.headers.get(OUR_HEADER.lower(), ""), ours) and bool(ours)
    wrong = _unsigned(secret, delivery)
    if not carries_ours:
        return Verdict("our own secret is not in its header")
    if not wrong:
        return Verdict(is_signed=True)
    is_checked = bool(secret) and bool(delivery.headers.get(SIGNATURE))
    return Verdict(wrong if needs_signature or is_checked else "")


def _unsigned(secret: str, found: Delivery) -> str:
    """Return why the signature is not the store's, "" where it is. Several may be given: one is enough."""
    if not secret:
        return "the client secret is not known, so no signature can be checked"
    delivery, stamp, given = (found.headers.get(name, "") for name in (ID, TIMESTAMP, SIGNATURE))
    moment = wire.as_int(stamp)
    if not given or not delivery or moment is None:
        return "it carries no signature"
    if abs(found.at_s - moment) > TOLERANCE_S:
        return "its time is more than five minutes off"
    message = f"{delivery}.{stamp}.".encode() + found.body
    wanted = hmac.new(secret.encode(), message, hashlib.sha256).digest()
    offered = [_decoded(part[3:]) for part in given.split() if part.startswith("v1,")]
    # All are compared, so that the time tells nothing.
    matches = [hmac.compare_digest(wanted, one) for one in offered]
    return "" if any(matches) else "its signature is wrong"


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _equal(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


def read(delivery: Delivery) -> Notice | None:
    """Return what a delivery is about, None for an event of no concern. Raises ValueError."""
    told = json.loads(delivery.body)
    if not isinstance(told, Mapping):
        raise ValueError("not an object")
    scope, data = str(told.get("scope") or ""), told.get("data")
    if scope not in SCOPES or not isinstance(data, Mapping):
        return None
    entity, id_name, _ = SCOPES[scope]
    remote_id = wire.as_id(data.get(id_name))
    if not remote_id:
        raise ValueError(f"no {id_name}")
    # `hash` is that of the ids alone: two changes of one record share it.
    delivery_id = delivery.headers.get(ID) or f"{scope} {remote_id} {told.get('created_at')}"
    return Notice(delivery_id, entity, remote_id, scope.endswith("/deleted"), scope)


HOOK_KIND = HookKind(
    verify=verify, read=read, checks_signature=checks_signature, forces_signature=forces_signature
)


class Hooks:
    """The hooks of one store that deliver to us."""

    def __init__(self, client: Client, address: str, secret: str) -> None:
        self.client, self.address, self.secret = client, address, secret

    def look(self) -> list[HookLine]:
        """Return how each event is listened to. Raises ConnectorError."""
        ours = self._ours()
        return [self._line(scope, ours.get(scope, [])) for scope in SCOPES]

    def register(self) -> list[HookLine]:
        """Make what is missing, wake what sleeps, replace what goes astray. Raises ConnectorError."""
        ours = self._ours()
        return [self._repaired(scope, ours.get(scope, [])) for scope in SCOPES]

    def remove(self) -> int:
        """Delete every hook that delivers to us; return how many. Raises ConnectorError."""
        found = [hook for hooks in self._ours().values() for hook in hooks]
        for hook in found:
            self._delete(hook)
        return len(found)

    def _ours(self) -> dict[str, list[wire.Record]]:
        """Return our hooks by scope: those for this address, wherever it was before."""
        path = urlsplit(self.address).path
        found: dict[str, list[wire.Record]] = {}
        for hook in self._listed():
            if urlsplit(str(hook.get("destination") or "")).path == path:
                found.setdefault(str(hook.get("scope") or ""), []).append(hook)
        return found

    def _listed(self) -> list[wire.Record]:
        hooks: list[wire.Record] = []
        for number in range(1, 20):
            some = self._ask("GET", "/hooks", {"page": number, "limit": PAGE}).records
            hooks += some
            if len(some) < PAGE:
                break
        return hooks

    def _line(self, scope: str, hooks: Sequence[wire.Record], text: str = "") -> HookLine:
        return HookLine(scope, SCOPES[scope][2], self._state(hooks), text)

    def _state(self, hooks: Sequence[wire.Record]) -> HookState:
        right = [hook for hook in hooks if self._is_right(hook)]
        if any(wire.as_flag(hook.get("is_active")) for hook in right):
            return HookState.LISTENING
        if right:
            return HookState.OFF
        return HookState.ASTRAY if hooks else HookState.MISSING

    def _is_right(self, hook: wire.Record) -> bool:
        headers = hook.get("headers")
        known = (
            {str(name).lower(): str(text) for name, text in headers.items()}
            if isinstance(headers, dict)
            else {}
        )
        return hook.get("destination") == self.address and _equal(
            known.get(OUR_HEADER.lower(), ""), self.secret
        )

    def _repaired(self, scope: str, hooks: Sequence[wire.Record]) -> HookLine:
        state = self._state(hooks)
        try:
            done = self._repair(scope, hooks, state)
        except Refused as refused:
            text = f"B2B refused it: {refused.said.text}" if refused.said.text else "B2B refused it."
            return HookLine(scope, SCOPES[scope][2], state, text)
        return HookLine(scope, SCOPES[scope][2], HookState.LISTENING, done)

    def _repair(self, scope: str, hooks: Sequence[wire.Record], state: HookState) -> str:
        """Do what is needed, and say what it was. Raises Refused."""
        right = [hook for hook in hooks if self._is_right(hook)]
        for hook in hooks:
            if hook not in right:
                self._delete(hook)
        if state is HookState.OFF:
            self._ask("PUT", f"/hooks/{wire.as_id(right[0].get('id'))}", body={"is_active": True})
            return "was switched off there, and is on again"
        if state is HookState.LISTENING:
            return ""
        self._ask("POST", "/hooks", body=self._wanted(scope))
        return (
            "registered" if state is HookState.MISSING else "went to another address, and is registered anew"
        )

    def _wanted(self, scope: str) -> dict[str, Any]:
        headers = {OUR_HEADER: self.secret}
        return {"scope": scope, "destination": self.address, "is_active": True, "headers": headers}

    def _delete(self, hook: wire.Record) -> None:
        try:
            self._ask("DELETE", f"/hooks/{wire.as_id(hook.get('id'))}")
        except Refused as refused:
            if refused.status != 404:
                raise

    def _ask(self, method: str, path: str, params: Mapping[str, Any] | None = None, body: Any = None) -> Any:
        try:
            return self.client.ask_core(method, path, params or {}, body)
        except Misconfigured as error:
            if error.code != "http_403":
                raise
            raise Misconfigured(SCOPE_MISSING, detail=error.detail, code=error.code) from error
