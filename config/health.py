"""What a load balancer or an orchestrator asks: does this process live, can it work?

Answered before anything else, so that neither host names, nor HTTPS, nor a login
stand in the way; nothing secret is told.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import redis
from django.conf import settings
from django.db import DatabaseError
from django.db.models import Min
from django.http import HttpRequest, HttpResponse, JsonResponse
from django_celery_beat.models import PeriodicTask

from connectors import clock, entities
from connectors.models import Connection, LinkQuerySet
from connectors.rendering import parent_is_there

BROKER_PATIENCE_S = 0.5
SCHEDULE_LATE_S = 120.0

Answer = Callable[[HttpRequest], HttpResponse]


def answer_first(get_response: Answer) -> Answer:
    """Be the first middleware: answer /healthz and /readyz, pass on the rest."""
    pages = {"/healthz": healthz, "/readyz": readyz}

    def middleware(request: HttpRequest) -> HttpResponse:
        page = pages.get(request.path)
        return page() if page else get_response(request)

    return middleware


def healthz() -> HttpResponse:
    """Say that this process answers."""
    return JsonResponse({"status": "ok"})


def readyz() -> HttpResponse:
    """Say whether work can be done: 503 without the database, else 200.

    `degraded` names what slows Concord down and loses nothing: the broker (doorbells
    are late), the schedule (nothing rings for what is due).
    """
    try:
        facts = _from_database()
    except DatabaseError:
        return JsonResponse({"status": "failing", "database": "down"}, status=503)
    broker = "ok" if _broker_answers() else "degraded"
    is_late = facts["beat_age_s"] is None or facts["beat_age_s"] > SCHEDULE_LATE_S
    status = "degraded" if is_late or broker != "ok" else "ok"
    return JsonResponse({"status": status, "database": "ok", "broker": broker, **facts})


def _from_database() -> dict[str, Any]:
    now = clock.now()
    beat = PeriodicTask.objects.filter(name="sweep").aggregate(last=Min("last_run_at"))["last"]
    return {"oldest_due_s": _age_s(now, _oldest_due(now)), "beat_age_s": _age_s(now, beat)}


def _oldest_due(now: datetime) -> datetime | None:
    """Return since when the longest waiting record could have been sent, None if none waits.

    Those of paused and disabled connections don't count, nor do those whose parent is
    not over there: they wait on purpose.
    """
    talking = [
        connection.pk
        for connection in Connection.objects.filter(enabled=True).select_related("health")
        if not connection.health.is_paused(now)
    ]
    waits = (
        LinkQuerySet(entity.link)
        .due(now)
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
