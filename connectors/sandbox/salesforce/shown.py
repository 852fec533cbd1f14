"""How a value looks on a page, and how one record leads to another."""

from typing import Any

from .org import Org
from .schema import SObject
from .store import Row


def record_path(sobject: str, key: str) -> str:
    """Return the address of a record's page on this server."""
    return f"/salesforce/lightning/r/{sobject}/{key}/view"


def shown(value: Any) -> str:
    """Return a value as people read it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, str) and value.endswith(".000+0000"):
        return f"{value[:10]} {value[11:19]} UTC"
    return str(value)


def address(sobject: SObject, row: Row, prefix: str) -> str:
    """Write an address as on a letter, with the codes of state and country where the org has them."""

    def part(name: str) -> str:
        return shown(row.get(f"{prefix}{name}")) if sobject.find(f"{prefix}{name}") else ""

    def named(name: str) -> str:
        code = part(f"{name}Code")
        return f"{part(name)} ({code})" if code else part(name)

    place = ", ".join(filter(None, (part("City"), named("State"))))
    lines = (part("Street"), f"{place} {part('PostalCode')}".strip(), named("Country"))
    return "\n".join(filter(None, lines))


def text_at(org: Org, sobject: SObject, row: Row, path: str) -> str:
    """Return the value of a field, also of a related record's, such as Owner.Name; '' where there is none."""
    head, _, rest = path.partition(".")
    if not rest:
        return shown(row.get(path))
    link = sobject.relationships.get(head.lower())
    target = org.store.tables[link.reference_to] if link else None
    other = target.rows.get(row.get(link.name) or "") if link and target else None
    return text_at(org, target.sobject, other, rest) if target and other else ""


def related(org: Org, name: str, field: str, key: str) -> list[Row]:
    """Return the living records that point to this one; none where an administrator removed the field."""
    table = org.store.tables[name]
    return table.alive_with(field, key) if table.has_index(field) else []
