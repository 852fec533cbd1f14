"""A new connection: nothing is preset that could harm, and nothing is sent before a test has passed."""

from html import unescape

import pytest
from django.test import Client

from connectors.models import Connection, ConnectionHealth
from tests.connection_pages import LIST, RUNS_IT, boxes, text, told, url
from tests.factories import ConnectionFactory
from tests.staff import browser_of, person

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.untested]

LOGIN = {"credential_client_id": "rehearsal-client", "credential_client_secret": "rehearsal-secret"}
NEW = {"name": "Acme", "environment": "sandbox", "base_url": "https://acme.my.salesforce.com", **LOGIN}


@pytest.fixture
def client() -> Client:
    return browser_of(person(*RUNS_IT))


@pytest.fixture
def untested(salesforce: Connection) -> Connection:
    """Return a connection as the form adds it: off, and never tested."""
    Connection.objects.update(enabled=False)
    return Connection.objects.get()


@pytest.mark.parametrize("kind", ["salesforce", "bigcommerce"])
def test_no_environment_is_chosen_beforehand(client: Client, kind: str) -> None:
    form = client.get(f"{LIST}add/?kind={kind}").context["adminform"].form

    assert not form["environment"].value()
    assert form.fields["environment"].choices[0][0] == ""


def test_an_environment_has_to_be_chosen(client: Client) -> None:
    answer = client.post(f"{LIST}add/", {**boxes(client, None, **NEW), "environment": ""})

    assert "environment" in answer.context["adminform"].form.errors
    assert not Connection.objects.exists()


def test_a_new_connection_is_off_until_a_test_has_passed(client: Client) -> None:
    answer = client.post(f"{LIST}add/", boxes(client, None, **NEW, enabled="on"), follow=True)

    assert not Connection.objects.get().enabled
    html = unescape(text(client.get(url(Connection.objects.get()))))
    assert answer.status_code == 200
    assert "Not tested yet: nothing is sent until a test has passed." in html


def test_nobody_switches_it_on_past_the_test(untested: Connection, client: Client) -> None:
    html = text(client.get(url(untested)))
    client.post(url(untested), boxes(client, untested, enabled="on"))

    assert "Test connection switches it on, once all checks have passed." in html
    assert not Connection.objects.get().enabled


def test_the_first_passed_test_switches_it_on_and_says_so(untested: Connection, client: Client) -> None:
    answer = client.post(url(untested, "test"), follow=True)

    assert Connection.objects.get().enabled
    assert "all checks passed. It is switched on now." in told(answer)


def test_a_first_test_that_failed_says_that_nothing_is_sent(untested: Connection, client: Client) -> None:
    Connection.objects.update(credentials={"client_id": "x", "client_secret": "y"})

    html = text(client.post(url(untested, "test"), follow=True))

    assert "The last test failed: Login. Nothing is sent until one has passed." in html
    assert not Connection.objects.get().enabled


def test_what_is_switched_off_later_says_so_and_is_switched_on_without_a_test(client: Client) -> None:
    connection = ConnectionFactory.create(enabled=False)
    ConnectionHealth.objects.update(passed_at="2026-01-01T00:00Z")

    html = text(client.get(url(connection)))
    client.post(url(connection), boxes(client, connection, enabled="on"))

    assert "Switched off: nothing is sent." in html
    assert Connection.objects.get().enabled
