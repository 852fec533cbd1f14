"""Push companies, contacts and locations to a B2B store, read them there, and be told of changes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

from connectors.inbound import Found, HookLine, Missing, Page
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
from connectors.systems.bigcommerce.hooks import Hooks
from connectors.systems.bigcommerce.pull import Puller
from connectors.systems.bigcommerce.pushing import matched, pushed

# One look at the store's lists, before and behind, serves as many. A click waits for none of it: it is asked
# for before each record, between two bulk calls, and between two pages.
BATCH = 100


class BigCommerceConnector:
    """Talk to one store; see `connectors.protocol.Connector`."""

    capabilities = frozenset({Capability.PUSH, Capability.PULL})
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

    def organisation(self) -> str:
        """Ask for one company: the store answers only where its hash and this token belong together.

        Source: BigCommerce docs, "Authenticate B2B Edition APIs".
        """
        self.client.get("/companies", {"limit": 1}, is_record=False)
        return self.client.hash

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

    def pull(self, entity: str, since: str | None) -> Iterator[Page]:
        """Yield pages of what changed since a cursor, of all without one."""
        yield from Puller(self.client, self.account).pages(entity, since)

    def fetch(self, entity: str, remote_ids: Sequence[str]) -> Iterator[Found | Missing]:
        """Read single records again, in order."""
        yield from Puller(self.client, self.account).single(entity, remote_ids)

    def hooks(self, address: str, secret: str) -> Sequence[HookLine]:
        """Return how each event is listened to. Changes nothing."""
        return Hooks(self.client, address, secret).look()

    def register_hooks(self, address: str, secret: str) -> Sequence[HookLine]:
        """Have every event delivered to this address; return how each stands then."""
        return Hooks(self.client, address, secret).register()

    def remove_hooks(self, address: str) -> int:
        """Have nothing delivered to this address any more; return how many hooks went."""
        return Hooks(self.client, address, "").remove()

    def push(self, entity: str, changes: Sequence[Change]) -> Iterator[Outcome]:
        """Yield one outcome per change, in order, until a click is more urgent."""
        yield from pushed(self.client, self.engine, self.account, entity, changes)

    def match(self, entity: str, changes: Sequence[Change]) -> Iterator[Matched]:
        """Yield what a push of these unlinked changes would do first. Writes nothing."""
        yield from matched(self.client, self.engine, self.account, entity, changes)
