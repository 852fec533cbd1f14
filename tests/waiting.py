"""Wait for a condition, with a deadline: no test sleeps."""

import time
from collections.abc import Callable


def wait_until(
    holds: Callable[[], object], timeout_s: float = 20.0, *, said: Callable[[], object] = str
) -> None:
    """Return when the condition holds; fail when it doesn't in time, with what `said` tells."""
    ends_at = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < ends_at, f"the condition did not come true in time. {said()}"
        time.sleep(0.02)
