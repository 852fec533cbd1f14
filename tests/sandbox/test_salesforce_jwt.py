"""The login by a signed assertion: what it must accept, and everything it must refuse."""

import base64
import hashlib
import hmac
import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from .conftest import TIMEOUT_S, Remote

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
TEST_AUDIENCE = "https://test.salesforce.com"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
Raw = dict[str, Any]


def public_pem(key: rsa.RSAPrivateKey) -> str:
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, spki).decode()


def certificate_pem(key: rsa.RSAPrivateKey) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "concord")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=1))
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def claims(**changes: Any) -> Raw:
    filled = {
        "iss": "rehearsal-client",
        "sub": "dana.whitfield@example.com",
        "aud": TEST_AUDIENCE,
        "exp": int(time.time()) + 180,
        **changes,
    }
    return {name: value for name, value in filled.items() if value is not None}


def signed(key: rsa.RSAPrivateKey = KEY, **changes: Any) -> str:
    return jwt.encode(claims(**changes), key, algorithm="RS256")


def unchecked(header: Raw, body: Raw, signature: bytes = b"") -> str:
    """Return an assertion that no careful library would make."""
    parts = (json.dumps(header).encode(), json.dumps(body).encode(), signature)
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def log_in(remote: Remote, assertion: str, **form: str) -> requests.Response:
    filled = {"grant_type": GRANT, "assertion": assertion, **form}
    return requests.post(f"{remote.base}/services/oauth2/token", data=filled, timeout=TIMEOUT_S)


def refused(answer: requests.Response) -> tuple[str, str]:
    assert answer.status_code == 400, answer.text
    assert set(answer.json()) == {"error", "error_description"}
    return answer.json()["error"], answer.json()["error_description"]


@pytest.fixture
def org(remote: Remote) -> Remote:
    """An org that knows the certificate."""
    remote.settings(jwt_public_key=public_pem(KEY))
    return remote


def test_a_good_assertion_gets_a_token(org: Remote) -> None:
    answer = log_in(org, signed())

    assert answer.status_code == 200, answer.text
    body = answer.json()
    # [M] issued_at and signature belong to the flows that know the client secret.
    assert set(body) == {"access_token", "scope", "instance_url", "id", "token_type"}
    assert (body["token_type"], body["instance_url"]) == ("Bearer", org.base)


def test_the_token_belongs_to_the_user_of_the_assertion(org: Remote) -> None:
    body = log_in(org, signed()).json()
    dana = next(each for each in org.stored("User") if each["Alias"] == "dwhit")
    org.session.headers["Authorization"] = f"Bearer {body['access_token']}"

    for address in (f"{org.base}/services/oauth2/userinfo", body["id"]):
        identity = org.session.get(address, timeout=TIMEOUT_S).json()
        assert (identity["user_id"], identity["preferred_username"]) == (dana["Id"], dana["Username"])
    assert body["id"].endswith(f"/{dana['Id']}")
    org.call("POST", "/sobjects/Account", json={"Name": "A"})
    stored = org.stored()[0]
    assert {stored["CreatedById"], stored["LastModifiedById"], stored["OwnerId"]} == {dana["Id"]}


def test_two_logins_at_once_stay_two_people(org: Remote) -> None:
    token = log_in(org, signed()).json()["access_token"]
    org.call("POST", "/sobjects/Account", json={"Name": "By the integration"})
    org.session.headers["Authorization"] = f"Bearer {token}"
    org.call("POST", "/sobjects/Account", json={"Name": "By Dana"})

    users = {each["Id"]: each["Alias"] for each in org.stored("User")}
    assert [users[each["OwnerId"]] for each in org.stored()] == ["concord", "dwhit"]


def test_the_registered_key_may_be_a_certificate(remote: Remote) -> None:
    remote.settings(jwt_public_key=certificate_pem(KEY))

    assert log_in(remote, signed()).status_code == 200
    assert refused(log_in(remote, signed(OTHER_KEY))) == ("invalid_grant", "invalid assertion")


def test_an_org_without_a_certificate_takes_no_assertion(remote: Remote) -> None:
    assert refused(log_in(remote, signed())) == ("invalid_grant", "invalid assertion")


