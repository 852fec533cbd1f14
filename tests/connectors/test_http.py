"""One way to make a call: deadlines, caps, tokens and addresses, against real sockets."""

import gzip
import ipaddress
import json
import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote_plus

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import example, given
from hypothesis import strategies as st

from connectors import errors, http
from tests import wires
from tests.desk import HERE

TIMEOUT_S = 0.6
LATEST_S = TIMEOUT_S + 1.5  # two busy cores; a drip of hundreds of bytes takes far longer
SLOW = b" " * 400  # 20 s of dripping


class Tokens:
    """A token source that counts: "t0", then "t1", "t2" …"""

    def __init__(self) -> None:
        self.replaced: list[str] = []

    def get(self) -> str:
        return f"t{len(self.replaced)}"

    def replace(self, stale: str) -> str:
        self.replaced.append(stale)
        return self.get()


def line(url: str, *, timeout_s: float = 5, tokens: Tokens | None = None, **options: object) -> http.Line:
    opened = http.Line(url, timeout_s=timeout_s, tick=lambda: None, permit=HERE, **options)  # type: ignore[arg-type]
    opened.tokens = tokens
    return opened


@pytest.fixture
def tokens() -> Tokens:
    return Tokens()


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
DRIPS = {
    "in the status line": wires.drip(b"", HEAD + SLOW),
    "in the headers": wires.drip(HEAD, b"X-Slow: " + SLOW),
    "in a body of known length": wires.drip(HEAD + b"Content-Length: 400\r\n\r\n", SLOW),
    "in a body that ends with the connection": wires.drip(HEAD + b"Connection: close\r\n\r\n{}", SLOW),
    "in a body of HTTP/1.0": wires.drip(b"HTTP/1.0 200 OK\r\n\r\n{}", SLOW),
    "in chunks": wires.drip(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n" * 80),
    "in interim answers": wires.drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 20),
    "never": wires.silence,
}


@pytest.mark.parametrize("how", DRIPS)
def test_the_deadline_holds_for_the_whole_call(how: str) -> None:
    with wires.serving(DRIPS[how]) as wire:
        started = time.monotonic()
        with pytest.raises((http.TimedOutError, requests.RequestException)) as caught:
            line(wire.url, timeout_s=TIMEOUT_S).get(f"{wire.url}/x")

    assert time.monotonic() - started < LATEST_S
    problem = http.problem_of_exception(caught.value, "Salesforce", TIMEOUT_S)
    assert isinstance(problem, errors.Transient)
    assert (problem.code, problem.halves) == ("timeout", True)


