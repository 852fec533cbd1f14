"""After automatic sync was switched on: send what was changed or added before that, or leave it."""

from collections.abc import Mapping, Sequence
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
from connectors.admin.chosen import in_words, listed, number_of
from connectors.admin.unsent import ALL, CHANGED, Unsent, unsent
from connectors.entities import Entity
from connectors.kinds import Kind
from connectors.models import Connection
from synclog import runs, words
from synclog.models import Run

ENTITY = "entity"  # the name under which the page's address and form name what was switched on
WHAT = "what"  # posted with which of it shall go
TITLE = "Send what was not sent yet"
Wanted = Mapping[str, list[int]]  # pks by entity


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
    found = [item for item in found if item.total]
    mine = [item for item in found if connection_head.may_sync(request, item.entity)]
    for item in found:
        if item not in mine:
            text = f"Changes are sent automatically from now on. {_sentences(item)} Someone with the right to"
            messages.info(request, f"{text} sync can send them.")
    if not mine:
        return ""
    query = urlencode([(ENTITY, item.entity.name) for item in mine])
    return f"{reverse('admin:connectors_connection_send', args=[connection.pk])}?{query}"


def _sentences(item: Unsent) -> str:
    """Return both counts in sentences, as far as there is anything."""
    changed, never = len(item.changed), len(item.never) + len(item.disabled)
    parts = []
    if changed:
        verb = "was" if changed == 1 else "were"
        parts.append(f"{item.counted(changed)} changed before and {verb} not sent.")
    if never:
        parts.append(f"{item.counted(never)} {'was' if never == 1 else 'were'} never sent.")
    return " ".join(parts)


def page(request: HttpRequest, site: Any, connection: Connection) -> HttpResponse:
    """Ask: system, environment, counts and calls; the button repeats verb and number."""
    found = [unsent(connection, entity) for entity in _asked(request, connection, request.GET)]
    total = sum(item.total for item in found)
    health = health_of(connection)
    context = {
        **site.each_context(request),
        "title": TITLE,
        "opts": Connection._meta,
        "original": connection,  # for the way back in the head of the page
        "connection": connection,
        "cc_environment": cells.environment(connection),
        "number": f"{total:,}",
        "is_one": total == 1,
        "entities": [item.entity.name for item in found],
        "parts": [part for item in found for part in _parts(item, connection)],
        "what": WHAT,
        "ways": _ways(found),
        "left_out": [text for item in found for text in _left_out(item)],
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
    number = sum(-(-item.total // connection.batch_size) for item in found)
    return f"About {words.counted(number, 'call', 'calls')} to {connection.system.label}."


def _ways(found: Sequence[Unsent]) -> list[tuple[str, str]]:
    """Return the buttons, as what they post and their text: the first enables nothing, if it can."""
    changed = sum(len(item.changed) for item in found)
    never = sum(len(item.never) for item in found)
    disabled = sum(len(item.disabled) for item in found)
    ways = [("", f"Send {changed + never:,}")] if changed or never else []
    if disabled:
        ways.append((ALL, f"Enable and send {'all ' if ways else ''}{changed + never + disabled:,}"))
    if changed and never:
        ways.append((CHANGED, f"Send only the {changed:,} changed"))
    return ways


def _parts(item: Unsent, connection: Connection) -> list[tuple[str, str]]:
    """Return the counts with what they count; none is left out."""
    not_yet = f"never sent, and not enabled for {connection.name} yet"
    parts = [(item.changed, "changed and not sent"), (item.never, "never sent"), (item.disabled, not_yet)]
    return [(item.counted(len(pks)), what) for pks, what in parts if pks]


def _left_out(item: Unsent) -> list[str]:
    """Return a sentence on each kind of records that stay, with why."""
    found = []
    for number, what in ((item.changed_left, "changed"), (item.never_left, "never sent")):
        if number:
            more = words.counted(number, f"more {item.entity.label}", f"more {item.entity.label_plural}")
            verb, have = ("was", "has") if number == 1 else ("were", "have")
            found.append(
                f"{more} {verb} {what}, but {have} a status that is not sent automatically: left out."
            )
    return found


def send(request: HttpRequest, connection: Connection) -> HttpResponse:
    """Request what is still unsent, as one run, and tell the person."""
    asked = _asked(request, connection, request.POST)
    what = request.POST.get(WHAT, "")
    with transaction.atomic():
        found = [unsent(connection, entity) for entity in asked]
        wanted = {item.entity.name: item.to_send(what) for item in found}
        run, is_new = _run(request, connection, wanted)
        results = _request(request, wanted, connection, run) if is_new else {}
    _tell(request, run, wanted, results if is_new else None)
    return HttpResponseRedirect(cells.address(Connection, "change", connection.pk))


def _asked(request: HttpRequest, connection: Connection, query: Any) -> list[Entity[Any, Any]]:
    """Return the entities that the page is about. Raises PermissionDenied."""
    wanted = query.getlist(ENTITY)
    asked = [entity for entity in company_configuration.taken(connection.system) if entity.name in wanted]
    if not all(connection_head.may_sync(request, entity) for entity in asked):
        raise PermissionDenied
    return [entity for entity in asked if connection.pushes_automatically(entity.name)]


def _run(request: HttpRequest, connection: Connection, wanted: Wanted) -> tuple[Run, bool]:
    user: Any = request.user
    return runs.start(
        syncing.run_id(request),
        kind=Run.Kind.CLICK,
        label=TITLE,
        connection_id=connection.pk,
        connection_name=connection.name,
        entity=next(iter(wanted)) if len(wanted) == 1 else "",
        user=user,
        requested=number_of(wanted),
    )


def _request(request: HttpRequest, wanted: Wanted, connection: Connection, run: Run) -> syncing.Results:
    by = request.user.get_username()
    results = queue.enqueue_chosen(wanted, connection, run=run.pk, requested_by=by)
    if off := sum(len(result.not_enabled) for result in results.values()):
        runs.add(run.pk, {"skipped": off})
    return results


def _tell(request: HttpRequest, run: Run, wanted: Wanted, results: syncing.Results | None) -> None:
    follow = syncing.follow(request, run)
    if results is None:
        text = format_html("This was asked for already; nothing was sent twice. {}", follow)
    elif not number_of(wanted):
        text = format_html("{}", "Nothing was left to send: it was sent meanwhile.")
    else:
        queued = sum(result.queued for result in results.values())
        off = sum(len(result.not_enabled) for result in results.values())
        parts = [f"{queued:,} queued", *([f"{off:,} not enabled"] if off else [])]
        named = listed([in_words(name, len(pks)) for name, pks in wanted.items() if pks])
        along = syncing.before_them(results) + syncing.with_them(results)
        text = format_html("{} chosen: {}. {}{}", named, ", ".join(parts), along, follow)
    messages.info(request, text)
