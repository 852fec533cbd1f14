"""What stands above a connection's form: how it fares, its buttons, the last test; and the retry."""

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from connectors import queue, states
from connectors.admin import figures, syncing
from connectors.admin.board import health_of, synced_entities
from connectors.models import Connection
from synclog import runs, words
from synclog.models import Run

if TYPE_CHECKING:
    from connectors.admin.connection import ConnectionAdmin


def may_retry(request: HttpRequest) -> bool:
    """Return whether this person may have records of every entity sent."""
    models = (entity.model._meta for entity in synced_entities())
    return all(request.user.has_perm(f"{meta.app_label}.sync_{meta.model_name}") for meta in models)


def retry(request: HttpRequest, connection: Connection, *, only_run: Any = None) -> Run:
    """Begin a run of what failed, and tell how many. Records that need a choice are left."""
    user: Any = request.user
    with transaction.atomic():
        run, is_new = runs.start(
            syncing.run_id(request),
            kind=Run.Kind.CLICK,
            label="Retry failed",
            connection_id=connection.pk,
            connection_name=connection.name,
            entity="",
            user=user,
        )
        if is_new:
            by = user.get_username()
            number = queue.retry_failed(connection, None, run=run.pk, requested_by=by, only_run=only_run)
            Run.objects.filter(pk=run.pk).update(requested=number)
            run.requested = number
    failed = words.counted(run.requested, "failed record is", "failed records are")
    messages.info(request, format_html("{} sent again. {}", failed, syncing.follow(request, run)))
    return run


def head(request: HttpRequest, page: "ConnectionAdmin", connection: Connection) -> dict[str, Any]:
    """Return what stands above a connection's form."""
    fares = health_of(connection)
    now = timezone.now()
    numbers = figures.figures().get(connection.pk, figures.Figures())
    retriable = sum(_retriable(entity, connection) for entity in synced_entities())
    return {
        "cc_card": figures.card(connection, numbers),
        "cc_checks": [_check(item) for item in fares.checks] if fares else [],
        "cc_failed_checks": any(item.get("ok") is not True for item in fares.checks) if fares else False,
        "cc_tested": words.when(fares.tested_at, now) if fares and fares.tested_at else "",
        "cc_org": f"{fares.org_name} · {connection.org_id}".strip(" ·") if fares else "",
        "cc_is_paused": bool(fares and fares.is_paused(now)),
        "cc_may_change": page.has_change_permission(request, connection),
        "cc_retry": f"Retry {retriable:,} failed" if retriable and may_retry(request) else "",
        "cc_urls": {
            what: reverse(f"admin:connectors_connection_{what}", args=[connection.pk])
            for what in ("test", "pause", "resume", "retry")
        },
        "cc_run": syncing.new_run_id(),
    }


def _retriable(entity: Any, connection: Connection) -> int:
    failed = entity.links().filter(states.needs_you(), connection=connection)
    return int(failed.exclude(code=states.CONFLICT).count())


def _check(item: dict[str, Any]) -> dict[str, Any]:
    marks = {True: ("passed", "good"), False: ("failed", "bad"), None: ("not tried", "calm")}
    mark = marks[item.get("ok")]
    return {
        "label": states.capped(str(item.get("label", "")), 200),
        "text": states.capped(str(item.get("text", "")), 1_000),
        "copy": states.capped(str(item.get("copy", "")), 2_000),
        "word": mark[0],
        "tone": mark[1],
    }
