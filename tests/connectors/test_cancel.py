"""A run that is cancelled: no further call, what was sent stands, the rest is said and can be sent later."""

import io
from datetime import datetime
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from companies.models import Company, CompanyLink
from connectors import entities, push, queue, states
from connectors.models import Connection, ConnectionHealth
from connectors.protocol import CANCELLED
from connectors.sandbox.server import SandboxServer
from connectors.states import State
from contacts.models import Contact, ContactLink
from synclog.models import Run
from tests import b2b as store
from tests import buyers, talk
from tests.connectors.test_races import in_thread
from tests.factories import CompanyFactory, ContactFactory
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
GRACE_S = 2.0  # after which no call of a cancelled run may begin


def companies(count: int, **fields: Any) -> list[Company]:
    """Return saved companies without asking for a sync."""
    return list(Company.objects.bulk_create(CompanyFactory.build_batch(count, **fields)))


def cancel(run: Run, connection: Connection) -> Run:
    """Cancel as dana; return the run as it stands then."""
    queue.cancel(run, connection, by="dana")
    run.refresh_from_db()
    return run


def send_rest(run: Run, connection: Connection) -> Run:
    """Send what a cancelled run left, in this process; return the run that sends it."""
    again = talk.new_run(connection)
    chosen = {
        kind.name: list(queue.left(kind, run.pk).values_list("record_id", flat=True))
        for kind in entities.in_order()
    }
    queue.enqueue_chosen(chosen, connection, run=again.pk, requested_by="dana")
    push.drain(connection.pk)
    again.refresh_from_db()
    return again


def begun_after(calls: list[dict[str, Any]], moment: datetime) -> list[str]:
    """Return the routes of the calls that began later than the grace after a moment."""
    late = []
    for call in calls:
        began = datetime.fromisoformat(call["at"])
        if (began - moment).total_seconds() > GRACE_S:
            late.append(call["route"])
    return late


def words(connection: Connection, records: list[Company]) -> set[str]:
    """Return the chips of these records."""
    return {talk.shown(record, connection)[0] for record in records}


def slowed(sandbox: SandboxServer, seconds: float) -> None:
    """Let each write call take so long."""
    talk.break_it(sandbox, {"fault": f"slow:{seconds}", "match": {"route": "collections_*"}})


