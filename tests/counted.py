"""What the broker counts by address, logins and registrations, in tests."""

import redis
from django.conf import settings


def keys(pattern: str = "*") -> list[bytes]:
    """Return the keys of counters whose name matches."""
    with redis.Redis.from_url(settings.REDIS_URL) as broker:
        return list(broker.scan_iter(f"LIMITS:{pattern}"))


def forget() -> None:
    """Begin with nobody counted, whatever tests ran before."""
    found = keys()
    with redis.Redis.from_url(settings.REDIS_URL) as broker:
        if found:
            broker.delete(*found)
