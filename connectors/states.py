"""The one vocabulary of states that people see: grid, page, run and log use no other.

Computed from a link, its connection's health and the moment; pure of HTML. The same
vocabulary as a condition on the link table is `where`, for tabs and counts.
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.db.models import Q

from connectors.models import ConnectionHealth, Link
from connectors.protocol import CANCELLED, GONE, HELD, UNANSWERED
from connectors.protocol import CONFLICT as CONFLICT  # a name of this vocabulary too
from synclog import words

REASON_CHARS = 160
NAMES_CHARS = 110
ON = Q(enabled=Link.Enabled.YES, record__sync_enabled=True)


class State(StrEnum):
    """What a person is told about one record in one system."""

    IN_SYNC = "in_sync"
    CHANGED = "changed"
    WAITING = "waiting"
    SENDING = "sending"
    CHECKING = "checking"
    FAILED = "failed"
    CHOICE = "choice"
    GONE = "gone"
    NOT_ENABLED = "not_enabled"
    NOT_SYNCED = "not_synced"

    @property
    def word(self) -> str:
        """Return the chip's text."""
        return WORDS[self]

    @property
    def is_moving(self) -> bool:
        """Return whether it changes by itself soon, so that a screen looks again."""
        return self in (State.WAITING, State.SENDING)


