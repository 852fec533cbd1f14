"""Companies: what one needs to exist, what changes, and what goes with it.

Source: BigCommerce docs, B2B "Companies". Creating a company creates its first user, always an admin. On a
store with Dependent Companies each has a customer group of its own, which comes and goes with it.
"""

import secrets
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from . import customers, extra_fields, users
from .errors import Refusal, plain, with_reasons
from .fields import BAD_EMAIL, NOT_BLANK, NOT_NULL, REQUIRED, Field, Reasons, read
from .geography import STATES, country_code, country_name, has_states, state_of_name
from .shop import ADMIN, Shop
from .store import Row, now

CHANGEABLE = (
    Field("companyName", least=1, most=200, required=True),
    Field("companyPhone", most=50, required=True),
    Field("companyEmail", "email", least=1, most=200, required=True),
    Field("country", least=1, most=200, required=True),
    Field("addressLine1", most=200),
    Field("addressLine2", most=200),
    Field("city", least=1, most=100),
    Field("state", least=1, most=50),
    Field("zipCode", most=50),
    Field("customerGroupId", "number"),
)
BORN_WITH = (
    *CHANGEABLE,
    Field("catalogId", "number"),
    Field("channelIds", "numbers"),
    Field("originChannelId", "number"),
    Field("adminFirstName", least=1, most=100, required=True),
    Field("adminLastName", least=1, most=100, required=True),
    Field("adminEmail", "email", least=1, most=100, required=True),
    Field("adminPhoneNumber", least=1, most=100),
    Field("acceptCreationEmail", "flag"),
    Field("acceptWelcomeEmail", "flag"),
)
STATUSES = (0, 1, 2, 3)
EMPTY: Mapping[str, Any] = {
    "addressLine1": "",
    "addressLine2": "",
    "city": "",
    "state": "",
    "zipCode": "",
    "catalogId": None,
    "uuid": "",
    "parentId": None,
    "priceListAssign": [],
    "movedOrderIds": [],
    "inactiveForWantOfAdmin": False,
}


def create(shop: Shop, raw: Mapping[str, Any], *, told: bool = True) -> tuple[Row, Row]:
    """Store a new company with its first user and return both; raise Refusal."""
    values, reasons = read(BORN_WITH, raw)
    extra = _extra(shop, "company", raw, "extraFields", reasons)
    user_extra = _extra(shop, "user", raw, "userExtraFields", reasons)
    _check_store_kind(shop, values, reasons)
    _check_place(shop, values, reasons, code=None, creating=True)
    _refuse(shop, reasons)
    person = _first_user(values, user_extra)
    if users.is_taken(shop, person["email"]):
        raise plain(shop.settings.admin_email_taken_status, f"Email already exists. ['{person['email']}']")
    _refuse_taken(shop, values, extra, None)
    extra_fields.refuse_taken(shop, "user", user_extra, None, plain)
    company = _store_new(shop, values, {"extraFields": extra, **_uuid_of_post(shop, raw)})
    if told:
        shop.announce("store/company/created", {"company_id": company["id"]})
    role_id = shop.predefined(ADMIN)["id"]
    told_user = told and shop.settings.admin_fires_user_created
    user = users.admit(shop, company, {**person, "companyRoleId": role_id}, told=told_user)
    return shop.store["company"].rows[company["id"]], user


def update(shop: Shop, company: Row, raw: Mapping[str, Any], *, takes_uuid: bool = True) -> Row:
    """Store the changed values of a company; raise Refusal. Status and unknown keys are passed over."""
    values, reasons = read(CHANGEABLE, raw, partial=True)
    extra = _extra(shop, "company", raw, "extraFields", reasons, old=company["extraFields"])
    if raw.get("extraFields") == []:
        reasons["extra_fields"] = ["This list may not be empty."]
    if takes_uuid and "uuid" in raw:
        _check_uuid(shop, raw["uuid"], values, reasons)
    _check_group(shop, values, reasons)
    _check_place(shop, values, reasons, code=country_code(company["country"]), creating=False)
    _check_price_lists(shop, raw, values, reasons)
    _refuse(shop, reasons)
    _refuse_taken(shop, values, extra, company["id"])
    if "customerGroupId" in values:
        values["bcGroupId"] = values.pop("customerGroupId")
    return store_changed(shop, company, {**values, "extraFields": extra})


