"""Leads: the one child that a system creates a record with, and why it may not be sent there."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db.models import OuterRef, Subquery

from connectors import entities, registry
from connectors.entities import Entity
from connectors.models import Connection, Link
from connectors.states import capped

NAME_CHARS = 60


@dataclass(frozen=True, slots=True)
class Lead:
    """A record's lead. `barred`: why it may not be sent, and what to do; "" where it may."""

    record: Any = None
    barred: str = ""


NOBODY = Lead()


def needed(connection: Connection, entity: Entity[Any, Any]) -> Entity[Any, Any] | None:
    """Return the children of which one must lead for a record to be created there, None for no such need."""
    led = [child for child in entities.children_of(entity.name) if child.lead]
    return next(
        (child for child in led if registry.mapping(connection, entity.name).lead == child.name), None
    )


def find(connection: Connection, entity: Entity[Any, Any], parents: Collection[int]) -> dict[int, Lead]:
    """Find the leads of these parents (pks) in one query, by parent; parents without one are left out."""
    link = entity.links().filter(connection=connection, record=OuterRef("pk"))
    flagged = entity.records().filter(**{entity.lead: True, f"{entity.parent}__in": parents})
    found = flagged.annotate(enabled=Subquery(link.values("enabled")[:1])).select_related(entity.parent)
    return {
        getattr(record, f"{entity.parent}_id"): Lead(record, _barred(connection, entity, record))
        for record in found
    }


def _barred(connection: Connection, entity: Entity[Any, Any], record: Any) -> str:
    name, parent = (capped(str(one), NAME_CHARS) for one in (record, getattr(record, entity.parent)))
    who = f"{name}, the Primary {entity.label} of {parent}"
    here, push = connection.name, connection.system.push_label
    other = f"or set another {entity.label} as Primary; then press {push}."
    if not record.sync_enabled:
        return f"Synchronization is switched off for {who}. Enable it on the page of {name}, {other}"
    if record.enabled == Link.Enabled.NO:
        return f"{who}, is switched off for {here}. Enable {name} for {here}, {other}"
    if record.enabled is None:
        return f"{who}, is not enabled for {here}. Press {push}: that takes {name} along."
    return ""
