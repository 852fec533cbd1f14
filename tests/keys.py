"""Keys for tests, made once per run: making one takes a moment."""

from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import NameOID

PASSPHRASE = b"open sesame"


@cache
def made(name: str = "concord", bits: int = 2048) -> rsa.RSAPrivateKey:
    """Return the RSA key of this name."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def pem(key: rsa.RSAPrivateKey, form: PrivateFormat = PrivateFormat.PKCS8, *, locked: bool = False) -> bytes:
    """Return a private key as a file holds it."""
    lock: KeySerializationEncryption = BestAvailableEncryption(PASSPHRASE) if locked else NoEncryption()
    return key.private_bytes(Encoding.PEM, form, lock)


def public(key: rsa.RSAPrivateKey) -> bytes:
    """Return its public half as a file holds it."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def certificate(key: rsa.RSAPrivateKey, host: str = "concord.example") -> bytes:
    """Return a certificate for it, signed by itself, of this host."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "concord")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=1))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
