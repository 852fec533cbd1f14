"""What two do at once, and what an answer that never came leaves behind."""

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.db import connections, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from companies.models import Company, CompanyLink
from connectors import entities, health, push, queue, registry
from connectors.mapping import Rendered
from connectors.models import Connection, Slot
from connectors.protocol import Outcome, Status
from connectors.sandbox.server import SandboxServer
from synclog.models import Entry, Run
from tests import talk
from tests.factories import CompanyFactory
from tests.shelf import MAPPINGS, Shelf
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
GATE = 42  # an advisory lock


@contextmanager
def in_thread(*work: Callable[[], object]) -> Iterator[None]:
    """Run work in threads of their own database connections; end them with the block."""
    failures: list[BaseException] = []

    def guarded(act: Callable[[], object]) -> None:
        try:
            act()
        except BaseException as error:  # noqa: BLE001 - told below, in the test's own thread
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=guarded, args=(act,)) for act in work]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for thread in threads:
            thread.join(timeout=60)
    if failures:
        raise failures[0]


def test_edit_in_flight_is_sent_again(salesforce: Connection, sandbox: SandboxServer) -> None:
    salesforce.auto_push = {"company": True}
    salesforce.save()
    company = CompanyFactory.create(phone="old")
    talk.break_it(sandbox, {"fault": "slow:0.8", "match": {"route": "collections_upsert"}, "times": 1})

    with in_thread(lambda: push.drain(salesforce.pk)):
        wait_until(lambda: talk.count(sandbox, "composite"))  # looked up, so rendered
        company.phone = "new"
        company.save()
    talk.drain(salesforce)

    assert talk.account_of(sandbox, company)["Phone"] == "new"
    assert talk.link_of(company).state == "idle"


