"""The contract between the engine and a remote system. Pure: no Django.

A connector talks; the engine decides what to say and remembers what was agreed.
`push` yields one `Outcome` per `Change`, in order. If it raises, what was yielded
stands and the rest is released: raise for the connection, return for the record.
"""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import TracebackType
from typing import Any, Protocol, Self

from connectors.addresses import STRICT, Permit
from connectors.inbound import Found, HookLine, Missing, Page


class Capability(StrEnum):
    """What a connector can do; calling an undeclared one raises NotImplementedError."""

    PUSH = "push"
    PULL = "pull"
    USERS = "users"


class Direction(StrEnum):
    """Which way the records of an entity go. Whatever it is, nobody's value is lost without a word.

    OUT: ours are sent; what was changed over there is noticed and stays theirs until
    the next send. BOTH: what they master is taken over, and what is new there is made
    here. IN: nothing is sent.
    """

    OUT = "out"
    BOTH = "both"
    IN = "in"


class Status(StrEnum):
    """How one record fared."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    SKIPPED = "skipped"
    TRANSIENT = "transient"
    REJECTED = "rejected"
    CONFLICT = "conflict"
    WAITING = "waiting"


AGREED = frozenset({Status.CREATED, Status.UPDATED, Status.UNCHANGED})
HELD = "held"  # the code of one that is kept back here, such as an inactive contact
CANCELLED = "cancelled"  # the code of one whose run was cancelled before it was sent
CREATE = "create"  # a person's choice: make a new record although others look alike
CONFLICT = "conflict"  # the code of one that several over there may be: a person decides
GONE = "gone"  # the code of a record that was deleted over there
STALE = "stale"  # the code of one that waits for the facts to be asked for again: they are not true any more
LEFT_OUT = "left_out"  # the code of an attempt that went well without some of the values
DELETED_HERE = "deleted_here"  # the code of one that was deleted here while it was being sent
UNANSWERED = "unanswered"  # the code of one that is only looked for: a call may still make it
PARENT_GONE = "parent_gone"  # the code of one whose parent is not there any more: ask for the parent
LOGIN = "login"  # in stored credentials: the name of the way of logging in


@dataclass(frozen=True, slots=True)
class Change:
    """Say what one record wants.

    `key` is our stable external id, `remote_id` theirs ("" = not known yet),
    `fields` the difference (None clears), `payload` the whole without blanks (a
    create needs it), `local` our values that matching compares, `choice` what a
    person decided: "", CREATE, or the remote id to link to. `sure` is false while
    an earlier answer is missing: then the key is written along with the fields, and
    `edited` is what of them differs from what was agreed.

    For a new record: `owners` are the users over there who may own it, best first
    (after them the system's own choice); `owner_of` is the remote id of the parent
    whose owner comes before them, "" for none.

    `parent_id` is who the parent is over there, `parent_adopted` whether it was there
    before us, `moved_from` the parent that the record stands below there where that is
    another one ("" otherwise). `unanswered_s`: a call that would make the record got no answer and may
    be carried out for so many seconds more; a system that would take a second one must only look until
    then. `create_sent` is what an earlier create was sent with (see `Engine.creating`). `name` is for
    sentences. `lead_key` is the key of the lead whose
    values are in the payload, `parent_held` what was last agreed on the parent, with what a
    connector noted there.
    """

    key: str
    remote_id: str
    fields: Mapping[str, Any]
    payload: Mapping[str, Any]
    local: Mapping[str, Any] = field(default_factory=dict)
    choice: str = ""
    sure: bool = True
    edited: Mapping[str, Any] = field(default_factory=dict)
    owners: Sequence[str] = ()
    owner_of: str = ""
    name: str = ""
    parent_id: str = ""
    parent_adopted: bool = False
    moved_from: str = ""
    unanswered_s: float = 0.0
    create_sent: Mapping[str, Any] = field(default_factory=dict)
    lead_key: str = ""
    parent_held: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Candidate:
    """Describe a record over there that may be the same as ours."""

    remote_id: str
    name: str
    url: str
    rule: str  # the rule that matched, as a sentence
    fields: Mapping[str, Any]  # remote names and values, mapped fields only
    facts: Mapping[str, str] = field(default_factory=dict)  # owner, created: for people


@dataclass(frozen=True, slots=True)
class Way:
    """Describe what a person may decide, other than linking to a candidate.

    `label` is the button, `consequence` the sentence beside it. The choice comes back
    as `Change.choice` once: until an outcome is agreed on or refused, and only while the
    record is who it was when this was offered (see `Mapping.identity`).
    """

    choice: str
    label: str
    consequence: str


@dataclass(frozen=True, slots=True)
class Window:
    """Say what the other side told of its limit on calls.

    `allocated` calls per `window_s` seconds, of which `remaining` are left; it is all
    given back in `resets_s` seconds.
    """

    allocated: float
    window_s: float
    remaining: float
    resets_s: float


@dataclass(frozen=True, slots=True)
class Exchange:
    """Keep what was said about one record: its own slice, never the whole batch."""

    endpoint: str = ""
    http_status: int | None = None
    duration_ms: int | None = None
    request: Any = None
    answer: Any = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """Say how one record fared.

    `sent` are the remote fields that the other side now holds because of us, `noted` what is no
    field and kept beside them, where something was agreed; `errors` uses our field names.
    `message` is one sentence for a person. `tries` bounds how often TRANSIENT is tried again,
    where that differs from the setting, and `wait_s` how soon; a WAITING one with it is looked
    at again then, and no try is counted. `unsure`: a write may have been stored although it was
    not answered. `remarks`, by our field names, tell what was left out although the record was
    taken, and `left`, by remote names, the values of ours that are not sent again while they
    stay as they are. Of a new record: `owner` is who was asked to own it ("": the system's own
    choice), `refused_owners` those whom it did not take, each with the reason.
    """

    status: Status
    remote_id: str = ""
    code: str = ""
    message: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)
    candidates: Sequence[Candidate] = ()
    ways: Sequence[Way] = ()  # of a CONFLICT: then a person is offered these, not "create a new one"
    sent: Mapping[str, Any] = field(default_factory=dict)
    noted: Mapping[str, Any] = field(default_factory=dict)
    remarks: Mapping[str, str] = field(default_factory=dict)
    left: Mapping[str, Any] = field(default_factory=dict)
    exchange: Exchange = field(default_factory=Exchange)
    tries: int | None = None
    wait_s: float = 0.0
    unsure: bool = False
    owner: str = ""
    refused_owners: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UserRecord:
    """Describe a user over there who may own records, or might when active again."""

    remote_id: str
    name: str
    email: str = ""
    username: str = ""
    federation_id: str = ""
    profile: str = ""
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class Adoption:
    """Ask to take an existing record as ours, before anything is written to it.

    `found` are its values of our mapped fields; `left` the values of ours that
    differ and are not sent while they stay as they are.
    """

    key: str
    remote_id: str
    found: Mapping[str, Any]
    left: Mapping[str, Any]
    fill: Mapping[str, Any] = field(default_factory=dict)  # what will be written into blanks


@dataclass(frozen=True, slots=True)
class Matched:
    """Say what a push would do first: make a new record, take one, or ask a person.

    `adoption` is what would be taken, `conflict` the outcome that asks; neither
    means that a new record would be made.
    """

    key: str
    adoption: Adoption | None = None
    conflict: Outcome | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the test of a connection: `ok` is None where it was not tried.

    `warns`: it passed, and a person should know what it says all the same.
    """

    label: str
    ok: bool | None
    text: str  # what was found, or who does what where
    copy: str = ""  # for the remote system's administrator, ready to paste
    about: str = ""  # the remote field that it is about, as in "Account.Name"
    warns: bool = False


@dataclass(frozen=True, slots=True)
class Identity:
    """Say who answered the test, what it can do, and what it knows of our fields."""

    org_id: str
    org_name: str
    checks: Sequence[Check]
    facts: Mapping[str, Any]

    @property
    def ok(self) -> bool:
        """Return whether every check was tried and passed."""
        return all(check.ok for check in self.checks)


class TokenSource(Protocol):
    """Hand out the access token that all workers share."""

    def get(self) -> str:
        """Return a token, fetching one if there is none. Raises ConnectorError."""

    def replace(self, stale: str) -> str:
        """Return a token other than `stale`; one worker fetches, the others wait."""


@dataclass(frozen=True, slots=True)
class FetchedToken:
    """A fresh access token and the facts that came with it; `org_id` "" where they don't tell."""

    value: str = field(repr=False)
    lifetime_s: float | None = None
    org_id: str = ""


class Engine(Protocol):
    """What a connector may ask of the engine while it talks."""

    def tick(self) -> None:
        """Renew the slot and wait for a turn, before a call that the limit counts.

        Raises LeaseLost: then stop at once; RateLimited where the turn is far away.
        """

    def alive(self) -> None:
        """Renew the slot before a call that no limit counts. Raises LeaseLost."""

    def on_window(self, window: Window) -> None:
        """Note what an answer told of the limit on calls: `tick` paces by it."""

    def more_urgent(self) -> bool:
        """Return whether a person's click waits for a talker that carries a backlog.

        Ask between records, never in the middle of one, and if so end `push`: what has no
        outcome is released and comes later.
        """

    def writing(self, keys: Iterable[str]) -> None:
        """Note that the next call writes these records; call it before that call."""

    def creating(self, key: str, sent: Mapping[str, Any]) -> None:
        """As `writing`, of a record that the next call makes: keep what it is made with.

        It comes back as `Change.create_sent` until the record is agreed on: where nothing over there
        carries our key yet, that finds it although it was edited here meanwhile.
        """

    def finishing(self, key: str) -> None:
        """Note that the next calls complete what a write of this record began: no cancel comes between."""

    def unanswered(self) -> None:
        """Note that the write just made got no answer: it may still be carried out over there."""

    def adopt(self, adoptions: Sequence[Adoption]) -> set[str]:
        """Reserve existing records; return the keys that may NOT have theirs."""

    def on_usage(self, used: int, limit: int) -> None:
        """Note how many calls the remote side has counted against its limit."""

    def tokens(self, fetch: Callable[[], FetchedToken]) -> TokenSource:
        """Return the shared token of this connection; `fetch` gets a new one."""


@dataclass(frozen=True, slots=True)
class Account:
    """What a connector needs to know of its connection; credentials stay out of repr.

    `environment` is production, sandbox or rehearsal; `permit` goes to the `Line`. A write call
    carries no more than `batch_size` records, where the system takes so many.
    """

    base_url: str
    credentials: Mapping[str, str] = field(repr=False)
    settings: Mapping[str, Any]
    facts: Mapping[str, Any]
    call_timeout_s: float
    environment: str = ""
    permit: Permit = STRICT
    batch_size: int = sys.maxsize


class Connector(Protocol):
    """Talk to one remote system. Used as a context manager, by one thread."""

    capabilities: frozenset[Capability]
    batch_size: int  # records per write call, at most
    reach: int  # write calls that one matching query can serve

    @property
    def calls(self) -> int:
        """Return how many HTTP requests were made so far, the token's included."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def organisation(self) -> str:
        """Ask whose records this login reaches: one id per organisation over there. At most one call.

        Raises ConnectorError; "" where the other side does not tell.
        """

    def facts(self) -> Mapping[str, Any]:
        """Ask what the remote side has of our fields; a mapping may depend on it."""

    def push(self, entity: str, changes: Sequence[Change]) -> Iterator[Outcome]:
        """Yield one outcome per change, in order. Idempotent: one key, one record."""

    def match(self, entity: str, changes: Sequence[Change]) -> Iterator[Matched]:
        """Yield, for changes without a remote id, what `push` would do first. Writes nothing."""

    def pull(self, entity: str, since: str | None) -> Iterator[Page]:
        """Yield pages of what changed since a cursor of an earlier page, of all records without one."""

    def fetch(self, entity: str, remote_ids: Sequence[str]) -> Iterator[Found | Missing]:
        """Read single records again, in order. Needed of whoever pushes, too: see `recheck`."""

    def hooks(self, address: str, secret: str) -> Sequence[HookLine]:
        """Return how each event is listened to, for deliveries to this address. Changes nothing."""

    def register_hooks(self, address: str, secret: str) -> Sequence[HookLine]:
        """Have every event delivered to this address with this secret; return how each stands then."""

    def remove_hooks(self, address: str) -> int:
        """Have nothing delivered to this address any more; return how many events went."""

    def list_users(self) -> Iterator[UserRecord]:
        """Yield the users who may own records, inactive ones too. Raises ConnectorError."""

    def test_connection(self) -> Identity:
        """Check the login and all that a push will need. Raises ConnectorError."""
