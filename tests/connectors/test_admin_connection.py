"""The connection's page: secrets that are never shown, buttons, the test's checklist, the switch."""

from datetime import timedelta
from typing import Any

import pytest
import redis
from django.conf import settings
from django.db import connection as database
from django.db import transaction
from django.test import Client
from django.utils import timezone

from companies.models import CompanyLink
from connectors import doorbell, queue
from connectors.models import Connection, ConnectionHealth
from connectors.sandbox.server import SandboxServer
from contacts.models import ContactLink
from synclog.models import Entry, Run
from tests.connection_pages import boxes
from tests.factories import CompanyFactory, ConnectionFactory, ContactFactory
from tests.staff import READS, SYNCS, browser_of, person

pytestmark = [pytest.mark.django_db, pytest.mark.untested]
LIST = "/admin/connectors/connection/"
RUNS_IT = (
    *SYNCS,
    "sync_contact",
    "sync_location",
    "change_connection",
    "add_connection",
    "delete_connection",
)
SECRETS = {"credential_client_id": "new-client", "credential_client_secret": "new-secret"}


@pytest.fixture
def account() -> Connection:
    return ConnectionFactory.create()


@pytest.fixture
def client() -> Client:
    return browser_of(person(*RUNS_IT))


def page(account: Connection) -> str:
    return f"{LIST}{account.pk}/change/"


def told(answer: Any) -> str:
    return " ".join(str(message) for message in answer.context["messages"])


def stored(account: Connection) -> Connection:
    return Connection.objects.select_related("health").get(pk=account.pk)


def ciphertext() -> str:
    with database.cursor() as cursor:
        cursor.execute("SELECT credentials FROM connectors_connection")
        return str(cursor.fetchone()[0])


def test_no_secret_is_ever_rendered(account: Connection, client: Client) -> None:
    html = client.get(page(account)).content.decode()

    assert "rehearsal-secret" not in html
    assert "rehearsal-client" not in html
    assert "Leave blank to keep it." in html


def test_a_blank_secret_leaves_the_stored_one_untouched(account: Connection, client: Client) -> None:
    before = ciphertext()

    client.post(page(account), boxes(client, account, name="Salesforce EMEA"))

    assert stored(account).name == "Salesforce EMEA"
    assert ciphertext() == before


def test_one_entered_secret_replaces_only_that_one(account: Connection, client: Client) -> None:
    client.post(page(account), boxes(client, account, credential_client_secret="new-secret"))

    assert dict(stored(account).credentials) == {
        "client_id": "rehearsal-client",
        "client_secret": "new-secret",
    }


def test_a_new_address_needs_the_login_again(account: Connection, client: Client) -> None:
    elsewhere = boxes(client, account, base_url="https://evil.example/salesforce")

    refused = client.post(page(account), elsewhere)
    client.post(page(account), {**elsewhere, **SECRETS})

    assert "The address has changed: enter this again" in refused.content.decode()
    assert stored(account).base_url == "https://evil.example/salesforce"
    assert dict(stored(account).credentials) == {"client_id": "new-client", "client_secret": "new-secret"}


def test_only_a_rehearsal_may_do_without_https(client: Client) -> None:
    entered: Any = {"name": "Acme", "base_url": "http://acme.my.salesforce.example", **SECRETS}

    refused = client.post(f"{LIST}add/", {**boxes(client), **entered, "environment": "production"})
    client.post(f"{LIST}add/", {**boxes(client), **entered, "environment": "rehearsal"})

    assert "Use https" in refused.content.decode()
    assert [row.environment for row in Connection.objects.all()] == ["rehearsal"]


def test_a_new_login_ends_a_pause_that_waited_for_it(account: Connection, client: Client) -> None:
    ConnectionHealth.objects.update(pause="login", pause_reason="Salesforce refused the login.")

    client.post(page(account), boxes(client, account, **SECRETS))

    assert stored(account).health.pause == ""


def test_an_edit_of_the_name_does_not_end_a_pause(account: Connection, client: Client) -> None:
    ConnectionHealth.objects.update(pause="login", pause_reason="Salesforce refused the login.")

    client.post(page(account), boxes(client, account, name="Salesforce EMEA"))

    assert stored(account).health.pause == "login"


def test_credentials_that_cannot_be_read_are_said_and_can_be_entered_anew(
    account: Connection, client: Client
) -> None:
    with database.cursor() as cursor:
        cursor.execute("UPDATE connectors_connection SET credentials = 'made with another key'")

    html = client.get(page(account)).content.decode()
    client.post(page(account), boxes(client, account, **SECRETS))

    assert "The stored login can&#x27;t be read" in html
    assert dict(stored(account).credentials) == {"client_id": "new-client", "client_secret": "new-secret"}


