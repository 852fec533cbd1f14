"""Who works in the rehearsed org on its first day, and with which profile.

Chosen so that matching by federation id, e-mail and username is as hard as over there: people who left, an
e-mail and a username as a sandbox copy leaves them, users without a federation id, users who may own nothing.
Source: Salesforce fact sheet, "Fields (recorded describes)"; profiles and user types are from memory. [M]
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from .ids import from_serial

USER_TYPES = (
    "Standard",
    "PowerPartner",
    "PowerCustomerSuccess",
    "CustomerSuccess",
    "CspLitePortal",
    "CsnOnly",
    "Guest",
    "AutomatedProcess",
)
PROFILES = (
    "Standard User",
    "System Administrator",
    "Minimum Access - API Only Integrations",
    "Field Sales",
    "Inside Sales",
    "Chatter Free User",
    "Partner Community User",
)
STANDARD, ADMIN, API_ONLY, FIELD, INSIDE, CHATTER, PARTNER = PROFILES
FIRST_SERIAL = 1_000_000_000_001
RUN_AS, COLLEAGUE = 0, 1  # their places in PEOPLE


class Person(NamedTuple):
    """A user of the first day; what is empty follows from the alias."""

    alias: str
    first: str
    last: str
    profile: str
    active: bool = True
    kind: str = "Standard"
    email: str = ""
    username: str = ""
    federation: str | None = ""


# The first is the Run As user of the integration, the second does what the control API is told. New ones go
# to the end: the place in this list is the id.
PEOPLE = (
    Person("concord", "Concord", "Integration", API_ONLY),
    Person("remote", "Remote", "Colleague", STANDARD),
    Person("east", "Sales", "East", FIELD),
    Person("west", "Sales", "West", FIELD),
    Person("left", "Left", "Company", INSIDE, active=False),
    Person("auto", "Automated", "Process", STANDARD, kind="AutomatedProcess"),
    Person("dwhit", "Dana", "Whitfield", FIELD, email="dana.whitfield@example.com"),
    Person(
        "mbell",
        "Marcus",
        "Bell",
        INSIDE,
        email="marcus.bell@example.com",
        username="marcus.bell@example.com.uat",
        federation=None,
    ),
    Person(
        "prama",
        "Priya",
        "Raman",
        FIELD,
        email="priya.raman@example.com.invalid",
        username="priya.raman@example.com",
        federation=None,
    ),
    Person("cokaf", "Chidi", "Okafor", ADMIN, email="chidi.okafor@example.com"),
    Person("tlind", "Tove", "Lindqvist", INSIDE, active=False, email="tove.lindqvist@example.com"),
    Person("hmeye", "Hannah", "Meyer", INSIDE, email="hannah.meyer@example.com", federation=None),
    Person("jsilv", "João", "Silva", FIELD, email="joao.silva@example.com"),
    Person("akim", "Aaron", "Kim", STANDARD, active=False, email="aaron.kim@example.com", federation=None),
    Person("rdelg", "Rosa", "Delgado", CHATTER, kind="CsnOnly", email="rosa.delgado@example.com"),
    Person("nberg", "Nils", "Berg", PARTNER, kind="PowerPartner", email="nils.berg@partner.example"),
)


def profile_id(name: str) -> str:
    """Return the id of a profile."""
    return from_serial("00e", FIRST_SERIAL + PROFILES.index(name))


def user_id(number: int) -> str:
    """Return the id of the user in this place of PEOPLE."""
    return from_serial("005", FIRST_SERIAL + number)


def first_users() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield id and values of everybody."""
    for number, person in enumerate(PEOPLE):
        yield user_id(number), _values(person)


def first_profiles() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield id and values of every profile."""
    for name in PROFILES:
        yield profile_id(name), {"Name": name}


def with_defaults(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an administrator's form holds for a new user: the rest follows from name and e-mail."""
    email = values.get("Email")
    username = values.get("Username", email)
    alias = f"{str(values.get('FirstName') or '')[:1]}{str(values.get('LastName') or '')[:4]}".lower()
    return {
        "Username": username,
        "Alias": alias,
        "CommunityNickname": str(username or "").partition("@")[0][:40],
        "ProfileId": profile_id(STANDARD),
        "UserType": "Standard",
        "IsActive": True,
        **values,
    }


def full_name(row: Mapping[str, Any]) -> str:
    """Return first and last name as the field Name shows them."""
    return " ".join(filter(None, (row.get("FirstName"), row.get("LastName"))))


def _values(person: Person) -> dict[str, Any]:
    email = person.email or f"{person.alias}@example.com"
    federation = person.federation if person.federation is None else f"rehearsal-{person.alias}"
    values = {
        "Username": person.username or email,
        "LastName": person.last,
        "FirstName": person.first,
        "Name": f"{person.first} {person.last}",
        "Email": email,
        "Alias": person.alias,
        "CommunityNickname": person.alias,
        "FederationIdentifier": federation,
        "IsActive": person.active,
        "UserType": person.kind,
        "ProfileId": profile_id(person.profile),
    }
    return {name: value for name, value in values.items() if value is not None}
