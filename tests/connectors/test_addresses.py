"""Which addresses are called: none inside, however they are spelled, whatever a name leads to."""

import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from django.test import override_settings
from hypothesis import example, given
from hypothesis import strategies as st

from connectors import errors, http, registry
from connectors.addresses import (
    STRICT,
    Guard,
    Permit,
    RefusedAddressError,
    normal,
    points_inside,
    refused,
    wrong,
)
from connectors.models import Connection
from connectors.networks import INSIDE_IPV4, INSIDE_IPV6, is_inside
from connectors.protocol import Account
from connectors.systems.salesforce.connector import SalesforceConnector
from tests import desk, keys, wires
from tests.waiting import wait_until

HERE = Permit(rehearsal=True, inside=("127.0.0.1", "::1"))
INSIDE = "points inside your own network"

PUBLIC = [
    "https://acme.my.salesforce.com",
    "https://acme--uat.sandbox.my.salesforce.com/",
    "https://acme.my.salesforce.com:443/salesforce",
    "https://8.8.8.8",
    "https://[2606:4700:4700::1111]",
    "https://[::ffff:8.8.8.8]",
    "https://[64:ff9b::808:808]",  # NAT64 of a public one: the only way out of some networks
    "https://[2002:808:808::1]",
    "https://localhost.example",
    "https://127.0.0.1.example",
    "https://xn--mnchen-3ya.example",
    "https://a_b.example",
]
POINTS_INSIDE = [
    "https://localhost",
    "https://LOCALHOST.",
    "https://api.localhost",
    "https://127.0.0.1",
    "https://127.0.0.1.",
    "https://127.255.255.254:8443/x",
    "https://0.0.0.0",
    "https://10.1.2.3",
    "https://172.16.0.1",
    "https://172.31.255.255",
    "https://192.168.1.1",
    "https://169.254.169.254/latest/meta-data",
    "https://100.64.0.1",
    "https://100.127.255.254",
    "https://192.0.0.1",
    "https://192.0.0.192",
    "https://168.63.129.16",
    "https://192.31.196.1",
    "https://192.52.193.1",
    "https://192.175.48.1",
    "https://198.51.100.7",
    "https://203.0.113.7",
    "https://192.0.2.1",
    "https://192.88.99.1",
    "https://198.18.0.1",
    "https://224.0.0.1",
    "https://240.0.0.1",
    "https://255.255.255.255",
    "https://[::]",
    "https://[::1]",
    "https://[::7f00:1]",
    "https://[::ffff:127.0.0.1]",
    "https://[::ffff:a9fe:a9fe]",
    "https://[64:ff9b::10.0.0.1]",
    "https://[64:ff9b:1::808:808]",
    "https://[2002:7f00:1::]",
    "https://[2002:c0a8:101::1]",
    "https://[2001:0:808:808:0:0:f5ff:fffe]",  # Teredo: 10.0.0.1 behind 8.8.8.8
    "https://[2001:0:a00:1:0:0:f7f7:f7f7]",  # the other way round
    "https://[2606:4700::5efe:10.0.0.1]",  # ISATAP
    "https://[fe80::1]",
    "https://[fe80::1%25eth0]",
    "https://[fe80::1%eth0]",
    "https://[fc00::1]",
    "https://[fd12:3456::1]",
    "https://[fec0::1]",
    "https://[ff02::1]",
    "https://[2001:db8::1]",
    "https://[2001:1::1]",
    "https://[2001:2::1]",
    "https://[2001:20::1]",
    "https://[2620:4f:8000::1]",
    "https://[3fff::1]",
    "https://[5f00::1]",
    "https://[4000::1]",
    "https://[100:0:0:1::1]",
    "https://[100::1]",
    "https://１２７.0.0.1",
    "https://①②⑦.⓪.⓪.①",
    "https://127。0。0。1",
    "https://ｌｏｃａｌｈｏｓｔ",
]
DISGUISED = [
    "https://2130706433",
    "https://0x7f000001",
    "https://0X7F.1",
    "https://127.1",
    "https://0177.0.0.1",
    "https://017700000001",
    "https://127.0.0.0x1",
    "https://127.000.000.001",
    "https://10.0x",
    "https://134744072",  # 8.8.8.8; nobody writes it so
    "https://1.2.3.4.5",
    "https://256.1.1.1",
]
UNFIT = {
    "file:///etc/passwd": "no way in which Concord calls",
    "ftp://acme.example": "no way in which Concord calls",
    "gopher://acme.example": "no way in which Concord calls",
    "javascript:alert(1)": "no way in which Concord calls",
    "data:text/html,x": "no way in which Concord calls",
    "http://acme.example": "Use https",
    "https://somebody:secret@acme.example": "user name or a password",
    "https://acme.example@127.0.0.1": "user name or a password",
    "https://acme.example/#x": "follows ? or #",
    "https://acme.example/?x=1": "follows ? or #",
    "https://acme.example:0": "Port 0",
    "https://acme.example:99999": "not an address",
    "https://acme.example:x": "not an address",
    "https://[::1": "not an address",
    "https://": "no host",
    "https:///x": "no host",
    "https:/acme.example": "no host",
    "https://a..b": "not the name of a host",
    "https://-a.example": "not the name of a host",
    "https://%6c%6fcalhost": "not the name of a host",
    "https://acme.example\\@127.0.0.1": "no blanks, backslashes",
    "https://acme.example\t.evil": "no blanks, backslashes",
    "https://exa mple": "no blanks, backslashes",
    "https://acme\x00.example": "no blanks, backslashes",
    f"https://{'a' * 64}.example": "not the name of a host",
    f"https://{'a.' * 130}example": "not the name of a host",
    "https://🎉.example": "not an address",
}


