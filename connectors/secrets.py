"""Credentials at rest: encrypted with keys from the environment, never SECRET_KEY.

The first key of CONCORD_ENCRYPTION_KEYS writes, all of them read; so a key is
changed by putting a new one in front and running `manage.py rotate_keys`.
"""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models

if TYPE_CHECKING:
    _Text = models.TextField[Any, Any]
else:
    _Text = models.TextField


class SecretsUnreadableError(Exception):
    """Tell that none of the keys opens what is stored: a key was lost or changed."""


def cipher() -> MultiFernet:
    """Return the cipher. Raises ImproperlyConfigured where a key is malformed."""
    try:
        return MultiFernet([Fernet(key) for key in settings.ENCRYPTION_KEYS])
    except (ValueError, TypeError) as error:
        raise ImproperlyConfigured(
            "CONCORD_ENCRYPTION_KEYS must be one or more Fernet keys, comma-separated."
        ) from error


def encrypt(value: Any) -> str:
    """Return a JSON value encrypted as text."""
    return cipher().encrypt(json.dumps(value).encode()).decode()


def decrypt(text: str) -> Any:
    """Return what `encrypt` was given. Raises SecretsUnreadableError."""
    try:
        return json.loads(cipher().decrypt(text.encode()))
    except InvalidToken as error:
        raise SecretsUnreadableError("None of the encryption keys opens this value.") from error


class Secret(dict[str, Any]):
    """A dict that doesn't show its values, neither in a traceback nor in a log."""

    unreadable = False

    def __repr__(self) -> str:
        return f"<secret: {', '.join(sorted(self))}>"

    __str__ = __repr__


class EncryptedJSONField(_Text):
    """Store a JSON object encrypted; the model sees a `Secret`.

    Reading with the wrong key gives an empty Secret marked `unreadable`, so that a
    page can say it instead of failing; connecting then asks for the login anew.
    """

    if TYPE_CHECKING:  # what django-stubs reads: a model takes a mapping and gives a Secret
        _pyi_private_set_type: Mapping[str, Any]  # type: ignore[assignment]
        _pyi_private_get_type: Secret  # type: ignore[assignment]

    def get_lookup(self, lookup_name: str) -> Any:
        """Offer no look-up but isnull: a pattern would read what is stored letter by letter."""
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None

    def get_transform(self, name: str) -> None:
        """Offer none."""
        return

    def from_db_value(self, value: str | None, *_: object) -> Secret:
        """Decrypt. Never raises: see the class."""
        try:
            return Secret(decrypt(value) if value else {})
        except SecretsUnreadableError:
            unreadable = Secret()
            unreadable.unreadable = True
            return unreadable

    def to_python(self, value: Any) -> Secret:
        """Return the value as a Secret."""
        return value if isinstance(value, Secret) else Secret(value or {})

    def get_prep_value(self, value: Any) -> str:
        """Encrypt. Raises SecretsUnreadableError rather than overwrite what a lost key hides."""
        if isinstance(value, Secret) and value.unreadable:
            raise SecretsUnreadableError("The stored credentials can't be read; enter them anew.")
        return encrypt(dict(value or {}))

    def value_to_string(self, obj: models.Model) -> str:
        """Serialise encrypted: dumpdata must not print a secret."""
        return self.get_prep_value(self.value_from_object(obj))
