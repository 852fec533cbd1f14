"""The log's table in partitions by id: made ahead, indexed once closed, merged, dropped when old.

An index that finds any part of a text costs more per inserted row than all else that a record
costs, and hardly a tenth of that when it is built on rows that are there. So entries are inserted
into partitions of one block of ids without it. Once the sequence has passed a partition nothing is
inserted there any more: it gets the index, and sixteen of them are merged into one.

Each step is one transaction, holds an advisory lock, and finds out anew what is to be done: it may
die at any point, run twice at once, or not run for days. Ids beyond the last partition go to the
default partition, which becomes an ordinary one by the next step. Needs no more rights than to own
the table. The names of tables that are put into statements come from here or from the catalog.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import groupby, pairwise
from typing import Any

from django.db import IntegrityError, OperationalError, connection, transaction

from synclog.models import Entry

logger = logging.getLogger(__name__)

BLOCK = 16_384  # ids; the index knows them by number (synclog_tags, in a migration)
GROUP = 16 * BLOCK  # ids of a merged partition
AHEAD = 8  # blocks made before they are needed
LOCK_TIMEOUT_S = 0.5  # of the whole table: who inserts waits as long
CLOSED_TIMEOUT_S = 5.0  # of a partition that nobody inserts into: autovacuum gives way after one second
RUN_S = 50.0
_ADVISORY = 0x10600001

_BOUNDS = """pg_inherits JOIN pg_class AS child ON child.oid = inhrelid, LATERAL regexp_match(
    pg_get_expr(relpartbound, child.oid), 'FROM \\(''?(\\d+)''?\\) TO \\(''?(\\d+)'
) AS bound WHERE inhparent = 'synclog_entry'::regclass AND bound IS NOT NULL"""
_PARTITIONS = f"""
SELECT child.relname, bound[1]::bigint, bound[2]::bigint,
    to_regclass(child.relname || '_words') IS NOT NULL,
    (SELECT count(*) FROM synclog_block WHERE number >= bound[1]::bigint / %(block)s
        AND number < bound[2]::bigint / %(block)s)
FROM {_BOUNDS} ORDER BY bound[1]::bigint
"""  # noqa: S608 - our own words
_OVERSIZED = f"""
SELECT bound[1]::bigint, bound[2]::bigint FROM {_BOUNDS} AND bound[2]::bigint - bound[1]::bigint > %s
"""  # noqa: S608
_LAST_ID = "SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END FROM synclog_entry_id_seq"
_BLOCKS = """
INSERT INTO synclog_block (number, first_at, last_at)
SELECT block, min(logged_at), max(logged_at)
FROM generate_series(%(start)s / %(block)s, %(end)s / %(block)s - 1) AS block
LEFT JOIN {name} ON id / %(block)s = block
GROUP BY block
ON CONFLICT (number) DO UPDATE SET first_at = excluded.first_at, last_at = excluded.last_at
"""
_TAGS = "synclog_tags(id, level, action_type, outcome, connection_id), synclog_grams(search)"
_ANALYZED = "id, run, object_id, level, action_type, outcome, connection_id, logged_at"


@dataclass(frozen=True, slots=True)
class Partition:
    """A range of ids, from `start` up to but without `end`."""

    name: str
    start: int
    end: int
    has_words: bool  # an index that finds parts of words
    is_indexed: bool


def keep(*, ahead: int = AHEAD) -> bool:
    """Do what is due, for a minute at most; return whether more may be due."""
    until = time.monotonic() + RUN_S
    steps: list[Callable[[Any], bool]] = [partial(_extend, ahead=ahead), _merge, _index]
    while steps and time.monotonic() < until:
        if not _done(steps[0]):
            steps.pop(0)
    return bool(steps)


def _done(step: Callable[[Any], bool]) -> bool:
    """Do a step; return whether it did something."""
    try:
        with locked() as cursor:
            return cursor is not None and step(cursor)
    except (OperationalError, IntegrityError) as error:  # a lock that somebody holds, mostly
        logger.warning("the log's partitions are seen to later: %s", error)
        return False


@contextmanager
def locked() -> Iterator[Any]:
    """Give a cursor in a transaction that changes partitions; None while another one does."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_ADVISORY])
        if not cursor.fetchone()[0]:
            yield None
            return
        cursor.execute("SET LOCAL maintenance_work_mem = '128MB'")
        _wait_at_most(cursor, LOCK_TIMEOUT_S)
        yield cursor


