"""The records, in memory, with an index for every field that is looked up by value.

The lock around a whole request makes it atomic; the journal undoes what a request has written so far. Rows
are never changed in place: a new dict replaces the old one.
"""

import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from .ids import IdFactory
from .schema import Field, SObject

Row = Mapping[str, Any]
EXACT_TYPES = frozenset({"id", "reference"})


class Table:
    """The rows of one object by id, in order of creation; deleted rows stay, marked."""

    def __init__(self, sobject: SObject) -> None:
        self.rows: dict[str, Row] = {}
        self._fields: dict[str, Field] = {}
        self._indexes: dict[str, dict[Any, dict[str, None]]] = {}
        self.use(sobject)

    def use(self, sobject: SObject) -> None:
        """Take over a changed definition and index anew."""
        self.sobject = sobject
        self._fields = {field.name: field for field in sobject.indexed_fields() if field.name != "Id"}
        self._indexes = {name: {} for name in self._fields}
        for key, row in self.rows.items():
            self._enter(key, row)

    def put(self, key: str, row: Row | None) -> Row | None:
        """Store, replace or (with None) take out a row; return what was there."""
        old = self.rows.get(key)
        if old is not None:
            self._leave(key, old)
        if row is None:
            self.rows.pop(key, None)
        else:
            self.rows[key] = row
            self._enter(key, row)
        return old

    def has_index(self, name: str) -> bool:
        """Return whether ids_with() answers for this field without looking at every row."""
        return name == "Id" or name in self._indexes

    def ids_with(self, name: str, value: Any) -> Iterator[str]:
        """Return the ids of rows, deleted ones too, that hold this value in an indexed field."""
        if name == "Id":
            return iter((value,) if value in self.rows else ())
        return iter(self._indexes[name].get(folded(self._fields[name], value), ()))

    def alive_with(self, name: str, value: Any) -> list[Row]:
        """Return the rows that hold this value in an indexed field and are not deleted."""
        found = (self.rows[key] for key in self.ids_with(name, value))
        return [row for row in found if not row["IsDeleted"]]

    def _enter(self, key: str, row: Row) -> None:
        for name, index in self._indexes.items():
            if (value := row.get(name)) is not None:
                index.setdefault(folded(self._fields[name], value), {})[key] = None

    def _leave(self, key: str, row: Row) -> None:
        for name, index in self._indexes.items():
            if (value := row.get(name)) is not None:
                index.get(folded(self._fields[name], value), {}).pop(key, None)


class Store:
    """All tables of the org, and the clock and ids they share."""

    def __init__(self, schema: Mapping[str, SObject], ids: IdFactory, lock: threading.RLock) -> None:
        self.lock = lock
        self.tables = {sobject.name: Table(sobject) for sobject in schema.values()}
        self._ids = ids
        self._journal: list[tuple[Table, str, Row | None]] = []

    def use(self, schema: Mapping[str, SObject]) -> None:
        """Take over changed definitions; values of a removed field stay, unseen."""
        for sobject in schema.values():
            self.tables[sobject.name].use(sobject)

    def begin(self) -> None:
        """Start a request: what was written before can no longer be undone."""
        self._journal.clear()

    def mark(self) -> int:
        """Return a point to roll back to."""
        return len(self._journal)

    def roll_back(self, mark: int) -> None:
        """Undo everything written since the mark."""
        while len(self._journal) > mark:
            table, key, old = self._journal.pop()
            table.put(key, old)

    def put(self, table: Table, key: str, row: Row) -> None:
        """Store or replace a row."""
        self._journal.append((table, key, table.put(key, row)))

    def new_id(self, sobject: SObject) -> str:
        """Return an id that was never used."""
        return self._ids.new(sobject.prefix)

    def now(self) -> str:
        """Return this moment as Salesforce writes it, in whole seconds."""
        return timestamp(datetime.now(UTC))


def timestamp(moment: datetime) -> str:
    """Return a moment as Salesforce writes it: 2026-11-21T22:39:00.000+0000."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def folded(field: Field, value: Any) -> Any:
    """Return the value as equality sees it: text without case, ids exactly."""
    if isinstance(value, str) and field.type not in EXACT_TYPES and not field.case_sensitive:
        return value.lower()
    return value
