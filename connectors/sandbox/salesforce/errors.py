"""How Salesforce says no.

A `Refusal` is raised for a whole request (a list with `errorCode`) or for one record, where Collections turn
it into an entry with `statusCode`.
Source: Salesforce fact sheet, "One record", "sObject Collections", "Error codes and what to do". Wordings
that the sheet marks as from memory, or does not have, carry [M] where they are used.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ..wire import Reply, json_reply

# What a fault says when its author gave no message.
MESSAGES = {
    "UNABLE_TO_LOCK_ROW": (
        "unable to obtain exclusive access to this record or 1 records: 0015g00000000000AAA"
    ),
    "ENTITY_IS_DELETED": "entity is deleted",
    "INVALID_CROSS_REFERENCE_KEY": "invalid cross reference id",
    "DUPLICATES_DETECTED": "Use one of these records?",
    "REQUIRED_FIELD_MISSING": "Required fields are missing: [Name]",
    "INVALID_SESSION_ID": "Session expired or invalid",
    "REQUEST_LIMIT_EXCEEDED": "TotalRequests Limit exceeded.",
    "API_DISABLED_FOR_ORG": "The REST API is not enabled for this Organization.",
    "SERVER_UNAVAILABLE": "The server is temporarily unavailable. Please try again later.",
    "ALL_OR_NONE_OPERATION_ROLLED_BACK": (
        "Record rolled back because not all records were valid and the request was using AllOrNone header"
    ),
    "PROCESSING_HALTED": (
        "The transaction was rolled back since another operation in the same transaction failed."
    ),
}
STATUS_CODES = {
    401: "INVALID_SESSION_ID",
    403: "REQUEST_LIMIT_EXCEEDED",
    404: "NOT_FOUND",
    429: "REQUEST_LIMIT_EXCEEDED",
    503: "SERVER_UNAVAILABLE",
}


class Refusal(Exception):
    """One error as Salesforce words it; `status` counts only where the whole request is refused."""

    def __init__(
        self,
        code: str,
        message: str = "",
        *,
        status: int = 400,
        fields: Sequence[str] = (),
        extra: Mapping[str, Any] | None = None,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        super().__init__(code)
        self.code = code
        self.message = message or MESSAGES.get(code, code)
        self.status = status
        self.fields = list(fields)
        self.extra = extra or {}
        self.headers = headers

    def as_request_error(self) -> dict[str, Any]:
        """Return the entry of a refused request's list."""
        fields = {"fields": self.fields} if self.fields else {}
        return {**self.extra, "message": self.message, "errorCode": self.code, **fields}

    def as_record_error(self) -> dict[str, Any]:
        """Return the entry of one refused record inside a Collections answer."""
        return {**self.extra, "statusCode": self.code, "message": self.message, "fields": self.fields}

    def as_reply(self) -> Reply:
        """Return the answer that refuses the whole request."""
        return json_reply([self.as_request_error()], self.status, self.headers)


def not_found(message: str = "The requested resource does not exist") -> Refusal:
    """Return the 404 for an address or a record that is not there."""
    return Refusal("NOT_FOUND", message, status=404)


def no_such_key_field(name: str) -> Refusal:
    """Return the 404 for an external id field that is none."""
    return not_found(f"Provided external ID field does not exist or is not accessible: {name}")


def unreadable(message: str) -> Refusal:
    """Return the 400 for a body that cannot be read as what it should be."""
    return Refusal("JSON_PARSER_ERROR", message)
