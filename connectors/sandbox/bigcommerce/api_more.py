"""What stands beside companies, users and addresses: hierarchy, channels, super admins, countries and states.

Source: BigCommerce docs, B2B "Hierarchy", "Channels", "Countries and states".
"""

from typing import Any

from ..wire import Reply, json_reply
from . import users
from .context import Context
from .errors import Refusal, bare, email_taken, logical, titled, with_reasons
from .fields import Field, read
from .geography import COUNTRIES, STATES, country_code
from .store import Row, now

SUPER_ADMIN = (
    Field("email", "email", most=150, required=True),
    Field("firstName", most=100, required=True),
    Field("lastName", most=100, required=True),
)
MOST_LAYERS = 5
NO_COMPANY = "Company does not exist."


def subsidiaries(ctx: Context) -> Reply:
    """GET /companies/{companyId}/subsidiaries."""
    return ctx.ok([_in_tree(row) for row in _children(ctx, _company(ctx, ctx.params[0]))])


def hierarchy(ctx: Context) -> Reply:
    """GET /companies/{companyId}/hierarchy: the whole tree that the company is in."""
    top = _company(ctx, ctx.params[0])
    while (above := ctx.store["company"].get(top["parentId"])) is not None:
        top = above
    return ctx.ok([_tree(ctx, top)])


def set_parent(ctx: Context) -> Reply:
    """POST /companies/{companyId}/parent."""
    child = _company(ctx, ctx.params[0])
    parent = _company(ctx, ctx.one().get("parentCompanyId"))
    layers = 1
    above: Row | None = parent
    while above is not None:
        if above["id"] == child["id"]:
            raise titled(422, "A company can not be its own parent.")  # [M]
        layers, above = layers + 1, ctx.store["company"].get(above["parentId"])
    if layers > MOST_LAYERS:
        raise titled(422, f"A hierarchy has at most {MOST_LAYERS} layers.")  # [M]
    ctx.store.put("company", {**child, "parentId": parent["id"], "updatedAt": now()})
    body = {"code": 201, "data": {"parentCompanyId": parent["id"]}, "meta": {"message": "SUCCESS"}}
    return json_reply(body, 201)


def remove_subsidiary(ctx: Context) -> Reply:
    """DELETE /companies/{companyId}/subsidiaries/{childCompanyId}."""
    parent, child = _company(ctx, ctx.params[0]), _company(ctx, ctx.params[1])
    if child["parentId"] != parent["id"]:
        raise titled(404, NO_COMPANY)
    ctx.store.put("company", {**child, "parentId": None, "updatedAt": now()})
    return Reply(204)


def channels(ctx: Context) -> Reply:
    """GET /channels; `id` and `channelId` are two things. [M] what the id is."""
    if not ctx.settings.is_multi_storefront:
        raise bare(403, "Multi storefront is not enabled")
    rows = [{"id": 900 + key, "channelId": key} for key in ctx.settings.channel_ids]
    names = ctx.settings.channels
    return ctx.ok([{**row, "channelName": names[str(row["channelId"])], "isEnabled": True} for row in rows])


def create_super_admin(ctx: Context) -> Reply:
    """POST /super-admins; such a person is in no list of users, yet has their e-mail."""
    values, reasons = read(SUPER_ADMIN, ctx.one())
    if reasons:
        raise with_reasons(422, reasons)
    if ctx.store["super_admin"].having("email", values["email"]):
        raise logical("The user already exists.", 400)
    if users.is_taken(ctx.shop, values["email"]):
        raise email_taken(values["email"])
    row = ctx.store.add("super_admin", values)
    ctx.shop.announce("store/superadmin/created", {"user_id": row["id"]})
    return ctx.ok({"userId": row["id"]})


def countries(ctx: Context) -> Reply:
    """GET /countries?searchType=0|1&q=: 0 looks for the name, 1 for the code."""
    pairs = _search(ctx, COUNTRIES)
    return ctx.ok([{"countryName": name, "countryCode": code} for code, name in pairs])


def states(ctx: Context) -> Reply:
    """GET /states?searchType=0|1&q=&country=, the country by name or code."""
    wanted = ctx.given("country")
    chosen = [country_code(wanted) or ""] if wanted else list(STATES)
    found = [
        {"stateName": name, "stateCode": code, "countryCode": country}
        for country in chosen
        if country in STATES
        for code, name in _search(ctx, STATES[country], fails=False)
    ]
    if not found:
        raise _not_found()
    return ctx.ok(found)


def _search(ctx: Context, named: Any, *, fails: bool = True) -> list[tuple[str, str]]:
    wanted, by_code = (ctx.given("q") or "").lower(), ctx.given("searchType") == "1"
    found = [
        (code, name)
        for code, name in named.items()
        if not wanted or (code.lower() == wanted if by_code else wanted in name.lower())
    ]
    if not found and fails:
        raise _not_found()
    return found


def _not_found() -> Refusal:
    return with_reasons(404, "Not Found Error", "Not Found Error")


def _company(ctx: Context, key: object) -> Row:
    row = ctx.store["company"].get(key)
    if row is None:
        raise titled(404, NO_COMPANY)
    return row


def _children(ctx: Context, parent: Row) -> list[Row]:
    return [row for row in ctx.store["company"] if row["parentId"] == parent["id"]]


def _in_tree(row: Row) -> dict[str, Any]:
    return {"companyId": row["id"], "companyName": row["companyName"]}


def _tree(ctx: Context, row: Row) -> dict[str, Any]:
    return {**_in_tree(row), "subsidiaries": [_tree(ctx, each) for each in _children(ctx, row)]}
