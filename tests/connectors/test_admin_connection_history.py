"""The connection's history: who changed what, from what to what, and no secret in it."""

from typing import Any

import pytest
from django.test import Client

from connectors.models import Connection
from tests.connection_pages import RUNS_IT, boxes, text, url
from tests.factories import ConnectionFactory
from tests.staff import READS, browser_of, person

pytestmark = [pytest.mark.django_db, pytest.mark.untested]


@pytest.fixture
def account() -> Connection:
    return ConnectionFactory.create()


@pytest.fixture
def client() -> Client:
    return browser_of(person(*RUNS_IT))


def save(client: Client, account: Connection, **edits: Any) -> None:
    client.post(url(account), boxes(client, account, **edits))


def history(client: Client, account: Connection) -> str:
    return text(client.get(url(account, "history")))


def test_a_change_stands_with_its_person_from_what_to_what(account: Connection, client: Client) -> None:
    save(client, account, name="Salesforce EMEA")

    html = history(client, account)

    assert '<b>Name</b>: <span dir="auto">Salesforce</span>' in html
    assert '<span dir="auto">Salesforce EMEA</span>' in html
    assert 'data-label="Who" dir="auto">dana</td>' in html


def test_the_boxes_of_a_kind_are_told_one_by_one_by_their_names(account: Connection, client: Client) -> None:
    Connection.objects.get().save()
    save(client, account, auto_company="yes", statuses_company=["active"], setting_email_field="Mail__c")

    html = history(client, account)

    assert "<b>Enable B2B Company Synchronization</b>" in html
    assert "<b>Company statuses sent by themselves</b>" in html
    assert "<b>Field for Email</b>" in html
    assert '<span dir="auto">Mail__c</span>' in html
    assert "{&#x27;" not in html


def test_a_new_login_is_told_and_never_shown(account: Connection, client: Client) -> None:
    save(client, account, credential_client_secret="brand-new-secret")

    html = history(client, account)

    assert 'data-label="Reason" dir="auto">Login changed</td>' in html
    assert "brand-new-secret" not in html
    assert "rehearsal-secret" not in html
    assert not any("secret" in str(row) for row in account.history.values())


def test_the_address_of_the_webhook_is_told_to_whoever_may_change_it_and_its_host_to_others(
    account: Connection, client: Client
) -> None:
    save(client, account, alert_url="https://8.8.8.8/hooks/t0k3n")
    save(client, account, alert_url="https://8.8.4.4/hooks/t0k3n")

    reader = browser_of(person(*READS, username="reader"))
    owners, readers = history(client, account), history(reader, account)

    assert '<b>Webhook for messages</b>: <span dir="auto">https://8.8.8.8/hooks/t0k3n</span>' in owners
    assert '<b>Webhook for messages</b>: <span dir="auto">8.8.8.8</span>' in readers
    assert '<span dir="auto">8.8.4.4</span>' in readers
    assert "t0k3n" not in readers


def test_another_edit_is_not_called_a_login(account: Connection, client: Client) -> None:
    save(client, account, name="Salesforce EMEA")

    assert account.history.first().history_change_reason is None


def test_an_old_version_can_neither_be_opened_nor_written_back(account: Connection) -> None:
    save(browser_of(person(*RUNS_IT)), account, name="Salesforce EMEA")
    first = account.history.last()
    reader = browser_of(person(*READS, username="reader"))

    for one in (reader, browser_of(person(*RUNS_IT, username="owner"))):
        assert one.get(f"{url(account, 'history')}{first.pk}/").status_code == 404
        assert one.post(f"{url(account, 'history')}{first.pk}/", {"name": "old"}).status_code == 404
    assert Connection.objects.get().name == "Salesforce EMEA"


def test_who_may_see_the_connection_may_see_its_history_and_nobody_else(account: Connection) -> None:
    assert browser_of(person(*READS)).get(url(account, "history")).status_code == 200
    assert browser_of(person(username="nobody")).get(url(account, "history")).status_code == 403


def test_markup_in_a_value_stays_text(account: Connection, client: Client) -> None:
    save(client, account, name="<b>bold</b>")

    assert "<b>bold</b>" not in client.get(url(account, "history")).content.decode()


def test_nobody_before_is_a_dash(account: Connection, client: Client) -> None:
    account.default_representative = person(username="marcus")
    account.save()

    html = history(client, account)

    assert '<b>Default Sales Representative</b>: <span dir="auto">–</span>' in html
    assert "Deleted user" not in html


def test_a_mere_test_leaves_no_line_and_is_no_part_of_the_next_one(
    salesforce: Connection, client: Client
) -> None:
    lines = salesforce.history.count()

    client.post(url(salesforce, "test"))
    tested = salesforce.history.count()
    save(client, salesforce, name="Salesforce EMEA")
    html = history(client, salesforce)

    assert Connection.objects.get().org_id
    assert (tested, salesforce.history.count()) == (lines, lines + 1)
    assert "<b>Name</b>" in html
    assert "<b>Org id</b>" not in html
