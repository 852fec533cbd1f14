"""Which way records go, and who is the master of each field: what was asked for, and what it would mean.

Nothing is changed here. A field has a master to choose only where its records go both
ways: one way, all of them count on one side.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors import entities, registry
from connectors.admin.chosen import listed
from connectors.entities import Entity
from connectors.kinds import Kind
from connectors.mapping import Field
from connectors.models import Connection, Link, LinkQuerySet
from connectors.protocol import Direction
from connectors.states import on_the_way
from synclog import words

ARROWS = {Direction.OUT: "→", Direction.BOTH: "⇄", Direction.IN: "←"}
MASTER = "master_"  # before our name of a field, in an address and a form
LOCAL, REMOTE = "local", "remote"
HERE = "Concord"


def is_read(system: Kind, entity: str) -> bool:
    """Return whether records of an entity are read from this system at all."""
    return entity in system.directions


def said(system: Kind, direction: Direction) -> str:
    """Return a direction in words."""
    text = {
        Direction.OUT: f"only to {system.label}",
        Direction.BOTH: "both ways",
        Direction.IN: f"only from {system.label}",
    }[direction]
    return f"{ARROWS[direction]} {text}"


def _goes(system: Kind, direction: Direction) -> str:
    """Return the same as a verb: "go both ways", "come only from B2B"."""
    verb = "come" if direction == Direction.IN else "go"
    return f"{verb} {said(system, direction)[2:]}"


def master_said(system: Kind, master: str) -> str:
    """Return who the master is."""
    return system.label if master == REMOTE else HERE


def choosable(connection: Connection, entity: str) -> dict[str, Field]:
    """Return the fields whose master can be chosen, by our names, each with its kind's own master."""
    health = getattr(connection, "health", None)
    bound = connection.system.mappings(connection.settings, health.facts if health else {})[entity]
    return {item.local: item for item in bound.fields if item.is_pulled and item.only is None}


