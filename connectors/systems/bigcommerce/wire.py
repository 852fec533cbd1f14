"""What B2B says, in one shape: ids, numbers and flags that wobble, extra fields by name.

Pure functions. Flat records have B2B's field names; an extra field is called
"extraFields.<name>", and the two halves of a street or a name, which are one field
here, are one field there as well. A record read holds only what the answer had: a
name that is missing says nothing about its value.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from connectors.mapping import as_text
from connectors.protocol import Window
from connectors.regions import country_code, country_name
from connectors.systems.bigcommerce.states import state_name

EXTRA, USER_EXTRA = "extraFields.", "userExtraFields."  # the second: of a new company's first user
LINES = "addressLine1 + addressLine2"
NAME = "firstName + lastName"
_HALVES = {
    LINES: ("addressLine1", "addressLine2"),
    NAME: ("firstName", "lastName"),
}
_ALIASES = {  # of an address, whose country and state have two fields each
    "countryName": "countryCode",
    "country": "countryCode",
    "stateCode": "stateName",
    "state": "stateName",
}
LINE_CHARS, NAME_CHARS = 200, 100  # of each half
MOST = 1e6  # calls, or seconds: what a limit tells beyond it is nonsense
_TRUE = frozenset({"1", "true", "yes"})

Record = Mapping[str, Any]


def as_id(value: object) -> str:
    """Return an id as text, "" for none: 12, "12" and 12.0 are one."""
    number = as_int(value)
    return str(number) if number else ""


def as_int(value: object) -> int | None:
    """Return a whole number that may have come as text; None for anything else."""
    if isinstance(value, bool):
        return None
    try:
        return int(float(str(value).strip()))
    except (ValueError, OverflowError):
        return None


def as_email(value: object) -> str | None:
    """Return an e-mail in small letters: a store that writes them so must not look like a change."""
    text = as_text(value)
    return text.lower() if text else None


def as_flag(value: object) -> bool:
    """Return a yes or no that may have come as true, "1" or 1."""
    return str(value).strip().casefold() in _TRUE


def day(value: object) -> str:
    """Return the day of a moment in Unix seconds, as in 2026-11-21; "" for none."""
    seconds = as_int(value)
    try:
        return datetime.fromtimestamp(seconds, UTC).date().isoformat() if seconds else ""
    except (OverflowError, ValueError, OSError):
        return ""


def moment(date: object) -> int | None:
    """Return the moment of an answer's Date header in Unix seconds; None where it has none."""
    try:
        return int(parsedate_to_datetime(str(date)).timestamp())
    except (ValueError, TypeError, OverflowError):
        return None


def listed(value: object) -> list[Record]:
    """Return the records of a list; [] for anything else."""
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def lines(text: object) -> str | None:
    """Return a street as B2B keeps it: at most two lines, the second holds the rest.

    A single line that is longer than B2B takes is broken between two words.
    """
    parts = [part.strip() for part in str(as_text(text) or "").splitlines() if part.strip()]
    if len(parts) == 1 and len(parts[0]) > LINE_CHARS:
        at = parts[0].rfind(" ", 0, LINE_CHARS + 1)
        parts = [parts[0][:at], parts[0][at + 1 :]] if at > 0 else parts
    return "\n".join(part for part in (*parts[:1], ", ".join(parts[1:])) if part) or None


def name(text: object) -> str | None:
    """Return a person's name with single blanks between its words."""
    return " ".join(str(as_text(text) or "").split()) or None


def halves(both: str, value: object) -> tuple[str, str]:
    """Return a street or a name as the two fields that it is in a request."""
    if both == LINES:
        first, _, second = str(value or "").partition("\n")
        return first, second
    first, _, second = str(value or "").rpartition(" ")
    return first or second, second


def extras(record: Record) -> dict[str, str | None]:
    """Return a record's extra fields by their flat names; {} where the answer has none."""
    found = listed(record.get("extraFields"))
    return {f"{EXTRA}{item.get('fieldName')}": as_text(item.get("fieldValue")) for item in found}


def company(record: Record) -> dict[str, Any]:
    """Return a company flat. Its country and state come as names in full."""
    flat = _read(record, _COMPANY)
    code = country_code(record.get("country"))
    if "country" in flat and code:
        flat["country"] = country_name(code)
    if "state" in flat:
        flat["state"] = state_name(code, record.get("state"))
    return {**flat, **_joined(record, LINES, "\n"), **extras(record)}


def user(record: Record) -> dict[str, Any]:
    """Return a company user flat."""
    return {**_read(record, _USER), **extras(record)}