@pytest.mark.parametrize("url", PUBLIC)
def test_a_public_address_may_be_called(url: str) -> None:
    assert wrong(normal(url)) == ""
    assert wrong(url) == ""


@pytest.mark.parametrize("url", POINTS_INSIDE)
def test_an_address_inside_is_refused_however_it_is_written(url: str) -> None:
    assert INSIDE in wrong(url)
    assert INSIDE in wrong(normal(url))


@pytest.mark.parametrize("url", DISGUISED)
def test_a_number_in_place_of_a_name_is_refused(url: str) -> None:
    assert "in disguise" in wrong(url)
    assert "in disguise" in wrong(normal(url), HERE)


@pytest.mark.parametrize("url", UNFIT)
def test_what_is_no_address_says_what_is_wrong_with_it(url: str) -> None:
    assert UNFIT[url] in wrong(normal(url))
    assert wrong(url)


def test_no_sentence_repeats_a_password() -> None:
    assert "secret" not in wrong("https://somebody:secret@127.0.0.1")


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        (" acme.my.salesforce.com/ ", "https://acme.my.salesforce.com"),
        ("HTTPS://ACME.My.Salesforce.com./x/", "https://acme.my.salesforce.com/x"),
        ("acme.example:8443/x", "https://acme.example:8443/x"),
        ("//acme.example", "https://acme.example"),
        ("https://аcme.example", "https://xn--cme-5cd.example"),  # a Cyrillic letter shows
        ("https://münchen.example", "https://xn--mnchen-3ya.example"),
        ("https://[2606:4700:0:0:0:0:0:1]:444", "https://[2606:4700::1]:444"),
        ("file:///etc/passwd", "file:///etc/passwd"),
        ("https://[::1", "https://[::1"),
    ],
)
def test_an_address_is_stored_in_one_spelling(typed: str, stored: str) -> None:
    assert normal(typed) == stored
    assert normal(stored) == stored


@given(st.text(max_size=60))
@example("https://[::ffff:7f00:1%0]")
@example("//")
@example("https://[")
def test_no_text_breaks_it(text: str) -> None:
    assert isinstance(wrong(normal(text)), str)
    assert normal(normal(text)) == normal(text)