def test_edit_in_flight_shows_as_changed_when_the_switch_is_off(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    company = CompanyFactory.create(phone="old")
    talk.request(salesforce, [company])
    kind, lease, (row,) = _claimed(salesforce)
    company.phone = "new"
    company.save()

    _settle(
        salesforce, kind, lease, row, Outcome(Status.CREATED, "001000000000001AAA", sent={"Phone": "old"})
    )
    queue.find_changed(salesforce, "company", [company.pk])

    link = talk.link_of(company)
    assert (link.state, link.changed[:1]) == ("idle", ["name"])
    assert "phone" in link.changed


def test_an_edit_that_is_saved_while_the_answer_is_stored_shows_as_changed(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    company = CompanyFactory.create(phone="old")
    talk.request(salesforce, [company])
    talk.break_it(sandbox, {"fault": "slow:0.5", "match": {"route": "collections_upsert"}, "times": 1})
    company.phone = "new"

    with in_thread(lambda: push.drain(salesforce.pk)):
        wait_until(lambda: talk.count(sandbox, "composite"))
        with transaction.atomic():
            company.save()
            wait_until(lambda: somebody_waits() or talk.link_of(company).lease is None)

    assert talk.account_of(sandbox, company)["Phone"] == "old"
    assert talk.link_of(company).changed == ["phone"]


def test_however_many_changed_overnight_are_marked_in_few_statements(salesforce: Connection) -> None:
    chosen = Company.objects.bulk_create(CompanyFactory.build_batch(60))
    talk.send(salesforce, chosen)
    Company.objects.filter(pk__in=[company.pk for company in chosen[:40]]).update(phone="7")
    Company.objects.filter(pk__in=[company.pk for company in chosen[40:]]).update(name="Same")

    with CaptureQueriesContext(connections["default"]) as asked:
        found = queue.find_changed(salesforce, "company")

    assert found == 60
    assert len(asked) < 15
    assert [talk.link_of(company).changed for company in (chosen[0], chosen[-1])] == [["phone"], ["name"]]


def test_what_is_not_to_be_synchronized_is_not_found_as_changed(salesforce: Connection) -> None:
    salesforce.auto_push = {"company": True}
    salesforce.save()
    company = CompanyFactory.create()
    talk.drain(salesforce)
    requested = Run.objects.get().requested
    Company.objects.update(sync_enabled=False, phone="7")

    assert queue.find_changed(salesforce, "company", [company.pk]) == 0
    assert Run.objects.get().requested == requested
    assert talk.link_of(company).changed == []


def test_automatic_keeps_the_link_of_a_record_that_is_being_sent(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    company = CompanyFactory.create()
    talk.request(salesforce, [company])
    talk.break_it(sandbox, {"fault": "slow:0.8", "match": {"route": "collections_upsert"}, "times": 1})

    with in_thread(lambda: push.drain(salesforce.pk)):
        wait_until(lambda: talk.count(sandbox, "composite"))
        queue.set_enabled("company", company.pk, salesforce, False, by="dana")
        queue.set_automatic("company", company.pk, salesforce)

    assert talk.link_of(company).remote_id == talk.account_of(sandbox, company)["Id"]


def test_nobody_waits_for_a_record_that_was_switched_off_while_it_was_asked_for(
    salesforce: Connection,
) -> None:
    company = CompanyFactory.create()
    run_id = uuid.uuid4()
    company.sync_enabled = False

    with transaction.atomic():
        queue.enqueue("company", [company.pk], salesforce, run=run_id, requested_by="tester")
        with in_thread(company.save):
            pass

    assert talk.link_of(company).state == "pending"
    assert queue.waiting(run_id) == queue.moving(run_id) == 0


@pytest.mark.parametrize(("before", "between"), [("A", "B"), ("", "B"), ("A", "")])
@pytest.mark.parametrize("lost", [{"fault": "drop_after_commit"}, {"fault": "drip:30"}])
def test_edit_and_edit_back_with_a_lost_answer_ends_as_it_was(
    salesforce: Connection,
    sandbox: SandboxServer,
    settings: Any,
    before: str,
    between: str,
    lost: dict[str, str],
) -> None:
    settings.CONCORD = {**settings.CONCORD, "call_timeout_s": 0.7, "record_backoff_s": (0.0, 0.0)}
    company = CompanyFactory.create(phone=before)
    talk.send(salesforce, [company])
    company.phone = between
    company.save()
    talk.break_it(sandbox, {**lost, "match": {"route": "collections_*"}, "times": 1})
    talk.request(salesforce, [company])
    push.drain(salesforce.pk, stop=_after(1))
    assert (talk.account_of(sandbox, company).get("Phone") or "") == between
    company.phone = before
    company.save()

    health.resume(salesforce, by="tester")
    talk.send(salesforce, [company])

    assert (talk.account_of(sandbox, company).get("Phone") or "") == before
    assert (talk.link_of(company).state, talk.link_of(company).unsure) == ("idle", False)


def test_a_create_whose_answer_was_lost_is_found_again(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    chosen = Company.objects.bulk_create(CompanyFactory.build_batch(30))
    talk.break_it(
        sandbox, {"fault": "drop_after_commit", "match": {"route": "collections_upsert"}, "times": 1}
    )
    talk.send(salesforce, chosen)

    health.resume(salesforce, by="tester")
    talk.drain(salesforce)

    assert len(talk.accounts(sandbox)) == 30
    assert talk.states() == {"idle": 30}
    warned = Entry.objects.filter(action_type="connection", level="WARNING")
    assert "could not be reached, or hung up" in warned.latest("pk").description


def test_a_hiccup_before_any_write_does_not_make_the_next_push_send_everything(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    company = CompanyFactory.create()
    talk.send(salesforce, [company])
    company.phone = "9"
    company.save()
    talk.break_it(sandbox, {"fault": "expire_tokens", "times": 1}, {"fault": "token:503", "times": 1})
    talk.send(salesforce, [company])

    health.resume(salesforce, by="tester")
    talk.drain(salesforce)

    assert talk.account_of(sandbox, company)["Phone"] == "9"


def test_a_worker_thought_dead_that_settles_late_changes_nothing(salesforce: Connection) -> None:
    company = CompanyFactory.create()
    talk.request(salesforce, [company])
    kind, dead, (row,) = _claimed(salesforce)
    Slot.objects.filter(lease=dead).update(expires_at=timezone.now() - timedelta(seconds=1))
    _, alive, (taken,) = _claimed(salesforce)
    assert (taken.crashes, taken.unsure) == (1, True)
    _settle(
        salesforce, kind, alive, taken, Outcome(Status.CREATED, "001000000000002AAA", sent={"Name": "new"})
    )

    _settle(
        salesforce, kind, dead, row, Outcome(Status.REJECTED, "001000000000001AAA", code="x", message="late")
    )

    link = talk.link_of(company)
    assert (link.remote_id, link.state, link.message) == ("001000000000002AAA", "idle", "")
    assert Entry.objects.filter(object_id=company.public_id).count() == 1


def test_a_lease_that_ran_out_cannot_be_renewed(salesforce: Connection) -> None:
    from connectors.errors import LeaseLost

    with queue.slot(salesforce, 30) as lease:
        assert lease is not None
        queue.renew(lease, 30)
        Slot.objects.filter(lease=lease).update(expires_at=timezone.now() - timedelta(seconds=1))

        with pytest.raises(LeaseLost):
            queue.renew(lease, 30)


def test_no_more_than_max_slots_talk(salesforce: Connection, sandbox: SandboxServer) -> None:
    Connection.objects.filter(pk=salesforce.pk).update(max_slots=2, batch_size=5)
    salesforce.refresh_from_db()
    chosen = Company.objects.bulk_create(CompanyFactory.build_batch(60))
    talk.request(salesforce, chosen)
    seen: list[int] = []
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            seen.append(len(queue.live_leases(salesforce)))

    with in_thread(watch):
        with in_thread(*[lambda: push.drain(salesforce.pk)] * 8):
            pass
        done.set()
    talk.drain(salesforce)

    assert max(seen) == 2
    assert len(talk.accounts(sandbox)) == 60


def test_who_begins_to_talk_while_another_looks_keeps_what_it_took(salesforce: Connection) -> None:
    Company.objects.bulk_create(CompanyFactory.build_batch(5))
    talk.request(salesforce, list(Company.objects.all()))
    slow: list[Any] = []

    def look_slowly() -> None:
        with database.execute_wrapper(_waits_between_look_and_lock):
            slow.append(_claimed(salesforce)[2])

    with database.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [GATE])
        with in_thread(look_slowly):
            wait_until(_somebody_waits_at_the_gate)
            _, lease, mine = _claimed(salesforce)
            cursor.execute("SELECT pg_advisory_unlock(%s)", [GATE])

    assert (len(mine), slow) == (5, [[]])
    assert set(CompanyLink.objects.values_list("lease", "crashes")) == {(lease, 0)}


def _waits_between_look_and_lock(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    """Have the claim's statement wait for each row that it finds, before it locks any."""
    if "SKIP LOCKED" in sql and "companies_companylink" in sql:
        sql = sql.replace(" WHERE ", f" WHERE pg_advisory_lock_shared({GATE})::text = '' AND ", 1)
    return execute(sql, params, many, context)


def _somebody_waits_at_the_gate() -> bool:
    with database.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        return bool(cursor.fetchone()[0])


def test_requests_over_the_same_rows_in_opposite_order_do_not_deadlock(salesforce: Connection) -> None:
    pks = [row.pk for row in Company.objects.bulk_create(CompanyFactory.build_batch(200))]
    run = uuid.uuid4()

    def ask(order: list[int]) -> Callable[[], None]:
        def many() -> None:
            for _ in range(15):
                queue.enqueue("company", order, salesforce, run=run, requested_by="t")

        return many

    with in_thread(ask(pks), ask(pks[::-1]), ask(pks[100:] + pks[:100])):
        pass

    assert talk.states() == {"pending": 200}


def test_requests_and_answers_over_the_same_rows_do_not_deadlock(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    # Links made in the opposite order of their records: locks follow the records.
    pks = [row.pk for row in Company.objects.bulk_create(CompanyFactory.build_batch(120))]
    for pk in reversed(pks):
        CompanyLink.objects.create(connection=salesforce, record_id=pk)
    run = uuid.uuid4()

    def ask() -> None:
        for _ in range(25):
            queue.enqueue("company", pks, salesforce, run=run, requested_by="t")

    with in_thread(ask, lambda: push.drain(salesforce.pk), lambda: push.drain(salesforce.pk)):
        pass
    talk.drain(salesforce)

    assert talk.states() == {"idle": 120}
    assert len(talk.accounts(sandbox)) == 120


def test_two_companies_that_want_one_account_in_two_workers_do_not_share_it(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    Connection.objects.filter(pk=salesforce.pk).update(batch_size=1)
    salesforce.refresh_from_db()
    first, second = CompanyFactory.create_batch(2, name="Only", website="only.example")
    (there,) = talk.remote_creates(sandbox, {"Name": "Only", "Website": "only.example"})
    talk.request(salesforce, [first, second])
    talk.break_it(sandbox, {"fault": "slow:0.5", "match": {"route": "composite"}, "times": 2})

    with in_thread(lambda: push.drain(salesforce.pk), lambda: push.drain(salesforce.pk)):
        pass
    talk.drain(salesforce)

    links = {company.pk: talk.link_of(company) for company in (first, second)}
    assert sorted((link.state, link.code, link.remote_id) for link in links.values()) == [
        ("failed", "conflict", ""),
        ("idle", "", there),
    ]
    (account,) = talk.accounts(sandbox)
    winner = CompanyLink.objects.get(remote_id=there).record
    assert account["Concord_Id__c"] == str(winner.public_id)


def test_one_poisonous_record_in_four_hundred_is_found_and_the_others_arrive(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    chosen = Company.objects.bulk_create(CompanyFactory.build_batch(400))
    poison = chosen[277]
    talk.break_it(sandbox, {"fault": "status:500", "match": {"Name": poison.name, "route": "collections_*"}})

    talk.send(salesforce, chosen)

    assert len(talk.accounts(sandbox)) == 399
    assert talk.states() == {"idle": 399, "pending": 1}
    link = talk.link_of(poison)
    assert (link.attempts, link.code) == (1, "UNKNOWN_EXCEPTION")
    assert link.not_before is not None


def test_a_record_that_kills_its_worker_alone_three_times_fails(salesforce: Connection) -> None:
    company, *others = CompanyFactory.create_batch(3)
    talk.request(salesforce, [company, *others])
    alone = salesforce.batch_size.bit_length() - 1
    CompanyLink.objects.filter(record=company).update(
        crashes=alone + 2, lease=uuid.uuid4(), not_before=F("not_before") - timedelta(seconds=1)
    )
    connector_less = entities.get("company")

    with queue.slot(salesforce, 30) as lease:
        assert lease is not None
        rows, spent = queue.claim(salesforce, connector_less, lease, 200)

    assert [row.record_id for row in spent] == [company.pk]
    assert rows == []


def test_rows_of_a_dead_worker_come_back_in_smaller_company(salesforce: Connection) -> None:
    chosen = Company.objects.bulk_create(CompanyFactory.build_batch(200))
    talk.request(salesforce, chosen)
    CompanyLink.objects.update(lease=uuid.uuid4())

    sizes = []
    for _ in range(3):
        _, lease, rows = _claimed(salesforce)
        sizes.append(len(rows))
        Slot.objects.filter(lease=lease).update(expires_at=timezone.now() - timedelta(seconds=1))

    assert sizes == [100, 50, 25]


@pytest.mark.parametrize("unsure", [True, False])
def test_a_row_that_is_let_go_before_any_write_is_as_sure_as_it_was(
    salesforce: Connection, unsure: bool
) -> None:
    company = CompanyFactory.create()
    talk.request(salesforce, [company])
    CompanyLink.objects.update(unsure=unsure)
    kind, lease, rows = _claimed(salesforce)

    queue.release(kind, lease, rows, begun=())

    assert (talk.link_of(company).lease, talk.link_of(company).unsure) == (None, unsure)


@pytest.mark.parametrize(("attempts", "state"), [(1, "pending"), (2, "failed")])
def test_the_last_of_so_many_tries_fails_the_record(
    salesforce: Connection, attempts: int, state: str
) -> None:
    company = CompanyFactory.create()
    talk.request(salesforce, [company])
    CompanyLink.objects.update(attempts=attempts)
    kind, lease, (row,) = _claimed(salesforce)

    _settle(salesforce, kind, lease, row, Outcome(Status.TRANSIENT, code="busy", tries=3))

    assert (talk.link_of(company).state, talk.link_of(company).attempts) == (state, attempts + 1)


def test_a_call_that_fails_after_a_cancel_fails_nobody(salesforce: Connection) -> None:
    company = CompanyFactory.create()
    run = talk.request(salesforce, [company])
    kind, lease, (row,) = _claimed(salesforce)
    queue.cancel(run, salesforce, by="dana")

    _settle(salesforce, kind, lease, row, Outcome(Status.TRANSIENT, code="busy", tries=1))

    assert (talk.link_of(company).state, talk.link_of(company).code) == ("idle", "cancelled")


@pytest.mark.parametrize(("left", "kept"), [("1", {}), ("2", {"Phone": "2"})])
def test_a_field_left_at_adoption_is_left_until_an_edit_of_it_is_sent(
    salesforce: Connection, left: str, kept: dict[str, str]
) -> None:
    company = CompanyFactory.create(phone="2")
    talk.send(salesforce, [company])
    talk.request(salesforce, [company])
    CompanyLink.objects.update(left={"Phone": left})
    kind, lease, (row,) = _claimed(salesforce)

    _settle(salesforce, kind, lease, row, Outcome(Status.UPDATED, row.remote_id, sent={"Phone": "2"}))

    assert talk.link_of(company).left == kept


@pytest.mark.parametrize(("unsure", "kept"), [(True, {"Name": "Acme"}), (False, {})])
def test_a_refusal_forgets_what_a_create_was_sent_with_unless_that_may_have_arrived(
    salesforce: Connection, unsure: bool, kept: dict[str, str]
) -> None:
    company = CompanyFactory.create()
    talk.request(salesforce, [company])
    CompanyLink.objects.update(unsure=unsure, create_sent={"Name": "Acme"})
    kind, lease, (row,) = _claimed(salesforce)

    _settle(salesforce, kind, lease, row, Outcome(Status.REJECTED, code="invalid"))

    assert talk.link_of(company).create_sent == kept


def test_what_is_requested_while_it_is_compared_stays_requested(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    company = CompanyFactory.create()
    talk.send(shelf.connection, [company])

    def requested_now(record: Company, is_linked: bool) -> str:
        if talk.link_of(record).state == "idle":
            talk.request(shelf.connection, [record])
        return "It is kept back."

    monkeypatch.setitem(MAPPINGS, "company", replace(MAPPINGS["company"], holds=requested_now))

    queue.find_changed(shelf.connection, "company")

    assert talk.link_of(company).state == "pending"


def _after(batches: int) -> Callable[[], bool]:
    """Return a stop for `drain` that lets so many batches through."""
    asked = iter([False] * (batches + 1))
    return lambda: next(asked, True)


def somebody_waits() -> bool:
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])


def _claimed(connection: Connection) -> tuple[entities.Entity[Any, Any], uuid.UUID, list[CompanyLink]]:
    """Claim as a worker would, and stay silent."""
    kind = entities.get("company")
    lease = queue.slots.take(connection, 30)
    assert lease is not None
    rows, _ = queue.claim(connection, kind, lease, 200)
    return kind, lease, rows


def _settle(
    connection: Connection,
    kind: entities.Entity[Any, Any],
    lease: uuid.UUID,
    row: CompanyLink,
    outcome: Outcome,
) -> None:
    mapping = registry.mapping(connection, "company")
    rendered: Rendered = mapping.render(row.record)
    queue.settle(connection, kind, mapping, lease, [queue.Result(row, rendered, outcome)])
