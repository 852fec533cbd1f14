"""The number that each shown form carries, so that posting it twice makes one company.

It becomes the company's public id: whoever posts second meets the unique constraint,
whichever process takes the post. Signed, so that nobody chooses it; it never expires,
because one company is all that it can make.
"""

import time
import uuid
from dataclasses import dataclass

from django.core import signing

SALT = "contacts.registration"


@dataclass(frozen=True, slots=True)
class Nonce:
    """`key` is the company's public id to be, `shown_at` when the form was made (Unix time)."""

    key: uuid.UUID
    shown_at: float

    def signed(self) -> str:
        """Return it as the form carries it."""
        return signing.dumps([self.key.hex, self.shown_at], salt=SALT)

    def age_s(self) -> float:
        """Return how long ago the form was shown."""
        return time.time() - self.shown_at


def new() -> Nonce:
    """Return the nonce of a form that is shown now."""
    return Nonce(uuid.uuid4(), time.time())


def read(signed: str) -> Nonce | None:
    """Return the nonce that a form carried, None if it was not ours."""
    try:
        key, shown_at = signing.loads(signed, salt=SALT)
    except signing.BadSignature:
        return None
    return Nonce(uuid.UUID(key), shown_at)
