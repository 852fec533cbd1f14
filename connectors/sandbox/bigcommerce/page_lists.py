"""The lists: companies, company users, the store's customers, and webhooks with their deliveries."""

from collections.abc import Callable, Mapping
from typing import Any

from . import forms
from .shelves import Column, Visit, cell, deeds, line, shelf
from .shop import Shop
from .store import Row
from .words import (
    ROOT,
    STATUS_TONES,
    company_path,
    day,
    full_name,
    moment,
    newest_first,
    role,
    status,
    text,
)

DELIVERIES_SHOWN = 20
Values = dict[str, Any]
COMPANY_COLUMNS = (
    Column("Company Name", "name"),
    Column("Status", "state"),
    Column("Email", "mail"),
    Column("Phone Number", "phone"),
    Column("Users", "few"),
    Column("Addresses", "number"),
    Column("Updated At", "day"),
)
USER_COLUMNS = (
    Column("User Name", "name"),
    Column("Company"),
    Column("Email", "mail"),
    Column("Role", "role"),
    Column("Updated At", "day"),
)
CUSTOMER_COLUMNS = (
    Column("Customer", "name"),
    Column("Email", "mail"),
    Column("Phone", "phone"),
    Column("Company user of"),
    Column("Orders", "few"),
    Column("Modified", "day"),
)
HOOK_COLUMNS = (
    Column("Scope", "scope"),
    Column("Destination"),
    Column("State", "state"),
    Column("Created", "day"),
    Column("Action", "deeds"),
)
DELIVERY_COLUMNS = (
    Column("Scope", "scope"),
    Column("About"),
    Column("State", "outcome"),
    Column("Answers", "answers"),
    Column("Sent (UTC)", "time"),
    Column("Action", "deeds"),
)
DELIVERY_TONES = {"waiting": "wait", "delivered": "well", "given up": "ill", "dropped": "ill"}


def _companies(shop: Shop, visit: Visit) -> Values:
    def facts(row: Row) -> tuple[object, ...]:
        names = ("companyName", "companyEmail", "companyPhone", "uuid", "id")
        return (*(row[name] for name in names), *row["extraFields"].values())

    def show(row: Row) -> Values:
        counts = (len(shop.store[kind].having("companyId", row["id"])) for kind in ("user", "address"))
        path = company_path(row["id"])
        return line(
            COMPANY_COLUMNS,
            [
                cell(row["companyName"] or row["id"], path=path, small=row["id"]),
                cell(status(row), tone=STATUS_TONES.get(row["companyStatus"], "off")),
                cell(row["companyEmail"]),
                cell(row["companyPhone"]),
                *(cell(f"{count:,}") for count in counts),
                cell(day(row["updatedAt"]), title=moment(row["updatedAt"])),
            ],
        )

    return {
        "heading": "Companies",
        "lead": "What has arrived, the newest change first.",
        "noun": "companies",
        "columns": COMPANY_COLUMNS,
        "shelf": shelf(visit, newest_first(shop.store["company"]), facts, show),
        "add": visit.form("company-add"),
        "opened": opened(shop, visit),
        "none": ("No companies yet.", "In Concord, open a company and press Sync to B2B: it appears here."),
    }


def _users(shop: Shop, visit: Visit) -> Values:
    def show(row: Row) -> Values:
        company = shop.store["company"].get(row["companyId"])
        path = company_path(company["id"]) if company else ""
        return line(
            USER_COLUMNS,
            [
                cell(full_name(row), path=f"{ROOT}/user/{row['id']}", small=row["id"]),
                cell(company["companyName"] if company else "", path=path),
                cell(row["email"]),
                cell(role(shop, row)),
                cell(day(row["updatedAt"]), title=moment(row["updatedAt"])),
            ],
        )

    return {
        "heading": "Users",
        "lead": "The users of all companies, the newest change first. Each is a customer of the store too.",
        "noun": "users",
        "columns": USER_COLUMNS,
        "shelf": shelf(visit, newest_first(shop.store["user"]), user_facts, show),
        "none": (
            "No company users yet.",
            "A company brings its first one along. In Concord, sync a company, then its contacts.",
        ),
    }


def user_facts(row: Row) -> tuple[object, ...]:
    """Return what of a company user can be searched for."""
    return (full_name(row), row["email"], row["phoneNumber"], row["id"])


