"""After automatic sync was switched on: send what was changed before that, or leave it.

Only linked records in the state Changed are sent, and of those only what automatic
sync would send: enabled, and in a status that was chosen.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from connectors import queue, states
from connectors.admin import cells, company_configuration, connection_head, figures, syncing, tabs
from connectors.admin.board import health_of
from connectors.admin.chosen import listed
from connectors.entities import Entity
from connectors.kinds import Kind
from connectors.models import Connection
from connectors.states import State
from synclog import runs, words
from synclog.models import Run

ENTITY = "entity"  # the name under which the page's address and form name what was switched on


@dataclass(frozen=True, slots=True)
class Unsent:
    """What of one entity was changed and not sent: pks to send, and how many are left out."""

    entity: Entity[Any, Any]
    pks: list[int]
    left_out: int  # in a status that is not sent by itself

    @property
    def counted(self) -> str:
        """Return "31 companies"."""
        return words.counted(len(self.pks), self.entity.label, self.entity.label_plural)


def unsent(connection: Connection, entity: Entity[Any, Any]) -> Unsent:
    """Return what of an entity was changed and not sent."""
    changed = entity.links().filter(states.where(State.CHANGED), connection=connection)
    chosen = changed
    if company_configuration.statuses(entity):
        sent = company_configuration.sent_statuses(connection, entity)
        chosen = changed.filter(record__status__in=sent)
    pks = list(chosen.order_by("record_id").values_list("record_id", flat=True))
    return Unsent(entity, pks, changed.count() - len(pks))


def told(system: Kind, connection: Connection | None) -> SafeString:
    """Return what Yes and No mean, and what would stay behind. It carries the section's anchor."""
    anchor = '<span id="company-configuration"></span>'
    text = f"{anchor}Yes: {{}} are sent by themselves. No: only when someone clicks.{{}}"
    taken = company_configuration.taken(system)
    every = f"new and changed {listed([entity.label_plural for entity in taken])}"
    if company_configuration.asks_to_associate(system):
        every += f" that are enabled for {system.label}"
    left = format_html_join("", "{}", ((_stays(connection, it),) for it in taken)) if connection else ""
    return format_html(text, every, left)


def _stays(connection: Connection, entity: Entity[Any, Any]) -> SafeString:
    number = figures.changed(connection, entity)
    if not number:
        return format_html(" No {} has changes not sent.", entity.label)
    counted = words.counted(number, entity.label, entity.label_plural)
    have = "has" if number == 1 else "have"
    html = ' <a href="{}">{} {} changes not sent.</a>'
    return format_html(html, figures.grid(entity, tabs.CHANGED), counted, have)


def question(request: HttpRequest, connection: Connection, turned: Sequence[Entity[Any, Any]]) -> str:
    """Return where to ask about what these entities left unsent, "" where there is nothing to ask.

    Somebody who may not have records sent is told how many there are.
    """
    found = [unsent(connection, entity) for entity in turned if connection.pushes_automatically(entity.name)]
    found = [item for item in found if item.pks]
    mine = [item for item in found if connection_head.may_sync(request, item.entity)]
    for item in found:
        if item not in mine:
            verb = "was" if len(item.pks) == 1 else "were"
            text = f"{item.counted} changed before that and {verb} not sent. Someone with the right to sync"
            messages.info(request, f"From now on changes are sent by themselves. {text} can send them.")
    if not mine:
        return ""
    query = urlencode([(ENTITY, item.entity.name) for item in mine])
    return f"{reverse('admin:connectors_connection_send', args=[connection.pk])}?{query}"


def page(request: HttpRequest, site: Any, connection: Connection) -> HttpResponse:
    """Ask: system, environment, counts and calls; the button repeats verb and number."""
    found = [unsent(connection, entity) for entity in _asked(request, connection, request.GET)]
    total = sum(len(item.pks) for item in found)
    health = health_of(connection)
    context = {
        **site.each_context(request),
        "title": "Send what was changed",
        "opts": Connection._meta,
        "original": connection,  # for the way back in the head of the page
        "connection": connection,
        "cc_environment": cells.environment(connection),
        "number": f"{total:,}",
        "is_one": total == 1,
        "found": found,
        "left_out": [_left_out(item) for item in found if item.left_out],
        "calls": _calls(connection, found),
        "paused": states.pause_words(health) if health else "",
        "run": syncing.new_run_id(),
        "back": cells.address(Connection, "change", connection.pk),
    }
    return TemplateResponse(request, "concord/connection_send.html", context)


