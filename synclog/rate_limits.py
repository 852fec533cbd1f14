"""Counters and first values that all web processes share, in the broker's Redis.

Where it does not answer each process keeps its own: no page fails because of the broker.
"""

import logging
from collections.abc import Callable
from functools import cache
from typing import TypeVar

from django.conf import settings
from django.core.cache.backends.locmem import LocMemCache
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisStorage
from redis import ConnectionPool, Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

logger = logging.getLogger(__name__)

ANSWER_S = 0.4  # for Redis to connect, and to answer
Counters = RedisStorage | MemoryStorage
Result = TypeVar("Result")

_own = MemoryStorage()
_own_firsts = LocMemCache("firsts", {"OPTIONS": {"MAX_ENTRIES": 10_000}})


def count(act: Callable[[Counters], Result]) -> Result:
    """Call `act` with the shared counters, or with this process's own."""
    try:
        return act(_shared(settings.REDIS_URL))
    except StorageError:
        _warn()
        return act(_own)


def first(name: str, value: str, expiry_s: int) -> str:
    """Return the first value that anybody gave for a name; it holds for so many seconds."""
    try:
        return _first(f"{RedisStorage.PREFIX}:{name}", value, expiry_s)
    except RedisError:
        _warn()
        return str(_own_firsts.get_or_set(name, value, expiry_s))


def _first(key: str, value: str, expiry_s: int) -> str:
    broker = Redis(connection_pool=_pool(settings.REDIS_URL))
    if broker.set(key, value, nx=True, ex=expiry_s):
        return value
    found = broker.get(key)
    return found.decode() if isinstance(found, bytes) else value  # none: it expired in between


def _warn() -> None:
    logger.warning("the broker does not answer: this process counts attempts by itself")


@cache
def _shared(url: str) -> RedisStorage:
    return RedisStorage(url, connection_pool=_pool(url), wrap_exceptions=True)


@cache
def _pool(url: str) -> ConnectionPool:
    return ConnectionPool.from_url(
        url,
        socket_connect_timeout=ANSWER_S,
        socket_timeout=ANSWER_S,
        retry=Retry(NoBackoff(), 0),  # the library's own three retries take seconds
    )
