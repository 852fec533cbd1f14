"""When a form was shown, that it is posted once, and what makes two posts the same registration."""

import json
import secrets
import time
import uuid
from typing import Any

from django.core import signing
from django.utils.crypto import salted_hmac

from synclog import rate_limits

SALT = "contacts.registration"
OLDEST_S = 12 * 3600


def stamp() -> str:
    """Sign the present moment and a number: the form carries when it was shown."""
    return signing.dumps([time.time(), secrets.token_hex(8)], salt=SALT)


def age_s(stamped: str) -> float | None:
    """How long ago a form was shown; None if the stamp is not ours, or older than half a day."""
    try:
        shown_at, _ = signing.loads(stamped, salt=SALT)
        age = time.time() - float(shown_at)
    except (signing.BadSignature, TypeError, ValueError):
        return None
    return age if age <= OLDEST_S else None


def use(stamped: str, key: uuid.UUID) -> bool:
    """Use a stamp for one registration; False where another one used it. Two clicks are the same one.

    Ask the throttle before: each stamp that is used is a key in the broker for half a day.
    """
    _, mark = signing.loads(stamped, salt=SALT)
    return rate_limits.first(f"stamp/{mark}", str(key), OLDEST_S) == str(key)


def key(browser: str, typed: dict[str, Any]) -> uuid.UUID:
    """Return the public id of the company that this browser registers with these words.

    The same words again (two clicks, going back and sending again) are the same company:
    whichever process is second meets the unique constraint. A number in the form would not
    do: a browser that goes back fetches the form anew and fills in the old words. Corrected
    words are a new company, which staff see as a possible duplicate: nothing typed is lost.
    """
    words = json.dumps([browser, typed], default=str, sort_keys=True)
    return uuid.UUID(bytes=salted_hmac(SALT, words, algorithm="sha256").digest()[:16], version=4)