def address(record: Record) -> dict[str, Any]:
    """Return an address flat. Its country comes as a code, its state as a name in full."""
    flat = _read(record, _ADDRESS)
    code = country_code(record.get("countryCode")) or country_code(record.get("countryName"))
    if {"countryCode", "countryName"} & set(record):
        flat["countryCode"] = code or as_text(record.get("countryCode"))
    if {"stateName", "stateCode"} & set(record):
        flat["stateName"] = state_name(code, record.get("stateName") or record.get("stateCode"))
    return {**flat, **_joined(record, LINES, "\n"), **_joined(record, NAME, " "), **extras(record)}


def _read(record: Record, shapes: Mapping[str, Callable[[Any], Any]]) -> dict[str, Any]:
    return {key: convert(record[key]) for key, convert in shapes.items() if key in record}


def _joined(record: Record, both: str, by: str) -> dict[str, str | None]:
    """Return two halves as one, where the answer has any of them."""
    halves = _HALVES[both]
    if not set(halves) & set(record):
        return {}
    return {both: by.join(text for half in halves if (text := as_text(record.get(half)))) or None}


_COMPANY: Mapping[str, Callable[[Any], Any]] = {
    "companyName": as_text,
    "companyEmail": as_email,
    "companyPhone": as_text,
    "city": as_text,
    "state": as_text,
    "country": as_text,
    "zipCode": as_text,
    "uuid": as_text,
    "companyStatus": as_int,
}
_USER: Mapping[str, Callable[[Any], Any]] = {
    "companyId": as_id,
    "email": as_email,
    "firstName": as_text,
    "lastName": as_text,
    "phoneNumber": as_text,
    "role": as_int,
    "companyRoleId": as_id,
    "companyRoleName": as_text,
    "uuid": as_text,
}
_ADDRESS: Mapping[str, Callable[[Any], Any]] = {
    "companyId": as_id,
    "city": as_text,
    "zipCode": as_text,
    "phoneNumber": as_text,
    "label": as_text,
    "externalId": as_text,
    "isBilling": as_flag,
    "isShipping": as_flag,
    "isDefaultBilling": as_flag,
    "isDefaultShipping": as_flag,
}


def body(flat: Mapping[str, Any]) -> dict[str, Any]:
    """Return flat fields as a request has them. None becomes an empty text: B2B knows no null."""
    sent: dict[str, Any] = {}
    for key, value in flat.items():
        if key in _HALVES:
            sent.update(zip(_HALVES[key], halves(key, value), strict=True))
        elif key == "companyId":
            sent[key] = as_int(value)
        elif not key.startswith((EXTRA, USER_EXTRA)):
            sent[key] = "" if value is None else value
    lists = {start.rstrip("."): _pairs(flat, start) for start in (EXTRA, USER_EXTRA)}
    return {**sent, **{key: pairs for key, pairs in lists.items() if pairs}}


def _pairs(flat: Mapping[str, Any], start: str) -> list[dict[str, str]]:
    return [
        {"fieldName": key.removeprefix(start), "fieldValue": "" if value is None else str(value)}
        for key, value in flat.items()
        if key.startswith(start)
    ]


def flat_name(theirs: str) -> str:
    """Return the flat name of a field as B2B's refusals write it: first_name, firstName, country."""
    return re.sub(r"_([a-z0-9])", lambda found: found[1].upper(), theirs.strip())


def whole_of(flat: str, names: Iterable[str]) -> str:
    """Return which of these field names a refused one belongs to: itself, or what it is a half of."""
    known = set(names)
    wholes = (both for both, halves in _HALVES.items() if flat in halves and both in known)
    if flat not in known and (found := next(wholes, "")):
        return found
    alias = _ALIASES.get(flat, "")
    return alias if flat not in known and alias in known else flat


def window(headers: Mapping[str, str]) -> Window | None:
    """Return what an answer's headers tell of the limit; None where they tell nothing.

    Their values carry units: "150 times/60 s". Source: B2B Edition, About, Rate limits.
    """
    allocated = headers.get("X-Requests-Allocated", "")
    numbers = [float(found) for found in re.findall(r"[0-9]+(?:\.[0-9]+)?", allocated)]
    remaining, resets_s = _number(headers.get("X-Requests-Remaining")), resets_after_s(headers)
    window_s = numbers[1] if len(numbers) > 1 else 60.0
    if not numbers or remaining is None or max(numbers[0], window_s) > MOST:
        return None
    return Window(numbers[0], window_s, remaining, window_s if resets_s is None else resets_s)


def resets_after_s(headers: Mapping[str, str]) -> float | None:
    """Return in how many seconds all calls are given back; None where that is not told."""
    return _number(headers.get("X-Request-Window-Resets-After"))


def _number(text: str | None) -> float | None:
    try:
        number = float((text or "").split()[0])
    except (IndexError, ValueError):
        return None
    return max(number, 0.0) if math.isfinite(number) else None