@pytest.mark.parametrize("how", ["in the headers", "in a body that ends with the connection"])
def test_the_deadline_holds_behind_a_proxy(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with wires.serving(DRIPS[how]) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("NO_PROXY", "")
        monkeypatch.setenv("no_proxy", "")
        started = time.monotonic()
        with pytest.raises(http.TimedOutError):
            line("http://acme.example", timeout_s=TIMEOUT_S).get("http://acme.example/x")

    assert time.monotonic() - started < LATEST_S
    assert proxy.asked[0].path == "http://acme.example/x"


def test_the_deadline_holds_in_a_request_that_nobody_reads(hung_port: int) -> None:
    url = f"http://127.0.0.1:{hung_port}"
    started = time.monotonic()

    with pytest.raises((http.TimedOutError, requests.RequestException)):
        line(url, timeout_s=TIMEOUT_S).post(f"{url}/x", data=b"x" * 30_000_000)

    assert time.monotonic() - started < LATEST_S


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Make a certificate for 127.0.0.1, with its key in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "rehearsal")])
    now = datetime.now(UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = tmp_path / "rehearsal.pem"
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


def tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.mark.parametrize("how", DRIPS)
def test_the_deadline_holds_behind_tls(how: str, certificate: Path) -> None:
    with wires.serving(DRIPS[how], tls=tls(certificate)) as wire:
        url = wire.url.replace("http://", "https://")
        used = line(url, timeout_s=TIMEOUT_S)
        used.verify = str(certificate)
        started = time.monotonic()
        with pytest.raises((http.TimedOutError, requests.RequestException)) as caught:
            used.get(f"{url}/x")

    assert time.monotonic() - started < LATEST_S
    assert wire.asked[0].path == "/x"
    problem = http.problem_of_exception(caught.value, "Salesforce", TIMEOUT_S)
    assert (type(problem), problem.code) == (errors.Transient, "timeout")


def test_a_handshake_that_never_ends_is_left_in_time(hung_port: int) -> None:
    url = f"https://127.0.0.1:{hung_port}"
    started = time.monotonic()

    with pytest.raises((http.TimedOutError, requests.RequestException)):
        line(url, timeout_s=TIMEOUT_S).get(f"{url}/x")

    assert time.monotonic() - started < LATEST_S


def test_a_certificate_that_nobody_vouches_for_is_refused_before_the_token_leaves(
    certificate: Path, tokens: Tokens
) -> None:
    with wires.serving(wires.answer(), tls=tls(certificate)) as wire:
        url = wire.url.replace("http://", "https://")
        with pytest.raises(requests.exceptions.SSLError) as caught:
            line(url, tokens=tokens).get(f"{url}/x")

    assert wire.asked == []
    assert "certificate" in http.problem_of_exception(caught.value, "Salesforce", 5).message


def test_a_line_works_again_after_a_time_out() -> None:
    with wires.serving(wires.silence, wires.answer(b'{"ok": true}')) as wire:
        used = line(wire.url, timeout_s=TIMEOUT_S)
        with pytest.raises((http.TimedOutError, requests.RequestException)):
            used.get(f"{wire.url}/x")

        assert used.get(f"{wire.url}/x").json() == {"ok": True}


def test_a_body_over_the_cap_is_not_read() -> None:
    endless = HEAD + b"\r\n" + b"[" * (http.MAX_BYTES + 1024 * 1024)
    with wires.serving(lambda sock, _: sock.sendall(endless)) as wire, pytest.raises(http.TooLargeError):
        line(wire.url, timeout_s=30).get(f"{wire.url}/x")


@pytest.mark.parametrize("layers", [1, 2])
def test_a_packed_bomb_is_not_unpacked(layers: int) -> None:
    bomb = gzip.compress(b"0" * (300 * 1024 * 1024), 1)
    encoding = "gzip"
    if layers == 2:
        bomb, encoding = gzip.compress(bomb), "gzip, gzip"
    with (
        wires.serving(wires.answer(bomb, Content_Encoding=encoding)) as wire,
        pytest.raises(http.TooLargeError),
    ):
        line(wire.url, timeout_s=30).get(f"{wire.url}/x")


def test_a_body_that_lies_about_its_packing_is_an_error_of_the_network() -> None:
    with (
        wires.serving(wires.answer(b"not gzip", Content_Encoding="gzip")) as wire,
        pytest.raises(requests.RequestException) as caught,
    ):
        line(wire.url).get(f"{wire.url}/x")

    assert isinstance(http.problem_of_exception(caught.value, "Salesforce", 5), errors.Transient)


def test_a_401_fetches_one_token_and_repeats_once(tokens: Tokens) -> None:
    with wires.serving(wires.answer(status="401 Unauthorized"), wires.answer(b"[1]")) as wire:
        used = line(wire.url, tokens=tokens)
        answer = used.post(f"{wire.url}/x", data=b"body")

    assert answer.json() == [1]
    assert [asked.headers["authorization"] for asked in wire.asked] == ["Bearer t0", "Bearer t1"]
    assert [asked.body for asked in wire.asked] == [b"body", b"body"]
    assert tokens.replaced == ["t0"]
    assert used.calls == 2


def test_a_second_401_is_left_to_the_caller(tokens: Tokens) -> None:
    with wires.serving(wires.answer(status="401 Unauthorized")) as wire:
        answer = line(wire.url, tokens=tokens).get(f"{wire.url}/x")

    assert answer.status_code == 401
    assert len(wire.asked) == 2


def test_a_401_that_a_new_token_does_not_heal_is_not_repeated(tokens: Tokens) -> None:
    with wires.serving(wires.answer(status="401 Unauthorized")) as wire:
        line(wire.url, tokens=tokens, refreshes=lambda _: False).get(f"{wire.url}/x")

    assert len(wire.asked) == 1
    assert tokens.replaced == []


def test_a_call_that_asks_for_no_token_gets_none(tokens: Tokens) -> None:
    with wires.serving(wires.answer()) as wire:
        line(wire.url, tokens=tokens).post(f"{wire.url}/x", headers={"X-Concord-No-Token": "1"})

    assert "authorization" not in wire.asked[0].headers
    assert "x-concord-no-token" not in wire.asked[0].headers


@pytest.mark.parametrize(
    "status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"]
)
def test_no_redirect_is_followed_and_no_token_leaves(status: str, tokens: Tokens) -> None:
    with wires.serving(wires.answer()) as elsewhere:
        redirect = wires.answer(status=status, Location=f"{elsewhere.url}/x")
        with wires.serving(redirect) as wire:
            answer = line(wire.url, tokens=tokens).get(f"{wire.url}/x")

    assert answer.status_code == int(status[:3])
    assert elsewhere.asked == []


