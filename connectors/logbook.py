"""The engine's entries in the log: one sentence, what was sent, what was answered."""

import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors import kinds, states
from connectors.entities import Entity
from connectors.http import mask
from connectors.mapping import Mapping as FieldMapping
from connectors.mapping import grouped, same
from connectors.models import Connection
from connectors.protocol import DELETED_HERE, LEFT_OUT, Candidate, Outcome, Status
from synclog.models import Entry

SLICE_CHARS = 4_000  # of a request or an answer kept per entry
VALUE_CHARS = 200  # of one value in the readable pairs
NAME_CHARS = 100  # of a record's name in a sentence: what happened to it must be seen too
MAX_CANDIDATES = 10
_JSON = json.JSONEncoder(ensure_ascii=False, default=str)

_VERBS = {
    Status.CREATED: "created",
    Status.UPDATED: "updated",
    Status.UNCHANGED: "is already in sync",
    Status.SKIPPED: "was not sent",
    Status.TRANSIENT: "was not taken yet",
    Status.REJECTED: "was not sent",
    Status.CONFLICT: "needs your choice",
    Status.WAITING: "waits",
}
_LEVELS = {
    Status.REJECTED: Entry.Level.ERROR,
    Status.CONFLICT: Entry.Level.ERROR,
    Status.TRANSIENT: Entry.Level.WARNING,
}


class Entries:
    """Compose the entries of one connection's attempts on records of one entity, as rows of `Entry`."""

    def __init__(
        self, connection: Connection, entity: Entity[Any, Any], mapping: FieldMapping, now: datetime
    ) -> None:
        self.connection, self.entity, self.mapping = connection, entity, mapping
        self.secrets = kinds.secrets(connection.system.logins, connection.credentials)
        self.now, self.where = now, connection.system.label
        self.url_of = connection.urls_of(entity.name)

    def of(self, row: Any, outcome: Outcome) -> dict[str, Any]:
        """Return the row of one attempt: all columns but the id and the user."""
        connection, record, said = self.connection, row.record, outcome.exchange
        remote_id = outcome.remote_id or row.remote_id
        named = str(record)
        name = states.capped(named, NAME_CHARS)
        description = _sentence(self.where, self.mapping, name, outcome, remote_id)
        pairs = _pairs(self.mapping, outcome.sent)
        code = outcome.code or (LEFT_OUT if outcome.remarks else "")
        return {
            "level": _level(outcome),
            "action_type": self.entity.action_type,
            "message": pairs,
            "endpoint": said.endpoint[:500],
            "description": description,
            "login_user": row.requested_by,
            "logged_at": self.now,
            "run": row.run,
            "connection_id": connection.pk,
            "connection_name": connection.name,
            "entity": self.entity.name,
            "object_id": record.public_id,
            "object_name": named[:500],
            "remote_id": remote_id,
            "remote_url": self.url_of(remote_id)[:500],
            "direction": "out",
            "outcome": outcome.status.value,
            "code": code[:100],
            "changes": _changes(self.mapping, row.snapshot, outcome.sent),
            "errors": dict(outcome.errors),
            "attempt": row.attempts + 1,
            "duration_ms": said.duration_ms,
            "http_status": said.http_status,
            "request": _slice(said.request, self.secrets),
            "answer": _slice(said.answer, self.secrets),
            "search": _search(description, pairs, named, getattr(record, "email", ""), remote_id, code),
        }


def event(
    connection: Connection,
    description: str,
    *,
    level: str = Entry.Level.INFO,
    action_type: str = Entry.ActionType.CONNECTION,
    login_user: str = "",
    code: str = "",
    detail: str = "",
    endpoint: str = "",
    run: uuid.UUID | None = None,
) -> None:
    """Write one event of a connection: paused, resumed, tested, token fetched; or of a `run` of its."""
    secrets = kinds.secrets(connection.system.logins, connection.credentials)
    text = mask(description, secrets)
    Entry.objects.create(
        level=level,
        action_type=action_type,
        description=text,
        login_user=login_user[:150],
        run=run,
        connection_id=connection.pk,
        connection_name=connection.name,
        code=code[:100],
        endpoint=endpoint[:500],
        answer=mask(detail, secrets, most=SLICE_CHARS),
        search=f"{text} {connection.name} {code}".lower(),
    )


def candidates(found: Sequence[Candidate]) -> list[dict[str, Any]]:
    """Return candidates as the JSON that a link keeps."""
    return [
        {
            "remote_id": item.remote_id,
            "name": item.name,
            "url": item.url,
            "rule": item.rule,
            "fields": dict(item.fields),
            "facts": dict(item.facts),
        }
        for item in found[:MAX_CANDIDATES]
    ]


def _level(outcome: Outcome) -> str:
    if outcome.status in _LEVELS:
        return _LEVELS[outcome.status]
    is_unusual = outcome.remarks or outcome.code == DELETED_HERE
    return Entry.Level.WARNING if is_unusual else Entry.Level.INFO


def _sentence(where: str, mapping: FieldMapping, name: str, outcome: Outcome, remote_id: str) -> str:
    verb = _VERBS[outcome.status]
    if outcome.status is Status.CREATED:
        head = f"{name} created in {where} as {remote_id}"
    elif outcome.status is Status.UPDATED:
        fields = ", ".join(mapping.labels(outcome.sent))
        head = f"{name} updated in {where}" + (f": {fields}" if fields else "")
    elif outcome.status in (Status.REJECTED, Status.TRANSIENT, Status.SKIPPED):
        head = (
            f"{name} {verb} to {where}"
            if outcome.status is not Status.TRANSIENT
            else f"{name} {verb} by {where}"
        )
    else:
        head = f"{name} {verb}"
    left_out = grouped(mapping.by_label(outcome.remarks))
    reason = " ".join(dict.fromkeys([outcome.message, *outcome.errors.values(), *left_out])).strip()
    if not reason or head.endswith(reason):
        return f"{head}."
    done = outcome.status in (Status.CREATED, Status.UPDATED)  # what follows is no cause, but one more fact
    return f"{head}{'.' if done else ':'} {reason}"


def _pairs(mapping: FieldMapping, sent: Mapping[str, Any]) -> str:
    """Return what was sent as people read it: email markz@test.com, city Toronto."""
    by_remote = mapping.by_remote
    return ", ".join(
        f"{by_remote[name].label if name in by_remote else name} {_short(value)}"
        for name, value in sent.items()
    )


def _short(value: Any) -> str:
    if value is None:
        return "(cleared)"
    text = str(value)
    return text if len(text) <= VALUE_CHARS else f"{text[:VALUE_CHARS]}…"


def _changes(mapping: FieldMapping, old: Mapping[str, Any], sent: Mapping[str, Any]) -> dict[str, list[Any]]:
    by_remote = mapping.by_remote
    return {
        by_remote[name].label if name in by_remote else name: [old.get(name), value]
        for name, value in sent.items()
        if not same(old.get(name), value)
    }


def _slice(value: Any, secrets: Sequence[str]) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else _JSON.encode(value)
    text = text.replace("\x00", "")
    return mask(text, secrets, most=SLICE_CHARS)


def _search(*known: str) -> str:
    return " ".join(filter(None, known)).lower()[:SLICE_CHARS]
