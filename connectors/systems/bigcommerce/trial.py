"""Test connection: a checklist whose red lines say who does what where."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from connectors.errors import AuthFailed, ConnectorError, Misconfigured, RateLimited, Transient
from connectors.protocol import Check, Identity
from connectors.systems.bigcommerce import fields, wire
from connectors.systems.bigcommerce.client import Client
from connectors.systems.bigcommerce.field_checks import custom_checks, key_check, unfilled_checks
from connectors.systems.bigcommerce.options import CATALOG_SETTING, DEPENDENT, KIND_SETTING, channels
from connectors.systems.bigcommerce.words import OWNER, SCOPE, WRONG_HASH

NOBODY = "concord@example.invalid"
_NOT_THERE = frozenset({"unreachable", "tls", "timeout", "garbage", "address"})


def run(client: Client, settings: Mapping[str, Any]) -> Identity:
    """Check login, store, scopes, extra fields and settings; never raises for a failed check.

    After the first red line that makes the next ones meaningless, those are listed as
    not tried.
    """
    trial = _Trial(client, settings)
    steps: list[tuple[str, Callable[[], list[Check]]]] = [
        ("Login", trial.login),
        ("Store", trial.store),
        ("B2B Edition", trial.scope),
        ("Customers", trial.customers),
        ("Extra fields", trial.extra_fields),
        ("Companies", trial.companies),
        ("Channels", trial.channels),
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
        if checks[-1].ok is False and label in ("Login", "Store", "B2B Edition", "Extra fields"):
            failed = label if checks[-1].label == label else ""
    known = trial.known
    return Identity(client.hash if known else "", f"Store {client.hash}" if known else "", checks, known)


class _Trial:
    """What one test has found out so far."""

    def __init__(self, client: Client, settings: Mapping[str, Any]) -> None:
        self.client, self.settings = client, settings
        self.known: dict[str, Any] = {}
        self.refused: ConnectorError | None = None

    def login(self) -> list[Check]:
        """Ask for one company: the answer tells of the token, the store hash and the scope."""
        try:
            self.client.get("/companies", {"limit": 1}, is_record=False)
        except (AuthFailed, RateLimited):
            raise
        except ConnectorError as error:
            if error.code in _NOT_THERE:
                raise
            self.refused = error
        return [Check("Login", True, "The access token is not refused.")]

    def store(self) -> list[Check]:
        """Say whether the store hash fits: B2B answers a wrong one with a server error."""
        error = self.refused
        if error is not None and error.code == "http_500":
            return [Check("Store", False, WRONG_HASH, copy=WRONG_HASH)]
        if error is not None and not isinstance(error, Misconfigured):
            raise error
        return [Check("Store", True, f"Store hash {self.client.hash}.")]

    def scope(self) -> list[Check]:
        """Say whether the account may use B2B Edition."""
        if self.refused is not None:
            text = self.refused.message
            return [Check("B2B Edition", False, text, copy=SCOPE)]
        return [Check("B2B Edition", True, "The API account may read companies.")]

    def customers(self) -> list[Check]:
        """Ask the store who has an e-mail that nobody has."""
        self.client.customers([NOBODY])
        return [Check("Customers", True, "The API account may look up the store's customers by e-mail.")]

    def extra_fields(self) -> list[Check]:
        """Read extra fields and roles; compare them with what is sent."""
        self.known = fields.facts(self.client)
        return [
            Check("Extra fields", True, "Read, with the store's roles."),
            key_check(self.known, self.settings),
            *custom_checks(self.known, self.settings),
            *unfilled_checks(self.known, self.settings),
        ]

    def companies(self) -> list[Check]:
        """Compare the settings with what each kind of company needs."""
        kind = self.settings.get(KIND_SETTING)
        if kind == DEPENDENT and wire.as_int(self.settings.get(CATALOG_SETTING)) is None:
            text = (
                "Dependent companies need a price list when they are created. Enter its number in the box "
                f"Price list on this page ({OWNER} finds it in Products › Price lists)."
            )
            return [Check("Companies", False, text, copy=text)]
        name = "Dependent on a customer group" if kind == DEPENDENT else "Independent"
        text = f"{name}, as set up here. B2B does not tell; compare it with B2B Edition › Settings."
        return [Check("Companies", True, text)]

    def channels(self) -> list[Check]:
        """Compare the channels of the settings with the store's storefronts."""
        wanted = channels(self.settings)
        try:
            found = list(self.client.listed("/channels", "channelId"))
        except Misconfigured as error:
            if not wanted:
                return [Check("Channels", True, "The store has one storefront; none is sent.")]
            return [Check("Channels", False, error.message, copy=error.detail)]
        return list(_channel_lines(wanted, found))


def _channel_lines(wanted: list[int], found: list[wire.Record]) -> Iterator[Check]:
    names = {wire.as_int(one.get("channelId")): str(one.get("channelName") or "") for one in found}
    known = ", ".join(f"{number} {name}".strip() for number, name in names.items() if number)
    missing = [number for number in wanted if number not in names]
    if missing:
        text = f"The store has no storefront {', '.join(map(str, missing))}; it has {known or 'none'}."
        yield Check("Channels", False, f"{text} Correct the box Channels on this page.", copy=text)
    elif not wanted and len(names) > 1:
        text = (
            f"The store has {len(names)} storefronts ({known}). Enter those for buyers in the box Channels."
        )
        yield Check("Channels", False, text, copy=text)
    else:
        yield Check(
            "Channels", True, f"{', '.join(map(str, wanted)) or 'None'} sent; the store has {known or 'one'}."
        )


def _remedy(error: ConnectorError) -> str:
    """Return the error's sentence and what a person does about it."""
    if error.code in _NOT_THERE:
        return (
            f"{error.message} Compare the address with https://api-b2b.bigcommerce.com. If it is right, "
            "whoever runs Concord finds out whether this machine may reach it."
        )
    if isinstance(error, Transient):
        return f"{error.message} Wait some minutes, then press Test connection."
    return error.message
