"""Make new users together, of whatever companies, and find out what became of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.mapping import is_blank
from connectors.protocol import Account, Change
from connectors.systems.bigcommerce import bulk, wire
from connectors.systems.bigcommerce.crews import Crews
from connectors.systems.bigcommerce.extras import filled
from connectors.systems.bigcommerce.mapping import USER, USER_KEY
from connectors.systems.bigcommerce.options import channels, welcomes
from connectors.systems.bigcommerce.store_index import as_key, email_word

LEAST = 3  # a bulk call and the look behind it are two calls


@dataclass(kw_only=True)
class Bulk(bulk.Bulk):
    """The bulk calls of users. Source: POST /users/bulk."""

    crews: Crews

    path = "/users/bulk"

    def unique(self, change: Change) -> set[str]:
        """Return the e-mail: whoever comes later finds it taken."""
        return {email_word(change.payload.get("email"))}

    def body(self, change: Change) -> dict[str, Any]:
        """Return a new user as the request has it."""
        return new_user(change, self.talk.account)

    def found(self, calls: Sequence[bulk.Call]) -> dict[str, tuple[str, bulk.Flat]]:
        """Read what was made lately, or all users of the one company."""
        changes = [change for call in calls for change in call.changes.values()]
        by_email = {
            (str(flat.get("companyId")), email_word(flat.get("email"))): (user_id, flat)
            for user_id, flat in self._read({change.parent_id for change in changes}).items()
        }
        found: dict[str, tuple[str, bulk.Flat]] = {}
        for change in changes:
            user_id, flat = by_email.get(_whose(change), ("", {}))
            if user_id and as_key(flat.get(USER_KEY)) in ("", as_key(change.key)):
                found[change.key] = (user_id, flat)
        return found

    def _read(self, companies: set[str]) -> Mapping[str, bulk.Flat]:
        if len(companies) == 1:
            return self.crews.of(*companies, fresh=True)
        return self.listing.read_back()


def _whose(change: Change) -> tuple[str, str]:
    return change.parent_id, email_word(change.payload.get("email"))


def new_user(change: Change, account: Account) -> dict[str, Any]:
    """Return the body of a new user: no blanks, our key along, and no welcome unless it was chosen."""
    extra = filled(account.facts, USER, change.payload)
    body = wire.body({**change.payload, **extra, "companyId": change.parent_id})
    sent = {name: value for name, value in body.items() if not is_blank(value)}
    found = channels(account.settings)
    own = {"acceptWelcomeEmail": welcomes(account.settings), USER_KEY: change.key}
    return {**sent, **own, **({"channelIds": found} if found else {})}
