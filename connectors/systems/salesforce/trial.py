"""Test connection: a checklist whose red lines say who does what where."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from connectors.errors import AuthFailed, ConnectorError, Misconfigured, Transient
from connectors.protocol import Check, Identity
from connectors.systems.salesforce import picklists
from connectors.systems.salesforce.client import Client
from connectors.systems.salesforce.field_checks import field_checks
from connectors.systems.salesforce.ids import as_18
from connectors.systems.salesforce.login import CHECK_ADDRESS, accepted, wrong_host
from connectors.systems.salesforce.mapping import OBJECTS, lists_of, mappings
from connectors.systems.salesforce.picklist_check import picklist_check
from connectors.systems.salesforce.words import ADMIN, USER

# What describe tells of a field, as far as a mapping depends on it, and its name for people.
_FACTS = (
    "label",
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
    """Return {"Account": {field: {"length": 255, …}}, "Contact": …} from describe, and the picklists' values.

    An object that Concord's user may not see has no fields; without Account there is
    nothing to do: raises Misconfigured.
    """
    found: dict[str, Any] = {}
    for sobject in OBJECTS:
        try:
            found = {**_described(client, sobject), **found}
        except Misconfigured:
            if sobject == OBJECTS[0]:
                raise
            found[sobject] = {}
    return found


def _described(client: Client, sobject: str) -> dict[str, Any]:
    """Return what a mapping depends on of one object, by its name. Raises ConnectorError."""
    fields = client.describe(sobject)["fields"]
    known = [field for field in fields if isinstance(field, Mapping) and field.get("name")]
    kept = {str(field["name"]): {name: field.get(name) for name in _FACTS} for field in known}
    return {sobject: kept, **picklists.facts(known)}


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
        *((f"Fields of {sobject}", partial(trial.fields, sobject)) for sobject in OBJECTS),
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
        return [Check("Login", True, accepted(self.client.account))]

    def organisation(self) -> list[Check]:
        """Ask whose login this is; userinfo needs a scope that an app may lack, the login told the id too."""
        told = as_18(_or_none(self.client.userinfo, {}).get("organization_id")) or self.client.org_id
        shown, self.org_name = _or_none(self.client.organisation, ("", ""))
        self.org_id = told or shown
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

    def fields(self, sobject: str) -> list[Check]:
        """Compare what we send with what describe has."""
        try:
            self.known = {**_described(self.client, sobject), **self.known}
        except Misconfigured as error:
            text = f"{ADMIN} gives {USER} access to the object {sobject}: read, create and edit."
            return [Check(f"Fields of {sobject}", False, text, copy=f"{text} ({error.detail})")]
        known = mappings(self.settings, self.known)
        (mapping,) = [one for one in known.values() if one.remote == sobject]
        checks = list(field_checks(mapping, self.known[sobject], self.settings))
        return [*checks, picklist_check(lists_of(self.known))] if sobject == "Account" else checks


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
