"""Above a connection's form: where it stands, what the last test found, what its administrator needs."""

import pytest
from django.test import Client
from django.utils import timezone

from connectors.models import Connection, ConnectionHealth
from connectors.sandbox.server import SandboxServer
from tests.connection_pages import LIST, RUNS_IT, text, told, url
from tests.desk import set_up
from tests.factories import ConnectionFactory
from tests.staff import READS, browser_of, person

pytestmark = [pytest.mark.django_db, pytest.mark.untested]


@pytest.fixture
def account() -> Connection:
    return ConnectionFactory.create()


@pytest.fixture
def client() -> Client:
    return browser_of(person(*RUNS_IT))


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ("production", "Live: what is sent changes real records."),
        ("sandbox", "A copy for trying: no customer sees what is sent."),
        ("rehearsal", "A stage of our own: nothing leaves this machine."),
    ],
)
def test_the_environment_is_said_in_words_and_colour(
    account: Connection, client: Client, environment: str, words: str
) -> None:
    Connection.objects.update(environment=environment)

    html = text(client.get(url(account)))

    assert f'<span class="cc-env cc-env-{environment}">{environment.upper()}</span>' in html
    assert words in html


def test_what_failed_stands_first_and_the_fields_that_fit_are_folded(
    account: Connection, client: Client
) -> None:
    checks = [
        {"label": "Login", "ok": True, "text": "fine"},
        {"label": "Name → Account.Name", "ok": True, "text": "Writable.", "about": "Account.Name"},
        {"label": "Email → Account.Mail__c", "ok": False, "text": "make it", "about": "Account.Mail__c"},
    ]
    ConnectionHealth.objects.update(checks=checks, tested_at=timezone.now())

    answer = client.get(url(account))

    assert [item["label"] for item in answer.context["cc_checks"]] == ["Login", "Email → Account.Mail__c"]
    assert [item["label"] for item in answer.context["cc_fitting"]] == ["Name → Account.Name"]
    assert "<summary>1 field fits</summary>" in text(answer)


def test_many_red_lines_are_counted_and_not_all_read_out(
    salesforce: Connection, client: Client, sandbox: SandboxServer
) -> None:
    gone = dict.fromkeys(["Phone", "Website", "BillingCity", "BillingStreet", "ShippingCity"])
    set_up(sandbox, fields={"Account": gone})

    answer = client.post(url(salesforce, "test"), follow=True)

    assert "and 2 more failed. See below what to do." in told(answer)


def test_the_guide_for_the_administrator_has_this_connections_fields_and_can_be_copied(
    account: Connection, client: Client
) -> None:
    Connection.objects.update(settings={"email_field": "Our_Mail__c"})

    html = text(client.get(url(account)))

    assert "What a Salesforce administrator sets up" in html
    assert "Our_Mail__c" in html.split('<pre class="cc-raw"')[1].split("</pre>")[0]
    assert ">Copy for your Salesforce administrator</button>" in html


def test_an_empty_list_has_a_tile_per_system_with_what_is_needed(client: Client) -> None:
    html = text(client.get(LIST))

    assert f'href="{LIST}add/?kind=salesforce">Connect Salesforce</a>' in html
    assert "What you need at hand:" in html
    assert "about 20 minutes" in html


def test_the_form_of_a_new_one_says_it_too(client: Client) -> None:
    html = text(client.get(f"{LIST}add/?kind=salesforce"))

    assert "What you need at hand:" in html
    assert ">Connect Salesforce</a>" not in html


def test_the_tile_goes_where_there_is_a_connection(account: Connection, client: Client) -> None:
    assert "What you need at hand:" not in text(client.get(LIST))


def test_who_may_not_add_one_gets_no_tile() -> None:
    html = text(browser_of(person(*READS)).get(LIST))

    assert "Connect Salesforce" not in html
    assert "No connections yet." in html


def test_batch_size_and_parallel_calls_are_explained(account: Connection, client: Client) -> None:
    html = text(client.get(url(account)))

    assert "how many records go in one call" in html
    assert "how many are under way at once" in html


def test_somebody_who_only_reads_gets_no_guide_and_no_button(account: Connection) -> None:
    html = text(browser_of(person(*READS)).get(url(account)))

    assert "administrator sets up" not in html
    assert "Test connection</button>" not in html
