"""/healthz and /readyz: they answer whoever asks, and tell what waits."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client
from django.utils import timezone
from django_celery_beat.models import IntervalSchedule, PeriodicTask
from pytest_django.fixtures import Settings

from companies.models import CompanyLink
from config.health import Facts, Readiness, readiness
from connectors.models import Connection, ConnectionHealth
from contacts.models import ContactLink
from tests.factories import CompanyFactory, ConnectionFactory, ContactFactory
from tests.waiting import wait_until


@pytest.fixture(autouse=True)
def forget() -> None:
    """Let no test get the answer of the one before."""
    readiness.forget()


def ready(client: Client) -> dict[str, object]:
    readiness.forget()
    answer = client.get("/readyz")
    assert answer.status_code == 200
    facts: dict[str, object] = answer.json()
    return facts


@pytest.fixture
def ticking(db: None) -> PeriodicTask:
    """A schedule that ticked three seconds ago."""
    every = IntervalSchedule.objects.create(every=10, period=IntervalSchedule.SECONDS)
    last = timezone.now() - timedelta(seconds=3)
    return PeriodicTask.objects.create(
        name="sweep", task="connectors.sweep", interval=every, last_run_at=last
    )


@pytest.fixture
def due(db: None) -> Connection:
    """A connection that could have sent a record a minute ago."""
    connection = ConnectionFactory.create()
    since = timezone.now() - timedelta(minutes=1)
    CompanyLink.objects.create(
        connection=connection, record=CompanyFactory.create(), state="pending", not_before=since
    )
    return connection


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
@pytest.mark.django_db
def test_any_host_may_ask_without_https(client: Client, settings: Settings, path: str) -> None:
    settings.SECURE_SSL_REDIRECT = True

    assert client.get(path, headers={"host": "10.0.0.7:8000"}).status_code == 200


@pytest.mark.usefixtures("ticking")
def test_ready_when_database_broker_and_schedule_work(client: Client) -> None:
    facts = ready(client)

    assert 3 <= facts.pop("beat_age_s") < 60  # type: ignore[operator]
    assert facts == {
        "status": "ok", "database": "ok", "broker": "ok", "oldest_due_s": None, "beat_ahead_s": 0,
    }  # fmt: skip


@pytest.mark.usefixtures("ticking")
def test_a_broker_that_never_answers_degrades_at_once(
    client: Client, settings: Settings, hung_port: int
) -> None:
    settings.REDIS_URL = f"redis://127.0.0.1:{hung_port}/0"

    started = time.monotonic()
    facts = ready(client)

    assert (facts["status"], facts["broker"]) == ("degraded", "degraded")
    assert time.monotonic() - started < 3


@pytest.mark.django_db
def test_a_schedule_that_never_ticked_degrades(client: Client) -> None:
    assert ready(client)["status"] == "degraded"


@pytest.mark.usefixtures("due")
def test_the_oldest_due_record_is_told(client: Client) -> None:
    assert 60 <= ready(client)["oldest_due_s"] < 120  # type: ignore[operator]


def test_records_of_a_paused_connection_wait_on_purpose(client: Client, due: Connection) -> None:
    due.health.pause = ConnectionHealth.Pause.PERSON
    due.health.save()

    assert ready(client)["oldest_due_s"] is None


@pytest.mark.usefixtures("ticking")
def test_a_contact_waits_on_purpose_until_its_company_is_over_there(client: Client) -> None:
    connection, contact = ConnectionFactory.create(), ContactFactory.create()
    since = timezone.now() - timedelta(hours=1)
    ContactLink.objects.create(connection=connection, record=contact, state="pending", not_before=since)

    before = ready(client)["oldest_due_s"]
    CompanyLink.objects.create(connection=connection, record=contact.company, remote_id="001")
    after = ready(client)["oldest_due_s"]

    assert before is None
    assert isinstance(after, float)
    assert after >= 3600


@pytest.mark.django_db(transaction=True)
def test_a_database_that_takes_too_long_degrades_and_is_not_called_down(client: Client) -> None:
    apart = database.copy()
    apart.set_autocommit(False)
    try:
        with apart.cursor() as cursor:
            cursor.execute("LOCK TABLE connectors_connection IN ACCESS EXCLUSIVE MODE")
        facts = ready(client)
    finally:
        apart.close()

    assert facts == {"status": "degraded", "database": "slow"}


@pytest.mark.django_db(transaction=True)
def test_without_the_database_it_is_not_ready(client: Client, settings: Settings) -> None:
    name = database.settings_dict["NAME"]
    database.close()
    database.settings_dict["NAME"] = "no_such_database"
    try:
        answer = client.get("/readyz")
    finally:
        database.close()
        database.settings_dict["NAME"] = name

    assert (answer.status_code, answer.json()["database"]) == (503, "down")


@pytest.mark.usefixtures("ticking")
def test_a_flood_asks_the_database_once_a_second(client: Client, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(10):  # of one answer
        answers = {client.get("/readyz").content for _ in range(50)}

    assert len(answers) == 1


def test_nobody_waits_for_an_answer_that_somebody_else_asks_for() -> None:
    asked, may_end = threading.Event(), threading.Event()
    may_end.set()

    def ask() -> Facts:
        asked.set()
        may_end.wait(20)
        return {"asked": time.monotonic()}, 200

    kept = Readiness(ask, keep_s=0)
    first = kept()
    may_end.clear()
    asked.clear()
    with ThreadPoolExecutor(1) as pool:
        second = pool.submit(kept)
        asked.wait(20)
        meanwhile = kept()
        may_end.set()

    assert meanwhile == first
    assert second.result() != first


def test_an_answer_that_took_long_is_kept_nine_times_as_long() -> None:
    asked: list[float] = []

    def ask() -> Facts:
        asked.append(time.monotonic())
        wait_until(lambda: time.monotonic() > asked[-1] + 0.3)
        return {}, 200

    kept = Readiness(ask, keep_s=0)
    for _ in range(50):
        kept()

    assert len(asked) == 1
