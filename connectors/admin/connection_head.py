"""What stands above a connection's form: how it fares, its buttons, the last test; and the retry."""

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html

from connectors import entities, queue, registry, states
from connectors.admin import cells, company_configuration, figures, other_org, syncing
from connectors.admin.board import health_of
from connectors.entities import Entity
from connectors.models import Connection
from synclog import runs, words
from synclog.models import Run

if TYPE_CHECKING:
    from connectors.admin.connection import ConnectionAdmin

ENVIRONMENTS = {
    Connection.Environment.PRODUCTION.value: "Live: what is sent changes real records.",
    Connection.Environment.SANDBOX.value: "A copy for trying: no customer sees what is sent.",
    Connection.Environment.REHEARSAL.value: "A stage of our own: nothing leaves this machine.",
}


def may_sync(request: HttpRequest, entity: Entity[Any, Any]) -> bool:
    """Return whether this person may have records of an entity sent."""
    meta = entity.model._meta
    return bool(request.user.has_perm(f"{meta.app_label}.sync_{meta.model_name}"))


def may_retry(request: HttpRequest, connection: Connection | None = None) -> bool:
    """Return whether this person may have records of every entity sent, of those that a connection takes."""
    names = None if connection is None else connection.system.entities
    return all(may_sync(request, entity) for entity in entities.in_order(names))


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
            runs.widen(run.pk, number)
            run.requested = number
    failed = words.counted(run.requested, "failed record is", "failed records are")
    messages.info(request, format_html("{} sent again. {}", failed, syncing.follow(request, run)))
    return run


def head(request: HttpRequest, page: "ConnectionAdmin", connection: Connection) -> dict[str, Any]:
    """Return what stands above a connection's form."""
    fares = health_of(connection)
    checks = fares.checks if fares else []
    now = timezone.now()
    retriable = sum(
        _retriable(entity, connection) for entity in entities.in_order(connection.system.entities)
    )
    may_change = page.has_change_permission(request, connection)
    return {
        "cc_tabs": tabs(connection, "change"),
        "cc_card": figures.card(connection, figures.figures()),
        "cc_checks": [_check(item) for item in checks if not _fits(item)],
        "cc_fitting": [_check(item) for item in checks if _fits(item)],
        "cc_all_checks": len(checks),
        "cc_failed_checks": any(item.get("ok") is not True for item in checks),
        "cc_tested": words.when(fares.tested_at, now) if fares and fares.tested_at else "",
        "cc_environment_words": ENVIRONMENTS.get(connection.environment, ""),
        "cc_guide": connection.system.setup_guide(connection.settings) if may_change else "",
        "cc_org": f"{fares.org_name} · {connection.org_id}".strip(" ·") if fares else "",
        "cc_other_org": other_org.notice(connection),
        "cc_is_paused": bool(fares and fares.is_paused()),
        "cc_awaits_test": connection.awaits_test,
        "cc_may_change": may_change,
        "cc_answers": [] if may_change else company_configuration.told(connection),
        "cc_retry": f"Retry {retriable:,} failed" if retriable and may_retry(request, connection) else "",
        "cc_urls": {
            what: cells.address(Connection, what, connection.pk)
            for what in ("test", "pause", "resume", "retry")
        },
        "cc_run": syncing.new_run_id(),
    }


def tiles(chosen: str = "") -> list[dict[str, Any]]:
    """Return what each system needs at hand, or the chosen one; without a choice each leads to its form."""
    url = cells.address(Connection, "add")
    return [
        {
            "label": kind.label,
            "title": kind.full_name,
            "at_hand": kind.at_hand,
            "guide": kind.setup_guide({}),
            "url": "" if chosen else f"{url}?kind={kind.slug}",
        }
        for kind in registry.kinds()
        if chosen in ("", kind.slug)
    ]


def tabs(connection: Connection, chosen: str) -> list[dict[str, Any]]:
    """Return the pages of one connection; `chosen` is the one that is shown."""
    titles = {"change": "Connection", "mapping": "Field mapping", "history": "History"}
    return [
        {"label": title, "url": cells.address(Connection, what, connection.pk), "is_chosen": what == chosen}
        for what, title in titles.items()
    ]


def _retriable(entity: Entity[Any, Any], connection: Connection) -> int:
    failed = entity.links().filter(states.needs_you(), connection=connection)
    return int(failed.exclude(code=states.CONFLICT).count())


def _fits(item: dict[str, Any]) -> bool:
    """Return whether a line is of a field that passed: those are many, and folded away."""
    return bool(item.get("about") and item.get("ok"))


def _check(item: dict[str, Any]) -> dict[str, Any]:
    marks = {True: ("passed", "good"), False: ("failed", "bad"), None: ("not tried", "calm")}
    mark = ("note", "note") if item.get("ok") and item.get("warns") else marks[item.get("ok")]
    return {
        "label": states.capped(str(item.get("label", "")), 200),
        "text": states.capped(str(item.get("text", "")), 1_000),
        "copy": states.capped(str(item.get("copy", "")), 2_000),
        "word": mark[0],
        "tone": mark[1],
    }
