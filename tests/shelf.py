"""A remote system in memory, for what the engine does with records that come in.

It is the other side and its connector in one: a shelf of records per address. `change`,
`add` and `drop` act as somebody over there would. Its phones have digits only, its
statuses other words; both must not go back and forth.
"""

import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from connectors.inbound import Found, HookLine, Missing, NothingIn, Page
from connectors.kinds import Kind, Login
from connectors.mapping import Field, as_text
from connectors.mapping import Mapping as FieldMapping
from connectors.protocol import (
    Account,
    Capability,
    Change,
    Direction,
    Engine,
    Exchange,
    Identity,
    Matched,
    Outcome,
    Status,
    UserRecord,
)

SLUG = "shelf"
PAGE = 3


@dataclass
class Thing:
    """One record over there; `stamp` moves with each change."""

    fields: dict[str, Any]
    stamp: int
    key: str = ""
    parent_id: str = ""


@dataclass
class Shelf:
    """All records of one address, and what may be done to them from outside."""

    things: dict[str, dict[str, Thing]] = field(default_factory=dict)
    stamps: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    ids: Iterator[int] = field(default_factory=lambda: itertools.count(101))
    total: int | None = None  # what it says of how many there are, where it lies
    page: int = PAGE
    asked: list[str] = field(default_factory=list)  # what was called, in order
    trouble: Callable[[str], None] = lambda _: None  # called before each call, may raise
    wrote: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    connection: Any = None  # to it
    read: set[str] = field(default_factory=set)  # every value that was ever handed over

    def of(self, entity: str) -> dict[str, Thing]:
        """Return the records of an entity by their ids."""
        return self.things.setdefault(entity, {})

    def add(self, entity: str, *, key: str = "", parent: str = "", **fields: Any) -> str:
        """Make a record as somebody over there would; return its id."""
        remote_id = str(next(self.ids))
        self.of(entity)[remote_id] = Thing(fields, next(self.stamps), key, parent)
        return remote_id

    def change(self, entity: str, remote_id: str, **fields: Any) -> None:
        """Change a record as somebody over there would."""
        thing = self.of(entity)[remote_id]
        thing.fields.update(fields)
        thing.stamp = next(self.stamps)

    def drop(self, entity: str, remote_id: str) -> Thing:
        """Delete a record as somebody over there would."""
        return self.of(entity).pop(remote_id)

    def call(self, what: str) -> None:
        """Note a call, and fail as told."""
        self.asked.append(what)
        self.trouble(what)


SHELVES: dict[str, Shelf] = {}


def digits(value: object) -> str | None:
    """Return a phone as the shelf keeps it."""
    return re.sub(r"\D", "", as_text(value) or "") or None


def phone(value: object) -> str | None:
    """Return a phone of the shelf as ours."""
    text = as_text(value)
    return f"+{text}" if text else None


def status_there(value: object) -> str | None:
    """Return our status in the shelf's words."""
    text = as_text(value)
    if text == "bug":
        raise ZeroDivisionError("a converter that nobody tested")
    return text.upper() if text else None


def status_here(value: object) -> str | None:
    """Return the shelf's status in our words."""
    text = as_text(value)
    if text == "BUG":
        raise ZeroDivisionError("a converter that nobody tested")
    return text.lower() if text else None


MAPPINGS = {
    "company": FieldMapping(
        "company", "company", "key",
        (
            Field("name", "name", "Name", is_pulled=True, required=True),
            Field("email", "mail", "Email", is_pulled=True),
            Field("phone", "phone", "Phone", to_remote=digits, to_local=phone, is_pulled=True),
            Field("status", "status", "Status", to_remote=status_there, to_local=status_here, is_pulled=True),
            Field("legal_city", "city", "City", is_pulled=True, max_length=50),
            Field("tax_id", "tax", "Tax ID"),
        ),
        system="Shelf", natural=("name", "email"),
    ),
    "contact": FieldMapping(
        "contact", "contact", "key",
        (
            Field("company", "company_id", "Company"),
            Field("first_name", "first", "First Name", is_pulled=True),
            Field("last_name", "last", "Last Name", is_pulled=True, required=True),
            Field("email", "mail", "Email", is_pulled=True),
            Field("role", "role", "Role", is_pulled=True),
        ),
        system="Shelf", parent="company_id", natural=("email",),
    ),
    "location": FieldMapping(
        "location", "location", "key",
        (
            Field("company", "company_id", "Company"),
            Field("label", "label", "Label", is_pulled=True),
            Field("city", "city", "City", is_pulled=True),
        ),
        system="Shelf", parent="company_id", natural=("label", "city"),
    ),
}  # fmt: skip


