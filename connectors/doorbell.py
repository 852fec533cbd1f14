"""Ring for a worker. A ring may be lost or come twice: the rows hold the truth.

A broker that is down, or takes the connection and never answers, must not hold up
a save: short time-outs, no retry, and after a failure this process doesn't ring
for a while. The sweep rings for whatever is due.
"""

import logging
import os
import threading
import time

import redis
from celery import current_app
from django.db import connection as database
from django.db import transaction
from kombu.connection import Connection
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

PUSH, PULL, COMPARE = "push", "pull", "compare"  # what a worker is asked for
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
_own = threading.local()


def ring(connection_pk: int, what: str = PUSH) -> bool:
    """Ask some worker to send what is due on this connection, to read, or to compare it.

    Returns whether it was heard.
    Takes less than a second in all cases and never raises.
    """
    global _quiet_until
    with _lock:
        if time.monotonic() < _quiet_until:
            return False
    try:
        _send(connection_pk, what)
    except (KombuError, RedisError, OSError) as error:
        with _lock:
            _quiet_until = time.monotonic() + QUIET_S
        logger.warning("the broker did not take a ring: %s", type(error).__name__)
        return False
    return True


def ring_after_commit(connection_pk: int, what: str = PUSH) -> None:
    """Ring once when the open transaction is committed, however often it is asked for."""
    hooks = database.run_on_commit  # a new list for each transaction, so it names this one

    def committed() -> None:
        rung: dict[str, object] = _rung.__dict__
        if rung.get(f"{what} {connection_pk}") is not hooks:
            rung[f"{what} {connection_pk}"] = hooks
            ring(connection_pk, what)

    transaction.on_commit(committed)


def forget_trouble() -> None:
    """Ring again at once, whatever the last ring met."""
    global _quiet_until
    with _lock:
        _quiet_until = 0.0


def _send(connection_pk: int, what: str) -> None:
    """Send on this thread's own line to the broker; on a new one if that was cut meanwhile."""
    is_old = hasattr(_own, "line")
    try:
        _send_on(_line(), connection_pk, what)
    except (KombuError, RedisError, OSError) as error:
        _hang_up()
        if not is_old or isinstance(error.__cause__, TimeoutError | redis.exceptions.TimeoutError):
            raise
        _send_on(_line(), connection_pk, what)


def _send_on(line: Connection, connection_pk: int, what: str) -> None:
    from connectors import tasks  # they know the doorbell

    task = {PUSH: tasks.push, PULL: tasks.pull, COMPARE: tasks.compare}[what]
    task.apply_async((connection_pk,), connection=line, retry=False, expires=EXPIRES_S)


def _line() -> Connection:
    """Return this thread's line. Opening one for each ring cost a save a third of its time."""
    url = current_app.conf.broker_write_url or current_app.conf.broker_url
    if getattr(_own, "url", None) != (url, os.getpid()):
        _hang_up()
        _own.line = current_app.connection_for_write(transport_options=_OPTIONS, connect_timeout=ANSWER_S)
        _own.url = (url, os.getpid())
    line: Connection = _own.line
    return line


def _hang_up() -> None:
    line = _own.__dict__.pop("line", None)
    _own.__dict__.pop("url", None)
    if line is not None:
        line.release()
