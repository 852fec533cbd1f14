"""The server under the stand-ins: its sockets, its starting and its stopping."""

import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from connectors.sandbox.server import SandboxServer

from .conftest import TIMEOUT_S, Remote


def raw(url: str, request: bytes) -> bytes:
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=TIMEOUT_S) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        chunks = []
        while chunk := connection.recv(65536):
            chunks.append(chunk)
    return b"".join(chunks)


def test_a_busy_port_is_an_os_error() -> None:
    with SandboxServer() as server:
        port = int(server.url.rpartition(":")[2])

        with pytest.raises(OSError, match="in use"):
            SandboxServer(port=port).start()


def test_a_stopped_server_can_start_again_and_answers_nobody_in_between() -> None:
    server = SandboxServer()
    server.start()
    url = server.url
    server.stop()

    with pytest.raises(requests.ConnectionError):
        requests.get(f"{url}/healthz", timeout=TIMEOUT_S)
    with pytest.raises(RuntimeError):
        server.url  # noqa: B018 - reading it is the act
    with server:
        assert requests.get(f"{server.url}/healthz", timeout=TIMEOUT_S).status_code == 200


def test_a_connection_is_kept_for_the_next_call(remote: Remote) -> None:
    answer = raw(remote.url, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n" * 2)

    assert answer.count(b"HTTP/1.1 200 OK") == 2


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"Content-Length: abc", b"400"),
        (b"Content-Length: -1", b"400"),
        (b"Content-Length: 99999999", b"413"),
        (b"Transfer-Encoding: chunked", b"411"),
    ],
)
def test_a_body_of_unknown_or_absurd_length_is_refused(remote: Remote, head: bytes, status: bytes) -> None:
    answer = raw(remote.url, b"POST /healthz HTTP/1.1\r\nHost: localhost\r\n" + head + b"\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 " + status)


def test_big_answers_are_packed_for_those_who_can_unpack(remote: Remote) -> None:
    packed = remote.call("GET", "/sobjects/Account/describe")
    plain = remote.call("GET", "/sobjects/Account/describe", headers={"Accept-Encoding": "identity"})

    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert packed.json() == plain.json()


def test_a_head_is_a_get_without_its_body(remote: Remote) -> None:
    answer = remote.call("HEAD", "/limits")

    assert (answer.status_code, answer.content) == (200, b"")


def test_the_same_key_from_many_callers_at_once_makes_one_record(remote: Remote) -> None:
    start = threading.Barrier(8)

    def push(caller: int) -> int:
        start.wait()
        records = [{"Concord_Id__c": f"C-{number}", "Name": f"From {caller}"} for number in range(50)]
        return sum(each["created"] for each in remote.upsert(records).json())

    with ThreadPoolExecutor(8) as pool:
        created = list(pool.map(push, range(8)))

    assert sum(created) == 50
    stored = remote.stored()
    assert len(stored) == 50
    # A call is atomic: all its records were written together.
    assert len({each["Name"] for each in stored}) == 1


def test_in_or_in_finds_its_rows_among_twenty_thousand(remote: Remote) -> None:
    remote.store(*({"Name": f"Company {number}", "Concord_Id__c": f"C-{number}"} for number in range(20_000)))
    keys = ",".join(f"'C-{number}'" for number in range(0, 20_000, 100))
    names = ",".join(f"'company {number}'" for number in range(50, 20_000, 400))

    found = remote.query(
        f"SELECT Id FROM Account WHERE Concord_Id__c IN ({keys}) OR Name IN ({names})"
    ).json()

    assert found["totalSize"] == 250


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/query?q=SELECT+Id+FROM+Account+WHERE+CreatedDate+>+2026-13-45T00:00:00Z", None),
        ("GET", "/query?q=SELECT+Id+FROM+Account+WHERE+" + "(" * 5000 + "Id=null" + ")" * 5000, None),
        ("GET", "/query?q=SELECT+Id+FROM+Account+LIMIT+" + "9" * 5000, None),
        ("GET", "/query/01g-" + "9" * 5000, None),
        ("POST", "/sobjects/Contact", '{"LastName": "A", "Account": {"Concord_Id__c": {}}}'),
        ("POST", "/sobjects/Account", '{"Name": "A", "NumberOfEmployees": 1e999}'),
        ("POST", "/sobjects/Account", '{"Name": ' * 5000),
        ("POST", "/composite", '{"compositeRequest": [{"httpHeaders": 5}]}'),
        ("PATCH", "/composite/sobjects/Account/Concord_Id__c", '{"records": [5]}'),
    ],
)
def test_nonsense_is_the_callers_mistake_not_the_servers(
    remote: Remote, method: str, path: str, body: str | None
) -> None:
    headers = {"Content-Type": "application/json"}

    answer = remote.call(method, path, data=body, headers=headers)

    assert answer.status_code == 400
    assert answer.json()[0]["errorCode"]


def test_half_a_surrogate_pair_does_not_break_the_answers(remote: Remote) -> None:
    body = '{"Name": "A\\ud800"}'

    made = remote.call("POST", "/sobjects/Account", data=body, headers={"Content-Type": "application/json"})

    assert made.status_code == 201
    assert remote.stored()[0]["Name"] == "A?"
    assert requests.get(f"{remote.url}/salesforce", timeout=TIMEOUT_S).status_code == 200
