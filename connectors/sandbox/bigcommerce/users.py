"""Company users: who may become one, what changes, and what leaves a company without an admin.

Source: BigCommerce docs, B2B "Users": an e-mail belongs to one company user or super admin of the store at
most; the company is fixed at creation; a custom role overrides `role` and is reported as role 2.
"""

from collections.abc import Mapping
from typing import Any

from . import customers, extra_fields
from .errors import Refusal, email_taken, logical, with_reasons
from .fields import Field, Reasons, read
from .shop import ADMIN, ROLE_NAMES, Shop
from .store import Row, now

WRITABLE = (
    Field("email", "email", most=150, required=True),
    Field("firstName", most=150, required=True),
    Field("lastName", most=150, required=True),
    Field("phoneNumber", most=150),
    Field("role", "any"),
    Field("companyRoleId", "any"),
    Field("channelIds", "numbers"),
    Field("uuid"),
)
BORN_WITH = (
    Field("companyId", "number", required=True),
    *WRITABLE,
    Field("originChannelId", "number"),
    Field("acceptWelcomeEmail", "flag"),
)
# What store/company/user/updated is documented to be sent for.
TOLD = ("firstName", "lastName", "email", "phoneNumber", "extraFields")
NO_ROLE = "User must have a role."
NO_STOREFRONT = "At least one B2B storefront needs to be enabled for a Company user."
LAST_USER = "The last user in company can not be deleted."
NO_USER = "User matching query does not exist."


def create(shop: Shop, raw: Mapping[str, Any]) -> Row:
    """Store a new user of a company; raise Refusal."""
    values, reasons = read(BORN_WITH, raw)
    _check_role(shop, values, reasons, creating=True)
    _check_channels(shop, values, reasons, creating=True)
    values["extraFields"] = _extra(shop, raw, reasons, old=None)
    if reasons:
        raise with_reasons(422, reasons)
    company = shop.store["company"].get(values["companyId"])
    if company is None:
        raise with_reasons(404, "Company matching query does not exist.", "Not Found Error")  # [M]
    refuse_email(shop, values["email"])
    extra_fields.refuse_taken(shop, "user", values["extraFields"], None, clash)
    welcomed = values.pop("acceptWelcomeEmail", shop.settings.user_welcome_default)
    return admit(shop, company, {**values, "welcomed": welcomed})


def admit(shop: Shop, company: Row, person: Mapping[str, Any], *, told: bool = True) -> Row:
    """Store a checked person as a user of the company, with a customer of the core store; raise Refusal."""
    moment = now()
    filled = {
        "phoneNumber": "",
        "uuid": "",
        "originChannelId": shop.settings.channel_ids[0],
        "channelIds": shop.settings.channel_ids[:1],
        "extraFields": {},
        **person,
    }
    customer = customers.take_in(shop, filled, company)
    keys = {"companyId": company["id"], "customerId": customer["id"]}
    user = shop.store.add("user", {**filled, **keys, "createdAt": moment, "updatedAt": moment})
    if told:
        shop.announce("store/company/user/created", _ids(user))
    watch_admins(shop, company["id"])
    return user


def update(shop: Shop, user: Row, raw: Mapping[str, Any]) -> Row:
    """Store the changed values of a user; raise Refusal. What is read-only is passed over."""
    values, reasons = read(WRITABLE, raw, partial=True)
    _check_role(shop, values, reasons, creating=False)
    _check_channels(shop, values, reasons, creating=False)
    if "extraFields" in raw:
        values["extraFields"] = _extra(shop, raw, reasons, old=user["extraFields"])
    if reasons:
        raise with_reasons(422, reasons)
    if "email" in values and values["email"].lower() != user["email"].lower():
        refuse_email(shop, values["email"], own_id=user["id"])
    if "extraFields" in values:
        extra_fields.refuse_taken(shop, "user", values["extraFields"], user["id"], clash)
    return store_changed(shop, user, values)


def store_changed(shop: Shop, user: Row, values: Mapping[str, Any]) -> Row:
    """Store checked values, bring them to the customer and tell whoever hooked it; raise Refusal."""
    changed = shop.store.put("user", {**user, "updatedAt": now(), **values})
    customers.pass_on(shop, changed)
    heard = TOLD + (("role", "companyRoleId") if shop.settings.role_fires_user_updated else ())
    if any(user[name] != changed[name] for name in heard):
        shop.announce("store/company/user/updated", _ids(user))
    watch_admins(shop, user["companyId"])
    return changed


