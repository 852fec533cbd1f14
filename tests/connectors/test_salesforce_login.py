"""The JWT login: what is signed, what each refusal means, and that no key ever shows."""

import json
import time
from email.utils import formatdate
from typing import Any

import jwt
import pytest
import requests

from connectors import errors
from connectors import trial as connection_test
from connectors.http import mask
from connectors.kinds import secrets
from connectors.models import Connection, ConnectionHealth
from connectors.protocol import Account
from connectors.sandbox.server import SandboxServer
from connectors.systems.salesforce import jwt_bearer, login
from connectors.systems.salesforce.kind import KIND
from synclog.models import Entry
from tests import desk, keys, talk, wires
from tests.factories import CompanyFactory

USERNAME = "dana.whitfield@example.com"
KEY = keys.made()
PEM = keys.pem(KEY).decode()
CREDENTIALS = {
    "login": "jwt_bearer",
    "client_id": "rehearsal-client",
    "username": USERNAME,
    "private_key": PEM,
    "audience": "",
}
NOW = 1_800_000_000.0


def account(
    url: str = "https://acme.my.salesforce.com", environment: str = "sandbox", **edits: str
) -> Account:
    return Account(url, {**CREDENTIALS, **edits}, {}, {}, 5, environment, desk.HERE)


def claims(asked: wires.Asked | None = None, body: bytes = b"") -> dict[str, Any]:
    """Return what was signed, verified by the public key."""
    form = dict(pair.split("=", 1) for pair in (asked.body if asked else body).decode().split("&"))
    assert form["grant_type"] == "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer"
    options: Any = {"verify_aud": False, "verify_exp": False}
    return jwt.decode(form["assertion"], keys.public(KEY), algorithms=["RS256"], options=options)


def jwt_connection(salesforce: Connection, sandbox: SandboxServer, **edits: str) -> Connection:
    """Let the connection log in by assertion, and the rehearsal know its certificate."""
    desk.set_up(sandbox, jwt_public_key=keys.certificate(KEY).decode())
    salesforce.credentials = {**CREDENTIALS, **edits}
    salesforce.save(update_fields=["credentials"])
    return salesforce


def red(connection: Connection) -> dict[str, str]:
    found = Connection.objects.get(pk=connection.pk)
    checks = connection_test.test(found, by="admin").checks
    return {item["label"]: item["text"] for item in checks if item["ok"] is False}


@pytest.mark.parametrize(
    ("environment", "chosen", "aud"),
    [
        ("production", "", "https://login.salesforce.com"),
        ("sandbox", "", "https://test.salesforce.com"),
        ("rehearsal", "", "https://test.salesforce.com"),
        ("sandbox", "https://login.salesforce.com", "https://login.salesforce.com"),
        ("production", "https://test.salesforce.com", "https://test.salesforce.com"),
        ("production", "my_domain", "https://acme.my.salesforce.com"),
    ],
)
def test_the_assertion_says_who_for_whom_and_how_long(environment: str, chosen: str, aud: str) -> None:
    form = jwt_bearer.form(account(environment=environment, audience=chosen), lambda: NOW)

    options: Any = {"verify_aud": False, "verify_exp": False}
    signed = jwt.decode(form["assertion"], keys.public(KEY), algorithms=["RS256"], options=options)
    assert signed == {"iss": "rehearsal-client", "sub": USERNAME, "aud": aud, "exp": int(NOW) + 180}
    assert jwt.get_unverified_header(form["assertion"])["alg"] == "RS256"


