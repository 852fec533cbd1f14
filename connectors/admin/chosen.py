"""What one click asks for: records alone, or together with all that belongs to them.

A system takes some kinds of what belongs to a record and not others, and a person may
send some and not others: the words follow both.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest

from connectors import entities, registry, states
from connectors.admin import cells
from connectors.admin.board import Board
from connectors.entities import Entity
from connectors.mapping import unheld
from connectors.models import Connection
from connectors.protocol import Direction
from connectors.rendering import held
from connectors.states import State
from synclog import words

CHUNK = 10_000  # pks per query
Parts = dict[str, Sequence[int]]  # pks by entity


@dataclass(frozen=True, slots=True)
class Chosen:
    """Records (pks) by entity, parents first in the order that a sentence names them.

    `undecided` were chosen too, but need a person's choice first; `kept` are kept back by a
    rule, such as an inactive contact. `barred` tells how many belong to these and are left
    out, since this person may not send them.
    """

    label: str
    wanted: Mapping[str, Sequence[int]]
    undecided: Mapping[str, Sequence[int]] = field(default_factory=dict)
    kept: Mapping[str, Sequence[int]] = field(default_factory=dict)
    barred: Mapping[str, int] = field(default_factory=dict)
    is_family: bool = False

    @property
    def total(self) -> int:
        """Return how many records were chosen."""
        return number_of(self.wanted) + number_of(self.undecided) + number_of(self.kept)

    def all_of(self, name: str) -> list[int]:
        """Return what was chosen of an entity."""
        return [pk for part in (self.wanted, self.undecided, self.kept) for pk in part.get(name, ())]

    def counted(self) -> str:
        """Return what was chosen in words, as in "1 company, 3 contacts and 2 locations"."""
        numbers = {name: len(self.all_of(name)) for name in self.wanted}
        return listed([in_words(name, number) for name, number in numbers.items() if number])


def alone(board: Board, connection: Connection, pks: Sequence[int]) -> Chosen:
    """Return these records as they are, whatever a person has to decide."""
    return Chosen(board.push_label(connection), {board.entity.name: pks})


def decided(board: Board, connection: Connection, pks: Sequence[int]) -> Chosen:
    """Return these records; those that would not be sent if they were asked for are left out and told."""
    name, label = board.entity.name, board.push_label(connection)
    return Chosen(label, *_parted(connection, {name: pks}))


def with_family(request: HttpRequest, board: Board, connection: Connection, pks: Sequence[int]) -> Chosen:
    """Return these records and what belongs to those of them that are not left out."""
    own = board.entity
    wanted, undecided, kept = _parted(connection, {own.name: pks})
    goes, stays = family_of(request, own, connection)
    below = {kind.name: _below(kind, wanted[own.name]) for kind in goes}
    wanted_too, undecided_too, kept_too = _parted(connection, below)
    barred = {kind.name: len(_below(kind, wanted[own.name])) for kind in stays}
    return Chosen(
        f"{board.push_label(connection)} · {family_words(request, board, connection)}",
        wanted | wanted_too,
        undecided | undecided_too,
        kept | kept_too,
        {name: number for name, number in barred.items() if number},
        is_family=True,
    )


@dataclass(frozen=True, slots=True)
class Way:
    """A way to send records: alone, or with what belongs to them. `words` say which, where both can be."""

    label: str  # "Sync to B2B · with contacts and locations"
    words: str
    is_family: bool = False


def ways(request: HttpRequest, board: Board, connection: Connection, *, of_one: bool = False) -> list[Way]:
    """Return how this person can send records there, the usual way first.

    Usual is the whole family where a system creates a record only together with one of
    its children, else the records alone. `of_one`: the words are for a single record.
    """
    push, along = board.push_label(connection), family_words(request, board, connection)
    if not along:
        return [Way(push, "")]
    only = f"{board.entity.label if of_one else board.entity.label_plural} only"
    family = Way(f"{push} · {along}", along, is_family=True)
    if board.needs_lead(connection):
        return [family, Way(f"{push} · {only}", only)]
    return [Way(push, only), family]


def of_way(
    request: HttpRequest, board: Board, connection: Connection, pks: Sequence[int], *, is_family: bool
) -> Chosen:
    """Return these records, `is_family` with what belongs to them, as many ticked ones are taken."""
    if is_family:
        return with_family(request, board, connection, pks)
    return decided(board, connection, pks)


def url_of(way: Way, record: Any, connection: Connection) -> str:
    """Return the address that sends one record this way."""
    what = "family" if way.is_family else "sync"
    return cells.address(type(record), what, record.pk, connection.pk)


def family_words(request: HttpRequest, board: Board, connection: Connection) -> str:
    """Return "with contacts and locations" by what the system takes, "" where nothing goes along."""
    goes, _ = family_of(request, board.entity, connection)
    return f"with {listed([kind.label_plural for kind in goes])}" if goes else ""


def family_of(
    request: HttpRequest, own: Entity[Any, Any], connection: Connection
) -> tuple[list[Entity[Any, Any]], list[Entity[Any, Any]]]:
    """Return what goes along with an entity's records, and what this person may not send of what could."""
    taken = [kind for kind in entities.children_of(own.name) if kind.name in connection.system.entities]
    taken.sort(key=lambda kind: kind.label_plural)
    may = [kind for kind in taken if _may_sync(request, kind)]
    return may, [kind for kind in taken if kind not in may]


