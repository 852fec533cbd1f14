"""What B2B gets of a record where that is more than a field's own value, and back."""

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.mapping import Subject, as_text
from connectors.regions import country_code, country_name, folded
from connectors.systems.bigcommerce import wire
from connectors.systems.bigcommerce.states import WITH_STATES, state_name
from connectors.systems.bigcommerce.words import SYSTEM

PENDING, ACTIVE, REJECTED, INACTIVE = 0, 1, 2, 3
ADMIN, SENIOR, JUNIOR = 0, 1, 2
STATUS: Mapping[str, int] = {
    "pending": PENDING,
    "active": ACTIVE,
    "rejected": REJECTED,
    "blocked": INACTIVE,
    "inactive": INACTIVE,
}
FROM_STATUS: Mapping[Any, str] = {
    PENDING: "pending",
    ACTIVE: "active",
    REJECTED: "rejected",
    INACTIVE: "inactive",
}
ROLE: Mapping[str, int] = {"admin": ADMIN, "senior_buyer": SENIOR, "junior_buyer": JUNIOR}
FROM_ROLE: Mapping[Any, str] = {number: name for name, number in ROLE.items()}
_LEAD_LIMITS = {"email": ("E-mail", 100), "first_name": ("First Name", 100), "last_name": ("Last Name", 100)}


def as_is(value: Any) -> Any:
    """Return a number or a flag unchanged."""
    return value


def as_status(status: object) -> int:
    """Return a company's status as B2B counts it; one that it does not know is no buyer's."""
    return STATUS.get(str(status), INACTIVE)


def yes(_: Subject) -> bool:
    """Return that every address serves for billing and shipping."""
    return True


def is_billing_default(subject: Subject) -> bool:
    """Return whether a location is its company's default for billing."""
    return bool(subject.record.is_default_billing)


def is_shipping_default(subject: Subject) -> bool:
    """Return whether a location is its company's default for shipping."""
    return bool(subject.record.is_default_shipping)


def role(subject: Subject) -> int:
    """Return a contact's role: the Primary is an admin there, whatever the role here."""
    contact = subject.record
    return ADMIN if contact.is_primary else ROLE.get(str(contact.role), JUNIOR)


def company_country(subject: Subject) -> str | None:
    """Return the English name of a company's country."""
    code = str(subject.record.legal_country or "")
    return country_name(code) or as_text(subject.record.legal_address.country_name)


def country_of(subject: Subject) -> str | None:
    """Return the code of a location's country."""
    return as_text(str(subject.record.country or "").upper())


def state_of_company(subject: Subject) -> str | None:
    """Return a company's state by its full name: B2B takes no abbreviation there."""
    company = subject.record
    return state_name(str(company.legal_country or ""), company.legal_region)


def state_of_location(subject: Subject) -> str | None:
    """Return a location's state by its full name; its code goes along where B2B checks states."""
    location = subject.record
    return state_name(str(location.country or ""), location.region)


def region_problem(subject: Subject) -> str:
    """Return what is missing where B2B wants a state, "" where it does not."""
    location = subject.record
    code = country_code(location.country)
    if code not in WITH_STATES or as_text(location.region):
        return ""
    return (
        f"State or Province is empty; {SYSTEM} needs it in every address in {country_name(code)}. "
        "Fill it in and save."
    )


def recipient(subject: Subject) -> str | None:
    """Return whose name stands on an address: the recipient, else the Primary contact.

    B2B wants a first and a last name. To a single word the company's name is added, or
    the location's label where the word is that name.
    """
    location, lead = subject.record, subject.lead
    typed = " ".join(str(as_text(location.recipient) or "").split())
    if not typed:
        names = [as_text(getattr(lead, name, None)) for name in ("first_name", "last_name")]
        return " ".join(name for name in names if name) if all(names) else None
    if " " in typed:
        return typed
    company = as_text(location.company.name) or ""
    other = location.label if folded(company) == folded(typed) else company
    return f"{typed} {as_text(other) or typed}"


def recipient_problem(subject: Subject) -> str:
    """Return what to do where nobody's name can stand on an address, or one that is too long."""
    found = recipient(subject)
    if not found:
        return (
            f"Recipient is empty; {SYSTEM} needs a first and a last name in every address, and the company "
            f"has no Primary contact enabled for {SYSTEM} whose name could stand there. Fill it in and save."
        )
    return _over("Recipient", ("a first name", "a last name"), wire.halves(wire.NAME, found), wire.NAME_CHARS)


def street_problem(subject: Subject) -> str:
    """Return what to do about a line of a location's street that is too long."""
    return _street(subject.record.street)


def legal_street_problem(subject: Subject) -> str:
    """Return what to do about a line of a company's street that is too long."""
    return _street(subject.record.legal_street)


def _street(text: object) -> str:
    both = wire.halves(wire.LINES, wire.lines(text))
    return _over("Street", ("a first line", "a second line"), both, wire.LINE_CHARS)


def _over(label: str, names: Sequence[str], both: Sequence[str], limit: int) -> str:
    return " ".join(
        f"{label} has {name} of {len(text)} characters; {SYSTEM} takes {limit}. "
        f"Shorten it by {len(text) - limit}."
        for name, text in zip(names, both, strict=True)
        if len(text) > limit
    )


def lead_problem(subject: Subject) -> str:
    """Return what keeps a company from getting its first user, all at once; "" where nothing does."""
    lead = subject.lead
    if lead is None:
        nobody = f"{subject.record.name} has no active Primary contact. Add one, or set one as Primary."
        return f"{SYSTEM} creates a company with its first user. {subject.lead_barred or nobody}"
    empty = [label for name, (label, _) in _LEAD_LIMITS.items() if not as_text(getattr(lead, name))]
    if empty:
        return (
            f"{lead.name}, the Primary contact, has no {' and no '.join(empty)}; {SYSTEM} needs it. "
            "Fill it in and save."
        )
    return " ".join(
        f"{label} of {lead.name}, the Primary contact, has {len(text)} characters; {SYSTEM} takes {limit}. "
        f"Shorten it by {len(text) - limit}."
        for name, (label, limit) in _LEAD_LIMITS.items()
        if len(text := as_text(getattr(lead, name)) or "") > limit
    )
