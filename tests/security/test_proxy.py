"""What the shipped nginx hands on, what it refuses, and what it makes of headers that a client invents."""

import itertools
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
from pytest_django.fixtures import Settings

from tests import keys, wires
from tests.factories import UserFactory
from tests.security import proxy
from tests.served import rest, send
from tests.waiting import wait_until

pytestmark = pytest.mark.security

WEBHOOK = "/webhooks/bigcommerce/0b0e8a52-0c3c-4b57-9d5e-3c1f6a2c5a11/"


@pytest.fixture
def upstream() -> Iterator[wires.Wire]:
    """Stand where the console would, and note what arrives."""
    with wires.serving(wires.answer(b"[1]", Connection="close")) as wire:
        yield wire


@pytest.fixture
def front(upstream: wires.Wire, tmp_path: Path) -> Iterator[proxy.Proxy]:
    """Run nginx for HTTP before it."""
    with proxy.running("http", tmp_path, console=upstream.port, health=upstream.port) as found:
        yield found


def arrived(upstream: wires.Wire, path: str) -> dict[str, str]:
    return next(asked.headers for asked in upstream.asked if asked.path == path)


def test_who_asks_is_what_the_proxy_saw_and_not_what_was_said(upstream: wires.Wire, tmp_path: Path) -> None:
    tmp_path.joinpath("certs").mkdir()
    (tmp_path / "certs/tls.crt").write_bytes(keys.certificate(keys.made(), host="localhost"))
    (tmp_path / "certs/tls.key").write_bytes(keys.pem(keys.made()))
    invented = {
        "X-Forwarded-For": "1.1.1.1",
        "X_Forwarded_For": "2.2.2.2",
        "X-Forwarded-Proto": "http",
        "X-Forwarded-Host": "evil.example",
        "Forwarded": "for=3.3.3.3",
        "X_Concord_Secret": "x",
    }

    with proxy.running("https", tmp_path, console=upstream.port, health=upstream.port) as front:
        answer = requests.get(
            f"https://localhost:{front.https}/who",
            headers=invented,
            verify=str(tmp_path / "certs/tls.crt"),
            timeout=10,
        )
        plain = requests.get(f"{front.url}/plain", timeout=10, allow_redirects=False)

    found = arrived(upstream, "/who")
    assert answer.json() == [1]
    assert (found["x-forwarded-for"], found["x-forwarded-proto"]) == ("127.0.0.1", "https")
    assert found["host"] == f"localhost:{front.https}"
    assert not {"x-forwarded-host", "forwarded", "x_forwarded_for", "x_concord_secret"} & set(found)
    assert (plain.status_code, plain.headers["Location"]) == (308, "https://127.0.0.1/plain")
    assert all(asked.path != "/plain" for asked in upstream.asked)


def test_behind_a_proxy_of_the_operators_the_last_address_and_https_are_believed(
    upstream: wires.Wire, front: proxy.Proxy
) -> None:
    told = {"X-Forwarded-For": "6.6.6.6, 203.0.113.9", "X-Forwarded-Proto": "https"}
    requests.get(f"{front.url}/told", headers=told, timeout=10)
    requests.get(f"{front.url}/untold", headers={"X-Forwarded-Proto": "gopher"}, timeout=10)
    requests.get(f"{front.url}/port", headers={"X-Forwarded-For": "203.0.113.9:4711"}, timeout=10)

    assert arrived(upstream, "/told")["x-forwarded-for"] == "203.0.113.9"
    assert arrived(upstream, "/told")["x-forwarded-proto"] == "https"
    assert arrived(upstream, "/untold")["x-forwarded-proto"] == "http"
    assert arrived(upstream, "/port")["x-forwarded-for"] == "203.0.113.9"


@pytest.mark.parametrize("said", [None, "", "unknown", "6.6.6.6, unknown"])
def test_the_address_of_a_proxy_that_names_no_visitor_is_not_taken_for_the_visitors(
    upstream: wires.Wire, front: proxy.Proxy, said: str | None
) -> None:
    requests.get(f"{front.url}/untold", headers={"X-Forwarded-For": said}, timeout=10)

    assert "x-forwarded-for" not in arrived(upstream, "/untold")


def test_a_network_of_version_six_is_one_client_however_its_addresses_are_written(tmp_path: Path) -> None:
    """Every place of zeros in an address, since those decide how nginx writes it."""
    zeros = itertools.product([False, True], repeat=8)
    groups = [["0" if is_zero else f"a{place}" for place, is_zero in enumerate(one)] for one in zeros]
    tells = "location = /client { return 200 $client; }"

    with (
        proxy.running("http", tmp_path, console=1, health=1, locations=tells) as front,
        requests.Session() as client,
    ):

        def counted(address: str) -> str:
            told = {"X-Forwarded-For": address}
            return client.get(f"{front.url}/client", headers=told, timeout=10).text

        found = {":".join(one): counted(":".join(one)) for one in groups}
        mapped = counted("::ffff:203.0.113.9")

    assert found == {":".join(one): ":".join(one[:4]) for one in groups}
    assert mapped == "203.0.113.9"


