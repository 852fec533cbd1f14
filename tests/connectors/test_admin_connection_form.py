"""The connection's form: two ways of logging in, a key handed over, an address looked at, sane bounds."""

import socket
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection as database
from django.test import Client, override_settings

from connectors.models import Connection, ConnectionHealth
from connectors.sandbox.server import SandboxServer
from connectors.systems.salesforce.keys import known
from tests import desk, keys, talk
from tests.connection_pages import boxes
from tests.connectors.test_admin_connection import LIST, RUNS_IT, page, stored
from tests.factories import CompanyFactory, ConnectionFactory
from tests.staff import browser_of, person

pytestmark = pytest.mark.django_db
KEY = keys.made()
PEM = keys.pem(KEY).decode()
OTHER = keys.pem(keys.made("other"))
NEW = {"name": "Acme", "environment": "sandbox", "base_url": "https://acme.my.salesforce.com"}
JWT = {
    "credential_login": "jwt_bearer",
    "credential_client_id": "consumer-key",
    "credential_username": "concord@acme.example.uat",
}
SIGNED = {"login": "jwt_bearer", "client_id": "consumer-key", "username": "concord@acme.example.uat"}


@pytest.fixture
def client() -> Client:
    return browser_of(person(*RUNS_IT))


@pytest.fixture
def account() -> Connection:
    return ConnectionFactory.create()


@pytest.fixture
def signed() -> Connection:
    return ConnectionFactory.create(credentials={**SIGNED, "private_key": PEM, "audience": ""})


def upload(content: bytes, name: str = "server.key") -> Any:
    return {"credential_private_key_file": SimpleUploadedFile(name, content)}


def complaints(client: Client, url: str, posted: dict[str, Any]) -> dict[str, str]:
    """Post what must be refused; return what stands beside each box."""
    before = list(Connection.objects.values_list("pk", "updated_at"))
    answer = client.post(url, posted)
    assert answer.status_code == 200
    assert list(Connection.objects.values_list("pk", "updated_at")) == before
    errors = answer.context["adminform"].form.errors
    return {name: " ".join(told) for name, told in errors.items()}


def test_the_form_offers_both_ways_and_shows_no_json(client: Client, signed: Connection) -> None:
    html = client.get(page(signed)).content.decode()

    assert "Client credentials: an ID and a secret" in html
    assert "JWT bearer: an ID and a private key" in html
    assert 'data-cc-for="client_credentials jwt_bearer"' in html
    assert "concord/login_boxes.js" in html
    assert 'enctype="multipart/form-data"' in html
    assert "{&quot;" not in html


def test_a_stored_key_is_told_by_its_public_part_and_never_shown(client: Client, signed: Connection) -> None:
    html = client.get(page(signed)).content.decode()

    assert f"Stored. Leave blank to keep it. {known(PEM)}." in html
    assert "PRIVATE KEY" not in html
    assert PEM.splitlines()[3] not in html
    assert "consumer-key" not in html
    assert 'value="concord@acme.example.uat"' in html


@pytest.mark.parametrize(
    "handed_over",
    [
        upload(PEM.encode()),
        upload(PEM.replace("\n", "\r\n").encode("utf-16"), "שלום 🔑.pem"),
        {"credential_private_key": PEM},
        {"credential_private_key": PEM.replace("\n", "")},
        {"credential_private_key": PEM.replace("\n", " ")},
        {"credential_private_key": "".join(PEM.splitlines()[1:-1])},
    ],
)
def test_a_key_is_uploaded_or_pasted_and_stored_in_one_form(
    client: Client, handed_over: dict[str, Any]
) -> None:
    for file in handed_over.values():
        if not isinstance(file, str):
            file.seek(0)

    client.post(f"{LIST}add/", {**boxes(client, None, **NEW, **JWT), **handed_over})

    assert dict(Connection.objects.get().credentials) == {**SIGNED, "private_key": PEM}


