"""The extra fields that a store requires: what fills them, and which nothing fills."""

from collections.abc import Mapping
from typing import Any

from connectors.mapping import is_blank
from connectors.systems.bigcommerce import wire

Facts = Mapping[str, Any]


def required(facts: Facts, thing: str) -> list[str]:
    """Return the required extra fields of an object, by their flat names."""
    known = facts.get(thing, {})
    return [name for name, found in known.items() if name.startswith(wire.EXTRA) and found.get("required")]


def filled(facts: Facts, thing: str, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return the extra fields of a new record: ours, else the default of a required one."""
    known = facts.get(thing, {})
    defaults = {name: known[name].get("default") for name in required(facts, thing)}
    ours = {name: value for name, value in payload.items() if name.startswith(wire.EXTRA)}
    return {name: value for name, value in {**defaults, **ours}.items() if not is_blank(value)}


def lacking(facts: Facts, thing: str, payload: Mapping[str, Any]) -> list[str]:
    """Return the required extra fields that nothing fills, as the store calls them."""
    known = filled(facts, thing, payload)
    return [name.removeprefix(wire.EXTRA) for name in required(facts, thing) if name not in known]
