"""The tabs of the company page that show what belongs to a company.

Other rooms add theirs with `add_panel` from their app's ready(): this room knows none of them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString

from companies.models import Company
from connectors.admin import cells, columns, polling
from connectors.admin.board import Board
from connectors.admin.box import Mend
from connectors.admin.strip import panel_form
from connectors.admin.tab import Tab
from connectors.models import Connection

SHOWN = 50  # rows; the grid has the others
OVER = "over"  # in a child's address: the company (pk) that it was opened over and returns to
TERM_CHARS = 200
CROWD = 2  # systems, whose columns leave no room for a row's tools

Build = Callable[[HttpRequest, Company], Tab | None]
Mends = Callable[[Company, Connection], Mend]
_panels: dict[str, tuple[int, Build]] = {}
_mends: dict[str, Mends] = {}


def add_panel(slug: str, build: Build, *, order: int, mends: Mapping[str, Mends] | None = None) -> None:
    """Add a tab to the company page; lower orders stand further left. Called once, at start-up.

    `mends` tells, by its name among a link's errors, where something is put right that no
    field of the company holds.
    """
    _panels[slug] = (order, build)
    _mends.update(mends or {})


def mend(company: Company, connection: Connection, name: str) -> Mend | None:
    """Return where something wrong is put right, None where no panel knows it."""
    return _mends[name](company, connection) if name in _mends else None


def tabs(request: HttpRequest, company: Company) -> list[Tab]:
    """Return the tabs that this person may see."""
    built = (build(request, company) for _, build in sorted(_panels.values(), key=lambda pair: pair[0]))
    return [tab for tab in built if tab is not None]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a panel: its title, and a record's value. Plain values are escaped."""

    title: str
    value: Callable[[Any], str | SafeString]
    leads: bool = False  # to the record's page


@dataclass(frozen=True, slots=True)
class ChildGrid:
    """A read-only table of a company's children, whose rows lead to their pages and back.

    `empty` is said where there are none, with what the connected systems need them for.
    `pick` is the address behind a tool that takes one picked row, for those who may change
    the records; `row_tools` are a row's own; `note` is a line above the table.
    """

    model: type[Any]
    slug: str
    columns: Sequence[Column]
    order: Sequence[str]
    empty: str
    pick: str = ""  # the address name behind the tool that takes one picked row
    pick_label: str = ""
    row_tools: Callable[[HttpRequest, Any], SafeString] | None = None
    note: Callable[[Company, Board], str] | None = None

    def tab(self, request: HttpRequest, company: Company) -> Tab | None:
        """Return the tab, None for somebody who may not see such records."""
        there = admin.site.get_model_admin(self.model)
        if not there.has_view_permission(request):
            return None
        mine = there.get_queryset(request).filter(company=company)
        total = mine.count()
        term = request.GET.get(f"{self.slug}_q", "").replace("\0", "").strip()[:TERM_CHARS]
        found = self._found(request, there, mine, term)
        rows = list(found[: SHOWN + 1])
        context = {
            **self._words(request, there, company, term),
            "rows": [self._row(request, there, company, record) for record in rows[:SHOWN]],
            "total": f"{total:,}",
            "matching": f"{found.count():,}" if len(rows) > SHOWN else "",
            "poll": self._poll(request, there, rows[:SHOWN]),
        }
        html = render_to_string("concord/child_grid.html", context, request)
        return Tab(self.slug, str(self.model._meta.verbose_name_plural).capitalize(), html, f"{total:,}")

    def _found(self, request: HttpRequest, there: Any, mine: QuerySet[Any], term: str) -> QuerySet[Any]:
        if term:
            mine, may_repeat = there.get_search_results(request, mine, term)
            pks = mine.values("pk")
            mine = there.get_queryset(request).filter(pk__in=pks) if may_repeat else mine
        return mine.order_by(*self.order)

    def _words(self, request: HttpRequest, there: Any, company: Company, term: str) -> dict[str, Any]:
        changes = there.has_change_permission(request)
        add_url = f"{cells.address(self.model, 'add')}?{OVER}={company.pk}"
        return {
            "slug": self.slug,
            "has_tools": self.row_tools is not None and len(there.board(request).connections) < CROWD,
            "meta": self.model._meta,
            "form": panel_form(self.model),
            "columns": [column.title for column in self.columns],
            "connections": [part.title for part in columns.of(there.board(request))],
            "shown": SHOWN,
            "term": term,
            "empty": " ".join([self.empty, *there.board(request).needs]),
            "note": self.note(company, there.board(request)) if self.note else "",
            "add_url": add_url if there.has_add_permission(request) else "",
            "all_url": f"{cells.address(self.model, 'changelist')}?company__id__exact={company.pk}",
            "pick_url": cells.address(self.model, self.pick) if self.pick and changes else "",
            "pick_label": self.pick_label,
            "over_name": OVER,
            "over": company.pk,
        }

    def _row(self, request: HttpRequest, there: Any, company: Company, record: Any) -> dict[str, Any]:
        board, may_sync = there.board(request), there.has_sync_permission(request)
        url = f"{cells.address(self.model, 'change', record.pk)}?{OVER}={company.pk}"
        values = [(column.title, column.value(record), column.leads) for column in self.columns]
        return {
            "pk": record.pk,
            "name": str(record)[:120],
            "url": url,
            "values": values,
            "cells": [
                (part.title, part.cell(board, record, may_sync=may_sync, form=panel_form(self.model)))
                for part in columns.of(board)
            ],
            # Beside several systems there is no room for them; a picked row has the same.
            "tools": self.row_tools(request, record)
            if self.row_tools and len(board.connections) < CROWD
            else "",
        }

    def _poll(self, request: HttpRequest, there: Any, records: list[Any]) -> SafeString:
        moving = [record.pk for record in records if there.board(request).is_moving(record)]
        return polling.poller(self.model, moving, place=polling.PANEL)


def cut(text: str, limit: int = 120) -> SafeString:
    """Return a value of any length and script so that a column bears it; a dash for none."""
    shown = (text if len(text) <= limit else f"{text[: limit - 1].rstrip()}…") or "–"
    return format_html('<span class="cc-clamp" dir="auto">{}</span>', shown)


def tick(is_on: bool, word: str) -> SafeString:
    """Return a tick with its word for screen readers, a dash where there is none."""
    if not is_on:
        return format_html('<span class="cc-faint" aria-label="not {}">–</span>', word)
    return format_html('<span class="cc-tick" aria-label="{}">✓</span>', word)
