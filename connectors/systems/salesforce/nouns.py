"""What our records and theirs are called in sentences."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Nouns:
    """The words for one entity: ours, theirs in singular and plural, and the object's API name."""

    ours: str
    ours_many: str
    one: str
    many: str
    sobject: str
    parent: str = ""  # what its parent is called there


ACCOUNT = Nouns("company", "companies", "account", "accounts", "Account")
CONTACT = Nouns("contact", "contacts", "contact", "contacts", "Contact", "account")
NOUNS: Mapping[str, Nouns] = {"company": ACCOUNT, "contact": CONTACT}