EC_KEY = ec.generate_private_key(ec.SECP256R1()).private_bytes(
    Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"the key is under the mat", "This is not a private key."),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, "This is not a private key."),
        (keys.pem(KEY, locked=True), "openssl pkey -in locked.key"),
        (keys.public(KEY), "public half (a public key)"),
        (keys.certificate(KEY), "public half (a certificate)"),
        (keys.pem(keys.made("short", 1024)), "1024 bits"),
        (EC_KEY, "of the kind EC"),
        (b"x" * 200_000, "it has 0.2 MB, a key has less than 10 kB"),
        (b"", "empty"),
    ],
)
def test_a_file_that_cannot_serve_is_told_beside_its_box(client: Client, content: bytes, words: str) -> None:
    told = complaints(client, f"{LIST}add/", {**boxes(client, None, **NEW, **JWT), **upload(content)})

    assert list(told) == ["credential_private_key"]
    assert words in told["credential_private_key"]


def test_what_was_pasted_is_not_shown_again_after_a_mistake(client: Client) -> None:
    posted = boxes(client, None, **{**NEW, **JWT, "base_url": "https://10.0.0.5"}, credential_private_key=PEM)

    html = client.post(f"{LIST}add/", posted).content.decode()

    assert "points inside your own network" in html
    assert PEM.splitlines()[3] not in html
    assert "consumer-key" not in html


def test_a_file_and_a_paste_are_one_too_many(client: Client) -> None:
    posted = {**boxes(client, None, **NEW, **JWT, credential_private_key=PEM), **upload(OTHER)}

    told = complaints(client, f"{LIST}add/", posted)

    assert told == {"credential_private_key": "Upload the file or paste its text, not both."}


def test_only_the_boxes_of_the_chosen_way_are_looked_at(client: Client) -> None:
    by_secret = {"credential_client_id": "id", "credential_client_secret": "secret"}
    junk = {"credential_username": "nobody", "credential_private_key": "no key", **upload(b"no key")}

    client.post(f"{LIST}add/", {**boxes(client, None, **NEW, **by_secret), **junk})

    assert dict(Connection.objects.get().credentials) == {"client_id": "id", "client_secret": "secret"}


def test_each_way_asks_for_all_of_its_own(client: Client) -> None:
    by_key = complaints(client, f"{LIST}add/", boxes(client, None, **NEW, credential_login="jwt_bearer"))
    by_secret = complaints(client, f"{LIST}add/", boxes(client, None, **NEW))

    assert list(by_key) == ["credential_client_id", "credential_username", "credential_private_key"]
    assert by_key["credential_private_key"] == "Upload the private key, or paste it."
    assert list(by_secret) == ["credential_client_id", "credential_client_secret"]


def test_another_way_asks_for_everything_and_drops_the_old_secret(
    client: Client, account: Connection
) -> None:
    switched = boxes(client, account, credential_login="jwt_bearer", credential_username="a@b.example")

    told = complaints(client, page(account), switched)
    client.post(page(account), {**switched, "credential_client_id": "new", **upload(PEM.encode())})

    assert list(told) == ["credential_client_id", "credential_private_key"]
    found = dict(stored(account).credentials)
    assert (found["login"], found["client_id"], found["private_key"]) == ("jwt_bearer", "new", PEM)
    assert "client_secret" not in found


def test_back_to_the_secret_the_key_is_dropped(client: Client, signed: Connection) -> None:
    back = {
        "credential_login": "client_credentials",
        "credential_client_id": "id",
        "credential_client_secret": "secret",
    }

    client.post(page(signed), boxes(client, signed, **back))

    assert dict(stored(signed).credentials) == {"client_id": "id", "client_secret": "secret"}


def test_blank_secrets_stay_while_what_is_no_secret_changes(client: Client, signed: Connection) -> None:
    ConnectionHealth.objects.update(pause="login", pause_reason="x")
    edits = {"credential_username": "other@acme.example", "credential_audience": "my_domain"}

    client.post(page(signed), boxes(client, signed, **edits))

    found = dict(stored(signed).credentials)
    assert (found["username"], found["audience"]) == ("other@acme.example", "my_domain")
    assert (found["client_id"], found["private_key"]) == ("consumer-key", PEM)
    assert stored(signed).health.pause == ""


