"""The log's grid and its entries: what is found, in which zone, at what price."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from companies.models import CompanyLink
from synclog.models import Entry
from tests.factories import CompanyFactory, ConnectionFactory
from tests.staff import READS, SYNCS, browser_of, person, superuser

pytestmark = pytest.mark.django_db
LOG = "/admin/synclog/entry/"


@pytest.fixture
def client() -> Client:
    return browser_of(person(*READS))


def entry(description: str = "Acme created.", **fields: Any) -> Entry:
    values: dict[str, Any] = {"level": "INFO", "action_type": "customer_sync", "search": description.lower()}
    return Entry.objects.create(description=description, **{**values, **fields})


def shown(client: Client, query: str = "") -> list[str]:
    """Return the sentences of the grid, top to bottom."""
    return [row.description for row in client.get(f"{LOG}?{query}").context["cl"].result_list]


def test_the_grid_has_the_eight_columns_in_their_order(client: Client) -> None:
    entry()

    html = client.get(LOG).content.decode()

    heads = [
        "Level", "Action Type", "Message", "Endpoint URI", "Description", "Login User",
        "Log Date (UTC)", "Log Time (UTC)",
    ]  # fmt: skip
    table = html[html.index("<thead>") :]
    places = [table.index(head) for head in heads]
    assert places == sorted(places)


def test_the_six_filters_come_first(client: Client) -> None:
    form = client.get(LOG).context["cc_filter"]

    labels = [field.label for field in form.first()]
    assert labels == ["Level", "From Date", "To Date", "From Time", "To Time", "Message"]


def test_newest_entries_come_first(client: Client) -> None:
    entry("older")
    entry("newer")

    assert shown(client) == ["newer", "older"]


def test_the_last_seven_days_are_shown_unless_asked_otherwise(client: Client) -> None:
    entry("old", logged_at=timezone.now() - timedelta(days=9))
    entry("new")

    assert shown(client) == ["new"]
    assert shown(client, "from_date=2020-01-01") == ["new", "old"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("from_date=2026-11-21&to_date=2026-11-21", ["night", "noon"]),
        ("from_date=2026-11-21&from_time=12:01&to_date=2026-11-21", ["night"]),
        ("from_date=2026-11-21&to_date=2026-11-21&to_time=12:00", ["noon"]),
        ("from_date=2026-11-20&from_time=23:00&to_date=2026-11-21&to_time=12:00", ["noon", "eve"]),
        ("from_date=2026-11-20", ["night", "noon", "eve"]),
        ("to_date=2026-11-20", ["eve"]),
    ],
)
def test_dates_and_times_form_one_interval_in_the_readers_zone(
    client: Client, query: str, found: list[str]
) -> None:
    client.cookies["concord_zone"] = "America/Toronto"  # five hours behind UTC in November
    entry("eve", logged_at=datetime(2026, 11, 21, 4, 30, tzinfo=UTC))  # 20 Nov, 11:30 PM over there
    entry("noon", logged_at=datetime(2026, 11, 21, 17, 0, 30, tzinfo=UTC))
    entry("night", logged_at=datetime(2026, 11, 22, 3, 39, tzinfo=UTC))  # 21 Nov, 10:39 PM

    assert shown(client, query) == found


def test_times_are_shown_in_the_readers_zone(client: Client) -> None:
    client.cookies["concord_zone"] = "America/Toronto"
    entry(logged_at=timezone.now())

    html = client.get(LOG).content.decode()

    assert "Log Time (E" in html  # EST or EDT


def test_an_unknown_zone_is_ignored(client: Client) -> None:
    client.cookies["concord_zone"] = "../../etc/passwd"

    entry()

    assert "Log Time (UTC)" in client.get(LOG).content.decode()


@pytest.mark.parametrize(
    "words", ["FACEBOOK", "markz@test.com", "0015g00000xa1bc", "string_too", "shorten it"]
)
def test_message_finds_any_part_of_what_is_known(client: Client, words: str) -> None:
    known = "facebook markz@test.com 0015g00000xa1bcaab string_too_long shorten it by 45."
    entry("found", search=known)
    entry("other", search="globex")

    assert shown(client, f"message={words}") == ["found"]


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("level=ERROR", {"level": "ERROR"}),
        ("action_type=connection", {"action_type": "connection"}),
        ("outcome=rejected", {"outcome": "rejected"}),
    ],
)
def test_other_filters_find_exactly(client: Client, query: str, fields: dict[str, Any]) -> None:
    entry("found", **fields)
    entry("other")

    assert shown(client, query) == ["found"]


def test_the_log_of_a_run_or_a_record_is_shown_whole(client: Client) -> None:
    run, record = uuid.uuid4(), uuid.uuid4()
    long_ago = timezone.now() - timedelta(days=60)
    entry("of the run", run=run, logged_at=long_ago)
    entry("of the record", object_id=record, logged_at=long_ago)

    assert shown(client, f"run={run}") == ["of the run"]
    assert shown(client, f"object={record}") == ["of the record"]


def test_token_refreshes_are_left_out_unless_asked_for(client: Client) -> None:
    entry("token", action_type="bearer_token")
    entry("work")

    assert shown(client) == ["work"]
    assert shown(client, "tokens=on") == ["work", "token"]
    assert shown(client, "action_type=bearer_token") == ["token"]


def test_nonsense_in_a_filter_is_said_and_does_not_break_the_page(client: Client) -> None:
    entry()

    answer = client.get(f"{LOG}?from_date=tomorrow&run=none&level=LOUD&message=%25")

    assert answer.status_code == 200
    assert "Enter a valid date." in answer.content.decode()


def test_pages_go_older_by_the_last_id_and_back_to_the_newest(client: Client) -> None:
    Entry.objects.bulk_create(
        [Entry(level="INFO", action_type="customer_sync", description=str(number)) for number in range(120)]
    )

    first = client.get(f"{LOG}?level=INFO")
    second = client.get(LOG + first.context["cl"].older_query)
    third = client.get(LOG + second.context["cl"].older_query)

    pages = [
        [row.description for row in answer.context["cl"].result_list] for answer in (first, second, third)
    ]
    assert [len(rows) for rows in pages] == [50, 50, 20]
    assert [text for rows in pages for text in rows] == [str(number) for number in range(119, -1, -1)]
    assert first.context["cl"].newest_query == ""
    assert third.context["cl"].older_query == ""
    assert second.context["cl"].newest_query == "?level=INFO"


def test_the_log_is_never_counted_nor_skipped_through(client: Client) -> None:
    Entry.objects.bulk_create([Entry(level="INFO", action_type="customer_sync") for _ in range(60)])

    with CaptureQueriesContext(database) as queries:
        first = client.get(f"{LOG}?message=")
        client.get(LOG + first.context["cl"].older_query)
        client.get(f"{LOG}?message=nothing")

    asked = [query["sql"] for query in queries if "synclog_entry" in query["sql"]]
    assert asked
    assert not [sql for sql in asked if "COUNT(" in sql.upper() or "OFFSET" in sql.upper()]


def test_the_price_of_the_log_does_not_grow_with_its_rows(client: Client) -> None:
    counted = []
    for _ in range(2):
        Entry.objects.bulk_create([Entry(level="INFO", action_type="customer_sync") for _ in range(20)])
        with CaptureQueriesContext(database) as queries:
            client.get(LOG)
        counted.append(len(queries))

    assert counted[0] == counted[1]
    assert counted[0] <= 12


def test_an_empty_filter_says_where_the_last_entry_is(client: Client) -> None:
    entry("Facebook created.", logged_at=datetime(2026, 11, 20, 16, 12, tzinfo=UTC))

    answer = client.get(f"{LOG}?message=Facebook&from_date=2026-11-21&from_time=10:00&to_date=2026-11-21")
    html = answer.content.decode()

    assert "No entries for “Facebook” from 21 Nov, 10:00 AM until the end of 21 Nov." in html
    assert "The last one is from 20 Nov" in html
    assert "?message=Facebook&amp;from_date=2026-11-20&amp;to_date=2026-11-20" in html
    assert shown(client, "message=Facebook&from_date=2026-11-20&to_date=2026-11-20") == ["Facebook created."]


def test_hostile_texts_are_escaped_in_grid_and_entry(client: Client) -> None:
    evil = "<script>alert(1)</script>"
    made = entry(
        evil,
        message=evil,
        answer=evil,
        request='{"a": "' + evil + '"}',
        errors={"name": evil},
        changes={evil: [evil, None]},
        remote_url="javascript:alert(1)",
    )

    pages = client.get(LOG).content.decode() + client.get(f"{LOG}{made.pk}/change/").content.decode()

    assert evil not in pages
    assert "javascript:alert" not in pages


def test_an_entry_shows_before_and_after_and_leads_to_its_company(client: Client) -> None:
    company, run = CompanyFactory.create(), uuid.uuid4()
    made = entry(
        entity="company",
        object_id=company.public_id,
        run=run,
        changes={"Phone": ["+1 1", None]},
        errors={"tax_id": "Too long."},
        http_status=200,
        duration_ms=142,
    )

    html = client.get(f"{LOG}{made.pk}/change/").content.decode()

    assert "+1 1" in html
    assert "(cleared)" in html
    assert "<b>Tax ID</b>: Too long." in html
    assert f"/admin/companies/company/{company.public_id}/change/" in html
    assert f"/admin/synclog/run/{run}/change/" in html
    assert "HTTP 200 in 142 ms" in html
    assert "Send again" not in html


def test_an_entry_offers_to_send_again_to_those_who_may(client: Client) -> None:
    account, company = ConnectionFactory.create(), CompanyFactory.create()
    made = entry(entity="company", object_id=company.public_id, connection_id=account.pk)
    sender = browser_of(person(*SYNCS, username="sender"))

    html = sender.get(f"{LOG}{made.pk}/change/").content.decode()
    sender.post(f"/admin/companies/company/{company.public_id}/sync/{account.pk}/")

    assert f'action="/admin/companies/company/{company.public_id}/sync/{account.pk}/"' in html
    assert CompanyLink.objects.get().state == "pending"


@pytest.mark.parametrize("page", ["add/", "{pk}/delete/"])
def test_nobody_writes_or_deletes_in_the_log(page: str) -> None:
    made = entry()
    client = browser_of(superuser())

    assert client.get(LOG + page.format(pk=made.pk)).status_code == 403
    assert client.post(LOG + page.format(pk=made.pk), {"post": "yes"}).status_code == 403
    assert Entry.objects.exists()


def test_the_log_is_only_for_those_who_may_see_it() -> None:
    made = entry()
    client = browser_of(person("view_company"))

    assert client.get(LOG).status_code == 403
    assert client.get(f"{LOG}{made.pk}/change/").status_code == 403
    assert Client().get(LOG).status_code == 302
