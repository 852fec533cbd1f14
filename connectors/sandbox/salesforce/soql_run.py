"""Answering a parsed query: which rows, in which order, and what is shown of them.

Equality and IN on an indexed field never look at every row. Text is compared without case, as SOQL does.
Source: Salesforce fact sheet, "Query"; wordings are from memory. [M]
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from .errors import Refusal
from .ids import normalised
from .schema import BOOLEAN_TYPES, COMPOUND, NUMBER_TYPES, Field, SObject
from .soql_parse import Comparison, Condition, Literal, Negation, Order, Query
from .store import Row, Store, Table, folded, timestamp

Test = Callable[[Row], bool]
CUSTOM_ADVICE = (
    "If you are attempting to use a custom {sort}, be sure to append the '__c' after the {name}. "
    "Please reference your WSDL or the describe call for the appropriate names."
)
TYPED = NUMBER_TYPES | BOOLEAN_TYPES | {"date", "datetime"}
ORDERINGS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": lambda left, right: left < right,
    ">": lambda left, right: left > right,
    "<=": lambda left, right: left <= right,
    ">=": lambda left, right: left >= right,
}


class Runner:
    """Runs queries over one store; the caller holds the store's lock."""

    def __init__(self, store: Store, schema: Mapping[str, SObject]) -> None:
        self._store = store
        self._schema = schema

    def ids(self, query: Query, *, with_deleted: bool) -> list[str]:
        """Return the ids of the rows that answer the query, in its order; raise Refusal."""
        table = self._table(query)
        _check_columns(self._paths(query), table.sobject)
        test = self._test(query.where, table) if query.where else None
        keys = self._candidates(query.where, table) if query.where else None
        rows = [table.rows[key] for key in keys] if keys is not None else table.rows.values()
        found = [
            row for row in rows if (with_deleted or not row["IsDeleted"]) and (test is None or test(row))
        ]
        self._sort(found, query.order, table.sobject, is_unordered=keys is not None)
        stop = None if query.limit is None else query.offset + query.limit
        return [row["Id"] for row in found[query.offset : stop]]

    def shown(
        self, query: Query, keys: Iterable[str], root: str, *, with_deleted: bool
    ) -> list[dict[str, Any]]:
        """Return the selected columns of these rows, less those deleted since they were found."""
        table = self._table(query)
        columns = [self._path(table.sobject, name) for name in query.fields]
        rows = (table.rows[key] for key in keys)
        return [
            self._record(table, row, columns, root) for row in rows if with_deleted or not row["IsDeleted"]
        ]

    def _table(self, query: Query) -> Table:
        sobject = self._schema.get(query.sobject.lower())
        if sobject is None:
            advice = CUSTOM_ADVICE.format(sort="object", name="entity name")
            raise Refusal("INVALID_TYPE", f"sObject type '{query.sobject}' is not supported. {advice}")
        return self._store.tables[sobject.name]

    def _paths(self, query: Query) -> list[str]:
        return [*query.fields, *([query.counts] if query.counts else [])]

    def _path(self, sobject: SObject, name: str) -> tuple[Field, ...]:
        """Return the fields on the way to a column: one, or a reference and a column of its object."""
        head, _, rest = name.partition(".")
        if not rest:
            return (_column(sobject, name),)
        link = sobject.relationships.get(head.lower())
        if link is None:
            raise Refusal("INVALID_FIELD", f"Didn't understand relationship '{head}' in field path.")
        return (link, *self._path(self._schema[link.reference_to.lower()], rest))

    def _value(self, row: Row | None, path: tuple[Field, ...]) -> Any:
        for link in path[:-1]:
            key = row.get(link.name) if row else None
            row = self._store.tables[link.reference_to].rows.get(key) if key else None
        return row.get(path[-1].name) if row else None

    def _record(self, table: Table, row: Row, columns: list[tuple[Field, ...]], root: str) -> dict[str, Any]:
        record = _headed(table.sobject, row, root)
        for path in columns:
            if len(path) == 1:
                record[path[0].name] = path[0].value_of(row)
            else:
                self._nest(record, row, path, root)
        return record

    def _nest(self, record: dict[str, Any], row: Row, path: tuple[Field, ...], root: str) -> None:
        for link in path[:-1]:
            target = self._store.tables[link.reference_to]
            related = target.rows.get(row.get(link.name) or "")
            if related is None:
                record[link.relationship] = None
                return
            record = record.setdefault(link.relationship, _headed(target.sobject, related, root))
            row = related
        record[path[-1].name] = path[-1].value_of(row)

    def _candidates(self, where: Condition, table: Table) -> dict[str, None] | None:
        """Return ids among which all answers are, or None where every row must be looked at."""
        if isinstance(where, Comparison):
            return _looked_up(where, table)
        if isinstance(where, Negation):
            return None
        sets = [self._candidates(part, table) for part in where.parts]
        if where.word == "AND":
            return min((keys for keys in sets if keys is not None), key=len, default=None)
        union: dict[str, None] = {}
        for keys in sets:
            if keys is None:
                return None
            union.update(keys)
        return union

    def _test(self, where: Condition, table: Table) -> Test:
        if isinstance(where, Comparison):
            return self._comparison_test(where, table.sobject)
        if isinstance(where, Negation):
            inner = self._test(where.inner, table)
            return lambda row: not inner(row)
        tests = [self._test(part, table) for part in where.parts]
        if where.word == "AND":
            return lambda row: all(test(row) for test in tests)
        return lambda row: any(test(row) for test in tests)

    def _comparison_test(self, where: Comparison, sobject: SObject) -> Test:
        path = self._path(sobject, where.field)
        field = path[-1]
        if not field.filterable:
            raise Refusal("INVALID_FIELD", f"field '{field.name}' can not be filtered in a query call")
        accepts = _acceptance(where, field)
        if len(path) == 1:
            name = field.name
            return lambda row: accepts(row.get(name))
        return lambda row: accepts(self._value(row, path))

    def _sort(self, rows: list[Row], order: Iterable[Order], sobject: SObject, *, is_unordered: bool) -> None:
        if is_unordered:
            rows.sort(key=lambda row: row["Id"])
        for column in reversed(list(order)):
            path = self._path(sobject, column.field)
            if path[-1].type == COMPOUND:
                raise Refusal("INVALID_FIELD", f"field '{path[-1].name}' can not be sorted in a query call")
            self._sort_by(rows, path, column)

    def _sort_by(self, rows: list[Row], path: tuple[Field, ...], column: Order) -> None:
        def key(row: Row) -> Any:
            return folded(path[-1], self._value(row, path))

        held = sorted((row for row in rows if key(row) is not None), key=key, reverse=column.descending)
        empty = [row for row in rows if key(row) is None]
        rows[:] = [*held, *empty] if column.nulls_last else [*empty, *held]