def store_changed(shop: Shop, company: Row, values: Mapping[str, Any]) -> Row:
    """Store checked values and tell whoever hooked it."""
    changed = shop.store.put("company", {**company, "updatedAt": now(), **values})
    if changed["bcGroupId"] != company["bcGroupId"] and shop.settings.group_moves_users:
        for user in shop.store["user"].having("companyId", company["id"]):
            customer = shop.store["customer"].rows[user["customerId"]]
            customers.change(shop, customer, {"customer_group_id": changed["bcGroupId"]})
    shop.announce("store/company/updated", {"company_id": company["id"]})
    return changed


def set_status(shop: Shop, company: Row, status: object) -> Row:
    """Store another status and tell whoever hooked it; raise Refusal for one that is none."""
    if isinstance(status, bool) or str(status) not in {str(known) for known in STATUSES}:
        raise plain(422, f'"{status}" is not a valid choice')
    values = {"companyStatus": int(str(status)), "inactiveForWantOfAdmin": False, "updatedAt": now()}
    changed = shop.store.put("company", {**company, **values})
    shop.announce("store/company/statusUpdated", {"company_id": company["id"]})
    return changed


def remove(shop: Shop, company: Row) -> None:
    """Delete a company with its address book, on a Dependent store also its group; customers stay.

    [?] What happens to its users is a setting. [M] Nothing is told of what goes with it.
    """
    for address in shop.store["address"].having("companyId", company["id"]):
        shop.store.remove("address", address["id"])
    for user in shop.store["user"].having("companyId", company["id"]):
        if shop.settings.users_on_company_delete == "delete":
            shop.store.remove("user", user["id"])
    if shop.settings.is_dependent and shop.store["group"].get(company["bcGroupId"]):
        shop.store.remove("group", company["bcGroupId"])
    shop.store.remove("company", company["id"])
    shop.announce("store/company/deleted", {"company_id": company["id"]})


def _store_new(shop: Shop, values: Mapping[str, Any], more: Mapping[str, Any]) -> Row:
    moment = now()
    known = {field.key for field in CHANGEABLE} - {"customerGroupId"}
    kept = {key: value for key, value in values.items() if key in known | {"catalogId"}}
    keys = {"bcGroupId": _group_of(shop, values), "companyStatus": shop.settings.initial_company_status}
    channels = {"channelIds": values.get("channelIds", shop.settings.channel_ids[:1])}
    stamps = {"createdAt": moment, "updatedAt": moment}
    return shop.store.add("company", {**EMPTY, **kept, **keys, **channels, **more, **stamps})


def _group_of(shop: Shop, values: Mapping[str, Any]) -> int:
    if not shop.settings.is_dependent:
        return int(values.get("customerGroupId", shop.settings.default_group_id))
    # Names of groups are unique, those of companies are not.
    name = f"{values['companyName']} {secrets.token_hex(4)}"
    return int(shop.store.add("group", {"name": name})["id"])


def _first_user(values: Mapping[str, Any], extra: Mapping[str, str]) -> dict[str, Any]:
    # The welcome has another name in the bulk call; both are off unless asked for.
    welcomed = values.get("acceptCreationEmail") or values.get("acceptWelcomeEmail") or False
    person = {
        "email": values["adminEmail"],
        "firstName": values["adminFirstName"],
        "lastName": values["adminLastName"],
        "phoneNumber": values.get("adminPhoneNumber", ""),
        "role": ADMIN,
        "extraFields": extra,
        "welcomed": welcomed,
    }
    return {**person, **({"channelIds": values["channelIds"]} if "channelIds" in values else {})}


def _check_store_kind(shop: Shop, values: dict[str, Any], reasons: Reasons) -> None:
    """Hold to what Independent and Dependent Companies each ask for, and drop what they pass over."""
    settings = shop.settings
    if not settings.is_dependent:
        values.pop("catalogId", None)
    elif "catalogId" not in values and not settings.is_multi_storefront:
        reasons["catalog_id"] = [REQUIRED]
    if values.get("channelIds") == []:
        reasons["channel_ids"] = [users.NO_STOREFRONT]
    for channel in values.get("channelIds", ()):
        if channel not in settings.channel_ids:
            reasons["channel_ids"] = [f'"{channel}" is not a valid choice']
    _check_group(shop, values, reasons)


