"""A mapping as people read it: which field goes where, by which rules, and what it would send. Pure.

No Django, no I/O: the record and what it renders to are handed in.
"""

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Mapping as Map
from dataclasses import dataclass, field
from typing import Any

from connectors.mapping import Field, Mapping, Rendered, Subject, is_blank, read
from connectors.protocol import Direction

Checks = Map[str, Map[str, Any]]  # "Account.Name" -> what the last test said of it
LEAD = "primary_contact"  # our name of what a mapping reads of the company's lead
OUT, IN, NEITHER = "→", "←", "–"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. All of it may hold remote or entered text: escape it.

    `way` is the arrow, `master` whose value counts where that can be chosen ("" elsewhere).
    `ok` is None where nothing was checked; `is_missing`: there is no such field over there,
    `is_known`: there is one, as far as the other side was asked.
    """

    ours: str
    theirs: str
    theirs_label: str
    owner: str
    rules: Sequence[str] = ()
    way: str = OUT
    master: str = ""
    local: str = ""  # our name of the field, "" where it is none of the record's
    before: str = ""
    after: str = ""
    problem: str = ""  # why this record's value does not go
    ok: bool | None = None
    check: str = ""
    copy: str = ""
    is_missing: bool = False
    is_known: bool = False


@dataclass(frozen=True, slots=True)
class Example:
    """A real record, what it renders to, and who would own it over there: (our name, their id).

    `lead` is the company's lead, where the mapping reads one; `is_linked`: it is over there.
    """

    record: Any
    rendered: Rendered
    owner: tuple[str, str] = ("", "")
    lead: Any = None
    is_linked: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping's lines: its fields, and what over there must be filled and nothing here fills."""

    rows: Sequence[Row]
    unfilled: Sequence[Row] = field(default_factory=tuple)

    @property
    def failed(self) -> Sequence[Row]:
        """Return the lines that did not pass."""
        return [row for row in (*self.rows, *self.unfilled) if row.ok is False]

    @property
    def is_checked(self) -> bool:
        """Return whether the last test said anything of these fields."""
        return any(row.ok is not None for row in (*self.rows, *self.unfilled))


def checks_of(stored: Iterable[Map[str, Any]]) -> Checks:
    """Return a test's lines by the field that each is about."""
    return {str(item["about"]): item for item in stored if item.get("about")}


def table(
    mapping: Mapping,
    described: Map[str, Map[str, Any]],
    checks: Checks,
    *,
    parent: str = "",
    example: Example | None = None,
    direction: Direction = Direction.OUT,
) -> Table:
    """Return the lines of one mapping, its masters as they are set for this connection.

    `described` is what the other side said of its fields ({} where it was not asked),
    `parent` what people call the record that must be over there first, `direction`
    which way the records go.
    """
    lines = _Lines(mapping, described, checks, parent, example, direction)
    rows = [lines.key(), *(lines.line(item) for item in mapping.fields), *lines.owner()]
    return Table(rows, list(lines.unfilled({row.theirs for row in rows})))


