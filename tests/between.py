"""A server between a connector and the B2B sandbox: keeps each request, and answers as a test says.

The sandbox keeps fifty calls and no repeated parameter; here every byte is kept. And
here it can be said what no sandbox makes: an answer in another shape, one that is lost
behind a write, one whose values wobble.
"""

import http.client
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from connectors.sandbox.server import SandboxServer

B2B_ROOT = "/bigcommerce/api/v3/io"
CORE_ROOT = re.compile(r"/bigcommerce/stores/([^/]+)/v3")
KEPT_HEADERS = ("x-", "content-type", "retry-after", "date")
TIMEOUT_S = 30
Edit = Callable[[Any], Any]


@dataclass(frozen=True)
class Heard:
    """One request as it came in; header names are lower case. `status` is what was answered, 0 if nothing."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    raw: bytes
    status: int = 0

    @property
    def call(self) -> str:
        """Return it as a route: "PUT /companies/{}/status", "GET core/customers"."""
        core = CORE_ROOT.match(self.path)
        rest = f"core{self.path[core.end() :]}" if core else self.path.removeprefix(B2B_ROOT)
        return f"{self.method} " + re.sub(r"/[0-9]+(?=/|$)", "/{}", rest)

    @property
    def body(self) -> Any:
        """Return the decoded body, None where there is none."""
        return json.loads(self.raw) if self.raw else None

    @property
    def records(self) -> list[dict[str, Any]]:
        """Return the records of the body, one or many."""
        body = self.body
        return body if isinstance(body, list) else [] if body is None else [body]


@dataclass
class Rule:
    """What happens to a call: first passed on (`arrives`) or not, then answered, edited or cut off."""

    call: str
    status: int = 0  # 0: as the sandbox answered
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    times: int | None = 1
    arrives: bool = False
    cut: bool = False
    edit: Edit | None = None
    where: Callable[[Heard], bool] = lambda _: True


@dataclass
class Between:
    """A running server: where it listens, what it heard, and what it was told to do."""

    target: str
    port: int = 0
    heard: list[Heard] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        """Return the address of the store, as a connection has it."""
        return f"http://127.0.0.1:{self.port}/bigcommerce"

    def answers(
        self,
        call: str,
        status: int,
        body: Any = "",
        *,
        times: int | None = 1,
        arrives: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Answer a call so; `arrives`: after the sandbox has done it."""
        raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.rules.append(Rule(call, status, raw, headers or {}, times, arrives))

    def loses(self, call: str, *, times: int | None = 1, arrives: bool = True) -> None:
        """Hang up instead of answering; by default behind the sandbox's back, which has done it."""
        self.rules.append(Rule(call, times=times, arrives=arrives, cut=True))

    def breaks(self, call: str, how: str, *, arrives: bool, times: int | None = 1) -> None:
        """Spoil an answer: "cut", "html", "garbage", or a status without a body."""
        if how == "cut":
            return self.loses(call, times=times, arrives=arrives)
        said = {"html": (200, "<html>Sign in</html>"), "garbage": (200, '{"code":200,"data":{"comp')}
        status, body = said[how] if how in said else (int(how), "")
        return self.answers(call, status, body, times=times, arrives=arrives)

    def edits(self, call: str, edit: Edit, *, times: int | None = None) -> None:
        """Pass a call on, and change the decoded answer."""
        self.rules.append(Rule(call, times=times, arrives=True, edit=edit))

    def calls(self, *calls: str) -> list[Heard]:
        """Return what was heard on these routes, or on all, oldest first."""
        return [one for one in self.heard if not calls or one.call in calls]

    def routes(self) -> list[str]:
        """Return the routes that were called, in order."""
        return [one.call for one in self.heard]

    def writes(self) -> list[str]:
        """Return the routes that write, in order."""
        return [call for call in self.routes() if not call.startswith("GET ")]

    def bodies(self, call: str) -> list[Any]:
        """Return the bodies of a route's calls."""
        return [one.body for one in self.calls(call)]

    def forget(self) -> None:
        """Forget what was heard; the rules stay."""
        with self.lock:
            self.heard.clear()

    def rule_for(self, heard: Heard) -> Rule | None:
        """Return the first rule for a call, and count it."""
        with self.lock:
            for rule in self.rules:
                if rule.call in ("*", heard.call) and rule.times != 0 and rule.where(heard):
                    rule.times = None if rule.times is None else rule.times - 1
                    return rule
        return None


@contextmanager
def between(sandbox: SandboxServer) -> Iterator[Between]:
    """Stand before this sandbox until the block ends."""
    server = Between(sandbox.url)
    http_server = _Http(("127.0.0.1", 0), server)
    server.port = http_server.server_address[1]
    thread = threading.Thread(target=http_server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        http_server.shutdown()
        http_server.server_close()
        thread.join()


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, address: tuple[str, int], between: Between) -> None:
        self.between = between
        super().__init__(address, _Conversation)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a caller who hung up."""


class _Conversation(BaseHTTPRequestHandler):
    server: _Http
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def serve(self) -> None:
        """Keep the request, and answer it by a rule or as the sandbox does."""
        between = self.server.between
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        pairs = tuple(parse_qsl(parts.query, keep_blank_values=True))
        heard = Heard(self.command, parts.path, pairs, headers, raw)
        rule = between.rule_for(heard)
        answer = self._passed(raw) if rule is None or rule.arrives else None
        status, body, told = _said(rule, answer)
        with between.lock:
            between.heard.append(Heard(self.command, parts.path, pairs, headers, raw, status))
        if rule is not None and rule.cut:
            self.close_connection = True
            return
        self.send_response(status)
        for name, value in told.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    do_GET = do_POST = do_PUT = do_DELETE = serve  # noqa: N815 - as the parent looks

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""

    def _passed(self, raw: bytes) -> tuple[int, bytes, dict[str, str]]:
        target = urlsplit(self.server.between.target)
        line = http.client.HTTPConnection(str(target.hostname), target.port, timeout=TIMEOUT_S)
        dropped = {"host", "accept-encoding", "connection", "content-length"}
        headers = {name: value for name, value in self.headers.items() if name.lower() not in dropped}
        try:
            line.request(self.command, self.path, body=raw or None, headers=headers)
            answer = line.getresponse()
            kept = {
                name: value for name, value in answer.getheaders() if name.lower().startswith(KEPT_HEADERS)
            }
            return answer.status, answer.read(), kept
        finally:
            line.close()


def _said(
    rule: Rule | None, answer: tuple[int, bytes, dict[str, str]] | None
) -> tuple[int, bytes, dict[str, str]]:
    if rule is not None and rule.cut:
        return 0, b"", {}
    if rule is not None and rule.edit is not None and answer is not None:
        status, body, headers = answer
        return status, json.dumps(rule.edit(json.loads(body))).encode(), headers
    if rule is not None and rule.status:
        return rule.status, rule.body, {"Content-Type": "application/json", **rule.headers}
    assert answer is not None
    return answer
