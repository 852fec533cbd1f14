"""Entries where a test wants them: the sequence of their ids jumps, so that a few entries fill a block."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from synclog import partitions
from synclog.models import Entry
from synclog.partitions import BLOCK


def go_to(block: int) -> None:
    """Let the next entry be the first one of a block."""
    _set_id(max(1, block * BLOCK), was_used=False)


def entry(text: str, *, at: datetime | None = None, **fields: Any) -> Entry:
    """Log an entry that is found by this text."""
    kept = {"level": "INFO", "action_type": "customer_sync", "logged_at": at or timezone.now(), **fields}
    return Entry.objects.create(description=text, search=text.lower(), **kept)


def copy(made: Entry, pks: range) -> None:
    """Log an entry again under each of these ids."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO synclog_entry SELECT (jsonb_populate_record(old, jsonb_build_object('id', pk))).* "
            "FROM (SELECT old FROM synclog_entry AS old WHERE id = %s) AS made, "
            "generate_series(%s, %s) AS pk",
            [made.pk, pks[0], pks[-1]],
        )


def days_ago(days: float) -> datetime:
    return timezone.now() - timedelta(days=days)


def keep() -> None:
    """Do all that is due."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SET CONSTRAINTS ALL IMMEDIATE"
        )  # within a test's transaction: what was inserted is checked
    while partitions.keep():
        pass


def names() -> list[str]:
    """Return the partitions, oldest first, and the default one."""
    start = r"(regexp_match(pg_get_expr(relpartbound, oid), 'FROM \(''?(\d+)'))[1]::bigint"
    found = rows(
        "SELECT relname FROM pg_class JOIN pg_inherits ON oid = inhrelid "
        f"WHERE inhparent = 'synclog_entry'::regclass ORDER BY {start} NULLS LAST"
    )
    return [name for (name,) in found]


def rows(sql: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


@contextmanager
def restored_ids() -> Iterator[None]:
    """Begin with the first id, and go on with those of before afterwards: a sequence is not rolled back."""
    ((last, was_used),) = rows("SELECT last_value, is_called FROM synclog_entry_id_seq")
    go_to(0)
    try:
        yield
    finally:
        _set_id(last, was_used=was_used)


def make_anew() -> None:
    """Put the partitions of a new installation in the place of those that there are, empty."""
    go_to(0)
    with connection.cursor() as cursor:
        for name in names():
            cursor.execute(f"DROP TABLE {name}")
        cursor.execute("CREATE TABLE synclog_entry_default PARTITION OF synclog_entry DEFAULT")
        cursor.execute("DELETE FROM synclog_block")
    partitions.keep()


def _set_id(number: int, *, was_used: bool) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval('synclog_entry_id_seq', %s, %s)", [number, was_used])
