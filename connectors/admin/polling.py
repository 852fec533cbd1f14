"""Cells that repair themselves while a person looks: one poll per page, not one per cell."""

import time
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString, mark_safe

from connectors.admin import cells, tabs
from connectors.admin.board import Board, health_of
from connectors.models import Connection, ConnectionHealth
from connectors.states import capped
from synclog import words

if TYPE_CHECKING:
    from connectors.admin.clicks import ClicksMixin

EVERY = "every 2s"
LOOK_FOR_S = 120  # then the page stops asking and says where to look
MOST = 200  # records in one poll
PK_DIGITS = 19  # a number of that many may be more than a database holds


def poller(model: Any, pks: list[int], *, since: int = 0, strip: bool = False) -> SafeString:
    """Return the element that asks for these records' cells again; an empty one where none moves."""
    if not pks:
        return mark_safe('<div id="cc-poll" hidden></div>')
    query: dict[str, str | int] = {"ids": ",".join(map(str, pks[:MOST])), "since": since or int(time.time())}
    if strip:
        query["strip"] = "1"
    url = f"{cells.address(model, 'cells')}?{urlencode(query)}"
    html = '<div id="cc-poll" hidden hx-get="{}" hx-trigger="{}" hx-swap="outerHTML"></div>'
    return format_html(html, url, EVERY)


def answer(request: HttpRequest, admin: "ClicksMixin", board: Board) -> HttpResponse:
    """Return the cells asked for, each to be put in its place, and the next poll."""
    texts = request.GET.get("ids", "").split(",")[:MOST]
    asked = [int(pk) for pk in texts if pk.isdecimal() and len(pk) < PK_DIGITS]
    records = list(admin.get_queryset(request).filter(pk__in=asked))
    since, strip = _since(request), "strip" in request.GET
    moving = [record.pk for record in records if board.is_moving(record)]
    is_over = time.time() - since > LOOK_FOR_S
    body = format_html_join(
        "",
        "{}",
        ((cell,) for record in records for cell in admin.fresh_cells(request, record, is_over=is_over)),
    )
    if not strip:
        body += format_html_join("", "{}", ((count,) for count in tabs.counts(board, swapped=True).values()))
    following = poller(admin.model, [] if is_over else moving, since=since, strip=strip)
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