def _customers(shop: Shop, visit: Visit) -> Values:
    def facts(row: Row) -> tuple[object, ...]:
        return (_customer_name(row), row["email"], row["phone"], row["company"], row["id"])

    def show(row: Row) -> Values:
        user = next(iter(shop.store["user"].having("customerId", row["id"])), None)
        company = shop.store["company"].get(user["companyId"]) if user else None
        path = f"{ROOT}/user/{user['id']}" if user else ""
        return line(
            CUSTOMER_COLUMNS,
            [
                cell(_customer_name(row) or row["email"], small=row["id"]),
                cell(row["email"]),
                cell(row["phone"]),
                cell(company["companyName"] if company else "", path=path),
                cell(f"{len(row['orderIds']):,}"),
                cell(day(row["date_modified"]), title=moment(row["date_modified"])),
            ],
        )

    rows = sorted(shop.store["customer"], key=lambda row: (row["date_modified"], row["id"]), reverse=True)
    return {
        "heading": "Customers",
        "lead": "Everybody who can log in to the store. Who is no company user is a plain shopper; made a "
        "company user, their earlier orders become the company's.",
        "noun": "customers",
        "columns": CUSTOMER_COLUMNS,
        "shelf": shelf(visit, rows, facts, show),
        "add": visit.form("customer-add"),
        "opened": opened(shop, visit),
        "none": ("No customers yet.", "Every company user that Concord sends becomes one."),
    }


def _customer_name(row: Row) -> str:
    return text(f"{row['first_name']} {row['last_name']}".strip())


def _webhooks(shop: Shop, visit: Visit) -> Values:
    def facts(row: Row) -> tuple[object, ...]:
        return (row["scope"], row["destination"], row["id"])

    hooks = sorted(shop.store["hook"], key=lambda row: row["id"], reverse=True)
    return {
        "heading": "Webhooks",
        "lead": "Who is told of what happens here. Values of headers are not shown.",
        "noun": "webhooks",
        "columns": HOOK_COLUMNS,
        "shelf": shelf(visit, hooks, facts, _hook),
        "none": ("No webhooks yet.", "In Concord, open the connection and register them with its button."),
        "more": {
            "heading": "Last deliveries",
            "columns": DELIVERY_COLUMNS,
            "rows": [_delivery(each) for each in reversed(shop.outbox.listing()[-DELIVERIES_SHOWN:])],
            "none": "Nothing was sent yet.",
        },
    }


def _hook(row: Row) -> Values:
    is_active = row["is_active"]
    headers = ", ".join(row["headers"] or ())
    remove = {"deed": "hook-delete", "id": str(row["id"]), "words": "Delete"}
    return line(
        HOOK_COLUMNS,
        [
            cell(row["scope"], small=row["id"]),
            cell(row["destination"], small=f"with {headers}" if headers else "", mono=True),
            cell("Active" if is_active else "Inactive", tone="well" if is_active else "ill"),
            cell(day(row["created_at"]), title=moment(row["created_at"])),
            deeds(text(row["scope"]), remove),
        ],
    )


def _delivery(each: Mapping[str, Any]) -> Values:
    answers = " ".join(str(code) if code else "none" for code in each["statuses"])
    about = ", ".join(f"{name} {value}" for name, value in each["body"]["data"].items())
    again = {"deed": "delivery-repeat", "id": str(each["id"]), "words": "Send again"}
    return line(
        DELIVERY_COLUMNS,
        [
            cell(each["scope"], small=each["id"]),
            cell(about),
            cell(each["state"].capitalize(), tone=DELIVERY_TONES[each["state"]]),
            cell(answers),
            cell(moment(each["body"]["created_at"])[11:19]),
            deeds(text(each["scope"]), again),
        ],
    )


def opened(shop: Shop, visit: Visit) -> Values | None:
    """Return the form that is opened on this page, None where none is or it belongs on another."""
    form = forms.build(shop, visit.query.get("do", ""), visit.query.get("id", ""))
    if form is None or form.home != visit.path or form.deed == "company-status":
        return None
    return form.shown(visit.sent, visit.problem)


LISTS: Mapping[str, Callable[[Shop, Visit], Values]] = {
    "companies": _companies,
    "users": _users,
    "customers": _customers,
    "webhooks": _webhooks,
}
