"""What searching and writing the log takes at 5,000,000 entries (LOG_ROWS); see docs/benchmarks.md.

Every filter and every pair of filters, as a person asks: the whole answer of the page, and the
database's part of it. Beside it a plain ModelAdmin on the same table, and what an insert took into
a table as it was before there were partitions.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import combinations
from statistics import median
from typing import Any
from urllib.parse import quote_plus

import psutil
import pytest
from django.contrib.admin import AdminSite, ModelAdmin
from django.contrib.auth import get_user_model
from django.db import OperationalError, connection
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.test import Client, RequestFactory
from django.utils import timezone

from connectors.queue import bulk
from synclog import partitions
from synclog.models import Entry
from synclog.partitions import BLOCK
from tests.benchmarks import log_rows
from tests.staff import browser_of, superuser

pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]

LOG = "/admin/synclog/entry/"
ROWS = int(os.environ.get("LOG_ROWS", "5000000"))
REPEATS, PLAIN_REPEATS = 20, 2
AIM_S = 0.1
PLAIN_TIMEOUT_S = 20  # of one statement of the plain admin
BATCH, BATCHES = 200, 40

_AGO = {days: f"{timezone.now() - timedelta(days=days):%Y-%m-%d}" for days in (90, 45, 0)}
EVER = f"from_date={_AGO[90]}"
FILTERS = {
    "level": "level=ERROR",
    "90 days": EVER,
    "one day": f"from_date={_AGO[45]}&to_date={_AGO[45]}",
    "hours": f"from_date={_AGO[45]}&from_time=10:00&to_date={_AGO[45]}&to_time=10:09",
    "name": "message=Quartz Robotics",
    "e-mail": "message=office@otterpumpsgmbh9123.example",
    "connection": "connection=2",
    "action": "action_type=connection",
    "outcome": "outcome=conflict",
    "run": f"run={log_rows.BACKLOG_RUN}",
    "object": "object=",  # of an entry that is there
    "tokens": "tokens=on",
}
DATES = ("90 days", "one day", "hours")
TEXTS = [
    "created", "not sent", "too long", "STRING_TOO_LONG", "restricted picklist", "zanzibar quay", "zanzibar",
    "qxz", "Ltd", "Toronto", "شركة", "株式会社", "Müller", "Łódź", "olga", "0015g00000", "Phone +1 415",
    "555 0123", "Fjord Coffee B.V.", "nobody@nowhere.example", "no answer within",
]  # fmt: skip
MORE = [
    f"{EVER}&message=created&level=ERROR", f"{EVER}&level=ERROR&outcome=created", f"{EVER}&connection=3",
    f"{EVER}&connection=3&level=ERROR", f"{EVER}&message=Quartz Robotics&level=ERROR",
    f"{EVER}&outcome=transient&connection=2", f"{EVER}&action_type=connection&level=WARNING",
    f"to_date={_AGO[45]}&message=Quartz", f"to_date={_AGO[45]}&level=ERROR", f"{EVER}&message=qx",
]  # fmt: skip


def queries() -> list[tuple[str, str]]:
    """Return what is asked, each with its name."""
    found = {**FILTERS, "object": f"object={_an_object()}"}
    single = [("no filter", ""), *found.items()]
    pairs = [
        (f"{one} + {two}", f"{found[one]}&{found[two]}")
        for one, two in combinations(found, 2)
        if not (one in DATES and two in DATES) and {one, two} != {"name", "e-mail"}
    ]
    texts = [(f"90 days, “{text}”", f"{EVER}&message={quote_plus(text)}") for text in TEXTS]
    return [*single, *pairs, *texts, *((query.replace(_AGO[90], "…"), query) for query in MORE)]


def test_searching_and_writing(django_db_blocker: Any) -> None:
    """One test, since one log serves all: it takes longer to make than to ask."""
    _build()
    _search()
    _compare()
    _write()


def say(text: str) -> None:
    print(f"  {text}", flush=True)  # noqa: T201 - a benchmark prints


def _build() -> None:
    started = time.perf_counter()
    partitions.keep(ahead=ROWS // BLOCK + partitions.AHEAD)
    log_rows.fill(ROWS)
    filled = time.perf_counter()
    while partitions.keep():
        pass
    kept = time.perf_counter()
    say(f"{ROWS:,} entries in {filled - started:.0f} s, indexed and merged in {kept - filled:.0f} s")
    say(_size())


def _size() -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), pg_size_pretty(sum(pg_table_size(oid))), "
            "pg_size_pretty(sum(pg_indexes_size(oid))) FROM pg_class JOIN pg_inherits ON oid = inhrelid "
            "WHERE inhparent = 'synclog_entry'::regclass"
        )
        return "{} partitions, {} of entries, {} of indexes".format(*cursor.fetchone())


def _search() -> None:
    client = browser_of(superuser())
    asked = queries()
    slow_pages = slow_answers = 0
    for name, query in asked:
        spent = _timed(client, query, REPEATS)
        slow_pages += _p95(spent.page) > AIM_S
        slow_answers += _p95(spent.database) > AIM_S
        say(f"{name[:48]:48} {spent}")
    say(f"{len(asked)} searches; p95 above 100 ms: {slow_pages} pages, {slow_answers} by the database alone")


@dataclass
class Spent:
    """Seconds of each repetition; processor seconds of one in the middle."""

    page: list[float]
    database: list[float]
    processor: tuple[float, float]
    statements: int

    def __str__(self) -> str:
        numbers = (
            median(self.page),
            _p95(self.page),
            median(self.database),
            _p95(self.database),
            *self.processor,
        )
        page, page_95, base, base_95, web, server = (f"{number * 1000:5.0f}" for number in numbers)
        return (
            f"page {page} {page_95}   database {base} {base_95}   processor {web} {server} ms"
            f"   {self.statements} statements"
        )


def _timed(client: Client, query: str, repeats: int) -> Spent:
    client.get(f"{LOG}?{query}")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        server = psutil.Process(cursor.fetchone()[0])
    before = time.process_time(), sum(server.cpu_times()[:2])
    page, database, statements = [], [], 0
    for _ in range(repeats):
        with _in_database() as seconds:
            started = time.perf_counter()
            answer = client.get(f"{LOG}?{query}")
            page.append(time.perf_counter() - started)
        assert answer.status_code == 200
        database.append(sum(seconds))
        statements = len(seconds)
    used = time.process_time() - before[0], sum(server.cpu_times()[:2]) - before[1]
    return Spent(page, database, (used[0] / repeats, used[1] / repeats), statements)


@contextmanager
def _in_database() -> Iterator[list[float]]:
    """Collect how long each statement took."""
    spent: list[float] = []

    def measure(execute: Callable[..., Any], *args: Any) -> Any:
        started = time.perf_counter()
        try:
            return execute(*args)
        finally:
            spent.append(time.perf_counter() - started)

    with connection.execute_wrapper(measure):
        yield spent


def _p95(seconds: list[float]) -> float:
    return sorted(seconds)[max(0, -(-len(seconds) * 95 // 100) - 1)]


class PlainAdmin(ModelAdmin):  # type: ignore[type-arg]  # at run time it takes none
    """The log as Django's admin offers it."""

    list_display = ("level", "action_type", "message", "endpoint", "description", "login_user", "logged_at")
    list_filter = ("level", "action_type", "outcome")
    search_fields = ("search",)
    list_per_page = 50
    ordering = ("-id",)


