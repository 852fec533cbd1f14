"""How each connection stands, in words and in numbers that are links."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from connectors import entities, states
from connectors.admin import cells, connection_calls, tabs
from connectors.admin.board import health_of, synced_entities
from connectors.entities import Entity
from connectors.models import Connection, ConnectionHealth
from connectors.states import State
from synclog import words

ALWAYS_SHOWN = 4  # states whose number is shown even where it is none
COUNTED = {
    "in_sync": states.where(State.IN_SYNC),
    "changed": states.where(State.CHANGED),
    "waiting": states.unsettled(),
    "failed": states.needs_you(),
    "not_enabled": states.where(State.NOT_ENABLED),
}


@dataclass(frozen=True, slots=True)
class Figures:
    """How many records of one entity are in which state in one connection. The parts add up to the total."""

    entity: Entity[Any, Any]
    total: int = 0
    in_sync: int = 0
    changed: int = 0
    waiting: int = 0
    failed: int = 0
    not_enabled: int = 0

    @property
    def known(self) -> int:
        """Return how many have a state of their own."""
        return self.in_sync + self.changed + self.waiting + self.failed + self.not_enabled

    @property
    def not_synced(self) -> int:
        """Return how many were never sent: they may have no row at all."""
        return max(0, self.total - self.known)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a connection fares, as a tone and a sentence. The sentence may hold remote text."""

    tone: str  # "good", "warn", "bad", "calm"
    sentence: str


def figures(shown: Sequence[Entity[Any, Any]] | None = None) -> dict[int, list[Figures]]:
    """Return every connection's numbers, by entity (of these), parents first: two queries per entity."""
    chosen = synced_entities() if shown is None else shown
    rows = list(Connection.objects.order_by("pk"))
    found: dict[int, list[Figures]] = {row.pk: [] for row in rows}
    for entity in chosen:
        takers = [row.pk for row in rows if entity.name in row.system.entities]
        counted = _of(entity) if takers else {}
        total = entity.records().count() if takers else 0
        for pk in takers:
            found[pk].append(Figures(entity, total, **counted.get(pk, {})))
    return found


def _of(entity: Entity[Any, Any]) -> dict[int, dict[str, int]]:
    # Numbered, since a condition behind an annotation "changed" would mean that instead of the column.
    wanted = {f"n{i}": Count("pk", filter=condition) for i, condition in enumerate(COUNTED.values())}
    rows = entity.links().order_by().values("connection").annotate(**wanted)
    return {row["connection"]: {name: row[f"n{i}"] for i, name in enumerate(COUNTED)} for row in rows}


def standing(connection: Connection) -> Standing:
    """Return how a connection fares now."""
    health, now = health_of(connection), timezone.now()
    if getattr(connection.credentials, "unreadable", False):
        return Standing("bad", "The stored login can't be read: its key is missing. Enter it anew.")
    if connection.awaits_test:
        return _untested(health)
    if not connection.enabled:
        return Standing("calm", "Switched off: nothing is sent.")
    if health is None:
        return Standing("calm", "Never tested.")
    if health.is_paused():
        return _slowed(connection, health) or _paused(health)
    if health.failures:
        last = "call" if health.failures == 1 else f"{health.failures:,} calls"
        return Standing("warn", f"Stumbling: the last {last} failed. Batches are smaller until one works.")
    if failed := failed_checks(health):
        return Standing("bad", f"The last test failed: {failed}.")
    if health.last_success:
        return Standing("good", f"Healthy, last success {words.when(health.last_success, now)}")
    return Standing("calm", "Nothing was sent yet." if health.tested_at else "Never tested. Test it first.")


def _untested(health: ConnectionHealth | None) -> Standing:
    """Return the standing of a new connection, which its first passed test switches on."""
    if health is not None and (failed := failed_checks(health)):
        return Standing("bad", f"The last test failed: {failed}. Nothing is sent until one has passed.")
    return Standing("warn", "Not tested yet: nothing is sent until a test has passed.")


def failed_checks(health: ConnectionHealth) -> str:
    """Return what failed in the last test, "" where something arrived since."""
    if not health.tested_at or (health.last_success and health.last_success > health.tested_at):
        return ""
    red = [str(item.get("label", "")) for item in health.checks if item.get("ok") is False]
    return states.capped(", ".join(red), 200)


