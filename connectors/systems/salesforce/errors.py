"""Salesforce's error codes, and what each means for us: one table.

Source: REST API error codes and the fact sheet's section 2.9. Exact wordings there
are partly from memory; so only codes decide, and a message only where one code
means two things (REQUEST_LIMIT_EXCEEDED, NOT_FOUND, wrapped trigger errors).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from connectors.errors import AuthFailed, ConnectorError, Misconfigured, RateLimited, Transient

SYSTEM = "Salesforce"
DAY_PAUSE_S = 600.0  # the daily quota is probed every ten minutes
UNKNOWN_TRIES = 2  # an unknown code is tried twice, then it is a person's


class Kind(Enum):
    """What the caller does next."""

    TOKEN = "token"
    CONFIG = "config"
    QUOTA = "quota"
    TRANSIENT = "transient"
    NEIGHBOUR = "neighbour"  # another record of the call failed, not this one
    WRAPPED = "wrapped"  # the customer's own trigger or flow
    DATA = "data"
    TAKEN = "taken"  # a unique value stands on another record
    DUPLICATE = "duplicate"  # a duplicate rule, or an external id on several records
    GONE = "gone"
    UNKNOWN = "unknown"


_CODES: Mapping[Kind, str] = {
    Kind.TOKEN: "INVALID_SESSION_ID INVALID_AUTH_HEADER",
    Kind.CONFIG: (
        "API_DISABLED_FOR_ORG INVALID_OPERATION_WITH_EXPIRED_PASSWORD INVALID_TYPE INVALID_FIELD "
        "INVALID_FIELD_FOR_INSERT_UPDATE STORAGE_LIMIT_EXCEEDED"
    ),
    Kind.QUOTA: "REQUEST_LIMIT_EXCEEDED LIMIT_EXCEEDED",
    Kind.TRANSIENT: (
        "UNABLE_TO_LOCK_ROW SERVER_UNAVAILABLE REQUEST_RUNNING_TOO_LONG QUERY_TIMEOUT UNKNOWN_EXCEPTION "
        "API_CURRENTLY_DISABLED INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE "
        "RECORD_IN_USE_BY_WORKFLOW ENTITY_IS_LOCKED TooManyLockFailure"
    ),
    Kind.NEIGHBOUR: "ALL_OR_NONE_OPERATION_ROLLED_BACK PROCESSING_HALTED",
    Kind.WRAPPED: "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY CANNOT_EXECUTE_FLOW_TRIGGER",
    Kind.DATA: (
        "REQUIRED_FIELD_MISSING STRING_TOO_LONG FIELD_CUSTOM_VALIDATION_EXCEPTION "
        "FIELD_FILTER_VALIDATION_EXCEPTION FIELD_INTEGRITY_EXCEPTION INVALID_EMAIL_ADDRESS "
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST NUMBER_OUTSIDE_VALID_RANGE "
        "INVALID_TYPE_ON_FIELD_IN_RECORD INVALID_CURRENCY_ISO MALFORMED_ID JSON_PARSER_ERROR "
        "CIRCULAR_DEPENDENCY INACTIVE_OWNER_OR_USER OP_WITH_INVALID_USER_TYPE_EXCEPTION "
        "TRANSFER_REQUIRES_READ"
    ),
    Kind.TAKEN: "DUPLICATE_VALUE",
    Kind.DUPLICATE: "DUPLICATES_DETECTED DUPLICATE_EXTERNAL_ID",
    Kind.GONE: "ENTITY_IS_DELETED NOT_FOUND INVALID_CROSS_REFERENCE_KEY",
}
_BY_CODE = {code: kind for kind, codes in _CODES.items() for code in codes.split()}
_BY_PREFIX = {"LOGIN_": Kind.CONFIG, "INSUFFICIENT_ACCESS": Kind.CONFIG, "TXN_SECURITY_": Kind.CONFIG}
_PASSING = re.compile(r"UNABLE_TO_LOCK_ROW|LimitException|Rate Limiting", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Fault:
    """One error as Salesforce told it: its code, its words, its fields."""

    code: str
    text: str = ""
    fields: tuple[str, ...] = ()

    @property
    def kind(self) -> Kind:
        """Return what this error means for the record that carries it."""
        found = _BY_CODE.get(self.code) or next(
            (kind for prefix, kind in _BY_PREFIX.items() if self.code.startswith(prefix)), Kind.UNKNOWN
        )
        if found is Kind.WRAPPED:
            return Kind.TRANSIENT if _PASSING.search(self.text) else Kind.DATA
        return found


def faults(body: Any) -> list[Fault]:
    """Read errors from any shape that Salesforce answers with; [] where there is none.

    A list of {message, errorCode, fields}; inside Collections {statusCode, message,
    fields}; from OAuth {error, error_description}.
    """
    if isinstance(body, Mapping):
        body = body.get("errors") or [body]
    found = []
    for item in body if isinstance(body, list) else []:
        if isinstance(item, Mapping):
            code = item.get("statusCode") or item.get("errorCode") or item.get("error") or ""
            text = item.get("message") or item.get("error_description") or ""
            names = item.get("fields") or []
            fields = tuple(str(name) for name in names) if isinstance(names, list) else ()
            if code:
                found.append(Fault(str(code), str(text), fields))
    return found


# What a person reads about one record. {where} is the fields' labels.
_RECORD_WORDS: Mapping[str, str] = {
    "REQUIRED_FIELD_MISSING": "Salesforce needs {where}. Fill it in and save.",
    "STRING_TOO_LONG": "{where} is too long for Salesforce. Shorten it.",
    "INVALID_EMAIL_ADDRESS": "Salesforce does not take {where} as an e-mail address. Correct it and save.",
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": "A validation rule of your Salesforce refused {where}.",
    "FIELD_FILTER_VALIDATION_EXCEPTION": "A lookup filter of your Salesforce refused {where}.",
    "FIELD_INTEGRITY_EXCEPTION": "Salesforce refused the value of {where}: it does not fit its other data.",
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": "{where} holds a value that is not on Salesforce's list.",
    "NUMBER_OUTSIDE_VALID_RANGE": "{where} is a number that Salesforce does not take.",
    "INVALID_TYPE_ON_FIELD_IN_RECORD": "{where} is not of the type that the field over there has.",
    "INVALID_FIELD_FOR_INSERT_UPDATE": (
        "Concord's user may not write {where}. A Salesforce administrator gives it edit access to the field."
    ),
    "INVALID_FIELD": "{where} has no field over there. A Salesforce administrator creates it.",
    "INSUFFICIENT_ACCESS_OR_READONLY": (
        "Concord's user may not edit this record. A Salesforce administrator gives it access."
    ),
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": (
        "Concord's user may not see a record that this one refers to. A Salesforce administrator gives it access."
    ),
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY": (
        "A trigger of your Salesforce refused the record. A Salesforce administrator finds the cause."
    ),
    "CANNOT_EXECUTE_FLOW_TRIGGER": (
        "A flow of your Salesforce refused the record. A Salesforce administrator finds the cause."
    ),
    "UNABLE_TO_LOCK_ROW": "Somebody else is changing this record in Salesforce. It is tried again by itself.",
    "INACTIVE_OWNER_OR_USER": "The owner is inactive in Salesforce. A Salesforce administrator changes the owner.",
    "STORAGE_LIMIT_EXCEEDED": "The storage of your Salesforce is full. A Salesforce administrator frees some.",
    "ENTITY_IS_LOCKED": "An approval process in Salesforce holds this record. It is tried again by itself.",
    "MALFORMED_ID": "The stored Salesforce ID is not one that Salesforce understands.",
}
_MAX_LENGTH = re.compile(r"max length=(\d+)")


def words(fault: Fault, where: str) -> str:
    """Return one sentence for a person about a record's error."""
    if fault.code == "STRING_TOO_LONG" and (limit := _MAX_LENGTH.search(fault.text)):
        return f"{where or 'A field'} is too long; Salesforce takes {limit[1]} characters. Shorten it."
    known = _RECORD_WORDS.get(fault.code)
    if known:
        return known.format(where=where or "a field")
    if fault.kind is Kind.UNKNOWN:
        return f"Salesforce answered {fault.code[:60]}, which Concord does not know."
    if fault.kind is Kind.TRANSIENT:
        return "Salesforce could not take this record just now. It is tried again by itself."
    return f"Salesforce refused the record ({fault.code[:60]})."


