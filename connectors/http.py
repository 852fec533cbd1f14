"""One way to make a call. Pure: no Django.

Every request of a connector passes `Line`, also those that a library makes: it
gives them the token, a total deadline, a cap on the answer's size, and the address
of the connection; it follows no redirect and counts each request.
"""

import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from connectors.errors import ConnectorError, Misconfigured, RateLimited, Transient
from connectors.protocol import TokenSource

MAX_BYTES = 32 * 1024 * 1024  # of one answer, after unpacking
CHUNK_BYTES = 64 * 1024
CONNECT_S = 10.0
MAX_RETRY_AFTER_S = 3_600.0

_JSON_SECRETS = re.compile(
    r'("(?:access_token|refresh_token|client_secret|password|assertion|authorization|x-auth-token|signature)"'
    r'\s*:\s*")[^"]*(")',
    re.IGNORECASE,
)
_FORM_SECRETS = re.compile(
    r"\b((?:access_token|refresh_token|client_secret|password|assertion)=)[^&\s\"']+", re.IGNORECASE
)
_BEARER = re.compile(r"\b((?:Bearer|Basic|OAuth)\s+)[A-Za-z0-9._!~+/=-]{8,}", re.IGNORECASE)


def mask(text: str, secrets: Iterable[str] = ()) -> str:
    """Return the text with every secret replaced by dots.

    Known secrets of six characters or more are found anywhere; tokens and
    passwords also where they stand in JSON, in a form, or behind Bearer and Basic.
    """
    for secret in sorted(set(secrets), key=len, reverse=True):
        if len(secret) >= 6:
            text = text.replace(secret, "•••")
    text = _JSON_SECRETS.sub(r"\1•••\2", text)
    text = _FORM_SECRETS.sub(r"\1•••", text)
    return _BEARER.sub(r"\1•••", text)


class TimedOutError(Exception):
    """Tell that a call took longer than its deadline."""


class TooLargeError(Exception):
    """Tell that an answer is larger than we read."""


class Line(requests.Session):
    """Talk to one base URL, in one thread.

    `tick` is called right before each request, with the keys that it writes.
    `refreshes` says whether a 401 answer means that a new token would help: then
    it is fetched once and the request repeated once.
    """

    def __init__(
        self,
        base_url: str,
        *,
        timeout_s: float,
        tick: Callable[[], None],
        refreshes: Callable[[requests.Response], bool] = lambda _: True,
    ) -> None:
        super().__init__()
        self.trust_env = False  # a .netrc would replace our Authorization header
        self.proxies.update(get_environ_proxies(base_url))
        self.tokens: TokenSource | None = None
        self.refreshes = refreshes
        self.calls = 0
        adapter = _Adapter(base_url, timeout_s, tick, self)
        self.mount("https://", adapter)
        self.mount("http://", adapter)

    def get_redirect_target(self, resp: requests.Response) -> str | None:  # noqa: ARG002
        """Follow no redirect: a moved API is a setting to change, and a token to protect."""
        return None


class _Adapter(HTTPAdapter):
    """Re-root, authorise, time, cap and count each request of a `Line`."""

    def __init__(self, base_url: str, timeout_s: float, tick: Callable[[], None], line: Line) -> None:
        self.base = urlsplit(base_url.rstrip("/"))
        self.timeout_s, self.tick, self.line = timeout_s, tick, line
        self.wire = _Wire()
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self.wire.pools()

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:  # type: ignore[override]
        """Send; on a 401 that a new token may heal, once more with that."""
        request.url = self._rerooted(request.url or "")
        request.headers.pop("Host", None)
        tokens = None if request.headers.pop("X-Concord-No-Token", None) else self.line.tokens
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

    def _call(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        self.tick()
        self.line.calls += 1
        deadline = time.monotonic() + self.timeout_s
        kwargs.update(stream=True, timeout=(min(CONNECT_S, self.timeout_s), self.timeout_s))
        with self.wire.cut_at(self.timeout_s):
            try:
                response = super().send(request, **kwargs)
                _read(response, deadline)
            except (requests.RequestException, OSError) as error:
                if time.monotonic() >= deadline:
                    raise TimedOutError from error
                raise
        return response


class _Wire:
    """Know the socket in use, so that a deadline can cut it.

    A time-out of a library is one per read: a server that sends a byte a minute,
    in its headers or in its body, would hold a worker for ever.
    """

    def __init__(self) -> None:
        self.current: HTTPConnection | None = None

    def pools(self) -> dict[str, type[HTTPConnectionPool]]:
        """Return connection pools whose connections tell us when they are used."""
        wire = self

        class Plain(HTTPConnection):
            def request(self, *args: Any, **kwargs: Any) -> None:
                wire.current = self
                super().request(*args, **kwargs)

        class Tls(HTTPSConnection):
            def request(self, *args: Any, **kwargs: Any) -> None:
                wire.current = self
                super().request(*args, **kwargs)

        plain = type("PlainPool", (HTTPConnectionPool,), {"ConnectionCls": Plain})
        tls = type("TlsPool", (HTTPSConnectionPool,), {"ConnectionCls": Tls})
        return {"http": plain, "https": tls}

    def cut_at(self, seconds: float) -> "_Timer":
        """Return a context in which the socket is shut down after so many seconds."""
        return _Timer(seconds, self.cut)

    def cut(self) -> None:
        """Shut the socket down; whoever reads from it gets an error at once."""
        sock = getattr(self.current, "sock", None)
        if sock is not None:
            try:
                sock.shutdown(2)
            except OSError:
                sock.close()


class _Timer:
    """Call a function after some seconds unless the block ends before."""

    def __init__(self, seconds: float, act: Callable[[], None]) -> None:
        self.timer = threading.Timer(seconds, act)
        self.timer.daemon = True

    def __enter__(self) -> None:
        self.timer.start()

    def __exit__(self, *_: object) -> None:
        self.timer.cancel()


def _read(response: requests.Response, deadline: float) -> None:
    """Read the whole answer, unpacked, within the deadline and the size limit."""
    body = bytearray()
    for chunk in response.iter_content(CHUNK_BYTES):
        body += chunk
        if len(body) > MAX_BYTES:
            response.close()
            raise TooLargeError
        if time.monotonic() >= deadline:
            response.close()
            raise TimedOutError
    response._content = bytes(body)
    response._content_consumed = True


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
        return Transient(f"The certificate of {system} could not be verified.", detail=detail, code="tls")
    if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema):
        text = f"The address of {system} is not one that can be called."
        return Misconfigured(text, detail=detail, code="address")
    return Transient(
        f"{system} could not be reached, or hung up before answering.", detail=detail, code="unreachable"
    )


def problem_of_status(
    status: int, headers: Mapping[str, str], system: str, detail: str = ""
) -> ConnectorError | None:
    """Return what a status means in general, None where it is no failure.

    The generic table; a system's own codes come first. 408, 425, 429 and 5xx pass
    by themselves, other 4xx don't.
    """
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


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Return the seconds of a Retry-After header, None where there is none to trust."""
    value = headers.get("Retry-After", "").strip()
    return min(float(value), MAX_RETRY_AFTER_S) if re.fullmatch(r"\d{1,6}", value) else None
