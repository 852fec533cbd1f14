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
        self._waiting: dict[threading.Timer, Callable[[], object]] = {}

    def add(self, seconds: float, carry_out: Callable[[], object]) -> None:
        """Carry out a call so many seconds from now, unless it is dropped before."""
        timer = threading.Timer(seconds, lambda: self._run(timer))
        timer.daemon = True
        with self._lock:
            self._waiting[timer] = carry_out
        timer.start()

    def carry_out(self) -> int:
        """Carry out now, in their order, all that wait; return how many."""
        with self._lock:
            timers = list(self._waiting)
        for timer in timers:
            timer.cancel()
            self._run(timer)
        return len(timers)

    def drop(self) -> None:
        """Carry out none of those that wait."""
        with self._lock:
            timers = list(self._waiting)
            self._waiting.clear()
        for timer in timers:
            timer.cancel()

    @property
    def waiting(self) -> int:
        """Return how many are still to be carried out."""
        with self._lock:
            return len(self._waiting)

    def _run(self, timer: threading.Timer) -> None:
        with self._lock:
            carry_out = self._waiting.pop(timer, None)
        if carry_out is not None:
            carry_out()
