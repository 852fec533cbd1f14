"""The companies grid: what it shows, to whom, and at what price."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from companies.models import Company, CompanyLink
from connectors.models import Connection, ConnectionHealth, Link, Slot
from tests.factories import CompanyFactory, ConnectionFactory
from tests.staff import READS, SYNCS, browser_of, person

pytestmark = pytest.mark.django_db
GRID = "/admin/companies/company/"
ID = "0015g00000Xa1bcAAB"


def linked(account: Connection, company: Company, **fields: Any) -> CompanyLink:
    link, _ = CompanyLink.objects.update_or_create(connection=account, record=company, defaults=fields)
    return link


def page(url: str = GRID, *rights: str) -> str:
    return browser_of(person(*(rights or SYNCS))).get(url).content.decode()


@pytest.fixture
def account() -> Connection:
    return ConnectionFactory.create()


def test_the_column_is_titled_by_the_kind_of_the_connection(account: Connection) -> None:
    CompanyFactory.create()

    html = page()

    assert "Salesforce ID" in html
    assert "Sync with Salesforce" in html


def test_two_connections_of_a_kind_are_told_apart_by_name(account: Connection) -> None:
    ConnectionFactory.create(slug="emea", name="Salesforce EMEA")
    CompanyFactory.create()

    html = page()

    assert "Salesforce ID · Salesforce EMEA" in html
    assert "Sync with Salesforce · Salesforce EMEA" in html


def test_a_disabled_connection_has_no_column_and_no_action(account: Connection) -> None:
    Connection.objects.update(enabled=False)
    CompanyFactory.create()

    html = page()

    assert "Salesforce ID" not in html
    assert "Sync with Salesforce" not in html


def test_a_synced_company_links_to_its_record_over_there(account: Connection) -> None:
    linked(account, CompanyFactory.create(), remote_id=ID, synced_at=timezone.now())

    html = page()

    assert f"/lightning/r/Account/{ID}/view" in html
    assert 'target="_blank" rel="noopener noreferrer"' in html
    assert "0015g…AAB" in html
    assert f'data-copy="{ID}"' in html
    assert "In sync" in html


def test_an_id_with_a_wrong_checksum_is_no_link(account: Connection) -> None:
    linked(account, CompanyFactory.create(), remote_id="0015g00000Xa1bcXXX")

    assert "0015g00000Xa1bcXXX" not in page()


def test_a_remote_address_that_is_no_web_address_is_no_link(account: Connection) -> None:
    linked(account, CompanyFactory.create(), remote_id=ID, remote_url="javascript:alert(1)")

    assert "javascript:" not in page()


def test_hostile_texts_are_escaped(account: Connection) -> None:
    evil = "<img src=x onerror=alert(1)>"
    company = CompanyFactory.create(name=f"{evil} Ltd")
    linked(account, company, state="failed", code="FOO", message=f"{evil} was refused")

    html = page()

    assert evil not in html
    assert "&lt;img src=x onerror=alert(1)&gt; was refused" in html


def test_newest_companies_come_first(account: Connection) -> None:
    CompanyFactory.create(name="Older")
    CompanyFactory.create(name="Newer")

    html = page()

    assert html.index("Newer") < html.index("Older")


@pytest.mark.parametrize(
    ("tab", "fields", "there"),
    [
        ("needs_you", {"state": "failed", "code": "x"}, True),
        ("needs_you", {"state": "failed", "enabled": "no"}, False),
        ("waiting", {"state": "pending"}, True),
        ("changed", {"remote_id": ID, "changed": ["phone"]}, True),
        ("changed", {"remote_id": ID}, False),
        ("not_synced", {"remote_id": ID}, False),
        ("not_synced", {"enabled": "no"}, False),
        ("not_synced", {}, True),
        ("not_synced", None, True),
        ("today", None, True),
    ],
)
def test_a_tab_shows_the_companies_of_its_state(
    account: Connection, tab: str, fields: dict[str, Any] | None, there: bool
) -> None:
    company = CompanyFactory.create(name="Facebook")
    if fields is not None:
        linked(account, company, **fields)

    assert ("Facebook" in page(f"{GRID}?state={tab}")) is there


def test_a_company_of_yesterday_is_not_new_today(account: Connection) -> None:
    Company.objects.filter(pk=CompanyFactory.create(name="Facebook").pk).update(
        created_at=timezone.now() - timedelta(days=1)
    )

    assert "Facebook" not in page(f"{GRID}?state=today")


def test_an_empty_grid_offers_the_public_form_with_its_address(account: Connection) -> None:
    html = page()

    assert 'data-copy="http://testserver/companies/register/"' in html
    assert "No companies yet." in html


def test_an_empty_tab_says_what_was_sent_last(account: Connection) -> None:
    CompanyFactory.create()
    ConnectionHealth.objects.update(last_success=timezone.now() - timedelta(minutes=3))

    html = page(f"{GRID}?state=waiting")

    assert "Nothing waits. Last sent" in html
    assert "(3 min ago)" in html


def test_no_companies_says_what_to_do(account: Connection) -> None:
    html = page()

    assert "No companies yet." in html
    assert "Add company" in html


@pytest.mark.parametrize("words", ["Facebook", "office@facebook", "facebook.example", "0015g00000Xa1"])
def test_search_finds_name_email_website_and_reference_id(account: Connection, words: str) -> None:
    company = CompanyFactory.create(
        name="Facebook", email="office@facebook.example", website="https://facebook.example"
    )
    linked(account, company, remote_id=ID)
    CompanyFactory.create(name="Globex")

    html = page(f"{GRID}?q={words}")

    assert "Facebook" in html
    assert "Globex" not in html


def test_a_paused_connection_is_told_above_the_grid(account: Connection) -> None:
    linked(account, CompanyFactory.create(), state="pending")
    ConnectionHealth.objects.update(
        pause="login", pause_reason="Salesforce <b>refused</b> the login.", paused_at=timezone.now()
    )

    html = page()

    assert "Salesforce &lt;b&gt;refused&lt;/b&gt; the login." in html
    assert "1 change waits, none is lost" in html
    assert "connection paused: login refused" in html


def test_moving_cells_are_polled_and_resting_ones_are_not(account: Connection) -> None:
    moving, resting = CompanyFactory.create(), CompanyFactory.create()
    linked(account, moving, state="pending")
    linked(account, resting, remote_id=ID)

    html = page()

    assert f"cells/?ids={moving.pk}&amp;" in html
    assert 'hx-trigger="every 2s"' in html


def test_a_poll_answers_with_cells_and_asks_again_while_they_move(account: Connection) -> None:
    company = CompanyFactory.create()
    link = linked(account, company, state="pending")
    url = f"{GRID}cells/?ids={company.pk}&since={int(timezone.now().timestamp())}"
    client = browser_of(person(*SYNCS))

    while_waiting = client.get(url).content.decode()
    CompanyLink.objects.filter(pk=link.pk).update(state="idle", remote_id=ID)
    when_done = client.get(url).content.decode()

    assert "Waiting" in while_waiting
    assert "every 2s" in while_waiting
    assert f'id="cc-company-{company.pk}-{account.pk}" hx-swap-oob="true"' in when_done
    assert "In sync" in when_done
    assert "every 2s" not in when_done


@pytest.mark.parametrize("ids", ["", "x", "-1", "9" * 19, "9" * 40])
def test_a_poll_for_nonsense_answers_with_nothing(account: Connection, ids: str) -> None:
    html = page(f"{GRID}cells/?ids={ids}")

    assert "cc-cell" not in html
    assert "every 2s" not in html


def test_after_two_minutes_a_poll_stops_and_points_to_the_run(account: Connection) -> None:
    company, run = CompanyFactory.create(), uuid.uuid4()
    linked(account, company, state="pending", run=run)
    since = int(timezone.now().timestamp()) - 121

    html = page(f"{GRID}cells/?ids={company.pk}&since={since}")

    assert "every 2s" not in html
    assert "still working" in html
    assert f"/admin/synclog/run/{run}/change/" in html


def test_what_is_being_sent_says_for_how_long(account: Connection) -> None:
    slot = Slot.objects.create(
        connection=account, number=0, lease=uuid.uuid4(), expires_at=timezone.now() + timedelta(minutes=1)
    )
    leased_at = timezone.now() - timedelta(seconds=64)
    linked(account, CompanyFactory.create(), state="pending", lease=slot.lease, leased_at=leased_at)

    html = page()

    assert "Sending" in html
    assert "for 1 min" in html


def test_the_price_of_the_grid_does_not_grow_with_its_rows(account: Connection) -> None:
    client = browser_of(person(*SYNCS))
    counted = []
    for _ in range(2):
        for company in CompanyFactory.create_batch(10):
            linked(account, company, state=Link.State.PENDING)
        with CaptureQueriesContext(database) as queries:
            client.get(GRID)
        counted.append(len(queries))

    assert counted[0] == counted[1]
    assert counted[0] <= 20


def test_somebody_who_only_reads_sees_states_but_no_way_to_send(account: Connection) -> None:
    linked(account, CompanyFactory.create(), remote_id=ID, changed=["phone"])

    html = page(GRID, *READS)

    assert "Changed, not sent" in html
    assert "/sync/" not in html
    assert "Sync with Salesforce" not in html


@pytest.mark.parametrize("url", [GRID, f"{GRID}cells/?ids=1", f"{GRID}1/choose/1/"])
def test_strangers_are_sent_to_the_login(client: Any, url: str) -> None:
    assert client.get(url).status_code == 302


def test_staff_without_the_right_to_see_companies_see_none() -> None:
    client = browser_of(person())

    assert client.get(GRID).status_code == 403
    assert client.get(f"{GRID}cells/?ids=1").status_code == 403
