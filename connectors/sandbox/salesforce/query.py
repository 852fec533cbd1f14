"""The query calls and their pages.

Source: Salesforce fact sheet, "Query".
"""

from typing import Any

from ..wire import Reply, json_reply, whole_number
from .context import Context
from .cursors import Cursor
from .errors import Refusal
from .soql_parse import parse
from .soql_run import Runner

PAGE_ROWS = 2000
SMALLEST_PAGE_ROWS = 200


def query(ctx: Context) -> Reply:
    """Answer a query from the living records."""
    return _first_page(ctx, with_deleted=False)


def query_all(ctx: Context) -> Reply:
    """Answer a query from the deleted and merged records too."""
    return _first_page(ctx, with_deleted=True)


def next_page(ctx: Context) -> Reply:
    """Return the page of an open cursor."""
    name, cursor, start = ctx.org.cursors.find(ctx.params[0])
    return json_reply(_page(ctx, name, cursor, start))


def _first_page(ctx: Context, *, with_deleted: bool) -> Reply:
    text = ctx.request.query.get("q", "")
    if not text.strip():
        raise Refusal("MALFORMED_QUERY", "SOQL statements cannot be empty or null")
    parsed = parse(text)
    keys = Runner(ctx.org.store, ctx.org.schema).ids(parsed, with_deleted=with_deleted)
    if parsed.counts is not None:
        return json_reply(_count(parsed.counts, len(keys)))
    cursor = Cursor(parsed, keys, _page_rows(ctx), with_deleted)
    name = ctx.org.cursors.open(cursor) if len(keys) > cursor.page_size else ""
    return json_reply(_page(ctx, name, cursor, 0))


def _count(counted: str, number: int) -> dict[str, Any]:
    if not counted:
        return {"totalSize": number, "done": True, "records": []}
    record = {"attributes": {"type": "AggregateResult"}, "expr0": number}
    return {"totalSize": 1, "done": True, "records": [record]}


def _page(ctx: Context, name: str, cursor: Cursor, start: int) -> dict[str, Any]:
    end = start + cursor.page_size
    keys = cursor.ids[start:end]
    runner = Runner(ctx.org.store, ctx.org.schema)
    records = runner.shown(cursor.query, keys, ctx.root, with_deleted=cursor.with_deleted)
    is_last = end >= len(cursor.ids)
    # Also a queryAll goes on at /query/. Source: Salesforce fact sheet, "Query".
    more = {} if is_last else {"nextRecordsUrl": f"{ctx.root}/query/{name}-{end}"}
    return {"totalSize": len(cursor.ids), "done": is_last, **more, "records": records}


def _page_rows(ctx: Context) -> int:
    wanted = whole_number(ctx.option("sforce-query-options").get("batchsize", ""))
    return PAGE_ROWS if wanted is None else max(SMALLEST_PAGE_ROWS, min(PAGE_ROWS, wanted))
