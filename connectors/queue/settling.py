"""Settling: what an answer does to the rows, in one transaction with its log."""

import random
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Mapping as Map
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q

from connectors import alerts, clock, entities, logbook
from connectors.entities import Entity
from connectors.mapping import Mapping, Rendered, is_blank, same
from connectors.models import Connection, Link
from connectors.protocol import AGREED, CANCELLED, Outcome, Status
from connectors.queue import bulk, orphans
from connectors.queue.cancelling import withdraw
from connectors.queue.rechecks import is_over
from connectors.queue.requests import enqueue
from synclog import runs
from synclog.models import Entry

COLUMNS = [
    "remote_id", "remote_url", "snapshot", "left", "unsure", "synced_at", "synced_version", "changed",
    "state", "not_before", "attempts", "crashes", "lease", "code", "message", "errors", "candidates",
    "adopted", "owner_fallback", "failed_at", "ways", "choice", "recheck_at", "create_sent", "remarks",
]  # fmt: skip
WRITTEN_MEANWHILE = (
    "ticket", "state", "not_before", "attempts", "enabled", "code", "message", "changed",
)  # fmt: skip
FAILED = (Status.REJECTED, Status.CONFLICT)
COUNTED = {
    Status.CREATED: "created",
    Status.UPDATED: "updated",
    Status.UNCHANGED: "unchanged",
    Status.SKIPPED: "skipped",
    Status.REJECTED: "rejected",
    Status.CONFLICT: "conflict",
}


@dataclass(frozen=True, slots=True)
class Result:
    """One claimed row (as it was before the claim), what it rendered to, how it fared."""

    row: Any
    rendered: Rendered
    outcome: Outcome


def settle(
    connection: Connection,
    entity: Entity[Any, Any],
    mapping: Mapping,
    lease: uuid.UUID,
    results: Sequence[Result],
) -> list[int]:
    """Store answers: links, log entries and run counters together.

    Only rows that still carry my lease are touched: a worker that was thought
    dead and settles late changes nothing. What was made for a record that was deleted
    meanwhile is logged, counted, and kept as an orphan. Returns the records (pks) that were
    saved while they were being sent and nobody has requested again: look at them
    with `find_changed`.
    """
    with transaction.atomic():
        now = clock.now()
        rows = _lock(entity, lease, results)
        held = [result for result in results if result.row.pk in rows]
        versions = _versions(entity, held)
        cancelled = {pk for pk, row in rows.items() if row.code == CANCELLED}
        edited = {pk: rows[pk].changed for pk in rows}  # as saves meanwhile have marked them
        url_of = connection.urls_of(entity.name)
        settled = [_decide(mapping, rows[result.row.pk], result, url_of, now) for result in held]
        for result in held:
            if versions.get(result.row.record_id) != result.row.record.version:
                rows[result.row.pk].changed = edited[result.row.pk]  # until `find_changed` has looked
        settled = _write(entity, rows, settled)
        deleted = orphans.answered(connection, entity, [one for one in results if one.row.pk not in rows])
        _send_leads(connection, entity, mapping, settled)
        _log(connection, entity, mapping, [*settled, *deleted], now)
        _count_sent_after_all(result for result in settled if result.row.pk in cancelled)
        if any(rows[result.row.pk].state == Link.State.FAILED for result in settled):
            alerts.failures(connection)
    return [
        result.row.record_id
        for result in settled
        if rows[result.row.pk].state == Link.State.IDLE
        and versions.get(result.row.record_id) != result.row.record.version
    ]


def _lock(entity: Entity[Any, Any], lease: uuid.UUID, results: Sequence[Result]) -> dict[int, Any]:
    """Lock my rows and return them as they stand: the claimed ones, with what a new request changed.

    Only requests, a cancel and a person's switch write to a row under a lease, so those
    columns are read and the rest is taken from memory.
    """
    mine = {result.row.pk: result.row for result in results}
    locked = entity.link.objects.filter(pk__in=mine, lease=lease).select_for_update().order_by("record_id")
    rows = {}
    for values in locked.values("id", *WRITTEN_MEANWHILE):
        row = rows[values["id"]] = mine[values["id"]].twin()
        row.__dict__.update(values)
    return rows


def _versions(entity: Entity[Any, Any], held: Sequence[Result]) -> dict[int, int]:
    records = entity.records().filter(pk__in=[result.row.record_id for result in held])
    return dict(records.values_list("pk", "version"))


