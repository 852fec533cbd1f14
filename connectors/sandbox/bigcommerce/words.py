"""Records in words for people, as the pages of B2B Edition print them."""

from collections.abc import Iterable
from datetime import UTC, datetime

from . import users
from .shop import Shop
from .store import Row

ROOT = "/bigcommerce"
STATUS_WORDS = {0: "Pending", 1: "Approved", 2: "Rejected", 3: "Inactive"}
STATUS_TONES = {0: "wait", 1: "well", 2: "ill", 3: "off"}
PRIMARY_ADMIN = "Primary Admin"
LONGEST_SHOWN = 300  # characters; a file or a script may bring more than the API would take


def text(value: object) -> str:
    """Return a value of a record as one text, cut off where nobody reads on."""
    shown = "" if value is None else str(value)
    return shown if len(shown) <= LONGEST_SHOWN else f"{shown[: LONGEST_SHOWN - 1]}…"


def quoted(value: object) -> str:
    """Return a value for the middle of a sentence, where its own direction of writing stays its own."""
    return f"\u2068{text(value)}\u2069"


def day(stamp: int) -> str:
    """Return a time as lists have it: Nov 22nd 2023."""
    if (when := _when(stamp)) is None:
        return text(stamp)
    ending = "th" if 11 <= when.day <= 13 else {1: "st", 2: "nd", 3: "rd"}.get(when.day % 10, "th")
    return f"{when:%b} {when.day}{ending} {when.year}"


def moment(stamp: int) -> str:
    """Return a time to the second."""
    when = _when(stamp)
    return text(stamp) if when is None else f"{when:%Y-%m-%d %H:%M:%S} UTC"


def company_path(key: int, tab: str = "") -> str:
    """Return the address of a company's page, on one of its tabs."""
    return f"{ROOT}/company/{key}{'/' if tab else ''}{tab}"


def status(company: Row) -> str:
    """Return a company's status in a word."""
    return STATUS_WORDS.get(company["companyStatus"], text(company["companyStatus"]))


def full_name(person: Row) -> str:
    """Return first and last name of a company user, or who receives what goes to an address."""
    return text(f"{person['firstName']} {person['lastName']}".strip())


def role(shop: Shop, user: Row) -> str:
    """Return what the Role column has."""
    if primary_admin(shop, user["companyId"]) is user:
        return PRIMARY_ADMIN
    return text(users.role_of(shop, user)["name"])


def primary_admin(shop: Shop, company_id: int) -> Row | None:
    """Return the admin whom the product calls Primary Admin.

    The fact sheet has no field for it, only the roles Admin, Senior buyer and Junior buyer; the word is seen
    in the product's list of company users. It is taken here for the admin who came with the company, and
    where that one is none any more, for the one who has been a user for the longest time.
    """
    admins = [row for row in shop.store["user"].having("companyId", company_id) if users.is_admin(row)]
    return min(admins, key=lambda row: (row["createdAt"], row["id"]), default=None)


def newest_first(rows: Iterable[Row]) -> list[Row]:
    """Return the rows by their last change, of one second by their ids."""
    return sorted(rows, key=lambda row: (row["updatedAt"], row["id"]), reverse=True)


def _when(stamp: int) -> datetime | None:
    try:
        return datetime.fromtimestamp(stamp, UTC)
    except (OverflowError, OSError, ValueError):
        return None
