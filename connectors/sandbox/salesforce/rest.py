"""One record at a time, and what tells about the org: versions, limits, describe.

Source: Salesforce fact sheet, "One record", "Replication calls", "Limits", "Fields".
"""

from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

from ..wire import Reply, json_reply
from .context import Context
from .errors import Refusal, no_such_key_field, not_found
from .ids import SHAPE
from .schema import Field, SObject
from .settings import OLDEST_VERSION
from .store import Row
from .values import Incoming, read_record

# A key at the end of an address that looks like one of these files is not found. The vendor's list is longer
# and not in the sheet.
BLOCKED_ENDINGS = (".inc", ".exe", ".bat", ".cmd", ".dll", ".js", ".msi", ".vbs")
UPSERT_TELLS_SINCE = 46
NO_CONTENT = Reply(204)


def versions(newest: int) -> Reply:
    """List the API versions; asks for no login."""
    years = range(OLDEST_VERSION, newest + 1)
    return json_reply(
        [
            {"label": f"Release {number}", "url": f"/services/data/v{number}.0", "version": f"{number}.0"}
            for number in years
        ]
    )


def resources(ctx: Context) -> Reply:
    """List what is offered under one version."""
    names = ("composite", "limits", "query", "queryAll", "sobjects")
    return json_reply({name: f"{ctx.root}/{name}" for name in names})


def limits(ctx: Context) -> Reply:
    """Tell the org's limits."""
    settings = ctx.org.settings
    left = max(0, settings.api_limit - ctx.org.api_used)
    return json_reply(
        {
            "DailyApiRequests": {"Max": settings.api_limit, "Remaining": left},
            "DailyBulkApiBatches": {"Max": 15000, "Remaining": 15000},
            "DailyBulkV2QueryJobs": {"Max": 10000, "Remaining": 10000},
        }
    )


def list_sobjects(ctx: Context) -> Reply:
    """List the objects."""
    listed = [sobject.brief(ctx.root) for sobject in ctx.org.schema.values()]
    return json_reply({"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": listed})


def about_sobject(ctx: Context) -> Reply:
    """Tell about one object in short."""
    return json_reply({"objectDescribe": ctx.org.sobject(ctx.params[0]).brief(ctx.root), "recentItems": []})


def describe(ctx: Context) -> Reply:
    """Tell everything about one object, or 304 when nothing changed since the caller's date."""
    sobject = ctx.org.sobject(ctx.params[0])
    changed = datetime.fromtimestamp(int(ctx.org.described_at), UTC)
    header = (("Last-Modified", format_datetime(changed, usegmt=True)),)
    since = _http_date(ctx.request.headers.get("if-modified-since", ""))
    if since is not None and changed <= since:
        return Reply(304, headers=header)
    return json_reply(sobject.describe(ctx.root), headers=header)


def create(ctx: Context) -> Reply:
    """Create a record."""
    sobject = _writable(ctx)
    raw = ctx.body()
    incoming = read_record(sobject, raw)
    ctx.fail_if_ordered(raw)
    key = ctx.org.records.create(sobject, incoming, ctx.pen)
    location = (("Location", f"{ctx.root}/sobjects/{sobject.name}/{key}"),)
    return json_reply({"id": key, "success": True, "errors": []}, 201, location)


def read(ctx: Context) -> Reply:
    """Return a record by id."""
    sobject, key = ctx.org.sobject(ctx.params[0]), ctx.params[1]
    return _record_reply(ctx, sobject, _addressed(ctx, sobject, key))


def update(ctx: Context) -> Reply:
    """Change a record by id."""
    sobject, key = _writable(ctx), ctx.params[1]
    raw = ctx.body()
    incoming = read_record(sobject, raw)
    if "Id" in incoming.values:
        raise Refusal("INVALID_FIELD", "The Id field should not be specified in the sobject data.")  # [M]
    row = _addressed(ctx, sobject, key)
    ctx.fail_if_ordered(raw)
    ctx.org.records.update(sobject, row["Id"], incoming, ctx.pen)
    return NO_CONTENT


def delete(ctx: Context) -> Reply:
    """Put a record into the recycle bin."""
    sobject, key = _writable(ctx), ctx.params[1]
    ctx.org.records.delete(sobject, _addressed(ctx, sobject, key)["Id"], ctx.pen)
    return NO_CONTENT


def read_by_key(ctx: Context) -> Reply:
    """Return a record by external id."""
    sobject = ctx.org.sobject(ctx.params[0])
    return _record_reply(
        ctx, sobject, _only_match(ctx, sobject, key_field(sobject, ctx.params[1]), ctx.params[2])
    )


