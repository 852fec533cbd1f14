"""Which field goes where, and what is left to send. Pure: no Django, no I/O.

A payload holds remote names and JSON values, None where we have nothing. A
snapshot holds what the other side is known to have. Nothing is cut silently:
what does not fit is an error with our field's name.
"""

import hashlib
import json
from collections.abc import Callable, Iterable
from collections.abc import Mapping as Map
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any, Literal

Json = Any
NO_PARENTS: Map[int, str] = MappingProxyType({})


def as_text(value: object) -> str | None:
    """Return the value as text without surrounding space; None where nothing is left.

    NUL is dropped: neither PostgreSQL nor a remote system stores it.
    """
    text = "" if value is None else str(value)
    text = text.replace("\x00", "") if "\x00" in text else text
    return text.strip() or None


@dataclass(frozen=True, slots=True)
class Subject:
    """What a field may be read of: the record, and its company's lead.

    The lead is the Primary contact of the company (of the record itself, or of the one
    that it belongs to), if it is active and enabled for the connection. `lead_barred`
    tells why the Primary contact is not, and what to do; "" where there is none.
    """

    record: Any
    lead: Any = None
    lead_barred: str = ""
    _parts: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def read(self, path: str) -> Any:
        """Return the value at a dotted path, as `read`; a part that several fields want is found once."""
        name, _, rest = path.partition(".")
        if name not in self._parts:
            self._parts[name] = getattr(self.record, name)
        return read(self._parts[name], rest) if rest else self._parts[name]


@dataclass(frozen=True, slots=True)
class Field:
    """Bind one of our fields to one of theirs.

    `label` is what people read, `path` where the value is read if not at `local`, or
    `value` how; `to_remote` converts it (a pure, named function), `to_local` back.
    A field that is `only` for "create" is sent with a new record and never again. Where
    `master` is "remote" ours is sent with a new record, and theirs counts from then on.
    `is_pulled`: theirs can be taken over.
    """

    local: str
    remote: str
    label: str
    master: Literal["local", "remote"] = "local"
    only: Literal["create"] | None = None
    to_remote: Callable[[Any], Json] = as_text
    to_local: Callable[[Json], Any] = as_text
    is_pulled: bool = False
    value: Callable[[Subject], Any] | None = None
    problem: Callable[[Subject], str] | None = None  # one of its own, as a sentence; "" where there is none
    remark: Callable[[Subject], str] | None = None  # why a value is left out although the record is sent
    required: bool = False
    max_length: int | None = None
    path: str = ""
    block: str = ""  # fields of one block, like an address, are filled together or not at all

    def fits(self, value: Json) -> bool:
        """Return whether a value is neither missing where one is needed, nor too long."""
        if is_blank(value):
            return not self.required
        return self.max_length is None or not isinstance(value, str) or len(value) <= self.max_length


@dataclass(frozen=True, slots=True)
class Rendered:
    """One record in the other side's words, and what is wrong with it (by our names).

    `first` is what only a new record takes, and `first_errors` what is wrong with that.
    `remarks` tell what is left out of the payload although the record is sent.
    `is_orphan`: its parent is not over there, so it can't be sent yet.
    """

    payload: dict[str, Json]
    errors: dict[str, str] = field(default_factory=dict)
    local: dict[str, Any] = field(default_factory=dict)
    is_orphan: bool = False
    first: dict[str, Json] = field(default_factory=dict)
    first_errors: dict[str, str] = field(default_factory=dict)
    lead: str = ""  # the public id of the lead that it was rendered with
    remarks: dict[str, str] = field(default_factory=dict)

    def for_create(self) -> dict[str, Json]:
        """Return all that a new record gets, without blanks: a create omits them."""
        whole = {**self.first, **self.payload}
        return {name: value for name, value in whole.items() if not is_blank(value)}

    def problems(self, *, is_new: bool) -> dict[str, str]:
        """Return what is wrong, by our names, all at once."""
        return {**self.first_errors, **self.errors} if is_new else self.errors


def unranked(_: Map[str, Json]) -> int:
    """Put no record before another."""
    return 0


def unheld(_: Any, is_linked: bool) -> str:  # noqa: ARG001 - as `Mapping.holds` is called
    """Keep nothing back."""
    return ""


