"""What a page knows of its connections: read once per request, whatever the number of rows."""

from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from typing import Any

from django.conf import settings
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from connectors import drift, entities, queue, registry, states
from connectors.entities import Entity
from connectors.kinds import Kind
from connectors.leads import needed
from connectors.mapping import Mapping
from connectors.models import Connection, ConnectionHealth, Link
from connectors.rendering import held, is_there

PRIMARY = "Primary"
LINKS = "shown_links"  # where a record keeps the links of this page's connections


class Board:
    """The enabled connections that take one entity, and the moment that a page shows."""

    def __init__(self, entity: Entity[Any, Any]) -> None:
        self.entity = entity
        self.now: datetime = timezone.now()
        self._mappings: dict[int, Mapping] = {}
        self._led: dict[int, bool] = {}

    @cached_property
    def _enabled(self) -> list[Connection]:
        rows = Connection.objects.filter(enabled=True).select_related("health")
        rows = rows.prefetch_related("comparisons")
        return list(rows.order_by("name", "pk"))

    @cached_property
    def connections(self) -> list[Connection]:
        """Return the enabled connections whose system takes the entity, by name."""
        return [row for row in self._enabled if self.entity.name in row.system.entities]

    @property
    def others(self) -> list[Kind]:
        """Return the enabled kinds that take no such records, each once."""
        rows = [row for row in self._enabled if self.entity.name not in row.system.entities]
        return list({row.kind: row.system for row in rows}.values())

    @cached_property
    def worlds(self) -> dict[int, states.World]:
        """Return what the states of each connection's links depend on."""
        return {connection.pk: self._world(connection) for connection in self.connections}

    @cached_property
    def kinds(self) -> list[Kind]:
        """Return the kinds of the connections, each once."""
        return list({row.kind: row.system for row in self.connections}.values())

    @property
    def needs(self) -> list[str]:
        """Return what the connected systems need such records for, a sentence each."""
        return [kind.needs[self.entity.name] for kind in self.kinds if self.entity.name in kind.needs]

    @property
    def primary_word(self) -> str:
        """Return what a Primary is called: by the systems that have a word of their own, else as here."""
        own = dict.fromkeys(kind.primary_word for kind in self.kinds if kind.primary_word != PRIMARY)
        return " · ".join(own) or PRIMARY

    def get(self, pk: int) -> Connection | None:
        """Return one of the connections, None for a stranger."""
        return next((connection for connection in self.connections if connection.pk == pk), None)

    def push_label(self, connection: Connection) -> str:
        """Return "Sync with Salesforce", with the connection's name where there are two of a kind."""
        return self._named(connection.system.push_label, connection)

    def id_label(self, connection: Connection) -> str:
        """Return "Salesforce ID", with the connection's name where there are two of a kind."""
        return self._named(connection.system.id_label, connection)

    def open_label(self, connection: Connection) -> str:
        """Return "Open in Salesforce", with the connection's name where there are two of a kind."""
        return self._named(f"Open in {connection.system.label}", connection)

    def with_links(self, records: QuerySet[Any]) -> QuerySet[Any]:
        """Return records that bring their links to the connections of this page."""
        prefetched: list[Any] = [Prefetch("links", queryset=self._links(self.entity), to_attr=LINKS)]
        if self.entity.parent:
            records = records.select_related(self.entity.parent)
            links = self._links(entities.get(self.entity.parent))
            prefetched.append(Prefetch(f"{self.entity.parent}__links", queryset=links, to_attr=LINKS))
        return records.prefetch_related(*prefetched)

    def _links(self, entity: Entity[Any, Any]) -> QuerySet[Any]:
        return entity.links().filter(connection__in=[row.pk for row in self.connections])

    def shown(self, record: Any, connection: Connection) -> tuple[Link | None, states.Shown]:
        """Return a record's link (None: it has none) and its state, for a record of `with_links`."""
        link, world = link_of(record, connection), self.worlds[connection.pk]
        waited_for = self._waited_for(record, connection) if link and link.state == "pending" else None
        kept = self.held(record, connection, link)
        return link, states.shown(link, world, is_on=record.sync_enabled, parent=waited_for, held=kept)

    def held(self, record: Any, connection: Connection, link: Link | None) -> str:
        """Return why a record would not be sent if it were asked for, "" where it would."""
        if connection.pk not in self._mappings:
            self._mappings[connection.pk] = registry.mapping(connection, self.entity.name)
        mapping = self._mappings[connection.pk]
        return held(connection, mapping, record, is_linked=link is not None and bool(link.remote_id))

    def needs_lead(self, connection: Connection) -> bool:
        """Return whether a record is created there only together with one of its children."""
        if connection.pk not in self._led:
            self._led[connection.pk] = needed(connection, self.entity) is not None
        return self._led[connection.pk]

    def _waited_for(self, record: Any, connection: Connection) -> states.Parent | None:
        """Return the parent that must be over there first, None where it is, or there is none."""
        if not self.entity.parent:
            return None
        parent = getattr(record, self.entity.parent)
        link, world = link_of(parent, connection), self.worlds[connection.pk]
        shown = states.shown(link, world, is_on=parent.sync_enabled)
        if link is not None and is_there(link):
            return None
        return states.Parent(f"{states.capped(str(parent), 60)} ({self.entity.parent})", shown)

    def is_moving(self, record: Any) -> bool:
        """Return whether any cell of this record changes by itself soon."""
        return any(self.shown(record, row)[1].state.is_moving for row in self.connections)

    def _named(self, label: str, connection: Connection) -> str:
        kinds = [row.kind for row in self.connections]
        return f"{label} · {connection.name}" if kinds.count(connection.kind) > 1 else label

    def _world(self, connection: Connection) -> states.World:
        health = health_of(connection)
        return states.World(
            now=self.now,
            live=queue.live_leases(connection),
            system=connection.system.label,
            record_words=connection.system.record_words[self.entity.name],
            paused=states.pause_words(health) if health else "",
            automatic=connection.pushes_automatically(self.entity.name),
            attempts=settings.CONCORD["record_attempts"],
            is_comparing=health is not None and drift.is_under_way(connection, self.entity.name),
            labels=labels_of(self.entity),
        )


def board_of(request: HttpRequest, entity: Entity[Any, Any]) -> Board:
    """Return this request's board. Kept on the request: an admin instance is shared by threads."""
    kept: dict[str, Board] = request.__dict__.setdefault("concord_boards", {})
    return kept.setdefault(entity.name, Board(entity))


def link_of(record: Any, connection: Connection) -> Link | None:
    """Return a record's link to a connection from what `Board.with_links` brought."""
    links: list[Link] = getattr(record, LINKS)
    return next((link for link in links if link.connection_id == connection.pk), None)


def health_of(connection: Connection) -> ConnectionHealth | None:
    """Return a connection's health, None before its first use."""
    return getattr(connection, "health", None)


def labels_of(entity: Entity[Any, Any]) -> Callable[[str], str]:
    """Return what people call the fields of an entity, by our names."""
    meta = entity.model._meta

    def label(name: str) -> str:
        try:
            return str(getattr(meta.get_field(name), "verbose_name", name))
        except FieldDoesNotExist:  # a part of something: "billing_city"
            return name.replace("_", " ").title()

    return label


def synced_entities() -> list[Entity[Any, Any]]:
    """Return everything that can be synced, parents first."""
    return list(entities.in_order())
