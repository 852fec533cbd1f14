"""How B2B Edition and the core API say no: five shapes, and one for the core.

A `Refusal` is raised for a whole request; the constructors below tell which shape goes where.
Source: BigCommerce docs, "API status codes" and the specs of companies, users and addresses. Wordings that
the fact sheet does not have carry [M] where they are used.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ..wire import Reply, json_reply

PARAMETER_ERROR = "Parameter Error"
LOGICAL_ERROR = "Processing data contains logical errors"
NOT_FOUND = "This resource is not found."
TOO_MANY = "Add up to ten data at a time"


class Refusal(Exception):
    """One refused request: its status and its whole body."""

    def __init__(self, status: int, body: object) -> None:
        super().__init__(f"{status} {body}")
        self.status = status
        self.body = body

    def as_reply(self) -> Reply:
        """Return the answer."""
        return json_reply(self.body, self.status)

    @property
    def message(self) -> str:
        """Return what the body says, as a bulk answer repeats it for one item."""
        body = self.body if isinstance(self.body, Mapping) else {}
        data, meta = body.get("data"), body.get("meta")
        if isinstance(data, Mapping) and "errMsg" in data:
            return flattened(data["errMsg"])
        return str(meta.get("message")) if isinstance(meta, Mapping) else str(self.body)

    @property
    def fields(self) -> object:
        """Return the errMsg of a body of the second shape, else None."""
        data = self.body.get("data") if isinstance(self.body, Mapping) else None
        return data.get("errMsg") if isinstance(data, Mapping) else None


def plain(status: int, message: str) -> Refusal:
    """Return the first shape: data is empty, meta says it (companies, and what belongs to nobody)."""
    return Refusal(status, {"code": status, "data": {}, "meta": {"message": message}})


def with_reasons(status: int, reasons: object, message: str = PARAMETER_ERROR) -> Refusal:
    """Return the second shape: data.errMsg is an object, a string or an array (users, addresses)."""
    return Refusal(status, {"code": status, "data": {"errMsg": reasons}, "meta": {"message": message}})


def with_errors(status: int, errors: Sequence[Mapping[str, Any]], message: str) -> Refusal:
    """Return the third shape: data.errors lists ids and details (companies in bulk)."""
    body = {"code": status, "data": {"errors": list(errors)}, "meta": {"message": message}}
    return Refusal(status, body)


def titled(status: int, message: str, title: str = "Parameter Error.") -> Refusal:
    """Return the fourth shape: status, title and numbered errors (hierarchy)."""
    return Refusal(status, {"status": status, "title": title, "errors": {"1": message}})


def bare(status: int, message: str) -> Refusal:
    """Return the fifth shape: code and message only (channels)."""
    return Refusal(status, {"code": status, "message": message})


def core(status: int, title: str, errors: Mapping[str, str] | None = None) -> Refusal:
    """Return the core API's shape: status, title, type and errors by path."""
    kind = "https://developer.bigcommerce.com/api-docs/getting-started/api-status-codes"
    return Refusal(status, {"status": status, "title": title, "type": kind, "errors": dict(errors or {})})


def logical(message: str, status: int = 422) -> Refusal:
    """Return the refusal of data that are well-formed but cannot be: errMsg is a string."""
    return with_reasons(status, message, LOGICAL_ERROR)


def email_taken(*emails: str) -> Refusal:
    """Return the refusal of an e-mail that a company user or super admin has."""
    return logical(f"Email already exists. {list(emails)}")


def too_many() -> Refusal:
    """Return the refusal of more than ten records in a bulk call."""
    return with_reasons(413, TOO_MANY, "Request Entity Too Large")


def flattened(reasons: object) -> str:
    """Return all reasons as one text."""
    if isinstance(reasons, Mapping):
        return " ".join(f"{name}: {flattened(inner)}" for name, inner in reasons.items())
    if isinstance(reasons, (list, tuple)):
        return " ".join(flattened(each) for each in reasons)
    return str(reasons)
