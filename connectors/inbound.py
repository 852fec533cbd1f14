"""What a connector brings in: records found over there, and deliveries that announce them. Pure.

A connector that declares `Capability.PULL` reads records (`pull`, `fetch`), and one
whose kind has `hooks` can be told of changes. The engine decides what a record means
here (`connectors/pulling/`); a delivery is only ever a hint to read a record again.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any

from connectors.text import storable


def _make_storable(record: "Found | Notice") -> None:
    for item in fields(record):
        value = getattr(record, item.name)
        value = dict(value) if isinstance(value, Mapping) else value
        object.__setattr__(record, item.name, storable(value))


@dataclass(frozen=True, slots=True)
class Found:
    """Describe one record as it stands over there.

    `fields` are the mapping's remote names with values as `Field.to_remote` would give
    them. A name that is missing says nothing of that field; None says that it is empty.
    `key` is our public id if it carries one, `parent_id` the remote id of its parent.
    """

    remote_id: str
    fields: Mapping[str, Any]
    key: str = ""
    parent_id: str = ""
    name: str = ""  # for sentences
    noted: Mapping[str, Any] = field(default_factory=dict)  # no field of ours, and kept in the snapshot

    def __post_init__(self) -> None:
        """Drop what no database stores: a record with half an emoji must not stop a whole list."""
        _make_storable(self)


@dataclass(frozen=True, slots=True)
class Missing:
    """Say that there is no record of this id over there, asked for by that id alone."""

    remote_id: str


@dataclass(frozen=True, slots=True)
class Page:
    """Hand over some records, and the cursor that goes on behind them.

    The cursor is opaque, made of the other side's values. A page read twice says the
    same. `has_more` is false on the last page of a pass; `total` is how many the other
    side says that the pass has, None where it does not say.
    """

    records: Sequence[Found]
    cursor: str
    has_more: bool = False
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """Say that a record over there may have changed. Only its id is believed.

    `delivery_id` is equal for a repeated delivery and different for any other;
    `said` is the event by its name over there.
    """

    delivery_id: str
    entity: str
    remote_id: str
    is_deleted: bool = False
    said: str = ""

    def __post_init__(self) -> None:
        """Drop what no database stores."""
        _make_storable(self)


class HookState(StrEnum):
    """Say how one event is listened to."""

    LISTENING = "listening"
    MISSING = "missing"
    OFF = "off"  # switched off over there, after deliveries that failed
    ASTRAY = "astray"  # it goes to another address, or does not carry our secret


@dataclass(frozen=True, slots=True)
class HookLine:
    """Describe one event: `label` in words, `text` what is wrong or what was done about it."""

    scope: str
    label: str
    state: HookState
    text: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One request to the webhook address: headers by their lower-case names, the raw body, Unix seconds."""

    headers: Mapping[str, str]
    body: bytes
    at_s: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """Say whether a delivery is theirs: `refused` is why it is not (for our log only), "" where it is."""

    refused: str = ""
    is_signed: bool = False  # and the signature was right


@dataclass(frozen=True, slots=True)
class HookKind:
    """Describe the deliveries of a remote system.

    `verify` gets the stored credentials (with our own "hook_secret" among them), the
    delivery, and whether one without a signature is refused; it compares secrets in
    constant time. `read` returns what a delivery is about, None for an event that does not
    concern us; it raises ValueError for a body that can't be read. A body of more than
    `max_bytes` is not read. `checks_signature` says whether the credentials suffice to
    check one, `forces_signature` whether the settings demand one from the start.
    """

    verify: Callable[[Mapping[str, Any], Delivery, bool], Verdict]
    read: Callable[[Delivery], Notice | None]
    checks_signature: Callable[[Mapping[str, Any]], bool]
    forces_signature: Callable[[Mapping[str, Any]], bool]
    max_bytes: int = 64 * 1024


class NothingIn:
    """The inbound part of a connector that declares none: it refuses."""

    def pull(self, entity: str, since: str | None) -> Iterator[Page]:
        """Refuse."""
        raise NotImplementedError("pull is not a declared capability")

    def fetch(self, entity: str, remote_ids: Sequence[str]) -> Iterator[Found | Missing]:
        """Refuse."""
        raise NotImplementedError("pull is not a declared capability")

    def hooks(self, address: str, secret: str) -> Sequence[HookLine]:
        """Refuse."""
        raise NotImplementedError("this system does not tell of changes")

    def register_hooks(self, address: str, secret: str) -> Sequence[HookLine]:
        """Refuse."""
        raise NotImplementedError("this system does not tell of changes")

    def remove_hooks(self, address: str) -> int:
        """Refuse."""
        raise NotImplementedError("this system does not tell of changes")
