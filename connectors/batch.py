"""One claimed batch on its way: rendered, compared, sent, answered, stored.

This is the one place that catches what nobody foresaw (`push.py` has its twin for
opening the connection).
"""

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.conf import settings

from connectors import health, logbook, outcomes, owners, queue, recheck
from connectors.answers import Answers
from connectors.desk import Desk
from connectors.entities import Entity
from connectors.errors import LeaseLost, Withdrawn
from connectors.mapping import Mapping as FieldMapping
from connectors.mapping import Rendered, is_blank, outstanding
from connectors.models import Connection
from connectors.owners import OwnerPlan
from connectors.protocol import AGREED, HELD, STALE, Change, Connector, Outcome, Status
from connectors.rendering import Parent, Renderer, held
from synclog import runs

logger = logging.getLogger(__name__)

Claim = Callable[[int], tuple[list[Any], list[Any]]]  # see `queue.claim`
FLUSH_ROWS = 200  # one vendor batch: its answers come together, so they are stored together


def size_of(connection: Connection, connector: Connector) -> int:
    """Return how many records go with one call: what was chosen, and no more than the system takes."""
    return min(connection.batch_size, connector.batch_size)


@dataclass(slots=True)
class Part:
    """Rows that go together, rendered; `spent`: those that came with them and killed their workers."""

    rows: Sequence[Any]
    renderings: Sequence[Rendered]
    spent: Sequence[Any] = ()