def _calls(connection: Connection, found: Sequence[Unsent]) -> str:
    """Return what it costs; where calls are paced nobody can tell how many one record takes."""
    if connection.system.is_paced:
        return "They go as fast as the limit on calls allows; a click on a single record goes ahead of them."
    number = sum(-(-len(item.pks) // connection.batch_size) for item in found)
    return f"About {words.counted(number, 'call', 'calls')} to {connection.system.label}."


def _left_out(item: Unsent) -> str:
    more = words.counted(item.left_out, f"more {item.entity.label}", f"more {item.entity.label_plural}")
    verb, have = ("was", "has") if item.left_out == 1 else ("were", "have")
    return f"{more} {verb} changed, but {have} a status that is not sent by itself: left out."


def send(request: HttpRequest, connection: Connection) -> HttpResponse:
    """Request what is still unsent, as one run, and tell the person."""
    asked = _asked(request, connection, request.POST)
    with transaction.atomic():
        found = [unsent(connection, entity) for entity in asked]
        run, is_new = _run(request, connection, found)
        results = [_request(request, item, connection, run) for item in found] if is_new else []
        _count_parents(run, results)
    _tell(request, run, found, results, is_new=is_new)
    return HttpResponseRedirect(cells.address(Connection, "change", connection.pk))


def _asked(request: HttpRequest, connection: Connection, query: Any) -> list[Entity[Any, Any]]:
    """Return the entities that the page is about. Raises PermissionDenied."""
    wanted = query.getlist(ENTITY)
    asked = [entity for entity in company_configuration.taken(connection.system) if entity.name in wanted]
    if not all(connection_head.may_sync(request, entity) for entity in asked):
        raise PermissionDenied
    return [entity for entity in asked if connection.pushes_automatically(entity.name)]


def _run(request: HttpRequest, connection: Connection, found: Sequence[Unsent]) -> tuple[Run, bool]:
    user: Any = request.user
    return runs.start(
        syncing.run_id(request),
        kind=Run.Kind.CLICK,
        label="Send what was changed",
        connection_id=connection.pk,
        connection_name=connection.name,
        entity=found[0].entity.name if len(found) == 1 else "",
        user=user,
        requested=sum(len(item.pks) for item in found),
    )


def _request(request: HttpRequest, item: Unsent, connection: Connection, run: Run) -> queue.Enqueued:
    by = request.user.get_username()
    chosen = {item.entity.name: item.pks}
    result = queue.enqueue_chosen(chosen, connection, run=run.pk, requested_by=by)[item.entity.name]
    if result.not_enabled:
        runs.add(run.pk, {"skipped": len(result.not_enabled)})
    return result


def _count_parents(run: Run, results: Sequence[queue.Enqueued]) -> None:
    """Count the parents that were requested along, so that the run's parts add up."""
    if parents := sum(result.parents for result in results):
        runs.widen(run.pk, parents)


def _tell(
    request: HttpRequest,
    run: Run,
    found: Sequence[Unsent],
    results: Sequence[queue.Enqueued],
    *,
    is_new: bool,
) -> None:
    follow = syncing.follow(request, run)
    if not is_new:
        text = format_html("This was asked for already; nothing was sent twice. {}", follow)
    elif not any(item.pks for item in found):
        text = format_html("{}", "Nothing was left to send: it was sent meanwhile.")
    else:
        queued = sum(result.queued for result in results)
        off = sum(len(result.not_enabled) for result in results)
        parts = [f"{queued:,} queued", *([f"{off:,} not enabled"] if off else [])]
        chosen = listed([item.counted for item in found if item.pks])
        text = format_html("{} chosen: {}. {}", chosen, ", ".join(parts), follow)
    messages.info(request, text)
