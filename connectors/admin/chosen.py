"""What one click asks for: records alone, or together with all that belongs to them.

A system takes some kinds of what belongs to a record and not others, and a person may
send some and not others: the words follow both.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest

from connectors import entities, states
from connectors.admin.board import Board
from connectors.entities import Entity
from connectors.models import Connection
from connectors.states import State
from synclog import words


@dataclass(frozen=True, slots=True)
class Chosen:
    """Records (pks) by entity, parents first in the order that a sentence names them.

    `undecided` were chosen too, but need a person's choice first. `barred` tells how many
    belong to these and are left out, since this person may not send them.
    """

    label: str
    wanted: Mapping[str, Sequence[int]]
    undecided: Mapping[str, Sequence[int]] = field(default_factory=dict)
    barred: Mapping[str, int] = field(default_factory=dict)
    is_family: bool = False

    @property
    def total(self) -> int:
        """Return how many records were chosen."""
        return number_of(self.wanted) + number_of(self.undecided)

    def all_of(self, name: str) -> list[int]:
        """Return what was chosen of an entity."""
        return [*self.wanted.get(name, ()), *self.undecided.get(name, ())]

    def counted(self) -> str:
        """Return what was chosen in words, as in "1 company, 3 contacts and 2 locations"."""
        numbers = {name: len(self.all_of(name)) for name in self.wanted}
        return listed([in_words(name, number) for name, number in numbers.items() if number])


def alone(board: Board, connection: Connection, pks: Sequence[int]) -> Chosen:
    """Return these records as they are, whatever a person has to decide."""
    return Chosen(board.push_label(connection), {board.entity.name: pks})


def decided(board: Board, connection: Connection, pks: Sequence[int]) -> Chosen:
    """Return these records; those that only a person's choice can move on are left out and told."""
    name, label = board.entity.name, board.push_label(connection)
    wanted, undecided = _parted(connection, {name: pks})
    return Chosen(label, wanted, undecided)


def with_family(request: HttpRequest, board: Board, connection: Connection, pks: Sequence[int]) -> Chosen:
    """Return these records and what belongs to those of them that need no choice."""
    own = board.entity
    wanted, undecided = _parted(connection, {own.name: pks})
    goes, stays = family_of(request, own, connection)
    wanted_too, undecided_too = _parted(
        connection, {kind.name: _below(kind, wanted[own.name]) for kind in goes}
    )
    barred = {kind.name: len(_below(kind, wanted[own.name])) for kind in stays}
    return Chosen(
        family_label(request, board, connection),
        wanted | wanted_too,
        undecided | undecided_too,
        {name: number for name, number in barred.items() if number},
        is_family=True,
    )


def family_words(request: HttpRequest, board: Board, connection: Connection) -> str:
    """Return "with contacts and locations" by what the system takes, "" where nothing goes along."""
    goes, _ = family_of(request, board.entity, connection)
    return f"with {listed([kind.label_plural for kind in goes])}" if goes else ""


def family_label(request: HttpRequest, board: Board, connection: Connection) -> str:
    """Return "Sync to B2B · with contacts and locations", "" where nothing goes along."""
    along = family_words(request, board, connection)
    return f"{board.push_label(connection)} · {along}" if along else ""


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


def _parted(
    connection: Connection, pks: Mapping[str, Sequence[int]]
) -> tuple[dict[str, list[int]], dict[str, list[int]]]:
    """Part records into those to send and those that need a choice first."""
    wanted, undecided = {}, {}
    for name, chosen in pks.items():
        links = entities.get(name).links().filter(states.where(State.CHOICE), connection=connection)
        open_ones = set(links.values_list("record_id", flat=True))
        wanted[name] = [pk for pk in chosen if pk not in open_ones]
        undecided[name] = [pk for pk in chosen if pk in open_ones]
    return wanted, undecided