def test_an_untouched_form_writes_no_credentials(client: Client, signed: Connection) -> None:
    with database.cursor() as cursor:
        cursor.execute("SELECT credentials FROM connectors_connection")
        before = cursor.fetchone()

    client.post(page(signed), boxes(client, signed, name="Renamed"))

    with database.cursor() as cursor:
        cursor.execute("SELECT credentials FROM connectors_connection")
        assert cursor.fetchone() == before
    assert stored(signed).name == "Renamed"


def test_a_new_address_needs_the_key_again(client: Client, signed: Connection) -> None:
    moved = boxes(client, signed, base_url="https://evil.example")

    told = complaints(client, page(signed), moved)

    assert list(told) == ["credential_client_id", "credential_private_key"]
    assert "The address has changed" in told["credential_private_key"]


def test_another_spelling_of_the_address_is_the_same_address(client: Client) -> None:
    account = ConnectionFactory.create(base_url="https://acme.my.salesforce.com", environment="sandbox")

    client.post(page(account), boxes(client, account, base_url="ACME.my.salesforce.com./", name="Same"))

    assert (stored(account).name, stored(account).base_url) == ("Same", "https://acme.my.salesforce.com")


@pytest.mark.parametrize(
    ("environment", "url", "words"),
    [
        (
            "production",
            "https://169.254.169.254/latest/meta-data",
            "169.254.169.254 points inside your own network",
        ),
        ("sandbox", "http://169.254.169.254/", "169.254.169.254 points inside your own network"),
        ("rehearsal", "https://10.0.0.5", "points inside your own network"),
        ("production", "https://2130706433", "in disguise"),
        ("sandbox", "https://0x7f.1", "in disguise"),
        ("rehearsal", "https://[::ffff:a9fe:a9fe]", "points inside your own network"),
        ("production", "file:///etc/passwd", "begins with https://"),
        ("sandbox", "javascript:alert(1)", "begins with https://"),
        ("rehearsal", "https://somebody:pw@acme.example", "user name or a password"),
        ("production", "https://🎉.example", "not an address"),
        ("sandbox", "https://exa mple", "no blanks"),
        ("rehearsal", "https://" + "a" * 300, "at most 300 characters"),
    ],
)
def test_an_address_that_is_not_called_is_told_beside_its_box(
    client: Client, environment: str, url: str, words: str
) -> None:
    secret = {"credential_client_id": "id", "credential_client_secret": "secret"}
    posted = boxes(client, None, **{**NEW, "environment": environment, "base_url": url}, **secret)

    told = complaints(client, f"{LIST}add/", posted)

    assert list(told) == ["base_url"]
    assert words in told["base_url"]


def test_a_rehearsal_may_call_what_the_setting_names_and_turns_into_nothing_else(client: Client) -> None:
    secret = {"credential_client_id": "id", "credential_client_secret": "secret"}
    posted = boxes(client, None, **{**NEW, "base_url": "http://sandbox:8100/salesforce"}, **secret)
    with override_settings(CONCORD_INSIDE_ALLOWED=["sandbox"]):
        client.post(f"{LIST}add/", {**posted, "environment": "rehearsal"})
        made = Connection.objects.get()
        told = complaints(client, page(made), boxes(client, made, environment="production"))

    assert made.base_url == "http://sandbox:8100/salesforce"
    assert list(told) == ["base_url"]


def test_this_machine_may_rehearse_but_not_as_production(client: Client, account: Connection) -> None:
    told = complaints(client, page(account), boxes(client, account, environment="production"))

    assert "127.0.0.1 points inside your own network" in told["base_url"]
    assert "whose environment is REHEARSAL" in told["base_url"]


