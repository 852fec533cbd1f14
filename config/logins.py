"""Passwords checked slowly for whoever guesses, and only so many at once.

Failures are counted by address with account, by address, and by the network that one
customer may hold. Never by account alone: anybody could lock the administrator out.
"""

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from synclog import rate_limits, trail, visitors, words
from synclog.rate_limits import Counters

REMEMBERED_S = 3600  # from the first failure on
FIRST_WAIT_S, LONGEST_WAIT_S = 5, 900

# Failures without a wait. An office has one address; a /24 has many customers, a /48 as a rule one.
FREE_BY_ACCOUNT, FREE_BY_ADDRESS, FREE_BY_NETWORK = 5, 20, 100

# A check takes half a second of a processor. Those that wait hold a thread each, of the eight that
# serve pages.
CHECKS_AT_ONCE, WAITING_AT_ONCE, WAIT_FOR_A_CHECK_S, BUSY_S = 2, 2, 1.5, 2
_checking = threading.BoundedSemaphore(CHECKS_AT_ONCE)
_admitted = threading.BoundedSemaphore(CHECKS_AT_ONCE + WAITING_AT_ONCE)


class Refused(ValidationError):
    """A password that was not looked at. A form shows the sentence; `status` is the answer's."""

    def __init__(self, sentence: str, *, status: int, wait_s: int) -> None:
        super().__init__(sentence)
        self.status, self.wait_s = status, wait_s


@dataclass(frozen=True, slots=True)
class Brake:
    """Counts one kind of failure, under a key that names nobody."""

    key: str
    free: int
    ends_by_login: bool

    def wait_s(self, counters: Counters) -> int:
        """Seconds until the next try may be made, 0 for at once."""
        if not counters.get(f"{self.key}/wait"):
            return 0
        return max(1, math.ceil(counters.get_expiry(f"{self.key}/wait") - time.time()))

    def fail(self, counters: Counters) -> None:
        """Count a failure; beyond the free ones each doubles the wait."""
        failures = counters.incr(f"{self.key}/failures", REMEMBERED_S)
        if failures >= self.free:
            counters.incr(f"{self.key}/wait", delay_s(failures, self.free))

    def forget(self, counters: Counters) -> None:
        """Begin anew after a login."""
        counters.clear(f"{self.key}/failures")


def delay_s(failures: int, free: int) -> int:
    """How long to wait after so many failures: 0, then 5, 10, 20 … 900 seconds."""
    doublings = min(failures - free, 10)
    return 0 if doublings < 0 else min(FIRST_WAIT_S * 2**doublings, LONGEST_WAIT_S)


class BrakedBackend(ModelBackend):
    """Django's own accounts; raises Refused instead of looking at the password."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> Any:
        """Check a password, unless too many were wrong or too many are being checked."""
        brakes = brakes_of(request, username or "")
        _refuse_early(request, brakes, username or "")
        with _turn(request, username or ""):
            user = super().authenticate(request, username, password, **kwargs)
        is_let_in = user is not None and user.is_staff  # the login form refuses all others
        if user is not None and not is_let_in:
            trail.warn(request, "login_refused", user=username or "", why="not staff")
        _count(brakes, is_let_in=is_let_in)
        return user


def brakes_of(request: HttpRequest | None, username: str) -> list[Brake]:
    """Find what counts a login's failures: by address with account, by address, and by network."""
    address = visitors.address_of(request) if request is not None else ""
    if not address:  # a command, or a proxy that tells nobody's: an account alone is never braked
        return []
    network, wide = visitors.network_of(address), visitors.wide_network_of(address)
    return [
        Brake(f"login/{visitors.hashed(network, username)}", FREE_BY_ACCOUNT, ends_by_login=True),
        # Whoever has an account must not clear the address by it, and go on guessing others.
        Brake(f"login/{visitors.hashed(network)}", FREE_BY_ADDRESS, ends_by_login=False),
        # Nor does a new address for each try keep the checks busy.
        Brake(f"login/{visitors.hashed(f'wide {wide}')}", FREE_BY_NETWORK, ends_by_login=False),
    ]


def _count(brakes: list[Brake], *, is_let_in: bool) -> None:
    for brake in brakes:
        if not is_let_in:
            rate_limits.count(brake.fail)
        elif brake.ends_by_login:
            rate_limits.count(brake.forget)


def _refuse_early(request: HttpRequest | None, brakes: list[Brake], username: str) -> None:
    wait_s = max((rate_limits.count(brake.wait_s) for brake in brakes), default=0)
    if wait_s:
        sentence = f"Too many failed logins from your address. Try again in {words.waiting(wait_s)}."
        raise _noted(request, username, Refused(sentence, status=429, wait_s=wait_s))


@contextmanager
def _turn(request: HttpRequest | None, username: str) -> Iterator[None]:
    """Wait for a check to end where two are under way; raise Refused where that takes too long."""
    sentence = f"Too many people are logging in right now. Try again in {words.waiting(BUSY_S)}."
    busy = Refused(sentence, status=503, wait_s=BUSY_S)
    if not _admitted.acquire(blocking=False):
        raise _noted(request, username, busy)
    try:
        if not _checking.acquire(timeout=WAIT_FOR_A_CHECK_S):
            raise _noted(request, username, busy)
        try:
            yield
        finally:
            _checking.release()
    finally:
        _admitted.release()


def _noted(request: HttpRequest | None, username: str, refused: Refused) -> Refused:
    if request is not None:
        request.login_refused = refused  # type: ignore[attr-defined] # config/site.py answers by it
        trail.warn(request, "login_braked", user=username, wait_s=str(refused.wait_s))
    return refused
