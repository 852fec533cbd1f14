"""The first page: one sentence, then a card per connection. Calm where all is well."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.http import HttpRequest

from connectors.admin import cells, figures, tabs
from connectors.admin.board import health_of, synced_entities
from connectors.admin.chosen import listed
from connectors.admin.figures import Figures
from connectors.entities import Entity
from connectors.models import Connection, ConnectionHealth, UserLink
from connectors.states import capped, pause_words
from connectors.users.known import has_users
from synclog import words

NAME_CHARS = 60


def overview(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add the headline and the cards to the index (Unfold's DASHBOARD_CALLBACK)."""
    shown = [entity for entity in synced_entities() if _may_view(request, entity)]
    if not shown:
        return {**context, "title": "Overview"}
    counted = figures.figures(shown)
    rows = list(Connection.objects.select_related("health", "pace").order_by("-enabled", "name"))
    enabled = [numbers for row in rows if row.enabled for numbers in counted[row.pk]]
    told, tone = headline(enabled, shown[0], has_connections=any(row.enabled for row in rows))
    paused, alarm = pauses([row for row in rows if row.enabled])
    may_connect = request.user.has_perm("connectors.add_connection")
    return {
        **context,
        "title": "Overview",
        "cc_headline": f"{told} {paused}".strip(),
        "cc_tone": "bad" if "bad" in (tone, alarm) else alarm or tone,
        "cc_cards": [figures.card(row, counted) for row in rows],
        "cc_see": list(_problems(enabled)),
        "cc_steps": steps(rows, enabled),
        "cc_connect": cells.address(Connection, "add") if may_connect else "",
    }


def _may_view(request: HttpRequest, entity: Entity[Any, Any]) -> bool:
    meta = entity.model._meta
    return bool(request.user.has_perm(f"{meta.app_label}.view_{meta.model_name}"))


def _problems(counted: Iterable[Figures]) -> Iterable[dict[str, str]]:
    """Yield a way to each list that holds problems, named where there are several."""
    by_entity: dict[str, list[Figures]] = {}
    for numbers in counted:
        if numbers.failed:
            by_entity.setdefault(numbers.entity.name, []).append(numbers)
    for found in by_entity.values():
        entity = found[0].entity
        number = sum(numbers.failed for numbers in found)
        problems = words.counted(number, "problem", "problems")
        of = f" of {entity.label_plural}" if len(by_entity) > 1 else ""
        yield {"label": f"See {problems}{of}", "url": figures.grid(entity, tabs.NEEDS_YOU)}


def headline(
    counted: Sequence[Figures], first: Entity[Any, Any], *, has_connections: bool
) -> tuple[str, str]:
    """Return the sentence of the whole, and its tone. Every record counts once per connection that takes it.

    `first` is the entity to speak of while no connection takes any.
    """
    if not has_connections:
        here = first.records().count()
        if not here:
            return f"No {first.label_plural} yet.", "calm"
        return (
            f"{words.counted(here, first.label, first.label_plural)}, and no system to send them to.",
            "calm",
        )
    total = sum(numbers.total for numbers in counted)
    if not total:
        return f"No {first.label_plural} yet.", "calm"
    if not any(numbers.known for numbers in counted):
        return f"Nothing was sent yet. {_here(counted)} here.", "calm"
    parts = _parts(counted)
    if len(parts) == 1 and parts[0][1] == "in sync":
        return f"All {words.counted(total, 'record is', 'records are')} in sync.", "good"
    failed = any(numbers.failed for numbers in counted)
    return f"{' · '.join(f'{number:,} {word}' for number, word in parts)}.", "bad" if failed else "busy"


def pauses(enabled: Iterable[Connection]) -> tuple[str, str]:
    """Return a sentence per connection that sends nothing now, and the worst of their tones; "" for none."""
    told, tones = [], set()
    for row in enabled:
        health = health_of(row)
        if health is None or not health.is_paused():
            continue
        told.append(f"{capped(row.name, NAME_CHARS)} {_why(health)}.")
        tones.add("bad" if health.pause in (health.Pause.LOGIN, health.Pause.SETUP) else "warn")
    return " ".join(told), min(tones, default="")  # "bad" comes before "warn"


def _why(health: ConnectionHealth) -> str:
    why = pause_words(health)
    if health.pause == health.Pause.LIMIT:
        return f"is slowed down: {why}"
    return f"is {why}" if health.pause == health.Pause.PERSON else f"is paused: {why}"


def steps(connections: Sequence[Connection], counted: Sequence[Figures]) -> list[dict[str, Any]]:
    """Return the first steps, each with whether it is done; none where all are."""
    tested = any(row.health.tested_at and not figures.failed_checks(row.health) for row in connections)
    users = {"Link your users": UserLink.objects.exists()}
    if connections and not any(has_users(row.system) for row in connections):
        users = {}  # nobody owns anything there
    done = {
        "Connect a system": bool(connections),
        "Test connection": tested,
        **users,
        "Send one company": any(numbers.in_sync or numbers.changed for numbers in counted),
    }
    if done["Send one company"]:  # it works: whoever has linked nobody may mean that
        return []
    return [{"label": label, "is_done": is_done} for label, is_done in done.items()]


def _parts(counted: Sequence[Figures]) -> list[tuple[int, str]]:
    """Return the numbers over all entities and connections in words; those that are none are left out."""
    failed = sum(numbers.failed for numbers in counted)
    parts = [
        (sum(numbers.in_sync for numbers in counted), "in sync"),
        (sum(numbers.changed for numbers in counted), "changed, not sent"),
        (sum(numbers.waiting for numbers in counted), "waiting"),
        (failed, "needs you" if failed == 1 else "need you"),
        (sum(numbers.not_enabled for numbers in counted), "not enabled"),
        (sum(numbers.not_synced for numbers in counted), "not synced"),
    ]
    return [part for part in parts if part[0]]


def _here(counted: Sequence[Figures]) -> str:
    """Return "300 companies and 900 contacts"; each entity once, whatever takes it."""
    once = {numbers.entity.name: numbers for numbers in counted if numbers.total}
    return listed(
        [words.counted(item.total, item.entity.label, item.entity.label_plural) for item in once.values()]
    )
