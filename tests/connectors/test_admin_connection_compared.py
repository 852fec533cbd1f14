"""A connection that is changed on its page: what differs by that is told at once, with the number."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from companies.models import Company, CompanyLink
from connectors import drift
from connectors.admin.compared import AT_ONCE
from connectors.models import Connection, ConnectionHealth
from connectors.sandbox.server import SandboxServer
from synclog.models import Entry
from tests import talk
from tests.connection_pages import RUNS_IT, boxes, told, url
from tests.factories import CompanyFactory
from tests.reading import goes
from tests.shelf import Shelf
from tests.staff import browser_of, person

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def client() -> Client:
    return browser_of(person(*RUNS_IT))


@pytest.fixture
def chosen(salesforce: Connection) -> list[Company]:
    """Return three companies that are in sync, whose e-mail is not sent."""
    Connection.objects.update(settings={"email_field": ""})
    salesforce.refresh_from_db()
    made = CompanyFactory.create_batch(3)
    talk.send(salesforce, made)
    return made


def save(client: Client, connection: Connection, **edits: Any) -> str:
    answer = client.post(url(connection), boxes(client, connection, **edits), follow=True)
    assert answer.redirect_chain
    return told(answer)


def test_saving_the_form_says_how_many_records_differ_now(
    client: Client, salesforce: Connection, chosen: list[Company]
) -> None:
    said = save(client, salesforce, setting_email_field="Concord_Email__c")

    assert (
        "What is sent to Salesforce was changed: 3 companies differ now from what was sent and show" in said
    )
    assert '<a href="/admin/companies/company/?state=changed">Show them</a>' in said
    assert {talk.link_of(company).changed[0] for company in chosen} == {"email"}


def test_saving_the_form_of_an_automatic_connection_says_that_they_are_queued(
    client: Client, salesforce: Connection, sandbox: SandboxServer, chosen: list[Company]
) -> None:
    Connection.objects.update(auto_push={"company": True})

    said = save(client, salesforce, setting_email_field="Concord_Email__c")
    talk.drain(salesforce)

    assert "3 companies differ now from what was sent and are queued." in said
    assert talk.account_of(sandbox, chosen[0])["Concord_Email__c"] == chosen[0].email


def test_saving_what_changes_no_payload_compares_nothing(
    client: Client, salesforce: Connection, chosen: list[Company]
) -> None:
    Company.objects.update(name="Written past save")

    said = save(client, salesforce, name="Other name")

    assert "differ" not in said
    assert talk.link_of(chosen[0]).changed == []


def test_a_connection_that_is_enabled_again_is_compared(
    client: Client, salesforce: Connection, chosen: list[Company]
) -> None:
    ConnectionHealth.objects.update(passed_at=timezone.now())
    Connection.objects.update(enabled=False)
    chosen[0].name = "Renamed"
    chosen[0].save()

    said = save(client, salesforce, enabled="on")

    assert "1 company differs now from what was sent and shows “Changed, not sent”." in said


def test_a_test_that_finds_other_fields_says_what_differs(
    client: Client, salesforce: Connection, chosen: list[Company]
) -> None:
    facts = ConnectionHealth.objects.get().facts
    facts["Account"]["Phone"]["length"] = 39
    ConnectionHealth.objects.update(facts=facts)
    CompanyLink.objects.update(snapshot={"Name": "as other fields were sent"})

    said = told(client.post(url(salesforce, "test"), follow=True))

    assert "3 companies differ now from what was sent and show “Changed, not sent”." in said


def test_another_master_says_what_differs(client: Client, shelf: Shelf) -> None:
    goes(shelf, "both", company={"phone": "remote"})
    company = CompanyFactory.create(phone="1")
    talk.send(shelf.connection, [company])
    company.phone = "2"
    company.save()
    page = client.get(url(shelf.connection, "direction"), {"entity": "company", "master_phone": "local"})

    form = {"entity": "company", "master_phone": "local", "seen": page.context["seen"]}
    said = told(client.post(url(shelf.connection, "direction"), form, follow=True))

    assert "1 company differs now from what was sent and shows “Changed, not sent”." in said


def test_very_many_are_compared_by_a_worker_and_until_then_are_not_said_to_be_in_sync(
    client: Client, salesforce: Connection, chosen: list[Company]
) -> None:
    drift.catch_up(salesforce.pk)
    others = Company.objects.bulk_create(CompanyFactory.build_batch(AT_ONCE))
    snapshot = talk.link_of(chosen[0]).snapshot
    CompanyLink.objects.bulk_create(
        CompanyLink(connection=salesforce, record=other, remote_id=f"x{other.pk}", snapshot=snapshot)
        for other in others
    )

    said = save(client, salesforce, setting_email_field="Concord_Email__c")

    assert "2,003 companies are being compared in the background; the log says how many differ." in said
    assert "being compared again" in talk.shown(chosen[0], salesforce)[1]
    drift.catch_up(salesforce.pk)
    assert talk.shown(chosen[0], salesforce)[0] == "Changed, not sent"
    assert "2,003 companies differ now" in Entry.objects.get(code="drift").description
