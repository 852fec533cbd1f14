"""The columns of the connections: one each, and where they are many, one for the last of them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from connectors.admin import cells
from connectors.admin.board import Board
from connectors.models import Connection
from connectors.states import State

OWN = 3  # connections that have a column of their own
WORST_FIRST = (
    State.FAILED, State.GONE, State.CHOICE, State.CHANGED, State.WAITING,
    State.SENDING, State.CHECKING, State.NOT_SYNCED, State.NOT_ENABLED, State.IN_SYNC,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Part:
    """One column: of one connection, or of several that are folded into it."""

    name: str
    title: str
    connections: Sequence[Connection]

    def cell(
        self,
        board: Board,
        record: Any,
        *,
        may_sync: bool,
        form: str,
        swapped: bool = False,
        is_over: bool = False,
    ) -> SafeString:
        """Return a record's cell; see `cells.cell`."""
        if self.name == "link_more":
            return _folded(board, record, self.connections, swapped=swapped)
        (one,) = self.connections
        return cells.cell(board, record, one, may_sync=may_sync, form=form, swapped=swapped, is_over=is_over)


def of(board: Board) -> list[Part]:
    """Return the columns of a page's connections."""
    rows = board.connections
    own = [Part(f"link_{row.pk}", board.id_label(row), [row]) for row in rows[:OWN]]
    rest = rows[OWN:]
    return [*own, Part("link_more", "More", rest)] if rest else own


def _folded(board: Board, record: Any, rows: Sequence[Connection], *, swapped: bool) -> SafeString:
    """Return several connections in one cell, the worst state first: "2 more: 1 failed, 1 in sync"."""
    states = Counter(board.shown(record, row)[1].state for row in rows)
    told = ", ".join(f"{states[one]:,} {one.word.lower()}" for one in WORST_FIRST if states[one])
    worst = next(one for one in WORST_FIRST if states[one])
    return format_html(
        '<div class="cc-cell" id="{}"{}><a class="cc-chip cc-{}" href="{}">{} more</a>'
        '<span class="cc-why">{}</span></div>',
        f"cc-{record._meta.model_name}-{record.pk}-more",
        cells.SWAP if swapped else cells.NOTHING,
        worst.value,
        cells.address(type(record), "change", record.pk),
        len(rows),
        told,
    )