def test_the_assertion_goes_to_the_connections_own_address_and_the_key_stays_here() -> None:
    answer = json.dumps({"access_token": "00Dx!token", "id": "https://x/id/00D000000000001AAA/005"}).encode()
    with wires.serving(wires.answer(answer)) as wire, desk.at(wire.url, credentials=CREDENTIALS) as connector:
        fetched = connector.client.fetch_token()

    (asked,) = wire.asked
    assert (asked.method, asked.path) == ("POST", "/services/oauth2/token")
    assert claims(asked)["sub"] == USERNAME
    assert abs(claims(asked)["exp"] - time.time() - 180) < 30
    assert (fetched.value, fetched.org_id[:15]) == ("00Dx!token", "00D000000000001")
    assert b"PRIVATE" not in asked.body
    assert "authorization" not in asked.headers


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_signs_passes_its_test_and_sends(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    connection = jwt_connection(salesforce, sandbox)

    assert red(connection) == {}
    checks = ConnectionHealth.objects.get().checks
    assert checks[0]["text"] == f"Salesforce accepts the Client ID and the private key for {USERNAME}."
    talk.send(connection, [CompanyFactory.create()])
    assert len(talk.accounts(sandbox)) == 1


@pytest.mark.django_db(transaction=True)
def test_an_expired_session_is_signed_for_anew(salesforce: Connection, sandbox: SandboxServer) -> None:
    connection = jwt_connection(salesforce, sandbox)
    talk.send(connection, [CompanyFactory.create()])
    talk.break_it(sandbox, {"fault": "expire_tokens", "times": 1})

    talk.send(connection, [CompanyFactory.create()])

    assert len(talk.accounts(sandbox)) == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("edits", "words"),
    [
        ({"client_id": "another"}, "does not know the Client ID"),
        ({"username": "nobody@example.com"}, "nobody@example.com is not pre-authorised for the app"),
        ({"audience": jwt_bearer.PRODUCTION}, "accept the audience https://login.salesforce.com. Choose"),
        ({"private_key": keys.pem(keys.made("other")).decode()}, "does not belong to the private key"),
        ({"private_key": "no key at all"}, "The stored private key can't be used. Upload it again"),
        ({"private_key": ""}, "The stored private key can't be used. Upload it again"),
    ],
)
def test_what_the_rehearsal_refuses_is_a_task_for_a_person(
    salesforce: Connection, sandbox: SandboxServer, edits: dict[str, str], words: str
) -> None:
    connection = jwt_connection(salesforce, sandbox, **edits)

    found = red(connection)

    assert words in found["Login"]
    assert list(found) == ["Login"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("error", "message", "words"),
    [
        ("invalid_grant", "user hasn't approved this consumer", "adds the user's profile or permission set"),
        ("invalid_app_access", "user is not admin approved to access this app", "is not pre-authorised"),
        ("invalid_grant", "audience is invalid", "accept the audience https://test.salesforce.com"),
        ("app_not_found", "External client app is not installed", "My Domain where neither serves"),
        ("invalid_grant", "invalid assertion", "certificate in the app does not belong"),
        ("invalid_grant", "assertion is expired", "compares the clock"),
        ("invalid_grant", "assertion expires too far in the future", "compares the clock"),
        ("invalid_client_id", "client identifier invalid", "does not know the Client ID"),
        ("invalid_client", "invalid client credentials", "switches the JWT bearer flow on"),
        ("unsupported_grant_type", "grant type not supported", "JWT bearer flow"),
        ("inactive_user", "user is inactive", f"the user {USERNAME} is inactive"),
        ("inactive_org", "organization is not active", "locked or closed"),
        ("invalid_grant", "request not supported on this domain", "Enter the My Domain URL"),
        ("invalid_grant", "authentication failure", f"the user {USERNAME} may not log in"),
        ("foo_bar", "something new", "Concord does not know why"),
        ("rate_limit_exceeded", "too many", "Wait some minutes"),
        ("unknown_error", "retry your request", "Wait some minutes"),
    ],
)
def test_every_refused_assertion_has_its_words(
    salesforce: Connection, sandbox: SandboxServer, error: str, message: str, words: str
) -> None:
    connection = jwt_connection(salesforce, sandbox)
    talk.break_it(sandbox, {"fault": f"token:400:{error}", "message": message})

    text = red(connection)["Login"]

    assert words in text
    assert text.endswith("press Test connection.")
    assert error not in text


