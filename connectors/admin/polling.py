"""Cells that repair themselves while a person looks: one poll per page, not one per cell."""

import time
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from connectors.admin import cells, tabs
from connectors.admin.board import Board, health_of
from connectors.models import Connection, ConnectionHealth
from connectors.states import capped
from synclog import words

if TYPE_CHECKING:
    from connectors.admin.clicks import ClicksMixin

EVERY = "every 2s"
STRIP, PANEL = "strip", "panel"
LOOK_FOR_S = 120  # then the page stops asking and says where to look
MOST = 200  # records in one poll
PK_DIGITS = 19  # a number of that many may be more than a database holds


def poller(model: Any, pks: list[int], *, since: int = 0, place: str = "") -> SafeString:
    """Return the element that asks for these records' cells again; an empty one where none moves.

    `place` is where they stand: "" in the grid, STRIP above their form, PANEL on the page
    of the company that they belong to.
    """
    name = f"cc-poll-{model._meta.model_name}" if place == PANEL else "cc-poll"
    if not pks:
        return format_html('<div id="{}" hidden></div>', name)
    query: dict[str, str | int] = {"ids": ",".join(map(str, pks[:MOST])), "since": since or int(time.time())}
    if place:
        query[place] = "1"
    url = f"{cells.address(model, 'cells')}?{urlencode(query)}"
    html = '<div id="{}" hidden hx-get="{}" hx-trigger="{}" hx-swap="outerHTML"></div>'
    return format_html(html, name, url, EVERY)


def place_of(request: HttpRequest) -> str:
    """Return where the cells that a poll asks for stand."""
    return next((place for place in (STRIP, PANEL) if place in request.GET), "")


def answer(request: HttpRequest, admin: "ClicksMixin", board: Board) -> HttpResponse:
    """Return the cells asked for, each to be put in its place, and the next poll."""
    texts = request.GET.get("ids", "").split(",")[:MOST]
    asked = [int(pk) for pk in texts if pk.isdecimal() and len(pk) < PK_DIGITS]
    records = list(admin.get_queryset(request).filter(pk__in=asked))
    since, place = _since(request), place_of(request)
    moving = [record.pk for record in records if board.is_moving(record)]
    is_over = time.time() - since > LOOK_FOR_S
    body = format_html_join(
        "",
        "{}",
        ((cell,) for record in records for cell in admin.fresh_cells(request, record, is_over=is_over)),
    )
    if not place:
        body += format_html_join("", "{}", ((count,) for count in tabs.counts(board, swapped=True).values()))
    following = poller(admin.model, [] if is_over else moving, since=since, place=place)
    return HttpResponse(format_html("{}{}", following, body))


def pauses(board: Board) -> list[dict[str, Any]]:
    """Return what to say above a grid: the connections that send nothing, and what waits for them."""
    return [_pause(board, row) for row in board.connections if board.worlds[row.pk].paused]


def _pause(board: Board, connection: Connection) -> dict[str, Any]:
    health = health_of(connection)
    waiting = board.entity.links().filter(connection=connection, state="pending", enabled="yes").count()
    since = words.when(health.paused_at, board.now) if health and health.paused_at else ""
    return {
        "connection": connection,
        "environment": cells.environment(connection),
        "since": since,
        "reason": capped(health.pause_reason, 300) if health else "",
        "until": words.clock(health.paused_until) if health and health.paused_until else "",
        "by_person": health is not None and health.pause == ConnectionHealth.Pause.PERSON,
        "waiting": f"{words.counted(waiting, 'change waits', 'changes wait')}, none is lost",
        "url": cells.address(Connection, "change", connection.pk),
    }


def _since(request: HttpRequest) -> int:
    text = request.GET.get("since", "")
    return int(text) if text.isdecimal() and len(text) < 12 else int(time.time())