def _paused(health: ConnectionHealth) -> Standing:
    reason = states.capped(health.pause_reason, 400) or "no reason was kept"
    tone = "bad" if health.pause in health.UNTIL_SOMEONE_ACTS else "warn"
    until = ""
    if health.pause not in health.UNTIL_SOMEONE_ACTS and health.paused_until:
        until = f" Next look {words.clock(health.paused_until)}."
    since = f" since {words.clock(health.paused_at)}" if health.paused_at else ""
    return Standing(tone, f"Paused{since}: {reason}{until}")


def _slowed(connection: Connection, health: ConnectionHealth) -> Standing | None:
    """Return the standing of one whose calls are used up for a moment only."""
    said = connection_calls.slowed(connection, health)
    return Standing("warn", said) if said else None


def card(connection: Connection, counted: Mapping[int, Sequence[Figures]]) -> dict[str, Any]:
    """Return what a connection's card shows."""
    how = standing(connection)
    return {
        "name": connection.name,
        "system": connection.system.label,
        "environment": cells.environment(connection),
        "tone": how.tone,
        "sentence": how.sentence,
        "url": cells.address(Connection, "change", connection.pk),
        "rows": [_row(numbers) for numbers in counted.get(connection.pk, [])],
        "usage": connection_calls.usage(connection),
        "meter": connection_calls.meter(connection),
        "oldest": oldest(connection),
        "orphans": orphans(connection),
    }


def _row(numbers: Figures) -> dict[str, Any]:
    entity = numbers.entity
    return {
        "label": entity.label_plural.capitalize(),
        "total": f"{numbers.total:,}",
        "numbers": links(numbers),
    }


def links(numbers: Figures) -> list[dict[str, str]]:
    """Return the states with a record in them, and the first four anyway; each leads to what it counts."""
    parts = [
        ("In sync", numbers.in_sync, ""),
        ("Changed", numbers.changed, tabs.CHANGED),
        ("Waiting", numbers.waiting, tabs.WAITING),
        ("Failed", numbers.failed, tabs.NEEDS_YOU),
        ("Not enabled", numbers.not_enabled, ""),
        ("Not synced", numbers.not_synced, tabs.NOT_SYNCED),
    ]
    return [
        {
            "label": label,
            "number": f"{value:,}",
            "url": grid(numbers.entity, tab),
            "tone": label.lower().replace(" ", "_") if value else "none",
        }
        for place, (label, value, tab) in enumerate(parts)
        if value or place < ALWAYS_SHOWN
    ]


def lines(connection: Connection, counted: Mapping[int, Sequence[Figures]]) -> SafeString:
    """Return a connection's numbers for a grid: a line per entity."""
    html = '<a class="cc-number cc-is-{}" href="{}"><b>{}</b> {}</a>'
    shown = (
        (
            numbers.entity.label_plural.capitalize(),
            format_html_join(
                "", html, ((it["tone"], it["url"], it["number"], it["label"]) for it in links(numbers))
            ),
        )
        for numbers in counted.get(connection.pk, [])
    )
    return format_html_join("", '<span class="cc-numbers"><span class="cc-second">{}</span>{}</span>', shown)


def grid(entity: Entity[Any, Any], tab: str = "") -> str:
    """Return the address of an entity's grid, or of one of its tabs."""
    url = cells.address(entity.model, "changelist")
    return f"{url}?{tabs.PARAMETER}={tab}" if tab else url


def oldest(connection: Connection) -> str:
    """Return how long the longest waiting record of a connection has waited."""
    taken = entities.in_order(connection.system.entities)
    rows = (entity.links().filter(states.on_the_way(), connection=connection) for entity in taken)
    moments = [row.order_by("requested_at").values_list("requested_at", flat=True).first() for row in rows]
    first = min((moment for moment in moments if moment), default=None)
    return f"longest for {words.lasting(first, timezone.now())}" if first else ""


def orphans(connection: Connection) -> str:
    """Return how many records are over there whose own were deleted here meanwhile, "" for none."""
    number = connection.orphans.count()
    counted = words.counted(number, "record", "records")
    return f"{counted} left behind in {connection.system.label}" if number else ""


def changed(connection: Connection, entity: Entity[Any, Any]) -> int:
    """Return how many records of an entity have changes that were not sent."""
    return int(entity.links().filter(Q(connection=connection) & states.where(State.CHANGED)).count())