def test_no_call_begins_two_seconds_after_the_cancel_and_what_was_sent_stands(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    Connection.objects.update(max_slots=1)  # so that one claim is carried by five calls
    chosen = companies(1_000)
    run = talk.request(salesforce, chosen)
    slowed(sandbox, 1.0)

    with in_thread(lambda: push.drain(salesforce.pk)):
        wait_until(lambda: talk.count(sandbox, "collections_upsert"))
        cancel(run, salesforce)
        moment = timezone.now()
    talk.drain(salesforce)

    run.refresh_from_db()
    there = {row["Concord_Id__c"] for row in talk.accounts(sandbox)}
    sent = [one for one in chosen if str(one.public_id) in there]
    rest = [one for one in chosen if str(one.public_id) not in there]
    assert begun_after(talk.calls(sandbox)["last"], moment) == []
    assert 0 < len(sent) < 1_000
    assert (run.created, run.withdrawn, run.requested) == (len(sent), len(rest), 1_000)
    assert words(salesforce, sent[:20]) == {"In sync"}
    assert words(salesforce, rest[:20]) == {"Not synced"}
    assert queue.waiting(run.pk) == queue.answering(run.pk, salesforce) == 0
    assert not ConnectionHealth.objects.exclude(pause="").exists()


def test_the_rest_is_sent_later_and_nothing_twice(salesforce: Connection, sandbox: SandboxServer) -> None:
    Connection.objects.update(batch_size=10, max_slots=1)
    chosen = companies(120)
    run = talk.request(salesforce, chosen)
    slowed(sandbox, 0.5)
    with in_thread(lambda: push.drain(salesforce.pk)):
        wait_until(lambda: talk.count(sandbox, "collections_upsert"))
        cancel(run, salesforce)
    talk.mend(sandbox)
    run.refresh_from_db()

    again = send_rest(run, salesforce)

    assert again.created == run.withdrawn > 0
    assert len(talk.accounts(sandbox)) == 120
    assert talk.states() == {"idle": 120}
    assert not CompanyLink.objects.exclude(code="").exists()
    assert not CompanyLink.objects.filter(unsure=True).exists()


def test_what_differs_shows_as_changed_and_what_does_not_is_in_sync(salesforce: Connection) -> None:
    edited, same, new = companies(3)
    talk.send(salesforce, [edited, same])
    edited.phone = "7"
    edited.save()
    CompanyLink.objects.update(changed=[])  # as where automatic sync is on
    run = talk.request(salesforce, [edited, same, new])

    cancel(run, salesforce)

    assert talk.shown(edited, salesforce) == ("Changed, not sent", "Phone · run cancelled")
    assert talk.shown(same, salesforce)[0] == "In sync"
    assert talk.shown(new, salesforce) == ("Not synced", "run cancelled before it was sent")
    assert (run.withdrawn, run.unchanged, run.requested) == (2, 1, 3)
    assert (run.cancelled_by, bool(run.cancelled_at)) == ("dana", True)
    assert queue.left(entities.get("company"), run.pk).count() == 2


def test_a_cancelled_request_for_all_fields_is_not_counted_as_in_sync(salesforce: Connection) -> None:
    (company,) = companies(1)
    talk.send(salesforce, [company])
    run = talk.request(salesforce, [company], full=True)

    cancel(run, salesforce)

    assert (run.withdrawn, run.unchanged) == (1, 0)


def test_only_the_cancelled_runs_records_of_a_batch_stop(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    Connection.objects.update(max_slots=1)
    salesforce.refresh_from_db()
    chosen = companies(800)
    run = talk.request(salesforce, chosen[0::2])
    other = talk.request(salesforce, chosen[1::2])
    CompanyLink.objects.update(not_before=timezone.now())  # due at once: each call carries some of both
    slowed(sandbox, 1.5)

    with in_thread(lambda: push.drain(salesforce.pk)):
        wait_until(lambda: talk.count(sandbox, "collections_upsert"))
        cancel(run, salesforce)
        moment = timezone.now()
    talk.drain(salesforce)

    run.refresh_from_db()
    other.refresh_from_db()
    assert (other.created, other.rejected) == (400, 0)
    assert 0 < run.withdrawn < 400
    assert run.created + run.withdrawn == 400
    assert len(talk.accounts(sandbox)) == 400 + run.created
    keys = {str(one.public_id) for one in chosen[0::2]}
    late = [
        call for call in talk.calls(sandbox)["last"]
        if call["route"] == "collections_upsert" and begun_after([call], moment)
    ]  # fmt: skip
    assert not [row for call in late for row in call["body"]["records"] if row["Concord_Id__c"] in keys]
    health = ConnectionHealth.objects.get(connection=salesforce)
    assert (health.pause, health.failures) == ("", 0)


def test_the_call_under_way_is_settled_and_counted(salesforce: Connection, sandbox: SandboxServer) -> None:
    (company,) = companies(1)
    run = talk.request(salesforce, [company])
    slowed(sandbox, 1.0)

    with in_thread(lambda: push.drain(salesforce.pk)):
        wait_until(lambda: store.struck(sandbox)[0])  # the call is over there
        withdrawn = cancel(run, salesforce).withdrawn
        in_flight = queue.answering(run.pk, salesforce)

    run.refresh_from_db()
    assert (withdrawn, in_flight) == (1, 1)
    assert (run.created, run.withdrawn) == (1, 0)
    assert talk.shown(company, salesforce)[0] == "In sync"
    assert queue.answering(run.pk, salesforce) == 0


def test_a_record_whose_answer_is_missing_does_not_say_in_sync(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    (company,) = companies(1, phone="A")
    talk.send(salesforce, [company])
    company.phone = "B"
    company.save()
    talk.break_it(
        sandbox, {"fault": "drop_after_commit", "match": {"route": "collections_update"}, "times": 1}
    )
    run = talk.send(salesforce, [company])
    company.phone = "A"
    company.save()
    assert talk.account_of(sandbox, company)["Phone"] == "B"
    assert queue.waiting(run.pk) == 1  # not answered, and not tried again yet

    cancel(run, salesforce)

    assert talk.shown(company, salesforce) == ("Changed, not sent", "run cancelled, an answer is missing")
    assert CompanyLink.objects.filter(states.where(State.CHANGED)).count() == 1
    queue.find_changed(salesforce, "company")  # as every night
    assert talk.shown(company, salesforce)[0] == "Changed, not sent"
    talk.later(salesforce)
    send_rest(run, salesforce)
    assert talk.account_of(sandbox, company)["Phone"] == "A"
    assert talk.shown(company, salesforce)[0] == "In sync"


def test_a_call_that_fails_after_the_cancel_is_not_tried_again(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    (company,) = companies(1)
    run = talk.request(salesforce, [company])
    talk.break_it(
        sandbox,
        {"fault": "slow:0.8", "match": {"route": "collections_upsert"}},
        {"fault": "drop_after_commit", "match": {"route": "collections_upsert"}},
    )

    with in_thread(lambda: push.drain(salesforce.pk)):
        wait_until(lambda: store.struck(sandbox)[0])  # the call is over there
        cancel(run, salesforce)
    talk.mend(sandbox)
    talk.later(salesforce)

    run.refresh_from_db()
    link = talk.link_of(company)
    assert (link.state, link.code, link.unsure, link.lease) == ("idle", CANCELLED, True, None)
    assert talk.count(sandbox, "collections_upsert") == 1
    assert talk.shown(company, salesforce) == ("Not synced", "run cancelled, an answer is missing")
    assert (run.withdrawn, run.finished) == (1, 0)
    assert send_rest(run, salesforce).finished == 1
    assert len(talk.accounts(sandbox)) == 1


def test_what_a_later_request_took_over_goes_on(salesforce: Connection, sandbox: SandboxServer) -> None:
    mine, taken = companies(2)
    run = talk.request(salesforce, [mine, taken])
    later = talk.request(salesforce, [taken])

    cancel(run, salesforce)
    talk.drain(salesforce)

    later.refresh_from_db()
    assert (run.withdrawn, later.created) == (1, 1)
    assert [row["Name"] for row in talk.accounts(sandbox)] == [taken.name]


def test_children_are_withdrawn_with_their_parents(salesforce: Connection, sandbox: SandboxServer) -> None:
    contact = ContactFactory.create()
    run = talk.request(salesforce, [contact])
    run.refresh_from_db()
    assert run.requested == 2  # the company goes along

    cancel(run, salesforce)
    talk.drain(salesforce)

    assert (run.withdrawn, talk.accounts(sandbox)) == (2, [])
    assert talk.shown(contact, salesforce)[0] == "Not synced"
    again = send_rest(run, salesforce)
    assert again.created == 2


def test_a_parent_that_somebody_elses_contact_waits_for_goes_on_for_that_one(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    contact = ContactFactory.create()
    run = talk.request(salesforce, [contact.company])
    other = talk.request(salesforce, [contact])

    cancel(run, salesforce)
    talk.drain(salesforce)

    other.refresh_from_db()
    assert run.withdrawn == 0
    assert (other.created, other.requested) == (2, 2)
    assert len(talk.people(sandbox)) == 1


def test_a_second_cancel_changes_nothing(salesforce: Connection) -> None:
    chosen = companies(2)
    run = talk.request(salesforce, chosen)
    first = queue.cancel(run, salesforce, by="dana")

    second = queue.cancel(run, salesforce, by="erik")

    run.refresh_from_db()
    assert (first.is_first, first.withdrawn) == (True, 2)
    assert (second.is_first, second.withdrawn) == (False, 0)
    assert (run.cancelled_by, run.withdrawn) == ("dana", 2)


def test_a_command_that_waits_ends_when_its_run_is_cancelled(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    Connection.objects.update(batch_size=5, max_slots=1)
    companies(100)
    slowed(sandbox, 0.3)
    said = io.StringIO()

    def command() -> None:
        with pytest.raises(SystemExit) as ended:
            call_command("sync", salesforce.slug, "company", "--wait", "--timeout", "300", stdout=said)
        assert ended.value.code == 1

    with in_thread(command):
        wait_until(lambda: talk.count(sandbox, "collections_upsert") >= 1)
        run = Run.objects.get()
        cancel(run, salesforce)

    run.refresh_from_db()
    assert run.created + run.withdrawn == 100
    assert f"Cancelled by dana: {run.withdrawn} were not sent" in said.getvalue()
    assert "pending=0" in said.getvalue()


def test_a_store_gets_no_further_call_and_the_lead_of_what_was_made_is_left_for_the_rest(
    b2b: Connection, sandbox: SandboxServer
) -> None:
    chosen = companies(40)  # more than are made before the first is told
    leads = [ContactFactory.create(company=one, is_primary=True) for one in chosen]
    for lead in leads:
        queue.set_enabled("contact", lead.pk, b2b, True, by="tester")
    run = talk.request(b2b, chosen)
    store.break_it(sandbox, {"fault": "slow:0.1"})

    with in_thread(lambda: push.drain(b2b.pk)):
        wait_until(lambda: CompanyLink.objects.exclude(remote_id="").exists())
        cancel(run, b2b)
        moment = timezone.now()
    store_calls = talk.calls(sandbox)["last"]
    talk.mend(sandbox)

    run.refresh_from_db()
    made = {row["companyName"] for row in store.rows(sandbox, "company")}
    assert begun_after(store_calls, moment) == []
    assert 0 < len(made) < 40
    assert not Contact.objects.filter(links__state="pending").exists()
    assert run.finished + run.withdrawn == run.requested
    again = send_rest(run, b2b)
    assert again.rejected == again.conflict == 0
    assert len(store.rows(sandbox, "company")) == 40
    assert not ContactLink.objects.filter(remote_id="", record__company__name__in=made).exists()


def test_many_records_are_compared_at_once(salesforce: Connection) -> None:
    chosen = companies(2_500)
    CompanyLink.objects.bulk_create(
        CompanyLink(connection=salesforce, record=one, remote_id=f"{one.pk:018}", snapshot={"Name": "old"})
        for one in chosen
    )
    run = talk.request(salesforce, chosen)

    with CaptureQueriesContext(connections["default"]) as asked:
        cancel(run, salesforce)

    assert len(asked) < 60
    assert CompanyLink.objects.exclude(changed=[]).count() == 2_500
    assert run.withdrawn == 2_500


def test_a_company_that_was_just_made_gets_its_status_although_the_run_is_cancelled(
    b2b: Connection, sandbox: SandboxServer
) -> None:
    company = CompanyFactory.create(name="Blocked Inc", status="blocked")
    primary = ContactFactory.create(company=company, is_primary=True, email="ada@blocked.example")
    buyers.enable(b2b, primary)  # not requested: its run would take the company over
    run = talk.request(b2b, [company])
    store.break_it(sandbox, *({"fault": "slow:1", "match": {"method": how}} for how in ("POST", "PUT")))

    with in_thread(lambda: push.drain(b2b.pk)):
        wait_until(lambda: store.calls(sandbox).get("company_create"))
        cancel(run, b2b)

    run.refresh_from_db()
    assert store.named(sandbox, "Blocked Inc")["companyStatus"] == 3
    assert store.named(sandbox, "Blocked Inc")["uuid"] == str(company.public_id)
    assert talk.shown(company, b2b)[0] == "In sync"
    assert (run.created, run.withdrawn) == (1, 1)  # what is left is its Primary contact
