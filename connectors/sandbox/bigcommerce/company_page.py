"""Company Detail: a company with its five tabs, one page each."""

from collections.abc import Callable, Mapping
from typing import Any

from . import extra_fields, forms, users
from .page_lists import opened, user_facts
from .shelves import Column, Visit, cell, deeds, line, shelf
from .shop import PREDEFINED, Shop
from .store import Row
from .words import (
    STATUS_TONES,
    company_path,
    day,
    full_name,
    moment,
    newest_first,
    primary_admin,
    role,
    status,
    text,
)

Values = dict[str, Any]
TABS = {
    "": "Basic Information",
    "users": "Company User(s)",
    "payment-methods": "Payment Methods",
    "addresses": "Address Book",
    "roles": "User Roles",
}
TEMPLATES = {
    "": "bigcommerce_basic.html",
    "users": "bigcommerce_users.html",
    "payment-methods": "bigcommerce_payment.html",
    "addresses": "bigcommerce_addresses.html",
    "roles": "bigcommerce_roles.html",
}
USER_COLUMNS = (
    Column("User Name", "name"),
    Column("Phone Number", "phone"),
    Column("Email", "mail"),
    Column("Role", "role"),
    Column("Updated At", "day"),
    Column("Action", "deeds"),
)
ROLE_COLUMNS = (
    Column("Role Name", "name"),
    Column("Type"),
    Column("Role ID", "number"),
    Column("Users here", "day"),
)
FIELDS = (
    ("companyName", "Company Name"),
    ("companyEmail", "Company Email"),
    ("companyPhone", "Company Phone"),
    ("addressLine1", "Address Line 1"),
    ("addressLine2", "Address Line 2"),
    ("city", "City"),
    ("state", "State"),
    ("zipCode", "Zip Code"),
    ("country", "Country"),
)
MARKS = (
    ("isDefaultBilling", "Default billing"),
    ("isDefaultShipping", "Default shipping"),
    ("isBilling", "Billing"),
    ("isShipping", "Shipping"),
)


def values(shop: Shop, row: Row, tab: str, visit: Visit) -> Values:
    """Return what the template of a tab shows."""
    makers: Mapping[str, Callable[[Shop, Row, Visit], Values]] = {
        "": _basic,
        "users": _users,
        "addresses": _addresses,
        "roles": _roles,
    }
    return {
        "name": text(row["companyName"]) or f"Company {row['id']}",
        "id": str(row["id"]),
        "status": status(row),
        "tone": STATUS_TONES.get(row["companyStatus"], "off"),
        "wants_admin": row["inactiveForWantOfAdmin"],
        "delete": Visit(company_path(row["id"])).form("company-delete", row["id"]),
        "tabs": [
            {"path": company_path(row["id"], name), "label": label, "active": name == tab}
            for name, label in TABS.items()
        ],
        "opened": opened(shop, visit),
        **(makers[tab](shop, row, visit) if tab in makers else {}),
    }


def _basic(shop: Shop, row: Row, visit: Visit) -> Values:
    is_refused = visit.query.get("do") == "company-status" and visit.sent is not None
    extra = extra_fields.shown(shop, "company", row["extraFields"])
    return {
        "edit": visit.form("company-edit", row["id"]),
        "status_form": forms.company_status(shop, row).shown(None, visit.problem if is_refused else ""),
        "facts": [_fact(name, label, row[name]) for name, label in FIELDS],
        "extra": [_fact("extraFields", each["labelName"], each["fieldValue"]) for each in extra],
        "system": [_fact(name, label, value) for name, label, value in _system(shop, row)],
    }


def _system(shop: Shop, row: Row) -> list[tuple[str, str, object]]:
    group = shop.store["group"].get(row["bcGroupId"])
    parent = shop.store["company"].get(row["parentId"])
    channels = (shop.settings.channels.get(str(each), str(each)) for each in row["channelIds"])
    return [
        ("companyId", "Company ID", row["id"]),
        ("uuid", "UUID (external id)", row["uuid"]),
        ("bcGroupId", "Customer Group ID", row["bcGroupId"]),
        ("bcGroupName", "Customer Group", group["name"] if group else ""),
        ("catalogId", "Price List", f"Price List {row['catalogId']}" if row["catalogId"] else ""),
        ("parentCompany", "Parent Company", parent["companyName"] if parent else ""),
        ("channelIds", "Storefronts", ", ".join(channels)),
        ("bcOrderId", "Orders that came with its users", len(row["movedOrderIds"]) or ""),
        ("createdAt", "Created At", moment(row["createdAt"])),
        ("updatedAt", "Updated At", moment(row["updatedAt"])),
    ]


