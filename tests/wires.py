"""A server that answers exactly as a test says, byte by byte: what no decent sandbox does."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

GAP_S = 0.05  # between two bytes of a drip


@dataclass(frozen=True)
class Asked:
    """One request as it came in; header names are lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


Script = Callable[[socket.socket, Asked], None]


@dataclass
class Wire:
    """A running server: where it listens and what it was asked."""

    port: int
    asked: list[Asked] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Return its address without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def serving(*scripts: Script, tls: ssl.SSLContext | None = None) -> Iterator[Wire]:
    """Answer the n-th request by the n-th script, further ones by the last."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        wire, open_sockets = Wire(listener.getsockname()[1]), list[socket.socket]()
        told = (listener, wire, scripts, open_sockets, tls)
        threading.Thread(target=_listen, args=told, daemon=True).start()
        try:
            yield wire
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            for one in open_sockets:
                one.close()


def answer(body: bytes = b"{}", status: str = "200 OK", **headers: str) -> Script:
    """Answer at once and in full."""
    names = {"Content-Type": "application/json", "Content-Length": str(len(body)), **_names(headers)}
    head = "".join(f"{name}: {value}\r\n" for name, value in names.items())
    whole = f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body
    return lambda sock, _: sock.sendall(whole)


def drip(head: bytes, slowly: bytes) -> Script:
    """Send the head at once, then byte after byte with pauses, each shorter than any time-out."""

    def script(sock: socket.socket, _: Asked) -> None:
        sock.sendall(head)
        for place in range(len(slowly)):
            sock.sendall(slowly[place : place + 1])
            time.sleep(GAP_S)  # the behaviour under test, not a wait
        sock.shutdown(socket.SHUT_RDWR)

    return script


def silence(sock: socket.socket, _: Asked) -> None:
    """Read the request and never answer."""
    while sock.recv(4096):
        pass


def _names(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def _listen(
    listener: socket.socket,
    wire: Wire,
    scripts: tuple[Script, ...],
    open_sockets: list[socket.socket],
    tls: ssl.SSLContext | None,
) -> None:
    while True:
        try:
            sock = listener.accept()[0]
        except OSError:
            return
        open_sockets.append(sock)
        threading.Thread(target=_converse, args=(sock, wire, scripts, tls), daemon=True).start()


def _converse(
    sock: socket.socket, wire: Wire, scripts: tuple[Script, ...], tls: ssl.SSLContext | None
) -> None:
    with suppress(OSError):  # the caller hung up, as it should
        if tls is not None:
            sock = tls.wrap_socket(sock, server_side=True)
        while (request := _request(sock)) is not None:
            wire.asked.append(request)
            scripts[min(len(wire.asked), len(scripts)) - 1](sock, request)


def _request(sock: socket.socket) -> Asked | None:
    data = b""
    while b"\r\n\r\n" not in data:
        more = sock.recv(65536)
        if not more:
            return None
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    while len(body) < int(headers.get("content-length", "0")):
        body += sock.recv(65536)
    method, path, _ = first.split(" ", 2)
    return Asked(method, path, headers, body)
