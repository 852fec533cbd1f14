"""Answers are stored while the next call is under way, and none is lost where that fails."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection as database
from django.db import transaction

from companies.models import Company, CompanyLink
from connectors import push
from connectors.models import Connection
from connectors.sandbox.server import SandboxServer
from synclog.models import Entry
from tests import talk
from tests.connectors.test_races import in_thread
from tests.factories import CompanyFactory
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
THREE_CALLS = 401


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
