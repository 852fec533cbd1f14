"""The run's page: counts that add up, a headline that takes the worst, and the way to try again."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from companies.models import CompanyLink
from connectors.models import Connection, ConnectionHealth
from connectors.protocol import UNANSWERED
from synclog.models import Entry, Run
from tests.factories import CompanyFactory, ConnectionFactory
from tests.staff import READS, SYNCS_ALL, browser_of, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Connection:
    return ConnectionFactory.create()


@pytest.fixture
def client() -> Client:
    return browser_of(person(*SYNCS_ALL))


def made(account: Connection, **fields: Any) -> Run:
    values = {"kind": "click", "label": "Sync with Salesforce", "entity": "company", "user_name": "admin"}
    names = {"connection_id": account.pk, "connection_name": account.name}
    return Run.objects.create(**{**values, **names, **fields})


def page(run: Run, client: Client) -> str:
    html = client.get(f"/admin/synclog/run/{run.pk}/change/").content.decode()
    return " ".join(html.split())


def test_the_parts_add_up_to_what_was_asked_for(account: Connection, client: Client) -> None:
    run = made(account, requested=50, created=30, updated=4, unchanged=6, rejected=3, conflict=2, skipped=1)
    for _ in range(3):
        CompanyLink.objects.create(
            connection=account, record=CompanyFactory.create(), state="pending", run=run.pk
        )

    html = page(run, client)

    assert "Sync with Salesforce: 50 companies, by admin," in html
    for part in (
        "created <b>30</b>",
        "updated <b>4</b>",
        "already in sync <b>6</b>",
        "failed <b>3</b>",
        "needs your choice <b>2</b>",
        "not enabled <b>1</b>",
        "waiting <b>3</b>",
        "taken over by a newer request, or deleted here <b>1</b>",
    ):
        assert part in html
    assert "= <b>50</b>" in html


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"requested": 50, "created": 46, "rejected": 4}, "Done, 4 failed"),
        ({"requested": 50, "created": 49, "conflict": 1}, "Done, 1 needs your choice"),
        ({"requested": 50, "created": 44, "updated": 6}, "Done: 44 created, 6 updated"),
        ({"requested": 50, "unchanged": 50}, "Nothing to send: all 50 were already in sync"),
        ({"requested": 2, "created": 1, "skipped": 1}, "Done, 1 not sent: not enabled"),
        ({"requested": 0}, "Nothing to send"),
    ],
)
def test_the_headline_takes_the_worst_outcome(
    account: Connection, client: Client, fields: dict[str, int], told: str
) -> None:
    assert f">{told}</p>" in page(made(account, **fields), client)


def test_a_run_refreshes_itself_while_something_waits(account: Connection, client: Client) -> None:
    run = made(account, requested=1)
    link = CompanyLink.objects.create(
        connection=account, record=CompanyFactory.create(), state="pending", run=run.pk
    )

    running = page(run, client)
    CompanyLink.objects.filter(pk=link.pk).update(state="idle")
    live = client.get(f"/admin/synclog/run/{run.pk}/live/").content.decode()

    assert f'hx-get="/admin/synclog/run/{run.pk}/live/" hx-trigger="every 2s"' in running
    assert "1 waiting" in running
    assert "hx-get" not in live


def test_what_failed_in_a_run_is_retried_in_a_new_one(account: Connection, client: Client) -> None:
    run, other = made(account, requested=2, rejected=2), uuid.uuid4()
    for of in (run.pk, run.pk, other):
        company = CompanyFactory.create()
        CompanyLink.objects.create(connection=account, record=company, state="failed", code="x", run=of)

    html = page(run, client)
    client.post(f"/admin/synclog/run/{run.pk}/retry/")

    again = Run.objects.exclude(pk=run.pk).get()
    assert "Retry 2 failed" in html
    assert again.requested == 2
    assert CompanyLink.objects.filter(run=again.pk, state="pending").count() == 2
    assert CompanyLink.objects.filter(run=other, state="failed").count() == 1


def test_retrying_is_a_post_with_the_right_to_sync(account: Connection, client: Client) -> None:
    url = f"/admin/synclog/run/{made(account, requested=1, rejected=1).pk}/retry/"

    assert client.get(url).status_code == 405
    assert browser_of(person(*READS, username="reader")).post(url).status_code == 403
    assert Run.objects.count() == 1


def test_the_entries_of_the_run_stand_below_it(account: Connection, client: Client) -> None:
    run = made(account, requested=1, created=1)
    Entry.objects.create(
        level="INFO", action_type="customer_sync", description="Acme <b>created</b>", run=run.pk
    )
    Entry.objects.create(level="INFO", action_type="customer_sync", description="Somebody else's")

    html = page(run, client)

    assert "Acme &lt;b&gt;created&lt;/b&gt;" in html
    assert "Somebody else" not in html
    assert f"/admin/synclog/entry/?run={run.pk}" in html


def test_the_list_says_how_each_run_went(account: Connection, client: Client) -> None:
    made(account, requested=4, created=2, rejected=2)

    html = client.get("/admin/synclog/run/").content.decode()

    assert "Done, 2 failed" in html
    assert "Sync with Salesforce · Salesforce" in html


def test_an_hour_of_automatic_saves_is_called_so(account: Connection, client: Client) -> None:
    run = made(account, kind="automatic", label="Automatic", entity="", requested=3, updated=3, user_name="")

    assert "Automatic, " in page(run, client)
    assert "3 records" in page(run, client)


def test_a_run_is_only_for_those_who_may_see_runs(account: Connection) -> None:
    run = made(account)
    client = browser_of(person("view_company"))

    assert client.get(f"/admin/synclog/run/{run.pk}/change/").status_code == 403
    assert client.get(f"/admin/synclog/run/{run.pk}/live/").status_code == 403
    assert Client().get(f"/admin/synclog/run/{run.pk}/live/").status_code == 302


def test_an_unknown_run_is_not_found(client: Client) -> None:
    assert client.get(f"/admin/synclog/run/{uuid.uuid4()}/change/").status_code == 404


def test_a_retry_is_offered_only_for_what_nobody_asked_for_since(account: Connection, client: Client) -> None:
    run = made(account, requested=2, rejected=2)
    for of in (run.pk, uuid.uuid4()):
        CompanyLink.objects.create(
            connection=account, record=CompanyFactory.create(), state="failed", code="x", run=of
        )

    one_left = page(run, client)
    CompanyLink.objects.all().delete()

    assert "Retry 1 failed" in one_left
    assert "Retry" not in page(run, client)


@pytest.mark.parametrize(
    ("number", "said"), [(1, "1 record waits until"), (2, "2 records wait until"), (0, None)]
)
def test_a_run_whose_create_got_no_answer_says_until_when_it_waits(
    account: Connection, client: Client, number: int, said: str | None
) -> None:
    run = made(account, requested=3)
    soon = timezone.now() + timedelta(minutes=5)
    for nth in range(3):
        waits = {"code": UNANSWERED, "not_before": soon} if nth < number else {}
        CompanyLink.objects.create(
            connection=account, record=CompanyFactory.create(), state="pending", run=run.pk, **waits
        )

    html = page(run, client)

    assert said in html if said else "got no answer" not in html


def test_a_run_that_waits_for_a_paused_connection_says_so(account: Connection, client: Client) -> None:
    run = made(account, requested=1)
    CompanyLink.objects.create(
        connection=account, record=CompanyFactory.create(), state="pending", run=run.pk
    )
    ConnectionHealth.objects.filter(connection=account).update(pause="login", paused_at=timezone.now())

    html = page(run, client)

    assert "Salesforce sends nothing now: login refused. What waits is kept." in html
    assert "No entries yet." in html


def test_a_run_of_another_day_names_the_day(account: Connection, client: Client) -> None:
    then = timezone.now() - timedelta(days=3)
    run = made(account, requested=1, unchanged=1, started_at=then, last_at=then)

    html = page(run, client)

    assert f"by admin, {timezone.localtime(then).day} {timezone.localtime(then):%b}" in html
    assert "Nothing to send: it was already in sync" in html
