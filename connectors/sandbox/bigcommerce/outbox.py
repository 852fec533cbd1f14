"""Webhooks on their way: signed, sent from a thread of their own, repeated until somebody listens.

Source: BigCommerce docs, "Webhooks overview" and "B2B Edition events": the body names ids only, a delivery
that is not answered 2xx is repeated eleven times over some 48 hours, then its hook is set inactive. The
signature is that of Standard Webhooks. Answers are never waited for by a caller of the API, and what waits is
bounded. The blocking of a whole domain that answers badly is not rehearsed.
"""

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import requests

from ..wire import encode_json
from .settings import Settings
from .store import Row

PAUSES_S = (60, 180, 300, 600, 900, 1800, 3600, 7200, 21600, 50400, 86400)
MOST_WAITING = 5000
KEPT = 500


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, by its scope, and the ids it is about."""

    scope: str
    data: Mapping[str, Any]


@dataclass(slots=True)
class Delivery:
    """One message to one hook; `state` is waiting, delivered, given up or dropped."""

    number: int
    message_id: str
    hook_id: int
    scope: str
    destination: str
    headers: Mapping[str, str]
    body: bytes
    due: float
    state: str = "waiting"
    attempts: int = 0
    statuses: list[int] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return the delivery without what its headers may hold."""
        return {
            "id": self.number,
            "messageId": self.message_id,
            "hookId": self.hook_id,
            "scope": self.scope,
            "destination": self.destination,
            "body": json.loads(self.body),
            "state": self.state,
            "attempts": self.attempts,
            "statuses": list(self.statuses),
        }


