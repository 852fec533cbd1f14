"""Find the newest entries that a filter matches, at a price that does not grow with the log.

The log is read from its newest end in ranges of ids. What is not indexed yet, and what only dates
limit, is read in order until the page is full. A group of indexed blocks is asked by its index:
first for any MANY matches, in no order. Fewer are all there are; where there are more, its blocks
are asked one by one. So neither a text that is nowhere nor one that is everywhere, or was at one
time, has more than a block read. What no index helps with, as a word of two letters, ends after
a while (LOG_SEARCH_S) and tells how far it came.
"""

import re
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import groupby
from math import log
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import BooleanField, Q, QuerySet
from django.db.models.expressions import RawSQL

from synclog import partitions
from synclog.models import Block, Entry
from synclog.partitions import BLOCK, GROUP

MANY = 1_000
SAMPLE = 200  # of the newest entries: they tell which part of a text is rare
GRAM = 3  # letters that the index knows a text by
WINDOW = 6  # letters of a text that the index is asked for: each gram more is one more list to read
LATE = timedelta(hours=1)  # so long a transaction may be open and then add to a block that is closed

_TAGS = """synclog_tags("synclog_entry"."id", "synclog_entry"."level", "synclog_entry"."action_type",
    "synclog_entry"."outcome", "synclog_entry"."connection_id") @> %s::text[]"""
_GRAMS = 'synclog_grams("synclog_entry"."search") @> %s::text[]'
_WORD = re.compile(rf"[a-z0-9]{{{GRAM},}}")  # pg_trgm takes others for letters in some databases only
# How a statement may be planned. The planner guesses how many entries have a text, or two tags together, and
# is wrong in each partition anew; and it takes a run's entries to lie evenly between the others.
_COMMON = "SET LOCAL jit = off; SET LOCAL max_parallel_workers_per_gather = 0; SET LOCAL enable_seqscan = "
_IN_ORDER = f"{_COMMON} on; SET LOCAL enable_indexscan = on"
_BY_BITMAPS = f"{_COMMON} off; SET LOCAL enable_indexscan = off"
_BY_OWN_INDEX = f"{_COMMON} off; SET LOCAL random_page_cost = 0; SET LOCAL seq_page_cost = 0"


@dataclass(frozen=True, slots=True)
class Question:
    """What is looked for: `entries` by every filter, and what of it the indexes know.

    `tags` as synclog_tags names them, `text` in lower case; `start` and `end` in `entries` too.
    `is_narrow` says that a run or a record is asked for, which have indexes of their own.
    """

    entries: QuerySet[Entry]
    tags: Sequence[str] = ()
    text: str = ""
    start: datetime | None = None
    end: datetime | None = None
    is_narrow: bool = False


@dataclass(slots=True)
class Found:
    """Ids, newest first. `searched_to` is the last id that was looked at where patience ended."""

    pks: list[int] = field(default_factory=list)
    searched_to: int | None = None


@dataclass(frozen=True, slots=True)
class _Range:
    start: int
    end: int | None  # None: without end
    blocks: tuple[int, ...] = ()  # newest first; none where it is not indexed


def newest(question: Question, size: int, *, below: int | None = None) -> Found:
    """Return the newest `size` matches whose id is smaller than `below`."""
    until = time.monotonic() + settings.CONCORD["log_search_s"]
    blocks = list(Block.objects.order_by("-number"))
    pks: list[int] = []
    with transaction.atomic():
        reader = _Reader(question, blocks[0].number * BLOCK if blocks else 0)
        for number, part in enumerate(_cut(_ranges(question, blocks), below)):
            if number and time.monotonic() > until:
                return Found(pks, searched_to=part.end)
            pks += reader.read(part, size - len(pks))
            if len(pks) >= size:
                break
    return Found(pks)


