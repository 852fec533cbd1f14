"""Push companies to Salesforce as Accounts, contacts as Contacts; read its users."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

from connectors.errors import Misconfigured
from connectors.inbound import Found, Missing, NothingIn
from connectors.protocol import (
    Account,
    Capability,
    Change,
    Engine,
    Identity,
    Matched,
    Outcome,
    UserRecord,
)
from connectors.systems.salesforce import trial
from connectors.systems.salesforce.address_parts import is_about_codes
from connectors.systems.salesforce.client import MAX_QUERIES, MAX_RECORDS, Client
from connectors.systems.salesforce.ids import as_18
from connectors.systems.salesforce.mapping import mappings
from connectors.systems.salesforce.planning import Planner
from connectors.systems.salesforce.writing import Writer, stale


class SalesforceConnector(NothingIn):
    """Talk to one org; see `connectors.protocol.Connector`."""

    capabilities = frozenset({Capability.PUSH, Capability.USERS})
    batch_size = MAX_RECORDS
    reach = MAX_QUERIES  # one Composite call asks for so many batches at once

    def __init__(self, account: Account, engine: Engine) -> None:
        self.account, self.engine = account, engine
        self.client = Client(account, engine)
        self.facts_are_fresh = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.client.close()

    @property
    def calls(self) -> int:
        """Return how many HTTP requests were made, the token's included."""
        return self.client.line.calls

    def organisation(self) -> str:
        """Return whose login this is, as it tells itself; ask where another worker has logged in."""
        self.client.log_in()
        return self.client.org_id or self.client.organisation()[0]

    def facts(self) -> Mapping[str, Any]:
        """Return what describe says of the objects that we write; this connector goes by it from here on."""
        found = trial.facts(self.client)
        self.account, self.facts_are_fresh = replace(self.account, facts=found), True
        return found

    def test_connection(self) -> Identity:
        """Check all that a push will need; see `trial`."""
        return trial.run(self.client, self.account.settings)

    def list_users(self) -> Iterator[UserRecord]:
        """Yield the standard users, who may own records; inactive ones too."""
        yield from self.client.users()

    def push(self, entity: str, changes: Sequence[Change]) -> Iterator[Outcome]:
        """Yield one outcome per change, in order. Raises NotImplementedError for another entity.

        Where the org switched its picklists off, or on, or changed their lists since the facts
        were read, the changes that it refuses wait as STALE.
        """
        answered = 0
        try:
            for outcome in self._pushed(entity, changes):
                answered += 1
                yield outcome
        except Misconfigured as error:
            if self.facts_are_fresh or not is_about_codes(error):
                raise
            yield from (stale(change) for change in changes[answered:])

    def _pushed(self, entity: str, changes: Sequence[Change]) -> Iterator[Outcome]:
        planner = self._planner(entity)
        writer = Writer(planner, self.client, self.engine, lists_are_fresh=self.facts_are_fresh)
        plans = planner.adopted(self.engine, planner.plans(changes))
        size = min(self.account.batch_size, MAX_RECORDS)
        for start in range(0, len(plans), size):
            yield from writer.carried_out(plans[start : start + size])

    def fetch(self, entity: str, remote_ids: Sequence[str]) -> Iterator[Found | Missing]:
        """Read single records again, in order: two hundred in a query, five queries in a call."""
        records = self._planner(entity).look_up.by_id(remote_ids)
        for remote_id in remote_ids:
            record = records.get(as_18(remote_id))
            yield Missing(remote_id) if record is None else Found(remote_id, record)

    def match(self, entity: str, changes: Sequence[Change]) -> Iterator[Matched]:
        """Yield what a push of these unlinked changes would do first. Writes nothing."""
        yield from self._planner(entity).matched(changes)

    def _planner(self, entity: str) -> Planner:
        known = mappings(self.account.settings, self.account.facts)
        if entity not in known:
            raise NotImplementedError(f"Salesforce: {entity} is not sent there")
        return Planner(known[entity], self.account, self.client)
