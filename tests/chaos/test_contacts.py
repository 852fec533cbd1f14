"""Two thousand contacts of five hundred companies, and two real worker processes at once.

It always ends the same way: remote equals local, no duplicate, each contact below the account
of its company, nothing pending, every failure explained in the log.
"""

import random
import time
from collections import Counter
from collections.abc import Iterable
from typing import Any

import pytest
from django.utils import timezone

from companies.models import Company, CompanyLink
from connectors import entities, registry, upkeep
from connectors.models import Connection, ConnectionHealth
from connectors.rendering import Renderer
from connectors.sandbox.server import SandboxServer
from contacts.models import Contact, ContactLink
from synclog.models import Entry
from tests import talk
from tests.factories import CompanyFactory, ContactFactory
from tests.waiting import wait_until
from tests.workers import Workers

from . import late
from .test_chaos import FAST, TOKEN_ENDS

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.untested,
]
EDITS = 120
TOO_LONG = "1" * 41  # of a phone


@pytest.fixture
def automatic(salesforce: Connection) -> Connection:
    """Return the connection with automatic sync on for both, and batches small enough for many calls."""
    switches = {"company": True, "contact": True}
    Connection.objects.filter(pk=salesforce.pk).update(auto_push=switches, batch_size=50)
    salesforce.refresh_from_db()
    return salesforce


def house(companies: int, contacts: int, **fields: Any) -> tuple[list[Company], list[Contact]]:
    """Make companies, and contacts that are dealt round: neighbours in line have other parents."""
    parents = Company.objects.bulk_create(CompanyFactory.build_batch(companies))
    people = [
        ContactFactory.build(company=parents[number % companies], **fields) for number in range(contacts)
    ]
    return parents, Contact.objects.bulk_create(people)


def some_fail(companies: Iterable[Company]) -> None:
    """Give companies a phone that no account takes."""
    Company.objects.filter(pk__in=[company.pk for company in companies]).update(phone=TOO_LONG)


def waiting() -> int:
    return sum(kind.links().filter(state="pending").count() for kind in entities.in_order())


def swept(left: int = 0) -> bool:
    """Sweep as beat would; return whether no more than this waits."""
    upkeep.sweep()
    time.sleep(0.2)
    return waiting() <= left


def both_sides_agree(connection: Connection, sandbox: SandboxServer) -> None:
    """Assert what every chaos test ends with."""
    connection = Connection.objects.get(pk=connection.pk)
    accounts = _agrees(connection, "company", talk.accounts(sandbox))
    people = _agrees(connection, "contact", talk.people(sandbox))
    for contact in Contact.objects.select_related("company"):
        account = accounts[str(contact.company.public_id)]
        assert people[str(contact.public_id)]["AccountId"] == account["Id"]
    assert not ConnectionHealth.objects.filter(pause__in=["login", "setup"]).exists()
    troubles = Entry.objects.filter(level__in=["WARNING", "ERROR"])
    assert all(entry.description.strip() for entry in troubles)
    assert all(entry.logged_at <= timezone.now() for entry in troubles)