def spellings(address: ipaddress.IPv4Address) -> Iterator[str]:
    """Yield ways of writing an address that one library or another understands."""
    number, parts = int(address), [int(part) for part in str(address).split(".")]
    yield from (str(number), hex(number), f"0{number:o}", f"0x{number:08X}")
    yield ".".join(hex(part) for part in parts)
    yield ".".join(f"0{part:o}" for part in parts)
    yield ".".join(f"{part:03d}" for part in parts)
    yield f"{parts[0]}.{number & 0xFFFFFF}"
    yield f"{parts[0]}.{parts[1]}.{number & 0xFFFF}"
    yield f"{hex(parts[0])}.{parts[1]}.0{parts[2]:o}.{parts[3]}"
    yield str(address).translate(str.maketrans("0123456789", "０１２３４５６７８９"))
    yield str(address).replace(".", "。")
    yield f"{address}."
    yield str(address)
    yield f"[::ffff:{address}]"
    yield f"[::{address}]"
    yield f"[64:ff9b::{address}]"
    yield f"[2002:{number >> 16:x}:{number & 0xFFFF:x}::1]"
    yield f"[2001:0:{number >> 16:x}:{number & 0xFFFF:x}::]"
    yield f"[2606:4700::5efe:{address}]"


NETWORKS = """
    0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.168.0.0/16 198.18.0.0/15
    224.0.0.0/4 240.0.0.0/4
"""
IPV4_INSIDE = st.sampled_from(NETWORKS.split()).flatmap(lambda network: st.ip_addresses(network=network))


@given(IPV4_INSIDE)
@example(ipaddress.ip_address("169.254.169.254"))
@example(ipaddress.ip_address("127.0.0.1"))
def test_no_spelling_of_an_inside_address_gets_through(address: ipaddress.IPv4Address) -> None:
    for spelling in spellings(address):
        assert wrong(f"https://{spelling}/"), spelling
        assert wrong(normal(f"https://{spelling}/")), spelling


@given(st.ip_addresses(v=4))
@example(ipaddress.ip_address("192.0.0.192"))
@example(ipaddress.ip_address("192.0.0.9"))
def test_what_the_library_takes_for_private_is_inside_here(address: ipaddress.IPv4Address) -> None:
    """Versions of the library differ; ours is never the more lenient one."""
    if not address.is_global or address.is_multicast or address.is_reserved:
        assert is_inside(address)


@given(st.ip_addresses(v=6))
def test_what_the_library_takes_for_private_is_inside_here_too(address: ipaddress.IPv6Address) -> None:
    stands_for_another = address.ipv4_mapped or address.sixtofour or address.teredo
    if not address.is_global and not stands_for_another:
        assert is_inside(address)


@pytest.mark.parametrize("network", [*INSIDE_IPV4, *INSIDE_IPV6], ids=str)
def test_a_network_of_the_list_is_inside_from_its_first_to_its_last_address(network: Any) -> None:
    if network == ipaddress.ip_network("2001::/23"):  # Teredo's part of it is as public as what it carries
        network = ipaddress.ip_network("2001:100::/24")

    assert is_inside(network[0])
    assert is_inside(network[-1])


NEIGHBOURS = """
    9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 172.15.255.255 172.32.0.0 191.255.255.255 192.0.1.0
    192.167.255.255 198.17.255.255 198.20.0.0 223.255.255.255 2001:200:: 2606:4700::1 2a00::1
    3ffe:ffff:: 3fff:1000::
"""


@pytest.mark.parametrize("text", NEIGHBOURS.split())
def test_their_neighbours_are_public(text: str) -> None:
    assert not is_inside(ipaddress.ip_address(text))


WITH_8443 = Permit(ports=(8443,))


