"""How rows are read by the thousand, and that it changes nothing but the time."""

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from companies.models import Company, CompanyLink
from connectors.models import Connection
from tests import talk
from tests.factories import CompanyFactory

pytestmark = pytest.mark.django_db


def test_keys_are_asked_for_as_one_array() -> None:
    made = CompanyFactory.create_batch(3)

    with CaptureQueriesContext(
        database,
    ) as asked:
        found = set(Company.objects.filter(pk__in=[made[0].pk, str(made[1].pk), None, 10**15]))

    assert found == {made[0], made[1]}
    assert "= ANY('{" in asked[0]["sql"]


def test_keys_that_come_one_by_one_are_asked_for_too() -> None:
    made = CompanyFactory.create_batch(2)

    assert set(Company.objects.filter(pk__in=(one.pk for one in made))) == set(made)
    assert set(Company.objects.filter(pk__in={made[0].pk: ""})) == {made[0]}


def test_no_key_finds_nothing_without_asking() -> None:
    CompanyFactory.create()

    with CaptureQueriesContext(database) as asked:
        found = [*Company.objects.filter(pk__in=[]), *Company.objects.filter(pk__in=[None])]

    assert found == []
    assert not asked.captured_queries
    assert Company.objects.exclude(pk__in=[]).count() == 1


def test_keys_of_another_query_stay_a_query() -> None:
    made = CompanyFactory.create()

    found = Company.objects.filter(pk__in=Company.objects.filter(name=made.name).values("pk"))

    assert list(found) == [made]


def test_a_row_that_was_read_is_as_the_one_that_was_stored(salesforce: Connection) -> None:
    company = CompanyFactory.create(legal_country="DE")
    talk.request(salesforce, [company])
    CompanyLink.objects.update(snapshot={"Name": "A"}, left={}, candidates=[], ways=[{"choice": "x"}])

    link, again = CompanyLink.objects.get(), CompanyLink.objects.get()
    link.left["Phone"] = "1"

    assert (link.snapshot, link.candidates, link.ways) == ({"Name": "A"}, [], [{"choice": "x"}])
    assert again.left == {}
    assert (link._state.adding, link._state.db, link.record.legal_country.code) == (False, "default", "DE")


def test_a_column_that_was_not_read_is_read_when_it_is_asked_for(salesforce: Connection) -> None:
    talk.request(salesforce, [CompanyFactory.create()])

    (link,) = CompanyLink.objects.defer("requested_at")

    assert link.get_deferred_fields() == {"requested_at"}
    assert link.requested_at == CompanyLink.objects.get().requested_at is not None
