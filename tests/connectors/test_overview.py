"""The overview: its numbers are those of the lists behind them, over everything that a connection takes."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from companies.models import CompanyLink
from connectors.admin import figures
from connectors.models import Connection, ConnectionHealth, Pace
from contacts.models import Contact, ContactLink
from tests.connection_pages import LIST, RUNS_IT, text
from tests.factories import B2BFactory, CompanyFactory, ConnectionFactory
from tests.staff import browser_of, person

pytestmark = pytest.mark.django_db
STATES: list[dict[str, object]] = [
    {"remote_id": "a"},
    {"remote_id": "b", "changed": ["phone"]},
    {"state": "pending"},
    {"state": "failed"},
    {"enabled": "no"},
    {},
]


@pytest.fixture
def account() -> Connection:
    return ConnectionFactory.create()


@pytest.fixture
def client() -> Client:
    return browser_of(person(*RUNS_IT))


def overview(client: Client) -> str:
    return text(client.get("/admin/"))


def one_in_each_state(account: Connection) -> None:
    """Make a company and a contact in every state, and one of each without a link."""
    for number, fields in enumerate([*STATES, None]):
        company = CompanyFactory.create()
        contact = Contact.objects.create(company=company, last_name=f"Z{number}")
        if fields is not None:
            CompanyLink.objects.create(connection=account, record=company, **fields)
            ContactLink.objects.create(connection=account, record=contact, **fields)


def test_the_headline_counts_companies_and_contacts(account: Connection, client: Client) -> None:
    one_in_each_state(account)

    assert (
        "2 in sync · 2 changed, not sent · 2 waiting · 2 need you · 2 not enabled · 4 not synced."
    ) in overview(client)


def test_the_states_of_each_kind_add_up_to_its_total(account: Connection) -> None:
    one_in_each_state(account)

    for numbers in figures.figures()[account.pk]:
        assert numbers.total == 7
        assert numbers.known + numbers.not_synced == 7


def test_each_number_leads_to_the_list_that_it_counts(account: Connection, client: Client) -> None:
    one_in_each_state(account)

    html = overview(client)

    for model in ("companies/company", "contacts/contact"):
        assert f'<a href="/admin/{model}/?state=waiting"><b>1</b> Waiting</a>' in html
        assert f'<a href="/admin/{model}/?state=needs_you"><b>1</b> Failed</a>' in html
        assert f'<a href="/admin/{model}/?state=not_synced"><b>2</b> Not synced</a>' in html


def test_problems_are_reached_in_each_list_that_has_some(account: Connection, client: Client) -> None:
    one_in_each_state(account)
    both = overview(client)
    ContactLink.objects.filter(state="failed").delete()

    assert 'href="/admin/companies/company/?state=needs_you">See 1 problem of companies</a>' in both
    assert 'href="/admin/contacts/contact/?state=needs_you">See 1 problem of contacts</a>' in both
    assert ">See 1 problem</a>" in overview(client)


def test_all_is_well_only_where_contacts_are_in_sync_too(account: Connection, client: Client) -> None:
    company = CompanyFactory.create()
    CompanyLink.objects.create(connection=account, record=company, remote_id="a")
    well = overview(client)
    Contact.objects.create(company=company, last_name="Z")

    assert "All 1 record is in sync." in well
    assert "1 in sync · 1 not synced." in overview(client)


def test_a_switched_off_connection_counts_in_no_headline(account: Connection, client: Client) -> None:
    CompanyFactory.create()
    Connection.objects.update(enabled=False)

    assert "1 company, and no system to send them to." in overview(client)


def test_nobody_sees_numbers_of_what_they_may_not_see(account: Connection) -> None:
    one_in_each_state(account)

    html = overview(browser_of(person("view_company", "view_connection")))

    assert "Companies <b>7</b>" in html
    assert "contacts/contact" not in html
    assert "1 in sync · 1 changed, not sent" in html


@pytest.mark.parametrize(("used", "tone"), [(84_000, "calm"), (86_000, "warn")])
def test_the_calls_of_the_day_are_a_bar_with_words_amber_when_they_run_out(
    account: Connection, client: Client, used: int, tone: str
) -> None:
    usage = {"used": used, "limit": 100_000, "at": timezone.now().isoformat()}
    ConnectionHealth.objects.update(usage=usage)

    html = overview(client)

    assert f"{used:,} of 100,000 calls today, shared with your other integrations" in html
    assert f'class="cc-meter-{tone}" style="width: {used / 1000:.1f}%"' in html
    assert ("86 % are used up" in html) is (tone == "warn")


def test_the_first_steps_are_ticked_as_they_are_done_and_go_when_the_last_is(
    account: Connection, client: Client
) -> None:
    Connection.objects.filter(pk=account.pk).delete()
    nothing = overview(client)
    account = ConnectionFactory.create()
    connected = overview(client)
    ConnectionHealth.objects.update(tested_at=timezone.now(), checks=[{"label": "Login", "ok": True}])
    tested = overview(client)
    CompanyLink.objects.create(connection=account, record=CompanyFactory.create(), remote_id="a")

    assert "cc-done" not in nothing
    for number, step in enumerate(
        ["Connect a system", "Test connection", "Link your users", "Send one company"]
    ):
        assert f"<li>{number + 1} {step}</li>" in nothing
    assert '<li class="cc-done">1 Connect a system' in connected
    assert '<li class="cc-done">2 Test connection' in tested
    assert "<li>3 Link your users</li>" in tested
    assert "Connect a system" not in overview(client)


def test_without_a_system_that_has_users_nobody_is_to_be_linked(client: Client) -> None:
    B2BFactory.create()

    html = overview(client)

    assert "<li>3 Send one company</li>" in html
    assert "Link your users" not in html


def test_a_failed_test_is_no_step_done(account: Connection, client: Client) -> None:
    ConnectionHealth.objects.update(tested_at=timezone.now(), checks=[{"label": "Login", "ok": False}])

    assert "<li>2 Test connection</li>" in overview(client)


def test_old_usage_is_not_called_todays(account: Connection, client: Client) -> None:
    at = timezone.now() - timedelta(days=3)
    ConnectionHealth.objects.update(usage={"used": 5, "limit": 100, "at": at.isoformat()})

    html = overview(client)

    assert "5 of 100 calls when last counted" in html
    assert "calls today" not in html


def test_the_breadcrumbs_say_connections_once(account: Connection, client: Client) -> None:
    html = text(client.get(LIST))

    assert "> System </" in html
    assert "> Connections </a> <span" not in html


def paused(account: Connection, pause: str, *, seconds: float | None = None) -> None:
    until = timezone.now() + timedelta(seconds=seconds) if seconds else None
    ConnectionHealth.objects.filter(connection=account).update(
        pause=pause, pause_reason="Because.", paused_at=timezone.now(), paused_until=until
    )


def told_of_calls(account: Connection, *, remaining: float, resets_s: float = 30) -> None:
    resets_at = timezone.now() + timedelta(seconds=resets_s)
    Pace.objects.create(connection=account, allocated=150, remaining=remaining, resets_at=resets_at)


@pytest.mark.parametrize(
    ("pause", "sentence", "tone"),
    [
        ("login", "Salesforce is paused: login refused.", "bad"),
        ("setup", "Salesforce is paused: something is missing over there.", "bad"),
        ("person", "Salesforce is paused by a person.", "warn"),
        ("trouble", "Salesforce is paused: not answering, next look", "warn"),
        ("limit", "Salesforce is slowed down: calls used up, next look", "warn"),
    ],
)
def test_the_headline_says_that_a_connection_is_paused(
    account: Connection, client: Client, pause: str, sentence: str, tone: str
) -> None:
    CompanyLink.objects.create(connection=account, record=CompanyFactory.create(), remote_id="a")
    paused(account, pause, seconds=200 if pause in ("trouble", "limit") else None)

    html = overview(client)

    assert f'<h2 class="cc-headline cc-tone-{tone}">All 1 record is in sync. {sentence}' in html


def test_a_pause_that_is_over_or_of_a_connection_that_is_off_is_no_headline(
    account: Connection, client: Client
) -> None:
    paused(account, "trouble", seconds=-5)
    over = overview(client)
    paused(account, "login")
    Connection.objects.update(enabled=False)

    assert "is paused:" not in over
    assert "is paused:" not in overview(client)


def test_calls_used_up_for_a_moment_is_said_as_slowing_down(account: Connection, client: Client) -> None:
    told_of_calls(account, remaining=0)
    paused(account, "limit", seconds=20)

    assert "Slowed down: 150 calls a minute reached. It goes on by itself within a minute." in overview(
        client
    )


def test_calls_used_up_for_the_day_go_on_saying_why_and_until_when(
    account: Connection, client: Client
) -> None:
    paused(account, "limit", seconds=7200)

    assert ": Because. Next look " in overview(client)


@pytest.mark.parametrize(
    ("remaining", "resets_s", "said", "percent"),
    [
        (100, 30, "100 of 150 calls left this minute, shared with your other integrations", "33.3"),
        (12, 30, "12 of 150 calls left this minute, shared with your other integrations. 92 % are", "92.0"),
        (-3, 30, "0 of 150 calls left this minute", "100.0"),
        (12, -1, "150 calls a minute, shared with your other integrations", "0.0"),
    ],
)
def test_the_calls_of_the_minute_are_those_that_the_last_answer_left(
    account: Connection, client: Client, remaining: float, resets_s: float, said: str, percent: str
) -> None:
    told_of_calls(account, remaining=remaining, resets_s=resets_s)

    html = overview(client)

    assert said in html
    assert f'style="width: {percent}%"' in html
