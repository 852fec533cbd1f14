"""A record that is deleted here while its create is under way: what was made there is told, and stands."""

import threading
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction

from companies.models import Company
from connectors import entities, health, push, queue
from connectors.models import Connection, Orphan, Slot, Stray, Synced
from connectors.protocol import Outcome, Status
from connectors.sandbox.server import SandboxServer
from contacts.models import Contact
from synclog.models import Entry
from tests import b2b as store
from tests import talk
from tests.connectors.test_races import in_thread, somebody_waits
from tests.factories import CompanyFactory, ContactFactory, LocationFactory
from tests.reading import fetch, goes, nightly
from tests.shelf import Shelf
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def at(shelf: Shelf, call: str, act: Callable[[], object]) -> None:
    """Do something once while this call is under way."""

    def trouble(what: str) -> None:
        if what == call:
            shelf.trouble = lambda _: None
            act()

    shelf.trouble = trouble


def orphan() -> tuple[str, str, str]:
    """Return the entity, id over there, and name of the one orphan."""
    (found,) = Orphan.objects.all()
    return found.entity, found.remote_id, found.name


def made(factory: Any, shelf: Shelf) -> Synced:
    """Return a record that can be sent to the shelf at once."""
    record: Synced = factory.create()
    if not isinstance(record, Company):
        talk.send(shelf.connection, [record.company])  # type: ignore[attr-defined]
    return record


@pytest.mark.parametrize("factory", [CompanyFactory, ContactFactory, LocationFactory])
def test_a_record_deleted_while_it_is_created_is_logged_counted_and_stands(
    shelf: Shelf, factory: Any
) -> None:
    record = made(factory, shelf)
    name, kind = str(record), entities.of(type(record))
    at(shelf, f"push {kind.name}", record.delete)

    run = talk.send(shelf.connection, [record])

    (remote_id,) = shelf.of(kind.name)
    assert orphan() == (kind.name, remote_id, name)
    assert talk.told(record)[-1] == (
        f"WARNING created: {name} created in Shelf as {remote_id}. It was deleted here while it was being "
        "sent, so nobody here knows it: delete it in Shelf if it is not wanted there."
    )
    assert (run.requested, run.created, queue.waiting(run.pk)) == (1, 1, 0)