def test_a_name_that_leads_inside_is_refused_at_once(client: Client) -> None:
    name = socket.gethostname()
    try:
        socket.getaddrinfo(name, 443)
    except OSError:
        pytest.skip("this machine does not know its own name")
    secret = {"credential_client_id": "id", "credential_client_secret": "secret"}

    told = complaints(
        client, f"{LIST}add/", boxes(client, None, **{**NEW, "base_url": f"https://{name}"}, **secret)
    )

    assert f"{name} points inside your own network (it leads to " in told["base_url"]


@pytest.mark.parametrize(
    ("box", "value", "words"),
    [
        ("batch_size", "0", "from 1 to 200"),
        ("batch_size", "201", "from 1 to 200"),
        ("batch_size", "", "from 1 to 200"),
        ("batch_size", "many", "from 1 to 200"),
        ("batch_size", "9" * 5_000, "from 1 to 200"),
        ("max_slots", "0", "from 1 to 25"),
        ("max_slots", "26", "from 1 to 25"),
        ("max_slots", "-1", "from 1 to 25"),
        ("setting_api_version", "sixty", "such as 64.0"),
        ("setting_email_field", "E-Mail", "An API name has letters"),
        ("setting_email_field", "Émail__c", "An API name has letters"),
        ("setting_external_id_field", "x" * 300, "at most 255"),
        ("setting_tax_id_field", "Id FROM Account WHERE x = 'y", "An API name has letters"),
        ("name", "x" * 300, "at most 100"),
        ("credential_client_secret", "x" * 3_000, "at most 2000"),
        ("credential_client_secret", "a\x00b", "Null characters"),
        ("credential_login", "by_magic", "by_magic is not one of the available choices"),
    ],
)
def test_what_is_out_of_bounds_is_told_beside_its_box(
    client: Client, account: Connection, box: str, value: str, words: str
) -> None:
    told = complaints(client, page(account), boxes(client, account, **{box: value}))

    assert list(told) == [box]
    assert words in told[box]


@pytest.mark.parametrize("text", ["🎉" * 50, "שלום עולם", "مثال " * 10, "a\u202eb", "x" * 100, "<b>&\"'"])
def test_any_script_is_taken_as_name_and_as_secret(client: Client, text: str) -> None:
    secret = {"credential_client_id": text, "credential_client_secret": text}
    new = {**NEW, "name": text}

    client.post(f"{LIST}add/", boxes(client, None, **new, **secret))
    client.post(f"{LIST}add/", boxes(client, None, **new, **secret))

    first, second = Connection.objects.order_by("pk")
    assert first.name == text.strip()
    assert dict(first.credentials) == {"client_id": text.strip(), "client_secret": text.strip()}
    assert second.slug == f"{first.slug[:46]}-2"
    html = client.get(page(first)).content.decode()
    assert "<b>&" not in html


def test_the_speed_boxes_recommend(client: Client, account: Connection) -> None:
    html = client.get(page(account)).content.decode()

    assert "4 to 8 serve best" in html
    assert "1 to 200" in html


@pytest.mark.django_db(transaction=True)
def test_a_connection_made_by_the_form_signs_its_way_in_and_sends(
    client: Client, sandbox: SandboxServer
) -> None:
    desk.set_up(sandbox, jwt_public_key=keys.certificate(KEY).decode())
    new = {"name": "Acme", "environment": "rehearsal", "base_url": f"{sandbox.url}/salesforce"}
    login = {
        **JWT,
        "credential_client_id": "rehearsal-client",
        "credential_username": "dana.whitfield@example.com",
    }

    client.post(f"{LIST}add/", {**boxes(client, None, **new, **login), **upload(PEM.encode())})
    made = Connection.objects.get()
    client.post(f"{LIST}{made.pk}/test/")
    talk.send(made, [CompanyFactory.create()])

    assert {item["ok"] for item in ConnectionHealth.objects.get().checks} == {True}
    assert len(talk.accounts(sandbox)) == 1
