"""The private key of a JWT login: read in whatever state a person hands it over.

Told here and nowhere else what is wrong with it; no sentence quotes a byte of it.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Callable

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
    load_pem_private_key,
    load_ssh_private_key,
)

from connectors.kinds import UnfitError

MAX_BYTES = 32 * 1024  # a key of 4096 bits has 3,300, with its certificates perhaps 10,000
MIN_BITS = 2048
LINE_CHARS = 64
MAKE = "openssl req -x509 -newkey rsa:2048 -nodes -days 730 -keyout concord.key -out concord.crt"
_BLOCK = re.compile(r"-{2,}\s*BEGIN\s+([A-Z0-9 ]+?)\s*-{2,}(.*?)-{2,}\s*END\s+\1\s*-{2,}", re.DOTALL)
_BASE64 = re.compile(r"[A-Za-z0-9+/\s]+=*\s*")
_HEADER = re.compile(r"^[A-Za-z-]+:.*$", re.MULTILINE)  # Proc-Type: 4,ENCRYPTED; a bag's attributes
_NO_KEY = (
    "This is not a private key. Choose the file that begins with -----BEGIN PRIVATE KEY----- or "
    "-----BEGIN RSA PRIVATE KEY-----, often called server.key or concord.key."
)
_ENCRYPTED = (
    "This key is locked with a passphrase. Make a copy without it and hand that over: "
    "openssl pkey -in locked.key -out concord.key"
)
_STORE = (
    "This is a key store (PKCS#12, .p12 or .pfx). Take the key out of it and hand that over: "
    "openssl pkcs12 -in store.p12 -nocerts -nodes -out concord.key"
)
_PUBLIC = (
    "This is the public half ({what}), which belongs into the app in Salesforce. Concord needs the private "
    "key that was made with it, often called server.key or concord.key."
)
_DAMAGED = "This private key is damaged: part of it is missing or was changed. Upload the file itself."


def read(raw: bytes) -> str:
    """Return an RSA key as unencrypted PKCS#8 PEM. Raises UnfitError with a sentence for a person.

    Taken as they come: byte order marks, UTF-16, any line ends or none, quotation
    marks and \\n as JSON writes them, certificates beside the key, DER.
    """
    if len(raw) > MAX_BYTES:
        size = f"{len(raw) / 1_000_000:.1f} MB" if len(raw) >= 100_000 else f"{len(raw) / 1000:.0f} kB"
        raise UnfitError(f"This is not a private key: it has {size}, a key has less than 10 kB.")
    if not raw.strip():
        raise UnfitError("This file is empty. Choose the file with the private key.")
    if raw[:1] == b"\x30":  # DER: a sequence
        return _checked(_loaded(load_der_private_key, raw, else_say=_der_problem(raw)))
    return _checked(_from_text(_text(raw)))


def known(pem: str) -> str:
    """Return what anybody may know of a stored key, "" for one that can't be read."""
    try:
        key = load_pem_private_key(pem.encode(), None, unsafe_skip_rsa_key_validation=True)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return ""
    if not isinstance(key, rsa.RSAPrivateKey):
        return ""
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    digest = hashlib.sha256(public).digest().hex(" ", 4)
    return f"RSA {key.key_size}, SHA-256 fingerprint of its public part {digest}"


def _text(raw: bytes) -> str:
    """Return what an editor would show. Raises UnfitError for what is no text."""
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encoding = "utf-16"
    elif b"\x00" in raw[:4]:
        encoding = "utf-16-be" if raw[:1] == b"\x00" else "utf-16-le"
    else:
        encoding = "utf-8-sig"
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        raise UnfitError(_NO_KEY) from error
    text = text.replace("\\r", "").replace("\\n", "\n")
    return text.translate({0xA0: " ", 0x2013: "--", 0x2014: "--"})  # as word processors write


def _from_text(text: str) -> object:
    """Return the key of the first private block; say what the text is where there is none."""
    blocks: dict[str, str] = {}
    for label, body in _BLOCK.findall(text):
        blocks.setdefault(re.sub(r"\s+", " ", label), body)
    for label, body in blocks.items():
        if label.endswith("PRIVATE KEY"):
            return _from_block(label, body)
    if "PRIVATE KEY" in text:
        raise UnfitError(_DAMAGED if "BEGIN" in text or "END" in text else _NO_KEY)
    if blocks:
        what = "a certificate" if any("CERTIFICATE" in label for label in blocks) else "a public key"
        raise UnfitError(_PUBLIC.format(what=what) if _is_public(blocks) else _NO_KEY)
    if text.lstrip().startswith(("ssh-", "ecdsa-")):
        raise UnfitError(_PUBLIC.format(what="a public key"))
    if _BASE64.fullmatch(text):  # the inside of a block, without its first and last line
        return _loaded(load_der_private_key, _bytes(text, else_say=_NO_KEY), else_say=_NO_KEY)
    raise UnfitError(_NO_KEY)


def _is_public(blocks: dict[str, str]) -> bool:
    return any(label.endswith(("PUBLIC KEY", "CERTIFICATE", "CERTIFICATE REQUEST")) for label in blocks)


def _from_block(label: str, body: str) -> object:
    if label.startswith("ENCRYPTED") or "ENCRYPTED" in "".join(_HEADER.findall(body)):
        raise UnfitError(_ENCRYPTED)
    packed = base64.b64encode(_bytes(_HEADER.sub("", body), else_say=_DAMAGED)).decode()
    lines = [packed[start : start + LINE_CHARS] for start in range(0, len(packed), LINE_CHARS)]
    pem = "\n".join((f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", "")).encode()
    load = load_ssh_private_key if label.startswith("OPENSSH") else load_pem_private_key
    return _loaded(load, pem, else_say=_DAMAGED)


def _bytes(text: str, *, else_say: str) -> bytes:
    try:
        return base64.b64decode(re.sub(r"\s+", "", text), validate=True)
    except (binascii.Error, ValueError) as error:
        raise UnfitError(else_say) from error


def _loaded(load: Callable[[bytes, None], object], data: bytes, *, else_say: str) -> object:
    try:
        return load(data, None)
    except TypeError as error:  # it wants a passphrase
        raise UnfitError(_ENCRYPTED) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise UnfitError(else_say) from error


def _checked(key: object) -> str:
    if not isinstance(key, rsa.RSAPrivateKey):
        kind = type(key).__name__.replace("PrivateKey", "")
        raise UnfitError(f"This key is of the kind {kind}; Salesforce takes RSA only. Make one: {MAKE}")
    if key.key_size < MIN_BITS:
        raise UnfitError(
            f"This key has {key.key_size} bits; Salesforce takes {MIN_BITS} or more. "
            f"Make a new one with its certificate: {MAKE}"
        )
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _der_problem(raw: bytes) -> str:
    """Return what a binary file is that holds no plain key: a store has PKCS#7 in it, a locked key PBES2."""
    if b"\x2a\x86\x48\x86\xf7\x0d\x01\x07" in raw[:40]:
        return _STORE
    if b"\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d" in raw[:40]:  # PBES2
        return _ENCRYPTED
    return _NO_KEY
