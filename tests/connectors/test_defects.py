"""What a hostile reading of the queue found: each was broken once."""

import contextlib
import random
import threading
import time
import uuid
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.conf import settings
from django.contrib.admin import site
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from companies.models import Company, CompanyLink
from connectors import doorbell, entities, health, push, queue
from connectors.errors import RateLimited, Transient
from connectors.matching import Found, match_only
from connectors.models import Connection, ConnectionHealth, Slot
from connectors.protocol import Outcome, Status
from connectors.sandbox.server import SandboxServer
from synclog.models import Run
from tests import talk
from tests.connectors.test_races import _after, _claimed, _settle, in_thread
from tests.factories import CompanyFactory
from tests.shelf import Shelf
from tests.staff import person
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_record_that_can_not_be_rendered_fails_alone_and_the_others_arrive(shelf: Shelf) -> None:
    chosen = CompanyFactory.create_batch(5)
    Company.objects.filter(pk=chosen[2].pk).update(status="bug")
    talk.request(shelf.connection, chosen)

    for _ in range(8):  # each failure makes the next batch smaller
        ConnectionHealth.objects.update(pause="", paused_until=None)
        push.drain(shelf.connection.pk)

    assert talk.link_of(chosen[2]).state == "failed"
    assert talk.link_of(chosen[2]).code == "internal"
    assert {talk.link_of(one).state for one in chosen if one != chosen[2]} == {"idle"}
    assert len(shelf.of("company")) == 4


