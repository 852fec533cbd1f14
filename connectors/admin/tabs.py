"""The grid's tabs: the same states as the chips, as conditions on records."""

from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from connectors import entities, states
from connectors.admin.board import Board, board_of, health_of
from synclog import words

NEEDS_YOU, WAITING, CHANGED, NOT_SYNCED, TODAY = "needs_you", "waiting", "changed", "not_synced", "today"
TABS = {
    "": "All",
    NEEDS_YOU: "Needs you",
    WAITING: "Waiting",
    CHANGED: "Changed",
    NOT_SYNCED: "Not synced",
    TODAY: "New today",
}
EMPTY = {
    NEEDS_YOU: "Nothing needs you.",
    WAITING: "Nothing waits.",
    CHANGED: "Every linked record is as it was sent.",
    NOT_SYNCED: "Every record was sent or tried.",
    TODAY: "Nothing was added today.",
}
PARAMETER = "state"


@dataclass(frozen=True, slots=True)
class OwnTab:
    """A tab that one entity has beside the states, shown while it has records."""

    value: str
    label: str
    condition: Q  # on records
    empty: str


_own: dict[str, list[OwnTab]] = {}  # by the entity's name


def add_tab(entity: str, tab: OwnTab) -> None:
    """Add a tab to an entity's grid. Called once, at start-up."""
    _own.setdefault(entity, []).append(tab)


class StateFilter(admin.SimpleListFilter):
    """Filter by tab. It draws nothing itself: the tabs stand above the grid."""

    title = "State"
    parameter_name = PARAMETER
    template = "concord/tab_filter.html"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the tabs as choices."""
        own = _own.get(entities.of(model_admin.model).name, [])
        states = [(value, label) for value, label in TABS.items() if value]
        return [*states, *((tab.value, tab.label) for tab in own)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the records of the chosen tab."""
        board = board_of(request, entities.of(queryset.model))
        return queryset.filter(condition(board, self.value() or ""))


def condition(board: Board, tab: str) -> Q:
    """Return a tab's condition on records."""
    for own in _own.get(board.entity.name, []):
        if own.value == tab:
            return own.condition
    if tab == TODAY:
        now = timezone.localtime(board.now)
        return Q(created_at__gte=now.replace(hour=0, minute=0, second=0, microsecond=0))
    if tab == NOT_SYNCED:
        return _in_any_link(board, states.where(states.State.NOT_SYNCED)) | _without_link(board)
    on_links = {
        NEEDS_YOU: states.needs_you(),
        WAITING: states.unsettled(),
        CHANGED: states.where(states.State.CHANGED),
    }
    return _in_any_link(board, on_links[tab]) if tab in on_links else Q()


def _links(board: Board) -> QuerySet[Any]:
    links: QuerySet[Any] = board.entity.links()
    return links.filter(connection__in=[row.pk for row in board.connections])


def _in_any_link(board: Board, on_link: Q) -> Q:
    return Q(pk__in=_links(board).filter(on_link).values("record"))


def _without_link(board: Board) -> Q:
    lacks = Q()
    for row in board.connections:
        lacks |= Q(~Exists(_links(board).filter(connection=row, record=OuterRef("pk"))))
    return lacks


def tabs(request: HttpRequest, board: Board) -> list[dict[str, Any]]:
    """Return the tabs as links; those that ask for a person's act carry their number."""
    chosen, counted, labels = request.GET.get(PARAMETER, ""), counts(board), dict(TABS)
    for own in _own.get(board.entity.name, []):
        number = board.entity.model._default_manager.filter(own.condition).count()
        if number or own.value == chosen:
            labels[own.value] = own.label
            counted[own.value] = format_html('<span class="cc-count">{}</span>', f"{number:,}")
    return [
        {
            "label": label,
            "count": counted.get(value, ""),
            "url": _address(request, value),
            "is_chosen": value == chosen,
        }
        for value, label in labels.items()
    ]


def counts(board: Board, *, swapped: bool = False) -> dict[str, SafeString]:
    """Return the numbers of the tabs that have one; `swapped`: for a poll to put in their place."""
    numbers = {
        NEEDS_YOU: _records(board, states.needs_you()),
        WAITING: _records(board, states.unsettled()),
        CHANGED: _records(board, states.where(states.State.CHANGED)),
    }
    return {
        tab: format_html(
            '<span class="cc-count cc-count-{}" id="cc-count-{}"{}>{}</span>',
            tab,
            tab,
            mark_safe(' hx-swap-oob="true"') if swapped else "",
            f"{number:,}" if number else "",
        )
        for tab, number in numbers.items()
    }


def _records(board: Board, on_link: Q) -> int:
    return _links(board).filter(on_link).values("record").distinct().count()


def _address(request: HttpRequest, tab: str) -> str:
    """Return this page's address with another tab, keeping search and filters."""
    query = request.GET.copy()
    for name in (PARAMETER, "p", "all"):
        query.pop(name, None)
    if tab:
        query[PARAMETER] = tab
    return f"?{query.urlencode()}"


def nothing(request: HttpRequest, board: Board) -> str:
    """Return what an empty tab says."""
    if request.GET.get("q"):
        return f"Nothing matches “{request.GET['q'][:80]}” here."
    empty = EMPTY | {own.value: own.empty for own in _own.get(board.entity.name, [])}
    text = empty.get(request.GET.get(PARAMETER, ""), "Nothing matches these filters.")
    healths = filter(None, (health_of(row) for row in board.connections))
    last = max((health.last_success for health in healths if health.last_success), default=None)
    return f"{text} Last sent {words.when(last, board.now)}." if last else text
