"""The JWT bearer login: an assertion that the private key signs, and no shared secret.

Source: help, remoteaccess_oauth_jwt_flow; the fact sheet's section 2.1.
"""

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import jwt

from connectors.errors import AuthFailed
from connectors.protocol import Account

NAME = "jwt_bearer"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
LIFETIME_S = 180  # "a few minutes ahead"
MAX_OFF_S = 90  # more between the two clocks, and assertions get refused for it
MY_DOMAIN = "my_domain"
PRODUCTION, SANDBOX = "https://login.salesforce.com", "https://test.salesforce.com"


def audience(account: Account) -> str:
    """Return whom the assertion is for: as chosen, else what fits the connection's environment."""
    chosen = account.credentials.get("audience", "")
    if chosen == MY_DOMAIN:
        parts = urlsplit(account.base_url)
        return f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/")
    return chosen or (PRODUCTION if account.environment == "production" else SANDBOX)


def form(account: Account, now: Callable[[], float] = time.time) -> dict[str, str]:
    """Return what is posted. Raises AuthFailed where the stored key can't sign."""
    claims = {
        "iss": account.credentials.get("client_id", ""),
        "sub": account.credentials.get("username", ""),
        "aud": audience(account),
        "exp": int(now()) + LIFETIME_S,
    }
    try:
        signed = jwt.encode(claims, account.credentials.get("private_key", ""), algorithm="RS256")
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        raise AuthFailed(
            "The stored private key can't be used. Upload it again on the connection's page.", code="key"
        ) from error
    return {"grant_type": GRANT, "assertion": signed}


def clock_off(headers: Mapping[str, str], now: float) -> str:
    """Return how this machine's clock differs from theirs, "" if it hardly does or they don't tell."""
    try:
        theirs: datetime = parsedate_to_datetime(headers.get("Date", ""))
    except (TypeError, ValueError):
        return ""
    off_s = now - theirs.timestamp()
    if abs(off_s) <= MAX_OFF_S:
        return ""
    return f"{_about(abs(off_s))} {'ahead of' if off_s > 0 else 'behind'} Salesforce's"


def _about(seconds: float) -> str:
    minutes = max(1, round(seconds / 60))
    if minutes < 120:
        return f"about {minutes} minute{'' if minutes == 1 else 's'}"
    return f"about {round(minutes / 60)} hours"


def of(credentials: Mapping[str, Any]) -> bool:
    """Return whether these credentials log in this way."""
    return credentials.get("login") == NAME
