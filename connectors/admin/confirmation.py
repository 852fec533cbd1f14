"""Ask before many records are sent: what it means, in numbers, with the number on the button."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib.admin import helpers
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from connectors import entities, states
from connectors.admin import cells, syncing
from connectors.admin.board import Board
from connectors.admin.chosen import CHUNK, Chosen, Way, in_words, number_of
from connectors.models import Connection
from connectors.states import State
from synclog import words

if TYPE_CHECKING:
    from connectors.admin.actions import SyncActionsMixin

ASK_ABOVE = 200  # records


@dataclass(frozen=True, slots=True)
class Expected:
    """What sending these records would mean. The parts add up to the total."""

    total: int = 0
    in_sync: int = 0
    not_enabled: int = 0
    undecided: int = 0
    linked: int = 0  # of those to send: known over there, so they need no matching

    def __add__(self, other: "Expected") -> "Expected":
        return Expected(*(getattr(self, one) + getattr(other, one) for one in self.__slots__))

    @property
    def to_send(self) -> int:
        """Return how many have something to send, as far as we know."""
        return self.total - self.in_sync - self.not_enabled - self.undecided

    def calls(self, batch_size: int) -> int:
        """Return about how many calls it takes: one per batch, and one per batch to be matched."""
        writes = -(-self.to_send // batch_size)
        return writes + -(-(self.to_send - self.linked) // batch_size)


@dataclass(frozen=True, slots=True)
class Offer:
    """A way to send what was ticked: the action that does it, and what it takes."""

    action: str
    chosen: Chosen


@dataclass(frozen=True, slots=True)
class Question:
    """What the dialog asks about: the ways to send the ticked records (pks), the picked one first."""

    board: Board
    connection: Connection
    offers: Sequence[Offer]
    ticked: Sequence[int]


def action_name(connection: Connection, way: Way) -> str:
    """Return the name of the action that sends the ticked records this way."""
    return f"sync_{connection.slug}{'_family' if way.is_family else ''}"


def is_needed(request: HttpRequest, admin: "SyncActionsMixin", number: int, ticked: int) -> bool:
    """Return whether to ask first: for many, for the whole list, and when the number has changed since.

    `number` records would be sent since so many were `ticked`.
    """
    if str(number) in request.POST.getlist("confirmed"):
        return False
    if number > ASK_ABOVE or "confirmed" in request.POST or request.POST.get("select_across") == "1":
        return True
    # Each row ticked by itself, or all of a page that holds all: that is "select all" just as well.
    return ticked > 1 and admin.get_changelist_instance(request).result_count == ticked


def expected(connection: Connection, chosen: Chosen) -> Expected:
    """Count what sending these records would mean, without a call."""
    kept = number_of(chosen.kept)
    counts = (
        _expected(connection, name, [*pks, *chosen.undecided.get(name, ())])
        for name, pks in chosen.wanted.items()
    )
    return sum(counts, Expected(total=kept, not_enabled=kept))


def _expected(connection: Connection, entity: str, pks: list[int]) -> Expected:
    counts = {"in_sync": 0, "not_enabled": 0, "undecided": 0, "linked": 0, "": 0}
    links = entities.get(entity).links().filter(connection=connection).select_related("record")
    for start in range(0, len(pks), CHUNK):
        for link in links.only(*_COLUMNS).filter(record_id__in=pks[start : start + CHUNK]).iterator():
            state = states.state_of(link, (), is_on=link.record.sync_enabled)
            counts[_PARTS.get(state, "linked" if link.remote_id else "")] += 1
    del counts[""]
    return Expected(len(pks), **counts)


_COLUMNS = (
    "record_id",
    "enabled",
    "state",
    "lease",
    "code",
    "remote_id",
    "changed",
    "recheck_at",
    "record__sync_enabled",
)
_PARTS = {
    State.IN_SYNC: "in_sync",
    State.NOT_ENABLED: "not_enabled",
    State.CHOICE: "undecided",
}


def page(request: HttpRequest, admin: "SyncActionsMixin", question: Question) -> HttpResponse:
    """Return the dialog: system, environment, counts, calls; its buttons repeat verb and number."""
    board, connection, ticked = question.board, question.connection, question.ticked
    chosen = question.offers[0].chosen
    figures = expected(connection, chosen)
    across = request.POST.get("select_across") == "1"
    context = {
        **admin.admin_site.each_context(request),
        "title": chosen.label,
        "opts": admin.opts,
        "connection": connection,
        "cc_environment": cells.environment(connection),
        "question": f"Sync {chosen.counted() or _named(board, chosen, 0)}",
        "label": chosen.label,
        "parts": _parts(figures),
        "barred": syncing.barred(chosen),
        "calls": _calls(figures, connection),
        "paused": board.worlds[connection.pk].paused,
        "number_changed": "confirmed" in request.POST,
        "buttons": [_button(question, offer) for offer in question.offers],
        "across": "1" if across else "0",
        "confirmed": [str(offer.chosen.total) for offer in question.offers],
        "run": syncing.new_run_id(),
        "checkbox": helpers.ACTION_CHECKBOX_NAME,
        "ticked": ticked[:1] if across else ticked,
        "back": request.get_full_path(),
    }
    return TemplateResponse(request, "concord/confirm.html", context)


def _button(question: Question, offer: Offer) -> dict[str, str]:
    """Return a button: it names the number, and what goes along where the picked way is another one."""
    figures = expected(question.connection, offer.chosen)
    named = _named(question.board, offer.chosen, figures.to_send or figures.in_sync)
    is_picked = offer is question.offers[0]
    more = "" if is_picked else ", with all that belongs to them" if offer.chosen.is_family else " only"
    return {"action": offer.action, "text": f"Sync {named}{more}"}


def _calls(figures: Expected, connection: Connection) -> str:
    """Return what it costs; where calls are paced nobody can tell beforehand how many one record takes."""
    if connection.system.is_paced:
        return "They go as fast as the limit on calls allows; a click on a single record goes ahead of them."
    return f"About {words.counted(figures.calls(connection.batch_size), 'call', 'calls')}."


def _named(board: Board, chosen: Chosen, number: int) -> str:
    """Return a number of what was chosen in words; of several entities they are records."""
    return (
        words.counted(number, "record", "records")
        if chosen.is_family
        else in_words(board.entity.name, number)
    )


def _parts(figures: Expected) -> list[tuple[str, str]]:
    """Return the numbers in words; those that are none are left out."""
    parts = [
        (figures.to_send, "to send"),
        (figures.in_sync, "already in sync: looked at again, without a call"),
        (figures.not_enabled, "not enabled: left out"),
        (figures.undecided, f"{'needs' if figures.undecided == 1 else 'need'} your choice first: left out"),
    ]
    return [(f"{number:,}", text) for number, text in parts if number]
