"""What arrived, in Salesforce's own words: lists of records and the page of one.

The console links to a record's page as it does in the real Salesforce.
Source: Salesforce fact sheet, "Ids and links".
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .. import words
from ..system import Desk
from ..templating import render
from ..wire import Reply, Request, redirect, whole_number
from .ids import normalised
from .org import Org
from .pranks import PRANKS
from .schema import Field, SObject
from .store import Row

HOME = "/salesforce/page/Account"
PAGE_ROWS = 50
CALLS_SHOWN = 8
LONGEST_ID_SHOWN = 14
READS = frozenset({"GET", "HEAD"})
LIST = re.compile(r"/page/(\w+)")
RECORD = re.compile(r"/lightning/r/(\w+)/(\w+)/view")
SHORT = re.compile(r"/(\w{15}(?:\w{3})?)")
COLUMNS: Mapping[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "Account": (
        ("Account Name", ("Name",)),
        ("Website", ("Website",)),
        ("Phone", ("Phone",)),
        ("Billing City/Country", ("BillingCity", "BillingCountry")),
        ("Concord Id", ("Concord_Id__c",)),
        ("Last Modified (UTC)", ("LastModifiedDate",)),
    ),
    "Contact": (
        ("Name", ("Name",)),
        ("Title", ("Title",)),
        ("Phone", ("Phone",)),
        ("Email", ("Email",)),
        ("Concord Id", ("Concord_Id__c",)),
        ("Last Modified (UTC)", ("LastModifiedDate",)),
    ),
    "User": (
        ("Full Name", ("Name",)),
        ("Username", ("Username",)),
        ("Email", ("Email",)),
        ("Active", ("IsActive",)),
        ("User Type", ("UserType",)),
        ("Last Modified (UTC)", ("LastModifiedDate",)),
    ),
}
SYSTEM_NAMES = frozenset(
    {"Id", "CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById", "SystemModstamp"}
    | {"IsDeleted", "MasterRecordId"}
)
ADDRESSES = ("Billing", "Shipping", "Mailing", "Other")
SECTIONS = ("Details", "Address Information", "Custom Fields", "System Information")


@dataclass(frozen=True, slots=True)
class Shelf:
    """One screenful of a list."""

    rows: Sequence[Row]
    found: int
    number: int
    pages: int


def summary(org: Org) -> str:
    """Return how many accounts and contacts are held."""
    return " · ".join(
        f"{_count(org, name):,} {org.schema[name.lower()].plural}" for name in ("Account", "Contact")
    )


def page(org: Org, request: Request, desk: Desk) -> Reply | None:
    """Return the page at this path, or None where the path is the API's."""
    if request.method not in READS:
        return None
    path = request.path.rstrip("/")
    if not path or path == "/page":
        return redirect(HOME)
    with org.lock:
        if (match := LIST.fullmatch(path)) and match[1] in COLUMNS:
            return _list(org, match[1], request, desk)
        if match := RECORD.fullmatch(path) or SHORT.fullmatch(path):
            return _record(org, match[match.lastindex or 1], desk)
    return None


def record_path(sobject: str, key: str) -> str:
    """Return the address of a record's page on this server."""
    return f"/salesforce/lightning/r/{sobject}/{key}/view"


def _list(org: Org, name: str, request: Request, desk: Desk) -> Reply:
    search = request.query.get("search", "").strip()
    shelf = _shelf(org, name, search, request.query.get("page", "1"))
    sobject = org.schema[name.lower()]
    rows = [
        {"path": record_path(name, row["Id"]), "id": row["Id"], "cells": _cells(name, row)}
        for row in shelf.rows
    ]
    values = {
        "heading": sobject.plural,
        "columns": [label for label, _ in COLUMNS[name]],
        "rows": rows,
        "search": search,
        "lead": "Who can own a record." if name == "User" else "What has arrived, the newest change first.",
        "total": f"{_count(org, name):,}",
        "counted": _counted(org, name),
        "found": f"{shelf.found:,}",
        "page": str(shelf.number),
        "pages": str(shelf.pages),
        "before": str(shelf.number - 1) if shelf.number > 1 else "",
        "after": str(shelf.number + 1) if shelf.number < shelf.pages else "",
        **_surroundings(org, name, desk),
    }
    return render("salesforce_list.html", values)


