"""Salesforce's error codes, and what each means for us: one table.

Source: REST API error codes and the fact sheet's section 2.9. Exact wordings there
are partly from memory; so only codes decide, and a message only where one code
means two things (REQUEST_LIMIT_EXCEEDED, NOT_FOUND, wrapped trigger errors).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from connectors.http import mask
from connectors.systems.salesforce.ids import as_18

TEXT_CHARS = 4_000  # of what one error says
UNKNOWN_TRIES = 2  # an unknown code is tried twice, then it is a person's


class Kind(Enum):
    """What the caller does next."""

    TOKEN = "token"  # noqa: S105 - a word
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
        "RECORD_IN_USE_BY_WORKFLOW ENTITY_IS_LOCKED TooManyLockFailure "
        "INVALID_QUERY_LOCATOR"  # a cursor that expired: the query is asked again
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
# "… on record with id: 001…", "… for external id field: [001…, 001…]"
_FIELD = re.compile(r"(?:No such column '|duplicate value found: )([\w.]+)")
_RECORD_ID = re.compile(r"\b00[0-9A-Za-z]{13}(?:[0-9A-Za-z]{3})?\b")


@dataclass(frozen=True, slots=True)
class Fault:
    """One error as Salesforce told it: its code, its words, its fields.

    `others` are the ids of the records that stand in the way; `may_save` says that
    the duplicate rule only warns.
    """

    code: str
    text: str = ""
    fields: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    may_save: bool = False

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
    items = body if isinstance(body, list) else []
    return [fault for item in items if isinstance(item, Mapping) and (fault := _fault(item)).code]


def _fault(item: Mapping[str, Any]) -> Fault:
    code = item.get("statusCode") or item.get("errorCode") or item.get("error") or ""
    text = mask(str(item.get("message") or item.get("error_description") or ""), most=TEXT_CHARS)
    names = item.get("fields")
    fields = tuple(str(name) for name in names) if isinstance(names, list) else ()
    fields = fields or tuple(found[1] for found in _FIELD.finditer(text))
    rule = item.get("duplicateResult")
    may_save = isinstance(rule, Mapping) and rule.get("allowSave") is True
    ids = (*_found_by_rule(rule), *_RECORD_ID.findall(text))
    others = dict.fromkeys(found for record_id in ids if (found := as_18(record_id)))
    return Fault(str(code)[:100], text, fields, tuple(others), may_save)


def _found_by_rule(rule: Any) -> Iterator[str]:
    """Yield the ids of the records that a duplicate rule found alike."""
    for result in _listed(rule, "matchResults"):
        for match in _listed(result, "matchRecords"):
            record = match.get("record")
            yield str(record.get("Id") or "") if isinstance(record, Mapping) else ""


def _listed(holder: Any, name: str) -> list[Mapping[str, Any]]:
    found = holder.get(name) if isinstance(holder, Mapping) else None
    return [item for item in found if isinstance(item, Mapping)] if isinstance(found, list) else []
