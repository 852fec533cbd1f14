"""The first page: one sentence, then a card per connection. Calm where all is well."""

from typing import Any

from django.http import HttpRequest

from connectors.admin import cells, figures
from connectors.admin.board import synced_entities
from connectors.entities import Entity
from connectors.models import Connection
from synclog import words


def overview(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add the headline and the cards to the index (Unfold's DASHBOARD_CALLBACK)."""
    entity = synced_entities()[0]
    meta = entity.model._meta
    if not request.user.has_perm(f"{meta.app_label}.view_{meta.model_name}"):
        return context
    counted = figures.figures()
    rows = Connection.objects.select_related("health").order_by("-enabled", "name")
    cards = [figures.card(row, counted.get(row.pk, figures.Figures())) for row in rows]
    total = sum((counted.get(row.pk, figures.Figures()) for row in rows if row.enabled), figures.Figures())
    told, tone = headline(total, entity.records().count(), entity)
    grid = cells.address(entity.model, "changelist")
    problems = words.counted(total.failed, "problem", "problems")
    return {
        **context,
        "cc_headline": told,
        "cc_tone": tone,
        "cc_cards": cards,
        "cc_see": f"See {problems}" if total.failed else "",
        "cc_see_url": f"{grid}?state=needs_you",
        "cc_grid": grid,
        "cc_connect": cells.address(Connection, "add")
        if request.user.has_perm("connectors.add_connection")
        else "",
    }


def headline(total: figures.Figures, records: int, entity: Entity[Any, Any]) -> tuple[str, str]:
    """Return the sentence of the whole, and its tone."""
    if not records:
        return f"No {entity.label_plural} yet.", "calm"
    linked = total.in_sync + total.changed + total.waiting + total.failed
    if not linked:
        counted = words.counted(records, entity.label, entity.label_plural)
        return f"Nothing was sent yet. {counted} here.", "calm"
    if linked == total.in_sync:
        counted = words.counted(linked, "record is", "records are")
        return f"All {counted} in sync." if linked > 1 else "The one record is in sync.", "good"
    parts = [
        (total.in_sync, "in sync"),
        (total.changed, "changed, not sent"),
        (total.waiting, "waiting"),
        (total.failed, "needs you" if total.failed == 1 else "need you"),
    ]
    told = " · ".join(f"{number:,} {word}" for number, word in parts if number)
    return f"{told}.", "bad" if total.failed else "busy"
