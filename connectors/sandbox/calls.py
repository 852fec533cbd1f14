"""What was asked of the stand-ins: counts per route, and the last calls to look at."""

import threading
from collections import Counter, deque
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from .wire import Request, readable_body

KEPT = 50
HIDDEN_HEADERS = frozenset({"authorization", "authtoken", "cookie", "x-auth-token"})
HIDDEN_FORM_FIELDS = frozenset({"client_secret", "password", "assertion", "refresh_token"})


@dataclass(frozen=True, slots=True)
class Call:
    """One answered, or deliberately unanswered, call; status 0 means no answer was sent."""

    system: str
    route: str
    request: Request
    status: int
    faults: tuple[str, ...]
    seconds: float
    at: datetime

    def as_json(self) -> dict[str, Any]:
        """Return the call without anything that opens a door."""
        headers = {key: value for key, value in self.request.headers.items() if key not in HIDDEN_HEADERS}
        return {
            "system": self.system,
            "route": self.route,
            "method": self.request.method,
            "path": self.request.path,
            "query": dict(self.request.query),
            "headers": headers,
            "body": _body(self.request),
            "status": self.status,
            "faults": list(self.faults),
            "at": self.at.isoformat(timespec="milliseconds"),
            "ms": round(self.seconds * 1000, 2),
        }


class CallLog:
    """Counts for ever, remembers the last calls; bodies are decoded only when somebody looks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[str, Counter[str]] = {}
        self._last: deque[Call] = deque(maxlen=KEPT)

    def add(self, call: Call) -> None:
        """Remember one call."""
        with self._lock:
            self._counts.setdefault(call.system, Counter())[call.route] += 1
            self._last.append(call)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._counts.clear()
            self._last.clear()

    def counts(self) -> dict[str, dict[str, int]]:
        """Return the number of calls by system and route."""
        with self._lock:
            return {system: dict(counter) for system, counter in self._counts.items()}

    def last(self) -> list[Call]:
        """Return the last calls, oldest first."""
        with self._lock:
            return list(self._last)


def _body(request: Request) -> Any:
    if request.media_type != "application/x-www-form-urlencoded":
        return readable_body(request)
    pairs = parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True)
    return {key: "***" if key in HIDDEN_FORM_FIELDS else value for key, value in pairs}
