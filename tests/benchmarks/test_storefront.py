"""A storefront's limit on calls: how much of it is used, and how long a click waits meanwhile."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from statistics import median
from threading import Event

import pytest
import requests
from django.db import connections

from companies.models import CompanyLink, LocationLink
from connectors import entities, push, queue
from connectors.models import Connection
from connectors.systems.bigcommerce import store_index
from contacts.models import ContactLink
from tests import talk
from tests.backlog import CONTACTS, LOCATIONS, ask_for_all, house
from tests.benchmarks.rehearsal import begin
from tests.benchmarks.test_figures import say
from tests.factories import B2BFactory, ContactFactory

pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]

COMPANIES = 300
CALLS, WINDOW_S = 150, 12.0  # as in a minute, five times as fast
CLICK_EVERY_S = 20.0
CORE = ("customers", "hook")  # routes that this limit does not count


@dataclass
class Watch:
    """What is seen of the store while the backlog is sent."""

    url: str
    refused: list[str] = field(default_factory=list)
    counted: list[tuple[float, int]] = field(default_factory=list)
    clicks: list[float] = field(default_factory=list)

    def look(self) -> None:
        found = requests.get(f"{self.url}/_control/calls", timeout=30).json()
        routes = found["counts"].get("bigcommerce", {})
        number = sum(count for route, count in routes.items() if not route.startswith(CORE))
        self.counted.append((time.monotonic(), number))
        self.refused += [call["at"] for call in found["last"] if call["status"] == 429]

    def used(self) -> float:
        """Return the share of the limit that was used after the first window, before the last one."""
        began, ended = self.counted[0][0] + WINDOW_S, self.counted[-1][0] - WINDOW_S
        inside = [(at, number) for at, number in self.counted if began <= at <= ended]
        (first, before), (last, after) = inside[0], inside[-1]
        return (after - before) / ((last - first) * CALLS / WINDOW_S)


def _work(connection: Connection, over: Event) -> None:
    while not over.is_set():
        push.drain(connection.pk, stop=over.is_set)
        time.sleep(0.05)
    connections.close_all()


def _click(connection: Connection) -> float:
    """Add a company with its Primary, click Sync, and return the seconds until it is there."""
    contact = ContactFactory.create()
    queue.set_enabled("contact", contact.pk, connection, True, by="t")
    started = time.monotonic()
    talk.request(connection, [contact.company])
    while not CompanyLink.objects.linked().filter(record=contact.company).exists():
        time.sleep(0.02)
    return time.monotonic() - started


@pytest.mark.parametrize("limiter", ["fixed", "leaky"])
def test_a_storefronts_limit(sandbox_url: str, limiter: str) -> None:
    begin(sandbox_url, 40)
    store_index.forget_all()  # it is another store each time, whose ids begin anew
    rates = {"requests_per_window": CALLS, "window_s": WINDOW_S, "limiter": limiter}
    requests.post(f"{sandbox_url}/_control/settings", json={"bigcommerce": rates}, timeout=10)
    connection = B2BFactory.create(base_url=f"{sandbox_url}/bigcommerce")
    house(COMPANIES)
    ask_for_all(connection)
    watch, over, started = Watch(sandbox_url), Event(), time.monotonic()
    with ThreadPoolExecutor(connection.max_slots) as pool:
        talkers = [pool.submit(_work, connection, over) for _ in range(connection.max_slots)]
        try:
            while any(kind.links().filter(state="pending").exists() for kind in entities.in_order()):
                watch.look()
                if time.monotonic() - started > CLICK_EVERY_S * (len(watch.clicks) + 1):
                    watch.clicks.append(_click(connection))
                time.sleep(0.5)
        finally:
            over.set()
        for talker in talkers:
            talker.result()
    took_s = time.monotonic() - started
    assert LocationLink.objects.linked().count() == COMPANIES * LOCATIONS
    assert ContactLink.objects.linked().count() == COMPANIES * CONTACTS + len(watch.clicks)
    say(
        f"{limiter}: {COMPANIES} companies with {CONTACTS} contacts and {LOCATIONS} locations each in "
        f"{took_s:.0f} s and {watch.counted[-1][1]:,} calls; {watch.used():.0%} of the limit used, "
        f"{len(set(watch.refused))} calls refused; a click waited {median(watch.clicks):.1f} s, "
        f"at most {max(watch.clicks):.1f} s"
    )
