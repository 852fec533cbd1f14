"""What a connection was not sent yet and automatic sync would send: changed, or never sent at all.

Only what is enabled, in a status that was chosen, and not kept back by a rule. What failed
or waits already has its own ways out.
"""

from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from connectors import states
from connectors.admin import company_configuration
from connectors.admin.chosen import kept_back
from connectors.entities import Entity
from connectors.models import Connection
from connectors.states import State
from synclog import words

CHANGED, ALL = "changed", "all"  # of what was not sent; else all that is enabled


@dataclass(frozen=True, slots=True)
class Unsent:
    """What of one entity was not sent: pks to send by why, and how many are left out by why."""

    entity: Entity[Any, Any]
    changed: list[int]
    never: list[int]  # nobody ever sent them
    disabled: list[int]  # the same, and nobody enabled them for the connection yet
    changed_left: int  # in a status that is not sent automatically
    never_left: int  # the same

    @property
    def total(self) -> int:
        """Return how many there are to send."""
        return len(self.changed) + len(self.never) + len(self.disabled)

    def counted(self, number: int) -> str:
        """Return a number of them in words, as in "31 companies"."""
        return words.counted(number, self.entity.label, self.entity.label_plural)

    def to_send(self, what: str) -> list[int]:
        """Return what of it goes: CHANGED alone, ALL, or else all that is enabled."""
        if what == CHANGED:
            return self.changed
        return [*self.changed, *self.never, *(self.disabled if what == ALL else ())]


def unsent(connection: Connection, entity: Entity[Any, Any]) -> Unsent:
    """Return what of an entity was not sent, and could be."""
    records, links = entity.records(), entity.links().filter(connection=connection)
    changed = records.filter(pk__in=links.filter(states.where(State.CHANGED)).values("record"))
    never = Q(pk__in=links.filter(states.where(State.NOT_SYNCED)).values("record"))
    unknown = ~Q(pk__in=links.values("record")) & Q(sync_enabled=True)
    if connection.associates_automatically(entity.name):
        never, unknown = never | unknown, Q(pk__in=())
    sent = _in_sent_status(connection, entity)
    to_send = _pks(changed.filter(sent))
    return Unsent(
        entity,
        changed=to_send,
        never=_going(connection, entity, records.filter(never, sent)),
        disabled=_going(connection, entity, records.filter(unknown, sent)),
        changed_left=changed.count() - len(to_send),
        never_left=records.filter(never | unknown).count() - records.filter(never | unknown, sent).count(),
    )


def _going(connection: Connection, entity: Entity[Any, Any], records: QuerySet[Any]) -> list[int]:
    pks = _pks(records)
    kept = kept_back(connection, entity.name, pks)
    return [pk for pk in pks if pk not in kept]


def _in_sent_status(connection: Connection, entity: Entity[Any, Any]) -> Q:
    if not company_configuration.statuses(entity):
        return Q()
    return Q(status__in=company_configuration.sent_statuses(connection, entity))


def _pks(records: QuerySet[Any]) -> list[int]:
    return list(records.order_by("pk").values_list("pk", flat=True))
