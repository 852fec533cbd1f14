"""Compare what we send to one object with what its description has; each red line is a task for somebody."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from connectors.mapping import Field
from connectors.mapping import Mapping as FieldMapping
from connectors.protocol import Check
from connectors.systems.salesforce.mapping import TEXT_TYPES, key_field, must_be_filled
from connectors.systems.salesforce.words import ADMIN, USER, not_filled

KEY_CHARS = 36  # our external id is a UUID


def field_checks(
    mapping: FieldMapping, known: Mapping[str, Any], settings: Mapping[str, Any]
) -> Iterator[Check]:
    """Yield a line for our key, for each field that we send, and for what nothing fills."""
    sobject = mapping.remote
    key = _external_id(mapping, known, asked=key_field(settings))
    yield replace(key, about=f"{sobject}.{mapping.key}")
    for field in mapping.fields:
        yield replace(_mapped(mapping, field, known), about=f"{sobject}.{field.remote}")
    yield from _sent_twice((mapping.key, *(field.remote for field in mapping.fields)))
    sent = {field.remote for field in mapping.fields} | {mapping.key}
    for name, described in sorted(known.items()):
        if must_be_filled(described) and name not in sent:
            text = not_filled(name)
            yield Check(f"Required field {name} of {sobject}", False, text, text, about=f"{sobject}.{name}")


def _fields_page(sobject: str) -> str:
    return f"Setup › Object Manager › {sobject} › Fields & Relationships"


def _external_id(mapping: FieldMapping, known: Mapping[str, Any], *, asked: str) -> Check:
    name, sobject = mapping.key, mapping.remote
    label = f"External id field on {sobject} ({asked})"
    found = known.get(name)
    how = (
        f"{_fields_page(sobject)} › New: Text, length 255, name {name.removesuffix('__c')}, tick "
        f"External ID and Unique (case-insensitive); give {USER} edit access to it."
    )
    if found is None:
        text = f"{ADMIN} creates the field, or gives {USER} access to it: {how}"
        return Check(label, False, text, copy=how)
    problem = _key_problem(sobject, name, found)
    if problem:
        return Check(label, False, problem, copy=problem)
    return Check(label, True, "It exists, is an External ID and unique.")


def _key_problem(sobject: str, name: str, found: Mapping[str, Any]) -> str:
    """Return who does what about a key field that would not serve, "" for one that does."""
    where = f"{_fields_page(sobject)} › {name} › Edit"
    if found.get("type") != "string" or (found.get("length") or 0) < KEY_CHARS:
        held = f"type {found.get('type')}, length {found.get('length')}"
        return f"The field is of {held}; {ADMIN} makes it Text with length 255: {where}."
    is_key = found.get("externalId") and found.get("idLookup")
    missing = [words for words, has in (("External ID", is_key), ("Unique", found.get("unique"))) if not has]
    if missing:
        return f"{ADMIN} ticks {' and '.join(missing)} on the field: {where}."
    if not (found.get("createable") and found.get("updateable")):
        return _no_right(sobject, name)
    return ""


def _no_right(sobject: str, name: str) -> str:
    return f"{ADMIN} gives {USER} edit access to {sobject}.{name} (field-level security)."


def _mapped(mapping: FieldMapping, field: Field, known: Mapping[str, Any]) -> Check:
    sobject = mapping.remote
    title, name = f"{field.label} → {sobject}.{field.remote}", field.remote
    found = known.get(name)
    if found is None:
        text = f"{ADMIN} creates the field on {sobject}, or gives {USER} access to it"
        own = name.endswith("__c")
        rest = (
            f"; or empty its name on the connection's page: then {field.label} is not sent." if own else "."
        )
        copy = f"Please create the field {name} on {sobject}, or give {USER} access to it."
        return Check(title, False, text + rest, copy=copy + _how(mapping, name))
    if not (found.get("createable") and found.get("updateable")):
        return Check(title, False, _no_right(sobject, name), copy=_no_right(sobject, name))
    if name != mapping.parent and found.get("type") not in TEXT_TYPES:
        text = (
            f"The field holds {found.get('type')}, Concord sends text. {ADMIN} makes it a text field, "
            "or name another on the connection's page."
        )
        return Check(title, False, text, copy=text)
    length = found.get("length")
    return Check(title, True, f"Writable, up to {length} characters." if length else "Writable.")


def _how(mapping: FieldMapping, name: str) -> str:
    """Return how a field of one's own is made; a standard one is there already."""
    if not name.endswith("__c"):
        return ""
    kind = "Email" if mapping.by_remote[name].local == "email" else "Text, length 255"
    where = f"{_fields_page(mapping.remote)} › New: {kind}, name {name.removesuffix('__c')}"
    return f" {where}; visible and not read-only for {USER}."


def _sent_twice(names: tuple[str, ...]) -> Iterator[Check]:
    for name in dict.fromkeys(name for name in names if names.count(name) > 1):
        text = (
            f"Two of our fields go to {name}. Give one of them another field on the connection's page, or "
            "empty its name."
        )
        yield Check(f"One field each: {name}", False, text)
