"""When is a record over there the same as ours? Never "the first one that fits".

A company: the exact name (letters compared without case) together with the host of
Website, which must be the company's website or the domain of its e-mail. Addresses of
free mail providers prove nothing.
A contact: the same e-mail (compared without case) in the same account. One of another
last name, or of no account, may be somebody else's: a person decides.
"""

import unicodedata
from collections.abc import Hashable, Mapping
from typing import Any, Protocol

from connectors.mapping import as_text, is_blank
from connectors.protocol import Change
from connectors.systems.salesforce.hosts import host, proves_nothing
from connectors.systems.salesforce.nouns import ACCOUNT, CONTACT, Nouns

Record = Mapping[str, Any]


class Rule(Protocol):
    """How one object is matched. `column` is asked for; what it finds is looked at by `is_alike`."""

    nouns: Nouns
    column: str
    select: tuple[str, ...]  # beside Id, the key and the mapped fields
    sentence: str

    def values(self, change: Change) -> set[str]:
        """Return what the column may hold; nothing where it would prove nothing."""

    def is_alike(self, change: Change, record: Record) -> bool:
        """Return whether this record, whose column fits, may be ours."""

    def doubt(self, change: Change, record: Record) -> str:
        """Return why a person must confirm a lone match, "" where it is certain."""

    def marks(self, change: Change) -> set[Hashable]:
        """Return what makes it the same as another of ours that shares one of them."""


class AccountRule:
    """Name and host."""

    nouns = ACCOUNT
    column = "Name"
    select: tuple[str, ...] = ("Name", "Website", "Owner.Name", "CreatedDate")
    sentence = "same name, and the website's host is the company's website or e-mail domain"

    def values(self, change: Change) -> set[str]:
        """Return the name as typed and composed (é as one character)."""
        name = as_text(change.local.get("name")) if _hosts(change.local) else None
        return {name, unicodedata.normalize("NFC", name)} if name else set()

    def is_alike(self, change: Change, record: Record) -> bool:
        """Compare the hosts."""
        return host(record.get("Website")) in _hosts(change.local)

    def doubt(self, change: Change, record: Record) -> str:
        """Trust name and host."""
        return ""

    def marks(self, change: Change) -> set[Hashable]:
        """Return name and host, for each host that speaks for it."""
        return {(folded(change.local.get("name")), host) for host in _hosts(change.local)}


class ContactRule:
    """E-mail and account."""

    nouns = CONTACT
    column = "Email"
    select: tuple[str, ...] = ("Name", "Email", "AccountId", "Account.Name", "Owner.Name", "CreatedDate")
    sentence = "same e-mail in the same account"

    def values(self, change: Change) -> set[str]:
        """Return the e-mail."""
        email = as_text(change.local.get("email"))
        return {email} if email else set()

    def is_alike(self, change: Change, record: Record) -> bool:
        """Leave the people of other accounts alone: one person may buy for two companies."""
        return is_blank(record.get("AccountId")) or record["AccountId"] == change.payload.get("AccountId")

    def doubt(self, change: Change, record: Record) -> str:
        """Doubt another last name, and somebody without an account."""
        if is_blank(record.get("AccountId")):
            return "A contact in Salesforce has this e-mail and belongs to no account. Choose what to do."
        if folded(record.get("LastName")) != folded(change.local.get("last_name")):
            return (
                "A contact of this account in Salesforce has this e-mail and another last name. "
                "Choose whether it is the same person."
            )
        return ""

    def marks(self, change: Change) -> set[Hashable]:
        """Return e-mail and account."""
        return {(folded(value), change.payload.get("AccountId")) for value in self.values(change)}


RULES: Mapping[str, Rule] = {"company": AccountRule(), "contact": ContactRule()}


def folded(value: object) -> str:
    """Return a text as it is compared: without case, composed."""
    return unicodedata.normalize("NFC", (as_text(value) or "").casefold())


def _hosts(local: Mapping[str, Any]) -> set[str]:
    """Return the hosts that speak for a company."""
    domain = (as_text(local.get("email")) or "").rpartition("@")[2]
    hosts = {host(local.get("website")), host(domain)}
    return {name for name in hosts if name and not proves_nothing(name)}
