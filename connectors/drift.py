"""Drift: linked records differ from what was agreed because what decides their payload changed.

That is a connection's settings, directions and masters, what the other side said of its
fields, and the code of a release. Whoever changes one of them, by a form, a shell or SQL,
saves no record. So a digest of them all, the rules, is kept per connection and entity;
where it is not the present one, every record is compared: by the form that changed it if
they are few, else by a worker whom the schedule calls. It makes no call to the other side.
"""

import hashlib
import inspect
import json
from collections.abc import Collection
from datetime import timedelta
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from django.db.models import Q

from connectors import clock, entities, logbook, mapping, queue, regions, registry, rendering, text
from connectors.entities import Entity
from connectors.models import Comparison, Connection
from connectors.queue import Compared
from synclog import words

ABANDONED_AFTER = timedelta(minutes=10)  # whoever compares for so long has died, or is very busy


def rules_of(connection: Connection, entity: str) -> str:
    """Digest what decides, beside the record, what is sent of an entity."""
    decides = [
        connection.settings,
        connection.direction(entity),
        connection.masters.get(entity),
        connection.health.facts if hasattr(connection, "health") else {},
        _code(connection.kind, entity),
    ]
    return hashlib.sha256(json.dumps(decides, sort_keys=True, default=str).encode()).hexdigest()


@cache
def _code(kind: str, entity: str) -> str:
    """Digest the code that makes a payload: mapping, the system's folder, the record's own."""
    folders = [import_module(registry.KINDS[kind]), import_module(entities.get(entity).model.__module__)]
    files = {path for module in folders for path in Path(inspect.getfile(module)).parent.glob("*.py")}
    files |= {Path(inspect.getfile(module)) for module in (mapping, regions, rendering, text)}
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def due(connection: Connection) -> list[Entity[Any, Any]]:
    """Return the entities whose records were not compared by the present rules, and are not being."""
    known = {row.entity: row for row in connection.comparisons.all()}
    late = clock.now() - ABANDONED_AFTER
    return [
        kind
        for kind in entities.in_order(connection.system.entities)
        if _is_stale(connection, kind.name, known.get(kind.name))
        or (known[kind.name].ended_at is None and known[kind.name].begun_at < late)
    ]


def is_under_way(connection: Connection, entity: str) -> bool:
    """Return whether records of an entity are still to be compared by the present rules.

    Not of a connection that was never compared: nothing changed since it was made.
    """
    row = next((row for row in connection.comparisons.all() if row.entity == entity), None)
    return row is not None and (row.ended_at is None or _is_stale(connection, entity, row))


def _is_stale(connection: Connection, entity: str, row: Comparison | None) -> bool:
    return row is None or row.rules != rules_of(connection, entity)


def catch_up(connection_pk: int) -> None:
    """Compare what is due on one connection. Safe to run twice, safe to lose."""
    connection = Connection.objects.select_related("health").filter(pk=connection_pk, enabled=True).first()
    if connection is None:
        return
    for kind in due(connection):
        compare(connection, kind)


def compare(connection: Connection, kind: Entity[Any, Any], *, anyway: bool = False) -> Compared | None:
    """Compare all linked records of an entity by the present rules, and log how many differ anew.

    Returns None where they are compared already, or by somebody else at this moment;
    `anyway`: also where nothing changed, for what was written past `save()`.
    """
    rules, now = rules_of(connection, kind.name), clock.now()
    rows = Comparison.objects.filter(connection=connection, entity=kind.name)
    Comparison.objects.get_or_create(connection=connection, entity=kind.name)
    free = ~Q(rules=rules) | Q(ended_at=None, begun_at__lt=now - ABANDONED_AFTER)
    free |= Q(ended_at__isnull=False) if anyway else Q(pk=None)
    if not rows.filter(free).update(rules=rules, begun_at=now, ended_at=None):
        return None
    found = queue.compare(connection, kind.name)
    if found.new and not anyway:
        logbook.event(connection, told(connection, kind, found), code="drift")
    if not rows.filter(rules=rules, begun_at=now).update(ended_at=clock.now()):
        # Somebody compares, or did, by newer rules: marks of both may stand beside each other now.
        rows.update(rules="")
    return found


def told(connection: Connection, kind: Entity[Any, Any], found: Compared) -> str:
    """Return how many records differ anew and what becomes of them, as a sentence."""
    where = connection.system.label
    counted = words.counted(found.new, kind.label, kind.label_plural)
    differs = "differs" if found.new == 1 else "differ"
    marked = found.new - found.queued
    shows = "shows" if marked == 1 else "show"
    queued = f"{'is' if found.queued == 1 else 'are'} queued"
    fate = {
        0: f"{shows} “Changed, not sent”",
        found.new: queued,
    }.get(found.queued, f"of these {found.queued:,} {queued}, {marked:,} {shows} “Changed, not sent”")
    return f"What is sent to {where} was changed: {counted} {differs} now from what was sent and {fate}."


def settled(
    connection: Connection,
    kind: Entity[Any, Any],
    rules: str,
    *,
    edited: Collection[int],
    answered: Collection[int],
) -> None:
    """Compare records (pks) whose answers were just stored, of what was rendered by these rules.

    Those that were edited meanwhile; and all of them where the rules are others by now,
    since a comparison passes over what is being sent.
    """
    row = Comparison.objects.filter(connection=connection, entity=kind.name).first()
    pks = edited
    if row is not None and row.rules not in ("", rules):
        connection = Connection.objects.select_related("health").get(pk=connection.pk)
        pks = answered
    if pks:
        queue.find_changed(connection, kind.name, sorted(pks))


def parents_moved(connection: Connection, kind: Entity[Any, Any], pks: Collection[int]) -> None:
    """Compare the linked children of records (pks) that are linked to another record over there now."""
    for child in entities.children_of(kind.name) if pks else []:
        links = child.links().linked().filter(connection=connection, **{f"record__{child.parent}__in": pks})
        if children := list(links.values_list("record_id", flat=True)):
            queue.find_changed(connection, child.name, children)


def forget_the_disabled() -> None:
    """Have the records of connections that are off compared once they are on: saves pass over them."""
    Comparison.objects.filter(connection__enabled=False).exclude(rules="").update(rules="")
