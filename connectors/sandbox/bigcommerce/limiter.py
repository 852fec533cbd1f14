"""The limit of calls that all integrations of a store share.

Source: BigCommerce docs, "B2B Edition APIs", rate limits: 150 requests a minute and a store, told by
X-Requests-* with units in their values. [?] How it is counted is not documented; its sample,
`X-Request-Window-Resets-After: 0.3973509933774834 s` beside 150 remaining, is 60/151: a bucket that holds 151
and leaks evenly. A fixed window can be rehearsed too.
"""

import threading
import time
from dataclasses import dataclass

from .settings import Settings

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Count:
    """What a caller is told about the limit; `used` is what counted before this call."""

    allowed: bool
    allocated: int
    window_s: float
    remaining: int
    used: int
    resets_after_s: float

    def b2b_headers(self) -> Headers:
        """Return the headers of B2B Edition, values with units."""
        return (
            ("X-Requests-Allocated", f"{self.allocated} times/{self.window_s:g} s"),
            ("X-Requests-Remaining", f"{self.remaining} times"),
            ("X-Requests-Window-Length", f"{self.used} times"),
            ("X-Request-Window-Resets-After", f"{self.resets_after_s} s"),
        )

    def core_headers(self) -> Headers:
        """Return the headers of the core API, plain numbers."""
        return (
            ("X-Rate-Limit-Time-Window-Ms", f"{round(self.window_s * 1000)}"),
            ("X-Rate-Limit-Time-Reset-Ms", f"{round(self.resets_after_s * 1000)}"),
            ("X-Rate-Limit-Requests-Quota", f"{self.allocated}"),
            ("X-Rate-Limit-Requests-Left", f"{self.remaining}"),
        )


class Limiter:
    """Counts the calls of one store; safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        """Forget what was counted."""
        with self._lock:
            self._level, self._at = 0.0, 0.0

    def b2b(self, settings: Settings) -> Count:
        """Count one B2B call."""
        size, window_s = settings.requests_per_window, settings.window_s
        return self._fixed(size, window_s) if settings.limiter == "fixed" else self._leaky(size, window_s)

    def core(self, settings: Settings) -> Count:
        """Count one call of the core API, which has a fixed window of its own."""
        return self._fixed(settings.core_requests_per_window, settings.core_window_s)

    def _fixed(self, size: int, window_s: float) -> Count:
        with self._lock:
            now = time.monotonic()
            if now - self._at >= window_s:
                self._level, self._at = 0.0, now
            used = int(self._level)
            allowed = used < size
            self._level += allowed
            left_s = self._at + window_s - now
            return Count(allowed, size, window_s, max(0, size - int(self._level)), used, left_s)

    def _leaky(self, size: int, window_s: float) -> Count:
        holds = size + 1
        per_call_s = window_s / holds
        with self._lock:
            now = time.monotonic()
            level = max(0.0, self._level - (now - self._at) / per_call_s)
            used = int(level)
            allowed = level + 1 <= holds
            level += allowed
            self._level, self._at = level, now
            # A refused caller is told when one call fits again, the others when the bucket is empty.
            left_s = level * per_call_s if allowed else (level + 1 - holds) * per_call_s
            return Count(allowed, size, window_s, max(0, int(holds - level)), used, left_s)


def used_up(size: int, window_s: float) -> Count:
    """Return how it looks when other apps of the store took the rest; one call fits again soon."""
    return Count(False, size, window_s, 0, size, window_s / (size + 1))