def test_the_switch_turns_automatic_sync_on_and_off(account: Connection, client: Client) -> None:
    html = client.get(page(account)).content.decode()

    client.post(page(account), boxes(client, account, auto_company="yes"))
    on = stored(account).auto_push
    client.post(page(account), boxes(client, account, auto_company="no"))

    assert "Enable B2B Company Synchronization" in html
    off = stored(account).auto_push
    assert (on, off) == ({"company": True, "contact": False}, {"company": False, "contact": False})


def test_the_switch_says_what_was_not_sent(account: Connection, client: Client) -> None:
    for number in range(31):
        CompanyLink.objects.create(
            connection=account, record=CompanyFactory.create(), remote_id=f"id{number}", changed=["phone"]
        )

    html = client.get(page(account)).content.decode()

    assert "31 companies have changes not sent." in html
    assert "No contact has changes not sent." in html


def test_the_kinds_own_settings_are_stored_and_may_be_empty(account: Connection, client: Client) -> None:
    client.post(page(account), boxes(client, account, setting_email_field="", setting_tax_id_field="VAT__c"))

    settings = stored(account).settings
    assert (settings["email_field"], settings["tax_id_field"]) == ("", "VAT__c")


def test_a_connection_is_added_with_its_login_and_settings(client: Client) -> None:
    new = {"name": "Salesforce EMEA", "environment": "sandbox", "base_url": "https://acme.my.salesforce.com/"}

    client.post(f"{LIST}add/", boxes(client, None, **new, **SECRETS))

    made = Connection.objects.get()
    assert (made.slug, made.kind, made.base_url) == (
        "salesforce-emea",
        "salesforce",
        "https://acme.my.salesforce.com",
    )
    assert dict(made.credentials) == {"client_id": "new-client", "client_secret": "new-secret"}
    assert made.auto_push == {"company": False, "contact": False}
    assert made.health.pause == ""


def test_a_connection_needs_its_login(client: Client) -> None:
    new = {"name": "Salesforce", "environment": "sandbox", "base_url": "https://acme.my.salesforce.com"}

    client.post(f"{LIST}add/", boxes(client, None, **new))

    assert not Connection.objects.exists()


def test_the_buttons_pause_and_resume(account: Connection, client: Client) -> None:
    client.post(f"{LIST}{account.pk}/pause/")
    paused = client.get(page(account)).content.decode()
    client.post(f"{LIST}{account.pk}/resume/")

    assert "Paused by dana." in paused
    assert "Resume" in paused
    assert stored(account).health.pause == ""


def test_retry_failed_asks_again_for_all_but_those_that_need_a_choice(
    account: Connection, client: Client
) -> None:
    for code in ("too_long", "invalid", "conflict"):
        company = CompanyFactory.create()
        CompanyLink.objects.create(connection=account, record=company, state="failed", code=code)

    html = client.get(page(account)).content.decode()
    answer = client.post(f"{LIST}{account.pk}/retry/", follow=True)

    assert "Retry 2 failed" in html
    assert "2 failed records are sent again." in told(answer)
    assert CompanyLink.objects.filter(state="pending").count() == 2
    assert (Run.objects.get().requested, Run.objects.get().label) == (2, "Retry failed")


def test_retry_failed_counts_the_companies_that_go_before_their_contacts(
    account: Connection, client: Client
) -> None:
    mark = ContactFactory.create()
    ContactLink.objects.create(connection=account, record=mark, state="failed", code="invalid")

    client.post(f"{LIST}{account.pk}/retry/")

    run = Run.objects.get()
    assert run.requested == queue.waiting(run.pk) == 2


@pytest.mark.django_db(transaction=True)
def test_an_edited_login_rings_when_it_is_stored_and_not_before(account: Connection, client: Client) -> None:
    broker = redis.Redis.from_url(settings.REDIS_URL)
    doorbell.forget_trouble()
    posted = boxes(client, account, **SECRETS)
    broker.flushdb()

    with transaction.atomic():
        client.post(page(account), posted)
        before = broker.llen("concord")

    assert stored(account).credentials["client_id"] == "new-client"
    assert (before, broker.llen("concord")) == (0, 1)


@pytest.mark.parametrize("button", ["test", "pause", "resume", "retry"])
def test_a_button_is_a_post_and_needs_its_right(account: Connection, client: Client, button: str) -> None:
    url = f"{LIST}{account.pk}/{button}/"
    reader = browser_of(person(*READS, username="reader"))

    assert client.get(url).status_code == 405
    assert reader.post(url).status_code == 403
    assert Client().post(url).status_code == 302
    assert stored(account).health.pause == ""
    assert not Entry.objects.exists()


def test_somebody_who_only_reads_sees_the_connection_without_boxes_or_buttons(account: Connection) -> None:
    html = browser_of(person(*READS)).get(page(account)).content.decode()

    assert ">Test connection</button>" not in html
    assert "credential_client_secret" not in html


