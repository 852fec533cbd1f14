"""The lists of accounts, contacts and users: which columns, which rows, one screenful at a time."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..wire import whole_number
from .org import Org
from .schema import SObject
from .shown import record_path, related, text_at
from .store import Row

PAGE_ROWS = 50
LONGEST_ID_SHOWN = 14


class Column(NamedTuple):
    """A column: its heading, the fields it joins, how it looks (a class of the style sheet)."""

    label: str
    fields: tuple[str, ...]
    look: str = ""


CONCORD_ID = Column("Concord Id", ("Concord_Id__c",), "key")
CHANGED = Column("Last Modified (UTC)", ("LastModifiedDate",), "when")
COLUMNS: Mapping[str, tuple[Column, ...]] = {
    "Account": (
        Column("Account Name", ("Name",), "name"),
        Column("Website", ("Website",)),
        Column("Billing City/Country", ("BillingCity", "BillingCountry")),
        Column("Account Owner", ("Owner.Name",), "person"),
        Column("Contacts", ("#Contacts",), "number"),
        CONCORD_ID,
        CHANGED,
    ),
    "Contact": (
        Column("Name", ("Name",), "who"),
        Column("Title", ("Title",)),
        Column("Account Name", ("Account.Name",)),
        Column("Email", ("Email",), "mail"),
        CONCORD_ID,
        CHANGED,
    ),
    "User": (
        Column("Full Name", ("Name",), "who"),
        Column("Username", ("Username",), "mail"),
        Column("Email", ("Email",), "mail"),
        Column("Profile", ("Profile.Name",)),
        Column("User Type", ("UserType",), "type"),
        Column("Active", ("IsActive",), "active"),
    ),
}
LEADS = {
    "User": "An account or contact can be owned by an active user of type Standard.",
}
NEWEST_FIRST = "What has arrived, the newest change first."


@dataclass(frozen=True, slots=True)
class Shelf:
    """One screenful of a list."""

    rows: Sequence[Row]
    found: int
    number: int
    pages: int


def values(org: Org, name: str, query: Mapping[str, str]) -> dict[str, Any]:
    """Return what the list's template shows."""
    search = query.get("search", "").strip()
    shelf = _shelf(org, name, search, query.get("page", "1"))
    sobject = org.schema[name.lower()]
    total = count(org, name)
    return {
        "heading": sobject.plural,
        "columns": COLUMNS[name],
        "rows": [_listed(org, sobject, row) for row in shelf.rows],
        "search": search,
        "lead": LEADS.get(name, NEWEST_FIRST),
        "total": f"{total:,}",
        "counted": f"{total:,} {name if total == 1 else sobject.plural}",
        "found": f"{shelf.found:,}",
        "page": str(shelf.number),
        "pages": str(shelf.pages),
        "before": str(shelf.number - 1) if shelf.number > 1 else "",
        "after": str(shelf.number + 1) if shelf.number < shelf.pages else "",
        "nearer": "Earlier" if name == "User" else "Newer",
        "farther": "Later" if name == "User" else "Older",
    }


def count(org: Org, name: str) -> int:
    """Return the number of living records."""
    return sum(not row["IsDeleted"] for row in list(org.store.tables[name].rows.values()))


def _shelf(org: Org, name: str, search: str, wanted: str) -> Shelf:
    rows: Iterable[Row] = org.store.tables[name].rows.values()
    living = [row for row in rows if not row["IsDeleted"] and _has(row, search.lower())]
    if name == "User":
        living.sort(key=lambda row: (not row["IsActive"], row["Name"].lower()))
    else:  # the newest change first; of one second the newest record first
        living.sort(key=lambda row: (row["SystemModstamp"], row["Id"]), reverse=True)
    pages = max(1, -(-len(living) // PAGE_ROWS))
    number = min(pages, max(1, whole_number(wanted) or 1))
    start = (number - 1) * PAGE_ROWS
    return Shelf(living[start : start + PAGE_ROWS], len(living), number, pages)


def _has(row: Row, text: str) -> bool:
    return not text or any(isinstance(value, str) and text in value.lower() for value in row.values())


def _listed(org: Org, sobject: SObject, row: Row) -> dict[str, Any]:
    cells = [_cell(org, sobject, row, column) for column in COLUMNS[sobject.name]]
    return {"path": record_path(sobject.name, row["Id"]), "id": row["Id"], "cells": cells}


def _cell(org: Org, sobject: SObject, row: Row, column: Column) -> dict[str, str]:
    parts = (_short(org, sobject, row, path) for path in column.fields)
    look = column.look
    if look == "active" and not row["IsActive"]:
        look = "active bad"
    return {"label": column.label, "value": ", ".join(filter(None, parts)), "look": look}


def _short(org: Org, sobject: SObject, row: Row, path: str) -> str:
    if path == "#Contacts":
        return str(len(related(org, "Contact", "AccountId", row["Id"])) or "")
    if path == "IsActive":
        return "Active" if row[path] else "Inactive"
    text = text_at(org, sobject, row, path)
    if path == "LastModifiedDate":
        return text[:16]
    if path == "Website":
        return (text.partition("://")[2] or text).rstrip("/")
    if path == "Concord_Id__c" and len(text) > LONGEST_ID_SHOWN:
        return f"{text[:6]}…{text[-4:]}"
    return text