@pytest.mark.parametrize(
    ("url", "permit", "is_taken"),
    [
        ("https://acme.example:443", STRICT, True),
        ("https://acme.example:8443", STRICT, False),
        ("https://acme.example:80", STRICT, False),
        ("https://acme.example:22", Permit(rehearsal=True), False),
        ("http://acme.example", Permit(rehearsal=True), True),
        ("https://acme.example:8443", WITH_8443, True),
        ("https://acme.example:9443", WITH_8443, False),
        ("http://127.0.0.1:8100", HERE, True),
        ("https://8.8.8.8:8443", HERE, False),
    ],
)
def test_another_port_than_443_needs_the_setting_or_an_exception_inside(
    url: str, permit: Permit, is_taken: bool
) -> None:
    host = urlsplit(url).hostname or ""
    leads_to = host if host[0].isdigit() else "93.184.216.34"

    said = points_inside(url, permit, resolve=lambda *_: [leads_to])

    assert ("the setting CONCORD_PORTS_ALLOWED" in said) != is_taken
    assert bool(said) != is_taken


def test_at_the_connect_the_port_counts_too() -> None:
    with pytest.raises(RefusedAddressError, match="port 6379"):
        Guard(HERE, Resolver([["93.184.216.34"]])).addresses("acme.example", 6379)
    with pytest.raises(RefusedAddressError, match="port 6379"):
        Guard(HERE, Resolver([["127.0.0.1", "93.184.216.34"]])).addresses("acme.example", 6379)
    assert Guard(HERE, Resolver([["127.0.0.1"]])).addresses("acme.example", 6379) == ["127.0.0.1"]


def test_the_setting_serves_every_environment() -> None:
    with override_settings(CONCORD_PORTS_ALLOWED=[8443]):
        for environment in ("production", "sandbox", "rehearsal"):
            assert wrong("https://acme.example:8443", registry.permit(environment)) == ""


def test_what_a_name_leads_to_counts_and_one_inside_refuses_all() -> None:
    assert refused("acme.example", ["93.184.216.34", "2606:4700::1111"]) == ""
    assert "(it leads to 10.0.0.5)" in refused("acme.example", ["93.184.216.34", "10.0.0.5"])
    assert INSIDE in refused("acme.example", ["fe80::1%eth0"])


@pytest.mark.parametrize(
    ("inside", "host", "found"),
    [
        (["127.0.0.1"], "127.0.0.1", "127.0.0.1"),
        (["127.0.0.0/8"], "acme.example", "127.9.9.9"),
        (["127.0.0.1"], "acme.example", "::ffff:127.0.0.1"),
        (["10.0.0.0/8", "fd00::/8"], "acme.example", "fd00::7"),
        (["sandbox"], "sandbox", "172.18.0.5"),
        ([" Sandbox"], "SANDBOX.", "172.18.0.5"),
    ],
)
def test_a_rehearsal_may_call_what_the_setting_names(inside: list[str], host: str, found: str) -> None:
    assert refused(host, [found], Permit(rehearsal=True, inside=inside)) == ""
    assert "REHEARSAL may" in refused(host, [found], Permit(rehearsal=False, inside=inside))


@pytest.mark.parametrize(
    ("inside", "host", "found"),
    [
        (["127.0.0.1"], "127.0.0.2", "127.0.0.2"),
        (["10.0.0.0/8"], "acme.example", "172.16.0.1"),
        (["sandbox"], "notsandbox", "172.18.0.5"),
        (["sandbox"], "sandbox.evil.example", "172.18.0.5"),
        ([""], "acme.example", "127.0.0.1"),
        (["10.0.0.0/99", "*"], "acme.example", "10.0.0.1"),
    ],
)
def test_a_rehearsal_may_call_nothing_else_inside(inside: list[str], host: str, found: str) -> None:
    assert "CONCORD_INSIDE_ALLOWED" in refused(host, [found], Permit(rehearsal=True, inside=inside))


def test_localhost_is_what_it_leads_to() -> None:
    assert wrong("http://localhost:8100/salesforce", HERE) == ""
    assert wrong("http://127.0.0.1:8100/salesforce", HERE) == ""
    assert "CONCORD_INSIDE_ALLOWED" in wrong("http://localhost", Permit(rehearsal=True))


