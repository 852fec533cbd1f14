"""SOQL as far as it is rehearsed: text to a `Query`.

SELECT fields, COUNT() or COUNT(field) FROM object [WHERE …] [ORDER BY …] [LIMIT n] [OFFSET n]. Conditions: =,
!=, <>, <, >, <=, >=, LIKE, [NOT] IN, with AND, OR, NOT and parentheses. Written by hand because it imitates a
vendor's grammar, refusals included. Knows no object; `soql_run` decides what the names mean.
Source: Salesforce fact sheet, "Query"; wordings and the rule about mixing AND with OR are from memory. [M]
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..wire import whole_number
from .errors import Refusal

MAX_CHARS = 100_000
TOKEN = re.compile(
    r"\s+|(?P<text>'(?:[^'\\]|\\.)*')"
    r"|(?P<moment>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))|(?P<date>\d{4}-\d\d-\d\d)"
    r"|(?P<number>[+-]?\d+(?:\.\d+)?)|(?P<word>[A-Za-z_][\w.]*)|(?P<sign><=|>=|!=|<>|[=<>(),])",
    re.ASCII | re.DOTALL,
)
ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
COMPARISONS = frozenset({"=", "!=", "<>", "<", ">", "<=", ">=", "LIKE"})
RESERVED = frozenset(
    {"SELECT", "FROM", "WHERE", "AND", "OR", "NOT", "IN", "LIKE", "ORDER", "BY", "LIMIT", "OFFSET"}
)


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the text; `kind` is text, moment, date, number, word or sign."""

    kind: str
    raw: str
    at: int

    @property
    def word(self) -> str:
        """Return an upper-case keyword, or the sign itself, or ''."""
        return self.raw.upper() if self.kind in ("word", "sign") else ""


@dataclass(frozen=True, slots=True)
class Literal:
    """A value in a condition: kind is text, moment, date, number, boolean or null."""

    kind: str
    value: Any


