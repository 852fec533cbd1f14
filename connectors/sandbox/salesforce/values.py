"""From the JSON of one record to values that may be stored.

Two stages, as over there: what cannot be read refuses the whole request before anything is written; what can
be read but not stored refuses the record.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from math import isfinite
from typing import Any

from .errors import Refusal, unreadable
from .ids import normalised
from .schema import BOOLEAN_TYPES, COMPOUND, NUMBER_TYPES, Field, SObject
from .store import timestamp

# [M] The vendor's own pattern is not in the sheet; this one knows ASCII only and wants a dotted domain.
EMAIL = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}"
)


@dataclass(frozen=True, slots=True)
class Incoming:
    """A record as sent: values under the fields' true names, parents named by their external id."""

    values: dict[str, Any]
    parents: dict[str, tuple[str, Any]] = field(default_factory=dict)


def read_record(sobject: SObject, raw: Mapping[str, Any]) -> Incoming:
    """Return the record; raise Refusal (INVALID_FIELD, JSON_PARSER_ERROR) if it cannot be read.

    Field names are found in any case: the sheet shows the same field as `id` in a Collections update and as
    `Id` in an upsert, so it is the envelope's keys (records, attributes, allOrNone) that must be exact.
    """
    incoming = Incoming({})
    for key, value in raw.items():
        if key == "attributes":
            continue
        known = sobject.by_name.get(key.lower())
        if known is not None:
            incoming.values[known.name] = _read(known, value)
        elif (link := sobject.relationships.get(key.lower())) and isinstance(value, dict):
            incoming.parents[link.name] = _parent(value)
        else:
            raise Refusal("INVALID_FIELD", f"No such column '{key}' on sobject of type {sobject.name}")
    return incoming


def checked(known: Field, value: Any) -> Any:
    """Return the value as it is stored; raise Refusal for what this field does not take.

    An empty text is the same as null. [M]
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if (
        known.length
        and isinstance(value, str)
        and len(value) > known.length
        and known.type not in ("id", "reference")
    ):
        message = f"{known.label}: data value too large: {value} (max length={known.length})"
        raise Refusal("STRING_TOO_LONG", message, fields=[known.name])
    check = CHECKS.get(known.type)
    return check(known, value) if check else value


def _read(known: Field, value: Any) -> Any:
    if value is None and known.type not in BOOLEAN_TYPES:
        return None
    if known.type == COMPOUND:
        return value  # whatever it is, the record is refused for it
    if known.type in BOOLEAN_TYPES:
        fits = isinstance(value, bool)
    elif known.type in NUMBER_TYPES:
        fits = isinstance(value, (int, float)) and not isinstance(value, bool) and isfinite(value)
    else:
        fits = isinstance(value, str)
    if not fits:
        # [M] wording; the code is the sheet's.
        kind = type(value).__name__
        raise unreadable(f"Cannot deserialize instance of {known.type} for {known.name} from {kind} value")
    if isinstance(value, str) and not value.isascii():
        return value.encode("utf-8", "replace").decode()  # half a surrogate pair becomes a question mark
    return value


def _parent(value: Mapping[str, Any]) -> tuple[str, Any]:
    named = [(key, inner) for key, inner in value.items() if key != "attributes"]
    if len(named) != 1 or not isinstance(named[0][1], str):
        raise unreadable("A related record is named by exactly one external id field")
    return named[0]


def _email(known: Field, value: str) -> str:
    if not EMAIL.fullmatch(value):
        raise Refusal(
            "INVALID_EMAIL_ADDRESS", f"{known.label}: invalid email address: {value}", fields=[known.name]
        )
    return value


def _id(known: Field, value: str) -> str:
    full = normalised(value)
    if full is None:
        raise Refusal(
            "MALFORMED_ID", f"{known.label}: id value of incorrect type: {value}", fields=[known.name]
        )
    return full


def _picklist(known: Field, value: str) -> str:
    # Codes of countries and states are held to their lists with the whole address.
    if known.restricted and not known.choices and value not in known.picklist:
        message = f"{known.label}: bad value for restricted picklist field: {value}"
        raise Refusal("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, fields=[known.name])
    return value


def _number(known: Field, value: float) -> float:
    if known.type == "int" and value != int(value):
        raise unreadable(
            f"Cannot deserialize instance of int for {known.name} from VALUE_NUMBER_FLOAT value {value}"
        )
    if known.digits and abs(value) >= 10**known.digits:
        message = f"{known.label}: value outside of valid range on numeric field: {value}"
        raise Refusal("NUMBER_OUTSIDE_VALID_RANGE", message, fields=[known.name])
    return value


def _date(_known: Field, value: str) -> str:
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError as error:
        raise unreadable(f"Cannot deserialize instance of date from VALUE_STRING value {value}") from error


def _datetime(_known: Field, value: str) -> str:
    try:
        return timestamp(datetime.fromisoformat(value))
    except (ValueError, OverflowError) as error:
        raise unreadable(
            f"Cannot deserialize instance of datetime from VALUE_STRING value {value}"
        ) from error


CHECKS: Mapping[str, Callable[[Field, Any], Any]] = {
    "email": _email,
    "id": _id,
    "reference": _id,
    "picklist": _picklist,
    "int": _number,
    "double": _number,
    "currency": _number,
    "percent": _number,
    "date": _date,
    "datetime": _datetime,
}
