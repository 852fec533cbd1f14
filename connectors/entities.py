"""What can be synced: the domain rooms register their entities here at start-up."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db import models

from connectors.models import Link, LinkQuerySet, Synced

M = TypeVar("M", bound=Synced)
L = TypeVar("L", bound=Link)


def nothing(_path: str) -> Iterable[str]:
    """Read nothing of other tables."""
    return ()


@dataclass(frozen=True)
class Entity(Generic[M, L]):
    """Bind a name to a model and its link table. `order`: parents first.

    `parent` is the model's foreign key to the record that must be over there before
    this one; its entity has the same name. `lead` is the model's flag of the one child
    that stands for its parent. `related` tells what rendering reads of other tables: what to
    prefetch of records that stand at a path, "" or "record__".
    `unsent` are statuses that are never sent by themselves.
    """

    name: str  # "company"
    label: str  # "company"
    label_plural: str  # "companies"
    action_type: str  # the log's word: "customer_sync"
    model: type[M]
    link: type[L]
    order: int
    parent: str = ""
    lead: str = ""
    related: Callable[[str], Iterable["str | models.Prefetch[Any]"]] = nothing
    unsent: frozenset[str] = frozenset()
    icon: str = "domain"  # of the sidebar, by its name in Material Symbols

    def links(self) -> LinkQuerySet:
        """Return all links of this entity."""
        return self.link.objects.all()

    def records(self) -> models.QuerySet[M]:
        """Return all records of this entity."""
        return self.model._default_manager.all()

    def whole(self) -> models.QuerySet[M]:
        """Return all records with what rendering reads of other tables, in few queries."""
        return self.records().prefetch_related(*self.related(""))

    def with_records(self, links: models.QuerySet[L]) -> models.QuerySet[L]:
        """Return links with their records, and what rendering reads of other tables."""
        return links.select_related("record").prefetch_related(*self.related("record__"))

    def is_sent(self, record: M, chosen: Mapping[str, Collection[str]]) -> bool:
        """Return whether a record in this status is sent by itself, by a connection's choice of statuses."""
        status = getattr(record, "status", None)
        if status is None or status in self.unsent:
            return status is None
        return self.name not in chosen or status in chosen[self.name]


_registered: dict[str, Entity[Any, Any]] = {}


def register(entity: Entity[M, L]) -> None:
    """Make an entity known. Called once, from the domain app's ready()."""
    _registered[entity.name] = entity


def get(name: str) -> Entity[Any, Any]:
    """Return the entity of this name. Raises KeyError for an unknown one."""
    return _registered[name]


def of(model: type[models.Model]) -> Entity[Any, Any]:
    """Return the entity of this model. Raises LookupError for one that isn't synced."""
    for entity in _registered.values():
        if entity.model is model:
            return entity
    raise LookupError(f"{model.__name__} is not a synced entity")


def children_of(name: str) -> list[Entity[Any, Any]]:
    """Return the entities whose records belong to those of this one."""
    return [entity for entity in in_order() if entity.parent == name]


def in_order(names: Iterable[str] | None = None) -> list[Entity[Any, Any]]:
    """Return the entities (of these names), parents before children."""
    chosen = _registered.values() if names is None else [_registered[n] for n in names if n in _registered]
    return sorted(chosen, key=lambda entity: entity.order)
