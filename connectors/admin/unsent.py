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


@dataclass(frozen=True, slots=True)
class Unsent:
    """What of one entity was not sent: pks to send by why, and how many are left out by why."""

    entity: Entity[Any, Any]
    changed: list[int]
    never: list[int]  # nobody ever sent them
    changed_left: int  # in a status that is not sent automatically
    never_left: int  # the same
    not_enabled: int  # never sent, and nobody let them go there

    @property
    def total(self) -> int:
        """Return how many there are to send."""
        return len(self.changed) + len(self.never)

    def counted(self, number: int) -> str:
        """Return a number of them in words, as in "31 companies"."""
        return words.counted(number, self.entity.label, self.entity.label_plural)

    def to_send(self, *, only_changed: bool) -> list[int]:
        """Return what was chosen."""
        return self.changed if only_changed else [*self.changed, *self.never]


def unsent(connection: Connection, entity: Entity[Any, Any]) -> Unsent:
    """Return what of an entity was not sent, and could be."""
    changed = entity.links().filter(states.where(State.CHANGED), connection=connection)
    records = entity.records()
    new, disabled = _never_sent(connection, entity)
    changed_ones, new_ones = records.filter(pk__in=changed.values("record")), records.filter(pk__in=new)
    chosen = _in_sent_status(connection, entity)
    to_send = [_pks(rows.filter(chosen)) for rows in (changed_ones, new_ones)]
    kept = kept_back(connection, entity.name, to_send[1])
    return Unsent(
        entity,
        changed=to_send[0],
        never=[pk for pk in to_send[1] if pk not in kept],
        changed_left=changed_ones.count() - len(to_send[0]),
        never_left=new_ones.count() - len(to_send[1]),
        not_enabled=disabled,
    )


def _never_sent(connection: Connection, entity: Entity[Any, Any]) -> tuple[QuerySet[Any], int]:
    """Return the records (pks) that may go and never did, and how many nobody let go there."""
    links = entity.links().filter(connection=connection)
    idle = links.filter(states.where(State.NOT_SYNCED))
    unknown = entity.records().filter(sync_enabled=True).exclude(pk__in=links.values("record"))
    if connection.associates_automatically(entity.name):
        rows = entity.records().filter(Q(pk__in=idle.values("record")) | Q(pk__in=unknown.values("pk")))
        return rows.values("pk"), 0
    return idle.values("record"), unknown.count()


def _in_sent_status(connection: Connection, entity: Entity[Any, Any]) -> Q:
    if not company_configuration.statuses(entity):
        return Q()
    return Q(status__in=company_configuration.sent_statuses(connection, entity))


def _pks(records: QuerySet[Any]) -> list[int]:
    return list(records.order_by("pk").values_list("pk", flat=True))