@dataclass(frozen=True)
class Mapping:
    """Bind one entity to one remote object.

    `key` is their field that holds our external id; `match` names the local
    fields that a connector compares when it looks for an existing record. `parent`
    is the remote field that takes the id of the parent over there: its local field
    is our foreign key. `owner` is their field for who owns a new record.

    `lead` names the entity of the lead, where fields are read of it; a new company then
    has its lead sent too. `rank` orders a batch, the lowest first. `holds` tells, of a
    record and whether it is linked, why it is not sent ("": it is). `natural` names our
    fields by which one that came from over there is known here: all of them equal, below
    the same parent.
    """

    entity: str
    remote: str
    key: str
    fields: tuple[Field, ...]
    match: tuple[str, ...] = ()
    system: str = ""
    parent: str = ""
    owner: str = ""
    lead: str = ""
    rank: Callable[[Map[str, Json]], int] = unranked
    holds: Callable[[Any, bool], str] = unheld
    natural: tuple[str, ...] = ()

    def render(
        self,
        record: object,
        parents: Map[int, str] = NO_PARENTS,
        *,
        lead: object = None,
        lead_barred: str = "",
    ) -> Rendered:
        """Return the record in their words. Never raises for bad values: see errors.

        `parents`: the ids over there of our parents, by their pks. The field of a
        parent that is not among them is left out: it says nothing, it clears nothing.
        """
        subject, is_orphan = Subject(record, lead, lead_barred), False
        always: tuple[dict[str, Json], dict[str, str]] = {}, {}  # values by remote, errors by local names
        first: tuple[dict[str, Json], dict[str, str]] = {}, {}
        remarks: dict[str, str] = {}
        for item in self.fields:
            if item.remote == self.parent:
                above = parents.get(read(record, f"{item.local}_id"))
                is_orphan = above is None
                always[0].update({} if above is None else {item.remote: above})
                continue
            values, errors = always if item.master == "local" and item.only is None else first
            found = item.value(subject) if item.value else subject.read(item.path or item.local)
            values[item.remote] = value = item.to_remote(found)
            if item.problem and (problem := item.problem(subject)):
                errors.setdefault(item.local, problem)
            elif not item.fits(value):
                errors.setdefault(item.local, self._problem(item, value))
            if item.remark and (remark := item.remark(subject)):
                remarks.setdefault(item.local, remark)
        return Rendered(
            always[0],
            always[1],
            local={name: read(record, name) for name in self.match},
            is_orphan=is_orphan,
            first=first[0],
            first_errors=first[1],
            lead="" if lead is None else str(getattr(lead, "public_id", "")),
            remarks=remarks,
        )

    def _problem(self, item: Field, value: Json) -> str:
        """Return why a value does not fit, as a sentence."""
        if is_blank(value):
            return f"{item.label} is empty; {self.system} needs it. Fill it in and save."
        over = len(value) - (item.max_length or 0)
        return (
            f"{item.label} has {len(value)} characters; {self.system} takes {item.max_length}. "
            f"Shorten it by {over}."
        )

    def identity(self, rendered: Rendered) -> str:
        """Return a mark of who a record is: what a person agreed to of another one says nothing of it."""
        who = [rendered.local, rendered.first, rendered.payload.get(self.parent) if self.parent else ""]
        return hashlib.sha256(json.dumps(who, sort_keys=True, default=str).encode()).hexdigest()[:16]

    def mastered(self, masters: Map[str, Literal["local", "remote"]]) -> "Mapping":
        """Return the mapping with other masters, by our field names; of fields that can be pulled."""
        fields = tuple(
            replace(item, master=masters.get(item.local, item.master)) if item.is_pulled else item
            for item in self.fields
        )
        return replace(self, fields=fields)

    @cached_property
    def by_remote(self) -> dict[str, Field]:
        """Return the fields by their remote names."""
        return {item.remote: item for item in self.fields}

    def is_first_only(self, remote: str) -> bool:
        """Return whether this remote field is sent with a new record only."""
        item = self.by_remote.get(remote)
        return item is not None and item.only == "create"

    @cached_property
    def blocks(self) -> list[frozenset[str]]:
        """Return the remote fields that belong together, block by block."""
        named = sorted({item.block for item in self.fields if item.block})
        return [frozenset(item.remote for item in self.fields if item.block == name) for name in named]

    def local_names(self, remote: Iterable[str]) -> list[str]:
        """Return our names of these remote fields, in mapping order, each once."""
        wanted = set(remote)
        return list(dict.fromkeys(item.local for item in self.fields if item.remote in wanted))

    def by_label(self, texts: Map[str, str]) -> dict[str, str]:
        """Return texts that go by our names by what people call the fields, in mapping order."""
        if not texts:
            return {}
        labels = {item.local: item.label for item in reversed(self.fields)}
        return {labels[name]: texts[name] for name in reversed(labels) if name in texts}

    def labels(self, remote: Iterable[str]) -> list[str]:
        """Return what people call these remote fields, in mapping order."""
        wanted = set(remote)
        return list(dict.fromkeys([item.label for item in self.fields if item.remote in wanted]))


