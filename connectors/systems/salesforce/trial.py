"""Test connection: a checklist whose red lines say who does what where."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from connectors.errors import AuthFailed, ConnectorError, Misconfigured, Transient
from connectors.mapping import Field
from connectors.protocol import Check, Identity
from connectors.systems.salesforce.client import Client
from connectors.systems.salesforce.ids import as_18
from connectors.systems.salesforce.login import CHECK_ADDRESS, wrong_host
from connectors.systems.salesforce.mapping import TEXT_TYPES, key_field, mappings, must_be_filled
from connectors.systems.salesforce.words import ADMIN, USER, not_filled

KEY_CHARS = 36  # our external id is a UUID
FIELDS_PAGE = "Setup › Object Manager › Account › Fields & Relationships"
# What describe tells of a field, as far as a mapping depends on it.
_FACTS = (
    "length",
    "type",
    "createable",
    "updateable",
    "externalId",
    "unique",
    "idLookup",
    "nillable",
    "defaultedOnCreate",
)
# These say that the address leads elsewhere, or nowhere.
_NOT_THERE = frozenset({"unreachable", "tls", "timeout", "garbage", "address"})


def facts(client: Client) -> dict[str, Any]:
    """Return {"Account": {field: {"length": …, …}}} from describe."""
    described = client.describe("Account")["fields"]
    fields = [field for field in described if isinstance(field, Mapping) and field.get("name")]
    return {"Account": {str(field["name"]): {name: field.get(name) for name in _FACTS} for field in fields}}


def run(client: Client, settings: Mapping[str, Any]) -> Identity:
    """Check login, organisation, version and fields; never raises for a failed check.

    After the first red line that makes the next ones meaningless, those are listed
    as not tried.
    """
    trial = _Trial(client, settings)
    steps: list[tuple[str, Callable[[], list[Check]]]] = [
        ("Login", trial.login),
        ("Organisation", trial.organisation),
        ("API version", trial.version),
        ("Fields of Account", trial.fields),
    ]
    checks: list[Check] = []
    failed = ""
    for label, step in steps:
        if failed:
            checks.append(Check(label, None, f"Not tried: {failed} failed."))
            continue
        try:
            checks += step()
        except ConnectorError as error:
            checks.append(Check(label, False, _remedy(error), copy=error.detail))
            failed = label
        if label == "API version" and checks[-1].ok is False:
            failed = label
    return Identity(trial.org_id, trial.org_name, checks, trial.known)


class _Trial:
    """What one test has found out so far."""

    def __init__(self, client: Client, settings: Mapping[str, Any]) -> None:
        self.client, self.settings = client, settings
        self.org_id = self.org_name = ""
        self.known: dict[str, Any] = {}

    def login(self) -> list[Check]:
        """Log in, unless the address can't be right."""
        wrong = wrong_host(self.client.account.base_url)
        if wrong:
            raise Misconfigured(wrong, code="host")
        self.client.log_in()
        return [Check("Login", True, "Salesforce accepts the Client ID and the Client Secret.")]

    def organisation(self) -> list[Check]:
        """Ask whose login this is; userinfo needs a scope that an app may lack, the login told the id too."""
        self.org_id = as_18(_or_none(self.client.userinfo, {}).get("organization_id")) or self.client.org_id
        self.org_name = _or_none(self.client.organisation_name, "")
        if not self.org_id:
            text = "Salesforce did not say which organisation this login belongs to."
            who = f"{ADMIN} gives the app the scope “Access the identity URL service (id)”."
            return [Check("Organisation", False, f"{text} {who}", copy=who)]
        text = f"{self.org_name} ({self.org_id})" if self.org_name else self.org_id
        return [Check("Organisation", True, text)]

    def version(self) -> list[Check]:
        """Compare the version of the settings with those that are offered."""
        offered = self.client.versions()
        if self.client.version in offered:
            return [Check("API version", True, f"{self.client.version} is offered.")]
        newest = max(offered, key=_number, default="none")
        text = f"{self.client.version} is not offered there; the newest is {newest}."
        return [Check("API version", False, f"{text} Set another API version on this page.")]

    def fields(self) -> list[Check]:
        """Compare what we send with what describe has."""
        try:
            self.known = facts(self.client)
        except Misconfigured as error:
            text = f"{ADMIN} gives {USER} access to the object Account: read, create and edit."
            return [Check("Fields of Account", False, text, copy=f"{text} ({error.detail})")]
        return list(_field_checks(self.settings, self.known["Account"]))


