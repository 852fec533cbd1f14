"""BigCommerce with B2B Edition, as the rehearsal shows it to a connector.

One base address serves both APIs: B2B Edition below /api/v3/io, the core API below /stores/{hash}/v3. Written
from the BigCommerce fact sheet alone; it shares nothing with the connector that talks to it.
"""

import re
from dataclasses import replace

from ..faults import Fault
from ..system import Desk, Prank, RecordFault
from ..wire import Reply, Request
from . import access, pages, trouble
from .bulk import Partly
from .byhand import ByHand
from .context import Context, Route
from .errors import NOT_FOUND, Refusal, core, plain
from .limiter import Headers, used_up
from .pranks import PRANKS
from .routes import B2B_ROUTES, CORE_ROUTES, find_route
from .shop import Shop
from .trouble import MESSAGES

B2B = re.compile(r"/api/v3/io(/.*)?")
CORE = re.compile(r"/stores/([^/]+)/v3(/.*)?")


class BigCommerce(ByHand):
    """The stand-in for one store."""

    name = "bigcommerce"
    title = "BigCommerce B2B Edition"
    pranks: tuple[Prank, ...] = PRANKS

    def __init__(self) -> None:
        self.shop = Shop()

    def reset(self) -> None:
        """Go back to the first day."""
        with self.shop.lock:
            self.shop.reset()

    def summary(self) -> str:
        """Return how many companies, users and addresses are held."""
        return pages.summary(self.shop)

    def login_hint(self) -> str:
        """Return access token, store hash and client secret."""
        settings = self.shop.settings
        return (
            f"access token {settings.access_token}, store hash {settings.store_hash}, "
            f"client secret {settings.client_secret}"
        )

    def page(self, request: Request, desk: Desk) -> Reply | None:
        """Return the page for a person at this path, or None."""
        return pages.page(self.shop, request, desk)

    def route_of(self, request: Request) -> tuple[str, bool]:
        """Return the name of the route and whether the call writes."""
        found = find_route(*_address(request))
        return ("unknown", False) if isinstance(found, int) else (found[0].name, found[0].writes)

    def respond(self, request: Request, record_fault: RecordFault) -> Reply:
        """Answer as the store would."""
        if match := CORE.fullmatch(request.path):
            return self._core(request, match[1], record_fault)
        if B2B.fullmatch(request.path):
            return self._b2b(request, record_fault)
        return plain(404, NOT_FOUND).as_reply()

    def refuse(self, request: Request, fault: Fault) -> Reply:
        """Return how the store says no in the way the fault asks for, with the headers of the limit."""
        settings, is_core = self.shop.settings, CORE.fullmatch(request.path) is not None
        reply = trouble.refusal_of_call(fault, settings.undocumented_bodies, is_core=is_core)
        exhausted = fault.kind == "rate_limit"
        if is_core:
            size, window_s = settings.core_requests_per_window, settings.core_window_s
            count = used_up(size, window_s) if exhausted else self.shop.core_limiter.core(settings)
            return _with(reply, count.core_headers())
        size, window_s = settings.requests_per_window, settings.window_s
        count = used_up(size, window_s) if exhausted else self.shop.limiter.b2b(settings)
        return self._told(reply, count.b2b_headers())

    def spoil(self, kind: str) -> None:
        """Take the access token back; there are no cursors."""
        if kind == "expire_tokens":
            self.shop.revoked = True

    def _b2b(self, request: Request, record_fault: RecordFault) -> Reply:
        if (refused := access.refusal_of_b2b(self.shop, request)) is not None:
            return refused
        settings = self.shop.settings
        count = self.shop.limiter.b2b(settings)
        if not count.allowed:
            reply = trouble.undocumented(429, MESSAGES[429], settings.undocumented_bodies)
            return self._told(reply, count.b2b_headers())
        found = find_route(*_address(request))
        if isinstance(found, int):
            reply = plain(found, NOT_FOUND if found == 404 else MESSAGES[405]).as_reply()
        else:
            reply = self._run(*found, request, record_fault)
        return self._told(reply, count.b2b_headers())

    def _core(self, request: Request, store_hash: str, record_fault: RecordFault) -> Reply:
        segments = _address(request)[2]
        refused = access.refusal_of_core(self.shop, request, store_hash, segments)
        if refused is not None:
            return refused
        count = self.shop.core_limiter.core(self.shop.settings)
        found = find_route(*_address(request))
        if not count.allowed:
            reply = core(429, MESSAGES[429]).as_reply()
        elif isinstance(found, int):
            reply = core(found, MESSAGES[found]).as_reply()
        else:
            reply = self._run(*found, request, record_fault)
        return _with(reply, count.core_headers())

    def _run(
        self, route: Route, params: tuple[str, ...], request: Request, record_fault: RecordFault
    ) -> Reply:
        context = Context(self.shop, request, params, record_fault)
        try:
            with self.shop.work():
                try:
                    return route.handler(context)
                except Partly as partly:
                    return partly.as_reply()
        except Refusal as refusal:
            return refusal.as_reply()

    def _told(self, reply: Reply, headers: Headers) -> Reply:
        return _with(reply, headers) if self.shop.settings.rate_headers else reply


def _with(reply: Reply, headers: Headers) -> Reply:
    return replace(reply, headers=(*reply.headers, *headers))


def _address(request: Request) -> tuple[tuple[Route, ...], str, list[str]]:
    """Return the table, the method and the parts below the root of the API that the path belongs to."""
    if match := CORE.fullmatch(request.path):
        return CORE_ROUTES, request.method, replace(request, path=match[2] or "/").segments
    if match := B2B.fullmatch(request.path):
        return B2B_ROUTES, request.method, replace(request, path=match[1] or "/").segments
    return (), request.method, []
