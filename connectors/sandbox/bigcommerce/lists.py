"""Lists: which records pass the filters, and the page of them that is asked for.

Only documented parameters count, any other is passed over in silence and the list is not filtered. There is
no cursor: a list that changes between two pages shifts. Source: BigCommerce docs, B2B "Companies", "Users",
"Addresses", query parameters.
"""

from collections.abc import Callable, Sequence
from typing import Any

from ..wire import Reply
from .context import Context
from .errors import with_reasons
from .fields import snake
from .store import Row, as_id

DEFAULT_LIMIT = 10
Test = Callable[[Row], bool]
BOUNDS = {
    "minModified": ("updatedAt", 1),
    "maxModified": ("updatedAt", -1),
    "minCreated": ("createdAt", 1),
    "maxCreated": ("createdAt", -1),
}


def page(
    ctx: Context,
    rows: Sequence[Row],
    show: Callable[[Row], Any],
    *,
    least: int = 1,
    most: int,
    message: str = "SUCCESS",
) -> Reply:
    """Return the page that offset and limit ask for, with the count of all."""
    limit, offset = _limit(ctx, least, most), number(ctx, "offset") or 0
    about = {"totalCount": len(rows), "limit": limit, "offset": offset}
    return ctx.ok([show(row) for row in rows[offset : offset + limit]], message, {"pagination": about})


def number(ctx: Context, name: str) -> int | None:
    """Return a whole number of the query, None when it is not there; raise Refusal for any other text."""
    text = ctx.given(name)
    if not text:
        return None
    if (found := as_id(text)) is None:
        raise with_reasons(422, {snake(name): ["A valid integer is required."]})
    return found


def time_tests(ctx: Context) -> list[Test]:
    """Return the tests that minModified, maxModified, minCreated and maxCreated ask for."""
    if not ctx.settings.time_filters:
        return []
    slack = 0 if ctx.settings.bounds_inclusive else 1
    tests: list[Test] = []
    for name, (field, sign) in BOUNDS.items():
        if (bound := number(ctx, name)) is not None:
            tests.append(within(field, sign, bound, slack))
    return tests


def within(field: str, sign: int, bound: float, slack: int = 0) -> Test:
    """Return the test that a time is not before a bound (sign 1), or not after it (-1)."""
    return lambda row: (row[field] - bound) * sign >= slack


def equal(ctx: Context, name: str, field: str = "") -> list[Test]:
    """Return the test that a number of the query equals a field of the row, if it is asked for."""
    wanted = number(ctx, name)
    return [] if wanted is None else [lambda row: row[field or name] == wanted]


def containing(ctx: Context, name: str, *fields: str) -> list[Test]:
    """Return the test that a text of the query is part of one of the fields, if it is asked for."""
    wanted = (ctx.given(name) or "").lower()
    return [lambda row: any(wanted in str(row[field]).lower() for field in fields)] if wanted else []


def flag(ctx: Context, name: str) -> bool | None:
    """Return a yes or no of the query, None when it is not there or neither."""
    return {"true": True, "1": True, "false": False, "0": False}.get((ctx.given(name) or "").lower())


def _limit(ctx: Context, least: int, most: int) -> int:
    limit = number(ctx, "limit")
    if limit is None:
        return DEFAULT_LIMIT
    if limit > most:
        reasons = {"limit": [f"Ensure this value is less than or equal to {most}."]}
        raise with_reasons(413, reasons, "Request Entity Too Large")
    if limit < least:
        raise with_reasons(422, {"limit": [f"Ensure this value is greater than or equal to {least}."]})
    return limit
