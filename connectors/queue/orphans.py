"""Orphans: records over there that were made for records which were deleted here meanwhile.

The deleting transaction notes each whose create is under way or was never answered; the
answer makes that certain or takes it back. A person decides what becomes of them:
nothing is deleted over there.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from connectors import logbook, states
from connectors.entities import Entity
from connectors.models import Connection, Orphan
from connectors.protocol import AGREED, DELETED_HERE, Status
from connectors.queue.slots import live_leases
from synclog.models import Entry

if TYPE_CHECKING:
    from connectors.queue.settling import Result


def leaving(kind: Entity[Any, Any], pks: Collection[int]) -> None:
    """Note records that are about to be deleted and may have been made over there.

    Call it in the deleting transaction, after `hold`.
    """
    links = kind.links().filter(record_id__in=pks, remote_id="", unsure=True)
    for link in links.select_related("connection", "record").order_by("record_id"):
        found = _unanswered(link.connection, kind, link.record)
        if link.lease not in live_leases(link.connection):  # else its answer is still to come
            _tell(link.connection, found)


def answered(connection: Connection, kind: Entity[Any, Any], lost: Sequence["Result"]) -> list["Result"]:
    """Take answers whose rows are gone; return those of deleted records as they are to be logged and counted.

    The others belong to a worker that was thought dead: they change nothing.
    """
    gone = _deleted(kind, [result.row for result in lost]) if lost else set()
    return [_answer(connection, kind, result) for result in lost if result.row.record_id in gone]


def released(kind: Entity[Any, Any], rows: Iterable[Any], begun: Collection[int]) -> None:
    """Take rows that got no answer; `begun`: those (pks) whose write may have been sent."""
    creates = [row for row in rows if not row.remote_id]
    gone = _deleted(kind, creates) if creates else set()
    for row in creates:
        if row.record_id in gone and (row.pk in begun or row.unsure):
            _tell(row.connection, _unanswered(row.connection, kind, row.record))
        elif row.record_id in gone:
            _forget(row.connection, kind, row.record.public_id)


def lead_left(connection: Connection, lead: Entity[Any, Any], company: Any, key: str) -> None:
    """Note the lead (by its public id) that a company was made with and that was deleted meanwhile."""
    if not key:
        return
    word, where = connection.system.record_words[lead.name][0], connection.system.label
    name = f"The first {word} of {_named(company)}"
    text = f"{name} was made in {where} and deleted here meanwhile. Delete it there if it is not wanted."
    _tell(connection, _keep(connection, lead, UUID(key), name=name, message=text))


def recognize(connection: Connection, kind: Entity[Any, Any], remote_id: str, key: str, name: str) -> bool:
    """Return whether a record over there is an orphan; note its id.

    By the key of ours that it carries; a company that carries none, as a create that got no
    answer leaves it in some systems, by its name: whoever looks at the orphan sees which it is.
    """
    orphans = Orphan.objects.filter(connection=connection, entity=kind.name)
    if orphans.filter(remote_id=remote_id).exists():
        return True
    lost, message = list(orphans.filter(remote_id="")), _made
    found = next((orphan for orphan in lost if str(orphan.public_id) == key), None)
    if found is None and not (key or kind.parent):
        alike, message = (one for one in lost if one.name.casefold() == name.strip().casefold()), _may_be
        found = next(alike, None)
    if found is None:
        return False
    found.remote_id, found.message = remote_id, message(connection, found.name, remote_id)
    found.save(update_fields=["remote_id", "message"])
    return True


def forget(connection: Connection, kind: Entity[Any, Any], remote_id: str) -> None:
    """Forget an orphan that is not over there any more."""
    Orphan.objects.filter(connection=connection, entity=kind.name, remote_id=remote_id).delete()


def _deleted(kind: Entity[Any, Any], rows: Sequence[Any]) -> set[int]:
    pks = {row.record_id for row in rows}
    return pks - set(kind.records().filter(pk__in=pks).values_list("pk", flat=True))


def _answer(connection: Connection, kind: Entity[Any, Any], result: "Result") -> "Result":
    row, outcome = result.row, result.outcome
    record, where = row.record, connection.system.label
    if outcome.status not in AGREED:
        if row.remote_id:
            return result
        if row.unsure or outcome.unsure:
            _unanswered(connection, kind, record)
        else:
            _forget(connection, kind, record.public_id)
        return result
    said = "It was deleted here while it was being sent"
    remote_id = outcome.remote_id or row.remote_id
    if outcome.status is Status.CREATED or (row.synced_at is None and not row.adopted):
        message = _made(connection, _named(record), remote_id)
        them = f"it{_with_lead(connection, kind, result)}"
        said += f", so nobody here knows {them}: delete it in {where} if it is not wanted there"
        _keep(connection, kind, record.public_id, name=str(record), message=message, remote_id=remote_id)
    elif row.adopted and row.synced_at is None:
        message = (
            f"{_named(record)} was linked to {remote_id}, which was in {where} before, and deleted here "
            "while it was being sent. What was sent stays there."
        )
        _keep(connection, kind, record.public_id, name=str(record), message=message, remote_id=remote_id)
    text = f"{outcome.message} {said}.".strip()
    return replace(result, outcome=replace(outcome, code=DELETED_HERE, message=text))


def _with_lead(connection: Connection, kind: Entity[Any, Any], result: "Result") -> str:
    """Return what a company was made with, as in " with its first user"."""
    if not result.rendered.lead or kind.parent:
        return ""
    return f" with its first {connection.system.record_words['contact'][0]}"


def _unanswered(connection: Connection, kind: Entity[Any, Any], record: Any) -> Orphan:
    text = (
        f"{_named(record)} may have been made in {connection.system.label}: it was deleted here while it was "
        "being sent, and no answer came. Look for it there."
    )
    return _keep(connection, kind, record.public_id, name=str(record), message=text)


def _made(connection: Connection, name: str, remote_id: str) -> str:
    return (
        f"{states.capped(name, logbook.NAME_CHARS)} was made in {connection.system.label} as {remote_id} and "
        "deleted here meanwhile. Delete it there if it is not wanted."
    )


def _may_be(connection: Connection, name: str, remote_id: str) -> str:
    return (
        f"{remote_id} in {connection.system.label} is called {states.capped(name, logbook.NAME_CHARS)}, as "
        "what may have been made there for a record that was deleted here. Delete it if it is not wanted."
    )


def _named(record: Any) -> str:
    return states.capped(str(record), logbook.NAME_CHARS)


def _keep(
    connection: Connection,
    kind: Entity[Any, Any],
    public_id: UUID,
    *,
    name: str,
    message: str,
    remote_id: str = "",
) -> Orphan:
    values: dict[str, str] = {"name": name[:300], "message": message}
    values |= {"remote_id": remote_id} if remote_id else {}
    return Orphan.objects.update_or_create(
        connection=connection, entity=kind.name, public_id=public_id, defaults=values
    )[0]


def _forget(connection: Connection, kind: Entity[Any, Any], public_id: UUID) -> None:
    Orphan.objects.filter(connection=connection, entity=kind.name, public_id=public_id, remote_id="").delete()


def _tell(connection: Connection, orphan: Orphan) -> None:
    logbook.event(connection, orphan.message, level=Entry.Level.WARNING, code=DELETED_HERE)
