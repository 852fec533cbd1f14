"""The certificate that an administrator registers for an app: only RSA, because assertions are RS256."""

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from cryptography.x509 import load_pem_x509_certificate


def registered_key(pem: str) -> RSAPublicKey:
    """Return the RSA key of a PEM, a public key or a certificate; raise ValueError, a sentence."""
    try:
        key = _public_key(pem)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ValueError("jwt_public_key is a PEM, a public key or a certificate") from error
    if not isinstance(key, RSAPublicKey):
        raise ValueError("jwt_public_key is an RSA key: assertions are signed with RS256")
    return key


def _public_key(pem: str) -> object:
    if "BEGIN CERTIFICATE" in pem:
        return load_pem_x509_certificate(pem.encode()).public_key()
    return load_pem_public_key(pem.encode())
