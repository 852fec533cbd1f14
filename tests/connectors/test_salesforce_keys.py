"""The private key of a JWT login: taken in every state that is a key, refused with a sentence else."""

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.kinds import UnfitError
from connectors.systems.salesforce.keys import MAX_BYTES, known, read
from tests import keys

KEY = keys.made()
PEM = keys.pem(KEY)
TEXT = PEM.decode()
PKCS1 = keys.pem(KEY, PrivateFormat.TraditionalOpenSSL)
CERTIFICATE = keys.certificate(KEY)
BODY = "".join(TEXT.splitlines()[1:-1])

TAKEN = {
    "as openssl writes it": PEM,
    "with RSA in its first line": PKCS1,
    "as ssh-keygen writes it": keys.pem(KEY, PrivateFormat.OpenSSH),
    "as bytes": KEY.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),
    "with Windows line ends": PEM.replace(b"\n", b"\r\n"),
    "with old Mac line ends": PEM.replace(b"\n", b"\r"),
    "with a byte order mark": b"\xef\xbb\xbf" + PEM,
    "in UTF-16 with a mark": TEXT.encode("utf-16"),
    "in UTF-16 without a mark": TEXT.encode("utf-16-le"),
    "in UTF-16, big end first": TEXT.encode("utf-16-be"),
    "without its line breaks": PEM.replace(b"\n", b""),
    "with blanks for line breaks": PEM.replace(b"\n", b" "),
    "with \\n for line breaks, as JSON has it": PEM.replace(b"\n", b"\\n"),
    "in quotation marks": b'"' + PEM.replace(b"\n", b"\\n") + b'"',
    "with every line indented": PEM.replace(b"\n", b"\n    "),
    "with empty lines": PEM.replace(b"\n", b"\n\n"),
    "with unbreakable blanks": TEXT.replace("\n", "\u00a0").encode(),
    "with the dashes of a word processor": TEXT.replace("-----", "—–").encode(),
    "with its certificate before it": CERTIFICATE + PEM,
    "with its certificate after it": PEM + CERTIFICATE,
    "with what openssl pkcs12 writes above it": b"Bag Attributes\n    friendlyName: x\nKey Attributes: <>\n"
    + PEM,
    "without its first and last line": BODY.encode(),
    "without them, in lines": "\n".join(TEXT.splitlines()[1:-1]).encode(),
}
EC = ec.generate_private_key(ec.SECP256R1())
EDWARDS = ed25519.Ed25519PrivateKey.generate()


def unlocked(key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


REFUSED = {
    "locked": (keys.pem(KEY, locked=True), "locked with a passphrase"),
    "locked the old way": (
        keys.pem(KEY, PrivateFormat.TraditionalOpenSSL, locked=True),
        "openssl pkey -in locked.key -out concord.key",
    ),
    "locked, its line breaks lost": (
        keys.pem(KEY, locked=True).replace(b"\n", b""),
        "locked with a passphrase",
    ),
    "a public key": (keys.public(KEY), "public half (a public key)"),
    "a certificate": (CERTIFICATE, "public half (a certificate)"),
    "a public key for ssh": (
        KEY.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH),
        "public half",
    ),
    "an EC key": (unlocked(EC), "of the kind EC; Salesforce takes RSA only"),
    "an EC key, the old way": (
        EC.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()),
        "of the kind EC",
    ),
    "an Edwards key": (unlocked(EDWARDS), "of the kind Ed25519"),
    "a short key": (keys.pem(keys.made("short", 1024)), "has 1024 bits; Salesforce takes 2048 or more"),
    "a key store": (
        serialize_key_and_certificates(b"x", KEY, None, None, NoEncryption()),
        "key store (PKCS#12",
    ),
    "a key that was cut off": (PEM[:900], "damaged"),
    "a key with a changed letter": (PEM[:400] + bytes([PEM[400] ^ 1]) + PEM[401:], "damaged"),
    "a key with a lost line": (b"\n".join(PEM.splitlines()[:5] + PEM.splitlines()[6:]), "damaged"),
    "only the first line": (PEM.splitlines()[0], "damaged"),
    "nothing": (b"", "empty"),
    "blanks": (b" \n\t ", "empty"),
    "a text": (b"my key is under the mat", "not a private key"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "not a private key"),
    "zeros": (bytes(200), "not a private key"),
    "a sequence of nothing": (b"\x30\x82\x01\x00" + b"\xff" * 256, "not a private key"),
    "five megabytes": (b"\xff" * 5_000_000, "it has 5.0 MB"),
    "a bit too much": (b"A" * (MAX_BYTES + 1), "33 kB"),
    "emoji": ("🔑🔑🔑".encode(), "not a private key"),
    "right to left": ("מפתח פרטי".encode(), "not a private key"),
    "a request for a certificate": (
        b"-----BEGIN CERTIFICATE REQUEST-----\nMIIC\n-----END CERTIFICATE REQUEST-----",
        "public half",
    ),
}


@pytest.mark.parametrize("state", TAKEN)
def test_a_key_is_taken_as_it_comes(state: str) -> None:
    stored = read(TAKEN[state])

    assert stored == TEXT
    key = load_pem_private_key(stored.encode(), None)
    assert key.public_key() == KEY.public_key()


@pytest.mark.parametrize("state", REFUSED)
def test_what_cannot_serve_says_why_and_what_to_do(state: str) -> None:
    raw, words = REFUSED[state]

    with pytest.raises(UnfitError) as caught:
        read(raw)

    assert words in str(caught.value)
    assert BODY[100:130] not in str(caught.value)
    assert len(str(caught.value)) < 300


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")))
def test_no_bytes_break_it(raw: bytes) -> None:
    with pytest.raises(UnfitError):
        read(raw)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(PEM) - 1), st.integers(1, 255))
def test_a_damaged_key_is_refused_or_is_the_same_key(place: int, flip: int) -> None:
    damaged = PEM[:place] + bytes([PEM[place] ^ flip]) + PEM[place + 1 :]

    try:
        stored = read(damaged)
    except UnfitError:
        return

    assert stored == TEXT


def test_what_is_told_of_a_key_is_its_length_and_its_public_part() -> None:
    spki = KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    told = known(TEXT)

    assert (
        told
        == f"RSA 2048, SHA-256 fingerprint of its public part {hashlib.sha256(spki).digest().hex(' ', 4)}"
    )
    assert base64.b64encode(base64.b64decode(BODY)[:20]).decode() not in told


@pytest.mark.parametrize("stored", ["", "nonsense", CERTIFICATE.decode(), unlocked(EC).decode()])
def test_nothing_is_told_of_what_is_no_key(stored: str) -> None:
    assert known(stored) == ""
