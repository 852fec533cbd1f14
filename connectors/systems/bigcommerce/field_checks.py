"""Compare what we send with the store's extra fields; each red line is a task for somebody."""

from collections.abc import Iterator, Mapping
from typing import Any

from connectors.protocol import Check
from connectors.systems.bigcommerce import wire
from connectors.systems.bigcommerce.mapping import ADDRESS, COMPANY, OBJECTS, USER, custom, key_extra
from connectors.systems.bigcommerce.words import EXTRA_FIELDS, OWNER

KEY_CHARS = 36  # our external id is a UUID
TABS = {COMPANY: "Company", USER: "Company user", ADDRESS: "Address"}
KEY_LABEL = "Extra field for Concord's id"


def key_check(known: Mapping[str, Any], settings: Mapping[str, Any]) -> Check:
    """Return the line of the company's extra field that holds our id."""
    name = key_extra(settings)
    if not name:
        text = (
            "None is set up. A company is found again by its first user's e-mail and its name. Safer: an "
            f"extra field of its own ({EXTRA_FIELDS} › Company: text, unique, not visible to buyers)."
        )
        return Check(KEY_LABEL, True, text)
    about = f"{COMPANY}.{wire.EXTRA}{name}"
    found = known.get(COMPANY, {}).get(f"{wire.EXTRA}{name}")
    problem = (
        _missing(COMPANY, name, "text, unique, not visible to buyers")
        if found is None
        else _unfit(name, found)
    )
    if problem:
        return Check(KEY_LABEL, False, problem, copy=problem, about=about)
    return Check(KEY_LABEL, True, f"“{name}” exists, is a unique text, and buyers don't see it.", about=about)


def custom_checks(known: Mapping[str, Any], settings: Mapping[str, Any]) -> Iterator[Check]:
    """Yield a line for each field of ours that goes into an extra field."""
    for thing in OBJECTS:
        for field in custom(settings, thing):
            name, found = field.remote.removeprefix(wire.EXTRA), known.get(thing, {}).get(field.remote)
            label, about = f"Extra field for {field.label}", f"{thing}.{field.remote}"
            if found is None:
                text = _missing(thing, name, "text")
                yield Check(label, False, text, copy=text, about=about)
            elif found.get("type") not in ("text", "multiline"):
                text = f"“{name}” is a {found.get('type')} field. {OWNER} makes a text field of another name."
                yield Check(label, False, text, copy=text, about=about)
            else:
                yield Check(label, True, f"“{name}” exists.", about=about)


def unfilled_checks(known: Mapping[str, Any], settings: Mapping[str, Any]) -> Iterator[Check]:
    """Yield a line for each required extra field that nothing of ours fills, and that has no default."""
    key = key_extra(settings)
    for thing in OBJECTS:
        sent = {field.remote for field in custom(settings, thing)}
        sent |= {f"{wire.EXTRA}{key}"} if thing == COMPANY and key else set()
        for flat, found in sorted(known.get(thing, {}).items()):
            is_extra = flat.startswith(wire.EXTRA) and flat not in sent
            if is_extra and found.get("required") and not found.get("default"):
                name = flat.removeprefix(wire.EXTRA)
                text = (
                    f"The store requires the extra field “{name}”, which nothing here fills. {OWNER} makes "
                    f"it optional or gives it a default: {EXTRA_FIELDS} › {TABS[thing]}."
                )
                yield Check(f"Required extra field {name}", False, text, copy=text, about=f"{thing}.{flat}")


def _missing(thing: str, name: str, what: str) -> str:
    where = f"{EXTRA_FIELDS} › {TABS[thing]}"
    return f"The store has no extra field “{name}”. {OWNER} adds it: {where} › Add, name {name}, {what}."


def _unfit(name: str, found: Mapping[str, Any]) -> str:
    """Return who does what about a key field that would not serve, "" for one that does."""
    length = found.get("length")
    wrong = [
        f"is a {found.get('type')} field instead of a text" if found.get("type") != "text" else "",
        "is not unique" if not found.get("unique") else "",
        "is visible to buyers" if found.get("shown") else "",
        f"takes {length} characters, and Concord's id has {KEY_CHARS}"
        if length and length < KEY_CHARS
        else "",
    ]
    said = ", ".join(text for text in wrong if text)
    if not said:
        return ""
    return (
        f"The extra field “{name}” {said}. {OWNER} changes it: {EXTRA_FIELDS} › Company: text, unique, not "
        f"visible to buyers, at least {KEY_CHARS} characters."
    )
