"""The users of companies over there, read once per push and kept as we write."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.systems.bigcommerce import wire
from connectors.systems.bigcommerce.client import Client
from connectors.systems.bigcommerce.mapping import USER_KEY
from connectors.systems.bigcommerce.people import same_email
from connectors.systems.bigcommerce.readings import ADMIN


@dataclass
class Crews:
    """Who the users of a company are, by company and user id; flat."""

    client: Client
    known: dict[str, dict[str, Mapping[str, Any]]] = field(default_factory=dict)

    def of(self, company_id: str, *, fresh: bool = False) -> dict[str, Mapping[str, Any]]:
        """Return a company's users. Source: GET /users, `companyId`; compared again here."""
        if fresh or company_id not in self.known:
            found = self.client.listed("/users", "id", companyId=company_id, isIncludeExtraFields="1")
            users = ((wire.as_id(user.get("id")), wire.user(user)) for user in found)
            self.known[company_id] = {
                user_id: user for user_id, user in users if user.get("companyId") == company_id
            }
        return self.known[company_id]

    def with_email(
        self, company_id: str, email: str, *, fresh: bool = False
    ) -> tuple[str, Mapping[str, Any]] | None:
        """Return the user of a company with this e-mail and their id, None where there is none."""
        users = self.of(company_id, fresh=fresh).items()
        return next(((one, user) for one, user in users if same_email(user.get("email"), email)), None)

    def with_key(self, company_id: str, key: str) -> tuple[str, Mapping[str, Any]] | None:
        """Return the user of a company who carries our key, and their id; None where there is none."""
        users = self.of(company_id).items()
        return next(((one, user) for one, user in users if user.get(USER_KEY) == key), None)

    def wrote(self, company_id: str, user_id: str, fields: Mapping[str, Any]) -> None:
        """Keep what was written to a user, or of a new one."""
        users = self.known.get(company_id)
        if users is not None:
            users[user_id] = {**users.get(user_id, {}), **fields}

    def other_admins(self, company_id: str, user_id: str) -> list[Mapping[str, Any]]:
        """Return the admins of a company beside this user. One with a role of the store's own is none."""
        users = self.of(company_id).items()
        return [user for one, user in users if one != user_id and user.get("role") == ADMIN]