@pytest.mark.parametrize("text", ["not a key", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"])
def test_what_is_no_certificate_cannot_be_registered(remote: Remote, text: str) -> None:
    body = {"salesforce": {"jwt_public_key": text}}

    assert remote.control("POST", "settings", json=body).status_code == 400


def test_a_key_of_another_kind_or_a_private_one_cannot_be_registered(remote: Remote) -> None:
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    curve = ec.generate_private_key(ec.SECP256R1()).public_key()
    private = KEY.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )

    for pem in (curve.public_bytes(serialization.Encoding.PEM, spki), private):
        body = {"salesforce": {"jwt_public_key": pem.decode()}}
        assert remote.control("POST", "settings", json=body).status_code == 400


def test_an_unsigned_assertion_is_refused(org: Remote) -> None:
    for algorithm in ("none", "None", "NONE"):
        assertion = unchecked({"alg": algorithm, "typ": "JWT"}, claims())
        assert refused(log_in(org, assertion)) == ("invalid_grant", "invalid assertion")


def test_the_public_key_is_no_shared_secret(org: Remote) -> None:
    header, body = {"alg": "HS256", "typ": "JWT"}, claims()
    signing_input = unchecked(header, body).rpartition(".")[0]
    forged = hmac.new(public_pem(KEY).encode(), signing_input.encode(), hashlib.sha256).digest()

    answer = log_in(org, unchecked(header, body, forged))

    assert refused(answer) == ("invalid_grant", "invalid assertion")


@pytest.mark.parametrize("algorithm", ["RS384", "RS512", "PS256"])
def test_no_other_algorithm_is_taken(org: Remote, algorithm: str) -> None:
    assertion = jwt.encode(claims(), KEY, algorithm=algorithm)

    assert refused(log_in(org, assertion)) == ("invalid_grant", "invalid assertion")


@pytest.mark.parametrize("assertion", ["", "nonsense", "a.b.c", "é.é.é", "W10.W10.W10"])
def test_what_is_no_assertion_is_refused(org: Remote, assertion: str) -> None:
    assert refused(log_in(org, assertion)) == ("invalid_grant", "invalid assertion")


def test_another_key_and_a_changed_claim_are_refused(org: Remote) -> None:
    head, _, signature = signed().split(".")
    _, other, _ = signed(sub="chidi.okafor@example.com").split(".")

    assert refused(log_in(org, signed(OTHER_KEY))) == ("invalid_grant", "invalid assertion")
    assert refused(log_in(org, f"{head}.{other}.{signature}")) == ("invalid_grant", "invalid assertion")


@pytest.mark.parametrize("iss", ["other", "REHEARSAL-CLIENT", "", None])
def test_another_app_is_refused(org: Remote, iss: str | None) -> None:
    assert refused(log_in(org, signed(iss=iss))) == ("invalid_client_id", "client identifier invalid")


@pytest.mark.parametrize("sub", ["nobody@example.com", "", None, "rosa.delgado@example.com", "dwhit"])
def test_a_user_who_is_unknown_or_not_standard_is_refused(org: Remote, sub: str | None) -> None:
    answer = log_in(org, signed(sub=sub))

    assert refused(answer) == ("invalid_grant", "user hasn't approved this consumer")


def test_a_user_who_left_is_refused(org: Remote) -> None:
    assert refused(log_in(org, signed(sub="left@example.com"))) == ("inactive_user", "user is inactive")


@pytest.mark.parametrize(
    "aud",
    [
        "https://login.salesforce.com",
        "https://test.salesforce.com/",
        "test.salesforce.com",
        "https://acme.my.salesforce.com",
        [TEST_AUDIENCE],
        "",
        None,
    ],
)
def test_another_audience_is_refused(org: Remote, aud: Any) -> None:
    assert refused(log_in(org, signed(aud=aud))) == ("invalid_grant", "audience is invalid")


def test_the_orgs_own_address_is_an_audience_too(org: Remote) -> None:
    assert log_in(org, signed(aud=org.base)).status_code == 200
    assert refused(log_in(org, signed(aud=org.url)))[1] == "audience is invalid"


def test_a_production_org_wants_the_production_audience(org: Remote) -> None:
    org.settings(login_audience="https://login.salesforce.com")

    assert log_in(org, signed(aud="https://login.salesforce.com")).status_code == 200
    assert refused(log_in(org, signed()))[1] == "audience is invalid"


@pytest.mark.parametrize(("seconds", "good"), [(170, True), (295, True), (600, False), (86_400, False)])
def test_an_assertion_may_not_live_long(org: Remote, seconds: int, *, good: bool) -> None:
    answer = log_in(org, signed(exp=int(time.time()) + seconds))

    assert (answer.status_code == 200) is good
    if not good:
        assert refused(answer)[0] == "invalid_grant"


def test_an_expired_assertion_is_refused(org: Remote) -> None:
    answer = log_in(org, signed(exp=int(time.time()) - 120))

    assert refused(answer) == ("invalid_grant", "assertion is expired")


def test_an_expiry_written_as_text_is_taken(org: Remote) -> None:
    # A well-known client sends it so and is served.
    assert log_in(org, signed(exp=str(int(time.time()) + 180))).status_code == 200


@pytest.mark.parametrize("exp", ["soon", "", None, [5], {"a": 1}, True])
def test_an_expiry_that_is_no_number_is_refused(org: Remote, exp: Any) -> None:
    assertion = unchecked({"alg": "RS256"}, claims(exp=exp))
    signing_input = assertion.rpartition(".")[0]
    signature = jwt.get_algorithm_by_name("RS256").sign(signing_input.encode(), KEY)
    whole = f"{signing_input}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"

    assert refused(log_in(org, whole))[0] == "invalid_grant"


def test_the_assertion_is_never_shown(org: Remote) -> None:
    assertion = signed()
    token = log_in(org, assertion).json()["access_token"]

    told = org.control("GET", "calls").text

    assert assertion not in told
    assert token not in told


def test_the_login_with_a_secret_still_works_beside_it(org: Remote) -> None:
    assert org.token().status_code == 200
    assert org.token(grant_type=GRANT).status_code == 400


def test_a_deactivated_user_is_logged_out(org: Remote) -> None:
    token = log_in(org, signed()).json()["access_token"]
    org.session.headers["Authorization"] = f"Bearer {token}"
    assert org.call("GET", "/limits").status_code == 200
    dana = next(each for each in org.stored("User") if each["Alias"] == "dwhit")

    org.control("PUT", f"salesforce/User/{dana['Id']}", json={"IsActive": False})

    answer = org.call("GET", "/limits")
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (401, "INVALID_SESSION_ID")


def test_a_run_as_user_who_left_cannot_log_in(remote: Remote) -> None:
    concord = next(each for each in remote.stored("User") if each["Alias"] == "concord")
    remote.control("PUT", f"salesforce/User/{concord['Id']}", json={"IsActive": False})

    assert refused(remote.token()) == ("inactive_user", "user is inactive")
