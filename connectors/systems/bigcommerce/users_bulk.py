"""Make several new users of one company in one call, and find out what became of each."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from connectors.mapping import as_text, is_blank
from connectors.protocol import Account, Change, Outcome, Status
from connectors.systems.bigcommerce import wire
from connectors.systems.bigcommerce.client import MAX_BULK
from connectors.systems.bigcommerce.crews import Crews
from connectors.systems.bigcommerce.errors import Refused
from connectors.systems.bigcommerce.extras import filled
from connectors.systems.bigcommerce.mapping import USER, USER_KEY
from connectors.systems.bigcommerce.options import channels, welcomes
from connectors.systems.bigcommerce.talk import Talk

LEAST = 3  # a bulk call and the look behind it are two calls


@dataclass
class Bulk:
    """The bulk calls of one push. `alone`: keys that go alone, since a bulk call did not serve them."""

    talk: Talk
    crews: Crews
    alone: set[str] = field(default_factory=set)

    def make(self, changes: Sequence[Change]) -> dict[str, Outcome]:
        """Make up to ten users; return the outcomes of those that are there now, by key.

        The order of the answer is not promised, and nobody says whether a refused call
        stored some: so the company's users are read after it, whatever the answer.
        Source: POST /users/bulk.
        """
        group = _one_per_email(changes)[:MAX_BULK]
        bodies = {change.key: new_user(change, self.talk.account) for change in group}
        self.talk.engine.writing(bodies)
        with suppress(Refused):  # each that was not stored is refused once more, alone, and told why
            self.talk.client.write("POST", "/users/bulk", list(bodies.values()))
        made = self.talk.client.last
        found: dict[str, Outcome] = {}
        self.crews.of(group[0].parent_id, fresh=True)
        for change in group:
            there = self.crews.with_email(change.parent_id, str(change.payload.get("email")))
            if there is None or (as_text(there[1].get(USER_KEY)) or change.key).casefold() != change.key:
                self.alone.add(change.key)
                continue
            said = replace(made, request=bodies[change.key], answer=dict(there[1]))
            sent = self.talk.lasting(change.payload)
            found[change.key] = Outcome(Status.CREATED, there[0], sent=sent, exchange=said)
        return found


def _one_per_email(changes: Sequence[Change]) -> list[Change]:
    """Leave out who has another's e-mail: whoever comes later finds it taken."""
    by_email: dict[str, Change] = {}
    for change in changes:
        by_email.setdefault(str(change.payload.get("email") or "").casefold(), change)
    return list(by_email.values())


def new_user(change: Change, account: Account) -> dict[str, Any]:
    """Return the body of a new user: no blanks, our key along, and no welcome unless it was chosen."""
    extra = filled(account.facts, USER, change.payload)
    body = wire.body({**change.payload, **extra, "companyId": change.parent_id})
    sent = {name: value for name, value in body.items() if not is_blank(value)}
    found = channels(account.settings)
    own = {"acceptWelcomeEmail": welcomes(account.settings), USER_KEY: change.key}
    return {**sent, **own, **({"channelIds": found} if found else {})}
