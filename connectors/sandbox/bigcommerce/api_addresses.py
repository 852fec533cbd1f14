"""The calls below /addresses. Source: BigCommerce docs, B2B "Addresses"."""

from ..wire import Reply
from . import addresses, api_companies, lists, shown
from .bulk import write_all
from .context import Context
from .errors import Refusal, with_reasons
from .lists import Test
from .store import Row, matching

# Filter, and the fields it looks into. [M] That part of the text is enough.
TEXT_FILTERS = {
    "firstName": ("firstName",),
    "lastName": ("lastName",),
    "address": ("addressLine1", "addressLine2"),
    "city": ("city",),
    "country": ("countryName", "countryCode"),
    "state": ("stateName", "stateCode"),
    "zipCode": ("zipCode",),
    "phoneNumber": ("phoneNumber",),
}


def listing(ctx: Context) -> Reply:
    """GET /addresses."""
    extra = ctx.given("isIncludeExtraFields") == "1"
    excluded = 1 if ctx.settings.address_limits_exclusive else 0
    return lists.page(
        ctx,
        matching(_candidates(ctx), *_tests(ctx)),
        lambda row: shown.address(ctx.shop, row, detail=False, with_extra=extra),
        least=1 + excluded,
        most=250 - excluded,
    )


def read(ctx: Context) -> Reply:
    """GET /addresses/{addressId}."""
    return ctx.ok(shown.address(ctx.shop, _found(ctx), detail=True))


def create(ctx: Context) -> Reply:
    """POST /addresses."""
    return ctx.ok({"addressId": addresses.create(ctx.shop, ctx.one())["id"]})


def create_several(ctx: Context) -> Reply:
    """POST /addresses/bulk; the answer has the addresses in full."""
    made = write_all(ctx, lambda raw: addresses.create(ctx.shop, raw))
    return ctx.ok([shown.address(ctx.shop, row, detail=True) for row in made])


def update(ctx: Context) -> Reply:
    """PUT /addresses/{addressId}."""
    return ctx.ok({"addressId": addresses.update(ctx.shop, _found(ctx), ctx.one())["id"]})


def delete(ctx: Context) -> Reply:
    """DELETE /addresses/{addressId}."""
    address = _found(ctx)
    addresses.remove(ctx.shop, address)
    return ctx.ok({"addressId": address["id"]})


def extra_field_configs(ctx: Context) -> Reply:
    """GET /addresses/extra-fields."""
    return api_companies.configs(ctx, "address")


def _found(ctx: Context) -> Row:
    return ctx.found("address", _absent())


def _absent() -> Refusal:
    return with_reasons(404, addresses.NO_ADDRESS, "Not Found Error")


def _candidates(ctx: Context) -> list[Row]:
    company = lists.number(ctx, "companyId")
    table = ctx.store["address"]
    return list(table) if company is None else table.having("companyId", company)


def _tests(ctx: Context) -> list[Test]:
    tests = lists.time_tests(ctx)
    for name in ("isBilling", "isShipping"):
        if (wanted := lists.flag(ctx, name)) is not None:
            tests.append(_flag_test(name, wanted))
    for name, fields in TEXT_FILTERS.items():
        tests += lists.containing(ctx, name, *fields)
    keys, how = ctx.all_of("externalId[]"), ctx.settings.external_id_filter
    if keys and how == "exact":
        tests.append(lambda row: row["externalId"] in keys)
    elif keys and how == "contains":
        tests.append(lambda row: any(key in row["externalId"] for key in keys))
    return tests


def _flag_test(name: str, wanted: bool) -> Test:
    return lambda row: row[name] is wanted
