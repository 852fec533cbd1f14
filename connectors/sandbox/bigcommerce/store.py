"""The records of the store, in memory, each kind by id with indexes for what is looked up by value.

A row is a mapping that is never changed in place; a new one replaces it. Its keys are those of the API, its
values are plain: ids, statuses and times are whole numbers here, and wobble only in answers. The lock around
a whole request makes it atomic; the journal undoes what a request has written so far.

company      id companyName companyEmail companyPhone addressLine1 addressLine2 city state country zipCode
             companyStatus bcGroupId catalogId uuid parentId channelIds priceListAssign extraFields
             movedOrderIds inactiveForWantOfAdmin createdAt updatedAt
user         id companyId customerId email firstName lastName phoneNumber role companyRoleId uuid channelIds
             originChannelId extraFields welcomed createdAt updatedAt
address      id companyId firstName lastName addressLine1 addressLine2 city countryCode countryName stateCode
             stateName zipCode phoneNumber label externalId isBilling isShipping isDefaultBilling
             isDefaultShipping extraFields createdAt updatedAt
customer     id email first_name last_name company phone customer_group_id notes channel_ids
             origin_channel_id orderIds date_created date_modified
group        id name
role         id name roleType roleLevel role permissions   (role: what users with it are reported as)
permission   id name code description moduleName
super_admin  id email firstName lastName
extra_field  id resource uuid fieldName fieldType isRequired isUnique visibleToEnduser configType
             defaultValue maximumLength numberOfRows maximumValue listOfValue
hook         id client_id scope destination headers is_active created_at updated_at

extraFields of a row maps fieldName to a string.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

Row = Mapping[str, Any]
# Different ranges, so that an id of one kind is never taken for one of another.
FIRST_IDS = {
    "company": 8_000_001,
    "user": 5_000_001,
    "address": 147_340,
    "customer": 301,
    "group": 11,
    "role": 27_605,
    "permission": 901,
    "super_admin": 610_001,
    "extra_field": 71,
    "hook": 18_048_287,
}
INDEXED: Mapping[str, tuple[str, ...]] = {
    "company": ("bcGroupId", "companyName"),
    "user": ("email", "companyId", "customerId", "companyRoleId"),
    "address": ("companyId", "externalId"),
    "customer": ("email", "customer_group_id"),
    "super_admin": ("email",),
    "extra_field": ("resource",),
}


class Table:
    """The rows of one kind by id, in order of creation."""

    def __init__(self, indexed: Iterable[str]) -> None:
        self.rows: dict[int, Row] = {}
        self._indexes: dict[str, dict[Any, dict[int, None]]] = {name: {} for name in indexed}

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows.values())

    def __len__(self) -> int:
        return len(self.rows)

    def get(self, key: object) -> Row | None:
        """Return the row with this id, a number or its digits, or None."""
        number = as_id(key)
        return None if number is None else self.rows.get(number)

    def having(self, name: str, value: Any) -> list[Row]:
        """Return the rows with this value in an indexed field; the case of text does not count."""
        return [self.rows[key] for key in self._indexes[name].get(_folded(value), ())]

    def put(self, key: int, row: Row | None) -> Row | None:
        """Store, replace or (with None) take out a row; return what was there."""
        old = self.rows.get(key)
        if old is not None:
            for name, index in self._indexes.items():
                index[_folded(old.get(name))].pop(key)
        if row is None:
            self.rows.pop(key, None)
        else:
            self.rows[key] = row
            for name, index in self._indexes.items():
                index.setdefault(_folded(row.get(name)), {})[key] = None
        return old


class Store:
    """All tables of the store, with the journal of the request in hand."""

    def __init__(self) -> None:
        self.tables = {name: Table(INDEXED.get(name, ())) for name in FIRST_IDS}
        self._next = dict(FIRST_IDS)
        self._journal: list[tuple[Table, int, Row | None]] = []

    def __getitem__(self, kind: str) -> Table:
        return self.tables[kind]

    def begin(self) -> None:
        """Start a request: what was written before can no longer be undone."""
        self._journal.clear()

    def mark(self) -> int:
        """Return a point to roll back to."""
        return len(self._journal)

    def roll_back(self, mark: int = 0) -> None:
        """Undo everything written since the mark."""
        while len(self._journal) > mark:
            table, key, old = self._journal.pop()
            table.put(key, old)

    def put(self, kind: str, row: Row) -> Row:
        """Store or replace a row, which knows its id, and return it."""
        table, key = self.tables[kind], row["id"]
        self._next[kind] = max(self._next[kind], key + 1)
        self._journal.append((table, key, table.put(key, row)))
        return row

    def add(self, kind: str, values: Row) -> Row:
        """Store a new row under an id that was never used and return it."""
        return self.put(kind, {"id": self._next[kind], **values})

    def remove(self, kind: str, key: int) -> None:
        """Take a row out."""
        table = self.tables[kind]
        self._journal.append((table, key, table.put(key, None)))


def as_id(value: object) -> int | None:
    """Return an id that arrived as a number or as digits, else None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16:
        return int(value)
    return None


def now() -> int:
    """Return this moment in whole seconds, as the API counts."""
    return int(time.time())


def matching(rows: Iterable[Row], *tests: Callable[[Row], bool]) -> list[Row]:
    """Return the rows that pass every test."""
    return [row for row in rows if all(test(row) for test in tests)]


def _folded(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value
