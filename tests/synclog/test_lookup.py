"""Searching the log finds what a plain query finds, and reads closed partitions by their index alone."""

import random
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext

from synclog import lookup, partitions
from synclog.filters import LogFilter
from synclog.models import Entry
from synclog.partitions import BLOCK, GROUP
from tests.staff import READS, browser_of, person
from tests.synclog.blocks import copy, days_ago, entry, go_to, keep, restored_ids

pytestmark = pytest.mark.django_db
LOG = "/admin/synclog/entry/"
BLOCKS = GROUP // BLOCK
EVER = "from_date=2020-01-01"
RUN, RECORD = uuid.UUID(int=1), uuid.UUID(int=2)
PLACES = [0, 3, 4, BLOCKS - 1, BLOCKS, BLOCKS + 2, BLOCKS + 3]  # merged, indexed and open blocks
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _ids(db: None) -> Iterator[None]:
    with restored_ids():
        yield


@pytest.fixture
def client() -> Client:
    return browser_of(person(*READS))


@pytest.fixture
def log() -> list[Entry]:
    """Return entries in a merged partition, in indexed ones and in an open one, oldest first."""
    draw = random.Random(7)
    partitions.keep(ahead=BLOCKS + 8)
    names = [
        "Acme Ltd",
        "Müller & Söhne",
        "شركة النور",
        "株式会社青空",
        "100% o_ne \\ two",
        "x.y@example.com",
    ]
    made = []
    for number, place in enumerate(PLACES):
        go_to(place)
        for _ in range(20):
            made.append(
                entry(
                    f"{draw.choice(names)} {draw.choice(['created', 'updated'])} as {draw.randrange(100)}.",
                    at=NOON + timedelta(days=number, minutes=draw.randrange(600)),
                    level=draw.choice(["INFO", "INFO", "ERROR"]),
                    action_type=draw.choice(["customer_sync", "customer_contact", "bearer_token"]),
                    outcome=draw.choice(["created", "rejected", ""]),
                    connection_id=draw.choice([1, 2, None]),
                    run=draw.choice([RUN, None]),
                    object_id=draw.choice([RECORD, None]),
                )
            )
    keep()
    return made


def expected(log: list[Entry], **asked: Any) -> list[int]:
    """Return the ids that are to be found, by nothing but Python."""

    def matches(one: Entry) -> bool:
        exact = ("level", "action_type", "outcome", "connection_id", "run", "object_id")
        return (
            all(getattr(one, name) == asked[name] for name in exact if name in asked)
            and asked.get("text", "").lower() in one.search
            and ("action_type" in asked or one.action_type != "bearer_token")
            and asked.get("start", NOON) <= one.logged_at
            and (one.logged_at < asked["end"] if "end" in asked else True)
        )

    return [one.pk for one in reversed(log) if matches(one)]


def found(query: str, size: int = 1000, **options: Any) -> list[int]:
    return lookup.newest(question(query), size, **options).pks


def question(query: str) -> lookup.Question:
    return LogFilter(QueryDict(query)).question(Entry.objects.all())


CASES: list[tuple[str, dict[str, Any]]] = [
    ("", {}),
    ("level=ERROR", {"level": "ERROR"}),
    ("action_type=bearer_token", {"action_type": "bearer_token"}),
    ("outcome=rejected", {"outcome": "rejected"}),
    ("outcome=rejected&level=INFO", {"outcome": "rejected", "level": "INFO"}),
    (f"run={RUN}", {"run": RUN}),
    (f"object={RECORD}&level=ERROR", {"object_id": RECORD, "level": "ERROR"}),
    ("message=created", {"text": "created"}),
    ("message=ACME ltd", {"text": "acme ltd"}),
    ("message=ltd created", {"text": "ltd created"}),
    ("message=Müller", {"text": "müller"}),
    ("message=öhne", {"text": "öhne"}),
    ("message=%26 S", {"text": "& s"}),
    ("message=شركة النور", {"text": "شركة النور"}),
    ("message=نور", {"text": "نور"}),
    ("message=青空", {"text": "青空"}),
    ("message=式会社", {"text": "式会社"}),
    ("message=100%25", {"text": "100%"}),
    ("message=o_n", {"text": "o_n"}),
    ("message=e \\ t", {"text": "e \\ t"}),
    ("message=y@ex", {"text": "y@ex"}),
    ("message=as", {"text": "as"}),
    ("message=nowhere", {"text": "nowhere"}),
    ("message=created&level=ERROR", {"text": "created", "level": "ERROR"}),
    (f"message=updated&run={RUN}", {"text": "updated", "run": RUN}),
]


