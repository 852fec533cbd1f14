"""What changed and what was deleted in a span of time.

Source: Salesforce fact sheet, "Replication calls".
"""

from datetime import UTC, datetime, timedelta

from ..wire import Reply, json_reply
from .context import Context
from .errors import Refusal
from .store import timestamp

OLDEST_UPDATE = timedelta(days=30)
OLDEST_DELETION = timedelta(days=15)


def updated(ctx: Context) -> Reply:
    """List the ids of living records whose SystemModstamp lies in the span."""
    sobject = ctx.org.sobject(ctx.params[0])
    start, end = _span(ctx, OLDEST_UPDATE)
    rows = ctx.org.table(sobject).rows.values()
    ids = [row["Id"] for row in rows if not row["IsDeleted"] and start <= row["SystemModstamp"] < end]
    return json_reply({"ids": ids, "latestDateCovered": end})


def deleted(ctx: Context) -> Reply:
    """List the records that were deleted or merged away in the span."""
    sobject = ctx.org.sobject(ctx.params[0])
    start, end = _span(ctx, OLDEST_DELETION)
    rows = ctx.org.table(sobject).rows.values()
    gone = [
        {"id": row["Id"], "deletedDate": row["SystemModstamp"]}
        for row in rows
        if row["IsDeleted"] and start <= row["SystemModstamp"] < end
    ]
    earliest = timestamp(datetime.now(UTC) - OLDEST_DELETION)
    return json_reply({"deletedRecords": gone, "earliestDateAvailable": earliest, "latestDateCovered": end})


def _span(ctx: Context, oldest: timedelta) -> tuple[str, str]:
    start, end = (_moment(ctx.request.query.get(name, "")) for name in ("start", "end"))
    if start >= end or start < datetime.now(UTC) - oldest - timedelta(minutes=1):
        raise Refusal(
            "INVALID_REPLICATION_DATE", f"startDate must be before endDate and within {oldest.days} days"
        )
    return timestamp(start), timestamp(end)


def _moment(text: str) -> datetime:
    # A plus sign that was not encoded arrives as a space.
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Refusal("INVALID_REPLICATION_DATE", f"invalid date: {text}") from error
    if moment.tzinfo is None:
        raise Refusal("INVALID_REPLICATION_DATE", f"a date needs its zone: {text}")
    return moment.replace(second=0, microsecond=0)
