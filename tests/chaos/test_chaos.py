"""Everything at once, with two real worker processes. It always ends the same way:

remote equals local, no duplicate, nothing pending, every failure explained in the log.
"""

import random
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import redis
from django.conf import settings
from django.utils import timezone

from companies.models import Company, CompanyLink
from connectors import registry, upkeep
from connectors.models import Connection, ConnectionHealth
from connectors.sandbox.server import SandboxServer
from synclog.models import Entry
from tests import talk
from tests.chaos import late
from tests.chaos.late import UNANSWERED_S
from tests.chaos.relay import Relay, relay
from tests.factories import CompanyFactory
from tests.waiting import wait_until
from tests.workers import Workers

pytestmark = [pytest.mark.chaos, pytest.mark.django_db(transaction=True), pytest.mark.untested]

TOKEN_ENDS = {"fault": "expire_tokens", "times": 1}  # by chance two would meet in one call: a refused login
# A lease of 4 s instead of 90, and back-offs to match, so that a test sees what hours would show.
FAST = {
    "CALL_TIMEOUT_S": "2.5",
    "UNANSWERED_CALL_S": str(UNANSWERED_S),
    "LEASE_MARGIN_S": "1.5",
    "CONNECTION_BACKOFF_FIRST_S": "0.2",
    "CONNECTION_BACKOFF_LAST_S": "1",
    "RECORD_BACKOFF_FIRST_S": "0.2",
    "RECORD_BACKOFF_LAST_S": "1",
    "RECORD_ATTEMPTS": "100",
}


@pytest.fixture
def automatic(salesforce: Connection) -> Connection:
    """Return the connection with automatic sync on and small batches, so that many calls are made."""
    Connection.objects.filter(pk=salesforce.pk).update(auto_push={"company": True}, batch_size=20)
    salesforce.refresh_from_db()
    return salesforce


@pytest.fixture
def broker() -> Iterator[Relay]:
    """Put a relay that can hang between the workers and the broker."""
    url = urlsplit(settings.REDIS_URL)
    with relay(url.hostname or "127.0.0.1", url.port or 6379) as between:
        yield between


@pytest.mark.parametrize(
    ("count", "edits", "seed"),
    [
        (60, 40, 1),
        pytest.param(400, 160, 1, marks=pytest.mark.slow),
        pytest.param(400, 160, 2, marks=pytest.mark.slow),
    ],
)
def test_companies_survive_faults_edits_and_a_killed_worker(
    automatic: Connection,
    sandbox: SandboxServer,
    workers: Workers,
    broker: Relay,
    count: int,
    edits: int,
    seed: int,
) -> None:
    dice = random.Random(seed)
    through = {"REDIS_URL": _through(broker)}
    first, _ = [workers.start(threads=2, **FAST, **through) for _ in range(2)]
    _half_of_all_calls_fail(sandbox, seed)
    chosen = Company.objects.bulk_create(CompanyFactory.build_batch(count))
    talk.request(automatic, chosen)
    events = [lambda: first.process.kill(), _flush_the_broker, broker.hung.set, broker.hung.clear]
    for number in range(edits):
        _edit(dice.choice(chosen), dice)
        upkeep.sweep()  # as beat would
        if number % 20 == 0:
            late.carry_out(sandbox)
            talk.break_it(sandbox, TOKEN_ENDS)
        if number >= edits // 2 and number % (edits // 8) == 0 and events:
            events.pop(0)()

    assert events == []
    workers.start(threads=2, **FAST, **through)  # whoever looks after it starts a new one
    wait_until(lambda: _calm(sandbox), timeout_s=60, said=talk.situation, progress=late.progress)

    talk.mend(sandbox)
    _both_sides_agree(automatic, sandbox, count)


def _half_of_all_calls_fail(sandbox: SandboxServer, seed: int) -> None:
    talk.break_it(
        sandbox,
        {"fault": "status:503", "probability": 0.15, "seed": seed},
        {"fault": "status:500", "probability": 0.1, "seed": seed + 1},
        {"fault": "drop_after_commit", "probability": 0.15, "seed": seed + 2},
        {"fault": "drop_before_commit", "probability": 0.05, "seed": seed + 3},
        {"fault": late.LATE, "probability": 0.1, "seed": seed + 8},
        {"fault": "garbage", "probability": 0.05, "seed": seed + 4},
        {"fault": "record:UNABLE_TO_LOCK_ROW", "probability": 0.05, "seed": seed + 6},
        {"fault": "hang", "times": 2, "probability": 0.02, "seed": seed + 7},
    )


def _edit(company: Company, dice: random.Random) -> None:
    fresh = Company.objects.get(pk=company.pk)
    fresh.phone = dice.choice(["", "1", "2", "3"])
    fresh.legal_city = dice.choice(["", "Bonn", "Lyon"])
    fresh.save(requested_by="tester")


def _through(broker: Relay) -> str:
    return f"redis://127.0.0.1:{broker.port}{urlsplit(settings.REDIS_URL).path}"


def _flush_the_broker() -> None:
    client = redis.Redis.from_url(settings.REDIS_URL)
    client.flushdb()
    client.close()


def _calm(sandbox: SandboxServer) -> bool:
    """Sweep as beat would, faster than time goes by; return whether nothing waits or is checked any more."""
    late.hurry(sandbox)
    upkeep.sweep()
    time.sleep(0.2)
    return not late.unsettled()


def _both_sides_agree(connection: Connection, sandbox: SandboxServer, count: int) -> None:
    mapping = registry.mapping(Connection.objects.get(pk=connection.pk), "company")
    accounts = talk.accounts(sandbox)
    assert len(accounts) == count
    by_key = {account["Concord_Id__c"]: account for account in accounts}
    links = CompanyLink.objects.select_related("record")
    assert len(by_key) == count == links.count()
    for link in links:
        account = by_key[str(link.record.public_id)]
        wanted = mapping.render(link.record).payload
        assert {name: account.get(name) or None for name in wanted} == wanted
        assert (link.state, link.remote_id, link.lease, link.unsure) == ("idle", account["Id"], None, False)
    assert not ConnectionHealth.objects.filter(pause__in=["login", "setup"]).exists()
    logged = set(Entry.objects.filter(outcome__in=["created", "updated"]).values_list("object_id", flat=True))
    assert logged >= set(Company.objects.values_list("public_id", flat=True))
    troubles = Entry.objects.filter(level__in=["WARNING", "ERROR"])
    assert troubles.exists()
    assert all(entry.description.strip() for entry in troubles)
    assert all(entry.logged_at <= timezone.now() for entry in troubles)
