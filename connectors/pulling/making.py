"""A record over there that has no link: is it one of ours, or new? Nothing is made twice.

By our id that it carries; else by what tells it from its siblings (`Mapping.natural`);
else it is made here. What only looks like one of ours is left to a person, and so is
one that somebody unlinked.
"""

import uuid
from typing import TYPE_CHECKING, Any

from django.db import transaction

from connectors import queue
from connectors.inbound import Found
from connectors.mapping import adoption, is_blank, same
from connectors.models import Link, Stray
from connectors.pulling import notices, strays, telling
from connectors.pulling.merging import said
from connectors.pulling.setting import as_stored, problems
from connectors.queue import orphans, pulled
from connectors.rendering import Renderer

if TYPE_CHECKING:
    from connectors.pulling.applying import Applier

FETCHED = "pull"  # the source of a record that was made here


def welcome(applier: "Applier", found: Found) -> None:
    """Link a record to ours, make it here, or say why not."""
    values = _values(applier, found)
    name = str(values.get(applier.mapping.natural[0], "")) if applier.mapping.natural else ""
    if orphans.recognize(applier.connection, applier.kind, found.remote_id, found.key, name):
        return
    if strays.was_deleted_here(applier.connection, applier.kind, found.remote_id):
        _stay_away(applier, found)
        return
    home = None
    if applier.kind.parent:
        home = strays.homes(applier.connection, applier.kind).filter(remote_id=found.parent_id).first()
        if home is None:
            _wait(applier, found)
            return
    if ours := _carried(applier, found):
        _join(applier, found, ours, rule="")
        return
    alike = _alike(applier, home, values, applier.mapping.natural)
    if len(alike) == 1:
        _join(applier, found, alike[0], rule=_rule(applier))
    elif alike:
        _leave(applier, found, alike[0], "Several here look like it")
    elif not applier.kind.parent and (
        namesakes := _alike(applier, None, values, applier.mapping.natural[:1])
    ):
        _leave(applier, found, namesakes[0], f"{telling.called(namesakes[0])} here may be the same")
    else:
        _make(applier, found, home, values)


def _wait(applier: "Applier", found: Found) -> None:
    """Remember a record whose parent is not linked here: it is looked at again when that is."""
    word = applier.connection.system.record_words[applier.kind.parent][0]
    who = telling.theirs(applier.connection, applier.kind, found)
    text = f"{who} waits: its {word} ({found.parent_id or 'unknown'}) is not linked here."
    applier.refuse(found, Stray.Reason.PARENT, text, is_told=False)


def _values(applier: "Applier", found: Found) -> dict[str, Any]:
    """Return what the record says, by our names; blanks say nothing."""
    theirs = applier.theirs(found)
    values = {
        item.local: item.to_local(theirs[item.remote])
        for item in said(applier.mapping, theirs)
        if item.is_pulled
    }
    return {name: value for name, value in values.items() if not is_blank(value)}


def _carried(applier: "Applier", found: Found) -> Any | None:
    """Return the record of ours whose id it carries."""
    try:
        key = uuid.UUID(found.key)
    except ValueError:
        return None
    return applier.kind.records().filter(public_id=key).first()


def _stay_away(applier: "Applier", found: Found) -> None:
    """Make nobody anew who was deleted here: that was a person's decision."""
    where = applier.connection.system.label
    who = telling.theirs(applier.connection, applier.kind, found)
    text = f"{who} was not taken over: it was deleted here. Delete it in {where} too."
    applier.refuse(found, Stray.Reason.DELETED, text)


def _alike(applier: "Applier", home: Any, values: dict[str, Any], names: tuple[str, ...]) -> list[Any]:
    """Return up to two records of ours that are equal in these fields and not linked to another."""
    if not names or any(name not in values for name in names):
        return []
    wanted = {f"{name}__iexact": values[name] for name in names}
    if home is not None:
        wanted[applier.kind.parent] = home.record_id
    linked = applier.kind.links().linked().filter(connection=applier.connection)
    rows = applier.kind.records().filter(**wanted).exclude(pk__in=linked.values("record"))
    return list(rows.order_by("pk")[:2])


def _rule(applier: "Applier") -> str:
    labels = {item.local: item.label for item in applier.mapping.fields}
    return " and ".join(f"the same {labels.get(name, name)}" for name in applier.mapping.natural)


