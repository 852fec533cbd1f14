"""Cancel on a run's page: who may, what is said, and the button that sends what was left."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from companies.models import CompanyLink
from connectors import queue
from connectors.models import Connection, Slot
from connectors.protocol import CANCELLED
from synclog.models import Entry, Run
from tests import talk
from tests.connection_pages import text, told
from tests.factories import CompanyFactory, ConnectionFactory
from tests.staff import EDITS, READS, SYNCS, SYNCS_ALL, browser_of, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Connection:
    return ConnectionFactory.create()


@pytest.fixture
def client() -> Client:
    return browser_of(person(*SYNCS_ALL))


def url(run: Run, what: str = "change") -> str:
    return f"/admin/synclog/run/{run.pk}/{what}/"


def waiting(account: Connection, number: int = 3, **fields: Any) -> Run:
    """Return a run of which so many records wait, and two were created."""
    run = talk.request(account, CompanyFactory.create_batch(number))
    Run.objects.filter(pk=run.pk).update(requested=number + 2, created=2, **fields)
    run.refresh_from_db()
    return run


def test_cancel_says_what_stands_and_what_was_not_sent(account: Connection, client: Client) -> None:
    run = waiting(account)
    before = text(client.get(url(run)))

    answer = client.post(url(run, "cancel"), follow=True)

    html = text(answer)
    assert ">Cancel</button>" in before
    assert "The run is cancelled: 3 records that waited are not sent. What was sent stands." in told(answer)
    assert "Cancelled by dana: 2 sent, 3 not sent" in html
    assert "2 records were sent and stand. 3 were not sent: they show as “Changed, not sent” or" in html
    assert "not sent <b>3</b>" in html
    assert "= <b>5</b>" in html
    assert url(run, "live") not in html
    assert ">Cancel</button>" not in html


def test_the_rest_is_sent_by_a_run_of_its_own(account: Connection, client: Client) -> None:
    run = waiting(account)
    page = client.post(url(run, "cancel"), follow=True)
    nonce = page.context["nonce"]

    answer = client.post(url(run, "rest"), {"run": nonce}, follow=True)

    again = Run.objects.get(pk=nonce)
    assert "Send the rest (3)" in text(page)
    assert answer.redirect_chain[-1][0] == url(again)
    assert (again.label, again.requested, again.user_name) == (run.label, 3, "dana")
    assert CompanyLink.objects.filter(run=again.pk, state="pending", code="").count() == 3
    html = text(client.get(url(run)))
    assert "Send the rest" not in html
    assert "3 were not sent by this run, and asked for again since." in html


def test_the_log_says_who_cancelled_and_how_many(account: Connection, client: Client) -> None:
    run = waiting(account)

    client.post(url(run, "cancel"))

    entry = Entry.objects.get(code=CANCELLED)
    assert (entry.run, entry.login_user, entry.connection_id) == (run.pk, "dana", account.pk)
    assert entry.description == (
        "dana cancelled “Sync with Salesforce · Salesforce”: 3 waiting records were withdrawn. "
        "What was sent stands."
    )


def test_while_a_call_is_under_way_the_page_says_so_and_looks_again(
    account: Connection, client: Client
) -> None:
    run = waiting(account)
    lease = uuid.uuid4()
    later = timezone.now() + timedelta(minutes=1)
    Slot.objects.create(connection=account, number=0, lease=lease, expires_at=later)
    CompanyLink.objects.filter(pk=CompanyLink.objects.first().pk).update(lease=lease)  # type: ignore[union-attr]

    html = text(client.post(url(run, "cancel"), follow=True))

    assert "A call for 1 record is under way: its answer is still stored and counted." in html
    assert "Cancelled by dana: 2 sent, 1 being sent, 2 not sent" in html
    assert "being sent <b>1</b>" in html
    assert url(run, "live") in html
    assert "Send the rest" not in html


def test_a_second_click_changes_nothing_and_names_who_was_first(account: Connection, client: Client) -> None:
    run = waiting(account)
    client.post(url(run, "cancel"))

    answer = browser_of(person(*SYNCS_ALL, username="erik")).post(url(run, "cancel"), follow=True)

    assert "dana has cancelled this run already." in told(answer)
    run.refresh_from_db()
    assert (run.cancelled_by, run.withdrawn) == ("dana", 3)
    assert Entry.objects.filter(code=CANCELLED).count() == 1


def test_a_run_that_is_over_has_nothing_to_cancel(account: Connection, client: Client) -> None:
    run = waiting(account)
    CompanyLink.objects.update(state="idle")

    html = text(client.get(url(run)))
    answer = client.post(url(run, "cancel"), follow=True)

    assert ">Cancel</button>" not in html
    assert "Nothing was left to cancel: each record has its outcome." in told(answer)
    run.refresh_from_db()
    assert run.cancelled_at is None


@pytest.mark.parametrize("what", ["cancel", "rest"])
def test_it_takes_a_post_and_the_right_to_sync_what_the_run_sends(account: Connection, what: str) -> None:
    run = waiting(account)
    reader = browser_of(person(*EDITS, username="reader"))
    syncs_companies = browser_of(person(*SYNCS, username="syncs"))
    whole = waiting(account, entity="")

    assert syncs_companies.get(url(run, what)).status_code == 405
    assert reader.post(url(run, what)).status_code == 403
    assert ">Cancel</button>" not in text(reader.get(url(run)))
    assert syncs_companies.post(url(run, what)).status_code == 302
    assert syncs_companies.post(url(whole, what)).status_code == 403  # it may send contacts too
    assert browser_of(person(*READS, username="nobody")).post(url(run, what)).status_code == 403
    assert Client(enforce_csrf_checks=True).post(url(run, what)).status_code in (302, 403)


def test_a_forged_cancel_is_refused(account: Connection) -> None:
    run = waiting(account)
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(person(*SYNCS_ALL))

    assert browser.post(url(run, "cancel")).status_code == 403
    assert queue.waiting(run.pk) == 3


def test_an_hour_of_automatic_saves_cannot_be_cancelled_and_says_what_can_be_done(
    account: Connection, client: Client
) -> None:
    run = waiting(account, kind="automatic")

    html = text(client.get(url(run)))

    assert ">Cancel</button>" not in html
    assert "Pause Salesforce, or switch its automatic sync off, to hold them back." in html
    assert client.post(url(run, "cancel")).status_code == 403
    assert queue.waiting(run.pk) == 3


def test_the_headline_of_a_cancelled_run_takes_the_worst_outcome(account: Connection, client: Client) -> None:
    run = waiting(account, rejected=1)

    html = text(client.post(url(run, "cancel"), follow=True))

    assert "Cancelled by dana: 2 sent, 1 failed, 3 not sent" in html
    assert "cc-headline cc-tone-bad" in html
    assert "Cancelled by dana: 2 sent, 1 failed, 3 not sent" in text(client.get("/admin/synclog/run/"))


def test_where_automatic_sync_is_on_the_page_says_that_the_rest_goes_by_itself(
    account: Connection, client: Client
) -> None:
    Connection.objects.update(auto_push={"company": True})

    html = text(client.post(url(waiting(account), "cancel"), follow=True))

    assert "Automatic sync is on: what differs is sent after its next save, or tonight." in html
