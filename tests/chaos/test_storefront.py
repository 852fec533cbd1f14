"""Companies, contacts and locations on their way to a B2B store that loses answers, and workers that die.

It always ends the same way: remote equals local, nobody twice, each user and address below its
company, one Primary Admin each, nothing pending, every failure explained in the log.
"""

import random
import time
from collections import Counter
from typing import Any

import pytest

from companies.models import Company, Location
from connectors import entities, queue, registry, upkeep
from connectors.models import Connection, ConnectionHealth
from connectors.rendering import Renderer
from connectors.sandbox.server import SandboxServer
from contacts import primary
from contacts.models import Contact, ContactLink
from synclog.models import Entry
from tests import b2b as store
from tests import talk
from tests.backlog import LOCATIONS, house
from tests.factories import ContactFactory
from tests.waiting import wait_until
from tests.workers import Workers

from . import late
from .test_chaos import FAST
from .test_contacts import swept, waiting

pytestmark = [pytest.mark.chaos, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
COMPANIES = 30
EDITS = 120
CREATES = (
    "company_create",
    "companies_create",
    "user_create",
    "users_create",
    "address_create",
    "addresses_create",
)
TABLES = {"company": "company", "contact": "user", "location": "address"}


@pytest.fixture
def automatic(b2b: Connection) -> Connection:
    """Return the connection with automatic sync on for all, and batches small enough for many claims."""
    on = {"company": True, "contact": True, "location": True}
    Connection.objects.filter(pk=b2b.pk).update(auto_push=on, auto_associate=on, max_slots=4)
    b2b.refresh_from_db()
    return b2b


def ask_for_all(connection: Connection) -> None:
    run = talk.new_run(connection).pk
    for kind in entities.in_order():
        pks = list(kind.records().values_list("pk", flat=True))
        queue.enqueue(kind.name, pks, connection, run=run, requested_by="tester")


def both_sides_agree(connection: Connection, sandbox: SandboxServer) -> None:
    """Assert what every test here ends with."""
    connection = Connection.objects.get(pk=connection.pk)
    companies = _agrees(connection, "company", sandbox)
    users = _agrees(connection, "contact", sandbox)
    addresses = _agrees(connection, "location", sandbox)
    for contact in Contact.objects.select_related("company"):
        user = users[str(contact.public_id)]
        assert str(user["companyId"]) == str(companies[str(contact.company.public_id)]["id"])
        assert (int(user["role"]) == 0) == contact.is_primary
    for place in Location.objects.select_related("company"):
        address = addresses[str(place.public_id)]
        assert str(address["companyId"]) == str(companies[str(place.company.public_id)]["id"])
    assert not ConnectionHealth.objects.filter(pause__in=["login", "setup"]).exists()
    assert all(entry.description.strip() for entry in Entry.objects.filter(level__in=["WARNING", "ERROR"]))


def _agrees(connection: Connection, entity: str, sandbox: SandboxServer) -> dict[str, dict[str, Any]]:
    kind, mapping = entities.get(entity), registry.mapping(connection, entity)
    there = store.rows(sandbox, TABLES[entity])
    by_key = {str(row[mapping.key]): row for row in there}
    assert len(by_key) == len(there) == kind.records().count(), Counter(
        str(row[mapping.key]) for row in there
    ).most_common(3)
    links = list(kind.links().select_related("record"))
    rendered = Renderer(connection, kind).render([link.record for link in links])
    for link, wanted in zip(links, rendered, strict=True):
        row = by_key[str(link.record.public_id)]
        assert (link.state, link.remote_id, link.lease, link.unsure) == ("idle", str(row["id"]), None, False)
        assert link.changed == []
        assert _same(row, wanted.payload) == {}
    return by_key


def _same(row: dict[str, Any], payload: dict[str, Any]) -> dict[str, Any]:
    """Return what differs of plain fields; those that a connector puts together are looked at elsewhere."""
    plain = {name: value for name, value in payload.items() if name in row}
    return {
        name: (row[name], value) for name, value in plain.items() if str(row[name] or "") != str(value or "")
    }


@pytest.mark.parametrize("route", CREATES)
def test_a_create_whose_answer_is_lost_is_found_again(
    automatic: Connection, sandbox: SandboxServer, route: str
) -> None:
    first = house(companies=6 if route == "companies_create" else 3)[0]
    Contact.objects.bulk_create(ContactFactory.build_batch(3, company=first))  # so many go in bulk
    if route == "user_create":  # so do those of several companies
        Contact.objects.filter(is_primary=False).exclude(pk=Contact.objects.latest("pk").pk).delete()
    if route == "address_create":  # one alone goes by itself
        Location.objects.exclude(company=first).delete()
        Location.objects.filter(pk=Location.objects.earliest("pk").pk).delete()
    store.break_it(sandbox, {"fault": "drop_after_commit", "match": {"route": route}, "times": 2})

    ask_for_all(automatic)
    talk.drain(automatic)
    for _ in range(8):
        talk.later(automatic)

    assert store.struck(sandbox)[0] >= 1
    assert waiting() == 0, talk.situation()
    both_sides_agree(automatic, sandbox)


def test_two_workers_who_are_asked_for_the_same_company_make_one(
    automatic: Connection, sandbox: SandboxServer, workers: Workers
) -> None:
    house(companies=1)
    for _ in range(2):
        workers.start(threads=2, **FAST)

    for _ in range(6):
        ask_for_all(automatic)
    wait_until(swept, timeout_s=60, said=talk.situation, progress=late.progress)

    both_sides_agree(automatic, sandbox)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_store_that_fails_and_a_killed_worker_lose_and_double_nothing(
    automatic: Connection, sandbox: SandboxServer, workers: Workers, seed: int
) -> None:
    dice = random.Random(seed)
    companies = house(COMPANIES)
    first, _ = [workers.start(threads=2, **FAST) for _ in range(2)]
    _faults(sandbox, seed)
    ask_for_all(automatic)
    kills = [first.process.kill]
    for number in range(EDITS):
        _edit(dice.choice(companies), dice)
        upkeep.sweep()
        if number % 20 == 0:
            late.carry_out(sandbox)
        if kills and ContactLink.objects.filter(state="pending").exclude(lease=None).exists():
            kills.pop()()  # in the middle of users

    workers.start(threads=2, **FAST)
    wait_until(lambda: _calm(automatic, sandbox), timeout_s=60, said=talk.situation, progress=late.progress)
    talk.mend(sandbox)
    ask_for_all(automatic)
    wait_until(lambda: _calm(automatic, sandbox), timeout_s=60, said=talk.situation, progress=late.progress)

    both_sides_agree(automatic, sandbox)


def _calm(connection: Connection, sandbox: SandboxServer) -> bool:
    """Sweep as time goes by, only faster: B2B asks for a minute after an error of its own.

    What gave up under fire is asked for again, as a person would.
    """
    late.hurry(sandbox)
    queue.retry_failed(connection, None, run=talk.new_run(connection).pk, requested_by="tester")
    return swept() and not late.unsettled()


def _faults(sandbox: SandboxServer, seed: int) -> None:
    store.break_it(
        sandbox,
        {"fault": "status:503", "probability": 0.08, "seed": seed},
        {"fault": "status:500", "probability": 0.05, "seed": seed + 1},
        {"fault": "drop_after_commit", "probability": 0.12, "seed": seed + 2},
        {"fault": "drop_before_commit", "probability": 0.05, "seed": seed + 3},
        {"fault": late.LATE, "probability": 0.1, "seed": seed + 6},
        {"fault": "garbage", "probability": 0.04, "seed": seed + 4},
        {"fault": "rate_limit", "probability": 0.02, "seed": seed + 5},
    )


def _edit(company: Company, dice: random.Random) -> None:
    """Do what people do meanwhile: rename, move the Primary, correct a place."""
    fresh = Company.objects.get(pk=company.pk)
    match dice.randrange(3):
        case 0:
            fresh.phone = f"+1 415 555 {dice.randrange(10_000):04d}"
            fresh.save()
        case 1:
            primary.set_primary(dice.choice(list(fresh.contacts.order_by("pk"))), by="tester")
        case _:
            place = fresh.locations.order_by("pk")[dice.randrange(LOCATIONS)]
            place.city = dice.choice(["Oakland", "Berkeley", "Alameda"])
            place.save()
    time.sleep(0.05)
