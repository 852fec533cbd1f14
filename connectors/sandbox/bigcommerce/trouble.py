"""How the store looks on a bad day: the dress of every ordered fault.

Source: BigCommerce docs, "API status codes", messages. [?] The bodies of 401, 403 and 429 are not documented;
the setting `undocumented_bodies` chooses.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from ..faults import Fault
from ..wire import Reply, html_reply, json_reply
from .errors import LOGICAL_ERROR, Refusal, core, email_taken, flattened, logical, plain, with_reasons

EDGE_PAGE = """<!DOCTYPE html><html><head><title>BigCommerce</title></head>
<body><h1>We'll be right back</h1><p>This store is down for maintenance.</p></body></html>"""
GARBAGE = b'{"code":200,"data":{"companyId":80'
MESSAGES = {
    400: "Processing data contains logical errors",
    401: "Invalid token",
    403: "You do not have permission to perform this action.",
    404: "This resource is not found.",
    405: "Method not allowed.",
    409: "Conflict Error",
    413: "Request Entity Too Large",
    415: "Unsupported media type in request.",
    422: "Parameter Error",
    429: "Request was throttled.",
    500: "Server Error",
    503: "Service Unavailable",
    507: "Insufficient Storage",
}
# What record:<CODE> stands for; the fault's own message, where it has one, comes instead.
RECORD_REFUSALS: Mapping[str, Callable[[str], Refusal]] = {
    "GROUP_FAILED": lambda text: plain(400, text or "Create BigCommerce customer group failed"),
    "EMAIL_EXISTS": lambda text: logical(text) if text else email_taken("taken@example.com"),
    "EMAIL_CONFLICT": lambda text: with_reasons(409, text or "email is existed", "Conflict Error"),
    "SUPER_ADMIN": lambda text: with_reasons(400, text or "The user already exists.", LOGICAL_ERROR),
    "CONVERT_FAILED": lambda text: logical(text or "Convert failed for the API call.", 400),
    "LAST_USER": lambda text: logical(text or "The last user in company can not be deleted."),
    "DUPLICATE": lambda text: plain(409, text or "The value of a unique field already exists."),
    "NAME_REQUIRED": lambda text: plain(422, text or "The company name is required."),
    "PARAMETER": lambda text: with_reasons(422, {"last_name": [text or "This field may not be null."]}),
    "NOT_FOUND": lambda text: plain(404, text or "This resource is not found."),
    "PLAN_LIMIT": lambda text: plain(507, text or MESSAGES[507]),
}


def refusal_of_call(fault: Fault, bodies: str, *, is_core: bool) -> Reply:
    """Return the whole-request refusal that the fault asks for."""
    reply = _bare_refusal(fault, bodies, is_core=is_core)
    if fault.retry_after is not None:
        reply = replace(reply, headers=(*reply.headers, ("Retry-After", str(fault.retry_after))))
    return reply


def refusal_of_record(fault: Fault) -> Refusal:
    """Return the error that one record fails with: a known code, or the code itself as the message."""
    code, text = fault.argument.upper(), fault.message
    if fault.fields:
        return with_reasons(422, {name: [text or code] for name in fault.fields})
    made = RECORD_REFUSALS.get(code)
    return made(text) if made else plain(422, text or fault.argument)


def undocumented(status: int, message: str, bodies: str) -> Reply:
    """Return a 401, 403 or 429, whose body nobody documented."""
    if bodies == "html":
        return html_reply(f"<html><body><h1>{status}</h1></body></html>", status)
    if bodies == "message":
        return json_reply({"code": status, "message": message}, status)
    return with_reasons(status, message, MESSAGES[status]).as_reply()


def _bare_refusal(fault: Fault, bodies: str, *, is_core: bool) -> Reply:
    match fault.kind:
        case "html":
            return html_reply(EDGE_PAGE, int(fault.argument or 503))
        case "garbage":
            return Reply(200, GARBAGE)
        case "token":
            status = 401
        case "rate_limit":
            status = 429
        case _:
            status = int(fault.argument)
    message = fault.message or fault.code or MESSAGES.get(status, f"Error {status}")
    if is_core:
        return core(status, flattened(message)).as_reply()
    if status in (401, 403, 429):
        return undocumented(status, message, bodies)
    if status in (502, 503, 504) and not fault.message:
        return html_reply(EDGE_PAGE, status)
    return plain(status, message).as_reply()
