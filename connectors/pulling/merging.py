"""What a record found over there means for ours: three values per field, and whose counts. Pure.

Ours, theirs, and what was last agreed (the snapshot). Whoever is the field's master wins;
the value that loses is told, never dropped in silence: here where it is taken over or
refused, and by the push, which logs what it overwrites. What is equal after conversion
has not changed, so that a phone that they write differently does not go back and forth.
"""

from collections.abc import Iterator
from collections.abc import Mapping as Map
from dataclasses import dataclass, field
from typing import Any

from connectors.mapping import Field, Json, Mapping, is_blank, same
from connectors.protocol import Direction


@dataclass(frozen=True, slots=True)
class Ours:
    """What we have of a link: our values in their words and in ours, and what was agreed."""

    payload: Map[str, Json]  # remote name -> our value, of new records too
    local: Map[str, Any]  # our name -> our value
    snapshot: Map[str, Json]
    left: Map[str, Json]


@dataclass(slots=True)
class Merged:
    """What to do: set `taken` here, and agree on `snapshot` and `left`.

    `changes` tells what is taken, `refused` what is not, by label: [before, theirs].
    """

    snapshot: dict[str, Json]
    left: dict[str, Json]
    taken: dict[str, Any] = field(default_factory=dict)
    changes: dict[str, list[Any]] = field(default_factory=dict)
    refused: dict[str, list[Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Group:
    """All fields of theirs that hold one field of ours; mostly it is one."""

    fields: tuple[Field, ...]

    @property
    def head(self) -> Field:
        """Return the one that knows the way back, else the first."""
        return next((item for item in self.fields if item.is_pulled), self.fields[0])

    def ours_of(self, theirs: Map[str, Json]) -> Any:
        """Return their values as our one."""
        return self.head.to_local(theirs.get(self.head.remote))

    def told(self, theirs: Map[str, Json]) -> Any:
        """Return their values as people read them."""
        return self.ours_of(theirs) if self.head.is_pulled else theirs.get(self.head.remote)


def groups(mapping: Mapping, names: Map[str, Json]) -> Iterator[Group]:
    """Yield what a found record says something of, by our fields, but for what only a new one takes."""
    by_local: dict[str, list[Field]] = {}
    for item in mapping.fields:
        if item.remote in names and item.only is None:
            by_local.setdefault(item.local, []).append(item)
    yield from (Group(tuple(fields)) for fields in by_local.values())


def merge(mapping: Mapping, direction: Direction, ours: Ours, theirs: Map[str, Json]) -> Merged:
    """Compare a record with what was found; `theirs` holds only what the answer says something of."""
    merged = Merged(dict(ours.snapshot), dict(ours.left))
    for group in groups(mapping, theirs):
        _merge_one(group, direction, ours, theirs, merged)
        for item in group.fields:
            if item.remote in ours.payload:  # else our parent is not there: nothing to compare with
                merged.snapshot[item.remote] = theirs[item.remote]
    return merged


def _merge_one(
    group: Group, direction: Direction, ours: Ours, theirs: Map[str, Json], merged: Merged
) -> None:
    names = [item.remote for item in group.fields if item.remote in ours.payload]
    if not names or all(same(theirs[name], ours.payload[name]) for name in names):
        for name in names:
            merged.left.pop(name, None)
        return
    is_changed = any(not same(theirs[name], ours.snapshot.get(name)) for name in names)
    if direction != Direction.OUT and (direction == Direction.IN or group.head.master == "remote"):
        _take(group, ours, theirs, merged)
    elif group.head.master == "local" and is_changed:
        _keep(group, names, ours, theirs, merged)


def _take(group: Group, ours: Ours, theirs: Map[str, Json], merged: Merged) -> None:
    """Take their value, unless they have none and never had one that we knew of."""
    head = group.head
    if not head.is_pulled or all(
        is_blank(theirs[item.remote]) and is_blank(ours.snapshot.get(item.remote)) for item in group.fields
    ):
        return
    value, before = group.ours_of(theirs), ours.local.get(head.local)
    if not means_same(value, before):
        merged.taken[head.local] = value
        merged.changes[head.label] = [before, value]


def _keep(group: Group, names: list[str], ours: Ours, theirs: Map[str, Json], merged: Merged) -> None:
    """Keep ours; the snapshot says that theirs differs, so ours is sent again."""
    if all(is_blank(ours.payload[name]) and is_blank(ours.snapshot.get(name)) for name in names):
        # We never said anything of it: sending our blank would wipe out what only they know.
        merged.left.update({name: ours.payload[name] for name in names})
    elif not all(name in ours.left and same(ours.left[name], ours.payload[name]) for name in names):
        before = {name: ours.snapshot.get(name) for name in theirs}
        merged.refused[group.head.label] = [group.told(before), group.told(theirs)]


def means_same(one: Any, other: Any) -> bool:
    """Return whether two of our values are the same to a person: None is no text."""
    if isinstance(one, bool) or isinstance(other, bool):
        return bool(one) == bool(other)
    return same("" if one is None else str(one), "" if other is None else str(other))
