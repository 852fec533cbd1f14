"""B2B's refusals: the shapes they come in, and what each means for the caller.

Five shapes, and a sixth that only older stores show (`message` may hold the fields).
Field names come as snake_case although requests are camelCase. Source: B2B Edition,
API status codes, and the overview of the Management API, read 2026-11.

    Refused(Rejected)      about the one record of the call: caught, and told as its outcome
    Denied(Misconfigured)  a write that is not allowed: the record's, or the connection's
    everything else        about the connection: see `problem`
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from connectors.errors import AuthFailed, ConnectorError, Misconfigured, RateLimited, Rejected, Transient
from connectors.http import mask, problem_of_status, retry_after_s
from connectors.systems.bigcommerce import wire
from connectors.systems.bigcommerce.words import (
    BROKEN,
    CORE_SCOPE,
    INDEPENDENT,
    MAINTENANCE,
    NO_STOREFRONTS,
    SCOPE,
    SYSTEM,
    TOKEN_REFUSED,
    TOO_MANY_CALLS,
    WRONG_ADDRESS,
)

DETAIL_CHARS = 500
RETRY_500_S = 60.0  # Source: API status codes: "retry 3 to 5 times, at least a minute apart"
SERVER_TRIES = 5
_MISSING = re.compile(r"The ([a-z][a-z ]+) is required\.?")
_NAMED = re.compile(r"([a-z]+(?:_[a-z0-9]+)*): .+")
# They head a refusal, and say nothing where more is said.
HOLLOW = frozenset({"parameter error", "processing data contains logical errors", "conflict error"})
OF_THE_RECORD = frozenset({400, 404, 409, 413, 422, 507})


class Why(StrEnum):
    """What a refusal is about, as far as it makes a difference."""

    TAKEN = "email_taken"
    GONE = "not_found"
    LAST_USER = "last_user"
    ROLE = "role"
    STOREFRONT = "storefront"
    GROUP = "customer_group"
    DEFAULTS = "defaults"
    UNIQUE = "duplicate"
    CUSTOMER = "store_customer"
    LIMIT = "plan_limit"
    SIZE = "too_large"
    OTHER = "refused"


@dataclass(frozen=True, slots=True)
class Said:
    """One refusal in their words; `fields` by flat names, `items` of a bulk call in its order."""

    message: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    items: Sequence["Said"] = ()

    @property
    def text(self) -> str:
        """Return all that was said, as one line."""
        return "; ".join(dict.fromkeys(text for text in (self.message, *self.fields.values()) if text))


class Refused(Rejected):
    """Report that B2B refused the record of one call, which was answered: nothing was stored.

    `said` is what it told, `why` what that is about.
    """

    def __init__(self, status: int, said: Said, *, core: bool = False) -> None:
        self.status, self.said, self.core = status, said, core
        self.why = _why(status, said.text)
        super().__init__(f"{SYSTEM} refused the record.", detail=_detail(status, said.text), code=self.why)


class Denied(Misconfigured):
    """Report that one write is not allowed (403, 405), by the scope, the plan or the kind of store.

    It is the record's; where the next one is denied too, it is the connection's.
    """


def _why(status: int, text: str) -> Why:
    for pattern, why in _KNOWN:
        if re.search(pattern, text, re.IGNORECASE):
            return why
    return _BY_STATUS.get(status, Why.OTHER)


_KNOWN: Sequence[tuple[str, Why]] = (
    (
        r"e-?mail already exists|email is exist|user already exists|email.*already (?:in use|taken|used)",
        Why.TAKEN,
    ),
    (r"last user in (?:the )?company", Why.LAST_USER),
    (r"must have a role|is not a valid (?:role|choice)", Why.ROLE),
    (r"at least one b2b storefront", Why.STOREFRONT),
    (r"customer group failed", Why.GROUP),
    (r"convert failed", Why.CUSTOMER),
    (r"default fields and corresponding field", Why.DEFAULTS),
    (r"matching query does not exist|resource is not found|does not exist|not found error", Why.GONE),
    (r"(?:value|field).*already exists|must be unique|duplicate", Why.UNIQUE),
)
_BY_STATUS = {404: Why.GONE, 409: Why.UNIQUE, 413: Why.SIZE, 507: Why.LIMIT}


def said(body: Any) -> Said:
    """Read a refusal of any shape; empty where the body says nothing."""
    if not isinstance(body, Mapping):
        return Said(mask(str(body), most=DETAIL_CHARS) if isinstance(body, str) else "")
    meta, data = body.get("meta"), body.get("data")
    told = meta.get("message") if isinstance(meta, Mapping) else None
    told = told or body.get("message") or body.get("title") or ""
    found = _worded(told) or _flat(told)
    reason = data.get("errMsg") if isinstance(data, Mapping) else None
    if isinstance(reason, list) and len(reason) > 1 and any(isinstance(item, Mapping) for item in reason):
        return Said(found.message, found.fields, [_flat(item) for item in reason])
    listed = [data.get("errors") if isinstance(data, Mapping) else None, body.get("errors")]
    return _merged([found, _flat(reason), *(_flat(_listed(one)) for one in listed)])


def _worded(message: Any) -> Said | None:
    """Return the field that a sentence is about: "The company name is required.", "zip_code: Too long."."""
    text = message.strip() if isinstance(message, str) else ""
    about = _MISSING.fullmatch(text) or _NAMED.fullmatch(text)
    return Said(fields={wire.flat_name(about[1].replace(" ", "_")): text}) if about else None


def _listed(errors: Any) -> Any:
    """Return a list of {id, _detail}, or {"1": text}, as texts; {field: text} as it is."""
    if isinstance(errors, list):
        rows = (item if isinstance(item, Mapping) else {"detail": item} for item in errors)
        return [row.get("_detail") or row.get("detail") or row for row in rows]
    if isinstance(errors, Mapping) and all(str(key).lstrip(".").isdigit() for key in errors):
        return list(errors.values())
    return errors


def _flat(value: Any) -> Said:
    """Return texts that belong to no field as the message, the others by their field."""
    texts: list[str] = []
    fields: dict[str, str] = {}
    for key, text in _leaves(value):
        name = wire.flat_name(key)
        if not name or name in ("nonFieldErrors", "detail", "Detail"):
            texts.append(text)
        else:
            fields[name] = f"{fields[name]} {text}" if name in fields else text
    return Said(" ".join(texts), fields)


def _leaves(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _leaves(item, str(name))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _leaves(item, key)
    elif value not in (None, ""):
        yield key, mask(str(value), most=DETAIL_CHARS)


def _merged(parts: Sequence[Said]) -> Said:
    fields = {name: text for part in parts for name, text in part.fields.items()}
    texts = list(dict.fromkeys(part.message for part in parts if part.message))
    telling = [text for text in texts if text.casefold().rstrip(".") not in HOLLOW]
    return Said(" ".join(telling or texts), fields)


def status_of(http_status: int, body: Any) -> int:
    """Return the status that counts: of the answer, or the one that a 200 carries in its body."""
    code = wire.as_int(body.get("code")) if isinstance(body, Mapping) else None
    if http_status < 300 and code is not None and code >= 400:
        return code if code < 600 else 400  # 10012 and the like: older codes of refused values
    return http_status


def problem(
    status: int, headers: Mapping[str, str], body: Any, *, core: bool = False, is_record: bool = True
) -> ConnectorError:
    """Return what a refused call means.

    `core` is a call to the store's own API, `is_record` one about a single record: its
    404 means that it is not there, any other that the address is wrong.
    """
    told = said(body)
    detail = _detail(status, told.text)
    if status == 404 and not (is_record and isinstance(body, Mapping)):
        return Misconfigured(WRONG_ADDRESS, detail=detail, code="http_404")
    if status in OF_THE_RECORD:
        return Refused(status, told, core=core)
    if status == 429:
        return RateLimited(TOO_MANY_CALLS, detail=detail, code="http_429", retry_after_s=_wait_s(headers))
    own = _of_connection(status, told, detail, core=core)
    return own or problem_of_status(status, headers, SYSTEM, detail) or garbage(detail)


def garbage(detail: str) -> Transient:
    """Return the error of an answer of another shape: an edge page, a proxy, a cut body."""
    text = f"{SYSTEM} answered with something that Concord can't read."
    return Transient(text, detail=detail[:DETAIL_CHARS], code="garbage", halves=True)


def _wait_s(headers: Mapping[str, str]) -> float | None:
    """Return how long to wait: by B2B's header, by the store's in milliseconds, or by the general one."""
    core_ms = wire.as_int(headers.get("X-Rate-Limit-Time-Reset-Ms"))
    return wire.resets_after_s(headers) or (core_ms / 1000 if core_ms else None) or retry_after_s(headers)


def _of_connection(status: int, told: Said, detail: str, *, core: bool) -> ConnectorError | None:
    """Return what a status of the whole connection means, None for one that B2B gives no own meaning."""
    code = f"http_{status}"
    if status == 401:
        return AuthFailed(TOKEN_REFUSED, detail=detail, code=code)
    if status == 403:
        text = CORE_SCOPE if core else NO_STOREFRONTS if "storefront" in told.text.casefold() else SCOPE
        return Misconfigured(text, detail=detail, code=code)
    if status == 405:
        return Misconfigured(INDEPENDENT, detail=detail, code=code)
    if status == 500:
        return Transient(BROKEN, detail=detail, code=code, retry_after_s=RETRY_500_S, halves=True)
    if status == 503:
        return Transient(MAINTENANCE, detail=detail, code=code)
    return None


def _detail(status: int, text: str) -> str:
    return mask(f"{status}: {text}", most=DETAIL_CHARS)
