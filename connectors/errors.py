"""What can go wrong, named for what the caller does next.

    ConnectorError(message_for_user, detail_for_us, code)
    ├─ Transient(retry_after_s?)  raised: back off the connection; yielded: this record only
    │  └─ RateLimited             raised: pause until retry_after_s; no attempt is counted
    ├─ AuthFailed                 raised: pause until the login changes or a test succeeds
    ├─ Misconfigured              raised: the same, for "field X does not exist over there"
    ├─ Withdrawn                  raised: nobody wants the next call any more: claim anew
    └─ Rejected(errors)           this record fails until it is edited or retried
    LeaseLost                     another worker has taken over: stop, touch nothing

Raise for the connection, return an `Outcome` for the record. Whatever is not in this
tree is a bug of ours: `push.py` logs it and blames the lone record, and never
retries it by default.
"""

from collections.abc import Mapping

from connectors.text import storable


class ConnectorError(Exception):
    """Carry two texts: `message` says what to do, `detail` what happened.

    Neither may hold a secret. `code` is a short word for filters and folding.
    """

    code = "error"

    def __init__(self, message: str, *, detail: str = "", code: str = "") -> None:
        super().__init__(message)
        self.message = str(storable(message))  # both may quote the other side
        self.detail = str(storable(detail))
        self.code = code or type(self).code

    def __str__(self) -> str:
        return f"{self.message} [{self.code}] {self.detail}".strip()


class Transient(ConnectorError):
    """Report what passes by itself: 5xx, time-outs, locked rows.

    `halves` says that a smaller batch may get through (500, 413, time-outs):
    the next batch is half as big and starts at once. Otherwise the connection
    pauses, for `retry_after_s` seconds if the other side said so.
    """

    code = "transient"

    def __init__(
        self,
        message: str,
        *,
        detail: str = "",
        code: str = "",
        retry_after_s: float | None = None,
        halves: bool = False,
    ) -> None:
        super().__init__(message, detail=detail, code=code)
        self.retry_after_s = retry_after_s
        self.halves = halves


class RateLimited(Transient):
    """Report a used-up quota: pause, keep the batch size, count no attempt."""

    code = "rate_limited"


class AuthFailed(ConnectorError):
    """Report a refused login: pause until the login changes or a test succeeds.

    `after_login` says that the login itself was accepted and what it gave was not:
    two workers' sessions may have been ended at once, so only the third such error
    in a row pauses until a person acts.
    """

    code = "login"

    def __init__(self, message: str, *, detail: str = "", code: str = "", after_login: bool = False) -> None:
        super().__init__(message, detail=detail, code=code)
        self.after_login = after_login


class Misconfigured(ConnectorError):
    """Report that the remote side lacks something we were told to use."""

    code = "setup"


class Withdrawn(ConnectorError):
    """Report that what the next call would send is not wanted any more: a run was cancelled.

    Raised before the call. What was answered stands, the rest is released, and nobody backs off.
    """

    code = "withdrawn"


class Rejected(ConnectorError):
    """Report that this record cannot be sent as it is.

    `errors` maps our field names to one sentence each.
    """

    code = "rejected"

    def __init__(
        self, message: str, *, errors: Mapping[str, str] | None = None, detail: str = "", code: str = ""
    ) -> None:
        super().__init__(message, detail=detail, code=code)
        self.errors = dict(errors or {})


class LeaseLost(Exception):
    """Tell a talker that its slot was given to somebody else: stop at once."""
