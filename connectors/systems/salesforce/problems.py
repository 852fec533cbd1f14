"""What a refused call or login means for the connection: our errors, with both their texts."""

from collections.abc import Callable, Mapping
from typing import Any

from connectors.errors import AuthFailed, ConnectorError, Misconfigured, RateLimited, Transient
from connectors.http import mask, problem_of_status, retry_after_s
from connectors.systems.salesforce.errors import Fault, Kind, faults
from connectors.systems.salesforce.words import ADMIN, QUOTA_DAY, USER, words

SYSTEM = "Salesforce"
DAY_PAUSE_S = 600.0  # the daily quota is probed every ten minutes
DETAIL_CHARS = 500
THEN = "Then press Test connection."
NO_REST = "not valid for use with the REST API"
NO_AGENT = "not attached to Agent"
# These fail for the size of a call: a smaller one may get through at once.
_HEAVY = frozenset(
    {
        "REQUEST_RUNNING_TOO_LONG",
        "QUERY_TIMEOUT",
        "UNKNOWN_EXCEPTION",
        "UNABLE_TO_LOCK_ROW",
        "TooManyLockFailure",
        "RECORD_IN_USE_BY_WORKFLOW",
        "ENTITY_IS_LOCKED",
        "INVALID_QUERY_LOCATOR",
    }
)


def garbage(what: str, shown: str = "", *, halves: bool = False) -> Transient:
    """Return the error for an answer of another shape: an edge page, a proxy, a cut body."""
    text = f"Salesforce answered {what} with something that Concord can't read."
    return Transient(text, detail=shown, code="garbage", halves=halves)


def problem(status: int, headers: Mapping[str, str], body: Any) -> ConnectorError:
    """Return the error of a whole request: Salesforce's own code first, then the status."""
    said = faults(body)
    wait_s = retry_after_s(headers)
    for fault in said:
        make = _BY_KIND.get(fault.kind)
        if make and (found := make(fault, status, wait_s)):
            return found
    detail = shown(said, body)
    special = _by_status(status, said, detail, wait_s)
    if special:
        return special
    if said and 400 <= status < 500 and status not in (408, 413, 425, 429):
        return ConnectorError(words(said[0]), detail=detail, code=said[0].code)
    general = problem_of_status(status, headers, SYSTEM, detail)
    return general or garbage(f"a call ({status})", detail)


def shown(said: list[Fault], body: Any) -> str:
    """Return what they said, for us: masked, then cut."""
    text = "; ".join(f"{fault.code}: {fault.text}" for fault in said) or str(body)
    return mask(text, most=DETAIL_CHARS)


def _by_status(status: int, said: list[Fault], detail: str, wait_s: float | None) -> ConnectorError | None:
    code = said[0].code if said else f"http_{status}"
    if status == 300:  # Source: the fact sheet's section 2.2; a list of addresses, nothing was written
        text = (
            f"Several accounts in Salesforce carry the same id of Concord. {ADMIN} leaves it on one of them."
        )
        return ConnectorError(text, detail=detail, code=code)
    if status in (404, 410):
        text = (
            "Salesforce does not know the address that Concord called: the API version or the object does "
            "not exist there. Press Test connection to see which."
        )
        return Misconfigured(text, detail=detail, code=code)
    if status in (414, 431):
        return Transient("A call was too long for Salesforce.", detail=detail, code=code, halves=True)
    if status == 420:  # edge: an instance that is being set up. Source: REST status codes
        return RateLimited("Salesforce asks to wait.", detail=detail, code=code, retry_after_s=wait_s)
    if status == 401:
        text = (
            "Salesforce does not accept the session of Concord's app. Press Test connection to log in anew."
        )
        return AuthFailed(text, detail=detail, code=code)
    return None


def _quota(fault: Fault, status: int, wait_s: float | None) -> ConnectorError:
    detail = _detail(fault, status)
    if "concurrent" in fault.text.lower():
        text = "Salesforce has too many long calls at once."
        return Transient(text, detail=detail, code=fault.code, retry_after_s=wait_s)
    if status == 429 and "totalrequests" not in fault.text.lower():
        text = "Salesforce asks for fewer calls."
        return RateLimited(text, detail=detail, code=fault.code, retry_after_s=wait_s)
    return RateLimited(QUOTA_DAY, detail=detail, code=fault.code, retry_after_s=wait_s or DAY_PAUSE_S)


def misconfigured(fault: Fault, status: int = 200, _wait_s: float | None = None) -> ConnectorError:
    """Return the error of a connection that their administrator, or ours, must set right."""
    return Misconfigured(f"{words(fault)} {THEN}", detail=_detail(fault, status), code=fault.code)


def _passing(fault: Fault, status: int, wait_s: float | None) -> ConnectorError:
    return Transient(
        "Salesforce could not work on a call just now.",
        detail=_detail(fault, status),
        code=fault.code,
        retry_after_s=wait_s,
        halves=fault.code in _HEAVY and status != 503,
    )


def _session(fault: Fault, status: int, _wait_s: float | None) -> ConnectorError:
    text = "Salesforce does not accept the session of Concord's app. Press Test connection to log in anew."
    if NO_REST in fault.text:
        text = (
            f"Salesforce does not let the session of Concord's app use the REST API. {ADMIN} gives the app "
            f"the scope “Manage user data via APIs (api)”. {THEN}"
        )
    elif NO_AGENT in fault.text:
        text = f"Salesforce wants Concord's app attached to an agent. {ADMIN} looks at its policies. {THEN}"
    plain = NO_REST not in fault.text and NO_AGENT not in fault.text
    return AuthFailed(text, detail=_detail(fault, status), code=fault.code, after_login=plain)


def _no_key_field(fault: Fault, status: int, _wait_s: float | None) -> ConnectorError | None:
    """Tell the missing external id field from what else is not found; both have one code."""
    if fault.code != "NOT_FOUND" or "external id" not in fault.text.lower():
        return None
    text = (
        f"The external id field does not exist on Account, or {USER} may not see it. {ADMIN} creates it or "
        f"gives access; or correct its name on the connection's page. {THEN}"
    )
    return Misconfigured(text, detail=_detail(fault, status), code=fault.code)


def _detail(fault: Fault, status: int) -> str:
    return mask(f"{status} {fault.code}: {fault.text}", most=DETAIL_CHARS)


_BY_KIND: Mapping[Kind, Callable[[Fault, int, float | None], ConnectorError | None]] = {
    Kind.QUOTA: _quota,
    Kind.CONFIG: misconfigured,
    Kind.TRANSIENT: _passing,
    Kind.NEIGHBOUR: _passing,
    Kind.TOKEN: _session,
    Kind.GONE: _no_key_field,
}
