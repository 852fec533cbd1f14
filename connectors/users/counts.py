"""How far the links reach, and who got the new records instead of who should have."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Count, Q

from connectors import entities
from connectors.entities import Entity
from connectors.models import Connection, Link, UserLink

Fallback = Link.OwnerFallback


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many of our active users are linked."""

    linked: int
    total: int
    barred: int = 0  # of the linked ones: to somebody who is inactive or refused over there

    @property
    def others(self) -> int:
        """Return how many cannot own new records over there."""
        return self.total - self.linked + self.barred


def coverage(connection: Connection) -> Coverage:
    """Count our active users, those of them that are linked, and to whom nothing can be given there."""
    links = UserLink.objects.filter(connection=connection)
    able = links.filter(remote_user__is_active=True, remote_user__trouble="")
    linked = Q(pk__in=links.values("user"))
    people = get_user_model()._default_manager.filter(is_active=True)
    counted = people.aggregate(
        linked=Count("pk", filter=linked),
        barred=Count("pk", filter=linked & ~Q(pk__in=able.values("user"))),
        total=Count("pk"),
    )
    return Coverage(**counted)


def fallbacks(connection: Connection) -> dict[str, Counter[str]]:
    """Return, by entity, how many new records went to whom instead of who should have."""
    return {entity.name: _fallen_back(connection, entity) for entity in taken(connection)}


def taken(connection: Connection) -> list[Entity[Any, Any]]:
    """Return the entities whose records have an owner over there."""
    return [one for one in entities.in_order(connection.system.entities) if representative_field(one)]


def representative_field(entity: Entity[Any, Any]) -> str:
    """Return the field of an entity that names one of our users as whose record it is, "" for none."""
    users = get_user_model()
    fields = entity.model._meta.concrete_fields
    return next((field.name for field in fields if field.related_model is users), "")


def kept(user: Any, connection: Connection) -> dict[str, int]:
    """Return, by entity, how many records of this user are over there already: they keep their owner."""
    found = {}
    for entity in taken(connection):
        theirs = {f"record__{representative_field(entity)}": user}
        found[entity.name] = entity.links().linked().filter(connection=connection, **theirs).count()
    return {name: number for name, number in found.items() if number}


def _fallen_back(connection: Connection, entity: Entity[Any, Any]) -> Counter[str]:
    links = entity.links().filter(connection=connection).exclude(owner_fallback="")
    rows = links.order_by().values("owner_fallback").annotate(number=Count("pk"))
    return Counter({row["owner_fallback"]: row["number"] for row in rows})
