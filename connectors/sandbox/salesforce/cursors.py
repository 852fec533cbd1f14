"""Open query cursors: what is left to fetch, under names such as 01g…-2000.

Source: Salesforce fact sheet, "Query". The vendor does not publish the locator's shape.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from ..wire import whole_number
from .errors import Refusal
from .ids import IdFactory
from .soql_parse import Query

OPEN_AT_ONCE = 10  # [M]


@dataclass(frozen=True, slots=True)
class Cursor:
    """A query's answer: the ids in order; rows are read when their page is fetched."""

    query: Query
    ids: Sequence[str]
    page_size: int
    with_deleted: bool


class Cursors:
    """The cursors still open; the oldest is closed when there are too many."""

    def __init__(self) -> None:
        self._ids = IdFactory()
        self._open: OrderedDict[str, Cursor] = OrderedDict()

    def open(self, cursor: Cursor) -> str:
        """Keep a cursor and return its name."""
        name = self._ids.new("01g")[:15] + "AAA"
        self._open[name] = cursor
        while len(self._open) > OPEN_AT_ONCE:
            self._open.popitem(last=False)
        return name

    def find(self, locator: str) -> tuple[str, Cursor, int]:
        """Return name, cursor and position of a locator; raise INVALID_QUERY_LOCATOR."""
        name, _, position = locator.partition("-")
        cursor = self._open.get(name)
        start = whole_number(position)
        if cursor is None or start is None or start >= len(cursor.ids):
            raise Refusal("INVALID_QUERY_LOCATOR", "invalid query locator")
        return name, cursor, start

    def close_all(self) -> None:
        """Let every cursor expire."""
        self._open.clear()