class Outbox:
    """All deliveries of the store; safe to use from many threads. Its thread lives while something waits."""

    def __init__(self, hook_died: Callable[[int], None]) -> None:
        self._hook_died = hook_died
        self._changed = threading.Condition()
        self._generation = 0
        self.reset()

    def reset(self) -> None:
        """Forget everything, also what waits; nothing new waits for an old receiver that hangs."""
        with self._changed:
            self._generation += 1
            self._thread: threading.Thread | None = None
            self.settings = Settings()
            self._number = 0
            self._all: dict[int, Delivery] = {}
            self._waiting: dict[int, Delivery] = {}
            self._changed.notify_all()

    def post(self, events: Sequence[Event], hooks: Iterable[Row], settings: Settings) -> None:
        """Send each event to the active hooks on its scope; return at once."""
        if not events:
            return
        active = [hook for hook in hooks if hook["is_active"]]
        with self._changed:
            self.settings = settings
            for event in events:
                for hook in active:
                    if covers(hook["scope"], event.scope):
                        self._add(event, hook)

    def listing(self) -> list[dict[str, Any]]:
        """Return the last deliveries, oldest first."""
        with self._changed:
            return [delivery.as_json() for delivery in self._all.values()]

    def repeat(self, number: int) -> bool:
        """Send a delivery once more, as it was; return whether there is one of that number."""
        with self._changed:
            if (delivery := self._all.get(number)) is None:
                return False
            self._enqueue(self._copy(delivery))
            return True

    def _add(self, event: Event, hook: Row) -> None:
        due = time.monotonic() + self.settings.delivery_delay_s
        body = encode_json(_envelope(event, self.settings.store_hash))
        message_id = f"msg_{secrets.token_hex(13)}"
        headers, destination = hook["headers"], hook["destination"]
        first = Delivery(0, message_id, hook["id"], event.scope, destination, headers, body, due)
        for _ in range(1 + self.settings.duplicate_deliveries):
            self._enqueue(self._copy(first))

    def _copy(self, of: Delivery) -> Delivery:
        self._number += 1
        due = max(of.due, time.monotonic())
        return Delivery(
            self._number, of.message_id, of.hook_id, of.scope, of.destination, of.headers, of.body, due
        )

    def _enqueue(self, delivery: Delivery) -> None:
        self._all[delivery.number] = delivery
        if len(self._waiting) >= MOST_WAITING:
            delivery.state = "dropped"
        else:
            self._waiting[delivery.number] = delivery
        self._forget_old()
        if self._thread is None:
            self._thread = threading.Thread(
                target=self._run, args=(self._generation,), name="bigcommerce-webhooks", daemon=True
            )
            self._thread.start()
        self._changed.notify_all()

    def _forget_old(self) -> None:
        while len(self._all) - len(self._waiting) > KEPT:
            self._all.pop(next(key for key, each in self._all.items() if each.state != "waiting"))

    def _run(self, generation: int) -> None:
        with requests.Session() as session:
            session.trust_env = False  # no proxy and no netrc: straight to where the hook says
            while (delivery := self._next(generation)) is not None:
                self._settle(delivery, self._attempt(session, delivery))

    def _next(self, generation: int) -> Delivery | None:
        """Wait for the next delivery that is due; return None, and let the thread end, when none waits."""
        with self._changed:
            while self._waiting and generation == self._generation:
                moment = time.monotonic()
                if due := self._due(moment):
                    return due[-1] if self.settings.reverse_deliveries else due[0]
                self._changed.wait(min(each.due for each in self._waiting.values()) - moment)
            if generation == self._generation:
                self._thread = None
            return None

    def _due(self, moment: float) -> list[Delivery]:
        """Return what can go, oldest first; in reverse, what came within the delay goes with the first."""
        waiting = sorted(self._waiting.values(), key=lambda each: each.number)
        due = [each for each in waiting if each.due <= moment]
        if due and self.settings.reverse_deliveries:
            return [each for each in waiting if each.due <= moment + self.settings.delivery_delay_s]
        return due

    def _attempt(self, session: requests.Session, delivery: Delivery) -> int:
        try:
            answer = session.post(
                delivery.destination,
                data=delivery.body,
                headers={**delivery.headers, **self._signed(delivery), "Content-Type": "application/json"},
                timeout=self.settings.delivery_timeout_s,
                allow_redirects=False,
                stream=True,
            )
            answer.close()
        except (requests.RequestException, ValueError):
            return 0
        return answer.status_code

    def _signed(self, delivery: Delivery) -> dict[str, str]:
        moment = str(int(time.time()))
        signature = sign(self.settings.client_secret, delivery.message_id, moment, delivery.body)
        return {
            "webhook-id": delivery.message_id,
            "webhook-timestamp": moment,
            "webhook-signature": signature,
        }

    def _settle(self, delivery: Delivery, status: int) -> None:
        with self._changed:
            if self._waiting.get(delivery.number) is not delivery:
                return
            delivery.statuses.append(status)
            delivery.attempts += 1
            if 200 <= status < 300:
                delivery.state = "delivered"
            elif delivery.attempts <= len(PAUSES_S):
                pause_s = PAUSES_S[delivery.attempts - 1] * self.settings.retry_scale
                delivery.due = time.monotonic() + pause_s
                return
            else:
                delivery.state = "given up"
            del self._waiting[delivery.number]
        if delivery.state == "given up":
            self._hook_died(delivery.hook_id)


def covers(pattern: str, scope: str) -> bool:
    """Return whether a hook on this scope, maybe with a * at its end, hears of the event."""
    return pattern == scope or (pattern.endswith("/*") and scope.startswith(pattern[:-1]))


def sign(secret: str, message_id: str, timestamp: str, body: bytes) -> str:
    """Return the signature of Standard Webhooks; the key is the secret's own bytes."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def _envelope(event: Event, store_hash: str) -> dict[str, Any]:
    return {
        "scope": event.scope,
        "store_id": "1002003",
        "data": dict(event.data),
        "hash": hashlib.sha1(encode_json(event.data), usedforsecurity=False).hexdigest(),
        "created_at": int(time.time()),
        "producer": f"stores/{store_hash}",
    }