def _check_group(shop: Shop, values: dict[str, Any], reasons: Reasons) -> None:
    if shop.settings.is_dependent:
        values.pop("customerGroupId", None)
    group = values.get("customerGroupId")
    if group and shop.store["group"].get(group) is None:
        reasons["customer_group_id"] = ["Customer group does not exist."]  # [M]


def _check_place(
    shop: Shop, values: dict[str, Any], reasons: Reasons, *, code: str | None, creating: bool
) -> None:
    """Settle country and state as full names. `code` is the country in force until now."""
    if "country" in values:
        code = country_code(values["country"])
        if code is None:
            reasons["country"] = ["Country does not exist."]  # [M]
            return
        values["country"] = country_name(code)
    if code is None or not has_states(code):
        return
    if "state" in values:
        state = state_of_name(code, values["state"])
        if state is None:
            reasons["state"] = ["State does not exist."]  # [M] abbreviations are none
        else:
            values["state"] = STATES[code][state]
    elif creating and shop.settings.company_state_required:
        reasons.setdefault("state", [REQUIRED])


def _check_uuid(shop: Shop, raw: object, values: dict[str, Any], reasons: Reasons) -> None:
    text = "" if raw is None else str(raw)
    if shop.settings.company_uuid == "uuid" and text:
        try:
            UUID(text)
        except ValueError:
            reasons["uuid"] = ["Must be a valid UUID."]
    values["uuid"] = text


def _check_price_lists(shop: Shop, raw: Mapping[str, Any], values: dict[str, Any], reasons: Reasons) -> None:
    if not (shop.settings.is_dependent and shop.settings.is_multi_storefront) or "priceListAssign" not in raw:
        return
    listed = raw["priceListAssign"]
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        reasons["price_list_assign"] = ['Expected a list of items but got type "dict".']
        return
    values["priceListAssign"] = [
        {"channelId": each.get("channelId"), "priceListId": each.get("priceListId")} for each in listed
    ]


def _uuid_of_post(shop: Shop, raw: Mapping[str, Any]) -> dict[str, str]:
    return {"uuid": str(raw["uuid"])} if shop.settings.post_stores_uuid and raw.get("uuid") else {}


def _refuse_taken(
    shop: Shop, values: Mapping[str, Any], extra: Mapping[str, str], own_id: int | None
) -> None:
    email = values.get("companyEmail", "").lower()
    if email and shop.settings.unique_company_email:
        for row in shop.store["company"]:
            if row["id"] != own_id and row["companyEmail"].lower() == email:
                raise plain(409, f"Company email already exists. ['{email}']")  # [M]
    extra_fields.refuse_taken(shop, "company", extra, own_id, plain)


def _extra(
    shop: Shop,
    resource: str,
    raw: Mapping[str, Any],
    key: str,
    reasons: Reasons,
    old: Mapping[str, str] | None = None,
) -> dict[str, str]:
    try:
        return extra_fields.read(shop, resource, raw.get(key), old=old)
    except extra_fields.BadExtraField as error:
        reasons["extra_fields" if key == "extraFields" else "user_extra_fields"] = [str(error)]
        return {}


def _refuse(shop: Shop, reasons: Reasons) -> None:
    if not reasons:
        return
    if shop.settings.company_error_shape == "fields":
        raise with_reasons(422, reasons)
    raise _worded(*next(iter(reasons.items())))


def _worded(name: str, texts: list[str]) -> Refusal:
    """Return the first shape's one sentence, such as "The company name is required."."""
    if texts[0] in (REQUIRED, NOT_NULL, NOT_BLANK):
        return plain(422, f"The {name.replace('_', ' ')} is required.")
    if texts[0] == BAD_EMAIL:
        return plain(422, "Email is not correct.")
    return plain(422, f"{name}: {texts[0]}")