def _decide(
    mapping: Mapping, row: Any, result: Result, url_of: Callable[[str], str], now: datetime
) -> Result:
    """Set the row's new values; return the result as it is to be logged."""
    mine, outcome = result.row, result.outcome
    requested_again = row.ticket != mine.ticket
    row.lease = None
    row.remote_id = outcome.remote_id or mine.remote_id
    row.remote_url = url_of(row.remote_id)
    row.snapshot, row.left, row.unsure = mine.snapshot, mine.left, mine.unsure
    if outcome.status in AGREED:
        _agree(row, result, mapping, now)
    if outcome.status is Status.WAITING:  # it stays pending: not due before its parent is over there
        if outcome.wait_s and not requested_again:  # nor, with this, before a moment
            row.not_before = now + timedelta(seconds=outcome.wait_s)
            row.code, row.message = outcome.code, outcome.message
        return result
    if outcome.status is Status.TRANSIENT:
        return _postpone(row, result, now, requested_again=requested_again)
    if outcome.status in FAILED and not row.unsure:  # so nothing was made
        row.create_sent = {}
    if not requested_again:
        _forget_way(row, result)
        _close(row, outcome, now)
        who = mapping.identity(result.rendered) if outcome.ways else ""
        row.ways = [{**asdict(way), "of": who} for way in outcome.ways]
    return result


def _forget_way(row: Any, result: Result) -> None:
    """Forget a way that a person chose: it was for this once, also where it led to a refusal."""
    if any(way["choice"] == result.row.choice for way in result.row.ways):
        row.choice = ""


def _agree(row: Any, result: Result, mapping: Mapping, now: datetime) -> None:
    # What only a new record takes is the other side's from then on: nothing to compare with.
    kept = {name: value for name, value in result.outcome.sent.items() if not mapping.is_first_only(name)}
    payload = result.rendered.payload
    if result.outcome.status is Status.CREATED and row.recheck_at is not None:
        # A first call may still bring values that are cleared by now: blank is what was agreed.
        kept = {**{name: None for name, value in payload.items() if is_blank(value)}, **kept}
    row.snapshot = {**result.row.snapshot, **kept, **result.outcome.noted}
    row.left = {name: value for name, value in result.row.left.items() if same(value, payload.get(name))}
    row.left.update(result.outcome.left)
    row.remarks = mapping.by_label(result.outcome.remarks)
    row.unsure = False
    row.synced_at, row.synced_version = now, result.row.record.version
    row.crashes = 0
    row.changed, row.create_sent = [], {}
    if is_over(row):
        row.recheck_at = None
    _forget_way(row, result)


def _postpone(row: Any, result: Result, now: datetime, *, requested_again: bool) -> Result:
    outcome = result.outcome
    if requested_again or row.state != Link.State.PENDING:  # or withdrawn: nobody wants another try
        return result
    row.attempts += 1
    row.code, row.message, row.errors = outcome.code[:100], outcome.message, dict(outcome.errors)
    if row.attempts >= (outcome.tries or settings.CONCORD["record_attempts"]):
        row.state, row.failed_at = Link.State.FAILED, now
        return replace(result, outcome=replace(outcome, status=Status.REJECTED))
    row.not_before = now + timedelta(seconds=max(_delay_s(row.attempts), outcome.wait_s))
    return result


def _delay_s(attempts: int) -> float:
    """Return a wait with jitter: 30 s doubling to 4 h unless the settings differ, a tenth of it at least.

    Without the least, the next try may follow at once, within the same batch of calls.
    """
    first_s, last_s = settings.CONCORD["record_backoff_s"]
    most_s = min(last_s, first_s * 2 ** (attempts - 1))
    return random.uniform(most_s / 10, most_s)


def _close(row: Any, outcome: Outcome, now: datetime) -> None:
    has_failed = outcome.status in FAILED
    row.state = Link.State.FAILED if has_failed else Link.State.IDLE
    row.failed_at = now if has_failed else None
    row.attempts = row.crashes = 0  # whoever retries it gets a real try
    row.code = outcome.code[:100] if has_failed or outcome.status is Status.SKIPPED else ""
    row.message = outcome.message if row.code else ""
    row.errors = dict(outcome.errors)
    row.candidates = logbook.candidates(outcome.candidates)
    row.ways = []


def _write(entity: Entity[Any, Any], rows: dict[int, Any], settled: list[Result]) -> list[Result]:
    """Write the rows at once; if a remote id is taken, one by one, failing the guilty."""
    try:
        with transaction.atomic():
            bulk.update([rows[result.row.pk] for result in settled], COLUMNS)
        return settled
    except IntegrityError:
        return [_write_alone(entity, rows[result.row.pk], result) for result in settled]


def _write_alone(entity: Entity[Any, Any], row: Any, result: Result) -> Result:
    try:
        with transaction.atomic():
            row.save(update_fields=COLUMNS)
        return result
    except IntegrityError:
        taken = Outcome(
            Status.CONFLICT,
            code="conflict",
            message=f"Another {entity.label} here is already linked to {row.remote_id}. "
            "Open that one and this one and decide which of them it is.",
            exchange=result.outcome.exchange,
        )
        row.remote_id, row.remote_url, row.snapshot, row.left = "", "", {}, {}
        row.unsure = True
        if row.ticket == result.row.ticket:
            _close(row, taken, clock.now())
        row.save(update_fields=COLUMNS)
        return replace(result, outcome=taken)