def number_of(chosen: Mapping[str, Collection[int]]) -> int:
    """Return how many records these are."""
    return sum(map(len, chosen.values()))


def in_words(name: str, number: int) -> str:
    """Return a number of an entity's records in words, as in "1,150 companies"."""
    kind = entities.get(name)
    return words.counted(number, kind.label, kind.label_plural)


def listed(parts: Sequence[str]) -> str:
    """Return "a, b and c"."""
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))


def _may_sync(request: HttpRequest, kind: Entity[Any, Any]) -> bool:
    meta = kind.model._meta
    return bool(request.user.has_perm(f"{meta.app_label}.sync_{meta.model_name}"))


def _below(kind: Entity[Any, Any], parents: Sequence[int]) -> list[int]:
    mine = kind.records().filter(**{f"{kind.parent}__in": parents}).order_by("pk")
    return list(mine.values_list("pk", flat=True))


def _parted(connection: Connection, pks: Mapping[str, Sequence[int]]) -> tuple[Parts, Parts, Parts]:
    """Part records into those to send, those that need a choice first and those kept back."""
    wanted: Parts = {}
    undecided: Parts = {}
    kept: Parts = {}
    for name, chosen in pks.items():
        links = entities.get(name).links().filter(states.where(State.CHOICE), connection=connection)
        open_ones = set(links.values_list("record_id", flat=True))
        back = kept_back(connection, name, [pk for pk in chosen if pk not in open_ones])
        undecided[name] = [pk for pk in chosen if pk in open_ones]
        kept[name] = [pk for pk in chosen if pk in back]
        wanted[name] = [pk for pk in chosen if pk not in open_ones and pk not in back]
    return wanted, undecided, kept


def kept_back(connection: Connection, name: str, pks: Sequence[int]) -> set[int]:
    """Return those of these records (pks) that a rule keeps back, or keeps back what they belong to."""
    kind = entities.get(name)
    if not kind.parent:
        return _held(connection, kind, pks)
    above: dict[int, int] = {}
    for start in range(0, len(pks), CHUNK):
        rows = kind.records().filter(pk__in=pks[start : start + CHUNK])
        above.update(rows.values_list("pk", f"{kind.parent}_id"))
    missing = set(above.values()) - _linked(connection, entities.get(kind.parent))
    lost = kept_back(connection, kind.parent, sorted(missing))
    return _held(connection, kind, pks) | {pk for pk, parent in above.items() if parent in lost}


def _held(connection: Connection, kind: Entity[Any, Any], pks: Sequence[int]) -> set[int]:
    mapping = registry.mapping(connection, kind.name)
    if mapping.holds is unheld and connection.direction(kind.name) != Direction.IN:
        return set()
    known, found = _linked(connection, kind), set[int]()
    for start in range(0, len(pks), CHUNK):
        records = kind.records().filter(pk__in=pks[start : start + CHUNK])
        found |= {one.pk for one in records if held(connection, mapping, one, is_linked=one.pk in known)}
    return found


def _linked(connection: Connection, kind: Entity[Any, Any]) -> set[int]:
    links = kind.links().linked().filter(connection=connection)
    return set(links.values_list("record_id", flat=True))
