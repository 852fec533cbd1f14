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
        return {**context, "title": "Overview"}
    counted = figures.figures()
    rows = Connection.objects.select_related("health").order_by("-enabled", "name")
    cards = [figures.card(row, counted.get(row.pk, figures.Figures())) for row in rows]
    enabled = [row for row in rows if row.enabled]
    total = sum((counted.get(row.pk, figures.Figures()) for row in enabled), figures.Figures())
    told, tone = headline(total, entity.records().count(), len(enabled), entity)
    grid = cells.address(entity.model, "changelist")
    problems = words.counted(total.failed, "problem", "problems")
    return {
        **context,
        "title": "Overview",
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


def headline(
    total: figures.Figures, records: int, connections: int, entity: Entity[Any, Any]
) -> tuple[str, str]:
    """Return the sentence of the whole, and its tone. Every record counts once per connection."""
    if not records:
        return f"No {entity.label_plural} yet.", "calm"
    known = total.in_sync + total.changed + total.waiting + total.failed + total.not_enabled
    parts = [
        (total.in_sync, "in sync"),
        (total.changed, "changed, not sent"),
        (total.waiting, "waiting"),
        (total.failed, "needs you" if total.failed == 1 else "need you"),
        (total.not_enabled, "not enabled"),
        (records * connections - known, "not synced"),
    ]
    told = [f"{number:,} {word}" for number, word in parts if number > 0]
    if connections and not known:
        counted = words.counted(records, entity.label, entity.label_plural)
        return f"Nothing was sent yet. {counted} here.", "calm"
    if len(told) == 1 and total.in_sync:
        return f"All {words.counted(total.in_sync, 'record is', 'records are')} in sync.", "good"
    if not connections:
        counted = words.counted(records, entity.label, entity.label_plural)
        return f"{counted}, and no system to send them to.", "calm"
    return f"{' · '.join(told)}.", "bad" if total.failed else "busy"
