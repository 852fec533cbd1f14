"""The rehearsal server: real sockets in front of the stand-ins.

It can do what a remote system does on a bad day: hang, drip, and hang up without an answer.
"""

import contextlib
import logging
import selectors
import socket
import threading
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl

from .app import Rehearsal
from .wire import MAX_BODY_BYTES, Delivery, Reply, Request, json_reply, packed, whole_number

WORTH_PACKING_BYTES = 1024
LOOK_EVERY_S = 0.2
logger = logging.getLogger(__name__)


class SandboxServer:
    """A rehearsal on a port, served from background threads of this process.

    `start()` raises OSError when the port is taken. Port 0 takes a free one; `url` tells which.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self.app = Rehearsal()
        self._address = (host, port)
        self._http: _Http | None = None

    @property
    def url(self) -> str:
        """Return the address of the running server, without a slash at its end."""
        if self._http is None:
            raise RuntimeError("the sandbox is not running")
        host, port = self._http.server_address[:2]
        return f"http://{host!s}:{port}"

    def start(self) -> None:
        """Listen and serve until stop()."""
        if self._http is not None:
            return
        self._http = _Http(self._address, self.app)
        threading.Thread(target=self._http.serve_forever, args=(LOOK_EVERY_S / 4,), daemon=True).start()

    def stop(self) -> None:
        """Stop listening and hang up on everybody, also on those who were left without an answer."""
        if self._http is None:
            return
        http, self._http = self._http, None
        http.stopping.set()
        http.shutdown()
        http.server_close()
        http.hang_up()

    def __enter__(self) -> "SandboxServer":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 512

    def __init__(self, address: tuple[str, int], app: Rehearsal) -> None:
        self.app = app
        self.stopping = threading.Event()
        self._open: set[socket.socket] = set()
        super().__init__(address, _Conversation)

    def server_bind(self) -> None:
        # HTTPServer looks its own name up in the DNS here, which can take seconds and is never used.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        logger.debug("conversation with %s over %s ended", client_address, request)

    def hang_up(self) -> None:
        """Cut every open connection."""
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Conversation(BaseHTTPRequestHandler):
    """One kept-alive connection."""

    server: _Http
    protocol_version = "HTTP/1.1"
    server_version = "Rehearsal"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = -1  # one packet for head and body

    def serve(self) -> None:
        """Read one request, answer it, and keep or end the connection."""
        body = self._read_body()
        if body is None:
            return
        request = self._request(body)
        try:
            reply = self.server.app.answer(request)
        except Exception:  # the last line of a server: the trace is logged, the caller told
            logger.exception("the sandbox itself failed at %s %s", self.command, self.path)
            reply = json_reply({"error": "the sandbox itself failed; see its output"}, 500)
        self._deliver(reply, packs="gzip" in request.headers.get("accept-encoding", ""))

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = serve  # noqa: N815 - as the parent looks

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the parent's
        logger.debug(format, *args)

    def _read_body(self) -> bytes | None:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return self._refuse(HTTPStatus.LENGTH_REQUIRED)
        length = whole_number(self.headers.get("Content-Length", "0"))
        if length is None:
            return self._refuse(HTTPStatus.BAD_REQUEST)
        if length > MAX_BODY_BYTES:
            return self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        return self.rfile.read(length) if length else b""

    def _refuse(self, status: HTTPStatus) -> bytes | None:
        self.close_connection = True
        self._send(Reply(status, status.phrase.encode(), content_type="text/plain"))
        return None

    def _request(self, body: bytes) -> Request:
        headers: Mapping[str, str] = {key.lower(): value for key, value in self.headers.items()}
        path, _, query = self.path.partition("?")
        pairs = tuple(parse_qsl(query, keep_blank_values=True))
        head_bytes = sum(len(key) + len(value) + 4 for key, value in headers.items())
        return Request(
            method=self.command,
            path=path,
            query=dict(pairs),
            pairs=pairs,
            headers=headers,
            body=body,
            uri_bytes=len(self.path),
            head_bytes=head_bytes,
        )

    def _deliver(self, reply: Reply, *, packs: bool) -> None:
        if reply.pause_s and self.server.stopping.wait(reply.pause_s):
            return self._cut()
        if reply.delivery is Delivery.NEVER:
            self._wait_until_caller_leaves()
        if reply.delivery in (Delivery.NEVER, Delivery.CUT):
            return self._cut()
        if packs and len(reply.body) > WORTH_PACKING_BYTES and reply.delivery is Delivery.WHOLE:
            extra = (("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding"))
            reply = Reply(reply.status, packed(reply.body), reply.headers + extra, reply.content_type)
        return self._send(reply)

    def _send(self, reply: Reply) -> None:
        self.send_response(reply.status)
        for name, value in reply.headers:
            self.send_header(name, value)
        if reply.status not in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED):
            self.send_header("Content-Type", reply.content_type)
            self.send_header("Content-Length", str(len(reply.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        body = b"" if self.command == "HEAD" else reply.body
        if reply.delivery is Delivery.DRIP:
            self._drip(body, reply.byte_gap_s)
        else:
            self.wfile.write(body)
            self.wfile.flush()

    def _drip(self, body: bytes, gap_s: float) -> None:
        for position in range(len(body)):
            self.wfile.write(body[position : position + 1])
            self.wfile.flush()
            if self.server.stopping.wait(gap_s):
                return self._cut()
        return None

    def _cut(self) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def _wait_until_caller_leaves(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self.connection, selectors.EVENT_READ)
            while not self.server.stopping.is_set():
                if selector.select(LOOK_EVERY_S) and not self.connection.recv(4096):
                    return
