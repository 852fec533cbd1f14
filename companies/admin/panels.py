"""The tabs of the company page that show what belongs to a company.

Other rooms add theirs with `add_panel` from their app's ready(): this room knows none of them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString

from companies.models import Company
from connectors.admin import cells, polling
from connectors.admin.strip import panel_form
from connectors.admin.tab import Tab

SHOWN = 50  # rows; the grid has the others
OVER = "over"  # in a child's address: the company (pk) that it was opened over and returns to
TERM_CHARS = 200

Build = Callable[[HttpRequest, Company], Tab | None]
_panels: dict[str, tuple[int, Build]] = {}


def add_panel(slug: str, build: Build, *, order: int) -> None:
    """Add a tab to the company page; lower orders stand further left. Called once, at start-up."""
    _panels[slug] = (order, build)


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
    note: Callable[[Company], str] | None = None

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
            "meta": self.model._meta,
            "form": panel_form(self.model),
            "columns": [column.title for column in self.columns],
            "connections": [there.board(request).id_label(row) for row in there.board(request).connections],
            "shown": SHOWN,
            "term": term,
            "empty": self.empty,
            "note": self.note(company) if self.note else "",
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
                (
                    board.id_label(row),
                    cells.cell(board, record, row, may_sync=may_sync, form=panel_form(self.model)),
                )
                for row in board.connections
            ],
            "tools": self.row_tools(request, record) if self.row_tools else "",
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