def test_the_test_shows_a_checklist_that_passes(
    salesforce: Connection, client: Client, sandbox: SandboxServer
) -> None:
    answer = client.post(f"{LIST}{salesforce.pk}/test/", follow=True)

    assert "all checks passed" in told(answer)
    assert "It exists, is an External ID and unique." in answer.content.decode()


def test_a_failed_check_says_who_does_what_and_offers_it_for_copying(
    salesforce: Connection, client: Client
) -> None:
    Connection.objects.update(settings={"email_field": "No_Such__c"})

    answer = client.post(f"{LIST}{salesforce.pk}/test/", follow=True)
    html = answer.content.decode()

    assert "See below what to do" in told(answer)
    assert "A Salesforce administrator creates the field on Account" in html
    assert 'data-copy="Please create the field No_Such__c on Account' in html


def test_an_unreachable_system_is_a_red_line_and_no_error_page(account: Connection, client: Client) -> None:
    answer = client.post(f"{LIST}{account.pk}/test/", follow=True)

    assert answer.status_code == 200
    assert "Login failed" in told(answer)


def test_a_failed_test_is_the_headline_until_something_arrives(account: Connection, client: Client) -> None:
    now = timezone.now()
    health = ConnectionHealth.objects.filter(connection=account)
    health.update(last_success=now, tested_at=now, checks=[{"label": "Login", "ok": False, "text": "no"}])

    failed = client.get(page(account)).content.decode()
    health.update(last_success=now + timedelta(seconds=1))

    assert "The last test failed: Login." in failed
    assert "The last test failed" not in client.get(page(account)).content.decode()


def test_a_new_login_makes_the_old_test_void(account: Connection, client: Client) -> None:
    health = ConnectionHealth.objects.filter(connection=account)
    health.update(tested_at=timezone.now(), checks=[{"label": "Login", "ok": True, "text": "as Concord"}])

    client.post(page(account), boxes(client, account, name="Salesforce EMEA"))
    kept = client.get(page(account)).content.decode()
    client.post(page(account), boxes(client, account, credential_client_secret="new-secret"))

    assert "checks passed" in kept
    assert "Not tested yet with what stands below." in client.get(page(account)).content.decode()


def test_the_list_counts_what_each_connection_holds(account: Connection, client: Client) -> None:
    states: list[dict[str, Any]] = [
        {"remote_id": "a"},
        {"remote_id": "b", "changed": ["phone"]},
        {"state": "pending"},
        {"state": "failed"},
    ]
    for fields in states:
        CompanyLink.objects.create(connection=account, record=CompanyFactory.create(), **fields)
    ConnectionHealth.objects.update(
        usage={"used": 4212, "limit": 100_000, "at": ""}, last_success=timezone.now()
    )

    html = client.get(LIST).content.decode()

    for state in ("In sync", "Changed", "Waiting", "Failed"):
        assert f"<b>1</b> {state}</a>" in html
    assert "4,212 of 100,000 calls today, shared with your other integrations" in html
    assert "Healthy, last success" in html


def test_a_connection_with_linked_records_cannot_be_deleted(account: Connection, client: Client) -> None:
    CompanyLink.objects.create(connection=account, record=CompanyFactory.create(), remote_id="a")

    assert client.post(f"{LIST}{account.pk}/delete/", {"post": "yes"}).status_code == 403
    assert Connection.objects.exists()


def test_the_sidebar_keeps_the_way_to_company_configuration(account: Connection, client: Client) -> None:
    html = client.get("/admin/").content.decode()

    assert "Salesforce › B2B &amp; Customers" in html
    assert f'href="{page(account)}#company-configuration"' in html
    assert "Company Configuration" in html
    assert 'id="company-configuration"' in client.get(page(account)).content.decode()


def test_the_overview_says_when_all_is_well_and_what_is_not(account: Connection, client: Client) -> None:
    CompanyLink.objects.create(connection=account, record=CompanyFactory.create(), remote_id="b")
    link = CompanyLink.objects.create(connection=account, record=CompanyFactory.create(), remote_id="a")
    well = client.get("/admin/").content.decode()
    CompanyFactory.create()
    CompanyLink.objects.filter(pk=link.pk).update(state="failed")
    unwell = client.get("/admin/").content.decode()

    assert "All 2 records are in sync." in well
    assert "1 in sync · 1 needs you · 1 not synced." in unwell
    assert "See 1 problem" in unwell


def test_the_overview_of_an_empty_house_says_what_to_do_first(client: Client) -> None:
    html = client.get("/admin/").content.decode()

    assert "Connect your first system." in html
    assert "Add connection" in html


def test_the_overview_shows_nothing_to_those_without_rights() -> None:
    html = browser_of(person()).get("/admin/").content.decode()

    assert "You have no permission to see companies." in html
