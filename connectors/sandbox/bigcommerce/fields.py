"""Reading the fields of a body: which are taken, and what is said of those that cannot be.

Keys that are not listed are passed over in silence. Requests name fields in camelCase, errors name them in
snake_case. Source: BigCommerce docs, "B2B Edition APIs" (overview).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .store import as_id

REQUIRED = "This field is required."
NOT_NULL = "This field may not be null."
NOT_BLANK = "This field may not be blank."
BAD_EMAIL = "Enter a valid email address."
EMAIL = re.compile(r"[^@\s,;<>\"]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
Reasons = dict[str, list[str]]


class BadValue(ValueError):
    """A value that a field cannot take; its text says why, as the API does."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a body; `least` and `most` count characters."""

    key: str
    kind: str = "text"  # text, email, number, flag, numbers, any
    least: int = 0
    most: int = 0
    required: bool = False

    @property
    def snake(self) -> str:
        """Return the name that errors use."""
        return snake(self.key)

    def read(self, value: Any) -> Any:
        """Return the value as it is stored; raise BadValue."""
        if value is None:
            if self.required or self.kind != "text":
                raise BadValue(NOT_NULL)
            return ""
        return READERS[self.kind](self, value)


def snake(key: str) -> str:
    """Return a camelCase name in snake_case: addressLine1 becomes address_line1."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", key).lower()


def read(
    fields: Sequence[Field], raw: Mapping[str, Any], *, partial: bool = False
) -> tuple[dict[str, Any], Reasons]:
    """Return the values of the fields that were sent, and what is wrong by name.

    Of a partial body nothing is missing.
    """
    values: dict[str, Any] = {}
    reasons: Reasons = {}
    for field in fields:
        if field.key not in raw:
            if field.required and not partial:
                reasons[field.snake] = [REQUIRED]
            continue
        try:
            values[field.key] = field.read(raw[field.key])
        except BadValue as error:
            reasons[field.snake] = [str(error)]
    return values, reasons


def is_email(text: str) -> bool:
    """Return whether the text is an e-mail address."""
    return EMAIL.fullmatch(text) is not None


def _text(field: Field, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise BadValue("Not a valid string.")
    text = str(value).strip()
    if not text and (field.least or field.required):
        raise BadValue(NOT_BLANK)
    if field.most and len(text) > field.most:
        raise BadValue(f"Ensure this field has no more than {field.most} characters.")
    return text


def _email(field: Field, value: Any) -> str:
    text = _text(field, value)
    if not is_email(text):
        raise BadValue(BAD_EMAIL)
    return text


def _number(_field: Field, value: Any) -> int:
    if (number := as_id(value)) is None:
        raise BadValue("A valid integer is required.")
    return number


def _flag(_field: Field, value: Any) -> bool:
    known = {True: True, False: False, "true": True, "false": False, "1": True, "0": False}
    folded = value.lower() if isinstance(value, str) else value
    if not isinstance(folded, (bool, int, str)) or folded not in known:
        raise BadValue("Must be a valid boolean.")
    return known[folded]


def _numbers(field: Field, value: Any) -> list[int]:
    if not isinstance(value, list):
        raise BadValue('Expected a list of items but got type "str".')
    return list(dict.fromkeys(_number(field, each) for each in value))


READERS: Mapping[str, Callable[[Field, Any], Any]] = {
    "text": _text,
    "email": _email,
    "number": _number,
    "flag": _flag,
    "numbers": _numbers,
    "any": lambda _field, value: value,
}
