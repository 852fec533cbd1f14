"""How long the log is kept."""

import logging
from datetime import datetime, timedelta

from django.db import OperationalError, connection
from django.db.models import Max, Min
from django.utils import timezone

from synclog import partitions
from synclog.models import Block, Entry, Run
from synclog.partitions import BLOCK, Partition

logger = logging.getLogger(__name__)


def prune(days: int) -> int:
    """Delete entries and runs older than so many days; return how many entries went.

    A partition whose entries are all past their time is dropped. The others lose theirs block by block, each
    in its own transaction: the log is written to all the while. A lock that somebody holds is left for the
    next time.
    """
    limit = timezone.now() - timedelta(days=days)
    with connection.cursor() as cursor:
        closed = partitions.closed(cursor)
    deleted = sum(_prune(partition, limit) for partition in closed)
    end = max((partition.end for partition in closed), default=0)
    deleted += Entry.objects.filter(pk__gte=end, logged_at__lt=limit).delete()[0]
    Run.objects.filter(started_at__lt=limit).delete()
    return deleted


def _prune(partition: Partition, limit: datetime) -> int:
    blocks = range(partition.start // BLOCK, partition.end // BLOCK)
    known = Block.objects.in_bulk(blocks)
    if len(known) == len(blocks) and all(b.last_at is None or b.last_at < limit for b in known.values()):
        return _drop(partition, limit)
    return sum(_prune_block(number, known.get(number), limit) for number in blocks)


def _drop(partition: Partition, limit: datetime) -> int:
    try:
        with partitions.locked() as cursor:
            if cursor is None:
                return 0
            cursor.execute(f"SELECT count(*), max(logged_at) FROM {partition.name}")  # noqa: S608 - the catalog's
            entries, last = cursor.fetchone()
            if last is not None and last >= limit:  # it came late
                return 0
            partitions.drop(cursor, partition)
            return int(entries)
    except OperationalError as error:
        logger.warning("%s is dropped later: %s", partition.name, error)
        return 0


def _prune_block(number: int, block: Block | None, limit: datetime) -> int:
    if block and (block.first_at is None or block.first_at >= limit):
        return 0
    entries = Entry.objects.filter(pk__gte=number * BLOCK, pk__lt=(number + 1) * BLOCK)
    deleted = entries.filter(logged_at__lt=limit).delete()[0]
    if block:
        Block.objects.filter(pk=number).update(
            **entries.aggregate(first_at=Min("logged_at"), last_at=Max("logged_at"))
        )
    return deleted