@pytest.mark.parametrize(
    ("off_s", "said"),
    [
        (7 * 60, "about 7 minutes ahead of Salesforce's"),
        (-3 * 3600, "about 3 hours behind Salesforce's"),
        (95, "about 2 minutes ahead"),
        (-100, "about 2 minutes behind"),
    ],
)
def test_a_wrong_clock_of_this_machine_is_said_whatever_the_refusal_is_called(
    off_s: float, said: str
) -> None:
    refusal = json.dumps({"error": "invalid_grant", "error_description": "invalid assertion"}).encode()
    theirs = formatdate(NOW - off_s, usegmt=True)
    script = wires.answer(refusal, status="400 Bad Request", Date=theirs)
    with wires.serving(script) as wire:
        answer = requests.post(wire.url, timeout=5)

    with pytest.raises(errors.AuthFailed) as caught:
        login.token(answer, account(), lambda: NOW)

    assert said in caught.value.message
    assert "sets the clock" in caught.value.message


def test_a_clock_that_is_right_or_unknown_is_not_blamed() -> None:
    right = {"Date": formatdate(NOW + 30, usegmt=True)}

    assert [jwt_bearer.clock_off(headers, NOW) for headers in (right, {}, {"Date": "soon"})] == ["", "", ""]


@pytest.mark.django_db(transaction=True)
def test_no_key_and_no_assertion_stands_in_a_checklist_or_in_the_log(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    connection = jwt_connection(salesforce, sandbox)
    line = PEM.splitlines()[3]
    signed = jwt_bearer.form(account())["assertion"]
    for echoed in (PEM, json.dumps(PEM), line, signed, f"assertion={signed}", PEM.replace("\n", "\r\n")):
        talk.break_it(
            sandbox, {"fault": "token:400:invalid_grant", "message": f"you sent {echoed}", "times": 1}
        )

        red(connection)

        told = str(ConnectionHealth.objects.get().checks) + str(list(Entry.objects.values()))
        assert line not in told
        assert signed[-40:] not in told
        assert "•••" in told


def test_only_what_is_secret_is_hidden_in_answers() -> None:
    hidden = secrets(KIND.logins, {**CREDENTIALS, "something_new": "unknown-value"})

    assert hidden == ["rehearsal-client", PEM, "unknown-value"]
    assert USERNAME in mask(f"{USERNAME} owns it", hidden)


def test_credentials_that_name_no_way_are_client_credentials() -> None:
    plain = Account("https://acme.my.salesforce.com", desk.CREDENTIALS, {}, {}, 5)

    assert KIND.login(desk.CREDENTIALS).name == "client_credentials"
    assert KIND.login(CREDENTIALS).name == "jwt_bearer"
    assert KIND.login({"login": "no such way"}).name == "client_credentials"
    assert login.form(plain)["grant_type"] == "client_credentials"


def test_an_account_says_nothing_of_its_key() -> None:
    assert "PRIVATE" not in repr(account())


def test_the_guide_names_every_field_and_setting() -> None:
    guide = KIND.setup_guide({"email_field": "", "tax_id_field": "VAT__c", "external_id_field": "Our_Id__c"})

    for words in (
        "External Client App",
        "“Manage user data via APIs (api)”",
        "“Access the identity URL service (id)”",
        "Enable Client Credentials Flow",
        "Enable JWT Bearer Flow",
        "Admin approved users are pre-authorized",
        "API Enabled",
        "View All Users",
        "Account  Our_Id__c",
        "Contact  Our_Id__c",
        "Account  VAT__c",
        "External ID; Unique, case-insensitive",
    ):
        assert words in guide
    assert "Concord_Email__c" not in guide
    assert "Concord_Email__c             Email" in KIND.setup_guide({})