def remove(shop: Shop, user: Row, *, last_too: bool = False) -> None:
    """Delete a user, whose customer stays; raise Refusal for the last one of a company."""
    if not last_too and len(shop.store["user"].having("companyId", user["companyId"])) == 1:
        raise logical(LAST_USER)
    shop.store.remove("user", user["id"])
    shop.announce("store/company/user/deleted", _ids(user))
    watch_admins(shop, user["companyId"])


def move(shop: Shop, user: Row, company: Row) -> None:
    """Give a user to another company, which only a person over there can do (CSV import).

    Source: BundleB2B help, "Create company accounts in bulk". [M] Which events tell of it.
    """
    shop.store.put("user", {**user, "companyId": company["id"], "updatedAt": now()})
    shop.announce("store/company/user/updated", {"company_id": company["id"], "user_id": user["id"]})
    for company_id in (user["companyId"], company["id"]):
        watch_admins(shop, company_id)


def refuse_email(shop: Shop, email: str, own_id: int | None = None) -> None:
    """Raise the Refusal of an e-mail that another company user or a super admin has."""
    if is_taken(shop, email, own_id):
        raise email_taken(email)


def is_taken(shop: Shop, email: str, own_id: int | None = None) -> bool:
    """Return whether another company user or a super admin has this e-mail."""
    having = [*shop.store["user"].having("email", email), *shop.store["super_admin"].having("email", email)]
    others = [row for row in having if row["id"] != own_id]
    return any(shop.settings.email_unique_ignores_case or row["email"] == email for row in others)


def watch_admins(shop: Shop, company_id: int) -> None:
    """Set a company inactive when its last admin went, and active again when one came back.

    Source: BundleB2B help, "Active vs. inactive companies". An approval that somebody took away stays away.
    """
    company = shop.store["company"].get(company_id)
    if company is None or not shop.settings.adminless_becomes_inactive:
        return
    has_admin = any(is_admin(each) for each in shop.store["user"].having("companyId", company_id))
    if has_admin and company["inactiveForWantOfAdmin"]:
        changes = {"companyStatus": 1, "inactiveForWantOfAdmin": False}
    elif not has_admin and company["companyStatus"] == 1:
        changes = {"companyStatus": 3, "inactiveForWantOfAdmin": True}
    else:
        return
    shop.store.put("company", {**company, **changes, "updatedAt": now()})
    shop.announce("store/company/statusUpdated", {"company_id": company_id})


def is_admin(user: Row) -> bool:
    """Return whether the user has the predefined role of an admin."""
    return bool(user["role"] == ADMIN)


def role_of(shop: Shop, user: Row) -> Row:
    """Return the role of a user: a custom one by its id, else the predefined one of their level."""
    return shop.store["role"].get(user["companyRoleId"]) or shop.predefined(user["role"])


def clash(status: int, message: str) -> Refusal:
    """Return the refusal of a value that another record has."""
    return logical(message, status)


def _ids(user: Row) -> dict[str, int]:
    return {"company_id": user["companyId"], "user_id": user["id"]}


def _check_role(shop: Shop, values: dict[str, Any], reasons: Reasons, *, creating: bool) -> None:
    """Settle role and companyRoleId together: the latter wins, and a custom one is told as role 2."""
    role, role_id = values.pop("role", None), values.pop("companyRoleId", None)
    if role_id not in (None, "", 0):
        found = shop.store["role"].get(role_id)
        if found is None:
            reasons["company_role_id"] = [f'The value "{role_id}" is not a valid role.']
        else:
            values.update(companyRoleId=found["id"], role=found["role"])
    elif role is not None:
        if str(role) not in {str(known) for known in ROLE_NAMES} or isinstance(role, bool):
            reasons["role"] = [f'"{role}" is not a valid choice']
        else:
            values.update(role=int(role), companyRoleId=shop.predefined(int(role))["id"])
    elif creating:
        reasons.setdefault("non_field_errors", []).append(NO_ROLE)


def _check_channels(shop: Shop, values: Mapping[str, Any], reasons: Reasons, *, creating: bool) -> None:
    missing = creating and shop.settings.is_multi_storefront and "channelIds" not in values
    chosen = values.get("channelIds")
    if missing or chosen == []:
        reasons.setdefault("non_field_errors", []).append(NO_STOREFRONT)
    elif unknown := [each for each in chosen or () if each not in shop.settings.channel_ids]:
        reasons["channel_ids"] = [f'"{unknown[0]}" is not a valid choice']


def _extra(
    shop: Shop, raw: Mapping[str, Any], reasons: Reasons, *, old: Mapping[str, str] | None
) -> dict[str, str]:
    try:
        return extra_fields.read(shop, "user", raw.get("extraFields"), old=old)
    except extra_fields.BadExtraField as error:
        reasons["extra_fields"] = [str(error)]
        return {}
