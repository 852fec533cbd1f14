"""A total deadline for one HTTP call, and a look at where it goes. Pure: no Django.

A library's time-out is one per read: a server that sends a byte a minute, in its
headers or in its body, would hold a worker for ever. So the socket in use is shut
down when the time is over; whoever reads from it gets an error at once.

And the name of a host is resolved here, so that what was looked at is what is
connected to: a name that leads elsewhere a moment later gains nothing.
"""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from connectors.addresses import Guard


class Wire:
    """Know the socket in use by one thread, so that a deadline can cut it."""

    def __init__(self) -> None:
        self._connection: HTTPConnection | None = None
        self._answering: socket.socket | None = None

    def pools(self, guard: Guard | None) -> dict[str, type[HTTPConnectionPool]]:
        """Return connection pools whose connections tell us when they are used.

        `guard` says where they may connect to; None for those to a proxy, which
        stands inside as a rule and resolves the name itself.
        """
        wire = self

        class Told(HTTPConnection):
            def request(self, *args: Any, **kwargs: Any) -> None:
                wire._connection, wire._answering = self, None
                super().request(*args, **kwargs)

            def getresponse(self) -> Any:
                wire._answering = self.sock
                return super().getresponse()

            def _new_conn(self) -> socket.socket:
                return _pinned(self, guard, super()._new_conn) if guard else super()._new_conn()

        class ToldTls(Told, HTTPSConnection):
            """The same, encrypted."""

        plain = type("PlainPool", (HTTPConnectionPool,), {"ConnectionCls": Told})
        tls = type("TlsPool", (HTTPSConnectionPool,), {"ConnectionCls": ToldTls})
        return {"http": plain, "https": tls}

    @contextlib.contextmanager
    def cut_after(self, seconds: float) -> Iterator[None]:
        """Shut the socket down if the block takes longer than so many seconds."""
        timer = threading.Timer(seconds, self._cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _cut(self) -> None:
        # A connection that ends with its answer lets go of its socket as soon as the
        # headers are read, while the body still comes: so the socket itself is kept.
        used = self._answering or getattr(self._connection, "sock", None)
        if used is not None:
            with contextlib.suppress(OSError):
                # Not SSLSocket.shutdown: it takes the cipher away from the thread that reads.
                socket.socket.shutdown(used, socket.SHUT_RDWR)


def _pinned(connection: HTTPConnection, guard: Guard, connect: Callable[[], socket.socket]) -> socket.socket:
    """Connect to one of the addresses that the guard lets through. Raises RefusedAddressError."""
    name = connection._dns_host
    try:
        found = guard.addresses(name, connection.port)
    except OSError as error:
        raise NameResolutionError(name, connection, error) from error  # type: ignore[arg-type]
    try:
        for address in found[:-1]:
            connection._dns_host = address
            with contextlib.suppress(ConnectTimeoutError, NewConnectionError):
                return connect()
        connection._dns_host = found[-1]
        return connect()
    finally:
        connection._dns_host = name  # the certificate is compared with the name