_LOGIN_WORDS: Mapping[str, str] = {
    "invalid_client_id": "it does not know the Client ID. Compare it with the app in Salesforce, and the address",
    "invalid_client": "the Client ID or the Client Secret is wrong. Copy both anew from the app in Salesforce",
    "no client credentials user enabled": (
        "the app has no Run As user. A Salesforce administrator sets it in the app's policies"
    ),
    "request not supported on this domain": (
        "this is not your own domain. Enter the My Domain URL (https://….my.salesforce.com)"
    ),
    "inactive_user": "the app's Run As user is inactive. A Salesforce administrator activates it",
    "inactive_org": "the organisation is locked or closed. A Salesforce administrator finds out why",
    "invalid_app_access": "the Run As user may not use the app. A Salesforce administrator assigns it",
    "unsupported_grant_type": (
        "the app does not allow the client credentials flow. A Salesforce administrator enables it"
    ),
}


def login_problem(fault: Fault) -> ConnectorError:
    """Return what a refused login means. Only a used-up rate passes by itself."""
    if fault.code == "rate_limit_exceeded":
        return RateLimited("Salesforce asks for fewer logins.", detail=fault.text, code=fault.code)
    said = fault.text.lower()
    reason = next((text for words, text in _LOGIN_WORDS.items() if words in said), None)
    reason = reason or _LOGIN_WORDS.get(fault.code, "Concord does not know why; see Salesforce's own words")
    message = f"Salesforce refused the login: {reason}; then press Test connection."
    return AuthFailed(message, detail=f"{fault.code}: {fault.text}"[:500], code=fault.code)


