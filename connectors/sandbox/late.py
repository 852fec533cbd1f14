"""Calls that are carried out after their caller gave up.

A balancer cuts the line, the machine behind it goes on: the write lands seconds later, on the records as
they are by then, also behind a write that was sent after it.
"""

import threading
from collections.abc import Callable


class LateCalls:
    """Calls that are still to be carried out; safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._timers: set[threading.Timer] = set()

    def add(self, seconds: float, carry_out: Callable[[], object]) -> None:
        """Carry out a call so many seconds from now, unless it is dropped before."""
        timer = threading.Timer(seconds, lambda: self._run(timer, carry_out))
        timer.daemon = True
        with self._lock:
            self._timers.add(timer)
        timer.start()

    def drop(self) -> None:
        """Carry out none of those that wait."""
        with self._lock:
            waiting, self._timers = self._timers, set()
        for timer in waiting:
            timer.cancel()

    @property
    def waiting(self) -> int:
        """Return how many are still to be carried out, those under way included."""
        with self._lock:
            return len(self._timers)

    def _run(self, timer: threading.Timer, carry_out: Callable[[], object]) -> None:
        try:
            with self._lock:
                is_wanted = timer in self._timers
            if is_wanted:
                carry_out()
        finally:
            with self._lock:
                self._timers.discard(timer)
