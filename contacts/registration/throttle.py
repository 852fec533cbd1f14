"""How many companies may register within an hour: from one address, and from all.

Counted in the broker's Redis, which all web processes share. Where it does not answer,
each process counts for itself: a registration never fails because of the broker.
"""

import math
import time

from django.conf import settings
from django.http import HttpRequest
from limits import RateLimitItemPerHour
from limits.strategies import MovingWindowRateLimiter

from synclog import rate_limits, visitors

EVERYBODY = "everybody"


def wait_s(client: str) -> int:
    """Count one registration; return 0 if it may be stored, else the seconds to wait.

    `client` is what `client_of` says; for "" only the limit of all is looked at.
    """
    return rate_limits.count(lambda counters: _count(MovingWindowRateLimiter(counters), client))


def client_of(request: HttpRequest) -> str:
    """Return whose address this is, as a hash; "" where the proxy does not tell."""
    address = visitors.address_of(request)
    return visitors.hashed(visitors.network_of(address)) if address else ""


def _count(limiter: MovingWindowRateLimiter, client: str) -> int:
    """Count for both limits, but only if neither refuses: who waits is not made to wait longer."""
    limits = [(RateLimitItemPerHour(settings.REGISTRATION["per_hour_all"]), EVERYBODY)]
    if client:
        limits.append((RateLimitItemPerHour(settings.REGISTRATION["per_hour"]), client))
    for limit, whose in limits:
        if not limiter.test(limit, whose):
            return _until_free_s(limiter, limit, whose)
    for limit, whose in limits:
        if not limiter.hit(limit, whose):  # another one was faster since the look above
            return _until_free_s(limiter, limit, whose)
    return 0


def _until_free_s(limiter: MovingWindowRateLimiter, limit: RateLimitItemPerHour, whose: str) -> int:
    return max(1, math.ceil(limiter.get_window_stats(limit, whose).reset_time - time.time()))