def _join(applier: "Applier", found: Found, ours: Any, *, rule: str) -> None:
    """Link a record to ours; one that a person unlinked, or that is on its way, is left alone."""
    link = applier.kind.links().filter(connection=applier.connection, record_id=ours.pk).first()
    if link is not None:
        if link.state == Link.State.PENDING:  # its push looks for it over there first
            notices.keep(applier.connection, applier.kind.name, [found.remote_id], after_s=60.0)
        elif link.remote_id:
            _leave(applier, found, ours, f"It carries the id of {telling.called(ours)}, linked to another")
        else:
            _leave(applier, found, ours, f"{telling.called(ours)} here may be the same")
        return
    with transaction.atomic():
        record = pulled.hold(applier.kind, ours)
        if not record.sync_enabled:
            return
        new = _link(applier, found, record, adopted=bool(rule))
        new.record = record
        word = telling.word(applier.connection, applier.kind)
        where = f"{word} {found.remote_id} in {applier.connection.system.label}"
        first = f"{telling.called(record)} linked to {where}: {rule or 'it carries its id'}."
        merged = applier.take(new, found, first)
    if not merged.taken:
        queue.find_changed(applier.connection, applier.kind.name, [record.pk])


def _link(applier: "Applier", found: Found, record: Any, *, adopted: bool) -> Any:
    """Make the link; one that was there before us keeps its own values where ours differ."""
    payload = Renderer(applier.connection, applier.kind).one(record).payload
    theirs = applier.theirs(found)
    left = adoption(payload, theirs, blocks=applier.mapping.blocks)[1] if adopted else {}
    left = {name: value for name, value in left.items() if name in theirs}
    # Unsure: the first push writes our id over there.
    return pulled.link_new(
        applier.kind, applier.connection, record, found.remote_id, theirs, left, adopted=adopted, unsure=True
    )


def _leave(applier: "Applier", found: Found, ours: Any, why: str) -> None:
    """Leave it to a person who of ours it is."""
    system = applier.connection.system
    who = telling.theirs(applier.connection, applier.kind, found)
    text = (
        f"{who} was not taken over. {why}. Open {telling.called(ours)} and press {system.push_label}: it is "
        "looked for there and linked, or you are asked."
    )
    applier.refuse(found, Stray.Reason.ALIKE, text, record=ours)


def _make(applier: "Applier", found: Found, home: Any, values: dict[str, Any]) -> None:
    """Make the record here; it is linked before anything is requested, so that it is not sent back."""
    record = applier.kind.model()
    for name, value in values.items():
        setattr(record, name, as_stored(record, name, value))
    if any(column.name == "source" for column in record._meta.fields):
        record.source = FETCHED
    if home is not None:
        setattr(record, applier.kind.parent, home.record)
    if errors := problems(record, _needed(applier)):
        _tell_unfit(applier, found, errors)
        return
    with transaction.atomic():
        record._change_reason = applier.by
        record.save(requested_by=applier.by, before_requests=lambda: _link_made(applier, found, record))
        strays.forget(applier.connection, applier.kind.name, [found.remote_id])
        _tell_made(applier, found, record, values)


def _needed(applier: "Applier") -> set[str]:
    """Return our fields that the mapping can fill, and those that may not stay empty."""
    columns = {column.name: column for column in applier.kind.model._meta.fields if column.editable}
    pulled_names = {item.local for item in applier.mapping.fields if item.is_pulled}
    needed = {name for name, column in columns.items() if not column.blank and not column.has_default()}
    return (pulled_names | needed) & set(columns) - {applier.kind.parent}


def _link_made(applier: "Applier", found: Found, record: Any) -> None:
    """Link the stored record. What ours says otherwise after conversion is no news for them."""
    payload = Renderer(applier.connection, applier.kind).one(record).payload
    theirs = applier.theirs(found)
    left = {name: value for name, value in payload.items() if not same(value, theirs.get(name))}
    pulled.link_new(
        applier.kind, applier.connection, record, found.remote_id, {**theirs, **found.noted}, left,
        adopted=True, unsure=False,
    )  # fmt: skip


def _tell_made(applier: "Applier", found: Found, record: Any, values: dict[str, Any]) -> None:
    word = telling.word(applier.connection, applier.kind)
    labels = {item.local: item.label for item in applier.mapping.fields if item.is_pulled}
    where = f"{applier.connection.system.label} ({word} {found.remote_id})"
    telling.entry(
        applier.connection,
        applier.kind,
        f"{telling.called(record)} created here from {where}.",
        by=applier.by,
        outcome="created",
        remote_id=found.remote_id,
        record=record,
        changes={labels[name]: [None, value] for name, value in values.items()},
    )


def _tell_unfit(applier: "Applier", found: Found, errors: dict[str, str]) -> None:
    column = applier.kind.model._meta.get_field
    told = {str(getattr(column(name), "verbose_name", name)): text for name, text in errors.items()}
    reasons = " ".join(f"{label[:1].upper()}{label[1:]}: {text}" for label, text in told.items())
    where = applier.connection.system.label
    who = telling.theirs(applier.connection, applier.kind, found)
    text = f"{who} was not taken over. {reasons} Correct it in {where}; it is read again then."
    applier.refuse(found, Stray.Reason.INVALID, text, errors=told)
