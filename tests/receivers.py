"""Who receives messages in tests: a mail server and a webhook's listener, on real ports."""

import socketserver
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Mailbox:
    """A mail server: where it listens, and the messages that it took, each with its envelope's recipients."""

    port: int = 0
    taken: list[tuple[list[str], EmailMessage]] = field(default_factory=list)
    refuses: bool = False  # every recipient


@contextmanager
def mail_server() -> Iterator[Mailbox]:
    """Run a mail server that speaks just enough SMTP."""
    box = Mailbox()

    class Session(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self._say("220 test")
            to: list[str] = []
            while line := self.rfile.readline().decode().strip():
                verb = line.partition(" ")[0].upper()
                if verb == "RCPT" and box.refuses:
                    self._say("550 no such user")
                elif verb == "DATA":
                    self._say("354 go on")
                    box.taken.append((to, self._data()))
                    self._say("250 taken")
                elif verb == "QUIT":
                    self._say("221 bye")
                    return
                else:
                    to += [line.partition("<")[2].partition(">")[0]] if verb == "RCPT" else []
                    self._say("250 fine")

        def _say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

        def _data(self) -> EmailMessage:
            lines = []
            while (line := self.rfile.readline()) not in (b".\r\n", b""):
                lines.append(line)
            message = message_from_bytes(b"".join(lines), policy=policy.default)
            assert isinstance(message, EmailMessage)
            return message

    with _serving(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session)) as port:
        box.port = port
        yield box


@dataclass(frozen=True)
class Posted:
    """One request to the listener; header names are lower case."""

    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Listener:
    """A webhook's listener: what came, and the statuses that it answers next (200 after them)."""

    port: int = 0
    posted: list[Posted] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    location: str = ""

    @property
    def url(self) -> str:
        """Return where messages are posted to."""
        return f"http://127.0.0.1:{self.port}/hooks/concord"


@contextmanager
def listener() -> Iterator[Listener]:
    """Run a listener."""
    heard = Listener()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            heard.posted.append(Posted(self.path, headers, body))
            self.send_response(heard.statuses.pop(0) if heard.statuses else 200)
            if heard.location:
                self.send_header("location", heard.location)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_request(self, code: Any = "-", size: Any = "-") -> None:
            """Keep quiet."""

    with _serving(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as port:
        heard.port = port
        yield heard


@contextmanager
def _serving(server: socketserver.TCPServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=10)
