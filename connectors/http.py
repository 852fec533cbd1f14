"""One way to make a call. Pure: no Django.

Every request of a connector passes `Line`, also those that a library makes: it
gives them the token, a total deadline, a cap on the answer's size, and the address
of the connection; it follows no redirect, calls nobody inside our own network that
it may not (`connectors.addresses`), and counts each request.
"""

import json
import re
import time
from collections.abc import Callable, Iterable, Mapping
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any
from urllib.parse import quote_plus, urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies
from urllib3.exceptions import LocationParseError, NewConnectionError

from connectors.addresses import STRICT, Guard, Permit, RefusedAddressError, Resolver, resolved, wrong
from connectors.deadlines import Wire
from connectors.errors import ConnectorError, Misconfigured, RateLimited, Transient
from connectors.protocol import TokenSource

MAX_BYTES = 32 * 1024 * 1024  # of one answer, after unpacking
CHUNK_BYTES = 64 * 1024
CONNECT_S = 10.0
MIN_SECRET_CHARS = 6  # shorter ones would blank out words
MARGIN_CHARS = 8_192  # longer than any token or key
MIN_LINE_CHARS = 40  # of a secret of several lines: a line of a key
MAX_RETRY_AFTER_S = 3_600.0
NO_TOKEN = "X-Concord-No-Token"  # noqa: S105 - a header of ours: this request carries no token
READS = "X-Concord-Reads"  # a header of ours: this POST changes nothing
# What machines on the way answer when they wait no longer: the request may still be under way behind them.
NO_ANSWER = frozenset({408, 502, 504, *range(520, 528)})
_FOR_EVER = frozenset({301, 308})
_REDIRECTS = frozenset({302, 303, 307}) | _FOR_EVER

_JSON_SECRETS = re.compile(
    r'(\\*"(?:access_token|refresh_token|client_secret|password|assertion|authorization|x-auth-token|signature)'
    r'\\*"\s*:\s*\\*")(?:[^"\\]|\\.)*',  # an answer that was cut off has no closing quote
    re.IGNORECASE | re.DOTALL,
)
_FORM_SECRETS = re.compile(
    r"\b((?:access_token|refresh_token|client_secret|password|assertion)=)[^&\s\"']+", re.IGNORECASE
)
_BEARER = re.compile(r"\b((?:Bearer|Basic|OAuth)\s+)[A-Za-z0-9._!~+/=-]{8,}", re.IGNORECASE)
_KEY = re.compile(  # a private key as a file holds it, as JSON does, or a form; one cut off has no end
    r"-----BEGIN(?: |\+|%20)(?:[A-Z0-9]+(?: |\+|%20))*?PRIVATE(?: |\+|%20)KEY-----.*?"
    r"(?:-----END(?: |\+|%20)(?:[A-Z0-9]+(?: |\+|%20))*?PRIVATE(?: |\+|%20)KEY-----|\Z)",
    re.DOTALL,
)
_JWT = re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?")
_SESSION = re.compile(r"\b00D[A-Za-z0-9]{12,15}(?:!|%21)[A-Za-z0-9._~-]{8,}")  # a Salesforce session, bare

# Whatever is masked by its shape holds one of these, folded.
_SUSPECT = (
    "token", "secret", "password", "assertion", "authorization", "signature", "bearer", "basic", "oauth",
    "00d", "eyj", "private",
)  # fmt: skip


def mask(text: str, secrets: Iterable[str] = (), *, most: int | None = None) -> str:
    """Return the text, or its first `most` characters, with every secret replaced by dots.

    Known secrets of six characters or more are found anywhere, also as JSON or a
    form writes them; tokens and passwords also where they stand in JSON, in a form,
    or behind Bearer and Basic; private keys and signed assertions anywhere. Never cut what is
    to be masked: half a secret is one too. `most` does it in the right order, and quickly: only
    little more than is kept is searched, however long the text.
    """
    shapes = _all_shapes(tuple(secrets))
    if most is None:
        return _masked(text, shapes)
    margin = max(MARGIN_CHARS, *map(len, shapes)) if shapes else MARGIN_CHARS
    if len(text) <= most + margin:
        return _masked(text, shapes)[:most]
    # What stands in the margin may be the beginning of a secret, so none of it is shown.
    masked = _masked(text[: most + margin], shapes)
    return masked[: max(len(masked) - margin, 0)][:most]


def _masked(text: str, shapes: Iterable[str]) -> str:
    for shape in shapes:
        text = text.replace(shape, "•••")
    if not any(map(text.casefold().__contains__, _SUSPECT)):  # nearly always, and ten times as fast
        return text
    text = _JSON_SECRETS.sub(r"\1•••", text)
    text = _FORM_SECRETS.sub(r"\1•••", text)
    text = _BEARER.sub(r"\1•••", text)
    return _SESSION.sub("•••", _JWT.sub("•••", _KEY.sub("•••", text)))


@lru_cache(maxsize=256)
def _all_shapes(secrets: tuple[str, ...]) -> list[str]:
    known = {shape for secret in secrets if len(secret) >= MIN_SECRET_CHARS for shape in _shapes(secret)}
    return sorted(known, key=len, reverse=True)