def test_the_same_is_found_as_without_an_index(log: list[Entry]) -> None:
    everything = {
        query: query if "run=" in query or "object=" in query else f"{query}&{EVER}" for query, _ in CASES
    }

    wrong = [query for query, asked in CASES if found(everything[query]) != expected(log, **asked)]

    assert not wrong


def test_an_interval_may_begin_and_end_within_a_block(log: list[Entry]) -> None:
    start, end = NOON + timedelta(days=1, hours=2), NOON + timedelta(days=4, hours=5)

    query = "from_date=2026-11-22&from_time=14:00&to_date=2026-11-25&to_time=16:59"

    assert found(query) == expected(log, start=start, end=end)
    assert found(f"{query}&message=created") == expected(log, start=start, end=end, text="created")


def test_pages_follow_each_other_without_gap_or_repetition(log: list[Entry]) -> None:
    for query in (EVER, f"{EVER}&message=created", f"{EVER}&level=ERROR"):
        pages: list[int] = []
        while page := found(query, 7, below=pages[-1] if pages else None):
            pages += page

        assert pages == found(query)
        assert len(pages) > 30


def test_what_is_everywhere_is_asked_for_block_by_block(log: list[Entry]) -> None:
    copy(log[0], range(5000, 6501))
    copy(log[0], range((BLOCKS - 1) * BLOCK + 5000, (BLOCKS - 1) * BLOCK + 5002))
    everywhere = Entry.objects.filter(search__contains=log[0].search).order_by("-pk")

    pks = found(f"{EVER}&message={log[0].search}&tokens=on", 2000)

    assert pks == list(everywhere.values_list("pk", flat=True))
    assert len(pks) > lookup.MANY


def test_no_closed_partition_is_read_row_by_row() -> None:
    copy(entry("Acme created", outcome="created"), range(1000, 6000))
    go_to(1)
    keep()

    for query in (
        "message=nowhere",
        "message=created",
        "message=النور",
        "level=ERROR",
        "outcome=skipped&level=INFO",
    ):
        with CaptureQueriesContext(connection) as queries:
            found(query, 50)
        (asked,) = [sql["sql"] for sql in queries if f"LIMIT {lookup.MANY}" in sql["sql"]]
        plan = explained(asked)
        assert "synclog_entry_0_0_words" in plan
        assert "Seq Scan" not in plan


def explained(sql: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off")  # as it was asked
        cursor.execute(f"EXPLAIN {sql}")
        return "\n".join(line for (line,) in cursor.fetchall())


def test_days_that_are_not_asked_for_are_not_read(log: list[Entry]) -> None:
    with CaptureQueriesContext(connection) as queries:
        found("from_date=2026-11-21&to_date=2026-11-21&message=created", 50)

    ranges = [sql["sql"] for sql in queries if f"LIMIT {lookup.MANY}" in sql["sql"]]
    assert len(ranges) == 1  # of the two groups


@pytest.fixture
def no_patience(settings: Any) -> None:
    settings.CONCORD = {**settings.CONCORD, "log_search_s": 0.0}


@pytest.mark.usefixtures("no_patience")
def test_a_search_that_no_index_helps_ends_and_goes_on_from_there(log: list[Entry]) -> None:
    first = lookup.newest(question(f"{EVER}&message=qq"), 50)
    second = lookup.newest(question(f"{EVER}&message=qq"), 50, below=first.searched_to)

    assert first.searched_to is not None
    assert second.searched_to is not None
    assert second.searched_to < first.searched_to


@pytest.mark.usefixtures("no_patience")
def test_the_page_says_how_far_a_long_search_came(client: Client, log: list[Entry]) -> None:
    html = client.get(f"{LOG}?{EVER}&message=qq").content.decode()

    assert "looked at what was logged since" in html
    assert "No entries" not in html
    assert "&amp;p=" in html


def test_an_empty_page_names_the_last_entry_before_the_interval(client: Client, log: list[Entry]) -> None:
    entry("zebra", at=days_ago(40))

    html = client.get(f"{LOG}?message=zebra").content.decode()

    assert "No entries for “zebra” in the last 7 days. The last one is from" in html
