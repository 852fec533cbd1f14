"""Roles and permissions of the store. Source: BigCommerce docs, B2B "Company roles and permissions"."""

from collections.abc import Mapping
from typing import Any

from ..wire import Reply
from . import lists
from .context import Context
from .errors import NOT_FOUND, Refusal, logical, plain, with_reasons
from .fields import Field, read
from .shop import CUSTOM, JUNIOR, PREDEFINED
from .store import Row, matching

ROLE = (Field("name", least=1, most=200, required=True),)
PERMISSION = (
    Field("name", least=1, most=200, required=True),
    Field("code", least=1, most=50, required=True),
    Field("description", least=1, most=512, required=True),
    Field("moduleName", most=50),
)
LEVELS = ("1", "2", "3")


def list_roles(ctx: Context) -> Reply:
    """GET /companies/roles."""
    rows = matching(ctx.store["role"], *lists.containing(ctx, "q", "name"))
    return lists.page(ctx, rows, _summary, most=250)


def read_role(ctx: Context) -> Reply:
    """GET /companies/roles/{roleId}."""
    return ctx.ok(_detail(_found(ctx, "role")))


def create_role(ctx: Context) -> Reply:
    """POST /companies/roles."""
    values = _role_values(ctx, None)
    # Who has a custom role is told as a junior buyer.
    born = {"roleType": CUSTOM, "roleLevel": "1", "role": JUNIOR, **values}
    return ctx.ok(_detail(ctx.store.add("role", born)))


def update_role(ctx: Context) -> Reply:
    """PUT /companies/roles/{roleId}; the list of permissions is replaced."""
    role = _changeable(_found(ctx, "role"))
    return ctx.ok(_detail(ctx.store.put("role", {**role, **_role_values(ctx, role)})))


def delete_role(ctx: Context) -> Reply:
    """DELETE /companies/roles/{roleId}, of one that nobody has."""
    role = _changeable(_found(ctx, "role"))
    if ctx.store["user"].having("companyRoleId", role["id"]):
        raise logical("The role is in use and can not be deleted.")  # [M]
    ctx.store.remove("role", role["id"])
    return ctx.ok({})


def list_permissions(ctx: Context) -> Reply:
    """GET /companies/permissions."""
    return lists.page(ctx, list(ctx.store["permission"]), dict, most=250)


def create_permission(ctx: Context) -> Reply:
    """POST /companies/permissions."""
    return ctx.ok(dict(ctx.store.add("permission", _permission_values(ctx, None))))


def update_permission(ctx: Context) -> Reply:
    """PUT /companies/permissions/{id}."""
    row = _found(ctx, "permission")
    return ctx.ok(dict(ctx.store.put("permission", {**row, **_permission_values(ctx, row)})))


def delete_permission(ctx: Context) -> Reply:
    """DELETE /companies/permissions/{id}."""
    ctx.store.remove("permission", _found(ctx, "permission")["id"])
    return ctx.ok({})


def _found(ctx: Context, kind: str) -> Row:
    return ctx.found(kind, plain(404, NOT_FOUND))


def _changeable(role: Row) -> Row:
    if role["roleType"] == PREDEFINED:
        raise plain(403, "A predefined role can not be changed.")  # [M]
    return role


def _summary(row: Row) -> dict[str, Any]:
    return {key: row[key] for key in ("id", "name", "roleType", "roleLevel")}


def _detail(row: Row) -> dict[str, Any]:
    return {**_summary(row), "permissions": row["permissions"]}


def _role_values(ctx: Context, old: Row | None) -> dict[str, Any]:
    raw = ctx.one()
    values, reasons = read(ROLE, raw, partial=old is not None)
    permissions = raw.get("permissions", [])
    if not isinstance(permissions, list) or not all(_is_permission(ctx, each) for each in permissions):
        reasons["permissions"] = ["A code or a permissionLevel is not a valid choice"]
    if reasons:
        raise with_reasons(422, reasons)
    _refuse_same(ctx, "role", "name", values, old)
    return {**values, "permissions": permissions}


def _is_permission(ctx: Context, each: object) -> bool:
    codes = {row["code"] for row in ctx.store["permission"]}
    return (
        isinstance(each, Mapping) and each.get("code") in codes and str(each.get("permissionLevel")) in LEVELS
    )


def _permission_values(ctx: Context, old: Row | None) -> dict[str, Any]:
    values, reasons = read(PERMISSION, ctx.one(), partial=old is not None)
    if reasons:
        raise with_reasons(422, reasons)
    for name in ("name", "code"):
        _refuse_same(ctx, "permission", name, values, old)
    return {"moduleName": "", **values} if old is None else values


def _refuse_same(ctx: Context, kind: str, name: str, values: Row, old: Row | None) -> None:
    for row in ctx.store[kind]:
        if row is not old and name in values and row[name].lower() == values[name].lower():
            raise _same(name, values[name])


def _same(name: str, value: str) -> Refusal:
    return logical(f"The {name} already exists. ['{value}']", 409)  # [M]
