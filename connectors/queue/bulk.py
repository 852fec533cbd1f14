"""Write many rows by two parameters: JSON documents that PostgreSQL unfolds itself.

bulk_create spends more time in Python, quoting one value after the other, than the
database spends storing them. What all rows have in common goes along once.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from django.db import connection as database
from django.db import models

Rows = Sequence[Mapping[str, Any]]


def insert(model: type[models.Model], rows: Rows) -> None:
    """Insert rows of one model, all with the same columns; others stay NULL. Pks are not read back."""
    if not rows:
        return
    fields = {column: model._meta.get_field(column) for column in rows[0]}
    source, places, values = _unfolded(fields, rows)
    names = ", ".join(_quoted(field) for field in fields.values())
    found = ", ".join(places.values())
    _execute(f"INSERT INTO {_table(model)} ({names}) SELECT {found} FROM {source}", values)  # noqa: S608


def update(rows: Sequence[models.Model], columns: Sequence[str]) -> None:
    """Write these columns of rows that exist and are locked. Raises IntegrityError."""
    if not rows or not columns:
        return
    meta = type(rows[0])._meta
    key: Any = meta.pk
    fields: dict[str, Any] = {key.attname: key}
    chosen: list[Any] = [meta.get_field(name) for name in columns]
    fields |= {field.attname: field for field in chosen}
    source, places, values = _unfolded(fields, [vars(row) for row in rows])
    own, table = places.pop(key.attname), _table(type(rows[0]))
    sets = ", ".join(f"{_quoted(fields[name])} = {place}" for name, place in places.items())
    _execute(f"UPDATE {table} SET {sets} FROM {source} WHERE {table}.{_quoted(key)} = {own}", values)  # noqa: S608


def _unfolded(fields: Mapping[str, Any], rows: Rows) -> tuple[str, dict[str, str], list[str]]:
    """Return the rows as a source to select from, where each field stands in it, and its parameters."""
    first, number = rows[0], len(rows)
    shared = [name for name in fields if [row[name] for row in rows].count(first[name]) == number]
    own = [name for name in fields if name not in shared] or [shared.pop()]
    source = f"jsonb_to_recordset(%s::jsonb) AS own ({_columns(fields, own)})"
    values = [_json([{fields[name].column: row[name] for name in own} for row in rows])]
    if shared:
        source += f", jsonb_to_record(%s::jsonb) AS shared ({_columns(fields, shared)})"
        values.append(_json({fields[name].column: first[name] for name in shared}))
    places = {name: f"{'shared' if name in shared else 'own'}.{_quoted(fields[name])}" for name in fields}
    return source, places, values


def _columns(fields: Mapping[str, Any], names: Sequence[str]) -> str:
    return ", ".join(f"{_quoted(fields[name])} {_type(fields[name])}" for name in names)


def _type(field: Any) -> str:
    return str(field.rel_db_type(database) if field.primary_key else field.db_type(database))


def _json(value: Any) -> str:
    """Return a document. What orjson does not take, such as half an emoji, is the database's to refuse."""
    try:
        return orjson.dumps(value).decode()
    except orjson.JSONEncodeError:
        return json.dumps(value, default=str)


def _execute(statement: str, values: Sequence[str]) -> None:
    with database.cursor() as cursor:
        cursor.execute(statement, values)


def _quoted(field: Any) -> str:
    return str(database.ops.quote_name(field.column))


def _table(model: type[models.Model]) -> str:
    return str(database.ops.quote_name(model._meta.db_table))
