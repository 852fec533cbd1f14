"""How each connection stands, in words and in numbers that are links."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone

from connectors import states
from connectors.admin import cells
from connectors.admin.board import health_of, synced_entities
from connectors.entities import Entity
from connectors.models import Connection, ConnectionHealth
from connectors.states import State
from synclog import words

COUNTED = {
    "in_sync": states.where(State.IN_SYNC),
    "changed": states.where(State.CHANGED),
    "waiting": states.on_the_way(),
    "failed": states.needs_you(),
    "not_enabled": states.where(State.NOT_ENABLED),
}


@dataclass(frozen=True, slots=True)
class Figures:
    """How many records of a connection are in which state, over all entities."""

    in_sync: int = 0
    changed: int = 0
    waiting: int = 0
    failed: int = 0
    not_enabled: int = 0

    def __add__(self, other: "Figures") -> "Figures":
        """Return the sums."""
        return Figures(
            self.in_sync + other.in_sync,
            self.changed + other.changed,
            self.waiting + other.waiting,
            self.failed + other.failed,
            self.not_enabled + other.not_enabled,
        )


@dataclass(frozen=True, slots=True)
class Standing:
    """How a connection fares, as a tone and a sentence. The sentence may hold remote text."""

    tone: str  # "good", "warn", "bad", "calm"
    sentence: str


def figures() -> dict[int, Figures]:
    """Return every connection's numbers, in one query per entity."""
    found: dict[int, Figures] = {}
    for entity in synced_entities():
        for pk, numbers in _of(entity).items():
            found[pk] = found.get(pk, Figures()) + numbers
    return found


def _of(entity: Entity[Any, Any]) -> dict[int, Figures]:
    wanted = {name: Count("pk", filter=condition) for name, condition in COUNTED.items()}
    rows = entity.links().order_by().values("connection").annotate(**wanted)
    return {row.pop("connection"): Figures(**row) for row in rows}


def standing(connection: Connection) -> Standing:
    """Return how a connection fares now."""
    health, now = health_of(connection), timezone.now()
    if not connection.enabled:
        return Standing("calm", "Switched off: nothing is sent.")
    if getattr(connection.credentials, "unreadable", False):
        return Standing("bad", "The stored login can't be read: its key is missing. Enter it anew.")
    if health is None:
        return Standing("calm", "Never tested.")
    if health.is_paused(now):
        return _paused(health)
    if health.failures:
        last = "call" if health.failures == 1 else f"{health.failures:,} calls"
        return Standing("warn", f"Stumbling: the last {last} failed. Batches are smaller until one works.")
    if failed := _failed_checks(health):
        return Standing("bad", f"The last test failed: {failed}.")
    if health.last_success:
        return Standing("good", f"Healthy, last success {words.when(health.last_success, now)}")
    return Standing("calm", "Nothing was sent yet." if health.tested_at else "Never tested. Test it first.")


def _failed_checks(health: ConnectionHealth) -> str:
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


def usage(connection: Connection) -> str:
    """Return the calls used, as the other side counts them."""
    health = health_of(connection)
    used = (health.usage or {}) if health else {}
    if not used.get("limit"):
        return ""
    counted = f"{int(used.get('used', 0)):,} of {int(used['limit']):,}"
    return f"{counted} calls today, shared with your other integrations"


def card(connection: Connection, numbers: Figures) -> dict[str, Any]:
    """Return what a connection's card shows."""
    how = standing(connection)
    return {
        "name": connection.name,
        "system": connection.system.label,
        "environment": cells.environment(connection),
        "tone": how.tone,
        "sentence": how.sentence,
        "url": cells.address(Connection, "change", connection.pk),
        "numbers": links(numbers),
        "usage": usage(connection),
        "oldest": oldest(connection),
    }


def links(numbers: Figures) -> list[dict[str, str]]:
    """Return In sync · Changed · Waiting · Failed, each with the list that it counts."""
    tabs = {"In sync": "", "Changed": "changed", "Waiting": "waiting", "Failed": "needs_you"}
    values = (numbers.in_sync, numbers.changed, numbers.waiting, numbers.failed)
    grid = _grid()
    return [
        {
            "label": label,
            "number": f"{value:,}",
            "url": f"{grid}?state={tab}" if tab else grid,
            "tone": label.lower().replace(" ", "_") if value else "none",
        }
        for (label, tab), value in zip(tabs.items(), values, strict=True)
    ]


def oldest(connection: Connection) -> str:
    """Return how long the longest waiting record of a connection has waited."""
    rows = (entity.links().filter(states.on_the_way(), connection=connection) for entity in synced_entities())
    moments = [row.order_by("requested_at").values_list("requested_at", flat=True).first() for row in rows]
    first = min((moment for moment in moments if moment), default=None)
    return f"longest for {words.lasting(first, timezone.now())}" if first else ""


def changed(connection: Connection, entity: Entity[Any, Any]) -> int:
    """Return how many records of an entity have changes that were not sent."""
    return int(entity.links().filter(Q(connection=connection) & states.where(State.CHANGED)).count())


def _grid() -> str:
    first = synced_entities()[0].model._meta
    return reverse(f"admin:{first.app_label}_{first.model_name}_changelist")
