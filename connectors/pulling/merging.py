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

from connectors.mapping import Field, Json, Mapping, as_text, is_blank, same
from connectors.protocol import Direction


@dataclass(frozen=True, slots=True)
class Ours:
    """What we have of a link: our values in their words and in ours, and what was agreed."""

    payload: Map[str, Json]  # remote name -> our value, of new records too
    local: Map[str, Any]  # our name -> our value
    snapshot: Map[str, Json]
    left: Map[str, Json]
    unanswered: bool = False  # a call of ours without an answer may be what changed theirs


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


def said(mapping: Mapping, names: Map[str, Json]) -> Iterator[Field]:
    """Yield the fields that a found record says something of, but for what only a new one takes."""
    yield from (item for item in mapping.fields if item.remote in names and item.only is None)


def merge(mapping: Mapping, direction: Direction, ours: Ours, theirs: Map[str, Json]) -> Merged:
    """Compare a record with what was found; `theirs` holds only what the answer says something of."""
    merged = Merged(dict(ours.snapshot), dict(ours.left))
    for item in said(mapping, theirs):
        if item.remote in ours.payload:  # else our parent is not there: nothing to compare with
            _merge_one(item, direction, ours, theirs[item.remote], merged)
            merged.snapshot[item.remote] = theirs[item.remote]
    return merged


def _merge_one(item: Field, direction: Direction, ours: Ours, theirs: Json, merged: Merged) -> None:
    name = item.remote
    before = ours.snapshot.get(name)
    if same(theirs, ours.payload[name]):
        merged.left.pop(name, None)
    elif direction == Direction.IN or (direction == Direction.BOTH and item.master == "remote"):
        if item.is_pulled and not (is_blank(theirs) and is_blank(before)):
            _take(item, ours, theirs, merged)
    elif item.master == "local" and not same(theirs, before):
        _keep(item, ours, theirs, merged)


def _take(item: Field, ours: Ours, theirs: Json, merged: Merged) -> None:
    value, before = item.to_local(theirs), ours.local.get(item.local)
    if is_blank(value) and not is_blank(as_text(theirs)):
        value = as_text(theirs)  # no word of ours: refused as it is, not taken for an empty one
    if not means_same(value, before):
        merged.taken[item.local] = value
        merged.changes[item.label] = [before, value]


def _keep(item: Field, ours: Ours, theirs: Json, merged: Merged) -> None:
    """Keep ours; the snapshot says that theirs differs, so ours is sent again."""
    name, before, value = item.remote, ours.snapshot.get(item.remote), ours.payload[item.remote]
    if is_blank(value) and is_blank(before) and not (ours.unanswered and name in ours.snapshot):
        # We never said anything of it: sending our blank would wipe out what only they know.
        merged.left[name] = value
    elif not (name in ours.left and same(ours.left[name], value)):
        shown = item.to_local if item.is_pulled else _as_it_is
        merged.refused[item.label] = [shown(before), shown(theirs)]


def _as_it_is(value: Json) -> Json:
    return value


def means_same(one: Any, other: Any) -> bool:
    """Return whether two of our values are the same to a person: None is no text."""
    if isinstance(one, bool) or isinstance(other, bool):
        return bool(one) == bool(other)
    return same("" if one is None else str(one), "" if other is None else str(other))