def _shelf(org: Org, name: str, search: str, wanted: str) -> Shelf:
    rows: Iterable[Row] = org.store.tables[name].rows.values()
    living = [row for row in rows if not row["IsDeleted"] and _has(row, search.lower())]
    # The newest change first; of one second the newest record first.
    living.sort(key=lambda row: (row["SystemModstamp"], row["Id"]), reverse=True)
    pages = max(1, -(-len(living) // PAGE_ROWS))
    number = min(pages, max(1, whole_number(wanted) or 1))
    start = (number - 1) * PAGE_ROWS
    return Shelf(living[start : start + PAGE_ROWS], len(living), number, pages)


def _has(row: Row, text: str) -> bool:
    return not text or any(isinstance(value, str) and text in value.lower() for value in row.values())


def _listed(name: str, row: Row) -> dict[str, Any]:
    return {"path": record_path(name, row["Id"]), "id": row["Id"], "cells": _cells(name, row)}


def _cells(name: str, row: Row) -> list[dict[str, str]]:
    return [{"label": label, "value": _joined(row, names)} for label, names in COLUMNS[name]]


def _joined(row: Row, names: Iterable[str]) -> str:
    return ", ".join(_short(name, row[name]) for name in names if row.get(name) is not None)


def _short(name: str, value: Any) -> str:
    if name == "LastModifiedDate":
        return _shown(value)[:16]
    if name == "Website":
        return (str(value).partition("://")[2] or str(value)).rstrip("/")
    if name == "Concord_Id__c" and len(value) > LONGEST_ID_SHOWN:
        return f"{value[:6]}…{value[-4:]}"
    return _shown(value)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, str) and value.endswith(".000+0000"):
        return f"{value[:10]} {value[11:19]} UTC"
    return str(value)


def _record(org: Org, key: str, desk: Desk) -> Reply:
    full = normalised(key) or ""
    for name in COLUMNS:
        row = org.store.tables[name].rows.get(full)
        if row is not None:
            return _record_page(org, org.schema[name.lower()], row, desk)
    values = {"key": key, **_surroundings(org, "", desk)}
    return render("salesforce_missing.html", values, 404)


def _record_page(org: Org, sobject: SObject, row: Row, desk: Desk) -> Reply:
    master = row.get("MasterRecordId")
    values = {
        "heading": row.get("Name", row["Id"]),
        "kind": sobject.name,
        "plural": sobject.plural,
        "id": row["Id"],
        "deleted": row["IsDeleted"],
        "master": {"id": master, "path": record_path(sobject.name, master)} if master else None,
        "sections": _sections(org, sobject, row),
        "contacts": _contacts(org, sobject, row["Id"]),
        **_surroundings(org, sobject.name, desk),
    }
    return render("salesforce_record.html", values)


def _sections(org: Org, sobject: SObject, row: Row) -> list[dict[str, Any]]:
    sections = []
    for title in SECTIONS:
        fields = [field for field in sobject.fields if _section(field.name) == title]
        blank = [field.label for field in fields if row.get(field.name) is None]
        shown = [
            _shown_field(org, field, row[field.name]) for field in fields if row.get(field.name) is not None
        ]
        sections.append(
            {"title": title, "fields": shown, "blank": ", ".join(blank), "blank_count": str(len(blank))}
        )
    return [section for section in sections if section["fields"] or section["blank"]]


def _section(name: str) -> str:
    if name in SYSTEM_NAMES:
        return "System Information"
    if name.endswith("__c"):
        return "Custom Fields"
    return "Address Information" if name.startswith(ADDRESSES) else "Details"


def _shown_field(org: Org, field: Field, value: Any) -> dict[str, str]:
    path, name = _target(org, field.reference_to, value)
    return {"label": field.label, "api_name": field.name, "value": name or _shown(value), "path": path}


def _target(org: Org, sobject: str, key: Any) -> tuple[str, str]:
    row = org.store.tables[sobject].rows.get(key) if sobject and key else None
    return (record_path(sobject, row["Id"]), str(row.get("Name", ""))) if row else ("", "")


def _contacts(org: Org, sobject: SObject, key: str) -> list[dict[str, str]]:
    if sobject.name != "Account" or not org.store.tables["Contact"].has_index("AccountId"):
        return []
    found = org.store.tables["Contact"].alive_with("AccountId", key)
    return [
        {"name": row["Name"], "email": row.get("Email") or "", "path": record_path("Contact", row["Id"])}
        for row in found[:PAGE_ROWS]
    ]


def _counted(org: Org, name: str) -> str:
    number = _count(org, name)
    return f"{number:,} {name if number == 1 else org.schema[name.lower()].plural}"


def _count(org: Org, name: str) -> int:
    return sum(not row["IsDeleted"] for row in list(org.store.tables[name].rows.values()))


def _surroundings(org: Org, active: str, desk: Desk) -> dict[str, Any]:
    tabs = [
        {
            "label": org.schema[name.lower()].plural,
            "path": f"/salesforce/page/{name}",
            "count": f"{_count(org, name):,}",
            "active": name == active,
        }
        for name in COLUMNS
    ]
    return {
        "tabs": tabs,
        "org_name": org.settings.org_name,
        "usage": f"{org.api_used:,} of {org.settings.api_limit:,} calls",
        "pranks": PRANKS,
        "token": desk.form_token,
        "faults": [words.of_fault(fault) for fault in desk.faults if fault["times"] != 0],
        "calls": [words.of_call(call) for call in reversed(desk.calls[-CALLS_SHOWN:])],
    }
