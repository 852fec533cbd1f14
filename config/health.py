"""What a load balancer or an orchestrator asks: does this process live, can it work?

Answered before anything else, so that neither host names, nor HTTPS, nor a login
stand in the way; nothing secret is told. The same answers have a port and a process
of their own (config/health_app.py), for whoever must not wait behind the console.
"""

import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import redis
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import Max, Min, Q
from django.http import HttpRequest, HttpResponse, JsonResponse
from django_celery_beat.models import PeriodicTask
from psycopg.errors import QueryCanceled

from connectors import clock, entities
from connectors.models import Connection, LinkQuerySet
from connectors.rendering import parent_is_there

BROKER_PATIENCE_S = 0.5
SCHEDULE_LATE_S = 120.0
SCHEDULE_AHEAD_S = 60.0  # two machines' clocks may differ by less

KEEP_S = 1.0  # an answer of /readyz
SHARE = 9  # a costly answer is kept so many times as long as it took: a flood costs a tenth of one process
STATEMENT_MS = 2_000  # the longest that one question to the database may take

Answer = Callable[[HttpRequest], HttpResponse]
Facts = tuple[dict[str, Any], int]  # with the status
NOT_YET: Facts = ({"status": "failing", "database": "not asked yet"}, 503)


class Readiness:
    """Ask whether work can be done, at most once in `keep_s` however many want to know.

    One thread asks; the others get the last answer meanwhile, or 503 where there is none yet.
    """

    def __init__(self, ask: Callable[[], Facts], keep_s: float = KEEP_S) -> None:
        self.ask, self.keep_s = ask, keep_s
        self._asking = threading.Lock()
        self.forget()

    def forget(self) -> None:
        """Have the next one who wants to know ask anew."""
        self._last: Facts | None = None
        self._until = 0.0

    def __call__(self) -> Facts:
        """Return the facts, and the status of the answer that tells them."""
        if self._last and time.monotonic() < self._until:
            return self._last
        if not self._asking.acquire(timeout=0 if self._last else self.keep_s):
            return self._last or NOT_YET
        try:
            started = time.monotonic()
            self._last = self.ask()
            ended = time.monotonic()
            self._until = ended + max(self.keep_s, SHARE * (ended - started))
            return self._last
        finally:
            self._asking.release()


def answer_first(get_response: Answer) -> Answer:
    """Be the first middleware: answer /healthz and /readyz, pass on the rest."""

    def middleware(request: HttpRequest) -> HttpResponse:
        page = PAGES.get(request.path)
        return page() if page else get_response(request)

    return middleware


def healthz() -> HttpResponse:
    """Say that this process answers."""
    return JsonResponse({"status": "ok"})


def readyz() -> HttpResponse:
    """Say whether work can be done: 503 without the database, else 200. At most some seconds old.

    `degraded` names what slows Concord down and loses nothing: the broker (doorbells
    are late), the schedule (nothing rings for what is due). `beat_ahead_s`: how far ahead of
    the database's clock its last run lies; its own clock is wrong, or was.
    """
    facts, status = readiness()
    return JsonResponse(facts, status=status)


PAGES: dict[str, Callable[[], HttpResponse]] = {"/healthz": healthz, "/readyz": readyz}


def _ask() -> Facts:
    try:
        facts = _from_database()
    except DatabaseError as error:
        if isinstance(error.__cause__, QueryCanceled):  # it answers, only not in time
            return {"status": "degraded", "database": "slow"}, 200
        return {"status": "failing", "database": "down"}, 503
    broker = "ok" if _broker_answers() else "degraded"
    is_late = facts["beat_age_s"] is None or facts["beat_age_s"] > SCHEDULE_LATE_S
    is_off = is_late or facts["beat_ahead_s"] > SCHEDULE_AHEAD_S
    status = "degraded" if is_off or broker != "ok" else "ok"
    return {"status": status, "database": "ok", "broker": broker, **facts}, 200


readiness = Readiness(_ask)


def _from_database() -> dict[str, Any]:
    """Ask the database. Raises DatabaseError where it does not answer in time."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL statement_timeout = {STATEMENT_MS}")
        return _facts(clock.now())


def _facts(now: datetime) -> dict[str, Any]:
    sweep = Min("last_run_at", filter=Q(name="sweep"))
    beat = PeriodicTask.objects.filter(enabled=True).aggregate(sweep=sweep, latest=Max("last_run_at"))
    return {
        "oldest_due_s": _age_s(now, _oldest_due(now)),
        "beat_age_s": _age_s(now, beat["sweep"]),
        "beat_ahead_s": _age_s(beat["latest"] or now, now),
    }


def _oldest_due(now: datetime) -> datetime | None:
    """Return since when the longest waiting record could have been sent, None if none waits.

    Those of paused and disabled connections don't count, nor do those whose parent is
    not over there: they wait on purpose.
    """
    talking = [
        account.pk
        for account in Connection.objects.filter(enabled=True).select_related("health")
        if not account.health.is_paused(now)
    ]
    waits = (
        LinkQuerySet(entity.link)
        .due()
        .filter(parent_is_there(entity), connection__in=talking)
        .aggregate(first=Min("not_before"))["first"]
        for entity in entities.in_order()
    )
    return min((wait for wait in waits if wait is not None), default=None)


def _age_s(now: datetime, moment: datetime | None) -> float | None:
    return None if moment is None else round(max(0.0, (now - moment).total_seconds()), 1)


def _broker_answers() -> bool:
    options = {"socket_connect_timeout": BROKER_PATIENCE_S, "socket_timeout": BROKER_PATIENCE_S}
    client = redis.Redis.from_url(settings.REDIS_URL, **options)
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()
