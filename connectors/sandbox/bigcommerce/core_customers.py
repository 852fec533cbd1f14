"""The core API's customers, as far as a connector of companies needs them.

Source: BigCommerce docs, "Customers V3": snake_case, writes take arrays of at most ten, filters end in ":in".
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from ..wire import Reply, json_reply
from . import customers, lists
from .context import MOST_IN_BULK, Context
from .errors import Refusal, core
from .fields import Field, read
from .store import Row, as_id, matching

FIELDS = (
    Field("email", "email", least=3, most=250, required=True),
    Field("first_name", least=1, most=100, required=True),
    Field("last_name", least=1, most=100, required=True),
    Field("company", most=255),
    Field("phone", most=50),
    Field("notes"),
    Field("customer_group_id", "number"),
    Field("origin_channel_id", "number"),
)
DEFAULT_LIMIT, LARGEST_LIMIT = 50, 250
LISTED: Mapping[str, Callable[[Row], Any]] = {
    "id:in": lambda row: str(row["id"]),
    "email:in": lambda row: row["email"].lower(),
    "company:in": lambda row: row["company"].lower(),
    "customer_group_id:in": lambda row: str(row["customer_group_id"]),
    "phone:in": lambda row: row["phone"].lower(),
    "name:in": lambda row: f"{row['first_name']} {row['last_name']}".lower(),
}
BOUNDS = {
    "date_modified:min": ("date_modified", 1),
    "date_modified:max": ("date_modified", -1),
    "date_created:min": ("date_created", 1),
    "date_created:max": ("date_created", -1),
}


def listing(ctx: Context) -> Reply:
    """GET /v3/customers; unknown filters are passed over."""
    rows = matching(ctx.store["customer"], *_tests(ctx))
    limit = min(_number(ctx, "limit", DEFAULT_LIMIT), LARGEST_LIMIT)
    page = max(1, _number(ctx, "page", 1))
    shown = [_shown(row) for row in rows[(page - 1) * limit : page * limit]]
    about = {
        "total": len(rows),
        "count": len(shown),
        "per_page": limit,
        "current_page": page,
        "total_pages": -(-len(rows) // limit),
        "links": {"current": f"?page={page}&limit={limit}"},
    }
    return json_reply({"data": shown, "meta": {"pagination": about}})


def create(ctx: Context) -> Reply:
    """POST /v3/customers."""
    made = []
    for raw in _records(ctx):
        values, reasons = read(FIELDS, raw)
        if reasons:
            raise core(422, "Create customers failed.", _reasons(reasons))
        if customers.find(ctx.shop, values["email"]) is not None:
            raise core(422, "Create customers failed.", {".customer_create": "Error creating customers"})
        made.append(customers.add(ctx.shop, values))
    return json_reply({"data": [_shown(row) for row in made], "meta": {}})


def update(ctx: Context) -> Reply:
    """PUT /v3/customers; a password is taken and kept nowhere."""
    changed = []
    for raw in _records(ctx):
        values, reasons = read(FIELDS, raw, partial=True)
        row = ctx.store["customer"].get(raw.get("id"))
        if row is None or reasons or _is_taken(ctx, values, row):
            raise core(422, "Update customers failed.", {".customer_update": "Error updating customers"})
        changed.append(customers.change(ctx.shop, row, values))
    return json_reply({"data": [_shown(row) for row in changed], "meta": {}})


def delete(ctx: Context) -> Reply:
    """DELETE /v3/customers?id:in=; a company user goes along, the last one too."""
    for key in ctx.each("id:in"):
        if (row := ctx.store["customer"].get(key)) is not None:
            customers.remove(ctx.shop, row)
    return Reply(204)


def _records(ctx: Context) -> list[Mapping[str, Any]]:
    body = ctx.body()
    if not isinstance(body, list) or not all(isinstance(each, dict) for each in body):
        raise core(422, "JSON data is missing or invalid")
    if len(body) > MOST_IN_BULK:
        raise core(413, "Request Entity Too Large")
    for raw in body:
        ctx.fail_if_ordered(raw)
    return body


def _is_taken(ctx: Context, values: Mapping[str, Any], row: Row) -> bool:
    other = customers.find(ctx.shop, values["email"]) if "email" in values else None
    return other is not None and other["id"] != row["id"]


def _reasons(reasons: Mapping[str, list[str]]) -> dict[str, str]:
    return {name: texts[0] for name, texts in reasons.items()}


def _tests(ctx: Context) -> list[lists.Test]:
    tests: list[lists.Test] = []
    for name, of in LISTED.items():
        if wanted := {each.lower() for each in ctx.each(name)}:
            tests.append(_one_of(of, wanted))
    if part := (ctx.given("name:like") or "").lower():
        tests.append(lambda row: part in f"{row['first_name']} {row['last_name']}".lower())
    for name, (field, sign) in BOUNDS.items():
        if text := ctx.given(name):
            tests.append(lists.within(field, sign, _moment(text)))
    return tests


def _one_of(of: Callable[[Row], Any], wanted: set[str]) -> lists.Test:
    return lambda row: of(row) in wanted


def _number(ctx: Context, name: str, default: int) -> int:
    return as_id(ctx.given(name)) or default


def _moment(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise _bad_date() from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _bad_date() -> Refusal:
    return core(422, "The filter is not a date.")  # [M]


def _shown(row: Row) -> dict[str, Any]:
    hidden = ("orderIds", "date_created", "date_modified")
    times = {name: _iso(row[name]) for name in hidden[1:]}
    return {**{key: value for key, value in row.items() if key not in hidden}, **times}


def _iso(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