@dataclass(frozen=True, slots=True)
class _Lines:
    mapping: Mapping
    described: Map[str, Map[str, Any]]
    checks: Checks
    parent: str
    example: Example | None
    direction: Direction

    def key(self) -> Row:
        """Return the line of our own id."""
        value = str(self.example.record.public_id) if self.example else ""
        rules = ("external id: finds the record again",)
        way = NEITHER if self.direction == Direction.IN else OUT
        return self._row(
            "Concord's id", self.mapping.key, "Concord", rules, way=way, before=value, after=value
        )

    def line(self, item: Field) -> Row:
        """Return the line of one of the record's fields."""
        before, after, problem = self._values(item)
        rules = tuple(self._rules(item))
        can_be_chosen = item.is_pulled and item.only is None and self.direction == Direction.BOTH
        return self._row(
            item.label, item.remote, self._owner(item), rules,
            way=self._way(item), master=item.master if can_be_chosen else "",
            local=item.local, before=before, after=after, problem=problem,
        )  # fmt: skip

    def _owner(self, item: Field) -> str:
        """Return whose value counts."""
        if self.direction == Direction.IN:
            return self.mapping.system if item.is_pulled else "nobody: it is not fetched"
        if item.only == "create":
            return f"{self.mapping.system} after creation"
        return "Concord" if item.master == "local" else self.mapping.system

    def _way(self, item: Field) -> str:
        if self.direction == Direction.IN:
            return IN if item.is_pulled else NEITHER
        return OUT if item.master == "local" else IN

    def owner(self) -> Iterator[Row]:
        """Yield the line of who owns a new record, where the system knows owners."""
        if self.mapping.owner:
            before, after = self.example.owner if self.example else ("", "")
            owner = f"{self.mapping.system} after creation"
            rules = ("create only", "an existing one keeps its owner")
            yield self._row("Owner", self.mapping.owner, owner, rules, before=before, after=after)

    def unfilled(self, known: Iterable[str]) -> Iterator[Row]:
        """Yield what the test found beside our fields: it must be filled, and nothing here fills it."""
        start, ours = f"{self.mapping.remote}.", set(known)
        for about in sorted(self.checks):
            name = about.removeprefix(start)
            if about.startswith(start) and name not in ours:
                yield self._row("nothing of ours", name, self.mapping.system, ("required there",))

    def _row(self, ours: str, theirs: str, owner: str, rules: Sequence[str], **values: str) -> Row:
        found = self.checks.get(f"{self.mapping.remote}.{theirs}", {})
        label = str(self.described.get(theirs, {}).get("label") or "")
        return Row(
            ours, theirs, label, owner, rules, **values,
            ok=found.get("ok"),
            check=str(found.get("text", "")),
            copy=str(found.get("copy", "")),
            is_missing=found.get("ok") is False and theirs not in self.described,
            is_known=theirs in self.described,
        )  # fmt: skip

    def _rules(self, item: Field) -> Iterator[str]:
        """Yield by which rules ours is sent; of what only comes in there are none."""
        if self.direction == Direction.IN:
            return
        if item.local == LEAD:
            yield "from the Primary contact"
        if item.only == "create":
            yield "create only"
        elif item.master == "remote":
            yield "ours with a new one only"
        if item.remote == self.mapping.parent:
            yield f"waits for the {self.parent or 'record that it belongs to'}"
            return
        yield "required there" if item.required else "skip blank"
        if item.max_length is not None:
            yield f"max {item.max_length}"
        if item.block:
            yield "whole address"
        if item.remark:
            yield "left out if not on the list there"

    def _values(self, item: Field) -> tuple[str, str, str]:
        """Return what the example has, what would be sent for it, and why it would not."""
        if self.example is None:
            return "", "", ""
        rendered = self.example.rendered
        before = self._before(item, self.example)
        after = {**rendered.first, **rendered.payload}.get(item.remote)
        if item.remote == self.mapping.parent and is_blank(after):
            return _text(before), "", f"waits for the {self.parent or 'record that it belongs to'}"
        problem = rendered.problems(is_new=not self.example.is_linked).get(item.local, "")
        problem = problem or rendered.remarks.get(item.local, "")
        first = next(one for one in self.mapping.fields if one.local == item.local)
        return _text(before), _text(after), problem if item is first else ""  # it is said once

    @staticmethod
    def _before(item: Field, example: Example) -> Any:
        """Return what stands in our record; of a field that is none of its own, what is read for it."""
        path = item.path or item.local
        if item.value and not item.path and not hasattr(example.record, path):
            return item.value(Subject(example.record, example.lead))
        return read(example.record, path)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, list | tuple):
        return ", ".join(_text(item) for item in value)
    return "" if value is None else str(value)
