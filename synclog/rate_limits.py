"""Counters that all web processes share, in the broker's Redis.

Where it does not answer each process counts for itself: no page fails because of the broker.
"""

import logging
from collections.abc import Callable
from functools import cache
from typing import TypeVar

from django.conf import settings
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisStorage
from redis import ConnectionPool
from redis.backoff import NoBackoff
from redis.retry import Retry

logger = logging.getLogger(__name__)

ANSWER_S = 0.4  # for Redis to connect, and to answer
Counters = RedisStorage | MemoryStorage
Result = TypeVar("Result")

_own = MemoryStorage()


def count(act: Callable[[Counters], Result]) -> Result:
    """Call `act` with the shared counters, or with this process's own."""
    try:
        return act(_shared(settings.REDIS_URL))
    except StorageError:
        logger.warning("the broker does not answer: this process counts attempts by itself")
        return act(_own)


@cache
def _shared(url: str) -> RedisStorage:
    pool = ConnectionPool.from_url(
        url,
        socket_connect_timeout=ANSWER_S,
        socket_timeout=ANSWER_S,
        retry=Retry(NoBackoff(), 0),  # the library's own three retries take seconds
    )
    return RedisStorage(url, connection_pool=pool, wrap_exceptions=True)
