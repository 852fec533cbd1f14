"""How Salesforce looks on a bad day: the dress of every ordered fault.

Source: Salesforce fact sheet, "Limits", "Error codes and what to do"; pages of the edge are HTML.
"""

from dataclasses import replace

from ..faults import Fault
from ..wire import Reply, html_reply
from .errors import MESSAGES, STATUS_CODES, Refusal
from .oauth import refusal as oauth_refusal

EDGE_PAGE = """<!DOCTYPE html><html><head><title>Salesforce</title></head>
<body><h1>We are down for maintenance.</h1><p>Sorry for the inconvenience. We'll be back shortly.</p></body>
</html>"""
GARBAGE = b'[{"id":"0015g000'
CONCURRENT = "ConcurrentRequests (Concurrent API Requests) Limit exceeded."
# 420 and the errors of the machines in front of the API are pages, not JSON.
EDGE_STATUSES = frozenset({420, 502, 504})


def refusal_of_call(fault: Fault) -> Reply:
    """Return the whole-request refusal that the fault asks for."""
    reply = _bare_refusal(fault)
    if fault.retry_after is not None:
        reply = replace(reply, headers=(*reply.headers, ("Retry-After", str(fault.retry_after))))
    return reply


def refusal_of_record(fault: Fault) -> Refusal:
    """Return the error that one record fails with."""
    code = fault.argument
    extra = (
        {"duplicateResult": {"allowSave": True, "matchResults": []}}
        if code == "DUPLICATES_DETECTED"
        else None
    )
    return Refusal(code, fault.message, fields=fault.fields, extra=extra)


def _bare_refusal(fault: Fault) -> Reply:
    match fault.kind:
        case "token":
            return _token_refusal(fault)
        case "html":
            return html_reply(EDGE_PAGE, int(fault.argument or 200))
        case "garbage":
            return Reply(200, GARBAGE)
        case "rate_limit":
            message = CONCURRENT if fault.argument == "concurrent" else fault.message
            return Refusal("REQUEST_LIMIT_EXCEEDED", message, status=403).as_reply()
    status = int(fault.argument)
    if status in EDGE_STATUSES and not fault.code:
        return html_reply(EDGE_PAGE, status)
    code = fault.code or STATUS_CODES.get(status, "UNKNOWN_EXCEPTION")
    message = fault.message or MESSAGES.get(code, f"An unexpected error occurred. ErrorId: {status}")
    return Refusal(code, message, status=status, fields=fault.fields).as_reply()


def _token_refusal(fault: Fault) -> Reply:
    status, _, error = fault.argument.partition(":")
    if not error:
        return html_reply(EDGE_PAGE, int(status))
    return oauth_refusal(error, fault.message, int(status))