def _ranges(question: Question, blocks: Sequence[Block]) -> Iterator[_Range]:
    """Yield what is to be read, newest first: groups of indexed blocks, and what lies between them."""
    end: int | None = None
    for _, group in groupby(_runs(blocks), lambda run: run[0].number * BLOCK // GROUP):
        for run in group:
            if end is None or (run[0].number + 1) * BLOCK < end:
                yield _Range((run[0].number + 1) * BLOCK, end)
            end = run[-1].number * BLOCK
            numbers = tuple(block.number for block in run if _may_hold(block, question))
            if numbers:
                yield _Range(numbers[-1] * BLOCK, (numbers[0] + 1) * BLOCK, numbers)
    if end != 0:
        yield _Range(0, end)


def _runs(blocks: Sequence[Block]) -> Iterator[list[Block]]:
    """Yield blocks that follow each other within one group."""
    run: list[Block] = []
    for block in blocks:
        if run and (run[-1].number != block.number + 1 or run[-1].number * BLOCK % GROUP == 0):
            yield run
            run = []
        run.append(block)
    if run:
        yield run


def _may_hold(block: Block, question: Question) -> bool:
    if block.first_at is None or block.last_at is None:
        return False
    is_before = question.end is not None and block.first_at - LATE >= question.end
    is_after = question.start is not None and block.last_at + LATE < question.start
    return not (is_before or is_after)


def _cut(parts: Iterable[_Range], below: int | None) -> Iterator[_Range]:
    """Yield the ranges as far as they lie below an id."""
    for part in parts:
        if below is None or (part.end is not None and part.end <= below):
            yield part
        elif part.start < below:
            yield replace(part, end=below)


class _Reader:
    """Reads ranges for one question. Use it in a transaction: it sets how statements are planned there."""

    def __init__(self, question: Question, sample_from: int) -> None:
        self.question = question
        self.hints = _hints(question.text, sample_from)
        self.has_terms = bool(self.hints or question.tags)  # that the index of closed partitions knows
        self.planned = ""
        with connection.cursor() as cursor:
            self.oversized = partitions.oversized(cursor) if self.has_terms else []

    def read(self, part: _Range, size: int) -> list[int]:
        """Return the newest ids of a range."""
        rows = _between(self.question.entries, part.start, part.end)
        if self.question.is_narrow and not self.has_terms:  # their own index has them in this order
            self._plan(_BY_OWN_INDEX)
            return list(rows.order_by("-pk")[:size])
        if not (self.has_terms and part.blocks):
            self._plan(_IN_ORDER)
            return list(rows.order_by("-pk")[:size])
        self._plan(_BY_BITMAPS)
        is_inside = any(start < (part.end or 0) and part.start < end for start, end in self.oversized)
        group = [f"group:{part.start // GROUP}"] if is_inside else []  # one list less to read where it is not
        some = list(self._by_index(rows, *group).order_by()[:MANY])
        if len(some) < MANY:
            return sorted(some, reverse=True)[:size]
        if self.question.is_narrow:
            self._plan(_BY_OWN_INDEX)
            return list(rows.order_by("-pk")[:size])
        found: list[int] = []
        for number in part.blocks:
            mine = _between(rows, number * BLOCK, (number + 1) * BLOCK)
            found += self._by_index(mine, f"block:{number}").order_by("-pk")[: size - len(found)]
            if len(found) >= size:
                break
        return found

    def _by_index(self, rows: QuerySet[Entry, int], *place: str) -> QuerySet[Entry, int]:
        tags = [*self.question.tags, *place]
        return rows.filter(*self.hints, *([_condition(_TAGS, tags)] if tags else []))

    def _plan(self, how: str) -> None:
        if self.planned != how:
            with connection.cursor() as cursor:
                cursor.execute(how)
            self.planned = how


def _between(entries: QuerySet[Entry, Any], start: int, end: int | None) -> QuerySet[Entry, int]:
    rows = entries.filter(pk__gte=start)
    return (rows if end is None else rows.filter(pk__lt=end)).values_list("pk", flat=True)


def _condition(sql: str, terms: Sequence[str]) -> RawSQL:
    return RawSQL(sql, [list(terms)], output_field=BooleanField())  # noqa: S611 - the values are parameters


def _hints(text: str, sample_from: int) -> list[RawSQL | Q]:
    """Return conditions that an index answers and that hold wherever an entry has this text."""
    foreign = [word for word in text.split(" ") if not word.isascii()]
    grams = [gram for word in foreign for gram in _grams(word)]
    if grams:
        return [_condition(_GRAMS, grams)]
    windows = [window for word in _WORD.findall(text) for window in _windows(word)]
    if not windows or not _has_trigrams():
        return []
    return [Q(search__contains=_rarest(windows, sample_from))]


def _has_trigrams() -> bool:
    with connection.cursor() as cursor:
        return partitions.has_trigrams(cursor)


def _windows(word: str) -> list[str]:
    return [word[at : at + WINDOW] for at in range(max(1, len(word) - WINDOW + 1))]


def _grams(text: str) -> list[str]:
    return [text[at : at + GRAM] for at in range(len(text) - GRAM + 1)]


def _rarest(windows: Sequence[str], sample_from: int) -> str:
    """Return the part of a text that the fewest entries have, as a sample of the newest tells."""
    if len(windows) == 1:
        return windows[0]
    newest = Entry.objects.filter(pk__gte=sample_from).order_by("-pk").values_list("search", flat=True)
    sample = list(newest[:SAMPLE])
    weights = {
        gram: log(1 + sum(gram in known for known in sample))
        for gram in {gram for window in windows for gram in _grams(window)}
    }
    lightest = {window: min(weights[gram] for gram in _grams(window)) for window in windows}
    return min(windows, key=lambda window: (lightest[window], sum(weights[gram] for gram in _grams(window))))