def request_problem(fault: Fault, status: int) -> ConnectorError | None:
    """Return what an error of a whole request means, None for one that the status tells better."""
    detail = f"{status} {fault.code}: {fault.text}"[:500]
    make = _REQUEST.get(fault.kind)
    return make(fault, detail) if make else None


def _quota(fault: Fault, detail: str) -> ConnectorError:
    if "concurrent" in fault.text.lower():
        return Transient("Salesforce has too many long calls at once.", detail=detail, code=fault.code)
    text = "Today's Salesforce calls are used up (shared with your other integrations)."
    return RateLimited(text, detail=detail, code=fault.code, retry_after_s=DAY_PAUSE_S)


def _setup(fault: Fault, detail: str) -> ConnectorError:
    text = f"Salesforce refuses what Concord is set up to do ({fault.code[:60]}): {fault.text[:200]}"
    return Misconfigured(
        f"{text} Press Test connection to see what is missing.", detail=detail, code=fault.code
    )


def _passing(fault: Fault, detail: str) -> ConnectorError:
    return Transient(
        "Salesforce could not work on a call just now.", detail=detail, code=fault.code, halves=True
    )


def _session(fault: Fault, detail: str) -> ConnectorError:
    text = "Salesforce does not accept the session of Concord's app. Press Test connection to log in anew."
    return AuthFailed(text, detail=detail, code=fault.code)


_REQUEST: Mapping[Kind, Callable[[Fault, str], ConnectorError]] = {
    Kind.QUOTA: _quota,
    Kind.CONFIG: _setup,
    Kind.TRANSIENT: _passing,
    Kind.TOKEN: _session,
}