def _or_none(ask: Callable[[], Any], nothing: Any) -> Any:
    """Return an answer that is welcome, not needed; a refused login or an outage is raised."""
    try:
        return ask()
    except (AuthFailed, Transient):
        raise
    except ConnectorError:
        return nothing


def _remedy(error: ConnectorError) -> str:
    """Return the error's sentence and what a person does about it."""
    if error.code in _NOT_THERE:
        return (
            f"{error.message} {CHECK_ADDRESS} If it is right, whoever runs Concord finds out whether this "
            "machine may reach it."
        )
    if isinstance(error, Transient):
        return f"{error.message} Wait some minutes, then press Test connection."
    return error.message


def _number(version: str) -> float:
    try:
        return float(version)
    except ValueError:
        return 0.0


def _field_checks(settings: Mapping[str, Any], known: Mapping[str, Any]) -> Iterator[Check]:
    mapping = mappings(settings, {"Account": known})["company"]
    yield _external_id(mapping.key, known, asked=key_field(settings))
    for field in mapping.fields:
        yield _mapped(field, known)
    yield from _sent_twice((mapping.key, *(field.remote for field in mapping.fields)))
    sent = {field.remote for field in mapping.fields} | {mapping.key}
    for name, described in sorted(known.items()):
        if must_be_filled(described) and name not in sent:
            yield Check(f"Required field {name}", False, not_filled(name), copy=not_filled(name))


def _external_id(name: str, known: Mapping[str, Any], *, asked: str) -> Check:
    label = f"External id field on Account ({asked})"
    found = known.get(name)
    how = (
        f"{FIELDS_PAGE} › New: Text, length 255, name {name.removesuffix('__c')}, tick External ID and "
        f"Unique (case-insensitive); give {USER} edit access to it."
    )
    if found is None:
        text = f"{ADMIN} creates the field, or gives {USER} access to it: {how}"
        return Check(label, False, text, copy=how)
    problem = _key_problem(name, found)
    if problem:
        return Check(label, False, problem, copy=problem)
    return Check(label, True, "It exists, is an External ID and unique.")


def _key_problem(name: str, found: Mapping[str, Any]) -> str:
    """Return who does what about a key field that would not serve, "" for one that does."""
    where = f"{FIELDS_PAGE} › {name} › Edit"
    if found.get("type") != "string" or (found.get("length") or 0) < KEY_CHARS:
        held = f"type {found.get('type')}, length {found.get('length')}"
        return f"The field is of {held}; {ADMIN} makes it Text with length 255: {where}."
    is_key = found.get("externalId") and found.get("idLookup")
    missing = [words for words, has in (("External ID", is_key), ("Unique", found.get("unique"))) if not has]
    if missing:
        return f"{ADMIN} ticks {' and '.join(missing)} on the field: {where}."
    if not (found.get("createable") and found.get("updateable")):
        return _no_right(name)
    return ""


def _no_right(name: str) -> str:
    return f"{ADMIN} gives {USER} edit access to Account.{name} (field-level security)."


def _mapped(field: Field, known: Mapping[str, Any]) -> Check:
    title, name = f"{field.label} → {field.remote}", field.remote
    found = known.get(name)
    if found is None:
        text = f"{ADMIN} creates the field on Account, or gives {USER} access to it"
        own = name.endswith("__c")
        rest = f"; or empty its name on this page: then {field.label} is not sent." if own else "."
        copy = f"Please create the field {name} on Account, or give {USER} access to it."
        return Check(title, False, text + rest, copy=copy)
    if not (found.get("createable") and found.get("updateable")):
        return Check(title, False, _no_right(name), copy=_no_right(name))
    if found.get("type") not in TEXT_TYPES:
        text = (
            f"The field holds {found.get('type')}, Concord sends text. {ADMIN} makes it a text field, "
            "or name another on this page."
        )
        return Check(title, False, text, copy=text)
    length = found.get("length")
    return Check(title, True, f"Writable, up to {length} characters." if length else "Writable.")


def _sent_twice(names: tuple[str, ...]) -> Iterator[Check]:
    for name in dict.fromkeys(name for name in names if names.count(name) > 1):
        text = (
            f"Two of our fields go to {name}. Give one of them another field on this page, or empty its name."
        )
        yield Check(f"One field each: {name}", False, text)
