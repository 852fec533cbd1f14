"""Messages on a connection's page: where they go, the secret, a test, and how the last ones fared."""

from typing import Any

import pytest
from django.core import mail
from django.test import Client

from connectors import alerts, health
from connectors.errors import AuthFailed
from connectors.models import Alert, AlertState, Connection
from synclog.models import Entry
from tests.connection_pages import RUNS_IT, boxes, text, told, url
from tests.factories import ConnectionFactory
from tests.receivers import listener
from tests.staff import READS, browser_of, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Connection:
    return ConnectionFactory.create()


@pytest.fixture
def client() -> Client:
    return browser_of(person(*RUNS_IT))


def saved(client: Client, account: Connection, **edits: Any) -> Any:
    return client.post(url(account), boxes(client, account, **edits), follow=True)


def errors(answer: Any) -> dict[str, list[str]]:
    return {name: list(said) for name, said in answer.context["adminform"].form.errors.items()}


def test_recipients_and_webhook_are_boxes_of_the_form(account: Connection, client: Client) -> None:
    entered = " ops@acme.example; it@acme.example,ops@acme.example "
    saved(client, account, alert_recipients=entered, alert_url="https://8.8.8.8/hooks/")

    account.refresh_from_db()
    assert account.alert_recipients == "ops@acme.example, it@acme.example"
    assert account.alert_url == "https://8.8.8.8/hooks"
    html = text(client.get(url(account)))
    assert 'value="ops@acme.example, it@acme.example"' in html
    assert "Nothing is posted before it has a signing secret." in html
    history = text(client.get(url(account, "history")))
    assert "ops@acme.example, it@acme.example" in history


@pytest.mark.parametrize(
    ("entered", "said"),
    [
        ({"alert_recipients": "ops@acme.example, nobody"}, "nobody is not an e-mail address."),
        (
            {"alert_recipients": ", ".join(f"u{number}@acme.example" for number in range(21))},
            "These are 21 addresses; at most 20 are written to.",
        ),
        ({"alert_url": "http://hooks.acme.example/x"}, "Use https"),
        ({"alert_url": "https://10.0.0.7/x"}, "points inside your own network"),
        ({"alert_url": "https://dana:pw@hooks.acme.example/x"}, "holds a user name or a password"),
    ],
)
def test_what_can_not_be_written_to_is_refused(
    account: Connection, client: Client, entered: dict[str, str], said: str
) -> None:
    Connection.objects.update(environment="production", base_url="https://8.8.8.8")
    account.refresh_from_db()

    answer = saved(client, account, **entered)

    ((found,),) = errors(answer).values()
    assert said in found
    account.refresh_from_db()
    assert (account.alert_recipients, account.alert_url) == ("", "")


def test_the_secret_is_shown_once_and_stored_encrypted(account: Connection, client: Client) -> None:
    Connection.objects.update(alert_url="https://8.8.8.8/x")

    answer = client.post(url(account, "alert-secret"))

    secret = AlertState.objects.get(connection=account).secret["value"]
    html = text(answer)
    assert html.count(f"<code>{secret}</code>") == 1
    assert "no-store" in answer["Cache-Control"]
    assert secret not in text(client.get(url(account)))
    assert secret not in text(client.get(url(account, "history")))
    stored = AlertState.objects.filter(secret__isnull=False).extra(select={"raw": "secret"}).values("raw")
    assert secret not in str(list(stored))
    assert not Entry.objects.filter(search__contains=secret.lower()).exists()
    assert "dana made a new signing secret for the messages" in Entry.objects.get(code="alert").description

    client.post(url(account, "alert-secret"))

    assert AlertState.objects.get(connection=account).secret["value"] != secret


def test_a_test_message_goes_out_at_once_and_the_page_says_how(account: Connection, client: Client) -> None:
    with listener() as hook:
        Connection.objects.update(alert_recipients="ops@acme.example", alert_url=hook.url)
        alerts.new_secret(account)

        answer = client.post(url(account, "alert-test"), follow=True)

        assert [message.to for message in mail.outbox] == [["ops@acme.example"]]
        assert mail.outbox[0].subject == "Concord: Test message of Salesforce (REHEARSAL)"
        assert len(hook.posted) == 1
    assert "E-mail: the test message went to ops@acme.example." in told(answer)
    assert f"Webhook: the test message went to {hook.url}." in told(answer)
    assert "Webhook: Test message of Salesforce (REHEARSAL)" in text(answer)


def test_a_test_that_does_not_arrive_says_why_and_is_not_tried_again(
    account: Connection, client: Client
) -> None:
    Connection.objects.update(alert_url="http://127.0.0.1:1/x")
    alerts.new_secret(account)

    answer = client.post(url(account, "alert-test"), follow=True)

    assert "Webhook: the test message did not arrive. 127.0.0.1 could not be reached" in told(answer)
    assert "E-mail: the test message did not arrive. There is nobody to write to" in told(answer)
    assert not Alert.objects.filter(failed_at=None).exists()
    assert alerts.send_due() == 0
    assert "Nobody is written to: name recipients below" in text(answer)


def test_the_page_says_what_waits_and_why(account: Connection, client: Client) -> None:
    Connection.objects.update(alert_recipients="ops@acme.example", alert_url="http://127.0.0.1:1/x")
    alerts.new_secret(account)
    health.failed(Connection.objects.select_related("health").get(pk=account.pk), AuthFailed("No."), batch=0)
    before = text(client.get(url(account)))
    alerts.send_due()

    after = text(client.get(url(account)))

    assert "E-mail: Salesforce (REHEARSAL) is paused: login refused" in before
    assert "is sent within seconds" in before
    assert "127.0.0.1:1 could not be reached" in after or "127.0.0.1 could not be reached" in after
    assert "Next try" in after
    assert ", to ops@acme.example" in after


@pytest.mark.parametrize("what", ["alert-test", "alert-secret"])
def test_the_buttons_are_posts_of_whoever_may_change_the_connection(account: Connection, what: str) -> None:
    reader = browser_of(person(*READS, username="reader"))
    forged = Client(enforce_csrf_checks=True)
    forged.force_login(person(*RUNS_IT, username="forged"))

    assert browser_of(person(*RUNS_IT)).get(url(account, what)).status_code == 405
    assert reader.post(url(account, what)).status_code == 403
    assert forged.post(url(account, what)).status_code == 403
    assert Client().post(url(account, what)).status_code == 302
    assert not Alert.objects.exists()
    assert not AlertState.objects.exists()


def test_a_reader_sees_where_messages_go_but_not_the_webhooks_path(account: Connection) -> None:
    Connection.objects.update(alert_recipients="ops@acme.example", alert_url="https://8.8.8.8/t0k3n")

    html = text(browser_of(person(*READS)).get(url(account)))

    assert "ops@acme.example" in html
    assert "<code>8.8.8.8</code>" in html
    assert "t0k3n" not in html
    assert "Send a test message" not in html


def test_without_a_mail_server_the_page_says_so(account: Connection, client: Client, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"

    assert "No mail server is set: e-mail is only printed in the worker" in text(client.get(url(account)))
