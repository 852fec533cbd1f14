"""B2B Edition's REST API: the calls that Concord makes, and nothing of what they mean.

Two lines: B2B's own API, whose calls are counted by its limit of 150 a minute, and
the store's, which has a limit of its own and is only asked about customers and hooks.
"""

import json
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, urlsplit

import requests

from connectors import kinds
from connectors.errors import AuthFailed, Misconfigured
from connectors.http import Line, TimedOutError, TooLargeError, problem_of_exception
from connectors.protocol import Account, Engine, Exchange
from connectors.systems.bigcommerce import wire
from connectors.systems.bigcommerce.errors import Denied, Refused, garbage, problem, status_of
from connectors.systems.bigcommerce.logins import LOGINS, STORE_HASH, TOKEN
from connectors.systems.bigcommerce.words import NO_HASH, SYSTEM

B2B_HOST, CORE_URL = "api-b2b.bigcommerce.com", "https://api.bigcommerce.com"
CORE_SETTING = "core_url"
PATH = "/api/v3/io"
PAGE = 100  # Source: the users' list takes 1 to 250, the addresses' fewer; 100 fits all
LEAST_PAGE = 10
MAX_BULK = 10  # Source: API status codes, 413: "Add up to ten data at a time"
MAX_EMAILS, MAX_EMAIL_CHARS = 100, 3_000  # in one question about customers: an address has its limits
NOT_ALLOWED = frozenset({"http_403", "http_405"})
NETWORK = (requests.RequestException, OSError, TimedOutError, TooLargeError)

Params = Mapping[str, Any] | Sequence[tuple[str, Any]]


@dataclass(frozen=True, slots=True)
class Reply:
    """One good answer: its `data`, and how many records there are in all where that was told."""

    body: Any
    data: Any
    total: int | None = None

    @property
    def record(self) -> wire.Record:
        """Return the one record of the answer, {} where it has none."""
        return self.data if isinstance(self.data, Mapping) else {}

    @property
    def records(self) -> list[wire.Record]:
        """Return the records of a list."""
        return wire.listed(self.data)


