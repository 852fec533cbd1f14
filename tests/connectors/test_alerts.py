"""One message when a connection pauses, goes on, or many records fail: written once, never lost."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as project
from django.contrib.auth.models import Group
from django.core import mail
from django.db import transaction
from django.utils import timezone

from companies.models import Company, CompanyLink
from connectors import alerts, health, push, tasks, trial
from connectors.errors import AuthFailed, Misconfigured, RateLimited, Transient
from connectors.models import Alert, AlertState, Connection, ConnectionHealth
from connectors.sandbox.server import SandboxServer
from synclog.models import Entry
from tests import talk
from tests.connectors.test_races import in_thread
from tests.desk import CREDENTIALS
from tests.factories import CompanyFactory, UserFactory
from tests.receivers import Listener, Mailbox, Posted, listener, mail_server

pytestmark = pytest.mark.django_db(transaction=True)
PUBLIC = "https://concord.example"


@pytest.fixture
def hook() -> Iterator[Listener]:
    with listener() as heard:
        yield heard


@pytest.fixture
def mailbox(settings: Any) -> Iterator[Mailbox]:
    with mail_server() as box:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", box.port
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        yield box


@pytest.fixture
def account(salesforce: Connection, hook: Listener, settings: Any) -> Connection:
    """Return a connection with a recipient and a webhook."""
    settings.PUBLIC_URL = PUBLIC
    salesforce.alert_recipients, salesforce.alert_url = "ops@acme.example, it@acme.example", hook.url
    salesforce.save()
    alerts.new_secret(salesforce)
    return fresh(salesforce)


def verified(posted: Posted, secret: str, now: float) -> dict[str, Any]:
    """Check a delivery as a receiver does, by the Standard Webhooks specification; return its JSON."""
    message_id, stamp = posted.headers["webhook-id"], posted.headers["webhook-timestamp"]
    assert abs(now - int(stamp)) < 300
    assert "." not in message_id
    kind, _, key = secret.partition("_")
    assert kind == "whsec"
    assert 24 <= len(base64.b64decode(key, validate=True)) <= 64
    content = f"{message_id}.{stamp}.".encode() + posted.body
    digest = hmac.new(base64.b64decode(key), content, hashlib.sha256).digest()
    versions = [part.split(",", 1) for part in posted.headers["webhook-signature"].split(" ")]
    assert ["v1", base64.b64encode(digest).decode()] in versions
    payload: dict[str, Any] = json.loads(posted.body)
    assert set(payload) == {"type", "timestamp", "data"}
    return payload


def fresh(connection: Connection) -> Connection:
    return Connection.objects.select_related("health").get(pk=connection.pk)


def secret_of(connection: Connection) -> str:
    return str(AlertState.objects.get(connection=connection).secret["value"])


def refuse(connection: Connection, message: str = "Salesforce refused the login.") -> None:
    health.failed(connection, AuthFailed(message), batch=0)


def events() -> list[tuple[str, str]]:
    return list(Alert.objects.order_by("pk").values_list("event", "channel"))


def due_now() -> None:
    Alert.objects.filter(sent_at=None).update(not_before=timezone.now() - timedelta(seconds=1))


BOTH = ("email", "webhook")


def test_a_refused_login_is_told_once_and_the_recovery_once(
    account: Connection, sandbox: SandboxServer, mailbox: Mailbox, hook: Listener
) -> None:
    account.credentials = {"client_id": "rehearsal-client", "client_secret": "wrong"}
    account.save()
    chosen = CompanyFactory.create_batch(3)
    talk.send(account, chosen)
    alerts.send_due()
    for _ in range(2):  # somebody tries again, and it is refused again
        health.resume(account, by="dana")
        talk.drain(account)
    alerts.send_due()

    ((to, message),) = mailbox.taken
    assert to == ["ops@acme.example", "it@acme.example"]
    assert message["subject"] == "Concord: Salesforce (REHEARSAL) is paused: login refused"
    text = message.get_content()
    assert "refused the login" in text
    assert (
        "a Salesforce administrator restores the login, or an owner of the connection enters it anew" in text
    )
    assert "3 records wait, none is lost" in text
    assert f"{PUBLIC}/admin/connectors/connection/{account.pk}/change/" in text
    (posted,) = hook.posted
    told = verified(posted, secret_of(account), time.time())
    assert (told["type"], posted.path) == ("connection.paused", "/hooks/concord")
    assert (told["data"]["pause"], told["data"]["waiting"]) == ("login", 3)
    assert told["data"]["connection"]["id"] == str(account.public_id)

    account.credentials = CREDENTIALS
    account.save()
    health.credentials_changed(account)
    talk.drain(account)
    talk.send(account, chosen)
    alerts.send_due()

    assert [message["subject"] for _, message in mailbox.taken][1:] == [
        "Concord: Salesforce (REHEARSAL) goes on"
    ]
    assert verified(hook.posted[-1], secret_of(account), time.time())["type"] == "connection.recovered"
    assert events() == [
        (event, one) for event in ("connection.paused", "connection.recovered") for one in BOTH
    ]


def test_workers_that_are_refused_at_once_tell_it_once(account: Connection) -> None:
    with in_thread(*[lambda: refuse(fresh(account))] * 4):
        pass

    assert events() == [("connection.paused", one) for one in BOTH]


def test_a_message_is_kept_with_the_change_or_not_at_all(account: Connection) -> None:
    def breaks() -> None:
        with transaction.atomic():
            refuse(account)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        breaks()

    assert events() == []
    assert ConnectionHealth.objects.get(connection=account).pause == ""
    refuse(account)
    assert len(events()) == 2


def test_what_a_person_does_here_is_not_told(account: Connection) -> None:
    health.pause(account, by="dana")
    health.resume(account, by="dana")
    health.read(account)

    assert events() == []


def test_something_missing_there_and_another_reason_are_told_each(account: Connection) -> None:
    refuse(account)
    health.resume(account, by="dana")
    health.failed(account, Misconfigured("Field X__c does not exist."), batch=0)

    assert [event for event, _ in events()] == ["connection.paused"] * 4
    assert Alert.objects.latest("pk").subject.endswith("is paused: something is missing there")


@pytest.mark.parametrize(
    "error",
    [
        Transient("Salesforce is not available right now (503).", retry_after_s=5),
        RateLimited("Salesforce asks for fewer calls.", retry_after_s=5),
    ],
)
def test_a_hiccup_is_not_told_and_an_outage_is_once(
    account: Connection, settings: Any, error: Transient
) -> None:
    settings.CONCORD = {**settings.CONCORD, "alert_after_s": 120.0}
    health.failed(account, error, batch=1)
    assert events() == []
    over = timezone.now() - timedelta(seconds=1)
    for _ in range(2):
        AlertState.objects.update(troubled_since=timezone.now() - timedelta(seconds=121))
        ConnectionHealth.objects.update(paused_until=over)
        health.failed(account, error, batch=1)
    assert events() == [("connection.paused", one) for one in BOTH]
    assert "Concord" in Alert.objects.latest("pk").text

    ConnectionHealth.objects.update(paused_until=over)
    health.answered(account)

    assert [event for event, _ in events()] == ["connection.paused"] * 2 + ["connection.recovered"] * 2
    assert AlertState.objects.get().troubled_since is None


def test_a_short_hiccup_leaves_no_recovery_to_tell(account: Connection) -> None:
    health.failed(account, Transient("Not available.", retry_after_s=0.01), batch=1)
    ConnectionHealth.objects.update(paused_until=timezone.now() - timedelta(seconds=1))
    health.answered(account)

    assert events() == []


def test_a_long_pause_that_is_announced_is_told_at_once(account: Connection) -> None:
    error = RateLimited("Today's Salesforce calls are used up.", retry_after_s=3_600)
    health.failed(account, error, batch=1)

    alert = Alert.objects.first()
    assert alert is not None
    assert alert.subject == "Salesforce (REHEARSAL) is paused: calls used up"
    assert "Concord goes on by itself when Salesforce allows calls again, next at" in alert.text


def test_a_test_that_passes_ends_what_was_told(account: Connection, sandbox: SandboxServer) -> None:
    refuse(account)

    trial.test(account, by="dana")

    assert [event for event, _ in events()] == ["connection.paused"] * 2 + ["connection.recovered"] * 2


def test_twenty_records_that_fail_within_the_hour_are_told_once(
    account: Connection, sandbox: SandboxServer, settings: Any
) -> None:
    settings.CONCORD = {**settings.CONCORD, "alert_failures": 20}
    bad = CompanyFactory.create_batch(19)
    Company.objects.update(email="nobody@nowhere")
    talk.send(account, bad)
    assert events() == []

    more = CompanyFactory.create_batch(3)
    Company.objects.filter(pk__in=[one.pk for one in more]).update(email="nobody@nowhere")
    talk.send(account, more)
    talk.send(account, more[:1])

    assert events() == [("connection.failures", one) for one in BOTH]
    alert = Alert.objects.latest("pk")
    assert alert.subject == "22 records failed in Salesforce (REHEARSAL)"
    assert "22 records could not be sent to Salesforce (REHEARSAL) within the last hour." in alert.text
    assert "- 22: Salesforce does not take what stands in Email" in alert.text
    assert alert.data["failed_within_the_hour"] == 22

    CompanyLink.objects.update(failed_at=timezone.now() - timedelta(hours=2))
    alerts.send_due()  # the schedule's
    talk.send(account, [*bad, *more])  # at once

    assert len(events()) == 4


def test_without_names_its_owners_are_written_to(account: Connection, mailbox: Mailbox) -> None:
    Connection.objects.update(alert_recipients="")
    owner, _ = Group.objects.get_or_create(name="Owner")
    for name, email, is_active in (
        ("erik", "erik@a.example", True),
        ("ann", "", True),
        ("gone", "g@a.example", False),
    ):
        UserFactory.create(username=name, email=email, is_active=is_active, password=None).groups.add(owner)
    UserFactory.create(username="root", email="root@a.example", is_superuser=True, password=None)

    refuse(account)
    alerts.send_due()

    assert [to for to, _ in mailbox.taken] == [["erik@a.example"]]
    Group.objects.all().delete()
    account.refresh_from_db()
    assert alerts.recipients(account) == ["root@a.example"]


def test_a_mail_server_that_is_down_delays_and_loses_nothing(
    account: Connection, settings: Any, hook: Listener
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    refuse(account)

    assert alerts.send_due() == 1  # the webhook
    alert = Alert.objects.get(channel="email")
    assert (alert.sent_at, alert.failed_at, alert.attempts) == (None, None, 1)
    assert "The mail server did not take it" in alert.error
    assert alert.not_before > timezone.now() + timedelta(seconds=30)
    assert alerts.send_due() == 0

    with mail_server() as box:
        settings.EMAIL_PORT = box.port
        due_now()
        assert alerts.send_due() == 1
        assert len(box.taken) == 1
    assert len(hook.posted) == 1


def test_a_mail_server_that_refuses_all_is_tried_again_and_given_up_some_day(
    account: Connection, mailbox: Mailbox
) -> None:
    mailbox.refuses = True
    refuse(account)
    for _ in range(20):
        due_now()
        alerts.send_due()

    alert = Alert.objects.get(channel="email")
    assert (alert.attempts, alert.sent_at) == (7, None)
    assert alert.failed_at is not None
    entry = Entry.objects.get(code="alert")
    assert entry.level == "WARNING"
    assert "A message could not be delivered (E-mail)" in entry.description


def test_a_worker_that_dies_after_sending_sends_again_with_the_same_id(
    account: Connection, hook: Listener, mailbox: Mailbox
) -> None:
    refuse(account)
    alerts.send_due()
    Alert.objects.update(sent_at=None)  # it died before it could note that

    due_now()
    alerts.send_due()

    first, second = hook.posted
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert len({message["message-id"] for _, message in mailbox.taken}) == 1
    verified(second, secret_of(account), time.time())


def test_a_webhook_that_fails_is_tried_again_and_one_that_is_gone_is_not(
    account: Connection, hook: Listener
) -> None:
    hook.statuses = [500, 404]
    refuse(account)
    for _ in range(3):
        due_now()
        alerts.send_due()
    assert Alert.objects.get(channel="webhook").sent_at is not None
    assert len({posted.headers["webhook-id"] for posted in hook.posted}) == 1

    hook.statuses = [410]
    health.resume(account, by="dana")
    health.failed(account, Misconfigured("Field X__c does not exist."), batch=0)
    alerts.send_due()

    assert Alert.objects.filter(channel="webhook").latest("pk").failed_at is not None


def test_a_redirect_is_not_followed(account: Connection, hook: Listener) -> None:
    with listener() as other:
        hook.statuses, hook.location = [307], other.url
        refuse(account)
        alerts.send_due()

        assert other.posted == []
    assert "sent Concord on to another" in Alert.objects.get(channel="webhook").error


def test_a_webhook_inside_the_network_is_not_called(account: Connection, hook: Listener) -> None:
    Connection.objects.update(environment="production", alert_url=hook.url.replace("http://", "https://"))
    refuse(fresh(account))

    alerts.send_due()

    assert hook.posted == []
    alert = Alert.objects.get(channel="webhook")
    assert alert.sent_at is None
    assert "points inside your own network" in alert.error


def test_a_webhook_that_never_answers_ends_by_its_deadline(
    account: Connection, hung_port: int, settings: Any
) -> None:
    settings.CONCORD = {**settings.CONCORD, "alert_webhook_timeout_s": 0.5}
    Connection.objects.update(alert_url=f"http://127.0.0.1:{hung_port}/x")
    refuse(account)

    alerts.send_due()

    assert "No answer from 127.0.0.1" in Alert.objects.get(channel="webhook").error


def test_nothing_is_posted_without_a_secret(account: Connection, hook: Listener) -> None:
    AlertState.objects.update(secret={})
    refuse(account)

    alerts.send_due()

    assert hook.posted == []
    assert Alert.objects.get(channel="webhook").error == (
        "There is no signing secret. Make one on the connection's page."
    )


def test_no_push_waits_for_a_message(
    account: Connection, sandbox: SandboxServer, hung_port: int, settings: Any
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", hung_port
    Connection.objects.update(alert_url=f"http://127.0.0.1:{hung_port}/x")
    account.refresh_from_db()
    account.credentials = {"client_id": "rehearsal-client", "client_secret": "wrong"}
    account.save()
    talk.request(account, CompanyFactory.create_batch(2))

    push.drain(account.pk)

    assert Alert.objects.filter(attempts=0).count() == 2


def test_the_schedule_sends_them() -> None:
    planned = {entry["task"]: entry["schedule"] for entry in project.CELERY_BEAT_SCHEDULE.values()}

    assert planned[tasks.send_alerts.name] <= 60


def test_the_task_sends_what_is_due(account: Connection, hook: Listener) -> None:
    refuse(account)
    tasks.send_alerts()

    assert len(mail.outbox) == len(hook.posted) == 1


def test_old_messages_go_with_the_log_and_open_ones_stay(account: Connection) -> None:
    refuse(account)
    Alert.objects.filter(channel="webhook").update(sent_at=timezone.now())
    Alert.objects.update(created_at=timezone.now() - timedelta(days=100))

    alerts.prune(90)

    assert events() == [("connection.paused", "email")]


def test_no_secret_stands_in_a_message(account: Connection) -> None:
    refuse(account, "Salesforce refused the login.")

    for alert in Alert.objects.all():
        told = f"{alert.subject} {alert.text} {json.dumps(alert.data)}"
        assert secret_of(account) not in told
        assert CREDENTIALS["client_secret"] not in told