def _was_made(result: Result) -> bool:
    row, status = result.row, result.outcome.status
    return status is Status.CREATED or (status in AGREED and row.synced_at is None and not row.adopted)


def _send_leads(
    connection: Connection, entity: Entity[Any, Any], mapping: Mapping, settled: Sequence[Result]
) -> None:
    """Request the lead of each new company: creating it there made the lead there, who has no link yet.

    Also of one whose create was not answered and that a later look found: it ends as an update.
    """
    if not mapping.lead or entities.get(mapping.lead).parent != entity.name:
        return
    made = {result.row.record_id: result for result in settled if _was_made(result)}
    if not made:
        return
    lead = entities.get(mapping.lead)
    found = _leads_of(lead, made)
    known = {public_id for _, _, public_id in found}
    for pk in sorted(made):
        if made[pk].rendered.lead not in known:
            orphans.lead_left(connection, lead, made[pk].row.record, made[pk].rendered.lead)
    waits = lead.links().filter(connection=connection, state=Link.State.PENDING)
    waiting = set(waits.filter(record__in=[pk for pk, _, _ in found]).values_list("record_id", flat=True))
    asked: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for pk, company, _ in found:
        if company in made and pk not in waiting:
            row = made[company].row
            asked[row.run, row.requested_by, row.priority].append(pk)
    for (run, requested_by, priority), pks in asked.items():
        done = enqueue(
            lead.name, pks, connection, run=run, requested_by=requested_by, priority=priority, along=False
        )
        if done.queued:  # who was switched off meanwhile is not asked for
            runs.widen(run, done.queued)
    _withdraw_leads(connection, lead, {result.row.run for result in made.values() if result.row.run})


def _leads_of(lead: Entity[Any, Any], made: Map[int, Result]) -> list[tuple[int, int, str]]:
    """Return who leads the companies now, and led them when they were made: they may differ by the answer.

    Each as (pk, pk of the company, public id).
    """
    keys = {result.rendered.lead for result in made.values()} - {""}
    who = Q(**{lead.lead: True, f"{lead.parent}__in": made}) | Q(public_id__in=keys)
    rows = lead.records().filter(who).order_by("pk").values_list("pk", f"{lead.parent}_id", "public_id")
    return [(pk, company, str(public_id)) for pk, company, public_id in rows]


def _withdraw_leads(connection: Connection, lead: Entity[Any, Any], run_ids: set[uuid.UUID]) -> None:
    """Leave the leads of cancelled runs for whoever sends the rest."""
    for run in runs.cancelled(run_ids) if run_ids else ():
        number = withdraw(lead, connection, run.pk, by=run.cancelled_by)
        runs.cancel(run.pk, by=run.cancelled_by, withdrawn=number)


def _log(
    connection: Connection,
    entity: Entity[Any, Any],
    mapping: Mapping,
    settled: Sequence[Result],
    now: datetime,
) -> None:
    silent = (Status.UNCHANGED, Status.WAITING)  # nothing was tried
    told = [result for result in settled if result.outcome.status not in silent]
    entries = logbook.Entries(connection, entity, mapping, now)
    bulk.insert(Entry, [entries.of(result.row, result.outcome) for result in told])
    counts: dict[uuid.UUID, Counter[str]] = defaultdict(Counter)
    for result in settled:
        column = COUNTED.get(result.outcome.status)
        if column and result.row.run:
            counts[result.row.run][column] += 1
    for run_id in sorted(counts):  # after the links, in one order: see the module's head
        if not runs.add(run_id, counts[run_id]):
            _make_automatic(connection, run_id, settled)
            runs.add(run_id, counts[run_id])


def _count_sent_after_all(results: Iterable[Result]) -> None:
    """Count as sent what was under way when its run was cancelled. Call it after `_log`."""
    counted = Counter(r.row.run for r in results if r.row.run and r.outcome.status in COUNTED)
    for run_id in sorted(counted):
        runs.add(run_id, {"withdrawn": -counted[run_id]})


def _make_automatic(connection: Connection, run_id: uuid.UUID, settled: Sequence[Result]) -> None:
    """Make the hour's run where a worker was quicker than the saver, who makes it after the commit."""
    for result in settled:
        asked_at = result.row.requested_at
        if asked_at and runs.automatic_id(connection.pk, asked_at) == run_id:
            runs.add_automatic(connection.pk, connection.name, asked_at, 0)
            return
