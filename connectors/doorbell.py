"""Ring for a worker. A ring may be lost or come twice: the rows hold the truth.

A broker that is down, or takes the connection and never answers, must not hold up
a save: short time-outs, no retry, and after a failure this process doesn't ring
for a while. The sweep rings for whatever is due.
"""

import logging
import threading
import time

from django.db import connection as database
from django.db import transaction
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

QUIET_S = 10.0  # after a failed ring
ANSWER_S = 0.4  # for the broker to connect, and to answer
EXPIRES_S = 60.0  # a ring that nobody heard for so long is not worth hearing

_OPTIONS = {
    "socket_connect_timeout": ANSWER_S,
    "socket_timeout": ANSWER_S,
    "max_retries": 0,
    "interval_start": 0,
    "interval_step": 0,
    "interval_max": 0,
}
_lock = threading.Lock()
_quiet_until = 0.0
_rung = threading.local()


def ring(connection_pk: int) -> bool:
    """Ask some worker to look at this connection. Returns whether it was heard.

    Takes less than a second in all cases and never raises.
    """
    global _quiet_until
    with _lock:
        if time.monotonic() < _quiet_until:
            return False
    try:
        _send(connection_pk)
    except (KombuError, RedisError, OSError) as error:
        with _lock:
            _quiet_until = time.monotonic() + QUIET_S
        logger.warning("the broker did not take a ring: %s", type(error).__name__)
        return False
    return True


def ring_after_commit(connection_pk: int) -> None:
    """Ring once when the open transaction is committed, however often it is asked for."""
    hooks = database.run_on_commit  # a new list for each transaction, so it names this one

    def committed() -> None:
        rung: dict[str, object] = _rung.__dict__
        if rung.get(str(connection_pk)) is not hooks:
            rung[str(connection_pk)] = hooks
            ring(connection_pk)

    transaction.on_commit(committed)


def forget_trouble() -> None:
    """Ring again at once, whatever the last ring met."""
    global _quiet_until
    with _lock:
        _quiet_until = 0.0


def _send(connection_pk: int) -> None:
    from connectors.tasks import push

    app = push.app
    with app.connection_for_write(transport_options=_OPTIONS, connect_timeout=ANSWER_S) as broker:
        push.apply_async((connection_pk,), connection=broker, retry=False, expires=EXPIRES_S)
