"""The calls below /companies, but for roles and hierarchy. Source: BigCommerce docs, B2B "Companies"."""

from collections.abc import Callable, Mapping
from typing import Any

from ..wire import Reply, json_reply
from . import companies, extra_fields, lists, shown
from .bulk import Partly
from .context import Context
from .errors import NOT_FOUND, PARAMETER_ERROR, Refusal, plain, with_errors
from .lists import Test
from .store import Row, matching

SORTED_BY: Mapping[str, Callable[[Row], Any]] = {
    "companyName": lambda row: (row["companyName"].lower(), row["id"]),
    "updatedAt": lambda row: (row["updatedAt"], row["id"]),
}
SOME_FAILED = "Some companies updated failed, you can see these in errors."


def listing(ctx: Context) -> Reply:
    """GET /companies."""
    rows = matching(ctx.store["company"], *_tests(ctx))
    order = SORTED_BY.get(ctx.given("sortBy") or "updatedAt", SORTED_BY["updatedAt"])
    rows.sort(key=order, reverse=(ctx.given("orderBy") or "DESC").upper() != "ASC")
    extra = ctx.given("isIncludeExtraFields") == "1"
    return lists.page(
        ctx,
        rows,
        lambda row: shown.company(ctx.shop, row, detail=False, with_extra=extra),
        most=ctx.settings.max_limit,
    )


def read(ctx: Context) -> Reply:
    """GET /companies/{companyId}."""
    return ctx.ok(shown.company(ctx.shop, _found(ctx), detail=True))


def create(ctx: Context) -> Reply:
    """POST /companies."""
    company, user = companies.create(ctx.shop, ctx.one())
    keys = {"customerId": user["customerId"], "customerGroupId": company["bcGroupId"]}
    return ctx.ok({"companyId": company["id"], **keys})


def update(ctx: Context) -> Reply:
    """PUT /companies/{companyId}."""
    company = companies.update(ctx.shop, _found(ctx), ctx.one())
    return ctx.ok({"companyId": company["id"]})


def set_status(ctx: Context) -> Reply:
    """PUT /companies/{companyId}/status."""
    company, body = _found(ctx), ctx.one()
    companies.set_status(ctx.shop, company, body.get("companyStatus"))
    return ctx.ok({"companyId": company["id"]})


def set_catalog(ctx: Context) -> Reply:
    """PUT /companies/{companyId}/catalogs, which Independent Companies do not have."""
    if not ctx.settings.is_dependent:
        raise plain(405, "Method not allowed.")
    company, body = _found(ctx), ctx.one()
    catalog = str(body.get("catalogId", ""))
    if not catalog.isdigit():
        raise plain(422, "The catalog id is required.")
    companies.store_changed(ctx.shop, company, {"catalogId": int(catalog)})
    return ctx.ok({"companyId": company["id"]})


def delete(ctx: Context) -> Reply:
    """DELETE /companies/{companyId}."""
    companies.remove(ctx.shop, _found(ctx))
    return ctx.ok({})


def create_several(ctx: Context) -> Reply:
    """POST /companies/bulk, of which no event tells; its answer has the ids in meta."""
    made = _several(ctx, lambda raw: companies.create(ctx.shop, raw, told=False)[0])
    ids = [{"companyId": row["id"]} for row in made]
    return json_reply({"code": 200, "meta": ids, "data": {"id": str(ids[0]["companyId"]) if ids else ""}})


def update_several(ctx: Context) -> Reply:
    """PUT /companies/bulk."""

    def update_one(raw: Mapping[str, Any]) -> Row:
        company = ctx.store["company"].get(raw.get("companyId"))
        if company is None:
            raise plain(404, NOT_FOUND)
        return companies.update(ctx.shop, company, raw, takes_uuid=False)

    return ctx.ok([{"companyId": row["id"]} for row in _several(ctx, update_one)])


def extra_field_configs(ctx: Context) -> Reply:
    """GET /companies/extra-fields."""
    return configs(ctx, "company")


def configs(ctx: Context, resource: str) -> Reply:
    """Return the definitions of a resource's extra fields."""
    return lists.page(ctx, extra_fields.definitions(ctx.shop, resource), extra_fields.as_config, most=250)


def _found(ctx: Context) -> Row:
    return ctx.found("company", plain(404, NOT_FOUND))


def _several(ctx: Context, write: Callable[[Mapping[str, Any]], Row]) -> list[Row]:
    """Write each record, all or none unless the settings say otherwise; raise the third shape."""
    written, errors = [], []
    worst = 0
    for index, raw in enumerate(ctx.several()):
        mark = ctx.shop.mark()
        try:
            ctx.fail_if_ordered(raw)
            written.append(write(raw))
        except Refusal as refusal:
            ctx.shop.undo(mark)
            worst = worst or refusal.status
            key = str(raw.get("companyId", index))
            errors.append({"id": key, ctx.settings.bulk_error_key: refusal.message})
    if errors:
        if ctx.settings.bulk_atomic:
            raise with_errors(worst, errors, PARAMETER_ERROR)
        raise Partly(worst, with_errors(worst, errors, SOME_FAILED).body)
    return written


def _tests(ctx: Context) -> list[Test]:
    if lists.number(ctx, "companyStatus") not in (None, *companies.STATUSES):
        raise plain(422, f'"{ctx.given("companyStatus")}" is not a valid choice')
    tests = [
        *lists.time_tests(ctx),
        *lists.equal(ctx, "companyStatus"),
        *lists.equal(ctx, "bcGroupId"),
        *lists.containing(ctx, "q", "companyName"),
    ]
    if (customer := lists.number(ctx, "customerId")) is not None:
        theirs = {row["companyId"] for row in ctx.store["user"].having("customerId", customer)}
        tests.append(lambda row: row["id"] in theirs)
    for name in ("bcOrderId", "orderId"):
        if (order := lists.number(ctx, name)) is not None:
            tests.append(_order_test(order))
    exact = ctx.given("extraFieldFilterType") == "exact-match"
    for pair in ctx.all_of("extraFields"):
        name, _, value = pair.partition(":")
        tests.append(_extra_test(name, value, exact=exact))
    return tests


def _order_test(order: int) -> Test:
    return lambda row: order in row["movedOrderIds"]


def _extra_test(name: str, value: str, *, exact: bool) -> Test:
    if exact:
        return lambda row: row["extraFields"].get(name) == value
    return lambda row: value.lower() in row["extraFields"].get(name, "").lower()