def closed(cursor: Any) -> list[Partition]:
    """Return the partitions that nothing is inserted into any more, oldest first."""
    last = _last_id(cursor)
    return [partition for partition in _partitions(cursor) if partition.end <= last + 1]


def oversized(cursor: Any) -> list[tuple[int, int]]:
    """Return where partitions are that hold more than a group: of before there were any, or made too late."""
    cursor.execute(_OVERSIZED, [GROUP])
    return list(cursor.fetchall())


def drop(cursor: Any, partition: Partition) -> None:
    """Remove a closed partition with its entries."""
    _lock(cursor, partition)
    cursor.execute(f"DROP TABLE {partition.name}")
    numbers = [partition.start // BLOCK, partition.end // BLOCK]
    cursor.execute("DELETE FROM synclog_block WHERE number >= %s AND number < %s", numbers)


def _partitions(cursor: Any) -> list[Partition]:
    cursor.execute(_PARTITIONS, {"block": BLOCK})
    return [
        Partition(name, start, end, has_words, known == (end - start) // BLOCK)
        for name, start, end, has_words, known in cursor.fetchall()
    ]


def _last_id(cursor: Any) -> int:
    cursor.execute(_LAST_ID)
    return int(cursor.fetchone()[0])


def _extend(cursor: Any, *, ahead: int) -> bool:
    """Make partitions ahead; take over what went to the default one."""
    end = max((partition.end for partition in _partitions(cursor)), default=0)
    cursor.execute("SELECT EXISTS (SELECT FROM synclog_entry_default WHERE id >= %s)", [end])
    if cursor.fetchone()[0]:
        _take_over_default(cursor, end)
        return True
    wanted = (_last_id(cursor) // BLOCK + 1 + ahead) * BLOCK
    for start in range(end, wanted, BLOCK):
        name = _name(start, start + BLOCK)
        _create(cursor, name)
        _attach(cursor, name, start, start + BLOCK)  # locks the default one alone: inserts go on
    return end < wanted


def _take_over_default(cursor: Any, start: int) -> None:
    """Make the default partition one like the others, and a new default one. Reads its rows once."""
    cursor.execute("LOCK TABLE ONLY synclog_entry IN ACCESS EXCLUSIVE MODE")
    cursor.execute("SELECT coalesce(max(id), 0) FROM synclog_entry_default")
    end = (max(cursor.fetchone()[0], _last_id(cursor)) // BLOCK + 1) * BLOCK
    name = _name(start, end)
    cursor.execute("ALTER TABLE synclog_entry DETACH PARTITION synclog_entry_default")
    cursor.execute(f"ALTER TABLE synclog_entry_default RENAME TO {name}")
    _attach(cursor, name, start, end)
    cursor.execute("CREATE TABLE synclog_entry_default PARTITION OF synclog_entry DEFAULT")
    logger.warning("the log's partitions were not made in time: %s was made of the default one", name)


def _index(cursor: Any) -> bool:
    """Index the newest closed partition that is not; late entries wait meanwhile."""
    can_find_words = has_trigrams(cursor)
    for partition in reversed(closed(cursor)):
        if not partition.is_indexed or (can_find_words and not partition.has_words):
            _lock(cursor, partition)
            _build(cursor, partition.name, partition.start, partition.end, has_trigrams=can_find_words)
            return True
    return False


def _merge(cursor: Any) -> bool:
    """Merge the partitions of the newest closed group that has several."""
    for group, members in groupby(reversed(closed(cursor)), lambda partition: partition.start // GROUP):
        inside = sorted((one for one in members if one.end <= (group + 1) * GROUP), key=lambda one: one.start)
        is_whole = bool(inside) and inside[-1].end == (group + 1) * GROUP
        if len(inside) > 1 and is_whole and all(left.end == right.start for left, right in pairwise(inside)):
            _replace(cursor, inside)
            return True
    return False


def _replace(cursor: Any, members: list[Partition]) -> None:
    """Put one partition with the same entries in the place of several."""
    _probe_lock(cursor)
    start, end = members[0].start, members[-1].end
    name = _name(start, end)
    _lock(cursor, *members)
    _create(cursor, name)
    cursor.execute(
        f"INSERT INTO {name} SELECT * FROM synclog_entry WHERE id >= %s AND id < %s ORDER BY id",  # noqa: S608
        [start, end],
    )
    users = connection.ops.quote_name(Entry._meta.get_field("user").related_model._meta.db_table)
    cursor.execute(
        f"ALTER TABLE {name} ADD CONSTRAINT {name}_range CHECK (id >= {start} AND id < {end}), "
        f"ADD PRIMARY KEY (id), ADD CONSTRAINT synclog_entry_user_id_fk FOREIGN KEY (user_id) "
        f"REFERENCES {users} (id) DEFERRABLE INITIALLY DEFERRED"
    )
    cursor.execute(f"CREATE INDEX {name}_run ON {name} (run, id DESC)")
    cursor.execute(f"CREATE INDEX {name}_object ON {name} (object_id, id DESC)")
    _build(cursor, name, start, end, has_trigrams=has_trigrams(cursor))
    cursor.execute("LOCK TABLE ONLY synclog_entry IN ACCESS EXCLUSIVE MODE")
    cursor.execute(f"DROP TABLE {', '.join(member.name for member in members)}")
    _attach(cursor, name, start, end)  # the constraint saves reading it
    cursor.execute(f"ALTER TABLE {name} DROP CONSTRAINT {name}_range")


def _lock(cursor: Any, *closed: Partition) -> None:
    """Let nobody change closed partitions any more."""
    _wait_at_most(cursor, CLOSED_TIMEOUT_S)
    cursor.execute(f"LOCK TABLE {', '.join(one.name for one in closed)} IN SHARE MODE")
    _wait_at_most(cursor, LOCK_TIMEOUT_S)


def _wait_at_most(cursor: Any, seconds: float) -> None:
    cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{seconds * 1000:.0f}ms"])


def _probe_lock(cursor: Any) -> None:
    """Raise OperationalError while the table can't be locked, as during a dump. Call it before long work."""
    savepoint = transaction.savepoint()
    cursor.execute("LOCK TABLE ONLY synclog_entry IN ACCESS EXCLUSIVE MODE")
    transaction.savepoint_rollback(savepoint)


def _build(cursor: Any, name: str, start: int, end: int, *, has_trigrams: bool) -> None:
    """Index a partition, and note when its blocks were logged."""
    columns, made = (f"{_TAGS}, search gin_trgm_ops", "words") if has_trigrams else (_TAGS, "tags")
    cursor.execute(f"CREATE INDEX IF NOT EXISTS {name}_{made} ON {name} USING gin ({columns})")
    cursor.execute(
        f"ALTER INDEX {name}_{made} ALTER COLUMN 1 SET STATISTICS 0, ALTER COLUMN 2 SET STATISTICS 0"
    )
    if has_trigrams:
        cursor.execute(f"DROP INDEX IF EXISTS {name}_tags")
    cursor.execute(
        f"ANALYZE {name} (id, run, object_id, level, action_type, outcome, connection_id, logged_at)"
    )
    cursor.execute(_BLOCKS.format(name=name), {"start": start, "end": end, "block": BLOCK})


def _create(cursor: Any, name: str) -> None:
    like = "INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE"
    cursor.execute(f"CREATE TABLE {name} (LIKE synclog_entry {like})")


def _attach(cursor: Any, name: str, start: int, end: int) -> None:
    cursor.execute(f"ALTER TABLE synclog_entry ATTACH PARTITION {name} FOR VALUES FROM ({start}) TO ({end})")


def _name(start: int, end: int) -> str:
    return f"synclog_entry_{start // BLOCK}_{end // BLOCK - 1}"


def has_trigrams(cursor: Any) -> bool:
    """Return whether the database has the extension that finds parts of words."""
    cursor.execute("SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_trgm')")
    return bool(cursor.fetchone()[0])