def _compare() -> None:
    """Ask a plain admin the like: it counts, and looks for texts without an index."""
    plain = PlainAdmin(Entry, AdminSite(name="admin"))
    user = get_user_model().objects.get(is_superuser=True)
    ago = (timezone.now() - timedelta(days=90)).isoformat().replace("+", "%2B")
    day = [(timezone.now() - timedelta(days=days)).isoformat().replace("+", "%2B") for days in (45, 44)]
    asked = {
        "no filter": "",
        "level": "level__exact=ERROR",
        "outcome": "outcome__exact=conflict",
        "e-mail": "q=office@otterpumpsgmbh9123.example",
        "90 days": f"logged_at__gte={ago}",
        "one day": f"logged_at__gte={day[0]}&logged_at__lt={day[1]}",
        "level + outcome": "level__exact=ERROR&outcome__exact=conflict",
        "level + e-mail": "level__exact=ERROR&q=office@otterpumpsgmbh9123.example",
    }
    with connection.cursor() as cursor:
        cursor.execute(f"SET statement_timeout = '{PLAIN_TIMEOUT_S}s'")
    for name, query in asked.items():
        request = RequestFactory().get(f"{LOG}?{query}")
        request.user = user
        seconds = [_answer(plain, request) for _ in range(PLAIN_REPEATS)]
        said = "given up" if None in seconds else f"{min(filter(None, seconds)):.2f} s"
        say(f"plain ModelAdmin, {name}: {said}")
    with connection.cursor() as cursor:
        cursor.execute("RESET statement_timeout")


def _answer(plain: PlainAdmin, request: HttpRequest) -> float | None:
    """Return how long it took; None where it was given up."""
    started = time.perf_counter()
    try:
        answer = plain.changelist_view(request)
        assert isinstance(answer, TemplateResponse)
        answer.render()
    except OperationalError:
        return None
    return time.perf_counter() - started


def _write() -> None:
    """Insert as `settle` does: into the log, into a table as it was, in turn."""
    names = [field.attname for field in Entry._meta.concrete_fields if not field.primary_key]
    rows = list(Entry.objects.order_by("-pk").values(*names)[:BATCH])
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE log_before (LIKE synclog_entry INCLUDING CONSTRAINTS, PRIMARY KEY (id),"
            " FOREIGN KEY (user_id) REFERENCES auth_user (id) DEFERRABLE INITIALLY DEFERRED);"
            "ALTER TABLE log_before ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY;"
            "CREATE INDEX ON log_before (logged_at); CREATE INDEX ON log_before (run, id DESC);"
            "CREATE INDEX ON log_before (object_id, id DESC)"
        )
    spent: dict[str, list[float]] = {"log_before": [], "synclog_entry": []}
    for _ in range(BATCHES):
        for table, seconds in spent.items():
            with connection.execute_wrapper(_into(table)):
                started = time.perf_counter()
                bulk.insert(Entry, rows)
                seconds.append(time.perf_counter() - started)
    for what, choose in (("median", median), ("least", min)):
        before, now = (choose(seconds) / BATCH * 1e6 for seconds in spent.values())
        said = f"{before:.1f} µs into one table, {now:.1f} µs into partitions ({now / before - 1:+.1%})"
        say(f"a row inserted, the {what} of {BATCHES} batches of {BATCH}: {said}")
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE log_before")


def _into(table: str) -> Callable[..., Any]:
    def execute(run: Callable[..., Any], sql: str, *args: Any) -> Any:
        return run(sql.replace('"synclog_entry"', table), *args)

    return execute


def _an_object() -> str:
    oldest = Entry.objects.exclude(object_id=None).order_by("pk").values_list("object_id", flat=True)
    return str(oldest[: ROWS // 500 + 1][0])