class Client:
    """Make calls to one store. One thread; close it when done."""

    def __init__(self, account: Account, engine: Engine) -> None:
        self.account, self.engine = account, engine
        self.hash = str(account.credentials.get(STORE_HASH) or "").strip()
        self._token = str(account.credentials.get(TOKEN) or "").strip()
        secrets = kinds.secrets(LOGINS, account.credentials)
        self.b2b = self._line(account.base_url, engine.tick, secrets)
        self.b2b.headers["X-Store-Hash"] = self.hash
        self.b2b.hooks["response"].append(self._seen)
        self.core = self._line(core_url(account), engine.alive, secrets)
        self.last = Exchange()
        self.now: int | None = None  # the store's time, by B2B's last answer

    def _line(self, url: str, tick: Any, secrets: Collection[str]) -> Line:
        line = Line(
            url,
            timeout_s=self.account.call_timeout_s,
            tick=tick,
            secrets=secrets,
            permit=self.account.permit,
            unanswered=self.engine.unanswered,
        )
        line.headers.update(
            {"X-Auth-Token": self._token, "Content-Type": "application/json", "Accept": "application/json"}
        )
        return line

    def close(self) -> None:
        """Hang up."""
        self.b2b.close()
        self.core.close()

    @property
    def calls(self) -> int:
        """Return how many HTTP requests were made."""
        return self.b2b.calls + self.core.calls

    def get(self, path: str, params: Params = (), *, is_record: bool = True) -> Reply:
        """Ask B2B. Raises Refused for what is not there, another ConnectorError for the connection."""
        return self._b2b("GET", path, params, is_record=is_record)

    def write(self, method: str, path: str, body: Any = None) -> Reply:
        """Write one record, or a bulk of at most ten. Raises Refused, Denied, or another ConnectorError."""
        try:
            return self._b2b(method, path, (), body)
        except Misconfigured as error:
            if error.code not in NOT_ALLOWED:
                raise
            raise Denied(error.message, detail=error.detail, code=error.code) from error

    def one(self, path: str, params: Params = ()) -> wire.Record | None:
        """Return one record, None where it is not there."""
        try:
            return self.get(path, params).record or None
        except Refused as refused:
            if refused.status == 404:
                return None
            raise

    def pages(self, path: str, id_name: str, params: Mapping[str, Any]) -> Iterator[list[wire.Record]]:
        """Yield the pages of a list; a record that shifts between two pages comes once.

        Source: B2B Edition, Pagination: offset and limit, no cursor.
        """
        seen: set[str] = set()
        offset, limit = 0, PAGE
        while True:
            reply, limit = self.page(path, params, offset, limit)
            found = reply.records
            fresh = [record for record in found if wire.as_id(record.get(id_name)) not in seen]
            seen.update(wire.as_id(record.get(id_name)) for record in found)
            yield fresh
            offset += len(found)
            is_last = len(found) < limit if reply.total is None else offset >= reply.total
            if not found or is_last:
                return

    def listed(self, path: str, id_name: str, **params: Any) -> Iterator[wire.Record]:
        """Yield the records of a list, each once."""
        for page in self.pages(path, id_name, params):
            yield from page

    def page(self, path: str, params: Mapping[str, Any], offset: int, limit: int) -> tuple[Reply, int]:
        """Return a page and the size that it was asked in: a store may allow less than documented."""
        while True:
            try:
                asked = {**params, "limit": limit, "offset": offset}
                return self.get(path, asked, is_record=False), limit
            except Refused as refused:
                if refused.status != 413 or limit <= LEAST_PAGE:
                    raise
                limit = max(limit // 2, LEAST_PAGE)

    def customers(self, emails: Collection[str]) -> dict[str, list[wire.Record]]:
        """Return the store's own customers by e-mail (case-folded). Raises Misconfigured without the scope.

        Source: Customers V3, `email:in`; a page holds more than as many e-mails can have.
        """
        wanted = sorted({email.casefold() for email in emails if email and "," not in email})
        found: dict[str, list[wire.Record]] = {email: [] for email in wanted}
        for some in _groups(wanted):
            asked = {"email:in": ",".join(some), "limit": 250}
            for record in self.ask_core("GET", "/customers", asked).records:
                found.get(str(record.get("email") or "").casefold(), []).append(record)
        return found

    def ask_core(self, method: str, path: str, params: Params = (), body: Any = None) -> Reply:
        """Make a call to the store's own API, v3. Raises ConnectorError; Refused for a single record's."""
        url = f"{core_url(self.account)}/stores/{quote(self.hash, safe='')}/v3{path}"
        return self._call(self.core, method, url, params, body, is_record=path.count("/") > 1, is_core=True)

    def _b2b(
        self, method: str, path: str, params: Params = (), body: Any = None, *, is_record: bool = True
    ) -> Reply:
        url = f"{self.account.base_url.rstrip('/')}{PATH}{path}"
        return self._call(self.b2b, method, url, params, body, is_record=is_record, is_core=False)

    def _call(
        self, line: Line, method: str, url: str, params: Params, body: Any, *, is_record: bool, is_core: bool
    ) -> Reply:
        if not self.hash:
            raise AuthFailed(NO_HASH, code="store_hash")
        data = None if body is None else json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
        started = time.monotonic()
        response: requests.Response | None = None
        try:
            response = line.request(method, url, params=_pairs(params), data=data)
        except NETWORK as error:
            raise problem_of_exception(error, SYSTEM, self.account.call_timeout_s) from error
        finally:
            spent_ms = int((time.monotonic() - started) * 1000)
            status = None if response is None else response.status_code
            self.last = Exchange(url, status, spent_ms, body)
        return self._read(response, is_record=is_record, is_core=is_core)

    def _read(self, response: requests.Response, *, is_record: bool, is_core: bool) -> Reply:
        answer = _json(response)
        self.last = replace(self.last, answer=response.text if answer is None else answer)
        status = status_of(response.status_code, answer)
        if status == 204:
            return Reply(None, None)
        if status >= 300:
            told = response.text if answer is None else answer
            raise problem(status, response.headers, told, core=is_core, is_record=is_record)
        if not isinstance(answer, Mapping) or "data" not in answer:
            raise garbage(response.text)
        meta = answer.get("meta")
        paging = meta.get("pagination") if isinstance(meta, Mapping) else None
        total = (
            wire.as_int(paging.get("totalCount", paging.get("total")))
            if isinstance(paging, Mapping)
            else None
        )
        return Reply(answer, answer["data"], total)

    def _seen(self, response: requests.Response, *_: Any, **__: Any) -> None:
        """Hand over what each answer tells of the limit, a refusal's too; note its time."""
        self.now = wire.moment(response.headers.get("Date"))
        window = wire.window(response.headers)
        if window is not None:
            self.engine.on_window(window)


def _groups(emails: Sequence[str]) -> Iterator[list[str]]:
    """Yield the e-mails in as large groups as an address may name."""
    group: list[str] = []
    chars = 0
    for email in emails:
        length = len(quote(email, safe="")) + 3
        if group and (chars + length > MAX_EMAIL_CHARS or len(group) >= MAX_EMAILS):
            yield group
            group, chars = [], 0
        group.append(email)
        chars += length
    if group:
        yield group


def core_url(account: Account) -> str:
    """Return where the store's own API answers: a rehearsal has both under one address."""
    chosen = str(account.settings.get(CORE_SETTING) or "").rstrip("/")
    is_real = urlsplit(account.base_url).hostname == B2B_HOST
    if chosen and (is_real or chosen != CORE_URL):
        return chosen
    return CORE_URL if is_real else account.base_url.rstrip("/")


def _total(meta: Any) -> int | None:
    """Return how many records a list has in all, None where that is not told."""
    paging = meta.get("pagination") if isinstance(meta, Mapping) else None
    return wire.as_int(paging.get("totalCount", paging.get("total"))) if isinstance(paging, Mapping) else None


def _pairs(params: Params) -> list[tuple[str, Any]]:
    return list(params.items() if isinstance(params, Mapping) else params)


def _json(response: requests.Response) -> Any:
    try:
        return response.json()
    except (ValueError, RecursionError):
        return None
