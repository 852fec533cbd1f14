"""The console without a proxy: no body holds an application thread, health has a port of its own."""

import os
import signal
import socket
import sys
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests
from django.conf import settings
from django.contrib.auth import get_user_model

from config import processes, serve
from config.asgi import THREADS
from tests.served import Served, answers, rest, send, served
from tests.workers import ROOT, database_url

pytestmark = pytest.mark.django_db

LOGIN = "/admin/login/"
WEBHOOK = f"/webhooks/bigcommerce/{uuid.uuid4()}/"


@pytest.fixture(scope="module")
def console(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve the console on the test's database, without anything in front."""
    from django.db import connection

    urls = {"DATABASE_URL": database_url(connection.settings_dict), "REDIS_URL": settings.REDIS_URL}
    with served(urls, tmp_path_factory.mktemp("served")) as found:
        yield found


def post(path: str, length: str, body: bytes = b"") -> bytes:
    return f"POST {path} HTTP/1.1\r\nHost: localhost\r\n{length}\r\n\r\n".encode() + body


def test_more_unfinished_bodies_than_threads_do_not_stop_the_console(console: Served) -> None:
    slow = [
        send(console.port, post(path, "Content-Length: 900", b"abcd"))
        for path in (WEBHOOK, LOGIN)
        for _ in range(3 * THREADS)
    ]

    statuses = [requests.get(console.url + path, timeout=5).status_code for path in (LOGIN, "/healthz")]

    for client in slow:
        client.close()
    assert statuses == [200, 200]


def test_a_delivery_that_does_not_arrive_in_five_seconds_is_refused_and_hung_up_on(console: Served) -> None:
    with send(console.port, post(WEBHOOK, "Content-Length: 900", b"abcd")) as client:
        answer, took_s = rest(client)

    assert answer.startswith(b"HTTP/1.1 408")
    assert 4 < took_s < 25


@pytest.mark.parametrize(
    ("path", "length", "body"),
    [
        (LOGIN, "Content-Length: 209715200", b"csrf"),
        (WEBHOOK, "Content-Length: 65537", b"{"),
        ("/nowhere/", "Content-Length: 262145", b"a"),
        (LOGIN, "Transfer-Encoding: chunked", b"50000\r\n" + b"a" * 0x50000 + b"\r\n"),
        (WEBHOOK, "Transfer-Encoding: chunked", b"10001\r\n" + b"a" * 0x10001 + b"\r\n"),
    ],
    ids=["200-MB", "webhook", "unknown-page", "chunked", "chunked-webhook"],
)
def test_a_body_that_is_too_large_is_refused_before_it_has_arrived(
    console: Served, path: str, length: str, body: bytes
) -> None:
    with send(console.port, post(path, length, body)) as client:
        answer, _ = rest(client)

    assert answer.startswith(b"HTTP/1.1 413")
    assert b"kB that Concord takes here" in answer


def test_a_body_in_chunks_is_read_like_any_other(console: Served) -> None:
    whole = requests.post(console.url + LOGIN, data=b"a=1", timeout=10)
    chunked = requests.post(console.url + LOGIN, data=iter([b"a=", b"1"]), timeout=10)

    assert whole.status_code == chunked.status_code == 403  # without a CSRF token
    assert requests.post(console.url + WEBHOOK, data=iter([b"{}"]), timeout=10).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_somebody_logs_in_by_a_form_of_either_kind(console: Served) -> None:
    get_user_model().objects.create_superuser("dana", password="a-long-password-of-hers")
    browser = requests.Session()
    browser.get(console.url + LOGIN, timeout=10)
    login = {"username": "dana", "password": "a-long-password-of-hers"}

    kinds: list[Any] = [None, {"file": b"k" * 100_000}]  # with a file a form is sent in parts
    replies = [
        browser.post(
            console.url + LOGIN, data={**login, "csrfmiddlewaretoken": browser.cookies["csrftoken"]},
            files=files, timeout=20, allow_redirects=False,
        )
        for files in kinds
    ]  # fmt: skip

    assert [(reply.status_code, reply.headers["Location"]) for reply in replies] == [(302, "/admin/")] * 2


def test_a_name_with_an_underscore_does_not_pass_for_the_proxys_header(console: Served) -> None:
    from config.threads import environ

    scope: Any = {
        "method": "GET", "raw_path": b"/a%20b", "query_string": b"q=\xe9", "http_version": "1.1",
        "scheme": "http", "server": ("h", 80), "client": ("10.0.0.9", 1),
        "headers": [(b"x_forwarded_for", b"1.1.1.1"), (b"x-forwarded-for", b"2.2.2.2"), (b"cookie", b"a=1"),
                    (b"cookie", b"b=2")],
    }  # fmt: skip

    found = environ(scope, b"abc")

    assert (found["HTTP_X_FORWARDED_FOR"], found["CONTENT_LENGTH"]) == ("2.2.2.2", "3")
    assert (found["PATH_INFO"], found["QUERY_STRING"], found["HTTP_COOKIE"]) == ("/a b", "q=\xe9", "a=1;b=2")


def test_a_file_that_is_read_slowly_holds_no_thread(console: Served) -> None:
    page = requests.get(console.url + LOGIN, timeout=10).text
    style = page.split("/static/unfold/css/")[1].split('"')[0]
    slow = []
    for _ in range(3 * THREADS):
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        client.connect(("127.0.0.1", console.port))
        client.sendall(f"GET /static/unfold/css/{style} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        slow.append(client)

    answer = requests.get(console.url + LOGIN, timeout=5)

    for client in slow:
        client.close()
    assert answer.status_code == 200


def test_health_has_a_port_and_a_process_of_its_own(console: Served) -> None:
    url = f"http://127.0.0.1:{console.health_port}"

    assert requests.get(f"{url}/healthz", timeout=5).json() == {"status": "ok"}
    assert requests.get(f"{url}/readyz", timeout=5).json()["database"] == "ok"
    assert requests.get(f"{url}{LOGIN}", timeout=5).status_code == 404


def test_where_one_process_ends_the_other_does_too_and_the_status_says_so(tmp_path: Path) -> None:
    ports = [processes.free_port(), processes.free_port()]
    options = ["--port", str(ports[0]), "--health-port", str(ports[1]), "--workers", "1"]
    command = [sys.executable, "-m", "config.serve", *options]
    process = processes.start(command, log=tmp_path / "log", env=dict(os.environ), cwd=ROOT)
    children: list[psutil.Process] = []
    try:
        for port in ports:  # who is told to end while it starts is waited for in vain
            processes.wait_until(
                lambda port=port: answers(f"http://127.0.0.1:{port}/healthz"),  # type: ignore[misc]
                timeout_s=60,
                what="both",
                process=process,
            )
        children = psutil.Process(process.pid).children()
        children[1].send_signal(signal.SIGKILL)
        status = process.wait(serve.STOP_S + 20)
    finally:
        processes.stop([process])
        for child in children:  # who was killed could not end its own worker
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)

    assert len(children) == 2
    assert status == 1
    assert not any(child.is_running() for child in children)
