"""sObject Collections: up to 200 records in one call, answered one by one in their order.

Source: Salesforce fact sheet, "sObject Collections". The sheet says that a malformed request is a 400 with
`errorCode`, not which code each mistake has; those are chosen here. [M]
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Any

from ..wire import Reply, json_reply
from .context import Context
from .errors import Refusal, unreadable
from .rest import as_record, key_field
from .schema import Field, SObject
from .store import folded
from .values import Incoming, checked, read_record

MAX_RECORDS = 200
MAX_READ = 2000
MAX_TYPE_RUNS = 10
Raw = Mapping[str, Any]
Write = Callable[[], dict[str, Any]]


def create(ctx: Context) -> Reply:
    """Create records of one or several types."""
    raws, all_or_none = _records(ctx)

    def write(sobject: SObject, raw: Raw, incoming: Incoming) -> dict[str, Any]:
        ctx.fail_if_ordered(raw)
        return _success(ctx.org.records.create(sobject, incoming, ctx.pen))

    return _answer(ctx, _typed_writes(ctx, raws, write), all_or_none=all_or_none)


def update(ctx: Context) -> Reply:
    """Change records by their ids."""
    raws, all_or_none = _records(ctx)

    def write(sobject: SObject, raw: Raw, incoming: Incoming) -> dict[str, Any]:
        key = incoming.values.get("Id")
        if key is None:
            raise Refusal("MISSING_ARGUMENT", "Id not specified in an update call", fields=["Id"])
        ctx.fail_if_ordered(raw)
        ctx.org.records.update(sobject, key, incoming, ctx.pen)
        return _success(ctx.org.records.existing(sobject, key)["Id"])

    return _answer(ctx, _typed_writes(ctx, raws, write), all_or_none=all_or_none)


def upsert(ctx: Context) -> Reply:
    """Create or change records of one type by an external id field."""
    sobject = ctx.org.sobject(ctx.params[0])
    field = key_field(sobject, ctx.params[1])
    raws, all_or_none = _records(ctx)
    if any(_type_name(raw).lower() != sobject.name.lower() for raw in raws):
        raise Refusal("INVALID_TYPE", f"every record must be of type {sobject.name}")
    read = [read_record(sobject, raw) for raw in raws]
    seen: set[Any] = set()

    def one(raw: Raw, incoming: Incoming) -> Write:
        return lambda: _upsert_one(ctx, sobject, field, raw, incoming, seen)

    writes = [one(raw, incoming) for raw, incoming in zip(raws, read, strict=True)]
    return _answer(ctx, writes, all_or_none=all_or_none)


def delete(ctx: Context) -> Reply:
    """Delete records by the ids in the address."""
    keys = [key for key in ctx.request.query.get("ids", "").split(",") if key]
    _check_count(keys, MAX_RECORDS)

    def one(key: str) -> Write:
        return lambda: _delete_one(ctx, key.strip())

    all_or_none = ctx.request.query.get("allOrNone", "").lower() == "true"
    return _answer(ctx, [one(key) for key in keys], all_or_none=all_or_none)


def read_by_body(ctx: Context) -> Reply:
    """Return records by ids and fields in the body; null stands for one that is not there."""
    body = ctx.envelope("ids", "fields")
    return _read(ctx, body.get("ids"), body.get("fields"))


def read_by_address(ctx: Context) -> Reply:
    """Return records by ids and fields in the address."""
    query = ctx.request.query
    return _read(ctx, query.get("ids", "").split(","), query.get("fields", "").split(","))


def _records(ctx: Context) -> tuple[list[Raw], bool]:
    body = ctx.envelope("allOrNone", "records")
    all_or_none = body.get("allOrNone", False)
    if not isinstance(all_or_none, bool):
        raise unreadable("allOrNone must be true or false")
    records = body.get("records")
    if not isinstance(records, list) or any(not isinstance(raw, dict) for raw in records):
        raise unreadable("records must be a list of sObjects")
    _check_count(records, MAX_RECORDS)
    for raw in records:
        _type_name(raw)
    return records, all_or_none


def _check_count(items: Sequence[object], most: int) -> None:
    if not items:
        raise Refusal("REQUIRED_FIELD_MISSING", "at least one record is needed")
    if len(items) > most:
        message = f"record limit reached. cannot submit more than {most} records into this call"
        raise Refusal("EXCEEDED_ID_LIMIT", message)


def _type_name(raw: Raw) -> str:
    attributes = raw.get("attributes")
    name = attributes.get("type") if isinstance(attributes, dict) else None
    if not isinstance(name, str) or not name:
        raise unreadable('every record needs its type: "attributes": {"type": "…"}')
    return name


def _typed_writes(
    ctx: Context, raws: list[Raw], write: Callable[[SObject, Raw, Incoming], dict[str, Any]]
) -> list[Write]:
    names = [_type_name(raw).lower() for raw in raws]
    if sum(1 for _ in groupby(names)) > MAX_TYPE_RUNS:
        message = (
            f"Cannot have more than {MAX_TYPE_RUNS} chunks in a single operation. Please rearrange the data."
        )
        raise Refusal("LIMIT_EXCEEDED", message)

    def one(name: str, raw: Raw) -> Write:
        sobject = _known_type(ctx, name)
        incoming = read_record(sobject, raw)
        return lambda: write(sobject, raw, incoming)

    return [one(name, raw) for name, raw in zip(names, raws, strict=True)]


def _known_type(ctx: Context, name: str) -> SObject:
    sobject = ctx.org.schema.get(name)
    if sobject is None or not sobject.writable:
        raise Refusal("INVALID_TYPE", f"sObject type '{name}' is not supported.")
    return sobject


def _upsert_one(
    ctx: Context, sobject: SObject, field: Field, raw: Raw, incoming: Incoming, seen: set[Any]
) -> dict[str, Any]:
    value = incoming.values.get(field.name)
    if field.name != "Id":
        if "Id" in incoming.values:
            message = f"The Id field should not be specified beside {field.name}."
            raise Refusal("INVALID_FIELD", message, fields=["Id"])
        if checked(field, value) is None:
            raise Refusal("MISSING_ARGUMENT", f"{field.name} not specified", fields=[field.name])
    _refuse_repeated(field, value, seen)
    ctx.fail_if_ordered(raw)
    values = {name: each for name, each in incoming.values.items() if name != field.name}
    rest = Incoming(values, incoming.parents)
    key, created = ctx.org.records.upsert(sobject, field, value, rest, ctx.pen)
    return {**_success(key), "created": created}


def _refuse_repeated(field: Field, value: Any, seen: set[Any]) -> None:
    # What happens to repeated keys the sheet calls uncertain: here the first is written, the others fail. [M]
    if value is None:
        return
    if (key := folded(field, value)) in seen:
        raise Refusal("DUPLICATE_VALUE", f"Duplicate external id specified: {value}", fields=[field.name])
    seen.add(key)


def _delete_one(ctx: Context, key: str) -> dict[str, Any]:
    for sobject in ctx.org.schema.values():
        if sobject.writable and key.startswith(sobject.prefix):
            full = ctx.org.records.existing(sobject, key)["Id"]
            ctx.org.records.delete(sobject, full, ctx.pen)
            return _success(full)
    raise Refusal("MALFORMED_ID", f"malformed id {key}", fields=["Id"])


def _answer(ctx: Context, writes: list[Write], *, all_or_none: bool) -> Reply:
    mark = ctx.org.store.mark()
    results = [_result(write) for write in writes]
    if all_or_none and not all(result["success"] for result in results):
        ctx.org.store.roll_back(mark)
        results = [_rolled_back() if result["success"] else result for result in results]
    return json_reply(results)


def _result(write: Write) -> dict[str, Any]:
    try:
        return write()
    except Refusal as refusal:
        return {"success": False, "errors": [refusal.as_record_error()]}


def _rolled_back() -> dict[str, Any]:
    error = Refusal("ALL_OR_NONE_OPERATION_ROLLED_BACK")
    return {"success": False, "errors": [error.as_record_error()]}


def _success(key: str) -> dict[str, Any]:
    return {"id": key, "success": True, "errors": []}


def _read(ctx: Context, keys: Any, names: Any) -> Reply:
    sobject = ctx.org.sobject(ctx.params[0])
    for wanted in (keys, names):
        if not isinstance(wanted, list) or not all(isinstance(each, str) and each for each in wanted):
            raise unreadable("ids and fields are lists of strings")
    _check_count(keys, MAX_READ)
    as_record(ctx, sobject, {"Id": ""}, names)  # an unknown field refuses the call even when nothing is found
    return json_reply([_read_one(ctx, sobject, key, names) for key in keys])


def _read_one(ctx: Context, sobject: SObject, key: str, names: list[str]) -> dict[str, Any] | None:
    try:
        return as_record(ctx, sobject, ctx.org.records.existing(sobject, key), names)
    except Refusal:
        return None
