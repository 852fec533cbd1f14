"""Customers of the core store: every company user is one, and one may be a plain shopper before.

Source: BigCommerce docs, "Customers V3" and B2B "Users": a plain customer's earlier orders move into the
company.
"""

from collections.abc import Mapping
from typing import Any

from .errors import Refusal, logical
from .shop import Shop
from .store import Row, now

LONGEST_NAME = 100
LONGEST_PHONE = 50


def find(shop: Shop, email: str) -> Row | None:
    """Return the customer with this e-mail in any case, or None."""
    found = shop.store["customer"].having("email", email)
    return found[0] if found else None


def add(shop: Shop, values: Mapping[str, Any]) -> Row:
    """Store a new customer and tell whoever hooked it; the e-mail is free."""
    moment = now()
    customer = shop.store.add(
        "customer",
        {
            "email": "",
            "first_name": "",
            "last_name": "",
            "company": "",
            "phone": "",
            "customer_group_id": 0,
            "notes": "",
            "channel_ids": None,
            "origin_channel_id": 1,
            "orderIds": [],
            "date_created": moment,
            "date_modified": moment,
            **values,
        },
    )
    shop.announce("store/customer/created", {"type": "customer", "id": customer["id"]})
    return customer


def change(shop: Shop, customer: Row, changes: Mapping[str, Any]) -> Row:
    """Store changed values of a customer, when any differs, and tell whoever hooked it."""
    if all(customer.get(key) == value for key, value in changes.items()):
        return customer
    changed = shop.store.put("customer", {**customer, **changes, "date_modified": now()})
    shop.announce("store/customer/updated", {"type": "customer", "id": customer["id"]})
    return changed


def remove(shop: Shop, customer: Row) -> None:
    """Delete a customer, and the company user who stands on them."""
    for user in shop.store["user"].having("customerId", customer["id"]):
        shop.store.remove("user", user["id"])
        shop.announce("store/company/user/deleted", {"company_id": user["companyId"], "user_id": user["id"]})
    shop.store.remove("customer", customer["id"])
    shop.announce("store/customer/deleted", {"type": "customer", "id": customer["id"]})


def check_person(person: Mapping[str, Any]) -> None:
    """Raise the Refusal of a name or phone that B2B takes but the core store does not."""
    too_long = (
        max(len(person["firstName"]), len(person["lastName"])) > LONGEST_NAME
        or len(person["phoneNumber"]) > LONGEST_PHONE
    )
    if too_long:
        raise convert_failed()


def convert_failed() -> Refusal:
    """Return the refusal when the core store did not take what B2B passed on."""
    return logical("Convert failed for the API call.", 400)


def take_in(shop: Shop, person: Mapping[str, Any], company: Row) -> Row:
    """Return the customer of a new company user, linked when there is one of that e-mail, else new.

    The orders of a linked one become the company's.
    """
    check_person(person)
    facts = {
        "first_name": person["firstName"],
        "last_name": person["lastName"],
        "phone": person["phoneNumber"],
        "company": company["companyName"],
        "customer_group_id": company["bcGroupId"],
    }
    known = find(shop, person["email"])
    if known is None:
        return add(shop, {"email": person["email"], **facts})
    if known["orderIds"]:
        moved = [*company["movedOrderIds"], *known["orderIds"]]
        shop.store.put("company", {**shop.store["company"].rows[company["id"]], "movedOrderIds": moved})
    return change(shop, known, facts)


def pass_on(shop: Shop, user: Row) -> None:
    """Bring name, e-mail and phone of a company user to their customer; raise Refusal."""
    check_person(user)
    customer = shop.store["customer"].get(user["customerId"])
    if customer is None:
        return
    other = find(shop, user["email"])
    if other is not None and other["id"] != customer["id"]:
        raise convert_failed()
    facts = {
        "email": user["email"],
        "first_name": user["firstName"],
        "last_name": user["lastName"],
        "phone": user["phoneNumber"],
    }
    change(shop, customer, facts)
