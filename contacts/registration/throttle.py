"""How many companies may register within an hour: from one address, and from all.

Counted in the broker's Redis, which all web processes share. Where it does not answer,
each process counts for itself: a registration never fails because of the broker.
"""

import ipaddress
import logging
import math
import time
from functools import cache

from django.conf import settings
from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from limits import RateLimitItemPerHour
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import MovingWindowRateLimiter
from redis import ConnectionPool
from redis.backoff import NoBackoff
from redis.retry import Retry

logger = logging.getLogger(__name__)

ANSWER_S = 0.4  # for Redis to connect, and to answer
NETWORK_BITS = 64  # of an IPv6 address: the rest one visitor chooses at will
EVERYBODY = "everybody"

_own = MovingWindowRateLimiter(MemoryStorage())


def wait_s(client: str) -> int:
    """Count one registration; return 0 if it may be stored, else the seconds to wait.

    `client` is what `client_of` says; for "" only the limit of all is looked at.
    """
    try:
        return _count(_shared(settings.REDIS_URL), client)
    except StorageError:
        logger.warning("the broker does not answer: this process counts registrations by itself")
        return _count(_own, client)


def client_of(request: HttpRequest) -> str:
    """Return whose address this is, as a hash; "" where the proxy does not tell.

    Behind a proxy the last hop of X-Forwarded-For is the one that the proxy wrote;
    those before it come from the visitor and are not believed.
    """
    address = request.META.get("REMOTE_ADDR", "")
    if settings.BEHIND_PROXY:
        address = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    return salted_hmac(__name__, _network(address)).hexdigest() if address else ""


def _network(address: str) -> str:
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv4Address):
        return str(ip)
    return str(ip.ipv4_mapped or ipaddress.ip_network((ip, NETWORK_BITS), strict=False))


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


@cache
def _shared(url: str) -> MovingWindowRateLimiter:
    pool = ConnectionPool.from_url(
        url,
        socket_connect_timeout=ANSWER_S,
        socket_timeout=ANSWER_S,
        retry=Retry(NoBackoff(), 0),  # the library's own three retries take seconds
    )
    return MovingWindowRateLimiter(RedisStorage(url, connection_pool=pool, wrap_exceptions=True))
