"""The calls below /users. Source: BigCommerce docs, B2B "Users"."""

from ..wire import Reply
from . import api_companies, lists, shown, users
from .bulk import write_all
from .context import Context
from .errors import Refusal, with_reasons
from .lists import Test
from .store import Row, as_id, matching

MESSAGE = "Success"
LARGEST_LIMIT = 250


def listing(ctx: Context) -> Reply:
    """GET /users; super admins are never among them."""
    extra = ctx.given("isIncludeExtraFields") == "1"
    return lists.page(
        ctx,
        matching(_candidates(ctx), *_tests(ctx)),
        lambda row: shown.user(ctx.shop, row, detail=False, with_extra=extra),
        most=LARGEST_LIMIT,
        message=MESSAGE,
    )


def read(ctx: Context) -> Reply:
    """GET /users/{userId}."""
    return _full(ctx, _found(ctx))


def read_by_customer(ctx: Context) -> Reply:
    """GET /users/customer/{customerId}, by the id of the core customer."""
    found = ctx.store["user"].having("customerId", as_id(ctx.params[0]))
    if not found:
        raise _absent()
    return _full(ctx, found[0])


def create(ctx: Context) -> Reply:
    """POST /users."""
    return ctx.ok(_ids(users.create(ctx.shop, ctx.one())), MESSAGE)


def create_several(ctx: Context) -> Reply:
    """POST /users/bulk, users of different companies too."""
    made = write_all(ctx, lambda raw: users.create(ctx.shop, raw))
    return ctx.ok([_ids(row) for row in made], MESSAGE)


def update(ctx: Context) -> Reply:
    """PUT /users/{userId}."""
    return _full(ctx, users.update(ctx.shop, _found(ctx), ctx.one()))


def delete(ctx: Context) -> Reply:
    """DELETE /users/{userId}; the core customer stays."""
    user = _found(ctx)
    users.remove(ctx.shop, user)
    return ctx.ok({"userId": user["id"]}, MESSAGE)


def extra_field_configs(ctx: Context) -> Reply:
    """GET /users/extra-fields."""
    return api_companies.configs(ctx, "user")


def _found(ctx: Context) -> Row:
    return ctx.found("user", _absent())


def _absent() -> Refusal:
    return with_reasons(404, users.NO_USER, "Not Found Error")


def _full(ctx: Context, row: Row) -> Reply:
    return ctx.ok(shown.user(ctx.shop, row, detail=True), MESSAGE)


def _ids(row: Row) -> dict[str, int]:
    return {"userId": row["id"], "bcId": row["customerId"]}


def _candidates(ctx: Context) -> list[Row]:
    """Return the users that the indexed filters leave."""
    table = ctx.store["user"]
    if email := ctx.given("email"):
        return table.having("email", email)
    company = lists.number(ctx, "companyId")
    return list(table) if company is None else table.having("companyId", company)


def _tests(ctx: Context) -> list[Test]:
    tests = [
        *lists.time_tests(ctx),
        *lists.equal(ctx, "companyId"),
    ]
    if wanted := (ctx.given("q") or "").lower():
        tests.append(lambda row: wanted in _searched(ctx, row))
    if (email := ctx.given("email")) and not ctx.settings.email_filter_ignores_case:
        tests.append(lambda row: row["email"] == email)
    # How the array is written is not documented; the older docs had role[]=1,2.
    if roles := ctx.each("roles", "roles[]", "role[]"):
        tests.append(lambda row: str(row["role"]) in roles)
    if (channel := lists.number(ctx, "channelId")) is not None:
        tests.append(lambda row: channel in row["channelIds"])
    return tests


def _searched(ctx: Context, row: Row) -> str:
    """Return what `q` looks into: company, e-mail and name."""
    company = ctx.store["company"].get(row["companyId"])
    name = company["companyName"] if company else ""
    return f"{row['email']} {row['firstName']} {row['lastName']} {name}".lower()
