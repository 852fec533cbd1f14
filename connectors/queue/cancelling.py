"""Cancelling: what of a run was not sent is withdrawn, what is under way is answered and counted."""

import uuid
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import OuterRef, Q, Subquery

from connectors import entities, logbook, registry
from connectors.entities import Entity
from connectors.models import Connection, Link
from connectors.protocol import CANCELLED
from connectors.queue.changes import differences
from connectors.queue.slots import live_leases
from connectors.rendering import Renderer
from synclog import runs, statements, words
from synclog.models import Run

CHUNK = 1_000  # links rendered together, and locked meanwhile


@dataclass(frozen=True, slots=True)
class Cancelled:
    """What became of a run's waiting records. `is_first`: nobody had cancelled it before."""

    is_first: bool
    withdrawn: int = 0
    handed_over: int = 0  # parents that records of other runs wait for: they are sent with those


def cancel(run: Run, connection: Connection, *, by: str) -> Cancelled:
    """Withdraw what of a run was not sent yet; nothing of it is claimed after this returns.

    A talker that has some of it claimed makes no further call for it (`withdrawn`); the call
    under way is settled and counted. What a later request has taken over is left to that. A
    second call withdraws what was requested under this run since the first. A run of which
    nothing waits is over, and is not cancelled.
    """
    heirs: Counter[uuid.UUID] = Counter()
    is_first, number = False, 0
    with transaction.atomic():
        statements.allow_longer()
        for kind in entities.in_order():
            heirs += _hand_over(kind, connection, run.pk)
            number += withdraw(kind, connection, run.pk, by=by)
        for run_id in sorted({*heirs, run.pk}):  # after the links, in one order: as a talker who settles
            if run_id != run.pk:
                runs.widen(run_id, heirs[run_id])
            elif number:
                is_first = runs.cancel(run_id, by=by, withdrawn=number)
        if is_first:
            logbook.event(connection, _said(run, by, number), login_user=by, code=CANCELLED, run=run.pk)
    for kind in entities.in_order(connection.system.entities):
        _mark_changed(kind, connection, run.pk)
    return Cancelled(is_first, number, heirs.total())


def _said(run: Run, by: str, number: int) -> str:
    waited = words.counted(number, "waiting record was", "waiting records were")
    return f"{by} cancelled “{run}”: {waited} withdrawn. What was sent stands."


def withdraw(kind: Entity[Any, Any], connection: Connection, run: uuid.UUID, *, by: str) -> int:
    """Withdraw a run's waiting records of one entity; return how many. Call it in a transaction.

    Those that are linked show as changed in every field until somebody has compared them.
    """
    waiting = kind.links().filter(run=run, connection=connection, state=Link.State.PENDING)
    pks = list(waiting.select_for_update().order_by("record_id").values_list("pk", flat=True))
    if not pks:
        return 0
    mapping = registry.mapping(connection, kind.name)
    rows = kind.links().filter(pk__in=pks)
    rows.linked().update(changed=[field.local for field in mapping.fields])
    return int(rows.update(state=Link.State.IDLE, code=CANCELLED, message=f"The run was cancelled by {by}."))


def withdrawn(kind: Entity[Any, Any], lease: uuid.UUID, pks: Collection[int]) -> set[int]:
    """Return which of a talker's rows (pks) nobody wants sent any more."""
    rows = kind.links().filter(pk__in=pks, lease=lease).exclude(state=Link.State.PENDING)
    return set(rows.values_list("pk", flat=True))


def left(kind: Entity[Any, Any], run: uuid.UUID) -> Any:
    """Return the links that a cancelled run left unsent, and that no later request has taken over."""
    unsent = Q(remote_id="") | ~Q(changed=[]) | Q(unsure=True)
    rows = kind.links().filter(unsent, run=run, state=Link.State.IDLE, code=CANCELLED)
    return rows.filter(enabled=Link.Enabled.YES, record__sync_enabled=True)


def answering(run: uuid.UUID, connection: Connection) -> int:
    """Return how many records of a cancelled run are claimed still: a call of theirs may be under way."""
    leases = live_leases(connection)
    found = (kind.links().filter(run=run, code=CANCELLED, lease__in=leases) for kind in entities.in_order())
    return sum(rows.count() for rows in found) if leases else 0


def _hand_over(kind: Entity[Any, Any], connection: Connection, run: uuid.UUID) -> Counter[uuid.UUID]:
    """Let parents that are not there yet go on for the runs whose records wait for them, counted by run."""
    heirs: Counter[uuid.UUID] = Counter()
    for child in entities.children_of(kind.name):
        waits = child.links().filter(
            connection=connection, state=Link.State.PENDING, enabled=Link.Enabled.YES
        )
        waits = waits.filter(**{f"record__{child.parent}": OuterRef("record")}).exclude(run=run)
        heir = Subquery(waits.exclude(run=None).order_by("record_id").values("run")[:1])
        rows = kind.links().filter(run=run, connection=connection, state=Link.State.PENDING, remote_id="")
        rows = rows.annotate(heir=heir).exclude(heir=None)
        locked = rows.select_for_update(of=("self",)).order_by("record_id").values_list("pk", "heir")
        by_heir: dict[uuid.UUID, list[int]] = defaultdict(list)
        for pk, run_id in locked:
            by_heir[run_id].append(pk)
        for run_id, pks in by_heir.items():
            heirs[run_id] += kind.links().filter(pk__in=pks).update(run=run_id)
    return heirs


def _mark_changed(kind: Entity[Any, Any], connection: Connection, run: uuid.UUID) -> None:
    """Write on what was withdrawn in which fields it differs; what does not is in sync, and counted so."""
    rows = kind.links().linked().filter(run=run, connection=connection, code=CANCELLED)
    pks = list(rows.order_by("record_id").values_list("pk", flat=True))
    renderer = Renderer(connection, kind)
    for start in range(0, len(pks), CHUNK):
        with transaction.atomic():
            equal = _mark_chunk(renderer, pks[start : start + CHUNK])
            if equal:
                runs.found_equal(run, equal)


def _mark_chunk(renderer: Renderer, pks: Sequence[int]) -> int:
    """Mark these links, locked meanwhile: a talker may be settling some. Returns how many are in sync."""
    kind = renderer.kind
    rows = kind.links().filter(pk__in=pks, state=Link.State.IDLE, code=CANCELLED)
    locked = rows.select_for_update(of=("self",)).order_by("record_id")
    links = list(kind.with_records(locked))
    marks: dict[tuple[str, ...], list[int]] = defaultdict(list)
    equal = []
    for link, differs in zip(links, differences(links, renderer), strict=True):
        marks[tuple(differs)].append(link.pk)
        if not (differs or link.unsure or link.full):
            equal.append(link.pk)
    for names, marked in marks.items():
        kind.links().filter(pk__in=marked).update(changed=list(names))
    kind.links().filter(pk__in=equal).update(code="", message="")
    return len(equal)
