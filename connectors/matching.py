"""Match only: find out who is who, link, and write nothing over there."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from connectors import health, queue
from connectors.desk import Desk, lease_s
from connectors.entities import Entity
from connectors.models import Connection, Link
from connectors.protocol import Connector
from connectors.rendering import Renderer

CHUNK = 1_000


@dataclass
class Found:
    """How many records would be created, were linked, or need a choice."""

    create: int = 0
    link: int = 0
    conflict: int = 0
    linked_before: int = 0
    waiting: int = 0  # their parent is not over there yet: nobody can tell


class AllTalkersBusyError(Exception):
    """Tell that every slot of the connection is taken; try again shortly."""


def match_only(connection: Connection, kind: Entity[Any, Any]) -> Found:
    """Look every unlinked record up over there, link what matches, and count.

    Raises ConnectorError, and AllTalkersBusyError where no slot is free.
    """
    found = Found(linked_before=kind.links().linked().filter(connection=connection).count())
    with queue.slot(connection, lease_s()) as lease:
        if lease is None:
            raise AllTalkersBusyError(f"All talkers of {connection.name} are busy; try again shortly.")
        desk = Desk(connection, lease)
        with desk.connector() as connector:
            if not connection.health.facts:
                health.learn(connection, connector.facts())
            pks = _unlinked(connection, kind)
            for start in range(0, len(pks), CHUNK):
                _match_chunk(connection, kind, connector, pks[start : start + CHUNK], found)
    return found


def _unlinked(connection: Connection, kind: Entity[Any, Any]) -> list[int]:
    linked = set(kind.links().linked().filter(connection=connection).values_list("record_id", flat=True))
    off = kind.links().filter(connection=connection, enabled=Link.Enabled.NO)
    left_out = linked | set(off.values_list("record_id", flat=True))
    pks = kind.records().filter(sync_enabled=True).order_by("pk").values_list("pk", flat=True)
    return [pk for pk in pks.iterator() if pk not in left_out]


def _match_chunk(
    connection: Connection, kind: Entity[Any, Any], connector: Connector, pks: Sequence[int], found: Found
) -> None:
    records = {str(record.public_id): record for record in kind.whole().filter(pk__in=pks).order_by("pk")}
    renderer = Renderer(connection, kind)
    renderings = renderer.render(list(records.values()))
    found.waiting += sum(item.is_orphan for item in renderings)
    rendered = {key: item for key, item in zip(records, renderings, strict=True) if not item.is_orphan}
    asked = kind.links().filter(connection=connection, record_id__in=pks)
    choices = dict(asked.values_list("record_id", "choice"))
    changes = [
        replace(renderer.change(records[key], item), choice=choices.get(records[key].pk, ""))
        for key, item in rendered.items()
    ]
    for matched in connector.match(kind.name, changes):
        if matched.conflict is None and matched.adoption is None:
            found.create += 1
            continue
        kept = queue.note_match(kind.name, records[matched.key].pk, connection, matched)
        found.link += kept == "link"
        found.conflict += kept == "conflict"
