"""Shares: a connection that hangs may hold some of a worker's threads, never all of them.

So that one system that is down does not delay the others. Counted in this process
alone: each worker keeps a thread free for every other connection.
"""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from connectors.models import Connection

_lock = threading.Lock()
_held: Counter[int] = Counter()
_threads = 1


def set_threads(number: int) -> None:
    """Note how many tasks this worker runs at once."""
    global _threads
    _threads = max(1, number)


@contextmanager
def share(connection_pk: int) -> Iterator[bool]:
    """Hold one of the connection's share of threads; False where it has all of them already.

    Whoever gets none goes home: those who hold the others look again for what is due.
    """
    others = Connection.objects.filter(enabled=True).exclude(pk=connection_pk).count()
    with _lock:
        is_free = _held[connection_pk] < max(1, _threads - others)
        _held[connection_pk] += is_free
    try:
        yield is_free
    finally:
        with _lock:
            _held[connection_pk] -= is_free