@dataclass
class Batch:
    """One claimed batch on its way: what is wanted, what was answered, what is stored."""

    desk: Desk
    kind: Entity[Any, Any]
    renderer: Renderer
    connector: Connector
    answers: Answers = field(init=False)
    any_agreed: bool = False
    rows: list[Any] = field(default_factory=list)
    next: Part | None = None  # made ready while the call before it is under way
    later: deque[Sequence[Any]] = field(default_factory=deque)  # claimed, and sent after that
    claim: Claim | None = None
    left: int = 0  # so many more may be claimed
    claimed: dict[int, str] = field(default_factory=dict)  # remote ids by pk, before an adoption
    widened: dict[int, dict[str, Any]] = field(default_factory=dict)  # see queue.widen
    owners: dict[int, OwnerPlan] = field(default_factory=dict)  # of new records, by their pk
    overwritten: set[int] = field(default_factory=set)  # pks that a late call had changed over there
    is_stale: bool = False  # a record waits for the facts to be asked for again

    def __post_init__(self) -> None:
        """Prepare for answers."""
        self.answers = Answers(self.desk, self.kind, self.mapping, self.claimed)

    @property
    def mapping(self) -> FieldMapping:
        """Return how the entity's fields are bound."""
        return self.renderer.mapping

    @property
    def size(self) -> int:
        """Return how many rows go with one call."""
        return size_of(self.desk.connection, self.connector)

    def give_up(self, rows: Sequence[Any]) -> None:
        """Fail rows whose worker died again and again while they were alone."""
        text = (
            "The worker died three times while sending this record alone. "
            "Concord's operator finds why in the worker's log."
        )
        for row in rows:
            self._keep(row, Rendered({}), Outcome(Status.REJECTED, code="crashed", message=text))
        self.answers.store()

    def carry(self, rows: Sequence[Any], claim: Claim | None = None, left: int = 0) -> None:
        """Send the rows and store what comes back. Never raises but LeaseLost.

        With `claim`, up to `left` more are claimed in its course, for one call at a time.
        """
        self.desk.begun, self.desk.filled, self.claim, self.left = set(), {}, claim, left
        self.desk.checked_at = time.monotonic()  # nobody has withdrawn them: they were just claimed
        self._take(rows)
        try:
            self._read_again(rows)
            self.later.extend(self._parts(rows))
            self._send()
            self._learn_again()
        except LeaseLost:
            self.answers.store()  # touches only rows that nobody has taken over
            raise
        except Withdrawn:  # whoever is still wanted comes with the next claim
            self.answers.store()
            self._let_go()
            self._tell_answered()
        except Exception as error:  # noqa: BLE001 - the one place, see the module's head
            self._broke_off(error)
        else:
            self._tell_answered()
        finally:
            self._count_calls()

    def _take(self, rows: Iterable[Any]) -> None:
        """Count rows among the batch."""
        for row in rows:
            self.rows.append(row)
            self.claimed[row.pk] = row.remote_id

    def _read_again(self, rows: Sequence[Any]) -> None:
        self.desk.begin(self.kind, {})  # what is read first concerns no row
        self.overwritten |= recheck.read_again(self.connector, self.mapping, rows)

    def _parts(self, rows: Sequence[Any]) -> list[Sequence[Any]]:
        """Return what is rendered and sent together: linked rows call by call, new ones at once.

        One question finds all the new ones that are there already; linked ones need none, and
        so the first call of many goes out before the others are rendered.
        """
        size = self.size
        if len(rows) <= size:
            return [sorted(rows, key=lambda row: not row.remote_id)]
        linked = [row for row in rows if row.remote_id]
        new = [row for row in rows if not row.remote_id]
        return [linked[start : start + size] for start in range(0, len(linked), size)] + [new] * bool(new)

    def _send(self) -> None:
        """Send part after part. A click goes before the next one: what is left is released."""
        is_only = len(self.later) == 1 and not self.left  # a thread is not worth it
        self._make_ready()
        while part := self._ready():
            wanted = self._changes(part)
            if self.later or self.left:
                self.answers.store_in_background(self._make_ready)
            elif is_only:
                self.answers.store()
            else:
                self.answers.store_in_background()
            self._converse(wanted)
            self.answers.finish()
            if self.next and self.desk.more_urgent():
                self._release(self._rows_ahead())
                return
        self.answers.store()

    def _make_ready(self) -> None:
        """Have the next part claimed, where it is not yet, and rendered."""
        spent: Sequence[Any] = ()
        if not self.later and self.claim and self.left:
            asked = min(self.left, self.size)
            rows, spent = self.claim(asked)
            # The look-up of new ones serves many: they are claimed at once, with the next batch.
            goes_on = len(rows) == asked and all(row.remote_id for row in rows)
            self.left = self.left - asked if goes_on else 0
            self.later.extend([rows] if rows or spent else [])
        if self.later:
            self.next = Part(self.later.popleft(), (), spent)  # known, should the next line raise
            self.next.renderings = self.renderer.render([row.record for row in self.next.rows])

    def _ready(self) -> Part | None:
        """Return the part that was made ready, if there was one."""
        part, self.next = self.next, None
        if part is not None:
            new = [row for row in part.rows if row.pk not in self.claimed]
            self._take(new)
            if part.spent:
                self.give_up(part.spent)
            if new:
                self._read_again(new)
        return part

    def _let_go(self) -> None:
        """Release all rows that were not answered."""
        queue.release(self.kind, self.desk.lease, self._all_rows(), self.desk.begun)

    def _all_rows(self) -> list[Any]:
        """Return the rows of the batch with those that were claimed for its next call."""
        return [*self.rows, *(row for row in self._rows_ahead() if row.pk not in self.claimed)]

    def _rows_ahead(self) -> list[Any]:
        """Return the rows of the calls after this one."""
        ahead = [*self.next.rows, *self.next.spent] if self.next else []
        return [*ahead, *(row for rows in self.later for row in rows)]

    def _release(self, rows: Sequence[Any]) -> None:
        """Store what was answered, and let go of rows that come later."""
        self.answers.store()
        queue.release(self.kind, self.desk.lease, rows, self.desk.begun)

    def _learn_again(self) -> None:
        """Ask for the facts where records wait for that. The next batch is rendered by them.

        Raises ConnectorError.
        """
        if not self.is_stale:
            return
        connection = self.desk.connection
        before, facts = connection.health.facts, self.connector.facts()
        if facts != before:
            health.learn(connection, facts)
            name = connection.system.label
            text = f"{name} refused what its fields took at the last look. They were read again, and differ."
            logbook.event(connection, text)

    def _tell_answered(self) -> None:
        """Note that the other side answers; before a raise is noted, whose pause must stand."""
        if self.any_agreed:
            health.answered(self.desk.connection)
            self.desk.connection.health.failures = 0

    def _count_calls(self) -> None:
        """Add the calls made so far; a login before the batch counts for the first one."""
        made = self.connector.calls - self.desk.counted_calls
        if made:
            runs.add_calls([row.run for row in self.rows if row.run], made)
            self.desk.counted_calls += made

    def _changes(self, part: Part) -> list[tuple[Any, Rendered, Change]]:
        """Compare; answer at once for what needs no call."""
        wanted, rows = [], part.rows
        pairs = sorted(
            zip(rows, part.renderings, strict=True), key=lambda pair: self.mapping.rank(pair[1].payload)
        )
        if self.mapping.owner:
            unlinked = [row.record for row in rows if not row.remote_id]
            self.owners = owners.plans(self.desk.connection, unlinked) if unlinked else {}
        widened: dict[int, dict[str, Any]] = {}
        for row, rendered in pairs:
            fields = outstanding(rendered.payload, row.snapshot, row.left, unsure=row.unsure)
            if outcome := self._held(row) or outcomes.without_call(row, rendered, fields):
                self._keep(row, rendered, outcome)
            else:
                wanted.append((row, rendered, self._change(row, rendered, fields)))
                widened |= self._widened(row, fields)
        if widened:
            queue.widen(self.kind, self.desk.lease, widened)
            self.desk.begun.update(widened)
            self.widened |= widened
        return wanted

    def _held(self, row: Any) -> Outcome | None:
        """Return the outcome of a record that is kept back here, None for one that may go."""
        why = held(self.desk.connection, self.mapping, row.record, is_linked=bool(row.remote_id))
        return Outcome(Status.SKIPPED, row.remote_id, HELD, why) if why else None

    def _widened(self, row: Any, fields: Mapping[str, Any]) -> dict[int, dict[str, Any]]:
        """Return what is about to be set for the first time; see `queue.widen`."""
        new = {
            name: value
            for name, value in fields.items()
            if name in row.left or (value is not None and is_blank(row.snapshot.get(name)))
        }
        return {row.pk: new} if row.remote_id and row.snapshot and new else {}

    def _converse(self, wanted: list[tuple[Any, Rendered, Change]]) -> None:
        if not wanted:
            return
        self.desk.begin(self.kind, {change.key: row for row, _, change in wanted})
        answered = 0
        for outcome in self.connector.push(self.kind.name, [change for _, _, change in wanted]):
            row, rendered, _ = wanted[answered]
            answered += 1
            self.desk.answered.add(row.pk)
            self._keep(row, rendered, outcome)
            if len(self.answers.waiting) >= FLUSH_ROWS and answered < len(wanted):
                self.answers.store_in_background()
            elif time.monotonic() - self.answers.stored_at > settings.CONCORD["flush_s"]:
                self.answers.store()
        if answered < len(wanted) and not self.desk.gives_way:
            raise RuntimeError(f"{len(wanted) - answered} records got no outcome")
        self._count_calls()  # before the last answer: who waits for the run reads both at once
        if answered < len(wanted):
            self._release([row for row, _, _ in wanted[answered:]])

    def _change(self, row: Any, rendered: Rendered, fields: Mapping[str, Any]) -> Change:
        plan, parent = self.owners.get(row.record.pk), self.renderer.parent_of(row.record)
        edited = fields
        if row.unsure:
            edited = outstanding(rendered.payload, row.snapshot, row.left, unsure=False)
        return self.renderer.change(
            row.record,
            rendered,
            row.remote_id,
            fields,
            choice=self._choice(row, rendered),
            sure=not row.unsure,
            edited=edited,
            owners=plan.owners if plan else (),
            owner_of=parent.remote_id if plan and parent and parent.adopted else "",
            moved_from=self._moved_from(row, parent),
            create_sent=row.create_sent,
            unanswered_s=queue.seconds_left(row),
        )

    def _choice(self, row: Any, rendered: Rendered) -> str:
        """Return what a person decided; a way that was offered for another e-mail or parent is not taken."""
        of = (
            next((way.get("of", "") for way in row.ways if way["choice"] == row.choice), "")
            if row.ways
            else ""
        )
        return "" if of and of != self.mapping.identity(rendered) else str(row.choice)

    def _moved_from(self, row: Any, parent: Parent | None) -> str:
        there = str(row.snapshot.get(self.mapping.parent) or "") if self.mapping.parent else ""
        return there if parent and there and there != parent.remote_id else ""

    def _keep(self, row: Any, rendered: Rendered, outcome: Outcome) -> None:
        plan = self.owners.get(row.record.pk)
        if plan is not None:
            parent, system = self.renderer.parent_of(row.record), self.desk.connection.system.label
            first = parent is not None and parent.adopted
            outcome, row.owner_fallback = owners.told(plan, outcome, system, parent_decides=first)
        if outcome.status in AGREED and rendered.remarks:
            outcome = replace(outcome, remarks={**rendered.remarks, **outcome.remarks})
        self.is_stale = self.is_stale or outcome.code == STALE
        if outcome.unsure:
            self._doubt(row)
        if row.pk in self.overwritten and outcome.status is Status.UPDATED:
            outcome = replace(outcome, message=f"{recheck.NOTE} {outcome.message}".strip())
        self.answers.add(queue.Result(row, rendered, outcome))
        self.any_agreed = self.any_agreed or outcome.status in (Status.CREATED, Status.UPDATED)

    def _broke_off(self, error: Exception) -> None:
        """Keep what was answered, blame a lone record, let go of the rest, back off."""
        self.answers.store()
        rows = self._all_rows()
        lone = outcomes.blame(error) if len(rows) == 1 else None
        if lone is not None:
            self._doubt(rows[0])
            self._keep(rows[0], self._rendered(rows[0]), lone)
            self.answers.store()
        queue.release(self.kind, self.desk.lease, rows, self.desk.begun)
        self._tell_answered()
        if lone is not None and lone.status is Status.REJECTED:
            logger.warning("one record alone was refused: %s", lone.code, exc_info=error)
            health.blamed(self.desk.connection)
        else:
            health.failed(self.desk.connection, error, batch=len(rows))

    def _rendered(self, row: Any) -> Rendered:
        """Return a lone row rendered; as nothing where it is the rendering that fails."""
        try:
            return self.renderer.one(row.record)
        except Exception:
            logger.exception("a record could not be rendered")
            return Rendered({})

    def _doubt(self, row: Any) -> None:
        """Mark that a write may have arrived although nobody answered it."""
        if row.pk in self.desk.begun:
            row.unsure = True
            sent = {**self.widened.get(row.pk, {}), **self.desk.filled.get(row.pk, {})}
            row.snapshot = {**row.snapshot, **queue.said(sent)}
            row.left = {name: value for name, value in row.left.items() if name not in sent}
