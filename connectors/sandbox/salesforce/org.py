"""The rehearsed org: its settings, objects, records, users, tokens and the calls it has counted."""

import threading
import time
from collections.abc import Iterable, Mapping
from typing import Any

from . import people
from .addresses import AddressRules
from .catalog import Schema, build_schema
from .cursors import Cursors
from .errors import not_found
from .ids import IdFactory
from .oauth import Tokens
from .places import places
from .records import Records
from .schema import SObject
from .settings import Settings
from .store import Store, Table


class Org:
    """Everything there is behind one login; `lock` makes a request atomic."""

    def __init__(self) -> None:
        self._ids = IdFactory()
        self.tokens = Tokens()
        # One for all the stores that resets make: a call that waits for it finds the new one.
        self.lock = threading.RLock()
        self._counting = threading.Lock()
        self.reset()

    def reset(self) -> None:
        """Go back to the first day."""
        self.tokens.expire_all()
        self.settings = Settings()
        self.api_used = 0
        self.address_rules = _address_rules(self.settings)
        self.schema: Schema = build_schema(self.settings.fields, self.address_rules)
        self.described_at = time.time()
        self.store = Store(self.schema, self._ids, self.lock)
        self.records = Records(self.store, self.settings, self.address_rules)
        self.cursors = Cursors()
        self._seed_all("Profile", people.first_profiles())
        self._seed_all("User", people.first_users())
        self._seed_organization()

    def configure(self, changes: Mapping[str, Any]) -> None:
        """Change settings; raise ValueError with a sentence when one is wrong."""
        with self.lock:
            wanted = dict(changes)
            used = wanted.pop("api_used", self.api_used)
            if not isinstance(used, int) or isinstance(used, bool):
                raise ValueError("api_used is a number of calls")
            settings = self.settings.changed(wanted)
            self._check_aliases(settings.users_without_read)
            rules = _address_rules(settings)
            schema = build_schema(settings.fields, rules)
            is_turned_on = rules is not None and self.address_rules is None
            self.settings, self.address_rules, self.schema, self.api_used = settings, rules, schema, used
            # HTTP dates are whole seconds: a change within the same second must still look newer.
            self.described_at = max(time.time(), self.described_at + 1)
            self.records = Records(self.store, settings, rules)
            self.store.use(schema)
            if is_turned_on:
                self._convert_addresses()
            self._seed_organization()

    @property
    def integration_user(self) -> str:
        """Return the id of the Run As user of the login."""
        return people.user_id(people.RUN_AS)

    @property
    def remote_user(self) -> str:
        """Return the id of the user who does what the control API does."""
        return people.user_id(people.COLLEAGUE)

    def sobject(self, name: str) -> SObject:
        """Return the object of that name in any case; raise the 404 of an unknown one."""
        if (found := self.schema.get(name.lower())) is None:
            raise not_found()
        return found

    def table(self, sobject: SObject) -> Table:
        """Return the rows of an object."""
        return self.store.tables[sobject.name]

    def user_of(self, token: str) -> str | None:
        """Return the id of the active user whose good token this is, else None."""
        user_id = self.tokens.user_of(token)
        # Who is deactivated is logged out at once.
        return user_id if user_id and self.store.tables["User"].rows[user_id]["IsActive"] else None

    def count_call(self) -> bool:
        """Count one API call; return whether today's calls still allow it."""
        with self._counting:
            if self.api_used >= self.settings.api_limit:
                return False
            self.api_used += 1
            return True

    def usage(self, *, exhausted: bool = False) -> str:
        """Return the value of Sforce-Limit-Info."""
        limit = self.settings.api_limit
        return f"api-usage={limit if exhausted else self.api_used}/{limit}"

    def _check_aliases(self, aliases: Iterable[object]) -> None:
        known = {user["Alias"] for user in self.store.tables["User"].rows.values()}
        if unknown := [alias for alias in aliases if alias not in known]:
            raise ValueError(f"there is no user with the alias {unknown[0]!r}")

    def _convert_addresses(self) -> None:
        """Give codes to the texts that are on the lists; others stay as they are, without a code."""
        if self.address_rules is None:
            return
        for table in (self.store.tables["Account"], self.store.tables["Contact"]):
            for key, row in list(table.rows.items()):
                # Codes from before the picklists were turned off may no longer fit.
                texts = {name: row[name] for name in row if not name.endswith(("CountryCode", "StateCode"))}
                self.store.put(table, key, {**texts, **self.address_rules.codes_of_texts(row)})

    def _seed_all(self, name: str, rows: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
        for key, values in rows:
            self._seed(name, key, values)

    def _seed_organization(self) -> None:
        facts = {"Name": self.settings.org_name, "OrganizationType": "Developer Edition", "IsSandbox": True}
        self.store.tables["Organization"].rows.clear()
        self._seed("Organization", self.settings.org_id, facts)

    def _seed(self, name: str, key: str, values: Mapping[str, Any]) -> None:
        now, author = self.store.now(), self.integration_user
        stamps = {"CreatedDate": now, "LastModifiedDate": now, "SystemModstamp": now}
        authors = {"CreatedById": author, "LastModifiedById": author}
        row = {"Id": key, "IsDeleted": False, **values, **stamps, **authors}
        self.store.put(self.store.tables[name], key, row)


def _address_rules(settings: Settings) -> AddressRules | None:
    if not settings.state_country_picklists:
        return None
    return AddressRules(places(settings.countries), settings.default_country)
