"""Records in the other side's words, with what only the engine knows: who their parents are there."""

from collections.abc import Iterable, Sequence
from collections.abc import Mapping as Map
from dataclasses import dataclass
from typing import Any

from django.db.models import OuterRef, Q, Subquery
from django.db.models.lookups import IsNull

from connectors import entities, leads, registry
from connectors.entities import Entity
from connectors.mapping import Mapping, Rendered
from connectors.models import Connection, Link
from connectors.protocol import CONFLICT, GONE, Change, Direction

# Of a parent's link that failed: the record may be deleted, or merged into another's.
LOST = (CONFLICT, GONE)
THERE = ~Q(remote_id="") & ~Q(state=Link.State.FAILED, code__in=LOST)  # children can refer to it


@dataclass(frozen=True, slots=True)
class Parent:
    """Who a parent is over there; `adopted`: it was there before us; `held`: what was agreed."""

    remote_id: str
    adopted: bool
    held: Map[str, Any]


class Renderer:
    """Render records of one entity for one connection; one query for all their parents."""

    def __init__(self, connection: Connection, kind: Entity[Any, Any]) -> None:
        self.connection, self.kind = connection, kind
        self.mapping: Mapping = registry.mapping(connection, kind.name)
        self.parents: dict[int, Parent] = {}
        self.leads: dict[int, leads.Lead] = {}  # by the pk of their company

    def render(self, records: Sequence[Any]) -> list[Rendered]:
        """Return each record rendered, in order."""
        self._look_up(records)
        self._find_leads(records)
        there = {pk: parent.remote_id for pk, parent in self.parents.items()}
        return [
            self.mapping.render(
                record, there, lead=self.lead_of(record), lead_barred=self._lead(record).barred
            )
            for record in records
        ]

    def one(self, record: Any) -> Rendered:
        """Return one record rendered."""
        return self.render([record])[0]

    def parent_of(self, record: Any) -> Parent | None:
        """Return who the parent of a rendered record is over there."""
        return self.parents.get(getattr(record, f"{self.kind.parent}_id")) if self.kind.parent else None

    def change(
        self, record: Any, rendered: Rendered, remote_id: str = "", fields: Map[str, Any] | None = None,
        **more: Any,
    ) -> Change:  # fmt: skip
        """Return what one rendered record wants of the other side; `more` is what its link says besides."""
        parent = self.parent_of(record)
        return Change(
            key=str(record.public_id),
            remote_id=remote_id,
            fields=rendered.payload if fields is None else fields,
            payload=rendered.for_create(),
            local=rendered.local,
            name=str(record),
            parent_id=parent.remote_id if parent else "",
            parent_adopted=bool(parent and parent.adopted),
            lead_key=rendered.lead,
            parent_held=parent.held if parent else {},
            **more,
        )

    def lead_of(self, record: Any) -> Any:
        """Return the lead of a record's company, None where it has none that is enabled here."""
        lead = self._lead(record)
        return None if lead.barred else lead.record

    def _lead(self, record: Any) -> leads.Lead:
        return self.leads.get(self._company(record), leads.NOBODY) if self.mapping.lead else leads.NOBODY

    def _company(self, record: Any) -> int:
        lead = entities.get(self.mapping.lead)
        pk: int = record.pk if self.kind.name == lead.parent else getattr(record, f"{lead.parent}_id")
        return pk

    def _find_leads(self, records: Iterable[Any]) -> None:
        """Read the leads in one query. Anew each time: they may have been switched off since."""
        if not self.mapping.lead:
            return
        companies = {self._company(record) for record in records}
        self.leads = leads.find(self.connection, entities.get(self.mapping.lead), companies)

    def moved(self, links: Sequence[Any], renderings: Sequence[Rendered]) -> set[int]:
        """Return the links (pks) whose record stands below another parent over there than here.

        Only of those whose parent here is not there yet: their rendering says nothing of
        it. A record whose parent was unlinked has not moved.
        """
        found = {
            link: link.snapshot.get(self.mapping.parent)
            for link, one in zip(links, renderings, strict=True)
            if one.is_orphan
        }
        ids = {remote_id for remote_id in found.values() if remote_id}
        if not ids:
            return set()
        parents = entities.get(self.kind.parent).links().filter(connection=self.connection)
        whose = dict(parents.filter(remote_id__in=ids).values_list("remote_id", "record_id"))
        here = {link: getattr(link.record, f"{self.kind.parent}_id") for link in found}
        return {link.pk for link, there in found.items() if whose.get(there, here[link]) != here[link]}

    def _look_up(self, records: Iterable[Any]) -> None:
        if not self.mapping.parent:
            return
        wanted = {getattr(record, f"{self.kind.parent}_id") for record in records} - set(self.parents)
        links = entities.get(self.kind.parent).links().filter(THERE, connection=self.connection)
        found = links.filter(record_id__in=wanted)
        rows = found.values_list("record_id", "remote_id", "adopted", "snapshot")
        self.parents.update({pk: Parent(*values) for pk, *values in rows})


def held(connection: Connection, mapping: Mapping, record: Any, *, is_linked: bool) -> str:
    """Return why a record is kept back, as a sentence; "" where it may be sent."""
    if connection.direction(mapping.entity) == Direction.IN:
        return f"Records come from {connection.system.label} only; nothing is sent there."
    return mapping.holds(record, is_linked)


def is_there(link: Link) -> bool:
    """Return whether children can refer to a parent that has this link."""
    return bool(link.remote_id) and not (link.state == Link.State.FAILED and link.code in LOST)


def parent_is_there(kind: Entity[Any, Any]) -> Q:
    """Return the condition on a child's links that its parent can be referred to; always true for others."""
    if not kind.parent:
        return Q()
    links = entities.get(kind.parent).links().filter(THERE)
    mine = {"connection": OuterRef("connection"), "record": OuterRef(f"record__{kind.parent}")}
    # Not EXISTS: PostgreSQL makes a join of that, and where it has no statistics yet one of all
    # children with all parents (5 s for 2,000 contacts of 500 companies). This is asked row by row.
    return Q(IsNull(Subquery(links.filter(**mine).values("pk")[:1]), False))
