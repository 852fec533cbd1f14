"""Wait for a condition, with a deadline: no test sleeps."""

import time
from collections.abc import Callable

LONGEST_S = 900.0  # of a wait for something that goes on moving


def wait_until(
    holds: Callable[[], object],
    timeout_s: float = 20.0,
    *,
    said: Callable[[], object] = str,
    progress: Callable[[], object] | None = None,
) -> None:
    """Return when the condition holds; fail when it doesn't in time, with what `said` tells.

    With `progress` the time runs from the last change of what that returns, so that a slow
    machine only takes longer: 15 minutes at most.
    """
    ends_at = time.monotonic() + timeout_s
    last_at, last = time.monotonic() + LONGEST_S, progress() if progress else None
    while not holds():
        if progress and (now := progress()) != last:
            last, ends_at = now, min(time.monotonic() + timeout_s, last_at)
        assert time.monotonic() < ends_at, f"the condition did not come true in time. {said()}"
        time.sleep(0.02)
