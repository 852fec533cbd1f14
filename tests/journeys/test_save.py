"""The second path: a company is saved, and what the connection's switch makes of it."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.db import transaction

from companies.models import Company, CompanyLink
from config.celery import app
from connectors import doorbell, queue
from connectors.models import Connection
from connectors.sandbox.server import SandboxServer
from synclog import runs
from synclog.models import Entry, Run
from tests import talk
from tests.factories import CompanyFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.untested]


@pytest.fixture
def automatic(salesforce: Connection) -> Connection:
    """Return the connection with automatic sync on."""
    salesforce.auto_push = {"company": True}
    salesforce.save()
    return salesforce


def test_a_new_company_is_sent_by_itself(automatic: Connection, sandbox: SandboxServer) -> None:
    company = CompanyFactory.create()

    talk.drain(automatic)

    assert talk.account_of(sandbox, company)["Name"] == company.name


def test_name_and_email_edits_follow_by_themselves(automatic: Connection, sandbox: SandboxServer) -> None:
    company = CompanyFactory.create()
    talk.drain(automatic)
    company.name, company.email = "New Name", "new@company.example"
    company.save(requested_by="admin")

    talk.drain(automatic)

    account = talk.account_of(sandbox, company)
    assert (account["Name"], account["Concord_Email__c"]) == ("New Name", "new@company.example")
    entry = Entry.objects.filter(object_id=company.public_id).first()
    assert entry is not None
    assert entry.login_user == "admin"
    assert entry.changes["Email"] == [
        "office@" + company.website.removeprefix("https://"),
        "new@company.example",
    ]


def test_saves_of_one_hour_are_one_run_whose_counts_add_up(
    automatic: Connection, sandbox: SandboxServer
) -> None:
    for company in CompanyFactory.create_batch(4):
        company.save()
    talk.drain(automatic)

    found = list(Run.objects.filter(kind=Run.Kind.AUTOMATIC))
    assert len(found) in (1, 2)  # the hour may turn between them
    assert sum(run.created for run in found) == 4
    assert sum(run.requested for run in found) >= sum(run.finished for run in found)


def test_an_hour_has_a_run_of_its_own_on_each_connection() -> None:
    begins = datetime(2026, 3, 29, 1, tzinfo=UTC)
    ends = begins + timedelta(minutes=59, seconds=59, microseconds=999_999)

    one = runs.automatic_id(1, begins)

    assert runs.automatic_id(1, ends) == one
    assert runs.automatic_id(1, ends.astimezone(ZoneInfo("Asia/Kathmandu"))) == one
    assert runs.automatic_id(1, ends + timedelta(microseconds=1)) != one
    assert runs.automatic_id(2, begins) != one


def test_saving_a_synced_company_untouched_asks_for_nothing(
    automatic: Connection, sandbox: SandboxServer
) -> None:
    company = CompanyFactory.create()
    talk.drain(automatic)

    company.save()

    assert talk.link_of(company).state == "idle"


def test_with_the_switch_off_nothing_is_sent_and_an_edit_shows_as_changed(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    new, synced = CompanyFactory.create_batch(2)
    talk.send(salesforce, [synced])
    synced.phone, synced.source = "5", "import"
    synced.save()

    talk.drain(salesforce)

    assert not CompanyLink.objects.filter(record=new).exists()
    link = talk.link_of(synced)
    assert (link.state, link.changed) == ("idle", ["phone"])
    assert talk.account_of(sandbox, synced)["Phone"] != "5"

    talk.send(salesforce, [synced])

    assert talk.link_of(synced).changed == []
    assert talk.account_of(sandbox, synced)["Phone"] == "5"


def test_an_edit_of_what_nobody_maps_does_not_light_changed(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    company = CompanyFactory.create()
    talk.send(salesforce, [company])

    company.source = Company.Source.IMPORT
    company.save()

    assert talk.link_of(company).changed == []


def test_an_edit_undone_by_hand_is_no_change_any_more(salesforce: Connection, sandbox: SandboxServer) -> None:
    company = CompanyFactory.create(phone="1")
    talk.send(salesforce, [company])
    company.phone = "2"
    company.save()
    company.phone = "1"

    company.save()

    assert talk.link_of(company).changed == []


@pytest.mark.parametrize("switched_on", [True, False])
def test_a_bulk_write_that_bypassed_save_is_found(
    salesforce: Connection, sandbox: SandboxServer, switched_on: bool
) -> None:
    company = CompanyFactory.create()
    talk.send(salesforce, [company])
    salesforce.auto_push = {"company": switched_on}
    salesforce.save()
    Company.objects.filter(pk=company.pk).update(name="Bulk")

    found = queue.find_changed(salesforce, "company")

    assert found == 1
    assert talk.link_of(company).state == ("pending" if switched_on else "idle")
    assert talk.link_of(company).changed == ["name"]


def test_a_save_that_is_rolled_back_asks_for_nothing(automatic: Connection) -> None:
    with transaction.atomic():
        CompanyFactory.create()
        transaction.set_rollback(True)

    assert not CompanyLink.objects.exists()


@pytest.mark.parametrize("broker", ["down", "hung"])
def test_without_a_broker_a_save_and_a_click_answer_in_under_a_second_and_lose_nothing(
    automatic: Connection, sandbox: SandboxServer, hung_port: int, broker: str
) -> None:
    port = hung_port if broker == "hung" else 1
    app.conf.broker_write_url = app.conf.broker_url = f"redis://127.0.0.1:{port}/0"
    doorbell.forget_trouble()
    try:
        made: list[Company] = []
        acts = [lambda: made.append(CompanyFactory.create())] * 2 + [lambda: talk.request(automatic, made)]
        seconds = [_timed(act) for act in acts]
    finally:
        app.conf.broker_write_url = app.conf.broker_url = settings.REDIS_URL
        doorbell.forget_trouble()

    assert max(seconds) < 1
    talk.drain(automatic)
    assert len(talk.accounts(sandbox)) == 2


def _timed(act: Callable[[], object]) -> float:
    started = time.monotonic()
    act()
    return time.monotonic() - started
