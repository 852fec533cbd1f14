"""The run's page: one click or one hour of automatic saves, and what it left."""

import uuid
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from connectors import entities, queue, states
from connectors.admin import cells, connection_head, run_cancel, syncing
from connectors.admin.board import health_of, synced_entities
from connectors.models import Connection
from connectors.protocol import UNANSWERED
from synclog import words
from synclog.models import Entry, Run
from synclog.strict_admin import StrictAdmin

SHOWN_ENTRIES = 50
SEGMENTS = (
    ("created", "created", "good"),
    ("updated", "updated", "good"),
    ("unchanged", "already in sync", "same"),
    ("rejected", "failed", "bad"),
    ("conflict", "needs your choice", "choice"),
    ("skipped", "not enabled", "calm"),
)


@admin.register(Run)
class RunAdmin(StrictAdmin):
    """Watch one run; know when it is over and what it left. Nobody edits it."""

    list_per_page = 50
    list_fullwidth = True
    list_before_template = "concord/lead.html"
    change_list_template = "concord/change_list.html"
    ordering = ["-started_at", "-id"]
    sortable_by: tuple[str, ...] = ()
    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return no: a click makes one."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Run | None = None) -> bool:
        """Return no: what happened stays as it was."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Run | None = None) -> bool:
        """Return no: age deletes."""
        return False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Show the runs, newest first."""
        lead = "One line per click, command or hour of automatic saves, newest first."
        return super().changelist_view(request, {"cc_lead": lead, "title": "Runs", **(extra_context or {})})

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """Return the columns; which runs still wait is read once per page."""
        waits = waiting_runs()

        def result(run: Run) -> SafeString:
            told = headline(run, waits.get(run.pk, 0))
            return format_html('<span class="cc-standing cc-tone-{}">{}</span>', told[1], told[0])

        return ["titled", "records", cells.titled(result, "result", "Result"), "by", "started"]

    def get_urls(self) -> list[URLPattern]:
        """Add the part that refreshes itself, the cancel, and the ways to send again."""
        view = self.admin_site.admin_view
        return [
            path("<uuid:pk>/live/", view(self.live_view), name="synclog_run_live"),
            path("<uuid:pk>/retry/", view(require_POST(self.retry_view)), name="synclog_run_retry"),
            path("<uuid:pk>/cancel/", view(require_POST(self.cancel_view)), name="synclog_run_cancel"),
            path("<uuid:pk>/rest/", view(require_POST(self.rest_view)), name="synclog_run_rest"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show one run."""
        run = self._seen(request, object_id)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": title(run),
            **run_context(request, run),
        }
        return TemplateResponse(request, "concord/run.html", context)

    def live_view(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        """Return the part of the page that refreshes itself."""
        context = run_context(request, self._seen(request, str(pk)))
        return TemplateResponse(request, "concord/run_live.html", context)

    def retry_view(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        """Ask again for what failed in this run, and follow that."""
        run = self._seen(request, str(pk))
        if not connection_head.may_retry(request):
            raise PermissionDenied
        account = _connection_of(run)
        if account is None:
            raise Http404
        again = connection_head.retry(request, account, only_run=run.pk)
        return HttpResponseRedirect(cells.run_url(again.pk))

    def cancel_view(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        """Send no more of this run."""
        run, account = self._stoppable(request, pk)
        if not run_cancel.is_cancellable(run):
            raise PermissionDenied
        run_cancel.cancel(request, run, account)
        return HttpResponseRedirect(cells.run_url(run.pk))

    def rest_view(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        """Send what a cancelled run left, and follow that."""
        run, account = self._stoppable(request, pk)
        again = run_cancel.send_rest(request, run, account)
        return HttpResponseRedirect(cells.run_url(again.pk))

    def _stoppable(self, request: HttpRequest, pk: uuid.UUID) -> tuple[Run, Connection]:
        run = self._seen(request, str(pk))
        account = _connection_of(run)
        if account is None:
            raise Http404
        if not run_cancel.may_cancel(request, run, account):
            raise PermissionDenied
        return run, account

    def _seen(self, request: HttpRequest, pk: str) -> Run:
        if not self.has_view_permission(request):
            raise PermissionDenied
        run: Run | None = self.get_object(request, pk)
        if run is None:
            raise Http404
        return run

    @admin.display(description="Run")
    def titled(self, run: Run) -> str:
        """Return what was asked for, and of which connection."""
        return f"{run.label or run.get_kind_display()} · {run.connection_name}"

    @admin.display(description="Records")
    def records(self, run: Run) -> str:
        """Return how many records were asked for."""
        return f"{run.requested:,}"

    @admin.display(description="By")
    def by(self, run: Run) -> str:
        """Return who asked for it."""
        return run.user_name or "Concord"

    @admin.display(description="Started")
    def started(self, run: Run) -> str:
        """Return when it began."""
        return words.when(run.started_at, timezone.now())


def _connection_of(run: Run) -> Connection | None:
    if run.connection_id is None:
        return None
    return Connection.objects.filter(pk=run.connection_id).select_related("health").first()


def title(run: Run) -> str:
    """Return "Sync with Salesforce: 500 companies, by admin, 10:38 PM"."""
    now = timezone.now()
    names = {entity.name: (entity.label, entity.label_plural) for entity in synced_entities()}
    counted = words.counted(run.requested, *names.get(run.entity, ("record", "records")))
    if run.kind == Run.Kind.AUTOMATIC:
        hour = timezone.localtime(run.started_at).replace(minute=0, second=0, microsecond=0)
        span = f"{words.dated(hour, now)} to {words.clock(hour + timedelta(hours=1))}"
        return f"Automatic, {span}: {counted}"
    by = f", by {run.user_name}" if run.user_name else ""
    return f"{run.label or run.get_kind_display()}: {counted}{by}, {words.dated(run.started_at, now)}"


def waiting_runs() -> dict[uuid.UUID, int]:
    """Return how many records wait, by run: the pending links are few and indexed."""
    found: dict[uuid.UUID, int] = {}
    for entity in entities.in_order():
        pending = entity.links().filter(state="pending").exclude(run=None).order_by()
        for row in pending.values("run").annotate(number=Count("pk")):
            if row["run"] is not None:
                found[row["run"]] = found.get(row["run"], 0) + row["number"]
    return found


def headline(run: Run, waits: int, in_flight: int = 0) -> tuple[str, str]:
    """Return the outcome in words with its tone. The worst one takes the headline.

    `in_flight`: withdrawn records whose call is under way still.
    """
    bad = []
    if run.rejected:
        bad.append(f"{run.rejected:,} failed")
    if run.conflict:
        bad.append(f"{run.conflict:,} {'needs' if run.conflict == 1 else 'need'} your choice")
    if waits:
        return ", ".join([f"{waits:,} waiting", *bad]), "bad" if bad else "busy"
    if run.cancelled_at:
        return f"Cancelled by {run.cancelled_by}: {_stopped(run, bad, in_flight)}", "bad" if bad else "warn"
    if bad:
        return f"Done, {', '.join(bad)}", "bad"
    if run.requested and run.unchanged == run.requested:
        all_of_them = "it was" if run.requested == 1 else f"all {run.requested:,} were"
        return f"Nothing to send: {all_of_them} already in sync", "calm"
    if not run.requested or not run.finished:
        return "Nothing to send", "calm"
    if run.skipped:
        return f"Done, {run.skipped:,} not sent: not enabled", "warn"
    return f"Done: {', '.join(_done(run))}", "good"


def _stopped(run: Run, bad: list[str], in_flight: int) -> str:
    parts = [f"{run.created + run.updated:,} sent", *bad]
    parts += [f"{in_flight:,} being sent"] if in_flight else []
    not_sent = run.withdrawn - in_flight
    return ", ".join([*parts, *([f"{not_sent:,} not sent"] if not_sent > 0 else [])])


def _done(run: Run) -> list[str]:
    pairs = ((run.created, "created"), (run.updated, "updated"), (run.unchanged, "already in sync"))
    return [f"{number:,} {word}" for number, word in pairs if number]


def run_context(request: HttpRequest, run: Run) -> dict[str, Any]:
    """Return what a run's page shows; the parts of the count add up to what was asked for."""
    waits = queue.waiting(run.pk)
    stop = run_cancel.context(request, run, _connection_of(run), waits)
    shown = _parts(run, waits, stop["in_flight"])
    told = headline(run, waits, stop["in_flight"])
    entries = Entry.objects.filter(run=run.pk).defer("request", "answer", "search").order_by("-id")
    left = _still_failed(run) if run.rejected and not waits and connection_head.may_retry(request) else 0
    return {
        "run": run,
        "headline": told[0],
        "tone": told[1],
        "parts": shown,
        "whole": f"{sum(part['number'] for part in shown):,}" if shown else "",
        "is_running": bool(waits or stop["in_flight"]),
        "calls": words.counted(run.calls, "call", "calls"),
        "took": words.lasting(run.started_at, run.last_at or timezone.now()) if shown else "",
        "entries": [_entry(entry) for entry in entries[:SHOWN_ENTRIES]],
        "log_url": f"{reverse('admin:synclog_entry_changelist')}?run={run.pk}",
        "reads_log": request.user.has_perm("synclog.view_entry"),
        "retry": f"Retry {left:,} failed" if left else "",
        "held_up": (_paused(run) or _unanswered(run)) if waits else "",
        "nonce": syncing.new_run_id(),
        "zone": words.zone(),
        **stop,
    }


def _parts(run: Run, waits: int, in_flight: int) -> list[dict[str, Any]]:
    """Return the parts that have a number, each with its share; they add up to what was asked for."""
    taken = max(0, run.requested - run.finished - run.withdrawn - waits)
    numbers = [(getattr(run, name), word, tone) for name, word, tone in SEGMENTS]
    numbers += [
        (max(0, run.withdrawn - in_flight), "not sent", "warn"),
        (in_flight, "being sent", "busy"),
        (waits, "waiting", "busy"),
        (taken, "taken over by a newer request, or deleted here", "calm"),
    ]
    whole = sum(number for number, _, _ in numbers) or 1
    return [
        {
            "number": number, "word": word, "tone": tone,
            "text": f"{number:,}", "share": f"{number / whole * 100:.3f}",
        }
        for number, word, tone in numbers if number
    ]  # fmt: skip


def _still_failed(run: Run) -> int:
    """Return how many a retry would ask for: those that no later request has taken over."""
    failed = (entity.links().filter(states.needs_you(), run=run.pk) for entity in entities.in_order())
    rows = (links.filter(connection=run.connection_id) for links in failed)
    return sum(links.exclude(code=states.CONFLICT).count() for links in rows)


def _paused(run: Run) -> str:
    """Return why what waits is not being sent, "" where it is."""
    connection = _connection_of(run)
    health = health_of(connection) if connection else None
    why = states.pause_words(health) if health else ""
    return f"{run.connection_name} sends nothing now: {why}. What waits is kept." if why else ""


def _unanswered(run: Run) -> str:
    """Return until when records are only looked for, which a call without an answer may still make."""
    wait = {"run": run.pk, "state": "pending", "code": UNANSWERED, "not_before__gt": timezone.now()}
    links = (
        entity.links().filter(**wait).values_list("not_before", flat=True) for entity in entities.in_order()
    )
    until = [moment for moments in links for moment in moments]
    if not until:
        return ""
    waits, them = ("record waits", "it") if len(until) == 1 else ("records wait", "them")
    return (
        f"{len(until):,} {waits} until {words.clock(max(until))}: a call got no answer and may still make "
        f"{them} in {run.connection_name}. A second call could make {them} twice."
    )


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "level": entry.level,
        "name": entry.object_name[:120],
        "sentence": entry.description[:400],
        "at": words.dated(entry.logged_at, timezone.now()),
        "url": reverse("admin:synclog_entry_change", args=[entry.pk]),
    }
