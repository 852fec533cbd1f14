"""300 clients that are slow on purpose, against the console as it is shipped: others are served as ever.

`make security` lets each attack last 30 s (ATTACK_S), other runs 3.
"""

import os
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import requests
from django.conf import settings

from tests.security import proxy
from tests.security.crowd import Crowd, Manner, slow_body, slow_header, slow_reader
from tests.served import Served, served
from tests.workers import database_url

pytestmark = [pytest.mark.security, pytest.mark.django_db]

ATTACK_S = float(os.environ.get("ATTACK_S", "3"))
CLIENTS = 300
PATIENCE_S = 1.0  # for an answer, on a machine that has nothing else to do
LOADED = 8  # on any other: so many times what an answer takes there without an attack
PAGES = ("/admin/login/", "/healthz")
WEBHOOK = f"/webhooks/bigcommerce/{uuid.uuid4()}/"
LARGE = "/static/unfold/css/styles.css"  # the largest that is given to a stranger, 330 kB


@dataclass(frozen=True, slots=True)
class Setup:
    """The console and the proxy before it."""

    console: Served
    front: proxy.Proxy


@pytest.fixture(scope="module")
def shipped(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Setup]:
    """Run the console with two workers, and nginx before it."""
    from django.db import connection

    proxy.needed()
    urls = {"DATABASE_URL": database_url(connection.settings_dict), "REDIS_URL": settings.REDIS_URL}
    folder = tmp_path_factory.mktemp("shipped")
    with (
        served(urls, folder, workers=2) as console,
        proxy.running("http", folder, console=console.port, health=console.health_port) as front,
    ):
        yield Setup(console, front)


def slowest_s(url: str, for_s: float) -> float:
    """Ask for both pages again and again; return how long the slowest answer took."""
    ends_at, slowest = time.monotonic() + for_s, 0.0
    while time.monotonic() < ends_at:
        for page in PAGES:
            started = time.monotonic()
            assert requests.get(url + page, timeout=30).status_code == 200
            slowest = max(slowest, time.monotonic() - started)
        time.sleep(0.2)  # a visitor who looks five times a second, not a flood of our own
    return slowest


def judge(crowd: Crowd, at_rest_s: float, slowest: float) -> None:
    """Hold what was seen to what is promised, and tell it (pytest -s)."""
    sys.stdout.write(
        f"{crowd.came} came, {crowd.thrown_out} thrown out; slowest answer {slowest:.2f} s, "
        f"{at_rest_s:.2f} s without them\n"
    )
    assert crowd.came >= CLIENTS
    assert slowest < max(PATIENCE_S, LOADED * at_rest_s)


@pytest.mark.parametrize(
    "manner",
    [slow_body(WEBHOOK), slow_body("/admin/login/"), slow_header("/admin/login/"), slow_reader(LARGE)],
    ids=["webhook-bodies", "form-bodies", "headers", "readers"],
)
def test_300_slow_clients_do_not_keep_others_waiting(shipped: Setup, manner: Manner) -> None:
    at_rest_s = slowest_s(shipped.front.url, 1)

    with Crowd(shipped.front.http, CLIENTS, manner) as crowd:
        slowest = slowest_s(shipped.front.url, ATTACK_S)

    judge(crowd, at_rest_s, slowest)


@pytest.mark.parametrize(
    "manner",
    [
        slow_body(WEBHOOK),
        pytest.param(slow_header("/"), marks=pytest.mark.slow),
        pytest.param(slow_reader(LARGE), marks=pytest.mark.slow),
    ],
    ids=["bodies", "headers", "readers"],
)
def test_without_the_proxy_they_do_not_either(shipped: Setup, manner: Manner) -> None:
    at_rest_s = slowest_s(shipped.console.url, 1)

    with Crowd(shipped.console.port, CLIENTS, manner) as crowd:
        slowest = slowest_s(shipped.console.url, ATTACK_S)

    judge(crowd, at_rest_s, slowest)
