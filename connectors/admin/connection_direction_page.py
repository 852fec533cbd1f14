"""The page that asks before records go another way or a field gets another master, and takes the answer."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils import timezone

from connectors import doorbell, logbook
from connectors.admin import cells, connection_directions, seen
from connectors.admin.company_configuration import taken
from connectors.admin.compared import compared_after
from connectors.admin.connection_directions import MASTER, Wanted
from connectors.models import Connection
from connectors.states import capped
from synclog import words

REASON_CHARS = 100  # as the history keeps it


def page(request: HttpRequest, site: Any, connection: Connection, *, problem: str = "") -> HttpResponse:
    """Ask: what would be different, in numbers; the button repeats the act. Raises Http404."""
    asked = _asked(connection, request.POST if request.method == "POST" else request.GET)
    if not asked.is_new:
        return _nothing(request, connection, asked)
    context = {
        **site.each_context(request),
        "title": "Direction and masters",
        "opts": Connection._meta,
        "original": connection,  # for the way back in the head of the page
        "connection": connection,
        "cc_environment": cells.environment(connection),
        "question": connection_directions.question(asked),
        "button": connection_directions.button(asked),
        "consequences": connection_directions.consequences(asked),
        "entity": asked.entity.name,
        "direction": asked.direction.value,
        "masters": [(MASTER + name, master) for name, master in asked.masters.items()],
        "seen": request.POST.get(seen.SEEN) or seen.stamp(connection),
        "reason": request.POST.get("reason", "")[:REASON_CHARS],
        "reason_chars": REASON_CHARS,
        "problem": problem,
        "back": cells.address(Connection, "mapping", connection.pk),
    }
    if problem:
        context["seen"] = seen.stamp(connection)
    return TemplateResponse(request, "concord/connection_direction.html", context)


def decide(request: HttpRequest, site: Any, connection: Connection) -> HttpResponse:
    """Change it, unless somebody saved the connection after the page was opened. Raises Http404."""
    by = request.user.get_username()
    with compared_after(request, connection.pk), transaction.atomic():
        row = Connection.objects.select_for_update(no_key=True, of=("self",)).get(pk=connection.pk)
        asked = _asked(row, request.POST)
        if request.POST.get(seen.SEEN) != seen.stamp(row):
            return page(request, site, row, problem=_moved(row))
        if not asked.is_new:
            return _nothing(request, row, asked)
        told = connection_directions.told(asked)
        asked.apply()
        row._change_reason = request.POST.get("reason", "").strip()[:REASON_CHARS] or None
        # A worker that began before this sees by updated_at that it goes by what is no more.
        row.save(update_fields=["directions", "masters", "updated_at"])
        logbook.event(row, told, login_user=by, code="direction")
        doorbell.ring_after_commit(row.pk)
        messages.success(request, told)
    return _home(row)


def _asked(connection: Connection, query: Any) -> Wanted:
    for entity in taken(connection.system):
        is_read = connection_directions.is_read(connection.system, entity.name)
        if is_read and entity.name == query.get("entity"):
            return connection_directions.wanted(connection, entity, query)
    raise Http404


def _moved(connection: Connection) -> str:
    when = words.when(connection.updated_at, timezone.now())
    return (
        f"{seen.who(connection)} saved {capped(connection.name, seen.NAME_CHARS)} after you opened this "
        f"page, {when}. Nothing of yours is stored yet. This is what it would mean now."
    )


def _nothing(request: HttpRequest, connection: Connection, asked: Wanted) -> HttpResponse:
    many = asked.entity.label_plural
    messages.info(request, f"Nothing to change: that is how {many} of {connection.name} are set already.")
    return _home(connection)


def _home(connection: Connection) -> HttpResponse:
    return HttpResponseRedirect(cells.address(Connection, "mapping", connection.pk))
