"""Pauses and waits go by the database's clock: a worker's own may be an hour off."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connection as database
from django.utils import timezone

from connectors import health, push
from connectors.errors import RateLimited
from connectors.models import Connection, ConnectionHealth, Notice
from connectors.pulling import notices
from connectors.sandbox.server import SandboxServer
from tests import talk
from tests.factories import CompanyFactory

pytestmark = pytest.mark.django_db(transaction=True)

CLOCKS = ("clock_timestamp", "statement_timestamp")


@contextmanager
def database_is(off: timedelta) -> Iterator[None]:
    """Let the database's clock differ from this machine's, for this connection to it."""
    with database.cursor() as cursor:
        cursor.execute("CREATE SCHEMA skewed")
        for name in CLOCKS:
            cursor.execute(
                f"CREATE FUNCTION skewed.{name}() RETURNS timestamptz LANGUAGE sql AS "
                f"'SELECT pg_catalog.{name}() + interval ''{off.total_seconds()} s'''"
            )
        cursor.execute("SET search_path = skewed, pg_catalog, public")
    try:
        yield
    finally:
        with database.cursor() as cursor:
            cursor.execute("RESET search_path")
            cursor.execute("DROP SCHEMA skewed CASCADE")


def test_a_pause_that_is_over_by_the_databases_clock_is_over(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    ConnectionHealth.objects.update(pause="limit", paused_until=timezone.now() + timedelta(minutes=30))
    talk.request(salesforce, [CompanyFactory.create()])

    with database_is(timedelta(hours=1)):
        push.drain(salesforce.pk)

    assert len(talk.accounts(sandbox)) == 1


def test_a_pause_that_goes_on_by_the_databases_clock_goes_on(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    with database_is(timedelta(hours=-1)):
        talk.request(salesforce, [CompanyFactory.create()])
        health.failed(salesforce, RateLimited("Fewer calls.", retry_after_s=60), batch=0)
        push.drain(salesforce.pk)
        found = ConnectionHealth.objects.get()

        assert found.is_paused()
    assert found.paused_at is not None
    assert found.paused_at < timezone.now() - timedelta(minutes=59)
    assert talk.accounts(sandbox) == []


def test_what_is_read_again_later_waits_by_the_databases_clock(b2b: Connection) -> None:
    with database_is(timedelta(hours=1)):
        notices.keep(b2b, "company", ["1"], after_s=60)
        waits = notices.open_ones(b2b).exists()
        not_before = Notice.objects.get().not_before

    assert not waits
    assert not_before > timezone.now() + timedelta(minutes=59)
