"""The trail of logins, refusals and changes of rights: one line each in the log stream.

    login_failed user="olga" address="203.0.113.1"

Values stand in quotes as JSON strings and are cut, so that nobody types a line of the
trail. Never pass a password, a session's id or a link that resets a password.
"""

import json
import logging
from collections.abc import Iterable

from django.http import HttpRequest

from synclog import visitors

logger = logging.getLogger("concord.security")

MAX_CHARS = 150  # as long as a username may be
MAX_LISTED = 20


def note(request: HttpRequest | None, event: str, **fields: str | Iterable[str]) -> None:
    """Log an event with who did it and from where. `user` is the person asking where it is not given."""
    logger.info("%s", line(request, event, **fields))


def warn(request: HttpRequest | None, event: str, **fields: str | Iterable[str]) -> None:
    """Log, as `note` does, what a person may want to be woken for."""
    logger.warning("%s", line(request, event, **fields))


def line(request: HttpRequest | None, event: str, **fields: str | Iterable[str]) -> str:
    """Write an event as one line."""
    who = {"user": _user_of(request), "address": visitors.address_of(request) if request else ""}
    return " ".join([event, *(f"{name}={_quoted(value)}" for name, value in (who | fields).items())])


def _user_of(request: HttpRequest | None) -> str:
    user = getattr(request, "user", None)
    return str(user.get_username()) if user is not None and user.is_authenticated else ""


def _quoted(value: str | Iterable[str]) -> str:
    if isinstance(value, str):
        return json.dumps(value[:MAX_CHARS])
    listed = [one[:MAX_CHARS] for one in value]
    more = [f"and {len(listed) - MAX_LISTED} more"] if len(listed) > MAX_LISTED else []
    return json.dumps([*listed[:MAX_LISTED], *more])
