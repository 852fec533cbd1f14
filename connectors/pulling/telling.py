"""What the log says of records that came in: one sentence, and every value that was taken or lost."""

from collections.abc import Mapping
from typing import Any

from connectors import clock
from connectors.entities import Entity
from connectors.inbound import Found
from connectors.models import Connection
from connectors.pulling.merging import Merged
from connectors.states import capped
from synclog.models import Entry

NAME_CHARS = 100
VALUE_CHARS = 200


def entry(
    connection: Connection,
    kind: Entity[Any, Any],
    sentence: str,
    *,
    by: str,
    outcome: str,
    remote_id: str,
    record: Any = None,
    name: str = "",
    level: str = Entry.Level.INFO,
    code: str = "",
    changes: Mapping[str, list[Any]] | None = None,
    errors: Mapping[str, str] | None = None,
) -> None:
    """Write one entry of what came in. `record` is ours, where there is one; else `name` is theirs."""
    told = {label: [plain(value) for value in pair] for label, pair in (changes or {}).items()}
    pairs = ", ".join(f"{label} {_short(new)}" for label, (_, new) in told.items())
    called = str(record) if record is not None else name
    email = getattr(record, "email", "") or ""
    known = (sentence, pairs, called, email, remote_id, code, *(str(old) for old, _ in told.values()))
    Entry.objects.create(
        level=level,
        action_type=kind.action_type,
        message=pairs,
        description=sentence,
        login_user=by[:150],
        logged_at=clock.now(),
        connection_id=connection.pk,
        connection_name=connection.name,
        entity=kind.name,
        object_id=None if record is None else record.public_id,
        object_name=called[:500],
        remote_id=remote_id,
        remote_url=connection.record_url(kind.name, remote_id)[:500],
        direction="in",
        outcome=outcome,
        code=code,
        changes=told,
        errors=dict(errors or {}),
        search=" ".join(text for text in known if text).lower()[:4_000],
    )


def changed(
    connection: Connection,
    kind: Entity[Any, Any],
    record: Any,
    remote_id: str,
    merged: Merged,
    *,
    by: str,
    first: str = "",
) -> None:
    """Tell what of a change over there was taken over, and what was not; `first` is said before it."""
    if not (first or merged.changes or merged.refused):
        return
    parts = [first]
    if merged.changes:
        labels = ", ".join(merged.changes)
        parts.append(f"{called(record)} updated from {connection.system.label}: {labels}.")
    if merged.refused:
        parts.append(_refusal(connection, record, merged))
    entry(
        connection,
        kind,
        " ".join(part for part in parts if part),
        by=by,
        outcome="updated" if first or merged.changes else "not_taken",
        remote_id=remote_id,
        record=record,
        level=Entry.Level.WARNING if merged.refused else Entry.Level.INFO,
        code="theirs_lost" if merged.refused else "",
        changes={**merged.changes, **merged.refused},
    )


def _refusal(connection: Connection, record: Any, merged: Merged) -> str:
    where, labels = connection.system.label, ", ".join(merged.refused)
    is_one = len(merged.refused) == 1
    ours = "Concord's value counts" if is_one else "Concord's values count"
    if connection.sends_by_itself(record):
        again = f"{ours} and {'is' if is_one else 'are'} sent again."
    else:
        again = f"{ours}: {connection.system.push_label} sends {'it' if is_one else 'them'}."
    if merged.changes:
        return f"Not taken over: {labels}. {again}"
    return f"{called(record)} was changed in {where}: {labels}. {again}"


def word(connection: Connection, kind: Entity[Any, Any]) -> str:
    """Return what the other side calls one of these, as in "user"."""
    return connection.system.record_words[kind.name][0]


def theirs(connection: Connection, kind: Entity[Any, Any], found: Found) -> str:
    """Return how a record over there is named in a sentence, as in "User 2211 (Mark Z) in B2B"."""
    name = f" ({capped(found.name, NAME_CHARS)})" if found.name else ""
    return f"{word(connection, kind).capitalize()} {found.remote_id}{name} in {connection.system.label}"


def called(record: Any) -> str:
    """Return a record's name, short enough that what happened to it is seen too."""
    return capped(str(record), NAME_CHARS)


def plain(value: Any) -> Any:
    """Return a value as the log keeps it."""
    if value is None or isinstance(value, bool | int | float):
        return value
    return capped(str(value).replace("\x00", ""), VALUE_CHARS)


def _short(value: Any) -> str:
    return "(cleared)" if value in (None, "") else str(value)
