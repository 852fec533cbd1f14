"""How many companies may register within an hour, before a person has to look at them.

One address, one network that a single customer of a provider may hold (a /48, a /24),
and all together have a limit each. What comes beyond is held for review. Only of one
such network not even that is taken without end: nobody fills the database from a /48.
"""

import math
import time
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest
from limits import RateLimitItemPerHour
from limits.strategies import MovingWindowRateLimiter

from synclog import rate_limits, visitors

EVERYBODY = "everybody"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a registration: stored, held, or (`wait_s` > 0) refused until later."""

    is_held: bool = False
    wait_s: int = 0


@dataclass(frozen=True, slots=True)
class Client:
    """Who registers, as hashes; "" where the proxy does not tell."""

    own: str = ""
    wide: str = ""


def verdict(client: Client, *, is_suspect: bool) -> Verdict:
    """Count one registration. A suspect one is held in any case and takes nobody's place."""
    return rate_limits.count(
        lambda counters: _verdict(MovingWindowRateLimiter(counters), client, is_suspect=is_suspect)
    )


def client_of(request: HttpRequest) -> Client:
    """Find whose address this is."""
    address = visitors.address_of(request)
    if not address:
        return Client()
    wide = visitors.wide_network_of(address)
    return Client(visitors.hashed(visitors.network_of(address)), visitors.hashed(f"wide {wide}"))


def _verdict(limiter: MovingWindowRateLimiter, client: Client, *, is_suspect: bool) -> Verdict:
    if not is_suspect and _fits(limiter, client):
        return Verdict()
    limit, whose = RateLimitItemPerHour(settings.REGISTRATION["held_per_hour"]), f"held {client.wide}"
    if limiter.hit(limit, whose):
        return Verdict(is_held=True)
    reset_at = limiter.get_window_stats(limit, whose).reset_time
    return Verdict(wait_s=max(1, math.ceil(reset_at - time.time())))


def _fits(limiter: MovingWindowRateLimiter, client: Client) -> bool:
    """Count for every limit, but only if none is reached: what is held takes nobody's place."""
    allowed = settings.REGISTRATION
    limits = [(RateLimitItemPerHour(allowed["per_hour_all"]), EVERYBODY)]
    if client.own:
        limits.append((RateLimitItemPerHour(allowed["per_hour_network"]), client.wide))
        limits.append((RateLimitItemPerHour(allowed["per_hour"]), client.own))
    if not all(limiter.test(limit, whose) for limit, whose in limits):
        return False
    return all(limiter.hit(limit, whose) for limit, whose in limits)  # a faster one may have come between
