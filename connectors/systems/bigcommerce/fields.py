"""What a store has of our fields: the sheet's fixed ones, its extra fields, its roles."""

from collections.abc import Iterator, Mapping
from typing import Any

from connectors.systems.bigcommerce import wire
from connectors.systems.bigcommerce.client import Client
from connectors.systems.bigcommerce.mapping import (
    ADDRESS,
    ADDRESS_FIELDS,
    ADDRESS_KEY,
    COMPANY,
    COMPANY_FIELDS,
    COMPANY_KEY,
    ROLES,
    USER,
    USER_FIELDS,
    USER_KEY,
)

TYPES = {0: "text", 1: "multiline", 2: "number", 3: "dropdown"}
CUSTOM_ROLE = 2
_PATHS = {COMPANY: "/companies", USER: "/users", ADDRESS: "/addresses"}
_FIXED = {
    COMPANY: (COMPANY_FIELDS, COMPANY_KEY),
    USER: (USER_FIELDS, USER_KEY),
    ADDRESS: (ADDRESS_FIELDS, ADDRESS_KEY),
}


def facts(client: Client) -> dict[str, Any]:
    """Return what a mapping, and a push, depend on.

    {"company": {flat name: {"label", "length", "required", "unique", "type", "shown",
    "default"}}, "user": …, "address": …, "roles": {id: {"name", "is_custom"}}}.
    """
    found: dict[str, Any] = {thing: {**_fixed(thing), **dict(_extra(client, thing))} for thing in _PATHS}
    return {**found, ROLES: roles(client)}


def _fixed(thing: str) -> dict[str, dict[str, Any]]:
    fields, key = _FIXED[thing]
    known = {
        field.remote: {"label": field.label, "length": field.max_length, "required": field.required}
        for field in fields
    }
    return {**known, key: {"label": "External id", "length": None, "required": False}}


def _extra(client: Client, thing: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for config in client.listed(f"{_PATHS[thing]}/extra-fields", "id"):
        name = str(config.get("fieldName") or "")
        if name:
            yield f"{wire.EXTRA}{name}", _described(config, name)


def _described(config: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {
        "label": str(config.get("labelName") or name),
        "length": wire.as_int(config.get("maximumLength")),
        "required": wire.as_flag(config.get("isRequired")),
        "unique": wire.as_flag(config.get("isUnique")),
        "type": TYPES.get(wire.as_int(config.get("fieldType")) or 0, "text"),
        "shown": wire.as_flag(config.get("visibleToEnduser")),
        "default": str(config.get("defaultValue") or ""),
    }


def roles(client: Client) -> dict[str, dict[str, Any]]:
    """Return the roles of the store by their ids. No id is the same in two stores."""
    return {
        wire.as_id(role.get("id")): {
            "name": str(role.get("name") or ""),
            "is_custom": wire.as_int(role.get("roleType")) == CUSTOM_ROLE,
        }
        for role in client.listed("/companies/roles", "id")
    }