def _agrees(connection: Connection, entity: str, there: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    kind, mapping = entities.get(entity), registry.mapping(connection, entity)
    by_key = {row[mapping.key]: row for row in there}
    assert len(by_key) == len(there) == kind.records().count()
    renderer = Renderer(connection, kind)
    links = list(kind.links().select_related("record"))
    records = kind.whole().in_bulk([link.record_id for link in links])
    rendered = renderer.render([records[link.record_id] for link in links])
    for link, wanted in zip(links, rendered, strict=True):
        row = by_key[str(link.record.public_id)]
        assert {name: row.get(name) or None for name in wanted.payload} == wanted.payload
        assert (link.state, link.remote_id, link.lease, link.unsure) == ("idle", row["Id"], None, False)
    logged = Entry.objects.filter(entity=entity, outcome__in=["created", "updated"])
    assert set(logged.values_list("object_id", flat=True)) >= {row.public_id for row in records.values()}
    return by_key


def test_two_thousand_contacts_of_five_hundred_companies_go_by_two_workers(
    automatic: Connection, sandbox: SandboxServer, workers: Workers
) -> None:
    companies, contacts = house(500, 2_000)
    bad = companies[::50]
    held = [contact for contact in contacts if contact.company in bad]
    some_fail(bad)
    talk.request(automatic, contacts)  # the companies go along
    for _ in range(2):
        workers.start(threads=2, **FAST)

    wait_until(lambda: swept(left=len(held)), timeout_s=60, said=talk.situation, progress=late.progress)

    assert waiting() == len(held) == 40
    assert Counter(CompanyLink.objects.values_list("state", flat=True)) == {"idle": 490, "failed": 10}
    assert len(talk.people(sandbox)) == 1_960
    for contact in held[:3]:
        word, reason = talk.shown(contact, automatic)
        assert word == "Waiting"
        assert reason.startswith(f"for {contact.company} (company), which failed: Phone has 41 characters")
    _every_account_came_before_its_contacts()

    for company in bad:  # mended: no click on any contact
        company.phone = "1"
        company.save()
    wait_until(swept, timeout_s=60, said=talk.situation, progress=late.progress)
    both_sides_agree(automatic, sandbox)


def _every_account_came_before_its_contacts() -> None:
    made = {entry.object_id: entry.pk for entry in Entry.objects.filter(outcome="created")}
    for contact in Contact.objects.select_related("company"):
        if contact.public_id in made:
            assert made[contact.company.public_id] < made[contact.public_id]


@pytest.mark.parametrize("seed", [1, 2])
def test_contacts_survive_faults_edits_and_a_killed_worker(
    automatic: Connection, sandbox: SandboxServer, workers: Workers, seed: int
) -> None:
    dice = random.Random(seed)
    companies, contacts = house(60, 300)
    some_fail(companies[:5])
    first, _ = [workers.start(threads=2, **FAST) for _ in range(2)]
    _faults(sandbox, seed)
    talk.request(automatic, contacts)
    kills = [first.process.kill]
    for number in range(EDITS):
        _edit(dice.choice(contacts), companies, dice)
        upkeep.sweep()
        if number % 20 == 0:
            late.carry_out(sandbox)
            talk.break_it(sandbox, TOKEN_ENDS)
        if kills and ContactLink.objects.filter(state="pending").exclude(lease=None).exists():
            kills.pop()()  # in the middle of contacts
    assert not kills

    workers.start(threads=2, **FAST)
    for company in companies[:5]:
        fresh = Company.objects.get(pk=company.pk)
        fresh.phone = "1"
        fresh.save()
    wait_until(lambda: _calm(sandbox), timeout_s=60, said=talk.situation, progress=late.progress)
    talk.mend(sandbox)
    both_sides_agree(automatic, sandbox)


def _calm(sandbox: SandboxServer) -> bool:
    late.hurry(sandbox)
    return swept() and not late.unsettled()


def _faults(sandbox: SandboxServer, seed: int) -> None:
    talk.break_it(
        sandbox,
        {"fault": "status:503", "probability": 0.1, "seed": seed},
        {"fault": "status:429", "probability": 0.05, "retry_after": 1, "seed": seed + 1},
        {"fault": "drop_after_commit", "probability": 0.15, "seed": seed + 2},
        {"fault": "drop_before_commit", "probability": 0.05, "seed": seed + 3},
        {"fault": late.LATE, "probability": 0.1, "seed": seed + 6},
        {"fault": "record:UNABLE_TO_LOCK_ROW", "probability": 0.05, "seed": seed + 4},
    )


def _edit(contact: Contact, companies: list[Company], dice: random.Random) -> None:
    """Edit a contact, or move it to another company."""
    fresh = Contact.objects.get(pk=contact.pk)
    fresh.phone = dice.choice(["", "1", "2", "3"])
    fresh.job_title = dice.choice(["", "CEO", "CTO"])
    if dice.random() < 0.3:
        fresh.company = dice.choice(companies)
    fresh.save(requested_by="tester")
