"""Who has an e-mail over there: a company's user, a customer of the store, or nobody.

Each user is one of the store's customers too. So an e-mail that no customer has is no
user's either, and one question about customers, which B2B's limit does not count,
spares a question per e-mail.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from connectors.protocol import Change, Outcome, Way
from connectors.systems.bigcommerce import wire
from connectors.systems.bigcommerce.client import Client
from connectors.systems.bigcommerce.store_index import email_word
from connectors.systems.bigcommerce.talk import CONSENT, MOVE, Talk
from connectors.systems.bigcommerce.words import consent, several_customers, super_admin, taken, taken_here


@dataclass
class People:
    """What was asked about e-mails during one push."""

    talk: Talk
    emails: Collection[str] = ()  # those that will be asked about: they are asked for together
    customers: dict[str, list[wire.Record]] = field(default_factory=dict)

    @property
    def client(self) -> Client:
        """Return who makes the calls."""
        return self.talk.client

    def user(self, email: str) -> wire.Record | None:
        """Return the company user with this e-mail.

        Source: GET /users, `email` matches exactly, `q` finds parts of e-mails and names.
        Whether the first minds case is not documented, so the second is asked in doubt;
        and both are compared again here: a filter that is not known returns everybody.
        """
        for name in ("email", "q") if email else ():
            found = self.client.listed("/users", "id", **{name: email})
            user = next((one for one in found if same_email(one.get("email"), email)), None)
            if user is not None:
                return user
        return None

    def customers_of(self, email: str) -> list[wire.Record]:
        """Return the store's customers with this e-mail."""
        if email.casefold() not in self.customers:
            asked = {one.casefold() for one in (email, *self.emails)} - set(self.customers)
            self.customers.update(self.client.customers(asked))
        return self.customers.get(email.casefold(), [])

    def forget(self, email: str) -> None:
        """Ask about an e-mail anew: a call without an answer may have made its user."""
        self.customers.pop(email.casefold(), None)

    def company(self, company_id: str) -> dict[str, Any] | None:
        """Return a company flat, None where it is not there."""
        record = self.client.one(f"/companies/{company_id}") if company_id else None
        return wire.company(record) if record else None

    def is_taken(self, change: Change, email: str, user: wire.Record, field_name: str) -> Outcome:
        """Return the outcome of a record whose e-mail a user of another company has."""
        company_id = wire.as_id(user.get("companyId"))
        company = self.company(company_id) or {}
        name = str(company.get("companyName") or "another company")
        if company_id == change.parent_id:
            return self.talk.rejected(change, taken_here(email, name), field_name, code="email_taken")
        return self.talk.rejected(change, taken(email, name), field_name, code="email_taken")

    def needs_consent(self, change: Change, email: str, company: str, field_name: str) -> Outcome | None:
        """Return what keeps a new user from being made of an e-mail, None where nothing does.

        A plain customer of the store would be linked, and their earlier orders would
        become visible to the company: a person decides. Source: POST /users.
        """
        found = self.customers_of(email)
        if len(found) > 1:
            return self.talk.rejected(change, several_customers(email), field_name, code="email_taken")
        if not found or change.choice in (CONSENT, MOVE):
            return None
        asks, consequence = consent(email, company or "the company")
        return self.talk.conflict(change, asks, ways=[Way(CONSENT, "Link", consequence)])

    def refused(self, change: Change, email: str, field_name: str) -> Outcome:
        """Return the outcome of an e-mail that B2B said is taken, when no user of ours has it."""
        user = self.user(email)
        if user is not None:
            return self.is_taken(change, email, user, field_name)
        return self.talk.rejected(change, super_admin(email), field_name, code="email_taken")


def same_email(one: object, other: object) -> bool:
    """Return whether two e-mails are one: nobody tells them apart by case."""
    return bool(email_word(one)) and email_word(one) == email_word(other)


def emails(changes: Iterable[Change], name: str) -> list[str]:
    """Return the e-mails of changes that are not linked yet."""
    return [
        str(change.payload[name]) for change in changes if not change.remote_id and change.payload.get(name)
    ]
