"""Changes on their way here from a store that fails, read by workers that die.

It always ends the same way: what stands there stands here once, nothing went back,
nobody was taken for deleted, and what is deleted is marked.
"""

import random
import time
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from companies.models import Company, CompanyLink
from connectors import pull, upkeep
from connectors.models import Connection, ConnectionHealth, Cursor, Notice
from connectors.pulling import notices
from connectors.sandbox.server import SandboxServer
from contacts.models import Contact, ContactLink
from synclog.models import Entry
from tests import b2b as store
from tests import talk
from tests.waiting import wait_until
from tests.workers import Workers

from .test_chaos import FAST

pytestmark = [pytest.mark.chaos, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
COMPANIES = 110
READS = {
    "companies_list", "users_list", "addresses_list", "company_read", "user_read", "address_read",
    "company_extra_fields", "user_extra_fields", "address_extra_fields", "roles_list",
}  # fmt: skip


@pytest.fixture
def reading(b2b: Connection) -> Connection:
    """Return a connection of which everything goes both ways, and their values count."""
    fields = ("name", "email", "phone", "legal_city", "status")
    Connection.objects.filter(pk=b2b.pk).update(
        directions={"company": "both", "contact": "both", "location": "both"},
        masters={"company": dict.fromkeys(fields, "remote")},
        auto_push={"company": True, "contact": True, "location": True},
    )
    b2b.refresh_from_db()
    return b2b


def one(number: int) -> dict[str, Any]:
    """Return a company as somebody over there makes it."""
    return {
        "companyName": f"Company {number:03}",
        "companyEmail": f"office{number}@test.example",
        "companyPhone": "650-555-0100",
        "city": "Oakland",
        "country": "United States",
        "state": "California",
        "companyStatus": 1,
        "adminEmail": f"admin{number}@test.example",
    }


def asked(connection: Connection) -> None:
    """Have everything read, whatever waits."""
    past = timezone.now() - timedelta(seconds=1)
    Cursor.objects.update(not_before=None)
    Notice.objects.filter(done_at=None).update(not_before=past)
    ConnectionHealth.objects.exclude(pause="").filter(paused_until__lte=timezone.now()).update(pause="")
    pull.ask(connection, by="")
    upkeep.sweep()


@pytest.mark.parametrize("seed", [1])
def test_a_hundred_companies_come_in_once_through_faults_and_a_killed_worker(
    reading: Connection, sandbox: SandboxServer, workers: Workers, seed: int
) -> None:
    dice = random.Random(seed)
    ids = store.makes(sandbox, "company", *(one(number) for number in range(COMPANIES)))
    before = set(store.calls(sandbox))
    first = workers.start(threads=2, **FAST)
    workers.start(threads=2, **FAST)
    store.break_it(
        sandbox,
        {"fault": "status:503", "probability": 0.1, "seed": seed},
        {"fault": "status:500", "probability": 0.1, "seed": seed + 1},
        {"fault": "drop_before_commit", "probability": 0.1, "seed": seed + 2},
        {"fault": "garbage", "probability": 0.1, "seed": seed + 3},
    )
    ends_at = time.monotonic() + 10
    killed = False
    while time.monotonic() < ends_at:
        store.changes(sandbox, "company", dice.choice(ids), city=dice.choice(["Bonn", "Lyon", "Paris"]))
        asked(reading)
        if not killed and Company.objects.exists():
            first.process.kill()
            killed = True
    talk.mend(sandbox)
    wait_until(lambda: _is_calm(reading, sandbox), timeout_s=120, said=_situation)
    gone = ids[:3]
    for remote_id in gone:
        store.deletes(sandbox, "company", remote_id)
        notices.keep(reading, "company", [str(remote_id)])
    wait_until(lambda: _gone() == {str(remote_id) for remote_id in gone}, timeout_s=60, said=_situation)

    assert killed
    there = {str(row["id"]): row for row in store.rows(sandbox, "company")}
    here = {link.remote_id: link for link in CompanyLink.objects.select_related("record")}
    assert set(here) == set(there) | {str(remote_id) for remote_id in gone}
    assert Company.objects.count() == Contact.objects.count() == COMPANIES
    assert [key for key, row in there.items() if here[key].record.legal_city != row["city"]] == []
    assert set(store.calls(sandbox)) - before <= READS
    made = Entry.objects.filter(outcome="created", entity="company").values_list("remote_id", flat=True)
    assert sorted(made) == sorted(str(remote_id) for remote_id in ids)


def _gone() -> set[str]:
    upkeep.sweep()
    return set(CompanyLink.objects.filter(code="gone").values_list("remote_id", flat=True))


def _situation() -> str:
    """Say what is not here yet, for a failing test."""
    waiting = Notice.objects.filter(done_at=None).values_list("entity", "remote_id", "not_before", "attempts")
    cursors = Cursor.objects.values_list("entity", "value", "is_midway", "full_since", "trouble")
    links = [model.objects.count() for model in (CompanyLink, ContactLink)]
    return "\n".join(map(str, [talk.situation(), "links:", *links, "notices:", *waiting[:9], *cursors]))


def _is_calm(connection: Connection, sandbox: SandboxServer) -> bool:
    """Return whether all that stands there is here and nothing is left to be read."""
    asked(connection)
    links = {link.remote_id: link for link in CompanyLink.objects.select_related("record")}
    return (
        ContactLink.objects.count() == COMPANIES
        and not Notice.objects.filter(done_at=None).exists()
        and all(
            (link := links.get(str(row["id"]))) is not None and link.record.legal_city == row["city"]
            for row in store.rows(sandbox, "company")
        )
    )