WORDS = {
    State.IN_SYNC: "In sync",
    State.CHANGED: "Changed, not sent",
    State.WAITING: "Waiting",
    State.SENDING: "Sending",
    State.CHECKING: "Checking",
    State.FAILED: "Failed",
    State.CHOICE: "Needs your choice",
    State.GONE: "Gone over there",
    State.NOT_ENABLED: "Not enabled",
    State.NOT_SYNCED: "Not synced",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A state and its reason. The reason may hold remote text: escape it."""

    state: State
    reason: str


@dataclass(frozen=True)
class World:
    """What a state depends on besides the link. One per connection and page."""

    now: datetime
    live: Collection[UUID]
    system: str  # "Salesforce"
    record_words: tuple[str, str]  # ("account", "accounts")
    paused: str  # why nothing is sent, "" where all is well
    automatic: bool
    attempts: int  # of which the last one fails
    is_comparing: bool = False  # what decides the payload was changed: not all records are compared yet
    labels: Callable[[str], str] = str  # our field name -> what people call it


@dataclass(frozen=True, slots=True)
class Parent:
    """What a record waits for: its parent, as in "Facebook (company)", and how that stands."""

    name: str
    shown: Shown


def state_of(link: Link | None, live: Collection[UUID], *, is_on: bool = True) -> State:
    """Return the state of a record that has this link, None where it has none.

    `is_on`: synchronization is enabled for the record at all.
    """
    if not is_on:
        return State.NOT_ENABLED
    if link is None:
        return State.NOT_SYNCED
    if link.enabled == Link.Enabled.NO:
        return State.NOT_ENABLED
    if link.state == Link.State.PENDING:
        return State.SENDING if link.lease in live else State.WAITING
    if link.state == Link.State.FAILED:
        return {CONFLICT: State.CHOICE, GONE: State.GONE}.get(link.code, State.FAILED)
    if link.code == HELD:
        return State.NOT_ENABLED
    if not link.remote_id:
        return State.NOT_SYNCED
    # Cancelled while an answer was missing: nobody knows what arrived.
    is_open = link.changed or (link.unsure and link.code == CANCELLED)
    if is_open:
        return State.CHANGED
    return State.IN_SYNC if link.recheck_at is None else State.CHECKING


def where(state: State, live: Collection[UUID] = ()) -> Q:
    """Return the same as a condition on links; NOT_SYNCED finds only those that have a row."""
    enabled = ON
    failed = enabled & Q(state=Link.State.FAILED)
    pending = enabled & Q(state=Link.State.PENDING)
    held = enabled & Q(state=Link.State.IDLE, code=HELD)
    idle = enabled & Q(state=Link.State.IDLE) & ~Q(code=HELD)
    sending = Q(lease__in=list(live))
    differs = ~Q(changed=[]) | Q(unsure=True, code=CANCELLED)
    agreed = idle & ~Q(remote_id="") & ~differs
    return {
        State.NOT_ENABLED: Q(enabled=Link.Enabled.NO) | Q(record__sync_enabled=False) | held,
        State.SENDING: pending & sending,
        State.WAITING: pending & (Q(lease=None) | ~sending),
        State.CHOICE: failed & Q(code=CONFLICT),
        State.GONE: failed & Q(code=GONE),
        State.FAILED: failed & ~Q(code__in=[CONFLICT, GONE]),
        State.NOT_SYNCED: idle & Q(remote_id=""),
        State.CHANGED: idle & ~Q(remote_id="") & differs,
        State.CHECKING: agreed & Q(recheck_at__isnull=False),
        State.IN_SYNC: agreed & Q(recheck_at=None),
    }[state]


def needs_you() -> Q:
    """Return the condition on links that only a person can move on."""
    return ON & Q(state=Link.State.FAILED)


def on_the_way() -> Q:
    """Return the condition on links that wait or are being sent."""
    return ON & Q(state=Link.State.PENDING)


def unsettled() -> Q:
    """Return the condition on links that wait, are being sent, or will be read again."""
    return on_the_way() | where(State.CHECKING)


def shown(
    link: Link | None, world: World, *, is_on: bool = True, parent: Parent | None = None, held: str = ""
) -> Shown:
    """Return the state and why, as a second line below the chip.

    `is_on` as in `state_of`; `parent` is given where the record waits for it; `held` is why
    it would be kept back if it were asked for.
    """
    state = state_of(link, world.live, is_on=is_on)
    if held and state in (State.NOT_SYNCED, State.CHANGED):
        return Shown(State.NOT_ENABLED, capped(first_sentence(held).removesuffix(".")))
    if not is_on:
        return Shown(state, "synchronization is not enabled for this record")
    if link is None or state is State.NOT_SYNCED:
        return Shown(State.NOT_SYNCED, _not_synced(link))
    if state is State.WAITING and parent is not None:
        return Shown(state, capped(f"for {parent.name}{_blocking(parent.shown, world)}"))
    return Shown(state, capped(_REASONS[state](link, world)))


def _blocking(parent: Shown, world: World) -> str:
    """Return why a parent does not come by itself, "" where it does."""
    why = {
        State.NOT_SYNCED: "which was never sent",
        State.NOT_ENABLED: "which is not enabled",
        State.GONE: f"which is gone in {world.system}",
        State.CHOICE: "which needs your choice",
        State.FAILED: f"which failed: {parent.reason}",
    }.get(parent.state)
    return f", {why}" if why else ""


def pause_words(health: ConnectionHealth, now: datetime | None = None) -> str:
    """Say why nothing is sent now, as in "login refused"; "" where all is well. See `is_paused`."""
    if not health.is_paused(now):
        return ""
    words_by_pause = {
        ConnectionHealth.Pause.PERSON: "paused by a person",
        ConnectionHealth.Pause.LOGIN: "login refused",
        ConnectionHealth.Pause.SETUP: "something is missing over there",
        ConnectionHealth.Pause.LIMIT: "calls used up",
    }
    why = words_by_pause.get(ConnectionHealth.Pause(health.pause), "not answering")
    if health.pause in health.UNTIL_SOMEONE_ACTS or health.paused_until is None:
        return why
    return f"{why}, next look {words.clock(health.paused_until)}"


def first_sentence(text: str) -> str:
    """Return the first sentence of a reason, without the line ends that remote text brings."""
    flat = " ".join(text.split())
    return re.split(r"(?<=[.!?])\s+(?=[^a-z])", flat, maxsplit=1)[0]


def capped(text: str, limit: int = REASON_CHARS) -> str:
    """Cut text that may be remote so that it can't flood a page."""
    return text if len(text) <= limit else f"{text[: limit - 1].rstrip()}…"


def _in_sync(link: Link, world: World) -> str:
    if world.is_comparing:
        return "being compared again: what is sent was changed"
    when = words.when(link.synced_at, world.now) if link.synced_at else "nothing to send"
    return f"{when}, without {', '.join(link.remarks)}" if link.remarks else when


def _not_synced(link: Link | None) -> str:
    if link is None or link.code != CANCELLED:
        return "never sent"
    return "run cancelled, an answer is missing" if link.unsure else "run cancelled before it was sent"


def _changed(link: Link, world: World) -> str:
    # Many fields must not push the reason out of the line.
    names = capped(", ".join(dict.fromkeys(world.labels(name) for name in link.changed)), NAMES_CHARS)
    if link.code == CANCELLED:
        why = "run cancelled, an answer is missing" if link.unsure else "run cancelled"
    else:
        why = "" if world.automatic else "automatic sync is off"
    return " · ".join(part for part in (names, why) if part)


def _waiting(link: Link, world: World) -> str:
    if world.paused:
        return f"connection paused: {world.paused}".replace("paused: paused", "paused")
    if link.not_before and link.not_before > world.now and link.code == UNANSWERED:
        return f"a call got no answer; looked for again at {words.clock(link.not_before)}"
    if link.not_before and link.not_before > world.now:
        turn = f"{words.ordinal(link.attempts + 1)} of {world.attempts}"
        return f"next try {words.clock(link.not_before)}, {turn}"
    return f"in line for {words.lasting(link.requested_at, world.now)}" if link.requested_at else "in line"


def _sending(link: Link, world: World) -> str:
    return f"for {words.lasting(link.leased_at, world.now)}" if link.leased_at else "now"


def _checking(link: Link, world: World) -> str:
    if link.recheck_at is None or link.recheck_at <= world.now:
        return "a call got no answer; about to be read again"
    return f"a call got no answer; read again at {words.clock(link.recheck_at)}"


def _failed(link: Link, world: World) -> str:
    if not link.message and len(link.errors) > 1:
        names = sorted({world.labels(name) for name in link.errors})
        return f"missing or wrong: {', '.join(names)}"
    why = link.message or next((str(text) for text in link.errors.values()), "")
    return first_sentence(why) or f"{world.system} refused it ({link.code or 'no reason given'})"


def _choice(link: Link, world: World) -> str:
    if not link.candidates or link.ways:
        return first_sentence(link.message) or "several records match"
    found = words.counted(len(link.candidates), *world.record_words)
    return f"{found} {'matches' if len(link.candidates) == 1 else 'match'}"


def _gone(link: Link, world: World) -> str:
    why = first_sentence(link.message).removesuffix(".") or f"deleted in {world.system}"
    return f"{why}, seen {words.day(link.failed_at, world.now)}" if link.failed_at else why


def _not_enabled(link: Link, world: World) -> str:
    if link.enabled != Link.Enabled.NO:  # kept back, with a sentence why
        return first_sentence(link.message).removesuffix(".")
    by = f" by {link.enabled_by}" if link.enabled_by else ""
    return f"switched off{by}" + (f", {words.day(link.enabled_at, world.now)}" if link.enabled_at else "")


_REASONS: dict[State, Callable[[Link, World], str]] = {
    State.IN_SYNC: _in_sync,
    State.CHANGED: _changed,
    State.WAITING: _waiting,
    State.SENDING: _sending,
    State.CHECKING: _checking,
    State.FAILED: _failed,
    State.CHOICE: _choice,
    State.GONE: _gone,
    State.NOT_ENABLED: _not_enabled,
}