def _shapes(secret: str) -> set[str]:
    """Return a secret as it is, as JSON writes it, and as a form does; of a key each line too."""
    lines = [line for line in secret.splitlines() if len(line) >= MIN_LINE_CHARS] if "\n" in secret else []
    known = (secret, *lines)
    return {shape for one in known for shape in (one, json.dumps(one)[1:-1], quote_plus(one))}


class TimedOutError(Exception):
    """Tell that a call took longer than its deadline."""


class TooLargeError(Exception):
    """Tell that an answer is larger than we read."""


class NotCalledError(requests.exceptions.InvalidURL):
    """Tell that nothing was sent: the address is not one to call. Its text is for a person."""


class Line(requests.Session):
    """Talk to one base URL, in one thread.

    `tick` is called right before each request; what it raises stops the call.
    `secrets`, and the token of the request, are masked in every answer before
    anybody reads it: a server may echo what it was sent.
    `refreshes` says whether a 401 answer means that a new token would help: then
    it is fetched once and the request repeated once.
    `permit` is what the connection may do beyond calling public https addresses.
    `unanswered` is called when a write may have arrived and its sender got no answer to it:
    the other side may still carry it out.
    """

    def __init__(
        self,
        base_url: str,
        *,
        timeout_s: float,
        tick: Callable[[], None],
        refreshes: Callable[[requests.Response], bool] = lambda _: True,
        secrets: Iterable[str] = (),
        permit: Permit = STRICT,
        resolve: Resolver = resolved,
        unanswered: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__()
        self.trust_env = False  # a .netrc would replace our Authorization header
        self.proxies.update(get_environ_proxies(base_url))
        self.tokens: TokenSource | None = None
        self.refreshes, self.secrets = refreshes, tuple(secrets)
        self.unanswered = unanswered
        self.calls = 0
        adapter = _Adapter(base_url, timeout_s, tick, self, Guard(permit, resolve))
        self.mount("https://", adapter)
        self.mount("http://", adapter)

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Follow no redirect: a moved API is a setting to change, and a token to protect."""
        return None


class _Adapter(HTTPAdapter):
    """Re-root, authorise, time, cap and count each request of a `Line`."""

    def __init__(
        self, base_url: str, timeout_s: float, tick: Callable[[], None], line: Line, guard: Guard
    ) -> None:
        self.base = urlsplit(base_url.rstrip("/"))
        self.wrong = wrong(base_url, guard.permit)
        self.timeout_s, self.tick, self.line, self.guard = timeout_s, tick, line, guard
        self.wire = Wire()
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self.wire.pools(self.guard)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        """Return the pools behind a proxy: the deadline holds there too.

        The proxy resolves the name, so only what is written is looked at here: it
        is the proxy's rules that keep a name from leading inside.
        """
        manager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = self.wire.pools(None)
        return manager

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:  # type: ignore[override]
        """Send; on a 401 that a new token may heal, once more with that. Raises NotCalledError."""
        if self.wrong:  # before a token is fetched
            raise NotCalledError(self.wrong)
        request.url = self._rerooted(request.url or "")
        request.headers.pop("Host", None)
        kwargs["writes"] = _writes(request)
        tokens = None if request.headers.pop(NO_TOKEN, None) else self.line.tokens
        if tokens is None:
            return self._call(request, **kwargs)
        token = tokens.get()
        request.headers["Authorization"] = f"Bearer {token}"
        response = self._call(request, **kwargs)
        if response.status_code == 401 and self.line.refreshes(response):
            request.headers["Authorization"] = f"Bearer {tokens.replace(token)}"
            response = self._call(request, **kwargs)
        return response

    def _rerooted(self, url: str) -> str:
        """Put the path under our base URL: a library may only know https://host/path."""
        parts, prefix = urlsplit(url), self.base.path
        path = parts.path if prefix and parts.path.startswith(f"{prefix}/") else prefix + parts.path
        return urlunsplit((self.base.scheme, self.base.netloc, path, parts.query, ""))

    def _call(self, request: requests.PreparedRequest, *, writes: bool, **kwargs: Any) -> requests.Response:
        self.tick()
        self.line.calls += 1
        deadline = time.monotonic() + self.timeout_s
        kwargs.update(stream=True, timeout=(min(CONNECT_S, self.timeout_s), self.timeout_s))
        with self.wire.cut_after(self.timeout_s):
            try:
                response = super().send(request, **kwargs)
                body = _read(response, deadline)
            except RefusedAddressError as error:
                raise NotCalledError(str(error)) from error
            except LocationParseError as error:  # the one that requests lets through
                raise requests.exceptions.InvalidURL(str(error)) from error
            except (requests.RequestException, OSError) as error:
                if writes and _was_sent(error):
                    self.line.unanswered()
                if time.monotonic() >= deadline:
                    raise TimedOutError from error
                raise
            except TimedOutError:
                if writes:
                    self.line.unanswered()
                raise
        if writes and response.status_code in NO_ANSWER:
            self.line.unanswered()
        token = str(request.headers.get("Authorization", "")).removeprefix("Bearer ")
        response._content = _hushed(body, (token, *self.line.secrets))
        response.encoding = response.encoding or "utf-8"  # guessing takes minutes for a large page
        return response


def _writes(request: requests.PreparedRequest) -> bool:
    """Take off the marks that only we understand; return whether the request changes something."""
    is_read = request.headers.pop(READS, None) is not None
    return not is_read and NO_TOKEN not in request.headers and request.method not in ("GET", "HEAD")


def _was_sent(error: Exception) -> bool:
    """Return whether a request may have left before the error: not where nobody was reached."""
    if isinstance(error, requests.ConnectTimeout):
        return False
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return not isinstance(reason, NewConnectionError)


def _read(response: requests.Response, deadline: float) -> bytes:
    """Return the whole answer, unpacked, within the deadline and the size limit."""
    body = bytearray()
    for chunk in response.iter_content(CHUNK_BYTES):
        body += chunk
        if len(body) > MAX_BYTES:
            response.close()
            raise TooLargeError
    if time.monotonic() >= deadline:  # cut: what came so far may look like the whole
        response.close()
        raise TimedOutError
    response._content_consumed = True  # type: ignore[attr-defined]  # how requests tells
    return bytes(body)


def _hushed(body: bytes, secrets: Iterable[str]) -> bytes:
    """Return an answer without the secrets that we sent."""
    for secret in secrets:
        if len(secret) >= MIN_SECRET_CHARS:
            for shape in _shapes(secret):
                body = body.replace(shape.encode(), "•••".encode())
    return body


_NO_ADDRESS = (
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
)


def problem_of_exception(error: Exception, system: str, timeout_s: float) -> ConnectorError:
    """Return what a failed call means. Nobody knows whether a write arrived."""
    detail = mask(f"{type(error).__name__}: {error}")
    if isinstance(error, TimedOutError | requests.Timeout) and not isinstance(error, requests.ConnectTimeout):
        text = f"No answer from {system} in {timeout_s:.0f} s."
        return Transient(text, detail=detail, code="timeout", halves=True)
    if isinstance(error, TooLargeError):
        return Transient(
            f"{system} answered with more than Concord reads.", detail=detail, code="too_large", halves=True
        )
    if isinstance(error, requests.exceptions.SSLError):
        text = f"No secure connection to {system}: its certificate could not be verified, or the line broke."
        return Transient(text, detail=detail, code="tls")
    if isinstance(error, NotCalledError):
        text = f"Concord does not call the address of this connection. {error}"
        return Misconfigured(text, detail=detail, code="address")
    if isinstance(error, _NO_ADDRESS):
        text = f"The address of {system} is not one that can be called: it begins with https:// and a host."
        return Misconfigured(text, detail=detail, code="address")
    return Transient(
        f"{system} could not be reached, or hung up before answering.", detail=detail, code="unreachable"
    )


def problem_of_status(
    status: int, headers: Mapping[str, str], system: str, detail: str = ""
) -> ConnectorError | None:
    """Return what a status means in general, None where it is no failure.

    The generic table; a system's own codes come first. 408, 425, 429 and 5xx pass
    by themselves, other 4xx don't. No redirect is followed: the token would go along.
    """
    if status in _REDIRECTS:
        return _moved(status, headers, system, detail)
    if status < 400:
        return None
    code, wait_s = f"http_{status}", retry_after_s(headers)
    if status == 429:
        return RateLimited(f"{system} asks for fewer calls.", detail=detail, code=code, retry_after_s=wait_s)
    if status in (500, 413):
        return Transient(
            f"{system} failed while working on a call ({status}).", detail=detail, code=code, halves=True
        )
    if status in (408, 425) or status > 500:
        return Transient(
            f"{system} is not available right now ({status}).", detail=detail, code=code, retry_after_s=wait_s
        )
    return ConnectorError(f"{system} refused a call ({status}).", detail=detail, code=code)


def _moved(status: int, headers: Mapping[str, str], system: str, detail: str) -> ConnectorError:
    """Return what a redirect means: for ever, an address to correct; else a detour that ends."""
    host = urlsplit(headers.get("Location", "")).hostname
    text = f"{system} sent Concord on to {f'another address ({host})' if host else 'another page'}."
    if status in _FOR_EVER:
        text = f"{text} If that is your own {system}, enter it as the address of this connection."
        return Misconfigured(text, detail=detail, code=f"http_{status}")
    return Transient(f"{text} It is not followed.", detail=detail, code=f"http_{status}")


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Return the seconds of a Retry-After header, None where there is none to trust.

    A date is counted from the answer's own Date: our clock may differ from theirs.
    """
    value = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"[0-9]{1,6}", value):
        return min(float(value), MAX_RETRY_AFTER_S)
    try:
        wait = parsedate_to_datetime(value) - parsedate_to_datetime(headers.get("Date", ""))
    except (TypeError, ValueError):
        return None
    return min(max(wait.total_seconds(), 0.0), MAX_RETRY_AFTER_S)