def delete_by_key(ctx: Context) -> Reply:
    """Delete a record by external id."""
    sobject = _writable(ctx)
    row = _only_match(ctx, sobject, key_field(sobject, ctx.params[1]), ctx.params[2])
    ctx.org.records.delete(sobject, row["Id"], ctx.pen)
    return NO_CONTENT


def upsert(ctx: Context) -> Reply:
    """Create or update the record with this external id; 300 when several have it."""
    sobject = _writable(ctx)
    field, value = key_field(sobject, ctx.params[1]), ctx.params[2]
    raw = ctx.body()
    incoming = read_record(sobject, raw)
    _refuse_keys_in_body(field, incoming)
    _refuse_blocked_ending(value)
    matches = ctx.org.records.matching(sobject, field, value)
    if len(matches) > 1:
        return _several(ctx, sobject, matches)
    ctx.fail_if_ordered({**raw, field.name: value})
    may_create = ctx.request.query.get("updateOnly", "").lower() != "true"
    key, created = ctx.org.records.upsert(sobject, field, value, incoming, ctx.pen, may_create=may_create)
    if ctx.version < UPSERT_TELLS_SINCE and not created:
        return NO_CONTENT
    tells = {"created": created} if ctx.version >= UPSERT_TELLS_SINCE else {}
    return json_reply({"id": key, "success": True, "errors": [], **tells}, 201 if created else 200)


def key_field(sobject: SObject, name: str) -> Field:
    """Return the field that records are named by; raise the 404 for one that is no key."""
    field = sobject.find(name)
    if field is None or not field.is_key:
        raise no_such_key_field(name)
    return field


def as_record(ctx: Context, sobject: SObject, row: Row, names: list[str] | None = None) -> dict[str, Any]:
    """Return a record with all its fields, or those named; raise INVALID_FIELD for an unknown one."""
    fields = list(sobject.fields)
    if names is not None:
        fields = [_named(sobject, name) for name in names]
    url = f"{ctx.root}/sobjects/{sobject.name}/{row['Id']}"
    return {
        "attributes": {"type": sobject.name, "url": url},
        **{field.name: field.value_of(row) for field in fields},
    }


def _named(sobject: SObject, name: str) -> Field:
    if (field := sobject.find(name)) is None:
        raise Refusal("INVALID_FIELD", f"No such column '{name}' on sobject of type {sobject.name}")
    return field


def _record_reply(ctx: Context, sobject: SObject, row: Row) -> Reply:
    wanted = ctx.request.query.get("fields")
    return json_reply(as_record(ctx, sobject, row, wanted.split(",") if wanted else None))


def _writable(ctx: Context) -> SObject:
    sobject = ctx.org.sobject(ctx.params[0])
    if not sobject.writable:
        message = f"entity type {sobject.name} does not support this operation here"
        raise Refusal("INSUFFICIENT_ACCESS_OR_READONLY", message, status=403)
    return sobject


def _addressed(ctx: Context, sobject: SObject, key: str) -> Row:
    # What does not even look like an id is taken for the name of a field. [M]
    if not SHAPE.fullmatch(key):
        raise no_such_key_field(key)
    try:
        return ctx.org.records.existing(sobject, key)
    except Refusal as refusal:
        if refusal.code == "MALFORMED_ID":
            raise
        if refusal.code == "ENTITY_IS_DELETED":
            raise Refusal("ENTITY_IS_DELETED", "entity is deleted", status=404) from refusal
        raise not_found() from refusal


def _only_match(ctx: Context, sobject: SObject, field: Field, value: str) -> Row:
    _refuse_blocked_ending(value)
    matches = ctx.org.records.matching(sobject, field, value)
    if not matches:
        raise not_found()
    if len(matches) > 1:
        raise _Several(_several(ctx, sobject, matches))
    return matches[0]


class _Several(Refusal):
    def __init__(self, reply: Reply) -> None:
        super().__init__("MULTIPLE_CHOICES", status=300)
        self._reply = reply

    def as_reply(self) -> Reply:
        return self._reply


def _several(ctx: Context, sobject: SObject, matches: list[Row]) -> Reply:
    return json_reply([f"{ctx.root}/sobjects/{sobject.name}/{row['Id']}" for row in matches], 300)


def _refuse_keys_in_body(field: Field, incoming: Incoming) -> None:
    for name in ("Id", field.name):
        if name in incoming.values:
            message = f"The {name} field should not be specified in the sobject data."
            raise Refusal("INVALID_FIELD", message, fields=[name])


def _refuse_blocked_ending(value: str) -> None:
    if value.lower().endswith(BLOCKED_ENDINGS):
        raise not_found()


def _http_date(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text)
    except ValueError:
        return None
