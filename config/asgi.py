"""What granian serves: each request is taken in whole before an application thread works on it.

A WSGI server reads a body in the thread that answers, so a few clients that send a
header and then nothing would hold every thread. Here the event loop waits for bodies,
by a deadline and up to a size (config/bodies.py); Django and its views are the same
synchronous code as under any WSGI server.
"""

import asyncio

from asgiref.typing import ASGIReceiveCallable, ASGISendCallable, HTTPScope, LifespanScope, WebSocketScope

from config.bodies import BodyLimit, limit_for, too_large
from config.threads import Answer, WsgiThreads
from config.wsgi import application as wsgi_application

THREADS = 8  # of each process: each has its own connection to the database
HEALTH = "/healthz"
LENGTH_DIGITS = 19  # no body is longer; Python itself refuses to read thousands of digits
_TEXT = [("content-type", "text/plain; charset=utf-8"), ("connection", "close")]


class TooLargeError(Exception):
    """A body is larger than its address takes."""


class GoneError(Exception):
    """The client hung up before its request was complete."""


class Front:
    """The ASGI application in front of a WSGI one."""

    def __init__(self, threads: WsgiThreads) -> None:
        self.threads = threads

    async def __call__(
        self,
        scope: HTTPScope | WebSocketScope | LifespanScope,
        receive: ASGIReceiveCallable,
        send: ASGISendCallable,
    ) -> None:
        """Answer one request. There are no web sockets, and nothing to do at start and end."""
        if scope["type"] != "http":
            return
        try:
            answer = await self._answer(scope, receive)
        except GoneError:
            return
        headers = [(name.lower().encode("latin-1"), text.encode("latin-1")) for name, text in answer.headers]
        await send(
            {"type": "http.response.start", "status": answer.status, "headers": headers, "trailers": False}
        )
        await send({"type": "http.response.body", "body": answer.content, "more_body": False})

    async def _answer(self, scope: HTTPScope, receive: ASGIReceiveCallable) -> Answer:
        if scope["path"] == HEALTH:  # by the loop itself: it lives, however busy the threads are
            return Answer(200, [("content-type", "application/json")], b'{"status": "ok"}')
        length = _length(scope)
        if length == 0:
            return await self.threads.answer(scope, b"")
        limit = limit_for(scope["path"])
        try:
            body = await _body(receive, limit, length)
        except TooLargeError:
            return Answer(413, _TEXT, too_large(limit).encode())
        except TimeoutError:
            return Answer(408, _TEXT, b"This request took too long to arrive. Send it again.")
        return await self.threads.answer(scope, body)


async def _body(receive: ASGIReceiveCallable, limit: BodyLimit, length: int | None) -> bytes:
    """Wait for a whole body. Raises TooLargeError, TimeoutError, GoneError."""
    if (length or 0) > limit.max_bytes:
        raise TooLargeError
    body = bytearray()
    async with asyncio.timeout(limit.within_s):
        while True:
            event = await receive()
            if event["type"] != "http.request":
                raise GoneError
            body += event["body"]
            if len(body) > limit.max_bytes:
                raise TooLargeError
            if not event["more_body"]:
                return bytes(body)


def _length(scope: HTTPScope) -> int | None:
    """Read how long the body will be: None where the request does not say (it comes in chunks)."""
    headers = dict(scope["headers"])
    if b"transfer-encoding" in headers:
        return None
    text = headers.get(b"content-length", b"0")
    return int(text) if text.isdigit() and len(text) < LENGTH_DIGITS else None


application = Front(WsgiThreads(wsgi_application, THREADS))