def _headed(sobject: SObject, row: Row, root: str) -> dict[str, Any]:
    return {"attributes": {"type": sobject.name, "url": f"{root}/sobjects/{sobject.name}/{row['Id']}"}}


def _column(sobject: SObject, name: str) -> Field:
    field = sobject.find(name)
    if field is None:
        advice = CUSTOM_ADVICE.format(sort="field", name="custom field name")
        raise Refusal("INVALID_FIELD", f"No such column '{name}' on entity '{sobject.name}'. {advice}")
    return field


def _check_columns(names: list[str], sobject: SObject) -> None:
    seen: set[str] = set()
    for name in names:
        if "." not in name:
            _column(sobject, name)
        if name.lower() in seen:
            raise Refusal("INVALID_FIELD", f"duplicate field selected: {name}")
        seen.add(name.lower())


def _looked_up(where: Comparison, table: Table) -> dict[str, None] | None:
    field = table.sobject.find(where.field)
    if field is None or where.negated or where.operator not in ("=", "IN") or not table.has_index(field.name):
        return None
    values = [_operand(literal, field) for literal in where.literals]
    if None in values:
        return None
    return {key: None for value in values for key in table.ids_with(field.name, value)}


def _acceptance(where: Comparison, field: Field) -> Callable[[Any], bool]:
    operands = [_operand(literal, field) for literal in where.literals]
    if where.operator == "LIKE":
        return _likeness(where.literals[0], field)
    if where.operator in ORDERINGS:
        compares, bound = ORDERINGS[where.operator], folded(field, operands[0])
        return lambda value: value is not None and bound is not None and compares(folded(field, value), bound)
    wanted = frozenset(folded(field, operand) for operand in operands)
    # A field that is empty is not equal to any text: != and NOT IN find it.
    if where.negated or where.operator == "!=":
        return lambda value: folded(field, value) not in wanted
    return lambda value: folded(field, value) in wanted


def _operand(literal: Literal, field: Field) -> Any:
    if literal.kind == "null":
        return False if field.type in BOOLEAN_TYPES else None
    if literal.kind == "text" and not literal.value and field.type not in TYPED:
        return None  # an empty text is stored as null
    converted = _converted(literal, field)
    if converted is None:
        quotes = "should not be" if field.type in TYPED else "should be"
        message = (
            f"value of filter criterion for field '{field.name}' must be of type {field.type} "
            f"and {quotes} enclosed in quotes"
        )
        raise Refusal("INVALID_FIELD", message)
    return converted


def _converted(literal: Literal, field: Field) -> Any:
    if field.type in BOOLEAN_TYPES:
        return literal.value if literal.kind == "boolean" else None
    if field.type in NUMBER_TYPES:
        return float(literal.value) if literal.kind == "number" else None
    if field.type == "datetime":
        return _moment(literal.value) if literal.kind == "moment" else None
    if field.type == "date":
        return literal.value if literal.kind == "date" else None
    if literal.kind != "text":
        return None
    if field.type in ("id", "reference"):
        return _record_id(literal.value)
    return re.sub(r"\\([%_])", r"\1", literal.value)


def _moment(text: str) -> str:
    try:
        return timestamp(datetime.fromisoformat(text))
    except (ValueError, OverflowError) as error:
        raise Refusal("MALFORMED_QUERY", f"'{text}' is not a date and time") from error


def _record_id(text: str) -> str:
    if (full := normalised(text)) is None:
        raise Refusal("INVALID_QUERY_FILTER_OPERATOR", f"invalid ID field: {text}")
    return full


def _likeness(literal: Literal, field: Field) -> Callable[[Any], bool]:
    if literal.kind != "text":
        raise Refusal("INVALID_QUERY_FILTER_OPERATOR", f"invalid operator on {field.type} field")
    pieces = re.split(r"(\\[%_]|%|_)", literal.value)
    marks = {"%": ".*", "_": ".", r"\%": "%", r"\_": "_"}
    pattern = re.compile(
        "".join(marks.get(piece, re.escape(piece)) for piece in pieces), re.IGNORECASE | re.DOTALL
    )
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None
