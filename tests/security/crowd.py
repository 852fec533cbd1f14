"""Clients that mean harm by being slow: each holds what it got for as long as it is let."""

import selectors
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType

STEP_S = 2.0  # each client does its next bit so often: no time-out that counts silence ends it


@dataclass(frozen=True, slots=True)
class Manner:
    """How a client begins, and what it does at each step."""

    begins: bytes
    step: Callable[[socket.socket], object]


def slow_body(path: str) -> Manner:
    """A request whose body comes byte by byte."""
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000\r\n\r\nabcd"
    return Manner(head.encode(), lambda client: client.send(b"a"))


def slow_header(path: str) -> Manner:
    """A request whose header comes byte by byte."""
    return Manner(
        f"GET {path} HTTP/1.1\r\nHost: localhost\r\nX-A: ".encode(), lambda client: client.send(b"a")
    )


def slow_reader(path: str) -> Manner:
    """A request for something large whose answer is read byte by byte."""
    return Manner(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode(), lambda client: client.recv(1))


@dataclass
class Crowd:
    """So many clients at a port, one thread; who is thrown out comes back at once. A context manager."""

    port: int
    number: int
    manner: Manner
    came: int = 0
    thrown_out: int = 0
    _ended: threading.Event = field(default_factory=threading.Event)
    _selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)

    def __enter__(self) -> "Crowd":
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()
        for client in self._clients():
            client.close()

    def _clients(self) -> list[socket.socket]:
        return [
            key.fileobj for key in self._selector.get_map().values() if isinstance(key.fileobj, socket.socket)
        ]

    def _run(self) -> None:
        while not self._ended.is_set():
            for _ in range(self.number - len(self._clients())):
                self._come()
            started = time.monotonic()
            for client in self._clients():
                self._do(client)
            self._ended.wait(max(0.0, STEP_S - (time.monotonic() - started)))

    def _come(self) -> None:
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        client.settimeout(5)
        try:
            client.connect(("127.0.0.1", self.port))
            client.sendall(self.manner.begins)
        except OSError:
            client.close()
            return
        client.setblocking(False)
        self._selector.register(client, selectors.EVENT_READ)
        self.came += 1

    def _do(self, client: socket.socket) -> None:
        try:
            self.manner.step(client)
            if self.manner.begins.startswith(b"POST") and client.recv(1, socket.MSG_PEEK) == b"":
                raise ConnectionResetError
        except BlockingIOError:
            return
        except OSError:
            self._selector.unregister(client)
            with suppress(OSError):
                client.close()
            self.thrown_out += 1
