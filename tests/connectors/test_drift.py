"""Whatever changes what would be sent marks the records at once: settings, masters, fields, a release."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection as database

from companies.models import Company, CompanyLink
from connectors import drift, entities, health, queue, tasks, upkeep
from connectors.batch import Batch
from connectors.desk import Desk
from connectors.models import Comparison, Connection, ConnectionHealth
from connectors.rendering import Renderer
from connectors.sandbox.server import SandboxServer
from synclog.models import Entry
from tests import talk
from tests.desk import set_up
from tests.factories import CompanyFactory, ContactFactory, UserFactory
from tests.reading import goes
from tests.shelf import Shelf
from tests.waiting import wait_until
from tests.workers import Workers

pytestmark = pytest.mark.django_db(transaction=True)
WITHOUT_EMAIL = {"email_field": ""}


@pytest.fixture
def without_picklists(sandbox: SandboxServer) -> None:
    set_up(sandbox, state_country_picklists=False)


@pytest.fixture
def chosen(salesforce: Connection) -> list[Company]:
    """Return five companies that are in sync, and whose e-mail is not sent; two have none."""
    Connection.objects.update(settings=WITHOUT_EMAIL)
    salesforce.refresh_from_db()
    made = [*CompanyFactory.create_batch(3), *CompanyFactory.create_batch(2, email="")]
    talk.send(salesforce, made)
    drift.catch_up(salesforce.pk)
    assert words(made, salesforce) == ["In sync"] * 5
    return made


def words(records: list[Company], connection: Connection) -> list[str]:
    return [talk.shown(record, connection)[0] for record in records]


def events(code: str = "drift") -> list[str]:
    return list(Entry.objects.filter(code=code).order_by("pk").values_list("description", flat=True))


def by_save(connection: Connection, settings: dict[str, str]) -> None:
    connection.settings = settings
    connection.save()


def by_update(connection: Connection, settings: dict[str, str]) -> None:
    Connection.objects.filter(pk=connection.pk).update(settings=settings)


def by_sql(connection: Connection, settings: dict[str, str]) -> None:
    with database.cursor() as cursor:
        cursor.execute("UPDATE connectors_connection SET settings = '{}' WHERE id = %s", [connection.pk])


@pytest.mark.parametrize("how", [by_save, by_update, by_sql])
def test_settings_that_were_saved_outside_the_form_mark_what_differs_and_say_how_many(
    salesforce: Connection, chosen: list[Company], how: Callable[[Connection, dict[str, str]], None]
) -> None:
    how(salesforce, {})
    assert drift.due(Connection.objects.get())

    drift.catch_up(salesforce.pk)

    assert words(chosen, salesforce) == ["Changed, not sent"] * 3 + ["In sync"] * 2
    assert CompanyLink.objects.get(record=chosen[0]).changed == ["email"]
    assert events() == [
        "What is sent to Salesforce was changed: 3 companies differ now from what was sent and show "
        "“Changed, not sent”."
    ]
    assert not drift.due(Connection.objects.get())


def test_settings_that_were_changed_back_mark_nothing_any_more(
    salesforce: Connection, chosen: list[Company]
) -> None:
    by_update(salesforce, {})
    drift.catch_up(salesforce.pk)
    by_update(salesforce, WITHOUT_EMAIL)

    drift.catch_up(salesforce.pk)

    assert words(chosen, salesforce) == ["In sync"] * 5
    assert len(events()) == 1


def test_what_differs_is_sent_where_records_go_by_themselves(
    salesforce: Connection, sandbox: SandboxServer, chosen: list[Company]
) -> None:
    Connection.objects.update(settings={}, auto_push={"company": True})

    drift.catch_up(salesforce.pk)
    talk.drain(salesforce)

    assert events() == [
        "What is sent to Salesforce was changed: 3 companies differ now from what was sent and are queued."
    ]
    assert talk.account_of(sandbox, chosen[0])["Concord_Email__c"] == chosen[0].email
    assert words(chosen, salesforce) == ["In sync"] * 5


def test_a_field_that_appears_over_there_marks_what_differs(
    salesforce: Connection, without_picklists: None, chosen: list[Company]
) -> None:
    facts = ConnectionHealth.objects.get().facts
    facts["Account"]["BillingCountryCode"] = {"length": 10}
    health.learn(salesforce, facts)

    drift.catch_up(salesforce.pk)

    assert words(chosen, salesforce) == ["Changed, not sent"] * 5


def test_another_master_marks_what_differs(shelf: Shelf) -> None:
    goes(shelf, "both", company={"phone": "remote"})
    company = CompanyFactory.create(phone="1")
    talk.send(shelf.connection, [company])
    company.phone = "2"
    company.save()
    drift.catch_up(shelf.connection.pk)
    assert talk.shown(company, shelf.connection)[0] == "In sync"

    Connection.objects.update(masters={})
    drift.catch_up(shelf.connection.pk)

    assert talk.shown(company, shelf.connection)[0] == "Changed, not sent"


def test_a_new_release_has_everything_compared_once(salesforce: Connection, chosen: list[Company]) -> None:
    Comparison.objects.update(rules="of an older release")
    Company.objects.filter(pk=chosen[0].pk).update(name="Renamed")  # as if the release sent another name

    drift.catch_up(salesforce.pk)

    assert words(chosen, salesforce)[0] == "Changed, not sent"
    assert not drift.due(Connection.objects.get())


def test_a_connection_that_was_off_while_records_were_edited_is_compared_when_it_is_on(
    salesforce: Connection, chosen: list[Company]
) -> None:
    Connection.objects.update(enabled=False)
    upkeep.sweep()
    chosen[0].name = "Renamed"
    chosen[0].save()
    Connection.objects.update(enabled=True)

    drift.catch_up(salesforce.pk)

    assert words(chosen, salesforce)[0] == "Changed, not sent"


def test_what_changes_no_payload_has_nothing_compared(salesforce: Connection, chosen: list[Company]) -> None:
    Connection.objects.update(
        name="Other", auto_push={"company": True}, default_representative=UserFactory.create(), max_slots=1
    )

    assert not drift.due(Connection.objects.get())


def test_what_was_sent_by_the_old_settings_while_they_were_changed_differs_too(
    salesforce: Connection, sandbox: SandboxServer, chosen: list[Company]
) -> None:
    company = chosen[0]
    company.phone = "7"
    company.save()
    talk.request(salesforce, [company])
    kind = entities.get("company")
    with queue.slot(salesforce, 60) as lease:
        assert lease is not None
        desk = Desk(Connection.objects.select_related("health").get(), lease)
        with desk.connector() as connector:
            talk.break_it(sandbox, {"fault": "slow:0.1", "match": {"route": "collections_*"}, "times": 1})
            rows, _ = queue.claim(desk.connection, kind, lease, 10)
            by_update(salesforce, {})
            drift.catch_up(salesforce.pk)  # passes over what is being sent

            batch = Batch(desk, kind, Renderer(desk.connection, kind), connector)
            batch.carry(rows)

    assert talk.account_of(sandbox, company)["Phone"] == "7"
    assert CompanyLink.objects.get(record=company).changed == ["email"]


def test_of_two_who_come_at_once_one_compares(salesforce: Connection, chosen: list[Company]) -> None:
    by_update(salesforce, {})
    Comparison.objects.update(rules=drift.rules_of(Connection.objects.get(), "company"), ended_at=None)

    assert drift.compare(Connection.objects.get(), entities.get("company")) is None
    assert drift.is_under_way(Connection.objects.get(), "company")


def test_settings_that_change_while_records_are_compared_have_them_compared_again(
    salesforce: Connection, chosen: list[Company]
) -> None:
    old = Connection.objects.select_related("health").get()
    by_update(salesforce, {})
    drift.catch_up(salesforce.pk)
    kind = entities.get("company")

    drift.compare(old, kind)  # one who began by the old settings, and ends last
    drift.catch_up(salesforce.pk)

    assert words(chosen, salesforce)[0] == "Changed, not sent"


def test_a_record_that_is_still_to_be_compared_does_not_say_in_sync_alone(
    salesforce: Connection, chosen: list[Company]
) -> None:
    by_update(salesforce, {})

    assert talk.shown(chosen[0], salesforce) == ("In sync", "being compared again: what is sent was changed")


@pytest.mark.parametrize("what", ["paused", "running"])
def test_a_worker_compares_by_itself(
    workers: Workers, salesforce: Connection, chosen: list[Company], what: str
) -> None:
    if what == "paused":
        health.pause(salesforce, by="dana")
    workers.start(threads=2)
    by_update(salesforce, {})

    upkeep.sweep()

    wait_until(lambda: words(chosen, salesforce)[0] == "Changed, not sent", timeout_s=90)


def test_children_of_a_company_that_is_linked_to_another_account_differ_at_once(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    company = CompanyFactory.create(name="Only", website="only.example")
    mark = ContactFactory.create(company=company)
    talk.send(salesforce, [mark])
    before = talk.link_of(company).remote_id
    talk.remote_edits(sandbox, before, Concord_Id__c=None, Name="Somebody else", Website="")
    talk.remote_creates(sandbox, {"Name": "Only", "Website": "only.example"})
    queue.unlink("company", talk.link_of(company).pk, by="dana")

    talk.send(salesforce, [company])

    assert talk.link_of(company).remote_id != before
    assert talk.contact_link_of(mark).changed == ["company"]


def test_a_connection_that_is_gone_is_compared_by_nobody() -> None:
    tasks.compare(4711)


def test_rules_are_the_same_whatever_the_order(salesforce: Connection) -> None:
    one: dict[str, Any] = {"a": 1, "b": {"c": 1, "d": 2}}
    other = {"b": {"d": 2, "c": 1}, "a": 1}

    assert len({drift.rules_of(_with(salesforce, settings), "company") for settings in (one, other)}) == 1


def _with(connection: Connection, settings: dict[str, Any]) -> Connection:
    connection.settings = settings
    return connection
