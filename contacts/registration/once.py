"""When a form was shown, and what makes two posts the same registration."""

import json
import time
import uuid
from typing import Any

from django.core import signing
from django.utils.crypto import salted_hmac

SALT = "contacts.registration"


def stamp() -> str:
    """Return the present moment, signed: the form carries when it was shown."""
    return signing.dumps(time.time(), salt=SALT)


def age_s(stamped: str) -> float | None:
    """Return how long ago a form was shown, None if the stamp is not ours."""
    try:
        return time.time() - float(signing.loads(stamped, salt=SALT))
    except signing.BadSignature:
        return None


def key(browser: str, typed: dict[str, Any]) -> uuid.UUID:
    """Return the public id of the company that this browser registers with these words.

    The same words again (two clicks, going back and sending again) are the same company:
    whichever process is second meets the unique constraint. A number in the form would not
    do: a browser that goes back fetches the form anew and fills in the old words. Corrected
    words are a new company, which staff see as a possible duplicate: nothing typed is lost.
    """
    words = json.dumps([browser, typed], default=str, sort_keys=True)
    return uuid.UUID(bytes=salted_hmac(SALT, words, algorithm="sha256").digest()[:16], version=4)
