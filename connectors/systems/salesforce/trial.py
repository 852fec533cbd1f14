"""Test connection: a checklist whose red lines say who does what where."""

from collections.abc import Iterator, Mapping
from typing import Any

from connectors.errors import ConnectorError
from connectors.protocol import Check, Identity
from connectors.systems.salesforce.client import Client
from connectors.systems.salesforce.mapping import key_field, mappings

ADMIN = "A Salesforce administrator"
# What describe tells of a field, as far as a mapping depends on it.
_FACTS = (
    "length",
    "type",
    "createable",
    "updateable",
    "externalId",
    "unique",
    "nillable",
    "defaultedOnCreate",
)


def facts(client: Client) -> dict[str, Any]:
    """Return {"Account": {field: {"length": …, …}}} from describe."""
    return {"Account": _fields(client.describe("Account"))}


def _fields(described: Mapping[str, Any]) -> dict[str, Any]:
    return {
        str(field["name"]): {name: field.get(name) for name in _FACTS}
        for field in described["fields"]
        if isinstance(field, Mapping) and field.get("name")
    }


def run(client: Client, settings: Mapping[str, Any]) -> Identity:
    """Check login, organisation, version and fields; never raises for a failed check.

    After the first red line that makes the next ones meaningless, those are listed
    as not tried. Raises ConnectorError only where nothing can be said at all.
    """
    checks: list[Check] = []
    org: Mapping[str, Any] = {}
    known: dict[str, Any] = {}
    try:
        org = client.userinfo()
        checks.append(Check("Login", True, "Salesforce accepts the Client ID and the Client Secret."))
        checks.append(_organisation(org))
        checks.append(_version(client))
        known = facts(client)
        checks += _field_checks(settings, known["Account"])
    except ConnectorError as error:
        checks.append(Check(_step(len(checks)), False, error.message, copy=error.detail))
        checks += [
            Check(_step(place), None, f"Not tried: {_step(len(checks) - 1)} failed.")
            for place in range(len(checks), len(_STEPS))
        ]
    org_id = str(org.get("organization_id") or "")
    return Identity(org_id, str(org.get("organization_name") or ""), checks, known)


_STEPS = ("Login", "Organisation", "API version", "Fields of Account")


def _step(place: int) -> str:
    return _STEPS[min(place, len(_STEPS) - 1)]


def _organisation(org: Mapping[str, Any]) -> Check:
    org_id = str(org.get("organization_id") or "")
    name = str(org.get("organization_name") or "").strip()
    if not org_id:
        return Check(
            "Organisation", False, "Salesforce did not say which organisation this login belongs to."
        )
    return Check("Organisation", True, f"{name} ({org_id})" if name else org_id)


def _version(client: Client) -> Check:
    offered = client.versions()
    if client.version in offered:
        return Check("API version", True, f"{client.version} is offered.")
    newest = offered[-1] if offered else "none"
    text = f"{client.version} is not offered there; the newest is {newest}. Set API version on this page."
    return Check("API version", False, text)


def _field_checks(settings: Mapping[str, Any], known: Mapping[str, Any]) -> Iterator[Check]:
    yield _external_id(key_field(settings), known)
    mapping = mappings(settings, {"Account": known})["company"]
    for field in mapping.fields:
        yield _mapped(field.remote, field.label, known)
    sent = {field.remote for field in mapping.fields} | {mapping.key}
    yield from _required(known, sent)


def _external_id(name: str, known: Mapping[str, Any]) -> Check:
    label = f"External id field on Account ({name})"
    found = known.get(name)
    how = (
        f"Setup › Object Manager › Account › Fields & Relationships › New: Text, length 255, name {name}, "
        "tick External ID and Unique (case-insensitive); give Concord's Run As user edit access to it."
    )
    if found is None:
        text = f"{ADMIN} creates the field, or gives Concord's Run As user access to it: {how}"
        return Check(label, False, text, copy=how)
    missing = [
        words for flag, words in (("externalId", "External ID"), ("unique", "Unique")) if not found.get(flag)
    ]
    if missing:
        text = f"{ADMIN} ticks {' and '.join(missing)} on the field: Setup › Object Manager › Account › {name} › Edit."
        return Check(label, False, text, copy=text)
    return Check(label, True, "It exists, is an External ID and unique.")


def _mapped(name: str, label: str, known: Mapping[str, Any]) -> Check:
    title = f"{label} → {name}"
    found = known.get(name)
    if found is None:
        text = (
            f"{ADMIN} creates the field on Account, or gives Concord's Run As user access to it; "
            f"or empty its name on this page: then {label} is not sent."
        )
        return Check(
            title, False, text, copy=f"Please create the field {name} on Account, or give access to it."
        )
    if not (found.get("createable") and found.get("updateable")):
        text = f"{ADMIN} gives Concord's Run As user edit access to the field (field-level security)."
        return Check(title, False, text, copy=f"Please give Concord's user edit access to Account.{name}.")
    return Check(
        title, True, f"Writable, up to {found['length']} characters." if found.get("length") else "Writable."
    )


def _required(known: Mapping[str, Any], sent: set[str]) -> Iterator[Check]:
    """Name the fields that a create must fill and that nothing of ours fills."""
    for name, field in sorted(known.items()):
        needed = (
            not field.get("nillable", True) and not field.get("defaultedOnCreate") and field.get("createable")
        )
        if needed and field.get("type") != "boolean" and name not in sent:
            text = f"Salesforce requires {name}, which Concord does not send. {ADMIN} gives it a default or makes it optional."
            yield Check(f"Required field {name}", False, text, copy=text)