def _fact(api_name: str, label: str, value: object) -> Values:
    return {"api_name": api_name, "label": text(label), "value": text(value)}


def _users(shop: Shop, row: Row, visit: Visit) -> Values:
    first = primary_admin(shop, row["id"])

    def show(user: Row) -> Values:
        return line(
            USER_COLUMNS,
            [
                cell(full_name(user), small=user["id"]),
                cell(user["phoneNumber"]),
                cell(user["email"]),
                cell(role(shop, user), tone="well" if user is first else ""),
                cell(day(user["updatedAt"]), title=moment(user["updatedAt"])),
                _acts(visit, "user", user, full_name(user)),
            ],
            anchor=f"user-{user['id']}",
        )

    rows = newest_first(shop.store["user"].having("companyId", row["id"]))
    return {
        "columns": USER_COLUMNS,
        "shelf": shelf(visit, rows, user_facts, show),
        "noun": "company user",
        "add": visit.form("user-add", row["id"]),
        "none": ("No company users.", "In Concord, open the company, then a contact, and press Sync to B2B."),
    }


def _addresses(shop: Shop, row: Row, visit: Visit) -> Values:
    def facts(address: Row) -> tuple[object, ...]:
        names = ("label", "addressLine1", "addressLine2", "city", "stateName", "countryName", "zipCode")
        more = ("phoneNumber", "externalId", "id")
        return (full_name(address), *(address[name] for name in (*names, *more)))

    def show(address: Row) -> Values:
        return _card(shop, visit, address)

    rows = newest_first(shop.store["address"].having("companyId", row["id"]))
    return {
        "shelf": shelf(visit, rows, facts, show),
        "noun": "address",
        "add": visit.form("address-add", row["id"]),
        "none": (
            "The address book is empty.",
            "In Concord, sync the company with its locations.",
        ),
    }


def _card(shop: Shop, visit: Visit, row: Row) -> Values:
    marks = [words for name, words in MARKS if row[name]]
    # A default says that it is one of its kind.
    marks = [mark for mark in marks if f"Default {mark.lower()}" not in marks]
    town = " ".join(filter(None, (row["city"], row["stateName"], row["zipCode"])))
    lines = (full_name(row), row["addressLine1"], row["addressLine2"], town, row["countryName"])
    extra = extra_fields.shown(shop, "address", row["extraFields"])
    return {
        "anchor": f"address-{row['id']}",
        "title": text(row["label"] or row["addressLine1"]),
        "marks": marks,
        "lines": [text(each) for each in (*lines, row["phoneNumber"]) if each],
        "facts": [
            _fact("addressId", "Address ID", row["id"]),
            _fact("externalId", "External ID", row["externalId"]),
            *(_fact("extraFields", each["labelName"], each["fieldValue"]) for each in extra),
            _fact("updatedAt", "Updated At", day(row["updatedAt"])),
        ],
        "acts": _acts(visit, "address", row, row["label"] or row["addressLine1"])["acts"],
        "name": text(row["label"] or row["addressLine1"]),
    }


def _roles(shop: Shop, row: Row, _visit: Visit) -> Values:
    people = shop.store["user"].having("companyId", row["id"])
    held = [users.role_of(shop, user)["id"] for user in people]
    rows = [
        line(
            ROLE_COLUMNS,
            [
                cell(each["name"]),
                cell("Predefined" if each["roleType"] == PREDEFINED else "Custom"),
                cell(each["id"], mono=True),
                cell(f"{held.count(each['id']):,}"),
            ],
        )
        for each in shop.store["role"]
    ]
    return {"columns": ROLE_COLUMNS, "rows": rows}


def _acts(visit: Visit, kind: str, row: Row, name: str) -> Values:
    return deeds(
        text(name),
        {"path": visit.form(f"{kind}-edit", row["id"]), "words": "Edit"},
        {"path": visit.form(f"{kind}-delete", row["id"]), "words": "Delete"},
    )
