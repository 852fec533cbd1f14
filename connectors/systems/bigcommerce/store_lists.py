"""Read a store's lists once, and again what changed since: whether that pays is counted in calls.

A list is read where its pages are no more calls than the look-ups that they spare: those of
the push at hand, and those that were made since anybody asked. A click on a few records never waits
for it. Between two pages a click goes first; what was read so far is kept.
"""

import math
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from connectors.protocol import Change
from connectors.systems.bigcommerce import wire
from connectors.systems.bigcommerce.client import PAGE
from connectors.systems.bigcommerce.pull import LISTS, Place, Puller
from connectors.systems.bigcommerce.store_index import MOST, Entry, ListCache, cache_of, entry_of, forget
from connectors.systems.bigcommerce.talk import Talk

LEAST = 5  # new records of a push: fewer look for themselves
OVERLAP_S = 3  # of two looks at what changed: stamps are whole seconds, bounds may exclude theirs
PASS_EVERY_S = 60.0  # then as widely as a poll does, for changes that were stamped late
LEAST_PAGES = 10  # of changes that are read in any case
FRESH_S = 5.0  # so old is what is known of a list at most when companies are made by it
WAIT_S = 0.5

Flat = Mapping[str, Any]


@dataclass
class StoreList:
    """One list during one push.

    `new` records of it are not linked yet, whose look-ups would take so many calls (`saves`). What is
    known of the list may be `fresh_s` old when the push begins.
    """

    talk: Talk
    entity: str
    new: int
    saves: int
    fresh_s: float = 0.0
    doubted: set[str] = field(default_factory=set)  # keys that an unanswered call may have stored
    _is_known: bool | None = None
    _is_lost: bool = False  # nothing of what changed last was there at the last look
    _made_before: int | None = None

    def __post_init__(self) -> None:
        self.cache: ListCache = cache_of(self.talk.account, self.entity)
        self.source = LISTS[self.entity]

    @property
    def is_known(self) -> bool:
        """Return whether the list is known as it stands now. Reads pages, once in a push."""
        if self._is_known is None:
            self._is_known = self.new >= LEAST and self._learn()
        return self._is_known

    def freshen(self) -> None:
        """Read what changed, where the last look is some seconds old."""
        oldest = time.monotonic() - FRESH_S
        if self.is_known and self.cache.read_at < oldest:
            with self._turn():
                self._is_known = self.cache.read_at >= oldest or self._top_up()

    def decides(self, change: Change) -> bool:
        """Return whether nothing but the list need be asked about a new record."""
        is_plain = change.sure and not change.choice and not change.remote_id and not change.unanswered_s
        return is_plain and change.key not in self.doubted and self.is_known

    def found(self, word: str, key: str) -> dict[str, Entry]:
        """Return who has this word, or carries this key, by id. They may be gone."""
        return self.cache.found(word, key)

    def has_any_of(self, company_id: str) -> bool:
        """Return whether a company has, or had, any record in this list."""
        return self.cache.counts(company_id) > 0

    def begin_bulk(self) -> None:
        """Note what is known before bulk calls, so that `read_back` need not read it again."""
        self._made_before = max(self.cache.mark or 0, self.cache.made or 0) or None

    def read_back(self) -> dict[str, Flat]:
        """Return what was made since `begin_bulk`, and shortly before, flat and by id."""
        with self._turn():
            before = self._made_before
            params = {} if before is None else {"minCreated": max(before - OVERLAP_S, 0)}
            return {remote_id: flat for remote_id, flat, _ in self._changes(params, LEAST_PAGES)}

    def _learn(self) -> bool:
        asked_at = time.monotonic() - self.fresh_s
        if not self._read_whole():
            return False
        with self._turn():
            if self.cache.read_at >= asked_at or self._top_up():
                return True
        if self._is_lost:  # its newest record is gone, or all of them
            self.cache = cache_of(self.talk.account, self.entity)
            return self._read_whole()
        return False

    def _read_whole(self) -> bool:
        """Read the pages that are left of the list; return whether it is known then."""
        while not self.cache.is_whole:
            with self._turn():
                if not self.cache.is_whole:
                    if not self._pays():
                        return False
                    self._read_on()
            if self._gives_way():
                return False
        return True

    def _gives_way(self) -> bool:
        """Return whether a click goes before the next page."""
        return not self.cache.is_whole and self.talk.engine.more_urgent()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Read alone, of the talkers of this process; who waits keeps its slot."""
        while not self.cache.lock.acquire(timeout=WAIT_S):
            self.talk.engine.alive()
        try:
            yield
        finally:
            self.cache.lock.release()

    def _pays(self) -> bool:
        """Return whether the pages that are left spare as many calls. The first one tells their number."""
        cache = self.cache
        if cache.total is None:
            return True
        left = math.ceil((cache.total - Place.read(cache.cursor).offset) / PAGE)
        if cache.total <= MOST and left <= self.saves + cache.owed:
            return True
        cache.owed += self.saves
        return False

    def _read_on(self) -> None:
        """Read the next page of the whole list."""
        cache, began_at = self.cache, time.monotonic()
        is_first = cache.cursor is None
        page = next(self._puller().pages(self.entity, cache.cursor))
        for one in page.records:
            cache.put(one.remote_id, self._entry(one.fields))
        cache.cursor = page.cursor
        cache.total = page.total if page.total is not None else len(cache.entries) + PAGE
        if page.has_more:
            return
        cache.is_whole, cache.owed = True, 0
        # Of an empty list only the time of its answer is known, which may be another clock's.
        cache.mark = Place.read(page.cursor).since if cache.entries else None
        if is_first:  # in one page, so nothing changed while it was read
            cache.read_at = cache.passed_at = began_at

    def _puller(self) -> Puller:
        return Puller(self.talk.client, self.talk.account)

    def _entry(self, flat: Flat) -> Entry:
        return entry_of(self.entity, flat, self.cache.key_field)

    def _top_up(self) -> bool:
        """Read what changed since the last look; return whether the list is known then."""
        cache, began_at = self.cache, time.monotonic()
        most = max(self.saves, LEAST_PAGES)
        is_wide = began_at - cache.passed_at > PASS_EVERY_S or cache.mark is None
        if not (self._pass(most) if is_wide else self._look(most)):
            forget(cache)
            return False
        cache.read_at = began_at
        if is_wide:
            cache.passed_at = began_at
        return True

    def _pass(self, most: int) -> bool:
        """Read what changed since the last pass began, as a poll does."""
        for number, page in enumerate(self._puller().pages(self.entity, self.cache.cursor)):
            if number >= most or (page.total or 0) > most * PAGE:
                return False
            if not page.records and self.cache.entries:
                self._is_lost = True
                return False
            for one in page.records:
                self.cache.put(one.remote_id, self._entry(one.fields))
            if not page.has_more:
                since = (Place.read(page.cursor).since or 0) if self.cache.entries else 0
                self.cache.cursor, self.cache.mark = page.cursor, max(since, self.cache.mark or 0) or None
        return True

    def _look(self, most: int) -> bool:
        """Read what changed since the newest moment that was seen."""
        mark = self.cache.mark or 0
        moments = [at for _, _, at in self._changes({"minModified": max(mark - OVERLAP_S, 0)}, most)]
        self.cache.mark = max([mark, *moments])
        self._is_lost = not moments
        return bool(moments) and len(moments) < most * PAGE

    def _changes(self, params: Mapping[str, Any], most: int) -> Iterator[tuple[str, Flat, int]]:
        """Yield the records of a list by id, flat, with when they changed; at most so many pages."""
        newest_first = {"orderBy": "DESC"} if "orderBy" in self.source.params else {}
        asked = {**self.source.params, **newest_first, **params}
        pages = self.talk.client.pages(self.source.path, self.source.id_name, asked)
        for number, page in enumerate(pages, start=1):
            for record in page:
                remote_id, flat = wire.as_id(record.get(self.source.id_name)), self.source.read(record)
                self.cache.put(remote_id, self._entry(flat))
                self.cache.made = max(self.cache.made or 0, wire.as_int(record.get("createdAt")) or 0)
                yield remote_id, flat, wire.as_int(record.get("updatedAt")) or 0
            if number >= most:
                return