def test_a_form_looks_at_what_a_name_leads_to_and_waits_for_no_resolver() -> None:
    never = threading.Event()

    def hangs(host: str, port: int) -> Sequence[str]:
        never.wait(60)
        return []

    def unknown(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror(-2, "Name or service not known")

    url = "https://acme.example"
    assert INSIDE in points_inside(url, resolve=lambda *_: ["192.168.0.9"])
    assert points_inside(url, resolve=lambda *_: ["93.184.216.34"]) == ""
    assert points_inside(url, resolve=unknown) == ""
    assert points_inside(url, resolve=hangs, within_s=0.05) == ""
    never.set()


@pytest.mark.parametrize("environment", ["production", "sandbox", "", "REHEARSAL"])
def test_the_setting_serves_no_environment_but_the_rehearsal(environment: str) -> None:
    with override_settings(CONCORD_INSIDE_ALLOWED=["127.0.0.1"]):
        assert INSIDE in wrong("https://127.0.0.1", registry.permit(environment))
        assert wrong("https://127.0.0.1", registry.permit(Connection.Environment.REHEARSAL)) == ""


@dataclass
class Resolver:
    """Answer with one list of addresses after the other, the last for ever; count the questions."""

    answers: list[list[str]]
    asked: list[str] = field(default_factory=list)

    def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        return self.answers[min(len(self.asked), len(self.answers)) - 1]


@dataclass
class Door:
    """A listener that notes who comes, and never answers."""

    port: int
    callers: list[int] = field(default_factory=list)
    ours: set[int] = field(default_factory=set)

    @property
    def came(self) -> int:
        """Return how many others came, when all that knocked until now are noted."""
        with socket.create_connection(("127.0.0.1", self.port)) as mine:
            own = int(mine.getsockname()[1])
            self.ours.add(own)
            wait_until(lambda: own in self.callers)
        return len([port for port in self.callers if port not in self.ours])


@pytest.fixture
def door() -> Iterator[Door]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        found = Door(int(listener.getsockname()[1]))

        def listen() -> None:
            while True:
                try:
                    sock, (_, port) = listener.accept()
                except OSError:
                    return
                sock.close()
                found.callers.append(port)

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        yield found
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def refusal(url: str, **options: object) -> requests.RequestException:
    """Call; return what was raised."""
    line = http.Line(url, timeout_s=2, tick=lambda: None, **options)  # type: ignore[arg-type]
    with pytest.raises(requests.RequestException) as caught:
        line.post(f"{url}/services/oauth2/token", data={"client_secret": "x"})
    return caught.value


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1:{port}",
        "http://127.0.0.1:{port}",
        "https://localhost:{port}",
        "https://0x7f.1:{port}",
        "https://2130706433:{port}",
        "https://[::ffff:127.0.0.1]:{port}",
        "https://0.0.0.0:{port}",
        "https://127.0.0.1.:{port}",
    ],
)
def test_nobody_inside_is_called(door: Door, url: str) -> None:
    error = refusal(url.format(port=door.port))

    problem = http.problem_of_exception(error, "Salesforce", 2)
    assert (type(problem), problem.code) == (errors.Misconfigured, "address")
    assert problem.message.startswith("Concord does not call the address of this connection.")
    assert door.came == 0


def test_a_name_that_leads_inside_is_not_called(door: Door) -> None:
    resolver = Resolver([["127.0.0.1"]])

    permit = Permit(ports=(door.port,))

    error = refusal(f"https://acme.example:{door.port}", permit=permit, resolve=resolver)

    problem = http.problem_of_exception(error, "Salesforce", 2)
    assert (type(problem), problem.code) == (errors.Misconfigured, "address")
    assert "acme.example points inside your own network (it leads to 127.0.0.1)" in problem.message
    assert (door.came, resolver.asked) == (0, ["acme.example"])


def test_the_counting_listener_counts(door: Door) -> None:
    resolver = Resolver([["127.0.0.1"]])

    refusal(f"http://acme.example:{door.port}", permit=HERE, resolve=resolver)

    assert door.came >= 1


