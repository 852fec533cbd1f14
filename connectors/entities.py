"""What can be synced: the domain rooms register their entities here at start-up."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db import models

from connectors.models import Link, LinkQuerySet, Synced

M = TypeVar("M", bound=Synced)
L = TypeVar("L", bound=Link)


@dataclass(frozen=True)
class Entity(Generic[M, L]):
    """Bind a name to a model and its link table. `order`: parents first."""

    name: str  # "company"
    label: str  # "company"
    label_plural: str  # "companies"
    action_type: str  # the log's word: "customer_sync"
    model: type[M]
    link: type[L]
    order: int

    def links(self) -> LinkQuerySet:
        """Return all links of this entity."""
        return self.link.objects.all()

    def records(self) -> models.QuerySet[M]:
        """Return all records of this entity."""
        return self.model._default_manager.all()


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


def in_order(names: Iterable[str] | None = None) -> list[Entity[Any, Any]]:
    """Return the entities (of these names), parents before children."""
    chosen = _registered.values() if names is None else [_registered[n] for n in names if n in _registered]
    return sorted(chosen, key=lambda entity: entity.order)
