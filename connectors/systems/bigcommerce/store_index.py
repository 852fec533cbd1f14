"""What the lists of a store told, kept for a while by a process: who is certainly not there.

It decides one thing alone: nobody over there has this name, e-mail or key. Deleted records
never show in a list, so whoever it does name may be gone, and is looked for before anything
is told to a person or written.
"""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.mapping import as_text
from connectors.protocol import Account
from connectors.regions import folded
from connectors.systems.bigcommerce import wire
from connectors.systems.bigcommerce.logins import STORE_HASH
from connectors.systems.bigcommerce.mapping import ADDRESS_KEY, COMPANY_KEY, USER_KEY, key_extra

MOST = 50_000  # records of a list that are kept: some 30 MB
UNUSED_S = 300.0

Flat = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """One record, as far as look-ups compare it. `word`: the folded name or e-mail, "" for addresses."""

    word: str
    keys: tuple[str, ...]  # the ids of other systems that it carries, folded
    company_id: str = ""
    role: int | None = None
    role_id: str = ""
    role_name: str = ""

    def as_user(self) -> dict[str, Any]:
        """Return a user flat, as far as it is known, without the ids that it carries."""
        known = {"email": self.word, "companyId": self.company_id, "role": self.role}
        return {**known, "companyRoleId": self.role_id, "companyRoleName": self.role_name}


@dataclass
class ListCache:
    """The records of one list, and how far it was read. Read pages only while holding `lock`."""

    key_field: str = ""  # the companies' extra field that holds our key
    lock: threading.Lock = field(default_factory=threading.Lock)
    entries: dict[str, Entry] = field(default_factory=dict)
    by_word: dict[str, tuple[str, ...]] = field(default_factory=dict)
    by_key: dict[str, tuple[str, ...]] = field(default_factory=dict)
    by_company: dict[str, int] = field(default_factory=dict)  # how many
    cursor: str | None = None  # of the pass under way, or of the next one: see `pull`
    total: int | None = None  # records of the list, as its first page told
    is_whole: bool = False
    owed: int = 0  # look-ups made since, which reading the list would have spared
    mark: int | None = None  # the newest moment seen, by the store's clock
    made: int | None = None  # the newest creation seen, by the store's clock
    read_at: float = 0.0  # when the last complete look at what changed began, monotonic
    passed_at: float = 0.0  # the last one that overlaps widely
    used_at: float = field(default_factory=time.monotonic)

    def put(self, remote_id: str, entry: Entry) -> None:
        """Keep a record as it stands now."""
        old = self.entries.get(remote_id)
        if old == entry or not remote_id:
            return
        if old is not None:
            self._unlist(remote_id, old)
        self.entries[remote_id] = entry
        if entry.word:
            self.by_word[entry.word] = (*self.by_word.get(entry.word, ()), remote_id)
        for key in entry.keys:
            self.by_key[key] = (*self.by_key.get(key, ()), remote_id)
        if entry.company_id:
            self.by_company[entry.company_id] = self.by_company.get(entry.company_id, 0) + 1

    def _unlist(self, remote_id: str, old: Entry) -> None:
        for index, values in ((self.by_word, (old.word,)), (self.by_key, old.keys)):
            for value in values:
                rest = tuple(one for one in index.get(value, ()) if one != remote_id)
                index[value] = rest
                if not rest:
                    del index[value]
        if old.company_id:
            self.by_company[old.company_id] -= 1

    def found(self, word: str, key: str) -> dict[str, Entry]:
        """Return who has this word, or carries this key, by id."""
        ids = (*self.by_word.get(word, ()), *self.by_key.get(as_key(key), ()))
        return {one: self.entries[one] for one in ids}

    def counts(self, company_id: str) -> int:
        """Return how many records a company has, or had."""
        return self.by_company.get(company_id, 0)


def as_key(value: object) -> str:
    """Return an id as it is compared: wider than any look-up does it, "" for none."""
    text = as_text(value) or ""
    return folded(text) or text


def email_word(value: object) -> str:
    """Return an e-mail as it is compared: nobody tells two apart by case."""
    return str(value or "").strip().casefold()


def entry_of(entity: str, flat: Flat, key_field: str = "") -> Entry:
    """Return what is kept of a flat record."""
    return _ENTRIES[entity](flat, key_field)


def _company(flat: Flat, key_field: str) -> Entry:
    values = [flat.get(COMPANY_KEY), flat.get(f"{wire.EXTRA}{key_field}") if key_field else None]
    return Entry(folded(flat.get("companyName")), _keys(values))


def _user(flat: Flat, _: str) -> Entry:
    return Entry(
        email_word(flat.get("email")),
        _keys([flat.get(USER_KEY)]),
        str(flat.get("companyId") or ""),
        flat.get("role"),
        str(flat.get("companyRoleId") or ""),
        str(flat.get("companyRoleName") or ""),
    )


def _address(flat: Flat, _: str) -> Entry:
    return Entry("", _keys([flat.get(ADDRESS_KEY)]), str(flat.get("companyId") or ""))


def _keys(values: Iterable[object]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(key for value in values if (key := as_key(value))))


_ENTRIES: Mapping[str, Callable[[Flat, str], Entry]] = {
    "company": _company,
    "contact": _user,
    "location": _address,
}
_caches: dict[tuple[str, str, str, str], ListCache] = {}
_guard = threading.Lock()


def cache_of(account: Account, entity: str) -> ListCache:
    """Return what this process knows of a store's list. What nobody used for a while is forgotten."""
    extra = key_extra(account.settings)
    key = (account.base_url, str(account.credentials.get(STORE_HASH) or ""), extra, entity)
    now = time.monotonic()
    with _guard:
        for one in [one for one, cache in _caches.items() if now - cache.used_at > UNUSED_S]:
            del _caches[one]
        cache = _caches.setdefault(key, ListCache(extra))
        cache.used_at = now
        return cache


def forget(cache: ListCache) -> None:
    """Know nothing of a list any more. Who holds it goes on with what it told."""
    with _guard:
        for key in [key for key, one in _caches.items() if one is cache]:
            del _caches[key]


def forget_all() -> None:
    """Know nothing of any store any more."""
    with _guard:
        _caches.clear()
