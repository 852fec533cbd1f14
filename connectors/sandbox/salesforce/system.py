"""Salesforce, as the rehearsal shows it to a connector.

Written from the Salesforce fact sheet alone; it shares nothing with the connector that talks to it.
"""

import re
from collections.abc import Mapping
from dataclasses import replace

from ..faults import Fault
from ..system import Desk, Prank, RecordFault
from ..wire import Reply, Request, html_reply, json_reply, readable_body, redirect
from . import deeds, pages, rest, trouble
from .byhand import ByHand
from .context import Context
from .errors import Refusal, not_found, unreadable
from .login import identity
from .oauth import token_reply
from .org import Org
from .pranks import PRANKS
from .routes import find_route
from .settings import OLDEST_VERSION

DATA = re.compile(r"/services/data(?:/v(\d{1,3})\.0)?(/.*)?")
IDENTITY = re.compile(r"/id/(\w+)/(\w+)")
LONGEST_HEAD_BYTES = 16_384
FIXED_ROUTES = {
    "/services/oauth2/token": "token",
    "/services/oauth2/userinfo": "userinfo",
    "/services/data": "versions",
}


class Salesforce(ByHand):
    """The stand-in for one Salesforce org."""

    name = "salesforce"
    title = "Salesforce"
    pranks: tuple[Prank, ...] = PRANKS

    def __init__(self) -> None:
        self.org = Org()

    def reset(self) -> None:
        """Go back to the first day."""
        with self.org.lock:
            self.org.reset()

    def summary(self) -> str:
        """Return how many records of each kind are held."""
        return pages.summary(self.org)

    def login_hint(self) -> str:
        """Return client id and secret."""
        return f"client id {self.org.settings.client_id}, secret {self.org.settings.client_secret}"

    def page(self, request: Request, seen: Desk) -> Reply | None:
        """Return the page for a person at this path, or None."""
        return pages.page(self.org, request, seen)

    def act(self, form: Mapping[str, str], _desk: Desk) -> Reply:
        """Do what a button on a record's page says and lead to the page to show then."""
        return redirect(deeds.do(self, form))

    def route_of(self, request: Request) -> tuple[str, bool]:
        """Return the name of the route and whether the call writes."""
        path = request.path.rstrip("/")
        if path in FIXED_ROUTES:
            return FIXED_ROUTES[path], False
        if IDENTITY.fullmatch(path):
            return "identity", False
        try:
            version, segments = self._address(request)
            route, _ = find_route(request.method, segments, version)
        except Refusal:
            return "unknown", False
        return route.name, route.writes or (route.name == "composite" and _composite_writes(request))

    def respond(self, request: Request, record_fault: RecordFault) -> Reply:
        """Answer as the org would."""
        if too_long := _too_long(request):
            return too_long
        try:
            return self._respond(request, record_fault)
        except Refusal as refusal:
            return refusal.as_reply()

    def refuse(self, request: Request, fault: Fault) -> Reply:
        """Return how the org says no in the way the fault asks for."""
        reply = trouble.refusal_of_call(fault)
        if request.path.startswith("/services/data/v"):
            return self._with_usage(reply, exhausted=fault.kind == "rate_limit" and not fault.argument)
        return reply

    def spoil(self, kind: str) -> None:
        """Let all tokens, or all query cursors, expire."""
        if kind == "expire_tokens":
            self.org.tokens.expire_all()
        else:
            self.org.cursors.close_all()

    def _respond(self, request: Request, record_fault: RecordFault) -> Reply:
        path = request.path.rstrip("/")
        root = f"{request.root}/{self.name}"
        if path == "/services/oauth2/token":
            users = self.org.store.tables["User"]
            return token_reply(request, self.org.settings, self.org.tokens, root, users)
        if path == "/services/data":
            return rest.versions(self.org.settings.newest_version)
        if path == "/services/oauth2/userinfo" or IDENTITY.fullmatch(path):
            return json_reply(identity(self.org, root, self._logged_in(request)))
        self._address(request)
        user_id = self._logged_in(request)
        if not self.org.count_call():
            refusal = Refusal("REQUEST_LIMIT_EXCEEDED", status=403)
            return self._with_usage(refusal.as_reply())
        return self._with_usage(self._call(request, record_fault, user_id))

    def _call(self, request: Request, record_fault: RecordFault, user_id: str) -> Reply:
        def dispatch(inner: Request) -> Reply:
            version, segments = self._address(inner)
            route, params = find_route(inner.method, segments, version)
            return route.handler(Context(self.org, inner, version, params, record_fault, user_id, dispatch))

        with self.org.lock:
            self.org.store.begin()
            try:
                return dispatch(request)
            except RecursionError:
                self.org.store.roll_back(0)
                return unreadable("nested too deeply").as_reply()
            except Refusal as refusal:
                self.org.store.roll_back(0)
                return refusal.as_reply()

    def _address(self, request: Request) -> tuple[int, list[str]]:
        """Return version and the parts below it; raise 404 for an unknown, 410 for a retired version."""
        match = DATA.fullmatch(request.path)
        if match is None or match[1] is None:
            raise not_found()
        version = int(match[1])
        if version > self.org.settings.newest_version or version == 0:
            raise not_found()
        if version < OLDEST_VERSION:
            message = f"The requested API version is retired; the oldest is {OLDEST_VERSION}.0"
            raise Refusal("UNSUPPORTED_API_VERSION", message, status=410)  # [M]
        return version, replace(request, path=match[2] or "/").segments

    def _logged_in(self, request: Request) -> str:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme and scheme.lower() not in ("bearer", "oauth"):
            raise Refusal("INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE", status=401)
        if (user_id := self.org.user_of(token.strip())) is None:
            raise Refusal("INVALID_SESSION_ID", status=401)
        return user_id

    def _with_usage(self, reply: Reply, *, exhausted: bool = False) -> Reply:
        usage = ("Sforce-Limit-Info", self.org.usage(exhausted=exhausted))
        return replace(reply, headers=(*reply.headers, usage))


def _too_long(request: Request) -> Reply | None:
    """Return the page of the machine in front of the API when address and headers are too long together.

    Which of 414 and 431 is sent the sheet does not say; here the address alone decides.
    """
    if request.uri_bytes > LONGEST_HEAD_BYTES:
        return html_reply("<h1>Bad Message 414</h1><pre>reason: URI Too Long</pre>", 414)
    if request.uri_bytes + request.head_bytes > LONGEST_HEAD_BYTES:
        return html_reply("<h1>Bad Message 431</h1><pre>reason: Request Header Fields Too Large</pre>", 431)
    return None


def _composite_writes(request: Request) -> bool:
    body = readable_body(request)
    listed = body.get("compositeRequest") if isinstance(body, dict) else None
    return any(isinstance(each, dict) and each.get("method") != "GET" for each in listed or [])
