"""Which kind of system this is, and what must hold before it may start.

Every check raises ImproperlyConfigured with what to correct, and repeats no secret.
"""

from collections.abc import Iterable, Mapping, Sequence

from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

DEVELOPMENT, REHEARSAL, PRODUCTION = KINDS = ("development", "rehearsal", "production")
DATABASE_ENGINES = ("django.db.backends.postgresql", "config.local_database")
NEEDED = ("SECRET_KEY", "CONCORD_ENCRYPTION_KEYS", "DATABASE_URL", "REDIS_URL")
# As Django's own warning has it (security.W009).
SECRET_KEY_LENGTH, SECRET_KEY_CHARACTERS, SECRET_KEY_MARK = 50, 5, "django-insecure-"
_HOW = "How one is made: .env.example."


def check_kind(value: str) -> None:
    """Refuse a kind that is none: a misspelled one must not run as development."""
    if value not in KINDS:
        raise ImproperlyConfigured(
            f"CONCORD_ENV is '{value}'; it must be {', '.join(KINDS[:-1])} or {KINDS[-1]}."
        )


def check_presence(values: Mapping[str, str]) -> None:
    """Refuse to make up what somebody must have decided."""
    for name in NEEDED:
        if not values.get(name):
            raise ImproperlyConfigured(f"{name} is missing. What it is for: .env.example.")


def check_closed(secret_key: str, hosts: Iterable[str], *, debug: bool) -> None:
    """Refuse what would let strangers forge sessions, read source code, or choose the host name in links."""
    if (
        len(secret_key) < SECRET_KEY_LENGTH
        or len(set(secret_key)) < SECRET_KEY_CHARACTERS
        or secret_key.startswith(SECRET_KEY_MARK)
    ):
        raise ImproperlyConfigured(
            f"SECRET_KEY is too easy to guess; it needs {SECRET_KEY_LENGTH} random characters. {_HOW}"
        )
    if debug:
        raise ImproperlyConfigured("DEBUG is on: errors would show source code to everybody. Remove it.")
    if "*" in hosts:
        raise ImproperlyConfigured("ALLOWED_HOSTS has *: name the hosts where people find the console.")


def check_database(engine: str) -> None:
    """Refuse every database but PostgreSQL: the queue's statements are written for it."""
    if engine not in DATABASE_ENGINES:
        raise ImproperlyConfigured(
            f"DATABASE_URL names {engine.rpartition('.')[2]}; Concord runs on PostgreSQL alone. {_HOW}"
        )


def check_encryption_keys(keys: Sequence[str]) -> None:
    """Refuse keys that could not encrypt the first login that somebody enters, and a list of none."""
    if not keys:
        raise ImproperlyConfigured(f"CONCORD_ENCRYPTION_KEYS holds no key. {_HOW}")
    for number, key in enumerate(keys, start=1):
        try:
            Fernet(key)
        except ValueError:
            raise ImproperlyConfigured(
                f"CONCORD_ENCRYPTION_KEYS: key {number} of {len(keys)} is not a key. {_HOW}"
            ) from None  # the cause might repeat the key
