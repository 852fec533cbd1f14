"""What one record takes on its way out, counted, so that the path cannot grow unseen: see budgets.toml."""

import sys
import threading
import tomllib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection as database
from django.db.backends.signals import connection_created

from companies.models import Company
from connectors import entities, registry, trial
from connectors.models import Connection
from connectors.sandbox.server import SandboxServer
from tests import talk
from tests.buyers import DEFAULTS, enable
from tests.chaos.relay import Relay, relay
from tests.factories import CompanyFactory, ContactFactory

pytestmark = pytest.mark.django_db(transaction=True)

BUDGETS: dict[str, dict[str, dict[str, float]]] = tomllib.loads(
    (Path(__file__).parent / "budgets.toml").read_text()
)
MORE, LESS = 1.03, 0.9  # of a budget: what got cheaper is to be noted
AN_HOUR_S = 3_600.0


@pytest.mark.parametrize("slug", ["salesforce", "bigcommerce"])
def test_a_record_takes_what_its_budget_says(
    slug: str, sandbox: SandboxServer, settings: Any, request: pytest.FixtureRequest
) -> None:
    by_the_clock = ("look_every_s", "flush_s", "drain_s")
    settings.CONCORD = settings.CONCORD | dict.fromkeys(by_the_clock, AN_HOUR_S)
    connection: Connection = request.getfixturevalue({"salesforce": "salesforce", "bigcommerce": "b2b"}[slug])
    with relay("127.0.0.1", urlsplit(sandbox.url).port or 0) as between:
        connection = _tested(connection, between)
        talk.send(connection, _companies(connection, 1))  # what is loaded once is no record's cost
        companies = _companies(connection, int(BUDGETS[slug]["create"]["records"]))
        taken = {}
        for what in ("create", "edit"):
            if what == "edit":
                _edit(companies)
            talk.request(connection, companies)
            taken[what] = _apart(partial(_taken, connection, sandbox, between, len(companies)))
    differing = {what: _differing(taken[what], BUDGETS[slug][what]) for what in taken}
    assert differing == {"create": {}, "edit": {}}, taken


def _tested(connection: Connection, between: Relay) -> Connection:
    """Return the connection, which calls through the relay, with the facts that Test connection finds."""
    url = urlsplit(connection.base_url)._replace(netloc=f"127.0.0.1:{between.port}").geturl()
    connection.base_url = url
    connection.save()
    trial.test(Connection.objects.get(pk=connection.pk), by="tester")
    return Connection.objects.select_related("health").get(pk=connection.pk)


def _companies(connection: Connection, number: int) -> list[Company]:
    companies = Company.objects.bulk_create(CompanyFactory.build_batch(number, **DEFAULTS))
    if registry.mapping(connection, "company").lead:
        enable(connection, *(ContactFactory.create(company=one, is_primary=True) for one in companies))
    return companies


def _edit(companies: list[Company]) -> None:
    Company.objects.filter(pk__in=[one.pk for one in companies]).update(phone="+1 650 555 0177")


def _apart(act: Callable[[], dict[str, float]]) -> dict[str, float]:
    """Do it in a thread of its own: beside a browser's event loop Django looks for that at each query."""

    def alone() -> dict[str, float]:
        database.ensure_connection()
        try:
            return act()
        finally:
            database.close()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(alone).result()


def _taken(connection: Connection, sandbox: SandboxServer, between: Relay, records: int) -> dict[str, float]:
    sent, calls = between.sent_bytes, _calls(sandbox)
    with _counted() as counts:
        while any(kind.links().filter(state="pending").exists() for kind in entities.in_order()):
            talk.drain(connection)
    counts |= {"sent_bytes": between.sent_bytes - sent, "calls": _calls(sandbox) - calls}
    return {name: round(1000 * count / records) for name, count in counts.items()}


def _calls(sandbox: SandboxServer) -> int:
    return sum(sum(routes.values()) for routes in talk.calls(sandbox)["counts"].values())


@contextmanager
def _counted() -> Iterator[dict[str, float]]:
    counts = {"statements": 0.0, "functions": 0.0}

    def statement(execute: Callable[..., Any], *call: Any) -> Any:
        counts["statements"] += 1
        return execute(*call)

    def function(_frame: FrameType, event: str, _argument: Any) -> None:
        if event == "call":
            counts["functions"] += 1

    def begun(*_: Any) -> None:  # any thread: the sandbox's are not ours to count
        sys.setprofile(function if threading.current_thread().name.startswith("background") else None)

    def opened(connection: Any, **_: Any) -> None:  # the background thread's
        connection.execute_wrappers.append(statement)

    connection_created.connect(opened)
    threading.setprofile(begun)
    with database.execute_wrapper(statement):
        sys.setprofile(function)
        try:
            yield counts
        finally:
            sys.setprofile(None)
            threading.setprofile(None)
            connection_created.disconnect(opened)


def _differing(taken: dict[str, float], budget: dict[str, float]) -> dict[str, tuple[float, float]]:
    """Return what took more than its budget, or so much less that the budget is to be lowered."""
    is_counted = sys.version_info[:2] == (3, 11)  # other versions enter comprehensions in another way
    names = taken.keys() - (set() if is_counted else {"functions"})
    return {
        name: (taken[name], budget[name])
        for name in names
        if not LESS * budget[name] <= taken[name] <= MORE * budget[name]
    }
