"""One push: record by record, each with an outcome, until a click is more urgent.

Raise for the connection, return for the record: a refusal is the record's. So is a
single failure inside B2B (500), which may have stored what it was sent: the record is
looked for again after a minute, and the others go on. So is a write that is not
allowed. The second in a row of either is the store's.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from connectors.errors import ConnectorError, Transient
from connectors.protocol import Account, Adoption, Change, Engine, Matched, Outcome, Status
from connectors.systems.bigcommerce.addresses import Addresses
from connectors.systems.bigcommerce.client import Client
from connectors.systems.bigcommerce.companies import Companies
from connectors.systems.bigcommerce.errors import RETRY_500_S, SERVER_TRIES, Denied, Refused
from connectors.systems.bigcommerce.mapping import mappings
from connectors.systems.bigcommerce.talk import HalfwayError, Plan, Talk
from connectors.systems.bigcommerce.users import Users

SERVER = "http_500"


class Work(Protocol):
    """Push the records of one entity, one after the other."""

    talk: Talk
    ready: dict[str, Outcome]  # of a bulk call: told when their turn comes

    def plan(self, change: Change) -> Plan:
        """Return what is to be done about a record that is not linked yet. Reads only."""

    def push(self, change: Change) -> Outcome:
        """Send one record. Raises ConnectorError, HalfwayError."""


_WORK: dict[str, Callable[[Talk, Sequence[Change]], Work]] = {
    "company": Companies,
    "contact": Users,
    "location": Addresses,
}


def pushed(
    client: Client, engine: Engine, account: Account, entity: str, changes: Sequence[Change]
) -> Iterator[Outcome]:
    """Yield one outcome per change, in order; end early where a click waits. Raises ConnectorError.

    Before it ends, what a bulk call made is told as it stands, without another call.
    """
    work = _work(client, engine, account, entity, changes)
    failed: ConnectorError | None = None
    is_leaving = False
    for number, change in enumerate(changes):
        is_leaving = is_leaving or engine.more_urgent()
        if is_leaving and not work.ready:
            return
        if is_leaving and change.key in work.ready:
            yield work.ready.pop(change.key)
            continue
        outcome, error = _one(work, change)
        if error is not None and outcome is None and (failed or (len(changes) == 1 and _is_server(error))):
            raise error
        yield outcome or _blamed(change, error)
        if error is not None and (failed or not (_is_server(error) or isinstance(error, Denied))):
            yield from _half_made(work, changes[number + 1 :])
            raise error
        failed = error


def _half_made(work: Work, changes: Sequence[Change]) -> Iterator[Outcome]:
    """Yield what a bulk call made of the next changes, so that it is known when this push broke off."""
    for change in changes:
        if change.key not in work.ready:
            return
        yield work.ready.pop(change.key)


def _one(work: Work, change: Change) -> tuple[Outcome | None, ConnectorError | None]:
    """Return how a record fared, and what went wrong beyond it; raises what is not about it."""
    try:
        return work.push(change), None
    except Refused as refused:
        return work.talk.refusal(change, refused), None
    except HalfwayError as half:
        return half.outcome, None if isinstance(half.cause, Refused) else half.cause
    except Denied as error:
        return None, error
    except Transient as error:
        if not _is_server(error):
            raise
        return None, error


def _is_server(error: ConnectorError) -> bool:
    return error.code == SERVER


def _blamed(change: Change, error: ConnectorError | None) -> Outcome:
    """Return the outcome of a record whose call failed, where others may not."""
    said = error.message if error else ""
    if isinstance(error, Denied):
        return Outcome(Status.REJECTED, change.remote_id, error.code, said)
    text = f"{said} It is looked for and sent again in a minute or more, by itself."
    return Outcome(
        Status.TRANSIENT, change.remote_id, SERVER, text, tries=SERVER_TRIES, wait_s=RETRY_500_S, unsure=True
    )


def matched(
    client: Client, engine: Engine, account: Account, entity: str, changes: Sequence[Change]
) -> Iterator[Matched]:
    """Yield, for changes without a remote id, what a push would do first. Writes nothing."""
    work = _work(client, engine, account, entity, changes)
    for change in changes:
        plan = work.plan(change)
        if plan.outcome is not None or not plan.remote_id:
            asks = plan.outcome is not None and plan.outcome.status is Status.CONFLICT
            yield Matched(change.key, conflict=plan.outcome if asks else None)
        elif plan.held is not None:
            yield Matched(change.key, work.talk.wish(change, plan.remote_id, plan.held, []))
        else:
            yield Matched(change.key, Adoption(change.key, plan.remote_id, {}, {}))


def _work(client: Client, engine: Engine, account: Account, entity: str, changes: Sequence[Change]) -> Work:
    known = mappings(account.settings, account.facts)
    if entity not in known:
        raise NotImplementedError(f"B2B: {entity} is not sent there")
    return _WORK[entity](Talk(client, engine, account, known[entity]), changes)