def test_no_call_carries_more_records_than_the_connections_page_says(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    Connection.objects.update(batch_size=20, max_slots=1)
    chosen = Company.objects.bulk_create(CompanyFactory.build_batch(100))
    talk.send(salesforce, chosen)
    Company.objects.update(phone="+1 650 555 0100")
    talk.send(salesforce, chosen)

    assert talk.count(sandbox, "collections_upsert") == 5
    assert talk.count(sandbox, "collections_update") == 5
    assert talk.states() == {"idle": 100}


def test_a_quota_used_up_in_the_middle_of_a_batch_still_pauses(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    Connection.objects.update(max_slots=1)
    chosen = Company.objects.bulk_create(CompanyFactory.build_batch(400))
    talk.request(salesforce, chosen)
    # the first write call passes, the second is told to wait for ten minutes
    talk.break_it(sandbox, {"fault": "slow:0", "match": {"route": "collections_upsert"}, "times": 1})
    talk.break_it(
        sandbox,
        {
            "fault": "rate_limit",
            "retry_after": 600,
            "match": {"route": "collections_upsert", "Name": chosen[399].name},
            "times": 1,
        },
    )
    talk.drain(salesforce)
    h = ConnectionHealth.objects.get()
    assert h.is_paused()


def test_a_connection_that_does_not_answer_is_not_tried_again_at_once_however_the_jitter_falls(
    salesforce: Connection, sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(random, "uniform", lambda least, most: least)
    company = CompanyFactory.create()
    talk.break_it(
        sandbox, {"fault": "drop_before_commit", "match": {"route": "collections_upsert"}, "times": 1}
    )

    talk.send(salesforce, [company])

    assert talk.count(sandbox, "collections_upsert") == 1
    assert talk.link_of(company).state == "pending"


def test_a_field_left_at_adoption_comes_back_after_a_lost_answer(
    salesforce: Connection, sandbox: SandboxServer, settings: Any
) -> None:
    settings.CONCORD = {**settings.CONCORD, "record_backoff_s": (0.0, 0.0)}
    company = CompanyFactory.create(name="Only", website="https://only.example", phone="A")
    (_there,) = talk.remote_creates(sandbox, {"Name": "Only", "Website": "only.example", "Phone": "theirs"})
    talk.send(salesforce, [company])
    assert talk.account_of(sandbox, company)["Phone"] == "theirs"
    company.phone = "B"
    company.save()
    talk.break_it(sandbox, {"fault": "drop_after_commit", "match": {"route": "collections_*"}, "times": 1})
    talk.request(salesforce, [company])
    push.drain(salesforce.pk, stop=_after(1))
    assert talk.account_of(sandbox, company)["Phone"] == "B"
    company.phone = "A"
    company.save()
    health.resume(salesforce, by="tester")
    talk.send(salesforce, [company])
    talk.link_of(company)
    assert talk.account_of(sandbox, company)["Phone"] in ("A", "theirs")


def test_what_an_adoption_filled_is_cleared_again_after_a_lost_answer(
    salesforce: Connection, sandbox: SandboxServer, settings: Any
) -> None:
    settings.CONCORD = {**settings.CONCORD, "record_backoff_s": (0.0, 0.0)}
    company = CompanyFactory.create(name="Only", website="https://only.example", phone="A")
    talk.remote_creates(sandbox, {"Name": "Only", "Website": "https://only.example"})
    talk.break_it(sandbox, {"fault": "drop_after_commit", "match": {"route": "collections_*"}, "times": 1})
    talk.request(salesforce, [company])
    push.drain(salesforce.pk, stop=_after(1))
    assert talk.account_of(sandbox, company)["Phone"] == "A"
    company.phone = ""
    company.save()
    health.resume(salesforce, by="tester")
    talk.send(salesforce, [company])
    talk.link_of(company)
    assert not talk.account_of(sandbox, company).get("Phone")


def test_a_record_that_killed_its_workers_can_be_retried(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    company = CompanyFactory.create()
    talk.request(salesforce, [company])
    CompanyLink.objects.update(crashes=salesforce.batch_size.bit_length() - 1 + 2, lease=uuid.uuid4())
    talk.drain(salesforce)
    assert talk.link_of(company).code == "crashed"
    company.phone = "5"
    company.save()
    talk.send(salesforce, [company])
    assert talk.link_of(company).state == "idle"


@pytest.mark.parametrize("for_s", [2, pytest.param(8, marks=pytest.mark.slow)])
def test_a_claimed_record_is_as_new_as_its_ticket(salesforce: Connection, for_s: float) -> None:
    chosen = Company.objects.bulk_create(CompanyFactory.build_batch(3000))
    talk.request(salesforce, chosen)
    kind = entities.get("company")
    stop = threading.Event()
    pks = [c.pk for c in chosen]

    def edits() -> None:
        while not stop.is_set():
            pk = random.choice(pks[:300])
            with transaction.atomic():
                company = Company.objects.get(pk=pk)
                company.save()
                queue.enqueue("company", [pk], salesforce, run=uuid.uuid4(), requested_by="t")
                ticket = CompanyLink.objects.get(record_id=pk).ticket
                Company.objects.filter(pk=pk).update(phone=str(ticket))

    wrong: list[tuple[str, str]] = []
    try:
        with in_thread(edits):
            ends = time.monotonic() + for_s
            lease = queue.slots.take(salesforce, 300)
            assert lease is not None
            while time.monotonic() < ends and not wrong:
                rows, _ = queue.claim(salesforce, kind, lease, 3000)
                wrong += [
                    (str(r.ticket), r.record.phone)
                    for r in rows
                    if len(r.record.phone) == 36 and str(r.ticket) != r.record.phone
                ]
                queue.release(kind, lease, rows, [])
            stop.set()
    finally:
        stop.set()
    assert not wrong


def test_all_fields_asked_for_in_flight_are_sent(salesforce: Connection, sandbox: SandboxServer) -> None:
    company = CompanyFactory.create(phone="ours")
    talk.send(salesforce, [company])
    talk.remote_edits(sandbox, talk.link_of(company).remote_id, Phone="theirs")
    company.website = "https://new.example"
    company.save()
    talk.request(salesforce, [company])
    talk.break_it(sandbox, {"fault": "slow:0.8", "match": {"route": "collections_update"}, "times": 1})
    with in_thread(lambda: push.drain(salesforce.pk)):
        wait_until(lambda: queue.live_leases(salesforce) and CompanyLink.objects.exclude(lease=None).exists())
        talk.request(salesforce, [company], full=True)
    talk.drain(salesforce)
    assert talk.account_of(sandbox, company)["Phone"] == "ours"


def matched(connection: Connection) -> Any:
    return match_only(Connection.objects.get(pk=connection.pk), entities.get("company"))


SITE = "https://acme.example"


def there(sandbox: SandboxServer, name: str) -> str:
    (remote_id,) = talk.remote_creates(sandbox, {"Name": name, "Website": SITE})
    return remote_id


def test_match_only_links_the_one_that_is_left_of_a_conflict(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    company = CompanyFactory.create(name="Twice", website=SITE)
    one, two = there(sandbox, "Twice"), there(sandbox, "Twice")
    matched(salesforce)
    talk.remote_edits(sandbox, two, Name="Other")
    assert matched(salesforce).link == 1
    link = talk.link_of(company)
    assert (link.remote_id, link.state, link.code, link.candidates) == (one, "idle", "", [])


def test_match_only_counts_a_taken_account_as_a_conflict(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    CompanyFactory.create(name="Only", website=SITE)
    there(sandbox, "Only")
    matched(salesforce)
    CompanyFactory.create(name="Only", website=SITE)
    found = matched(salesforce)
    assert found == Found(conflict=1, linked_before=1)


def test_match_only_leaves_a_persons_choice_alone(salesforce: Connection, sandbox: SandboxServer) -> None:
    company = CompanyFactory.create(name="Twice", website=SITE)
    there(sandbox, "Twice"), there(sandbox, "Twice")
    talk.send(salesforce, [company])
    link = talk.link_of(company)
    assert link.code == "conflict"
    health.pause(salesforce, by="t")
    queue.choose("company", link.pk, "create", by="t", run=uuid.uuid4())
    assert talk.link_of(company).state == "pending"
    matched(salesforce)
    assert talk.link_of(company).state == "pending"


def test_match_only_says_a_refused_login_plainly(salesforce: Connection, sandbox: SandboxServer) -> None:
    CompanyFactory.create()
    Connection.objects.update(credentials={"client_id": "x", "client_secret": "wrong-secret"})
    with pytest.raises(CommandError):
        call_command("sync", "salesforce", "--match-only")


def test_match_only_on_a_paused_connection_makes_no_call(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    CompanyFactory.create()
    health.pause(salesforce, by="t")
    with contextlib.suppress(CommandError):
        call_command("sync", "salesforce", "--match-only")
    assert talk.calls(sandbox)["counts"] == {}


def test_unlink_is_not_undone_by_a_late_answer(salesforce: Connection) -> None:
    company = CompanyFactory.create()
    talk.request(salesforce, [company])
    kind, lease, (row,) = _claimed(salesforce)
    Slot.objects.filter(lease=lease).update(expires_at=timezone.now() - timedelta(seconds=1))
    queue.unlink("company", row.pk, by="t")
    _settle(salesforce, kind, lease, row, Outcome(Status.CREATED, "001000000000001AAA", sent={"Name": "x"}))
    assert talk.link_of(company).remote_id == ""


def test_a_choice_is_not_undone_by_a_late_answer(salesforce: Connection) -> None:
    company = CompanyFactory.create()
    talk.request(salesforce, [company])
    kind, lease, (row,) = _claimed(salesforce)
    Slot.objects.filter(lease=lease).update(expires_at=timezone.now() - timedelta(seconds=1))
    queue.choose("company", row.pk, "create", by="t", run=uuid.uuid4())
    _settle(salesforce, kind, lease, row, Outcome(Status.UPDATED, "001000000000001AAA", sent={"Name": "x"}))
    assert talk.link_of(company).remote_id == ""


def test_a_shorter_trouble_does_not_end_a_limit(salesforce: Connection) -> None:
    health.failed(salesforce, RateLimited("slow down", retry_after_s=3600), batch=1)
    health.failed(salesforce, Transient("503"), batch=1)
    h = ConnectionHealth.objects.get()
    assert h.paused_until is not None
    assert h.paused_until > timezone.now() + timedelta(minutes=50)


def test_an_older_call_that_succeeds_does_not_end_a_limit(salesforce: Connection) -> None:
    health.failed(salesforce, RateLimited("slow down", retry_after_s=3600), batch=1)
    health.answered(salesforce)  # another talker's call, begun before
    assert ConnectionHealth.objects.get().is_paused()


def test_a_connection_that_is_switched_off_stops_after_the_batch(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    Connection.objects.update(batch_size=5, max_slots=1)
    chosen = Company.objects.bulk_create(CompanyFactory.build_batch(100))
    talk.request(salesforce, chosen)
    talk.break_it(sandbox, {"fault": "slow:0.1", "match": {"route": "collections_upsert"}})
    with in_thread(lambda: push.drain(salesforce.pk)):
        wait_until(lambda: len(talk.accounts(sandbox)))
        Connection.objects.update(enabled=False)
    assert len(talk.accounts(sandbox)) < 100


def test_a_transaction_rings_once(salesforce: Connection) -> None:
    doorbell.forget_trouble()
    salesforce.auto_push = {"company": True}
    salesforce.save()
    broker = redis.Redis.from_url(settings.REDIS_URL)
    broker.flushdb()
    with transaction.atomic():
        CompanyFactory.create_batch(20)
    assert broker.llen("concord") == 1


@pytest.mark.parametrize(
    ("slots", "busy", "companies", "called"),
    [(4, 0, 100, 3), (4, 0, 30, 2), (1, 0, 100, 0), (4, 0, 3, 0), (4, 2, 100, 1), (4, 3, 100, 0)],
)
def test_a_backlog_calls_as_many_talkers_as_it_is_worth_and_as_find_a_slot(
    salesforce: Connection, slots: int, busy: int, companies: int, called: int
) -> None:
    Connection.objects.update(batch_size=5, max_slots=slots)
    talk.request(salesforce, Company.objects.bulk_create(CompanyFactory.build_batch(companies)))
    doorbell.forget_trouble()
    asked = iter([False, False])
    with redis.Redis.from_url(settings.REDIS_URL) as broker, ExitStack() as talking:
        broker.flushdb()
        talking.enter_context(queue.slot(salesforce, 60, reader=True))  # takes none of theirs
        salesforce.refresh_from_db()
        for _ in range(busy):
            talking.enter_context(queue.slot(salesforce, 60))

        push.drain(salesforce.pk, stop=lambda: next(asked, True))  # one batch

        assert broker.llen("concord") == called


def test_a_taken_id_does_not_close_a_newer_request(salesforce: Connection) -> None:
    first, second = CompanyFactory.create_batch(2)
    CompanyLink.objects.create(connection=salesforce, record=first, remote_id="001000000000001AAA")
    talk.request(salesforce, [second])
    kind, lease, (row,) = _claimed(salesforce)
    talk.request(salesforce, [second])
    _settle(salesforce, kind, lease, row, Outcome(Status.CREATED, "001000000000001AAA", sent={"Name": "x"}))
    assert talk.link_of(second).state == "pending"


def test_a_ring_for_a_connection_that_is_gone_is_harmless(salesforce: Connection) -> None:
    pk = salesforce.pk
    salesforce.delete()
    push.drain(pk)


def test_an_answer_quicker_than_the_savers_run_is_counted(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    Connection.objects.update(auto_push={"company": True})
    with transaction.atomic():
        transaction.on_commit(lambda: push.drain(salesforce.pk))  # a worker that is quicker than our hook
        CompanyFactory.create()

    run = Run.objects.get()
    assert (run.requested, run.created) == (1, 1)


def test_a_connection_must_let_one_talker_send_one_record(salesforce: Connection) -> None:
    salesforce.batch_size = salesforce.max_slots = 0

    with pytest.raises(ValidationError) as said:
        salesforce.clean_fields()

    assert {"batch_size", "max_slots"} <= set(said.value.error_dict)


def test_records_may_be_deleted_while_they_are_requested(salesforce: Connection) -> None:
    admin = site._registry[Company]
    request, stop = HttpRequest(), threading.Event()
    request.user = person()

    def ask() -> None:
        while not stop.is_set():
            queue.enqueue("company", pks, salesforce, run=uuid.uuid4(), requested_by="t")

    def delete() -> None:
        try:
            admin.delete_queryset(request, Company.objects.filter(pk__in=pks))
        finally:
            stop.set()

    for _ in range(4):
        stop.clear()
        pks = [company.pk for company in Company.objects.bulk_create(CompanyFactory.build_batch(150))]
        for pk in random.sample(pks, len(pks)):
            CompanyLink.objects.create(connection=salesforce, record_id=pk)
        with in_thread(ask, ask, delete):
            pass

    assert not CompanyLink.objects.exists()