@dataclass(frozen=True, slots=True)
class Comparison:
    """field operator literal; `operator` IN carries several literals, and `negated` makes it NOT IN."""

    field: str
    operator: str
    literals: tuple[Literal, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Junction:
    """Conditions joined by AND or OR."""

    word: str
    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Negation:
    """NOT condition."""

    inner: "Condition"


Condition = Comparison | Junction | Negation


@dataclass(frozen=True, slots=True)
class Order:
    """One column of ORDER BY; nulls come first unless it says otherwise."""

    field: str
    descending: bool
    nulls_last: bool


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query; `counts` is None, '' for COUNT() or the field of COUNT(field)."""

    fields: tuple[str, ...]
    counts: str | None
    sobject: str
    where: Condition | None
    order: tuple[Order, ...]
    limit: int | None
    offset: int


def parse(text: str) -> Query:
    """Return the query; raise MALFORMED_QUERY."""
    if len(text) > MAX_CHARS:
        raise _malformed(f"SOQL statements cannot be longer than {MAX_CHARS} characters.")
    return _Parser(text).query()


def _malformed(message: str) -> Refusal:
    return Refusal("MALFORMED_QUERY", message)


def _tokens(text: str) -> Iterator[Token]:
    position = 0
    while position < len(text):
        match = TOKEN.match(text, position)
        if match is None:
            raise _malformed(f"unexpected token: '{text[position]}' at position {position}")
        if match.lastgroup:
            yield Token(match.lastgroup, match.group(), position)
        position = match.end()
    yield Token("end", "<EOF>", position)


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._position = 0

    def query(self) -> Query:
        self._need("SELECT")
        fields, counts = self._columns()
        self._need("FROM")
        sobject = self._name()
        where = self._any_of() if self._take("WHERE") else None
        order = self._order() if self._take("ORDER") else ()
        limit = self._whole_number() if self._take("LIMIT") else None
        offset = self._whole_number() if self._take("OFFSET") else 0
        if self._next.kind != "end":
            raise self._unexpected()
        return Query(fields, counts, sobject, where, order, limit, offset)

    @property
    def _next(self) -> Token:
        return self._tokens[self._position]

    def _take(self, word: str) -> bool:
        if self._next.word != word:
            return False
        self._position += 1
        return True

    def _need(self, word: str) -> None:
        if not self._take(word):
            raise self._unexpected()

    def _pop(self) -> Token:
        token = self._next
        if token.kind == "end":
            raise self._unexpected()
        self._position += 1
        return token

    def _unexpected(self) -> Refusal:
        return _malformed(f"unexpected token: '{self._next.raw}' at position {self._next.at}")

    def _name(self) -> str:
        if self._next.kind != "word" or self._next.word in RESERVED:
            raise self._unexpected()
        return self._pop().raw

    def _columns(self) -> tuple[tuple[str, ...], str | None]:
        names = [self._name()]
        if names[0].upper() == "COUNT" and self._take("("):
            counted = "" if self._next.word == ")" else self._name()
            self._need(")")
            return (), counted
        while self._take(","):
            names.append(self._name())
        return tuple(names), None

    def _any_of(self) -> Condition:
        parts = [self._one()]
        joint = self._next.word
        while self._next.word in ("AND", "OR"):
            if self._next.word != joint:
                raise self._unexpected()  # AND beside OR needs parentheses
            self._position += 1
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else Junction(joint, tuple(parts))

    def _one(self) -> Condition:
        if self._take("NOT"):
            return Negation(self._one())
        if self._take("("):
            inner = self._any_of()
            self._need(")")
            return inner
        return self._comparison()

    def _comparison(self) -> Comparison:
        field = self._name()
        negated = self._take("NOT")
        if self._take("IN"):
            return Comparison(field, "IN", self._list(), negated)
        if negated or self._next.word not in COMPARISONS:
            raise self._unexpected()
        operator = self._pop().word.replace("<>", "!=")
        return Comparison(field, operator, (self._literal(),))

    def _list(self) -> tuple[Literal, ...]:
        self._need("(")
        literals = [self._literal()]
        while self._take(","):
            literals.append(self._literal())
        self._need(")")
        return tuple(literals)

    def _literal(self) -> Literal:
        token = self._next
        if token.kind in ("text", "moment", "date", "number"):
            self._position += 1
            return Literal(token.kind, _unescaped(token.raw) if token.kind == "text" else token.raw)
        if token.word in ("TRUE", "FALSE", "NULL"):
            self._position += 1
            return Literal("null", None) if token.word == "NULL" else Literal("boolean", token.word == "TRUE")
        raise self._unexpected()

    def _order(self) -> tuple[Order, ...]:
        self._need("BY")
        columns = [self._order_column()]
        while self._take(","):
            columns.append(self._order_column())
        return tuple(columns)

    def _order_column(self) -> Order:
        field = self._name()
        descending = self._take("DESC")
        if not descending:
            self._take("ASC")
        nulls_last = False
        if self._take("NULLS"):
            nulls_last = self._take("LAST")
            if not nulls_last:
                self._need("FIRST")
        return Order(field, descending, nulls_last)

    def _whole_number(self) -> int:
        number = whole_number(self._next.raw)
        if number is None:
            raise self._unexpected()
        self._position += 1
        return number


def _unescaped(raw: str) -> str:
    inner = raw[1:-1]
    if "\\" not in inner:
        return inner
    # The escapes of LIKE's wildcards stay for the matcher.
    return re.sub(r"\\(.)", _escaped, inner, flags=re.DOTALL)


def _escaped(match: re.Match[str]) -> str:
    char = match.group(1)
    if char in "%_":
        return match.group()
    if char not in ESCAPES and char not in "'\"\\":
        raise _malformed(f"Illegal character sequence '\\{char}' in string literal")
    return ESCAPES.get(char, char)
