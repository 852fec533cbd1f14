"""Run a WSGI application in a pool of threads, for an event loop that has each request in whole."""

import asyncio
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from urllib.parse import unquote_to_bytes

from asgiref.typing import HTTPScope

Headers = list[tuple[str, str]]
WsgiApplication = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


@dataclass(slots=True)
class Answer:
    """What a WSGI application answered; `start` is its start_response."""

    status: int = 500
    headers: Headers = field(default_factory=list)
    content: bytes = b""

    def start(self, status: str, headers: Headers, _exc_info: object = None) -> Callable[[bytes], object]:
        """Take status and headers. The old write() callable is not offered: Django never uses it."""
        self.status, self.headers = int(status.partition(" ")[0]), headers
        return _no_write


class WsgiThreads:
    """Call a WSGI application in one of `threads` threads, which wait for no client.

    The answer is collected in whole, so that a client who reads slowly holds memory
    of the server and no thread. Whoever streams more than memory bears needs another way.
    """

    def __init__(self, application: WsgiApplication, threads: int) -> None:
        self.application = application
        self.pool = ThreadPoolExecutor(threads, thread_name_prefix="console")

    async def answer(self, scope: HTTPScope, body: bytes) -> Answer:
        """Run the application. Raises what it raises."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.pool, self._call, environ(scope, body))

    def _call(self, environ: dict[str, Any]) -> Answer:
        answer = Answer()
        chunks = self.application(environ, answer.start)
        try:
            answer.content = b"".join(chunks)
        finally:
            close = getattr(chunks, "close", None)  # where Django gives back what the request used
            if close:
                close()
        return answer


def environ(scope: HTTPScope, body: bytes) -> dict[str, Any]:
    """Build the WSGI environment of a request whose body is complete.

    Header names with an underscore are left out: `X_Forwarded_For` would pass for the
    proxy's own header. The length is that of the body, whatever the client said.
    """
    server, client = scope.get("server") or ("localhost", 80), scope.get("client") or ("", 0)
    found: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope["raw_path"]).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1]),
        "REMOTE_ADDR": client[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    return {**found, **_headers(scope), "CONTENT_LENGTH": str(len(body))}


def _headers(scope: HTTPScope) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for name, value in scope["headers"]:
        if b"_" not in name:
            found.setdefault(name.decode("latin-1").upper().replace("-", "_"), []).append(
                value.decode("latin-1")
            )
    plain = ("CONTENT_TYPE", "CONTENT_LENGTH")
    # Cookies of one request are parted by semicolons, all else by commas. Source: RFC 9113, section 8.2.3.
    return {
        name if name in plain else f"HTTP_{name}": (";" if name == "COOKIE" else ",").join(values)
        for name, values in found.items()
    }


def _no_write(_: bytes) -> None:
    raise NotImplementedError("write() of WSGI is not offered: return the content")
