"""Find the company user that is a contact of ours already, or may be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connectors.mapping import as_text
from connectors.protocol import CREATE, Change
from connectors.systems.bigcommerce import wire
from connectors.systems.bigcommerce.crews import Crews
from connectors.systems.bigcommerce.mapping import FIRST_USER, USER_KEY
from connectors.systems.bigcommerce.people import People, same_email
from connectors.systems.bigcommerce.readings import ADMIN
from connectors.systems.bigcommerce.store_index import email_word
from connectors.systems.bigcommerce.store_lists import StoreList
from connectors.systems.bigcommerce.talk import CONSENT, MOVE, Plan, Talk

EMAIL = "email"
RULE = "same e-mail in the same company"


@dataclass(frozen=True)
class UserFinder:
    """Plan what is to be done about contacts that are not linked yet."""

    talk: Talk
    people: People
    crews: Crews
    changes: Sequence[Change]
    listing: StoreList
    first: set[str] = field(default_factory=set)  # users that came into being with a company of ours
    seen: dict[str, Mapping[str, Any]] = field(default_factory=dict)  # users by id, as they were found

    def plan(self, change: Change) -> Plan:
        """Return whether a user is ours, to be adopted, to be made, or a person's to decide."""
        if change.choice not in ("", CREATE, CONSENT, MOVE):
            return self._chosen(change)
        email = str(change.payload.get(EMAIL) or "")
        if self.decides(change):
            found = self._first_listed(change, email)
        else:
            found = self.user(change, email) or self._renamed(change, email) or self._unanswered(change)
        if found is not None:
            return self.met(change, *found)
        company = self._company_name(change) if self.people.customers_of(email) else ""
        return Plan(change, outcome=self.people.needs_consent(change, email, company, EMAIL))

    def decides(self, change: Change) -> bool:
        """Return whether the store's list tells enough: it has nobody, or the first user of our company."""
        email, (key, _) = str(change.payload.get(EMAIL) or ""), change.parent_held.get(FIRST_USER) or ("", "")
        if not self.listing.decides(change):
            return False
        if self._first_listed(change, email) is not None:
            return True
        if key == change.key or self.listing.found(email_word(email), change.key):
            return False
        if not self.people.customers_of(email):
            return True
        self.listing.freshen()  # who is a customer may be a new user
        return self._first_listed(change, email) is not None

    def _first_listed(self, change: Change, email: str) -> tuple[str, Mapping[str, Any]] | None:
        """Return the user whom we made along with the company, as the store's list has them."""
        found = list(self.listing.found(email_word(email), change.key).items())
        if len(found) != 1 or change.parent_adopted:
            return None
        user_id, entry = found[0]
        is_first = entry.company_id == change.parent_id and not entry.keys and entry.role == ADMIN
        return (user_id, entry.as_user()) if is_first else None

    def user(self, change: Change, email: str) -> tuple[str, Mapping[str, Any]] | None:
        """Return the user with this e-mail in any company, None where there is none."""
        # No customer of the store has it, so no user has: see `people`. In doubt B2B itself is asked.
        if change.sure and not self.people.customers_of(email):
            return None
        if self._has_company(change):
            found = self.crews.with_email(change.parent_id, email)
            if found is not None:
                return found
        user = self.people.user(email)
        return (wire.as_id(user.get("id")), wire.user(user)) if user else None

    def _renamed(self, change: Change, email: str) -> tuple[str, Mapping[str, Any]] | None:
        """Return the user whom we made along with the company, where the e-mail was changed since."""
        key, first = change.parent_held.get(FIRST_USER) or ("", "")
        if key != change.key or same_email(first, email):
            return None
        user = self.people.user(str(first))
        flat = wire.user(user) if user else {}
        is_ours = flat.get("companyId") == change.parent_id and not flat.get(USER_KEY)
        return (wire.as_id(user.get("id")), flat) if user and is_ours else None

    def _unanswered(self, change: Change) -> tuple[str, Mapping[str, Any]] | None:
        """Return the user whom a call without an answer made, where the e-mail was changed since.

        Users can't be asked for by their uuid. Source: GET /users.
        """
        if change.sure or not change.parent_id:
            return None
        return self.crews.with_key(change.parent_id, change.key)

    def _has_company(self, change: Change) -> bool:
        """Return whether reading all users of the company serves several contacts."""
        new = [one for one in self.changes if one.parent_id == change.parent_id and not one.remote_id]
        return bool(change.parent_id) and (len(new) > 1 or change.parent_id in self.crews.known)

    def _company_name(self, change: Change) -> str:
        company = self.people.company(change.parent_id)
        return str((company or {}).get("companyName") or "")

    def _chosen(self, change: Change) -> Plan:
        record = self.talk.client.one(f"/users/{change.choice}")
        if record is None:
            text = "The user that was chosen is not there any more. Choose again."
            return Plan(change, outcome=self.talk.conflict(change, text))
        return self.met(change, wire.as_id(record.get("id")) or change.choice, wire.user(record))

    def met(self, change: Change, user_id: str, user: Mapping[str, Any]) -> Plan:
        """Return the plan of one user that has the contact's e-mail, or was chosen."""
        self.seen[user_id] = user
        email, key = str(user.get(EMAIL) or ""), (as_text(user.get(USER_KEY)) or "").casefold()
        if user.get("companyId") != change.parent_id:
            return Plan(change, outcome=self.people.is_taken(change, email, user, EMAIL))
        # Of a company that we made: nobody else makes its first user, nor gives it our key.
        if key == change.key or (not key and not change.parent_adopted):
            self.first.update({user_id} if not key and user.get("role") == ADMIN else ())
            return Plan(change, user_id)
        if not key or change.choice == user_id:
            return Plan(change, user_id, held=user)
        text = f"The user of this company with the e-mail {email} carries the id of another record. Choose."
        found = self.talk.candidate(user_id, user, RULE)
        return Plan(change, outcome=self.talk.conflict(change, text, [found]))