def test_a_flood_of_webhooks_is_slowed_down_and_none_is_refused(
    upstream: wires.Wire, front: proxy.Proxy
) -> None:
    started = time.monotonic()
    with ThreadPoolExecutor(20) as store:
        answers = list(store.map(lambda _: requests.post(front.url + WEBHOOK, timeout=30), range(500)))
    took_s = time.monotonic() - started

    assert {answer.status_code for answer in answers} == {200}
    assert took_s > 2.9  # 200 at once, the others a hundred a second


def test_a_burst_of_webhooks_gets_through_at_once(upstream: wires.Wire, front: proxy.Proxy) -> None:
    with ThreadPoolExecutor(20) as store:
        answers = list(store.map(lambda _: requests.post(front.url + WEBHOOK, timeout=30), range(150)))

    assert {answer.status_code for answer in answers} == {200}
    assert "delaying request" not in (front.folder / "nginx.log").read_text()


@pytest.mark.django_db(transaction=True)
def test_wrong_logins_through_a_proxy_that_names_no_visitor_brake_nobody(
    live_server: Any, settings: Settings, tmp_path: Path
) -> None:
    settings.BEHIND_PROXY = True
    UserFactory.create(username="olga", password="a long right password")
    port = live_server.thread.port

    with proxy.running("http", tmp_path, console=port, health=port) as front:
        wrong = {logs_in(front, "a long wrong password") for _ in range(21)}
        right = logs_in(front, "a long right password")

    assert (wrong, right) == ({200}, 302)


def logs_in(front: proxy.Proxy, password: str) -> int:
    """Post the login form with a browser of its own; return the answer's status."""
    with requests.Session() as browser:
        browser.get(f"{front.url}/admin/login/", timeout=20)
        typed = {
            "username": "olga",
            "password": password,
            "csrfmiddlewaretoken": browser.cookies["csrftoken"],
        }
        answer = browser.post(f"{front.url}/admin/login/", typed, timeout=20, allow_redirects=False)
        return answer.status_code


@pytest.mark.parametrize(
    ("path", "size", "status"),
    [("/form", 262_144, 200), ("/form", 262_145, 413), (WEBHOOK, 65_536, 200), (WEBHOOK, 65_537, 413)],
)
def test_a_body_may_have_the_size_that_the_console_takes(
    upstream: wires.Wire, front: proxy.Proxy, path: str, size: int, status: int
) -> None:
    answer = requests.post(front.url + path, data=b"a" * size, timeout=20)

    assert answer.status_code == status
    assert any(asked.path == path for asked in upstream.asked) == (status == 200)
    assert status == 200 or answer.text.endswith("Send less at a time.")


def test_the_console_sees_no_body_before_it_is_complete(upstream: wires.Wire, front: proxy.Proxy) -> None:
    head = f"POST {WEBHOOK} HTTP/1.1\r\nHost: h\r\nContent-Length: 8\r\nConnection: close\r\n\r\n".encode()
    with send(front.http, head + b"abcd") as client:
        requests.get(f"{front.url}/after", timeout=10)  # when this has passed, that would have, too
        seen = [asked.path for asked in upstream.asked]
        client.sendall(b"efgh")
        answer, _ = rest(client)

    assert WEBHOOK not in seen
    assert answer.startswith(b"HTTP/1.1 200")


def test_a_body_of_which_no_byte_comes_for_ten_seconds_is_ended(
    upstream: wires.Wire, front: proxy.Proxy
) -> None:
    with send(front.http, b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 8\r\n\r\nabcd") as client:
        _, took_s = rest(client)

    assert 8 < took_s < 25
    assert all(asked.path != "/" or asked.method != "POST" for asked in upstream.asked)


def test_the_access_log_names_who_asked_for_what_and_no_parameter(
    upstream: wires.Wire, front: proxy.Proxy
) -> None:
    requests.get(f"{front.url}/admin/?q=private", headers={"X-Forwarded-For": "203.0.113.9"}, timeout=10)

    log = front.folder / "access.log"
    wait_until(lambda: "203.0.113.9" in log.read_text())
    assert '"GET /admin/ HTTP/1.1" 200' in log.read_text()
    assert "private" not in log.read_text()