def test_every_url_goes_to_the_base_url_with_its_prefix(tokens: Tokens) -> None:
    with wires.serving(wires.answer()) as wire:
        used = line(f"{wire.url}/salesforce", tokens=tokens)
        used.get("https://evil.example/services/data/?q=1")
        used.get(f"{wire.url}/salesforce/services/data/")

    assert [asked.path for asked in wire.asked] == [
        "/salesforce/services/data/?q=1",
        "/salesforce/services/data/",
    ]
    assert {asked.headers["host"] for asked in wire.asked} == {f"127.0.0.1:{wire.port}"}


def test_a_netrc_of_the_machine_is_not_sent(
    tokens: Tokens, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password something\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with wires.serving(wires.answer()) as wire:
        line(wire.url, tokens=tokens).get(f"{wire.url}/x")
        line(wire.url).get(f"{wire.url}/x")

    assert wire.asked[0].headers["authorization"] == "Bearer t0"
    assert "authorization" not in wire.asked[1].headers


def test_a_lost_lease_stops_before_the_request(tokens: Tokens) -> None:
    def lost() -> None:
        raise errors.LeaseLost

    with wires.serving(wires.answer()) as wire:
        used = http.Line(wire.url, timeout_s=5, tick=lost, permit=HERE)
        with pytest.raises(errors.LeaseLost):
            used.get(f"{wire.url}/x")

    assert wire.asked == []
    assert used.calls == 0


@pytest.mark.parametrize("status", [500, 413])
def test_a_call_that_failed_over_there_wants_a_smaller_one(status: int) -> None:
    problem = http.problem_of_status(status, {}, "Salesforce")

    assert isinstance(problem, errors.Transient)
    assert problem.halves


@pytest.mark.parametrize("status", [408, 425, 501, 502, 503, 504, 507, 599])
def test_what_passes_by_itself_is_waited_for(status: int) -> None:
    problem = http.problem_of_status(status, {"Retry-After": "17"}, "Salesforce")

    assert isinstance(problem, errors.Transient)
    assert not isinstance(problem, errors.RateLimited)
    assert (problem.halves, problem.retry_after_s) == (False, 17)


@pytest.mark.parametrize("status", [400, 402, 403, 404, 405, 409, 410, 412, 414, 415, 422, 428, 431, 451])
def test_other_refusals_are_not_retried_by_default(status: int) -> None:
    problem = http.problem_of_status(status, {}, "Salesforce")

    assert type(problem) is errors.ConnectorError


@pytest.mark.parametrize("status", [200, 201, 204, 304])
def test_success_is_no_problem(status: int) -> None:
    assert http.problem_of_status(status, {}, "Salesforce") is None


@pytest.mark.parametrize(("status", "kind"), [(301, errors.Misconfigured), (302, errors.Transient)])
def test_a_redirect_names_the_other_host_and_nothing_of_the_rest(
    status: int, kind: type[errors.ConnectorError]
) -> None:
    headers = {"Location": "https://new.my.salesforce.com/x?sid=00DTOKEN"}

    problem = http.problem_of_status(status, headers, "Salesforce")

    assert type(problem) is kind
    assert "new.my.salesforce.com" in problem.message
    assert "TOKEN" not in str(problem)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0),
        ("120", 120),
        (" 7 ", 7),
        ("999999", http.MAX_RETRY_AFTER_S),
        ("Sun, 22 Nov 2026 10:01:30 GMT", 90),
        ("Sun, 22 Nov 2026 09:00:00 GMT", 0),
        ("soon", None),
        ("-5", None),
        ("1e9", None),
        ("٣", None),
        ("", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(value: str, seconds: float | None) -> None:
    headers = {"Retry-After": value, "Date": "Sun, 22 Nov 2026 10:00:00 GMT"}

    assert http.retry_after_s(headers) == seconds


@pytest.mark.parametrize(
    "url", ["acme.my.salesforce.com", "ftp://acme", "http://", "https://exa mple", "https://a..b"]
)
def test_an_address_that_cannot_be_called_is_for_a_person(url: str) -> None:
    with pytest.raises(requests.RequestException) as caught:
        line(url).get(f"{url}/x")

    assert isinstance(http.problem_of_exception(caught.value, "Salesforce", 5), errors.Misconfigured)


def test_what_a_server_echoes_of_our_secrets_is_never_read(tokens: Tokens) -> None:
    tokens.replaced = ["x"] * 1_000_000  # the token is "t1000000"
    echo = b'{"you sent": "Bearer t1000000", "and": "pass\\"word, pass%22word", "fine": "t1"}'
    with wires.serving(wires.answer(echo)) as wire:
        answer = line(wire.url, tokens=tokens, secrets=['pass"word']).get(f"{wire.url}/x")

    said = "Bearer •••"
    assert answer.json() == {"you sent": said, "and": "•••, •••", "fine": "t1"}


def _places(secret: str) -> Iterator[str]:
    yield f"the secret is {secret}."
    yield json.dumps({"client_secret": secret})
    yield json.dumps({"nested": json.dumps({"access_token": secret})})
    yield f"grant_type=x&client_secret={quote_plus(secret)}&y=z"


@given(st.text(min_size=6, max_size=60))
@example('q"uo\\te')
@example("a&b=c d%")
@example("Bearer")
def test_a_known_secret_is_found_however_it_is_written(secret: str) -> None:
    for text in _places(secret):
        masked = http.mask(text, [secret])

        if secret not in "the secret is .grant_type=x&client_secret=&y=z•••":
            assert secret not in masked


@pytest.mark.parametrize(
    "text",
    [
        '{"access_token":"SECRET123","id":"x"}',
        '{"access_token":"SECRET123',  # cut off
        '{"access_token" : "a\\"SECRET123"}',
        '"{\\"access_token\\":\\"SECRET123\\"}"',
        "grant_type=client_credentials&client_secret=SECRET123",
        "Authorization: Bearer SECRET123",
        "session 00Dxx0000000001!SECRET123.abc is not valid",
        "sid=00Dxx0000000001AAA%21SECRET123",
        '{"signature": "SECRET123"}',
        "assertion=eyJSECRET123.eyJpc3MiOiJ4In0.c2ln",
        "you sent eyJhbGciOiJSUzI1NiJ9.eyJSECRET123.c2lnbmF0dXJl",
        "eyJhbGciOiJSUzI1NiJ9.eyJSECRET123",  # cut off
        "key -----BEGIN PRIVATE KEY-----\nSECRET123\n-----END PRIVATE KEY----- end",
        "-----BEGIN RSA PRIVATE KEY-----\r\nSECRET123",  # cut off
        '{"x": "-----BEGIN ENCRYPTED PRIVATE KEY-----\\nSECRET123\\n-----END ENCRYPTED PRIVATE KEY-----"}',
        "k=-----BEGIN+EC+PRIVATE+KEY-----%0ASECRET123%0A-----END+EC+PRIVATE+KEY-----",
        "k=-----BEGIN%20OPENSSH%20PRIVATE%20KEY-----%0ASECRET123",
    ],
)
def test_tokens_and_passwords_are_masked_where_they_are_known_to_stand(text: str) -> None:
    assert "SECRET123" not in http.mask(text)


def test_of_a_key_each_line_is_masked_and_what_follows_the_key_is_not() -> None:
    line_of_it = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC"
    key = f"-----BEGIN PRIVATE KEY-----\n{line_of_it}\n-----END PRIVATE KEY-----\n"

    assert http.mask(f"a line of it: {line_of_it}.", [key]) == "a line of it: •••."
    assert http.mask(f"{key}and more") == "•••\nand more"


@pytest.mark.parametrize("lead", [0, 90, 97, 100, 8_280, 8_289, 8_292, 9_000])
def test_no_part_of_a_secret_is_shown_where_a_long_text_is_cut(lead: int) -> None:
    secret = "Zk9-Qw7-Lp3"
    for text in ("x" * lead + secret + "y" * 20_000, "x" * lead + secret * 5_000):
        shown = http.mask(text, [secret], most=100)

        assert len(shown) <= 100
        assert not any(secret[:number] in shown for number in range(3, len(secret)))


def test_a_text_that_is_cut_is_shown_up_to_there() -> None:
    assert http.mask("a line " * 10_000, ["Zk9-Qw7-Lp3"], most=14) == "a line a line "


def test_masking_leaves_the_rest_alone() -> None:
    text = '{"errorCode": "INVALID_FIELD", "message": "No such column \'password_hint\' on Account"}'

    assert http.mask(text, ["short"]) == text
