"""Records as answers have them, types wobbling as they do in the vendor's.

Source: the fact sheet's section 2, "Types wobble": companyStatus is text, ids and times are numbers or text
depending on the endpoint. The setting `types_wobble` makes everything a number.
"""

from typing import Any

from . import extra_fields, users
from .shop import Shop
from .store import Row


def company(shop: Shop, row: Row, *, detail: bool, with_extra: bool = True) -> dict[str, Any]:
    """Return a company as the list, or as the call for one, has it."""
    store, wobbles = shop.store, shop.settings.types_wobble
    group = store["group"].get(row["bcGroupId"])
    parent = store["company"].get(row["parentId"])
    stamp = text_if(wobbles and detail)
    return {
        "companyId": row["id"],
        "companyName": row["companyName"],
        "companyEmail": row["companyEmail"],
        "companyPhone": row["companyPhone"] if detail or not wobbles else _phone(row["companyPhone"]),
        "addressLine1": row["addressLine1"],
        "addressLine2": row["addressLine2"],
        "city": row["city"],
        "state": row["state"],
        "country": row["country"],
        "zipCode": row["zipCode"],
        "companyStatus": str(row["companyStatus"]),
        "bcGroupId": stamp(row["bcGroupId"]),
        "bcGroupName": group["name"] if group else "",
        "catalogId": row["catalogId"],
        "catalogName": f"Price List {row['catalogId']}" if row["catalogId"] else "",
        "parentCompany": {"id": parent["id"], "name": parent["companyName"]} if parent else {},
        "priceListAssign": [_price_list(shop, each) for each in row["priceListAssign"]],
        "extraFields": extra_fields.shown(shop, "company", row["extraFields"]) if with_extra else [],
        "uuid": row["uuid"],
        "createdAt": stamp(row["createdAt"]),
        "updatedAt": stamp(row["updatedAt"]),
    }


def user(shop: Shop, row: Row, *, detail: bool, with_extra: bool = True) -> dict[str, Any]:
    """Return a company user as the list, or as the call for one, has it."""
    role = users.role_of(shop, row)
    stamp = text_if(shop.settings.types_wobble and detail)
    return {
        "id": row["id"],
        "companyId": stamp(row["companyId"]),
        "customerId": row["customerId"],
        "email": row["email"],
        "firstName": row["firstName"],
        "lastName": row["lastName"],
        "phoneNumber": row["phoneNumber"],
        "role": row["role"],
        "companyRoleId": role["id"],
        "companyRoleName": role["name"],
        "uuid": row["uuid"],
        "channelList": [_channel(shop, each) for each in row["channelIds"]],
        "extraFields": extra_fields.shown(shop, "user", row["extraFields"]) if with_extra else [],
        "createdAt": stamp(row["createdAt"]),
        "updatedAt": stamp(row["updatedAt"]),
    }


def address(shop: Shop, row: Row, *, detail: bool, with_extra: bool = True) -> dict[str, Any]:
    """Return an address as the list, or as the call for one, has it."""
    wobbly = text_if(shop.settings.types_wobble and not detail)
    plain = {key: value for key, value in row.items() if key not in ("id", "extraFields")}
    return {
        "addressId": row["id"],
        **plain,
        "companyId": wobbly(row["companyId"]),
        "extraFields": extra_fields.shown(shop, "address", row["extraFields"]) if with_extra else [],
        "createdAt": wobbly(row["createdAt"]),
        "updatedAt": wobbly(row["updatedAt"]),
    }


def text_if(wobbles: bool) -> Any:
    """Return what turns a number into text, or leaves it."""
    return str if wobbles else int


def _phone(phone: str) -> str | int:
    return int(phone) if phone.isascii() and phone.isdigit() and phone[0] != "0" else phone


def _channel(shop: Shop, channel_id: int) -> dict[str, Any]:
    name = shop.settings.channels.get(str(channel_id), "")
    return {"channelId": channel_id, "channelName": name, "iconUrl": ""}


def _price_list(shop: Shop, assigned: Row) -> dict[str, Any]:
    name = shop.settings.channels.get(str(assigned["channelId"]), "")
    listed = f"Price List {assigned['priceListId']}"
    return {**assigned, "channelName": name, "priceListName": listed}
