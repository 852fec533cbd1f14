"""Composite: up to 25 calls in one, which may use each other's answers.

Source: Salesforce fact sheet, "Composite, Graph, Tree". Codes of malformed requests and the wording are from
memory. [M]
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from ..wire import Reply, Request, encode_json, json_reply
from .context import Context
from .errors import Refusal, unreadable

MAX_SUBREQUESTS = 25
MAX_COLLECTIONS_AND_QUERIES = 5
STRICT_REFERENCE_IDS_SINCE = 52
REFERENCE_ID = re.compile(r"[A-Za-z0-9_]+")
REFERENCE = re.compile(r"@\{([A-Za-z0-9_]+)((?:\.[A-Za-z0-9_]+|\[\d+\])*)\}")
SUBREQUEST_KEYS = ("method", "url", "referenceId", "body", "httpHeaders")
HEAVY = re.compile(r"/services/data/v\d+\.0/(?:query|queryAll|composite/sobjects)(?:/.*)?")
NESTED = re.compile(r"/services/data/v\d+\.0/composite/?")


@dataclass(frozen=True, slots=True)
class Part:
    """One answered subrequest."""

    reference_id: str
    status: int
    body: Any
    headers: dict[str, str]

    def as_json(self) -> dict[str, Any]:
        """Return the entry of the composite answer."""
        return {
            "body": self.body,
            "httpHeaders": self.headers,
            "httpStatusCode": self.status,
            "referenceId": self.reference_id,
        }


def run(ctx: Context) -> Reply:
    """Answer all subrequests, in their order; always HTTP 200 once the request itself can be read.

    `collateSubrequests` is taken and changes nothing: the vendor promises no order where it is true, so the
    order of the request is as good as any.
    """
    body = ctx.envelope("allOrNone", "collateSubrequests", "compositeRequest")
    subrequests = _subrequests(ctx, body)
    mark = ctx.org.store.mark()
    parts: dict[str, Part] = {}
    for subrequest in subrequests:
        parts[subrequest["referenceId"]] = _answer(ctx, subrequest, parts)
    answered = list(parts.values())
    if body.get("allOrNone") is True and any(part.status >= 300 for part in answered):
        ctx.org.store.roll_back(mark)
        answered = [part if part.status >= 300 else _halted(part.reference_id) for part in answered]
    return json_reply({"compositeResponse": [part.as_json() for part in answered]})


def _subrequests(ctx: Context, body: Mapping[str, Any]) -> list[dict[str, Any]]:
    listed = body.get("compositeRequest")
    if not isinstance(listed, list) or not listed:
        raise unreadable("compositeRequest must be a list of subrequests")
    if len(listed) > MAX_SUBREQUESTS:
        raise Refusal("LIMIT_EXCEEDED", f"Number of subrequests exceeds the limit of {MAX_SUBREQUESTS}")
    for subrequest in listed:
        _check_subrequest(ctx, subrequest)
    ids = [subrequest["referenceId"] for subrequest in listed]
    if len(set(ids)) < len(ids):
        raise unreadable("Duplicate referenceId in the composite request")
    if sum(_is_heavy(subrequest) for subrequest in listed) > MAX_COLLECTIONS_AND_QUERIES:
        message = f"at most {MAX_COLLECTIONS_AND_QUERIES} subrequests may be queries or sObject Collections"
        raise Refusal("LIMIT_EXCEEDED", message)
    return listed


def _check_subrequest(ctx: Context, subrequest: Any) -> None:
    if not isinstance(subrequest, dict) or subrequest.keys() - set(SUBREQUEST_KEYS):
        raise unreadable(f"a subrequest has the keys {', '.join(SUBREQUEST_KEYS)}")
    for key in ("method", "url", "referenceId"):
        if not isinstance(subrequest.get(key), str):
            raise unreadable(f"a subrequest needs {key}")
    if not isinstance(subrequest.get("httpHeaders"), dict | None):
        raise unreadable("httpHeaders must be an object")
    reference_id = subrequest["referenceId"]
    if ctx.version >= STRICT_REFERENCE_IDS_SINCE and not REFERENCE_ID.fullmatch(reference_id):
        raise unreadable(
            f"Provided referenceId ('{reference_id}') must contain letters, digits and underscore only"
        )


def _is_heavy(subrequest: Mapping[str, Any]) -> bool:
    return HEAVY.fullmatch(subrequest["url"].partition("?")[0]) is not None


def _answer(ctx: Context, subrequest: Mapping[str, Any], parts: Mapping[str, Part]) -> Part:
    reference_id = subrequest["referenceId"]
    try:
        filled = {key: _filled(subrequest.get(key), parts) for key in ("url", "body", "httpHeaders")}
        reply = _call(ctx, subrequest["method"].upper(), filled)
    except Refusal as refusal:
        reply = refusal.as_reply()
    body = json.loads(reply.body) if reply.body else None
    return Part(reference_id, reply.status, body, dict(reply.headers))


def _call(ctx: Context, method: str, filled: Mapping[str, Any]) -> Reply:
    path, _, query = filled["url"].partition("?")
    if NESTED.fullmatch(path):
        raise Refusal("INVALID_OPERATION", "a composite request cannot hold another one")
    headers = {str(name).lower(): str(value) for name, value in (filled["httpHeaders"] or {}).items()}
    request = Request(
        method=method,
        path=path,
        query=dict(parse_qsl(query, keep_blank_values=True)),
        headers={"content-type": "application/json", **headers},
        body=b"" if filled["body"] is None else encode_json(filled["body"]),
    )
    return ctx.dispatch(request)


def _filled(value: Any, parts: Mapping[str, Part]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(inner, parts) for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, parts) for inner in value]
    if not isinstance(value, str) or "@{" not in value:
        return value
    whole = REFERENCE.fullmatch(value)
    if whole:
        return _referred(whole, parts)
    return REFERENCE.sub(lambda match: str(_referred(match, parts)), value)


def _referred(match: re.Match[str], parts: Mapping[str, Part]) -> Any:
    part = parts.get(match[1])
    found: Any = part.body if part and part.status < 300 else None
    for name, index in re.findall(r"\.(\w+)|\[(\d+)\]", match[2]):
        try:
            found = found[name] if name else found[int(index)]
        except (KeyError, IndexError, TypeError):
            found = None
    if found is None:
        message = f"Invalid reference specified. No value for {match[0][2:-1]} found in {match[1]}"
        raise Refusal("PROCESSING_HALTED", message)
    return found


def _halted(reference_id: str) -> Part:
    return Part(reference_id, 400, [Refusal("PROCESSING_HALTED").as_request_error()], {})