def masters_now(connection: Connection, entity: str) -> dict[str, str]:
    """Return the master of every field that has a choice, by our names; {} where records go one way."""
    if connection.direction(entity) != Direction.BOTH:
        return {}
    fields = registry.mapping(connection, entity).fields
    return {item.local: item.master for item in fields if item.is_pulled and item.only is None}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody wants of one entity of a connection. One way, no field has a master of its own."""

    connection: Connection
    entity: Entity[Any, Any]
    direction: Direction
    masters: Mapping[str, str]

    @property
    def before(self) -> Direction:
        """Return the direction as it is."""
        return self.connection.direction(self.entity.name)

    def turned(self, to: str) -> list[Field]:
        """Return the fields that get this master by a choice of their own."""
        if self.direction != Direction.BOTH:
            return []
        now = masters_now(self.connection, self.entity.name)
        fields = choosable(self.connection, self.entity.name)
        return [
            item
            for name, item in fields.items()
            if self.masters[name] == to and now.get(name, item.master) != to
        ]

    @property
    def is_new(self) -> bool:
        """Return whether anything would change."""
        return self.direction != self.before or bool(self.turned(LOCAL) or self.turned(REMOTE))

    def apply(self) -> None:
        """Put it into the connection, of which only what differs from the default is kept. Saves nothing."""
        name, default = self.entity.name, self.connection.system.directions[self.entity.name]
        chosen = {name: self.direction.value} if self.direction != default else {}
        fields = choosable(self.connection, name)
        differing = {key: value for key, value in self.masters.items() if value != fields[key].master}
        self.connection.directions = {**_without(self.connection.directions, name), **chosen}
        kept = {name: differing} if differing else {}
        self.connection.masters = {**_without(self.connection.masters, name), **kept}


def _without(stored: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in stored.items() if key != name}


def wanted(connection: Connection, entity: Entity[Any, Any], query: Mapping[str, str]) -> Wanted:
    """Return what an address or a form asks for; what it does not name, or names wrongly, stays."""
    before = connection.direction(entity.name)
    asked = query.get("direction", "")
    direction = Direction(asked) if asked in set(Direction) else before
    if direction != Direction.BOTH:
        return Wanted(connection, entity, direction, {})
    fields, now = choosable(connection, entity.name), masters_now(connection, entity.name)
    masters = {}
    for name, item in fields.items():
        choice = query.get(MASTER + name, "")
        masters[name] = choice if choice in (LOCAL, REMOTE) else now.get(name, item.master)
    return Wanted(connection, entity, direction, masters)


def consequences(asked: Wanted) -> list[str]:
    """Return what would be different from then on, in numbers, sentence by sentence."""
    return list(_consequences(asked))


def _consequences(asked: Wanted) -> Iterator[str]:
    there, linked = asked.connection.system.label, _linked(asked).count()
    of = f" of {_counted(asked, linked)}" if linked else ""
    if asked.direction != asked.before:
        yield from _TURNS[asked.direction](asked, there, of)
    if theirs := asked.turned(REMOTE):
        verb, it = ("replaces", "it changes") if len(theirs) == 1 else ("replace", "they change")
        yield (
            f"From now on {there}'s {_names(theirs)}{of} {verb} ours when {it} there. A new "
            f"{asked.entity.label} still takes ours along; later changes of ours are not sent."
        )
        yield from _differing(asked, theirs, there)
    if ours := asked.turned(LOCAL):
        verb = "replaces" if len(ours) == 1 else "replace"
        yield (
            f"From now on our {_names(ours)}{of} {verb} {there}'s: each when it is next sent"
            f"{_at_once(asked)}. What is changed there is overwritten then, and stands in the log."
        )
    if not linked:
        yield f"No {asked.entity.label} is linked to one in {there} yet."


def _linked(asked: Wanted) -> LinkQuerySet:
    return asked.entity.links().linked().filter(connection=asked.connection)


def _to_out(asked: Wanted, there: str, of: str) -> Iterator[str]:
    many = asked.entity.label_plural
    if lost := _theirs_now(asked):
        yield (
            f"{there}'s {_names(lost)}{of} {'is' if len(lost) == 1 else 'are'} not taken over any "
            f"more: from now on ours is sent, each record when it is next sent{_at_once(asked)}."
        )
    yield (
        f"What is changed in {there} is noticed and not taken over: our next send of a record overwrites it. "
        f"{many.capitalize()} that are new in {there} are not made here."
    )


def _to_both(asked: Wanted, there: str, of: str) -> Iterator[str]:
    many = asked.entity.label_plural
    if asked.before == Direction.IN:
        yield f"Ours are sent to {there} again, each when it is next sent{_at_once(asked)}."
    yield (
        f"{many.capitalize()} that are new in {there} are made here, and sent on to your other systems where "
        "those take them by themselves."
    )
    if not asked.turned(REMOTE):
        yield (
            f"Every field{of} stays Concord's until you let {there} own it: what is changed there is "
            "overwritten by our next send, and stands in the log."
        )


def _to_in(asked: Wanted, there: str, of: str) -> Iterator[str]:
    many = asked.entity.label_plural
    yield f"{many.capitalize()} are not sent to {there} any more.{_left_behind(asked)}"
    names = _names(list(choosable(asked.connection, asked.entity.name).values()))
    yield f"From now on {there}'s {names}{of} replace ours when they change there."
    yield f"{many.capitalize()} that are new in {there} are made here."


def _left_behind(asked: Wanted) -> str:
    """Return what of ours will never arrive, in numbers."""
    waiting = asked.entity.links().filter(on_the_way(), connection=asked.connection).count()
    unsent = _linked(asked).filter(enabled=Link.Enabled.YES).exclude(changed=[]).count()
    waits = f" {_counted(asked, waiting)} {'waits' if waiting == 1 else 'wait'} now and will not be sent."
    has = f" {_counted(asked, unsent)} {'has' if unsent == 1 else 'have'} changes that will never be sent."
    return (waits if waiting else "") + (has if unsent else "")


_TURNS = {Direction.OUT: _to_out, Direction.BOTH: _to_both, Direction.IN: _to_in}


def _theirs_now(asked: Wanted) -> list[Field]:
    """Return the fields that were theirs and are ours from then on."""
    fields = choosable(asked.connection, asked.entity.name)
    if asked.before == Direction.IN:
        return list(fields.values())
    now = masters_now(asked.connection, asked.entity.name)
    return [item for name, item in fields.items() if now.get(name) == REMOTE]


def _differing(asked: Wanted, fields: Sequence[Field], there: str) -> Iterator[str]:
    """Yield how many records differ already in one of these, as far as is known here."""
    ours, theirs = {item.local for item in fields}, {item.remote for item in fields}
    rows = _linked(asked).exclude(changed=[], left={}).values_list("changed", "left")
    number = sum(bool(ours & set(changed) or theirs & set(left)) for changed, left in rows.iterator())
    if number:
        verb = "differs" if number == 1 else "differ"
        yield (
            f"{_counted(asked, number)} {verb} there already: {there}'s value is taken at the next look at "
            "the whole list."
        )


def _at_once(asked: Wanted) -> str:
    """Return how soon that is, where it comes by itself."""
    return ", at once where it differs" if asked.connection.pushes_automatically(asked.entity.name) else ""


def _counted(asked: Wanted, number: int) -> str:
    return words.counted(number, asked.entity.label, asked.entity.label_plural)


def _names(fields: Sequence[Field]) -> str:
    return listed([item.label for item in fields])


def question(asked: Wanted) -> str:
    """Return the question of the page that asks."""
    many, system = asked.entity.label_plural, asked.connection.system
    if asked.direction != asked.before:
        return f"Let {many} {_goes(system, asked.direction)}"
    return f"Change who is the master of {_names([*asked.turned(REMOTE), *asked.turned(LOCAL)])}"


def button(asked: Wanted) -> str:
    """Return what the button says: the act, again."""
    theirs, ours = asked.turned(REMOTE), asked.turned(LOCAL)
    if asked.direction != asked.before:
        return question(asked)
    if theirs and ours:
        return f"Change {words.counted(len(theirs) + len(ours), 'field', 'fields')}"
    master = asked.connection.system.label if theirs else HERE
    named = _names(theirs or ours) if len(theirs or ours) == 1 else f"{len(theirs or ours)} fields"
    return f"Let {master} own {named}"


def told(asked: Wanted) -> str:
    """Return what was decided, as the log and the message say it: call it before `apply`."""
    many, system = asked.entity.label_plural, asked.connection.system
    parts = []
    if asked.direction != asked.before:
        parts.append(f"{many} {_goes(system, asked.direction)}")
    for master, fields in ((system.label, asked.turned(REMOTE)), (HERE, asked.turned(LOCAL))):
        if fields:
            parts.append(f"{master} is the master of {_names(fields)} of {many}")
    return f"{asked.connection.name}: from now on {listed(parts)}."


def history_label(column: str, key: str) -> str:
    """Return what the history calls one of these choices, "" for what is none of them."""
    entity, _, name = key.partition(".")
    known = {kind.name: kind.label_plural for kind in entities.in_order()}
    if column == "directions":
        return f"Direction of {known.get(entity, entity)}"
    if column == "masters":
        return f"Master of {name.replace('_', ' ')} of {known.get(entity, entity)}"
    return ""


def history_value(system: Kind, column: str, value: str | None) -> str:
    """Return a direction or a master in words, "" for what is none of them."""
    if column not in ("directions", "masters"):
        return ""
    if not value:
        return "default"
    return said(system, Direction(value)) if column == "directions" else master_said(system, value)