class ShelfConnector(NothingIn):
    """Talk to the shelf of an address."""

    capabilities = frozenset({Capability.PUSH, Capability.PULL})
    batch_size = 10
    reach = 1

    def __init__(self, account: Account, engine: Engine) -> None:
        self.shelf = SHELVES.setdefault(account.base_url, Shelf())
        self.engine = engine
        self.calls = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def facts(self) -> Mapping[str, Any]:
        """Know every object."""
        return {name: {} for name in MAPPINGS}

    def organisation(self) -> str:
        """Be one of a kind."""
        return "shelf"

    def test_connection(self) -> Identity:
        """Be fine."""
        return Identity("shelf", "Shelf", [], self.facts())

    def list_users(self) -> Iterator[UserRecord]:
        """Have none."""
        yield from ()

    def match(self, entity: str, changes: Sequence[Change]) -> Iterator[Matched]:
        """Find nobody."""
        yield from (Matched(change.key) for change in changes)

    def push(self, entity: str, changes: Sequence[Change]) -> Iterator[Outcome]:
        """Write what is wanted."""
        for change in changes:
            self._call(f"push {entity}")
            self.engine.writing([change.key])
            yield self._write(entity, change)

    def _write(self, entity: str, change: Change) -> Outcome:
        parent = MAPPINGS[entity].parent
        if not change.remote_id:
            fields = {name: value for name, value in change.payload.items() if name != parent}
            remote_id = self.shelf.add(entity, key=change.key, parent=change.parent_id, **fields)
            self.shelf.wrote.append((entity, remote_id, dict(change.payload)))
            return Outcome(Status.CREATED, remote_id, sent=dict(change.payload), exchange=Exchange("memory:"))
        if change.remote_id not in self.shelf.of(entity):
            return Outcome(Status.REJECTED, change.remote_id, code="gone", message="Deleted in Shelf.")
        fields = {name: value for name, value in change.fields.items() if name != parent}
        self.shelf.change(entity, change.remote_id, **fields)
        self.shelf.wrote.append((entity, change.remote_id, dict(change.fields)))
        return Outcome(Status.UPDATED, change.remote_id, sent=dict(change.fields))

    def pull(self, entity: str, since: str | None) -> Iterator[Page]:
        """Yield pages by their stamps; the last stamp is the cursor, and is read again."""
        after = int(since or 0)
        while True:
            self._call(f"pull {entity}")
            things = self.shelf.of(entity)
            rest = sorted((thing.stamp, remote_id) for remote_id, thing in things.items())
            rest = [pair for pair in rest if pair[0] >= after]
            some = rest[: self.shelf.page]
            cursor = (
                str(some[-1][0] + 1 if len(rest) > len(some) else some[-1][0]) if some else str(after or 1)
            )
            total = len(things) if self.shelf.total is None else self.shelf.total
            found = [self._found(entity, remote_id) for _, remote_id in some]
            yield Page(found, cursor, len(rest) > len(some), total)
            if len(rest) <= len(some):
                return
            after = int(cursor)

    def fetch(self, entity: str, remote_ids: Sequence[str]) -> Iterator[Found | Missing]:
        """Read single records."""
        for remote_id in remote_ids:
            self._call(f"fetch {entity}")
            there = remote_id in self.shelf.of(entity)
            yield self._found(entity, remote_id) if there else Missing(remote_id)

    def _found(self, entity: str, remote_id: str) -> Found:
        thing = self.shelf.of(entity)[remote_id]
        self.shelf.read.update(map(str, thing.fields.values()))
        name = str(thing.fields.get("name") or thing.fields.get("last") or thing.fields.get("label") or "")
        return Found(remote_id, dict(thing.fields), thing.key, thing.parent_id, name)

    def _call(self, what: str) -> None:
        self.engine.tick()
        self.calls += 1
        self.shelf.call(what)

    def hooks(self, address: str, secret: str) -> Sequence[HookLine]:
        """Have none."""
        return []


KIND = Kind(
    slug=SLUG,
    label="Shelf",
    push_label="Sync to Shelf",
    id_label="Shelf ID",
    record_words={
        "company": ("company", "companies"),
        "contact": ("user", "users"),
        "location": ("address", "addresses"),
    },
    connect=ShelfConnector,
    mappings=lambda _settings, _facts: MAPPINGS,
    record_url=lambda base, _settings, entity, remote_id: f"{base}/{entity}/{remote_id}",
    base_url_label="Address",
    base_url_help="",
    logins=(Login("none", "Nothing", "", ()),),
    settings=(),
    auto_associate=False,
    valid_id=bool,
    max_batch_size=10,
    max_parallel_calls=4,
    parallel_help="",
    setup_guide=lambda _: "",
    at_hand=(),
    directions=dict.fromkeys(MAPPINGS, Direction.OUT),
)