def test_a_name_is_resolved_once_per_connect_and_that_answer_is_called() -> None:
    """A name that is public for the check and inside for the connect: there is only one answer."""
    with wires.serving(wires.answer(Connection="close")) as wire:
        resolver = Resolver([["127.0.0.1"], ["10.0.0.5"]])
        line = http.Line(
            f"http://acme.example:{wire.port}",
            timeout_s=2,
            tick=lambda: None,
            permit=HERE,
            resolve=resolver,
        )

        first = line.get("http://acme.example/x")
        with pytest.raises(http.NotCalledError) as caught:
            line.get("http://acme.example/x")

    assert first.status_code == 200
    assert wire.asked[0].headers["host"] == f"acme.example:{wire.port}"
    assert len(wire.asked) == 1
    assert resolver.asked == ["acme.example", "acme.example"]
    assert "10.0.0.5" in str(caught.value)


@pytest.mark.parametrize(("certified", "is_taken"), [("acme.example", True), ("127.0.0.1", False)])
def test_a_certificate_is_compared_with_the_name_not_with_the_address(
    tmp_path: Path, certified: str, is_taken: bool
) -> None:
    path = tmp_path / "server.pem"
    path.write_bytes(keys.pem(keys.made()) + keys.certificate(keys.made(), host=certified))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(path)
    with wires.serving(wires.answer(b"[1]"), tls=tls) as wire:
        url = f"https://acme.example:{wire.port}"
        line = http.Line(url, timeout_s=5, tick=lambda: None, permit=HERE, resolve=Resolver([["127.0.0.1"]]))
        line.verify = str(path)
        if not is_taken:
            with pytest.raises(requests.exceptions.SSLError):
                line.get(f"{url}/x")
        else:
            assert line.get(f"{url}/x").json() == [1]

    assert len(wire.asked) == int(is_taken)


def test_the_next_address_is_tried_where_one_does_not_answer() -> None:
    permit = Permit(rehearsal=True, inside=("127.0.0.0/8",))
    with wires.serving(wires.answer(b"[1]")) as wire:
        resolver = Resolver([["127.0.0.2", "127.0.0.1"]])  # nobody listens at the first
        url = f"http://acme.example:{wire.port}"
        line = http.Line(url, timeout_s=2, tick=lambda: None, permit=permit, resolve=resolver)

        assert line.get(f"{url}/x").json() == [1]


def test_behind_a_proxy_the_name_is_the_proxys_to_resolve(monkeypatch: pytest.MonkeyPatch) -> None:
    resolver = Resolver([["10.0.0.5"]])
    with wires.serving(wires.answer(b"[1]")) as proxy:
        for name in ("HTTP_PROXY", "http_proxy"):
            monkeypatch.setenv(name, proxy.url)
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.setenv(name, "")
        permit = Permit(rehearsal=True)
        line = http.Line(
            "http://acme.example", timeout_s=2, tick=lambda: None, permit=permit, resolve=resolver
        )
        inside = http.Line("http://10.0.0.5", timeout_s=2, tick=lambda: None, permit=permit)

        assert line.get("http://acme.example/x").json() == [1]
        with pytest.raises(http.NotCalledError):
            inside.get("http://10.0.0.5/x")

    assert [asked.path for asked in proxy.asked] == ["http://acme.example/x"]
    assert resolver.asked == []


def test_a_guard_without_an_answer_calls_nobody() -> None:
    with pytest.raises(OSError):
        Guard(STRICT, Resolver([[]])).addresses("acme.example", 443)
    with pytest.raises(RefusedAddressError):
        Guard(STRICT, Resolver([["::1"]])).addresses("acme.example", 443)


def test_no_token_is_fetched_for_an_address_that_is_not_called(door: Door) -> None:
    engine = desk.Desk()
    account = Account(f"https://127.0.0.1:{door.port}", desk.CREDENTIALS, {}, {}, 2)

    with SalesforceConnector(account, engine) as connector, pytest.raises(errors.Misconfigured) as caught:
        list(connector.push("company", [desk.change("k")]))

    assert caught.value.code == "address"
    assert engine.ticks == 0
    assert door.came == 0
