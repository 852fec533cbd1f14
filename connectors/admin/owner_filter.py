"""Find the records that went to somebody else than who should own them over there."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from connectors import entities
from connectors.models import Link

PARAMETER = "owner"
EITHER = "fallback"
CHOICES = {
    EITHER: "Somebody else's",
    Link.OwnerFallback.DEFAULT.value: "The default representative's",
    Link.OwnerFallback.LOGIN.value: "The login's own user's",
}


class OwnerFilter(admin.SimpleListFilter):
    """Filter by who got a new record. "login@salesforce" asks for one connection (its slug) only."""

    title = "Owner over there"
    parameter_name = PARAMETER

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the choices."""
        return list(CHOICES.items())

    def value(self) -> str | None:
        """Return the choice without its connection, so that the box shows it."""
        chosen = super().value()
        return chosen.partition("@")[0] if chosen else chosen

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the records of the choice."""
        chosen, _, slug = (super().value() or "").partition("@")
        if chosen not in CHOICES:
            return queryset
        links = entities.of(queryset.model).links()
        links = links.exclude(owner_fallback="") if chosen == EITHER else links.filter(owner_fallback=chosen)
        return queryset.filter(
            pk__in=(links.filter(connection__slug=slug) if slug else links).values("record")
        )