def test_a_company_created_in_salesforce_while_it_is_deleted_here(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    company = CompanyFactory.create(name="Facebook")
    run = talk.request(salesforce, [company])
    talk.break_it(sandbox, {"fault": "slow:0.8", "match": {"route": "collections_upsert"}, "times": 1})

    with in_thread(lambda: push.drain(salesforce.pk)):
        wait_until(lambda: talk.struck(sandbox)[0])
        company.delete()

    (account,) = talk.accounts(sandbox)
    assert orphan() == ("company", account["Id"], "Facebook")
    run.refresh_from_db()
    assert run.created == 1


def test_a_company_created_in_b2b_while_it_is_deleted_with_its_first_user(
    b2b: Connection, sandbox: SandboxServer
) -> None:
    company = CompanyFactory.create(name="Facebook")
    mark = ContactFactory.create(company=company, first_name="Mark", last_name="Z")
    queue.set_enabled("contact", mark.pk, b2b, True, by="tester")
    talk.request(b2b, [company])
    store.break_it(sandbox, {"fault": "slow:0.8", "match": {"route": "company_create"}, "times": 1})

    with in_thread(lambda: push.drain(b2b.pk)):
        wait_until(lambda: store.struck(sandbox)[0])
        company.delete()

    (there,) = store.rows(sandbox, "company")
    assert orphan() == ("company", str(there["id"]), "Facebook")
    assert "with its first user" in Entry.objects.get(outcome="created").description


def test_a_company_whose_first_user_is_deleted_here_while_it_is_created(
    b2b: Connection, sandbox: SandboxServer
) -> None:
    company = CompanyFactory.create(name="Facebook")
    mark = ContactFactory.create(company=company)
    queue.set_enabled("contact", mark.pk, b2b, True, by="tester")
    talk.request(b2b, [company])
    store.break_it(sandbox, {"fault": "slow:0.8", "match": {"route": "company_create"}, "times": 1})

    with in_thread(lambda: push.drain(b2b.pk)):
        wait_until(lambda: store.struck(sandbox)[0])
        mark.delete()

    assert talk.link_of(company).remote_id
    assert orphan() == ("contact", "", "The first user of Facebook")


def test_a_delete_that_is_not_committed_yet_is_waited_for(shelf: Shelf) -> None:
    company = CompanyFactory.create(name="Facebook")
    talk.request(shelf.connection, [company])
    lease, (row,) = _claimed(shelf.connection)
    is_deleted = threading.Event()

    def settle() -> None:
        is_deleted.wait(30)
        _settle(shelf.connection, lease, row, Outcome(Status.CREATED, "7"))

    with in_thread(settle), transaction.atomic():
        company.delete()
        is_deleted.set()
        wait_until(somebody_waits)

    assert orphan() == ("company", "7", "Facebook")


def test_a_contact_whose_company_is_deleted_while_it_is_created(shelf: Shelf) -> None:
    mark = made(ContactFactory, shelf)
    assert isinstance(mark, Contact)
    at(shelf, "push contact", mark.company.delete)

    talk.send(shelf.connection, [mark])

    assert [row.entity for row in Orphan.objects.all()] == ["contact"]


def test_rows_that_are_deleted_past_the_models_are_told_too(shelf: Shelf) -> None:
    company = CompanyFactory.create(name="Facebook")
    at(shelf, "push company", lambda: Company.objects.filter(pk=company.pk).delete())

    talk.send(shelf.connection, [company])

    assert orphan()[2] == "Facebook"


def test_an_update_of_a_record_that_is_deleted_meanwhile_is_logged_and_leaves_no_problem(
    shelf: Shelf,
) -> None:
    company = CompanyFactory.create(name="Facebook")
    talk.send(shelf.connection, [company])
    company.phone = "9"
    company.save()
    at(shelf, "push company", company.delete)

    run = talk.send(shelf.connection, [company])

    assert not Orphan.objects.exists()
    assert run.updated == 1
    assert "It was deleted here while it was being sent." in talk.told(company)[-1]


def test_a_refused_record_that_is_deleted_meanwhile_leaves_no_problem(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    company = CompanyFactory.create()
    run = talk.request(salesforce, [company])
    kind = entities.get("company")
    lease, (row,) = _claimed(salesforce)
    company.delete()
    assert Orphan.objects.count() == 1  # nobody knows yet

    _settle(salesforce, lease, row, Outcome(Status.REJECTED, code="x", message="No."))

    run.refresh_from_db()
    assert not Orphan.objects.exists()
    assert run.rejected == 1
    assert kind.links().count() == 0


def test_a_refusal_says_nothing_of_an_earlier_call_that_got_no_answer(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    company = CompanyFactory.create(name="Facebook")
    talk.break_it(
        sandbox, {"fault": "drop_after_commit", "match": {"route": "collections_upsert"}, "times": 1}
    )
    talk.send(salesforce, [company])
    lease, (row,) = _claimed(salesforce)
    company.delete()

    _settle(salesforce, lease, row, Outcome(Status.REJECTED, code="x", message="No."))

    assert orphan() == ("company", "", "Facebook")


def test_an_answer_that_never_came_is_said_as_one(salesforce: Connection, sandbox: SandboxServer) -> None:
    company = CompanyFactory.create(name="Facebook")
    talk.break_it(
        sandbox, {"fault": "drop_after_commit", "match": {"route": "collections_upsert"}, "times": 1}
    )
    talk.request(salesforce, [company])
    push.drain(salesforce.pk)

    company.delete()

    assert orphan() == ("company", "", "Facebook")
    assert Orphan.objects.get().message == (
        "Facebook may have been made in Salesforce: it was deleted here while it was being sent, and no "
        "answer came. Look for it there."
    )


def test_an_answer_that_is_lost_after_the_record_was_deleted(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    company = CompanyFactory.create(name="Facebook")
    talk.request(salesforce, [company])
    faults = ({"fault": "slow:0.8", "times": 1}, {"fault": "drop_after_commit", "times": 1})
    talk.break_it(sandbox, *({**fault, "match": {"route": "collections_upsert"}} for fault in faults))

    with in_thread(lambda: push.drain(salesforce.pk)):
        wait_until(lambda: talk.struck(sandbox)[0])
        Company.objects.filter(pk=company.pk).delete()
    health.resume(salesforce, by="tester")
    talk.drain(salesforce)

    assert orphan()[0] == "company"


def test_a_worker_that_died_before_its_answer_leaves_the_question(salesforce: Connection) -> None:
    company = CompanyFactory.create(name="Facebook")
    talk.request(salesforce, [company])
    _claimed(salesforce)
    Slot.objects.update(lease=None, expires_at=None)

    company.delete()

    assert orphan() == ("company", "", "Facebook")


def test_a_record_that_was_never_sent_leaves_nothing(salesforce: Connection) -> None:
    company = CompanyFactory.create()
    talk.request(salesforce, [company])

    company.delete()

    assert not Orphan.objects.exists()


def test_a_worker_that_settles_late_makes_no_orphan_of_a_record_that_is_still_here(
    salesforce: Connection,
) -> None:
    company = CompanyFactory.create()
    talk.request(salesforce, [company])
    lease, (row,) = _claimed(salesforce)
    talk.link_of(company).delete()

    _settle(salesforce, lease, row, Outcome(Status.CREATED, "001000000000001AAA"))

    assert not Orphan.objects.exists()


def test_what_was_made_for_a_deleted_record_is_not_fetched_as_new(shelf: Shelf) -> None:
    goes(shelf, "both")
    company = CompanyFactory.create(name="Facebook")
    at(shelf, "push company", company.delete)
    talk.send(shelf.connection, [company])

    fetch(shelf)
    nightly(shelf)

    assert not Company.objects.exists()
    assert orphan()[2] == "Facebook"


def test_what_is_read_before_its_answer_is_stored_is_not_fetched_as_new(shelf: Shelf) -> None:
    goes(shelf, "both")
    company = CompanyFactory.create(name="Facebook")
    talk.request(shelf.connection, [company])
    lease, (row,) = _claimed(shelf.connection)
    company.delete()
    remote_id = shelf.add("company", key=str(company.public_id), name="Facebook")

    fetch(shelf)

    assert not Company.objects.exists()
    assert orphan() == ("company", remote_id, "Facebook")
    _settle(shelf.connection, lease, row, Outcome(Status.CREATED, remote_id))
    assert orphan() == ("company", remote_id, "Facebook")


@pytest.mark.parametrize(("name", "is_made"), [("FACEBOOK ", False), ("Another", True)])
def test_a_namesake_without_a_key_is_left_to_a_person_while_an_answer_is_missing(
    shelf: Shelf, name: str, is_made: bool
) -> None:
    goes(shelf, "both")
    company = CompanyFactory.create(name="Facebook")
    talk.request(shelf.connection, [company])
    _claimed(shelf.connection)
    Slot.objects.update(lease=None, expires_at=None)
    company.delete()
    remote_id = shelf.add("company", key="", name=name)

    fetch(shelf)

    assert Company.objects.exists() is is_made
    assert orphan() == ("company", "" if is_made else remote_id, "Facebook")


def test_a_namesake_with_a_key_of_its_own_is_no_lost_record(shelf: Shelf) -> None:
    goes(shelf, "both")
    company = CompanyFactory.create(name="Facebook")
    talk.request(shelf.connection, [company])
    _claimed(shelf.connection)
    Slot.objects.update(lease=None, expires_at=None)
    company.delete()
    shelf.add("company", key=str(uuid.uuid4()), name="Facebook")

    fetch(shelf)

    assert Company.objects.get().name == "Facebook"
    assert orphan() == ("company", "", "Facebook")


def test_what_is_deleted_over_there_is_no_problem_any_more(shelf: Shelf) -> None:
    goes(shelf, "both")
    company = CompanyFactory.create(name="Facebook")
    at(shelf, "push company", company.delete)
    talk.send(shelf.connection, [company])
    shelf.drop("company", orphan()[1])

    CompanyFactory.create()
    _hear(shelf, "company", orphan()[1])

    assert not Orphan.objects.exists()


def test_starting_over_forgets_what_was_left_in_the_other_organisation(shelf: Shelf) -> None:
    from connectors.queue.forgetting import forget_all

    company = CompanyFactory.create()
    at(shelf, "push company", company.delete)
    talk.send(shelf.connection, [company])

    with transaction.atomic():
        forget_all(shelf.connection)

    assert not Orphan.objects.exists()
    assert not Stray.objects.exists()


def _hear(shelf: Shelf, entity: str, remote_id: str) -> None:
    from connectors import pull
    from connectors.inbound import Notice
    from connectors.pulling import notices

    notices.hear(shelf.connection, Notice("d1", entity, remote_id, is_deleted=True, said="deleted"))
    pull.drain(shelf.connection.pk)


def _claimed(connection: Connection) -> tuple[Any, list[Any]]:
    """Claim companies as a worker would, and stay silent."""
    lease = queue.slots.take(connection, 30)
    assert lease is not None
    rows, _ = queue.claim(connection, entities.get("company"), lease, 200)
    return lease, rows


def _settle(connection: Connection, lease: Any, row: Any, outcome: Outcome) -> None:
    from connectors import registry

    mapping = registry.mapping(connection, "company")
    result = queue.Result(row, mapping.render(row.record), outcome)
    queue.settle(connection, entities.get("company"), mapping, lease, [result])