def grouped(by_label: Map[str, str]) -> list[str]:
    """Return texts by label as sentences: what is said of several fields is said once, after their names."""
    labels: dict[str, list[str]] = {}
    for label, text in by_label.items():
        labels.setdefault(text, []).append(label)
    return [f"{', '.join(names)}: {text}" for text, names in labels.items()]


def read(record: object, path: str) -> Any:
    """Return the value at a dotted path; None where a link on the way is empty."""
    value: Any = record
    for name in path.split("."):
        if value is None:
            return None
        value = getattr(value, name)
    return value


def is_blank(value: Json) -> bool:
    """Return whether a value says nothing."""
    return value is None or value == ""


def same(one: Json, other: Json) -> bool:
    """Return whether two remote values mean the same.

    Line ends are compared without their kind: Salesforce stores a text area's
    lines with CR LF however they were sent.
    """
    return bool(one == other or _plain(one) == _plain(other))


def _plain(value: Json) -> Json:
    if isinstance(value, str):
        value = value.replace("\r\n", "\n").replace("\r", "\n").strip()
    return None if is_blank(value) else value


def outstanding(
    payload: Map[str, Json], snapshot: Map[str, Json], left: Map[str, Json], *, unsure: bool
) -> dict[str, Json]:
    """Return the fields to send, None for those to clear.

    Sure: what differs from the snapshot. Unsure (the last answer is missing): all
    that we hold, and a None for whatever we may have set before. A field in
    `left` (it differed when the record was adopted) stays out while our value is
    what it was then.
    """
    wanted: dict[str, Json] = {}
    for name, value in payload.items():
        agreed = snapshot.get(name)
        if value == agreed and not unsure:  # nearly always
            continue
        if name in left and same(left[name], value):
            continue
        if is_blank(value):
            may_be_set = not is_blank(agreed) or (unsure and not snapshot)
            if may_be_set:
                wanted[name] = None
        elif unsure or not same(value, agreed):
            wanted[name] = value
    return wanted


def adoption(
    payload: Map[str, Json],
    found: Map[str, Json],
    *,
    overwrite: bool = False,
    blocks: Iterable[frozenset[str]] = (),
) -> tuple[dict[str, Json], dict[str, Json]]:
    """Split our values on first meeting an existing record: (to fill, to leave).

    Only what is empty over there is filled; what differs is left as it is, and so
    is what only they have. A block that differs in anything is left whole: our
    postal code in their address would make a third one. With `overwrite`, what
    differs is sent.
    """
    theirs_whole = {name for block in blocks if _differs(payload, found, block) for name in block}
    fill: dict[str, Json] = {}
    left: dict[str, Json] = {}
    for name, value in payload.items():
        theirs = found.get(name)
        if same(value, theirs):
            continue
        if (is_blank(theirs) and name not in theirs_whole) or (overwrite and not is_blank(value)):
            fill[name] = value
        else:
            left[name] = value
    return fill, left


def _differs(payload: Map[str, Json], found: Map[str, Json], block: frozenset[str]) -> bool:
    return any(
        not is_blank(found.get(name)) and not same(found.get(name), payload.get(name)) for name in block
    )
