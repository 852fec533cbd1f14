"""What a batch was answered, on its way into the rows and the log.

Stored by the talker itself, or in the background while its next call is under way.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from django.db import DataError
from django.utils import timezone

from connectors import drift, outcomes, owners, queue
from connectors.desk import Desk
from connectors.entities import Entity
from connectors.mapping import Mapping as FieldMapping
from connectors.models import Link
from connectors.protocol import PARENT_GONE, Outcome, Status
from synclog import runs

logger = logging.getLogger(__name__)

UNSTORABLE = (DataError, UnicodeError)
FOUL = "The answer about this record could not be stored. Concord's operator finds it in the worker's log."


@dataclass
class Answers:
    """The answers of one batch. `claimed`: the remote ids of its rows, by pk, as they were claimed."""

    desk: Desk
    kind: Entity[Any, Any]
    mapping: FieldMapping
    claimed: Mapping[int, str]
    waiting: list[queue.Result] = field(default_factory=list)
    storing: list[queue.Result] = field(default_factory=list)  # in the background
    stored_at: float = field(default_factory=time.monotonic)

    @cached_property
    def rules(self) -> str:
        """Return what decided how the rows were rendered."""
        return drift.rules_of(self.desk.connection, self.kind.name)

    def add(self, answer: queue.Result) -> None:
        """Take an answer, to be stored with others."""
        self.waiting.append(answer)

    def store(self) -> None:
        """Store what was answered so far, and look again at what was edited meanwhile."""
        self.finish()
        if self.waiting:
            self._store_these(self.waiting)
        self.waiting, self.stored_at = [], time.monotonic()

    def store_in_background(self, then: Callable[[], None] = lambda: None) -> None:
        """As `store`, while the next call is under way: these rows are no part of it. Then do this."""
        self.finish()
        self.storing, self.waiting, self.stored_at = self.waiting, [], time.monotonic()

        def work() -> None:
            if self.storing:
                self._store_these(self.storing)
                self.storing = []
            then()

        self.desk.background.start(work)

    def finish(self) -> None:
        """Wait for what is done in the background. What could not be stored waits again; raises why."""
        try:
            self.desk.background.wait()
        finally:
            self.waiting, self.storing = [*self.storing, *self.waiting], []

    def _store_these(self, answers: Sequence[queue.Result]) -> None:
        try:
            self._settle(answers)
        except UNSTORABLE:
            self._settle_one_by_one(answers)
        owners.refused(self.desk.connection, (answer.outcome for answer in answers))
        self._ask_for_parents(answers)

    def _settle(self, answers: Sequence[queue.Result]) -> None:
        connection = self.desk.connection
        edited = queue.settle(connection, self.kind, self.mapping, self.desk.lease, answers)
        answered = [answer.row.record_id for answer in answers]
        drift.settled(connection, self.kind, self.rules, edited=edited, answered=answered)
        drift.parents_moved(connection, self.kind, [row.record_id for row in self._moved(answers)])

    def _moved(self, answers: Sequence[queue.Result]) -> list[Any]:
        """Return the rows that were linked to another record by their answer than when they were claimed."""
        pairs = [(answer.row, answer.outcome.remote_id) for answer in answers]
        return [row for row, remote_id in pairs if remote_id and remote_id != self.claimed.get(row.pk)]

    def _ask_for_parents(self, answers: Sequence[queue.Result]) -> None:
        """Have the parents looked at whose children found nobody at their id."""
        lost = [answer.row for answer in answers if answer.outcome.code == PARENT_GONE]
        if not lost or not self.kind.parent:
            return
        pks = {getattr(row.record, f"{self.kind.parent}_id") for row in lost}
        now = timezone.now()
        run = runs.automatic_id(self.desk.connection.pk, now)
        runs.add_automatic(self.desk.connection.pk, self.desk.connection.name, now, len(pks))
        queue.enqueue(
            self.kind.parent, pks, self.desk.connection, run=run, requested_by=lost[0].requested_by,
            priority=Link.Priority.SAVE, full=True,
        )  # fmt: skip

    def _settle_one_by_one(self, answers: Sequence[queue.Result]) -> None:
        """Store answers of which one holds what no database takes: the others must not wait for it."""
        for answer in answers:
            try:
                self._settle([replace(answer, outcome=outcomes.as_storable(answer.outcome))])
            except UNSTORABLE as error:
                logger.error("an answer could not be stored", exc_info=error)
                answer.row.unsure = True
                self._settle(
                    [replace(answer, outcome=Outcome(Status.REJECTED, code="internal", message=FOUL))]
                )
