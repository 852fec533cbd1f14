"""The page of one record: its fields in sections, and the records that belong to it."""

from collections.abc import Iterable
from typing import Any

from .org import Org
from .schema import COMPOUND, Field, SObject
from .shown import address, record_path, related, shown, text_at
from .store import Row

RELATED_ROWS = 50
SYSTEM_NAMES = frozenset(
    {"Id", "CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById", "SystemModstamp"}
    | {"IsDeleted", "MasterRecordId"}
)
SECTIONS = ("Details", "Address Information", "Custom Fields", "System Information")


def values(org: Org, sobject: SObject, row: Row) -> dict[str, Any]:
    """Return what the record's template shows."""
    master = row.get("MasterRecordId")
    return {
        "heading": row.get("Name") or row["Id"],
        "kind": sobject.name,
        "plural": sobject.plural,
        "id": row["Id"],
        "deleted": row["IsDeleted"],
        "inactive": row.get("IsActive") is False,
        "master": {"id": master, "path": record_path(sobject.name, master)} if master else None,
        "sections": _sections(org, sobject, row),
        "lists": [each for each in _lists(org, sobject, row) if each["rows"]],
        "deeds": [] if row["IsDeleted"] else _deeds(sobject, row),
    }


def _sections(org: Org, sobject: SObject, row: Row) -> list[dict[str, Any]]:
    sections = []
    for title in SECTIONS:
        fields = [field for field in sobject.fields if _section(sobject, field) == title]
        blank = [_label(sobject, field) for field in fields if field.value_of(row) is None]
        filled = [_field(org, sobject, field, row) for field in fields if field.value_of(row) is not None]
        sections.append(
            {"title": title, "fields": filled, "blank": ", ".join(blank), "blank_count": str(len(blank))}
        )
    return [section for section in sections if section["fields"] or section["blank"]]


def _section(sobject: SObject, field: Field) -> str:
    """Tell under which heading a field stands; '' for one that is shown as a part of another."""
    if field.name in SYSTEM_NAMES:
        return "System Information"
    if field.name.endswith("__c"):
        return "Custom Fields"
    if field.type == COMPOUND:
        return "Address Information"
    whole = sobject.find(field.compound) if field.compound else None
    return "" if whole is not None and whole.type == COMPOUND else "Details"


def _field(org: Org, sobject: SObject, field: Field, row: Row) -> dict[str, str]:
    if field.type == COMPOUND:
        text = address(sobject, row, field.name.removesuffix("Address"))
        return {"label": _label(sobject, field), "api_name": field.name, "value": text, "path": ""}
    value = row[field.name]
    target = org.store.tables[field.reference_to].rows.get(value) if field.reference_to else None
    return {
        "label": _label(sobject, field),
        "api_name": field.name,
        "value": str(target.get("Name", "")) if target else shown(value),
        "path": record_path(field.reference_to, value) if target and field.reference_to != "Profile" else "",
    }


def _label(sobject: SObject, field: Field) -> str:
    """Return the label that the page has over there; describe's ends in ID where the page shows a name."""
    if field.name in ("OwnerId", "AccountId"):
        return f"{sobject.name} Owner" if field.name == "OwnerId" else "Account Name"
    return field.label.removesuffix(" ID") if field.reference_to else field.label


def _lists(org: Org, sobject: SObject, row: Row) -> list[dict[str, Any]]:
    key = row["Id"]
    if sobject.name == "User":
        owned = ((name, related(org, name, "OwnerId", key)) for name in ("Account", "Contact"))
        return [_list(org, f"{name}s owned", name, rows) for name, rows in owned]
    lists = []
    if sobject.name == "Account":
        lists.append(_list(org, "Contacts", "Contact", related(org, "Contact", "AccountId", key)))
    table = org.store.tables[sobject.name]
    lost = [table.rows[each] for each in table.ids_with("MasterRecordId", key)]
    lists.append(_list(org, "Merged into this one", sobject.name, lost))
    if not row["IsDeleted"]:
        twins = [
            each for each in related(org, sobject.name, "Name", row.get("Name", "")) if each["Id"] != key
        ]
        lists.append({**_list(org, "Others of this name", sobject.name, twins), "merges": True})
    return lists


def _list(org: Org, title: str, name: str, rows: list[Row]) -> dict[str, Any]:
    fields = ("Title", "Email", "Phone") if name == "Contact" else ("Website", "BillingCity", "Phone")
    return {
        "title": title,
        "count": f"{len(rows):,}",
        "rows": [_related_row(org, name, row, fields) for row in rows[:RELATED_ROWS]],
    }


def _related_row(org: Org, name: str, row: Row, fields: Iterable[str]) -> dict[str, str]:
    sobject = org.store.tables[name].sobject
    facts = (text_at(org, sobject, row, field) for field in fields)
    return {
        "id": row["Id"],
        "name": str(row.get("Name") or row["Id"]),
        "facts": " · ".join(filter(None, facts)),
        "path": record_path(name, row["Id"]),
    }


def _deeds(sobject: SObject, row: Row) -> list[dict[str, str]]:
    if sobject.name == "User":
        return [
            {"deed": "deactivate", "words": "Deactivate"}
            if row["IsActive"]
            else {"deed": "activate", "words": "Activate"}
        ]
    return [{"deed": "delete", "words": "Delete"}]
