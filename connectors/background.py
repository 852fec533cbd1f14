"""One piece of work at a time in the background, while a talker waits for the other side."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from django.db import connections


class Background:
    """Run one piece of work at a time in a thread of its own, with a database connection of its own.

    The thread is made when it is first needed. Close it when done.
    """

    def __init__(self) -> None:
        self._thread: ThreadPoolExecutor | None = None
        self._under_way: Future[None] | None = None

    def start(self, work: Callable[[], None]) -> None:
        """Begin a piece of work. `wait` for the one before it first."""
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="background")
        self._under_way = self._thread.submit(work)

    def wait(self) -> None:
        """Return once nothing is under way. Raises what the work raised."""
        under_way, self._under_way = self._under_way, None
        if under_way is not None:
            under_way.result()

    def close(self) -> None:
        """Wait, and let go of the thread and its database connection. Raises nothing."""
        if self._thread is not None:
            self._thread.submit(connections.close_all)
            self._thread.shutdown()
            self._thread = None
