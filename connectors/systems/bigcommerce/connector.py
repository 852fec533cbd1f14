"""Push companies, contacts and locations to a B2B store."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

from connectors.inbound import NothingIn
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
from connectors.systems.bigcommerce import fields, trial
from connectors.systems.bigcommerce.client import Client
from connectors.systems.bigcommerce.pushing import matched, pushed

BATCH = 50  # a record takes one to eight calls of 150 a minute: more would keep a click waiting


class BigCommerceConnector(NothingIn):
    """Talk to one store; see `connectors.protocol.Connector`."""

    capabilities = frozenset({Capability.PUSH})
    batch_size = BATCH
    reach = 1

    def __init__(self, account: Account, engine: Engine) -> None:
        self.account, self.engine = account, engine
        self.client = Client(account, engine)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.client.close()

    @property
    def calls(self) -> int:
        """Return how many HTTP requests were made."""
        return self.client.calls

    def facts(self) -> Mapping[str, Any]:
        """Return what the store has of our fields; this connector goes by it from here on."""
        found = fields.facts(self.client)
        self.account = replace(self.account, facts=found)
        return found

    def test_connection(self) -> Identity:
        """Check all that a push will need; see `trial`."""
        return trial.run(self.client, self.account.settings)

    def list_users(self) -> Iterator[UserRecord]:
        """Refuse: nobody owns records in B2B."""
        raise NotImplementedError(f"B2B: {Capability.USERS} is not a declared capability")

    def push(self, entity: str, changes: Sequence[Change]) -> Iterator[Outcome]:
        """Yield one outcome per change, in order, until a click is more urgent."""
        yield from pushed(self.client, self.engine, self.account, entity, changes)

    def match(self, entity: str, changes: Sequence[Change]) -> Iterator[Matched]:
        """Yield what a push of these unlinked changes would do first. Writes nothing."""
        yield from matched(self.client, self.engine, self.account, entity, changes)
