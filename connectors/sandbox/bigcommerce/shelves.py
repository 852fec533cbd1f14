"""One screenful of a list: Refresh, Search, View 20, and the way to its other pages."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import urlencode

from ..wire import whole_number
from .store import Row
from .words import text

VIEWS = (20, 50, 100)
LONGEST_SEARCH = 200
Cell = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Visit:
    """Where a person is and what they ask for; `sent` and `problem` are those of a refused form."""

    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    sent: Mapping[str, str] | None = None
    problem: str = ""

    @property
    def search(self) -> str:
        """Return what is looked for."""
        return self.query.get("search", "").strip()[:LONGEST_SEARCH]

    @property
    def view(self) -> int:
        """Return how many rows are wanted."""
        wanted = whole_number(self.query.get("view", ""))
        return wanted if wanted in VIEWS else VIEWS[0]

    def to(self, **changes: object) -> str:
        """Return the address of this list with some of what is asked for changed."""
        now = {"search": self.search, "view": self.query.get("view", ""), "page": self.query.get("page", "")}
        asked = {name: str(value) for name, value in {**now, **changes}.items() if value}
        return f"{self.path}?{urlencode(asked)}" if asked else self.path

    def form(self, deed: str, key: object = "") -> str:
        """Return the address of this list with a form opened on it."""
        # No fragment: browsers focus nothing by themselves at an address that has one.
        return self.to(do=deed, id=key)


class Column(NamedTuple):
    """A column: its heading, and how it looks (a class of the style sheet)."""

    label: str
    look: str = ""


def shelf(
    visit: Visit,
    rows: Sequence[Row],
    facts: Callable[[Row], Iterable[object]],
    show: Callable[[Row], Any],
) -> dict[str, Any]:
    """Return what the templates show of a list. `facts` are what of a row can be searched for."""
    found = [row for row in rows if _mentions(facts(row), visit.search.lower())]
    pages = max(1, -(-len(found) // visit.view))
    number = min(pages, max(1, whole_number(visit.query.get("page", "")) or 1))
    start = (number - 1) * visit.view
    return {
        "rows": [show(row) for row in found[start : start + visit.view]],
        "search": visit.search,
        "refresh": visit.to(),
        "all": visit.to(search="", page=""),
        "path": visit.path,
        "view": str(visit.view),
        "views": [{"words": str(each), "path": visit.to(view=each, page="")} for each in VIEWS],
        "found": f"{len(found):,}",
        "total": f"{len(rows):,}",
        "page": str(number),
        "pages": str(pages),
        "before": visit.to(page=number - 1) if number > 1 else "",
        "after": visit.to(page=number + 1) if number < pages else "",
    }


def page_of(row: Row, rows: Sequence[Row]) -> int:
    """Return the page on which a row stands while nobody searches or chose another view."""
    return [each["id"] for each in rows].index(row["id"]) // VIEWS[0] + 1


def cell(
    value: object, *, path: str = "", small: object = "", tone: str = "", title: str = "", mono: bool = False
) -> Cell:
    """Return one cell of a table: a text, a link where it has a path, a chip where it has a tone."""
    looks = {"path": path, "tone": tone, "title": title, "mono": mono}
    return {"value": text(value), "small": text(small), **looks}


def deeds(name: str, *acts: Mapping[str, str]) -> Cell:
    """Return the cell with what can be done about the row: links with a path, buttons with a deed."""
    return {"value": "", "name": name, "acts": acts}


def line(columns: Sequence[Column], cells: Sequence[Cell], anchor: str = "") -> dict[str, Any]:
    """Return one row of a table."""
    titled = [
        {**each, "label": column.label, "look": column.look}
        for column, each in zip(columns, cells, strict=True)
    ]
    return {"anchor": anchor, "cells": titled}


def _mentions(facts: Iterable[object], wanted: str) -> bool:
    return not wanted or any(wanted in str(fact).lower() for fact in facts)
