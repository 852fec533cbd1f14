"""Write many rows by one parameter: a JSON document that PostgreSQL unfolds itself.

bulk_create spends more time in Python, quoting one value after the other, than the
database spends storing them.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection as database
from django.db import models


def insert(model: type[models.Model], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows of one model, all with the same columns; others stay NULL. Pks are not read back."""
    if not rows:
        return
    fields = [model._meta.get_field(column) for column in rows[0]]
    names = ", ".join(_quoted(fields))
    statement = f"INSERT INTO {_table(model)} ({names}) SELECT {names} FROM {_unfolded(fields)}"  # noqa: S608
    _execute(statement, rows)


def update(rows: Sequence[models.Model], columns: Sequence[str]) -> None:
    """Write these columns of rows that exist and are locked. Raises IntegrityError."""
    if not rows:
        return
    model = type(rows[0])
    fields: list[Any] = [model._meta.get_field(name) for name in columns]
    sets = ", ".join(f"{name} = new.{name}" for name in _quoted(fields))
    key: Any = model._meta.pk
    table = _table(model)
    source = _unfolded([key, *fields])
    where = f"{table}.{_quoted([key])[0]} = new.{_quoted([key])[0]}"
    wanted = [(field.column, field.attname) for field in [key, *fields]]
    values = [{column: vars(row)[name] for column, name in wanted} for row in rows]
    _execute(f"UPDATE {table} SET {sets} FROM {source} WHERE {where}", values)  # noqa: S608


def _execute(statement: str, rows: Sequence[Mapping[str, Any]]) -> None:
    with database.cursor() as cursor:
        cursor.execute(statement, [json.dumps(rows, default=_plain)])


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no place in a row")


def _unfolded(fields: Sequence[Any]) -> str:
    columns = ", ".join(
        f"{name} {field.rel_db_type(database) if field.primary_key else field.db_type(database)}"
        for name, field in zip(_quoted(fields), fields, strict=True)
    )
    return f"jsonb_to_recordset(%s::jsonb) AS new ({columns})"


def _quoted(fields: Sequence[Any]) -> list[str]:
    return [database.ops.quote_name(field.column) for field in fields]


def _table(model: type[models.Model]) -> str:
    return str(database.ops.quote_name(model._meta.db_table))
