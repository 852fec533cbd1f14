"""Wait for a condition, with a deadline: no test sleeps."""

import time
from collections.abc import Callable


def wait_until(holds: Callable[[], object], timeout_s: float = 20.0) -> None:
    """Return when the condition holds; fail when it doesn't in time."""
    ends_at = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < ends_at, "the condition did not come true in time"
        time.sleep(0.02)
