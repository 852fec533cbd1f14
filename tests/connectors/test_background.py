"""What is done while a call is under way: answers stored, the next rows claimed; nothing is lost by it."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from django.db import connection as database
from django.db import transaction

from companies.models import Company, CompanyLink
from connectors import push
from connectors.models import Connection
from connectors.sandbox.server import SandboxServer
from synclog.models import Entry
from tests import talk
from tests.chaos.relay import relay
from tests.connectors.test_races import in_thread
from tests.factories import CompanyFactory
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
TOGETHER = 200  # in one call
THREE_CALLS = 2 * TOGETHER + 1


@contextmanager
def log_is_locked() -> Iterator[None]:
    """Let nobody write to the log: who stores answers waits."""
    with transaction.atomic(), database.cursor() as cursor:
        cursor.execute("LOCK TABLE synclog_entry IN SHARE MODE")
        yield


def waiting_for_the_lock() -> list[int]:
    """Return the processes of the database that wait for a lock."""
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")  # else a transaction sees what it saw first
        cursor.execute("SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        return [pid for (pid,) in cursor.fetchall()]


def requested(salesforce: Connection) -> list[Company]:
    talk.send(salesforce, [CompanyFactory.create()])  # the login is in the log
    companies = Company.objects.bulk_create(CompanyFactory.build_batch(THREE_CALLS))
    talk.request(salesforce, companies)
    return companies


def test_the_next_call_is_made_while_answers_are_stored(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    salesforce.max_slots = 1
    salesforce.save()
    requested(salesforce)
    before = talk.count(sandbox, "collections_upsert")

    with in_thread(lambda: push.drain(salesforce.pk)), log_is_locked():
        wait_until(waiting_for_the_lock)
        wait_until(lambda: talk.count(sandbox, "collections_upsert") == before + 2)
        stored = CompanyLink.objects.exclude(remote_id="").count()

    assert stored == 1
    assert not CompanyLink.objects.exclude(state="idle").exists()
    assert len(talk.accounts(sandbox)) == THREE_CALLS + 1


def test_answers_whose_storing_broke_off_are_stored_after_all(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    salesforce.max_slots = 1
    salesforce.save()
    companies = requested(salesforce)
    before = talk.count(sandbox, "collections_upsert")

    with in_thread(lambda: push.drain(salesforce.pk)), log_is_locked():
        wait_until(lambda: talk.count(sandbox, "collections_upsert") == before + 2)
        wait_until(waiting_for_the_lock)
        (stores,) = waiting_for_the_lock()
        with database.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [stores])
    talk.later(salesforce)

    assert not CompanyLink.objects.exclude(state="idle").exists()
    assert len(talk.accounts(sandbox)) == THREE_CALLS + 1
    told = Entry.objects.filter(object_id__in=[company.public_id for company in companies])
    assert told.filter(outcome="created").count() == THREE_CALLS
    assert told.count() == THREE_CALLS


def test_the_next_rows_are_claimed_while_a_call_is_under_way(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    port = urlsplit(sandbox.url).port or 0
    with relay("127.0.0.1", port) as between:
        salesforce.max_slots = 1
        salesforce.base_url = salesforce.base_url.replace(str(port), str(between.port))
        salesforce.save()
        companies = requested(salesforce)
        push.drain(salesforce.pk)
        Company.objects.update(phone="+1 650 555 0100")
        talk.request(salesforce, companies)

        between.hung.set()
        with in_thread(lambda: push.drain(salesforce.pk)):
            wait_until(lambda: CompanyLink.objects.exclude(lease=None).count() == 2 * TOGETHER)
            between.hung.clear()

    assert not CompanyLink.objects.exclude(state="idle", lease=None).exists()
    assert [row["Phone"] for row in talk.accounts(sandbox)].count("+1 650 555 0100") == THREE_CALLS
