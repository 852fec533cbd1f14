"""How Concord learns of changes over there: what it looks at, what it is told, and the buttons for both.

A section of the connection's page, for systems that can be read.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.http import require_POST

from connectors import entities, hooks, pull
from connectors.admin import cells
from connectors.errors import ConnectorError
from connectors.hooks import Signature
from connectors.inbound import HookState
from connectors.models import Connection, Cursor, Listener, Stray
from connectors.pulling import passes
from connectors.states import capped
from synclog import words

if TYPE_CHECKING:
    from unfold.admin import ModelAdmin as _Admin
else:
    _Admin = object

SHOWN = 5  # records that are not here
STATES = {  # word, tone, what it means
    HookState.LISTENING: ("listens", "good", ""),
    HookState.MISSING: ("missing", "bad", "Not registered."),
    HookState.OFF: ("off", "bad", "Switched off over there: deliveries failed, or none was needed for long."),
    HookState.ASTRAY: ("astray", "bad", "Goes to another address, or does not carry Concord's secret."),
}
SIGNATURES = {
    Signature.UNCHECKED: "Not checked: its client secret is not stored with the login.",
    Signature.NOT_YET: (
        "Not signed yet: Concord's own secret in their header decides. From the first signed delivery on, "
        "unsigned ones are refused."
    ),
    Signature.SEEN: "Required: they come signed, and unsigned ones are refused.",
    Signature.FORCED: "Required by the setting Require signatures: unsigned ones are refused.",
}


class InboundViewsMixin(_Admin):
    """The section's buttons. Each is a POST of whoever may change the connection."""

    def get_urls(self) -> list[URLPattern]:
        """Add the addresses."""
        views: dict[str, Callable[[HttpRequest, Connection], None]] = {
            "fetch": _fetch,
            "hooks": _register,
            "unhook": _unhook,
            "believe": _believe,
        }
        own = [
            path(
                f"<int:pk>/{what}/",
                self.admin_site.admin_view(require_POST(self._button(act))),
                name=f"connectors_connection_{what}",
            )
            for what, act in views.items()
        ]
        return [*own, *super().get_urls()]

    def _button(self, act: Callable[[HttpRequest, Connection], None]) -> Callable[..., HttpResponse]:
        def view(request: HttpRequest, pk: int) -> HttpResponse:
            connection = Connection.objects.select_related("health", "listener").filter(pk=pk).first()
            if connection is None:
                raise Http404
            if not self.has_change_permission(request, connection):
                raise PermissionDenied
            if not connection.system.directions:
                raise Http404
            act(request, connection)
            return HttpResponseRedirect(f"{cells.address(Connection, 'change', pk)}#cc-inbound")

        return view


def _fetch(request: HttpRequest, connection: Connection) -> None:
    pull.ask(connection, by=request.user.get_username())
    where = connection.system.label
    if connection.health.is_paused():
        text = f"{connection.name} is paused. {where} is asked for changes as soon as it goes on."
        messages.warning(request, text)
    elif not pull.kinds_of(connection):
        text = f"Nothing is linked to {where} yet and nothing comes from there, so there is nothing to fetch."
        messages.info(request, text)
    else:
        messages.info(
            request,
            f"{where} is asked for what changed since the last look. What comes in stands in the log.",
        )


def _register(request: HttpRequest, connection: Connection) -> None:
    if connection.system.hooks is None:
        raise Http404
    if said := hooks.trouble(connection):
        messages.error(request, f"No webhook was registered. {said}")
        return
    try:
        lines = hooks.register(connection, by=request.user.get_username())
    except ConnectorError as error:
        messages.error(request, f"No webhook was registered. {error.message}")
        return
    deaf = [line for line in lines if line.state != HookState.LISTENING]
    where = connection.system.label
    if deaf:
        told = f"{len(lines) - len(deaf)} of {len(lines)} kinds of changes"
        text = f"{where} tells Concord of {told}. See below what is wrong."
        messages.warning(request, text)
    else:
        messages.success(request, f"{where} tells Concord of all {len(lines)} kinds of changes.")


def _unhook(request: HttpRequest, connection: Connection) -> None:
    if connection.system.hooks is None:
        raise Http404
    try:
        number = hooks.remove(connection, by=request.user.get_username())
    except ConnectorError as error:
        messages.error(request, f"No webhook was removed. {error.message}")
        return
    text = f"{words.counted(number, 'webhook was', 'webhooks were')} removed. {_rhythm(connection)}"
    messages.info(request, text)


def _believe(request: HttpRequest, connection: Connection) -> None:
    pull.believe(connection, by=request.user.get_username())
    text = (
        f"{connection.system.label} is asked for each of them by its id. Those that are not there become "
        "“Gone over there”; nothing is deleted."
    )
    messages.info(request, text)


def section(connection: Connection, *, may_change: bool) -> dict[str, Any]:
    """Return the section's context, {} for a system that is not read."""
    system = connection.system
    if not system.directions:
        return {}
    listener = Listener.objects.filter(connection=connection).first()
    lines = [_line(line) for line in listener.lines] if listener else []
    is_listening = bool(lines) and all(line["tone"] == "good" for line in lines)
    return {
        "cc_inbound": {
            "where": system.label,
            "sentence": _sentence(connection, is_registered=bool(lines), is_listening=is_listening),
            "looks": _looks(connection),
            "strays": _strays(connection),
            "doubts": _doubts(connection),
            "has_hooks": system.hooks is not None,
            "hooks": _hooks(connection, listener, lines, is_listening=is_listening),
            "may_change": may_change,
            "urls": {
                what: cells.address(Connection, what, connection.pk)
                for what in ("fetch", "hooks", "unhook", "believe")
            },
        }
    }


def _sentence(connection: Connection, *, is_registered: bool, is_listening: bool) -> str:
    where = connection.system.label
    if is_listening:
        return f"{where} tells Concord of changes as they happen. {_rhythm(connection)}"
    if is_registered:
        return f"Not all webhooks listen: press Repair webhooks. {_rhythm(connection)}"
    if connection.system.hooks is None or hooks.trouble(connection):
        return _rhythm(connection)
    return f"{_rhythm(connection)} With webhooks {where} tells of them as they happen."


def _rhythm(connection: Connection) -> str:
    minutes = int(passes.poll_s(connection) / 60)
    where = connection.system.label
    if not minutes:
        return f"Concord looks for changes in {where} only when someone presses Fetch from {where}."
    every = "every minute" if minutes == 1 else f"every {minutes} minutes"
    return f"Concord looks for changes in {where} {every}, and through all records once a night."


def _looks(connection: Connection) -> list[dict[str, str]]:
    """Return when each list was looked at last, and what went wrong."""
    now = timezone.now()
    cursors = {cursor.entity: cursor for cursor in Cursor.objects.filter(connection=connection)}
    concerned = {kind.name for kind in pull.kinds_of(connection)}
    looks = []
    for kind in entities.in_order(connection.system.directions):
        cursor = cursors.get(kind.name)
        many = connection.system.record_words[kind.name][1]
        when = "not yet" if kind.name in concerned else f"not yet: no {many} are linked"
        when = words.when(cursor.looked_at, now) if cursor and cursor.looked_at else when
        if cursor and cursor.full_since:
            when = f"{when} · the whole list is being read"
        looks.append({"label": many, "when": when, "trouble": capped(cursor.trouble, 300) if cursor else ""})
    return looks


def _strays(connection: Connection) -> dict[str, Any]:
    """Return the records over there that are not here, and why; the newest few in full."""
    told = Stray.objects.filter(connection=connection).exclude(message="")
    rows = told.order_by("-seen_at", "-pk")
    number = rows.count()
    one, many = "record is not here", "records are not here"
    return {
        "number": number,
        "counted": f"{words.counted(number, one, many)}",
        "shown": [capped(row.message, 400) for row in rows[:SHOWN]],
        "more": max(0, number - SHOWN),
    }


def _doubts(connection: Connection) -> list[str]:
    """Return which lists left out too many to believe it."""
    doubted = {
        cursor.entity: cursor.doubted
        for cursor in Cursor.objects.filter(connection=connection, doubted__gt=0, is_believed=False)
    }
    system = connection.system
    return [words.counted(number, *system.record_words[entity]) for entity, number in sorted(doubted.items())]


def _hooks(
    connection: Connection, listener: Listener | None, lines: list[dict[str, Any]], *, is_listening: bool
) -> dict[str, Any]:
    now = timezone.now()
    is_registered = bool(listener and listener.address)
    return {
        "address": hooks.address(connection),
        "trouble": hooks.trouble(connection),
        "lines": lines,
        "is_listening": is_listening,
        "is_registered": is_registered,
        "label": "Repair webhooks" if is_registered else "Register webhooks",
        "signature": SIGNATURES[hooks.signature(connection, listener)],
        "heard": words.when(listener.heard_at, now) if listener and listener.heard_at else "none yet",
        "looked": words.when(listener.looked_at, now) if listener and listener.looked_at else "",
    }


def _line(line: dict[str, Any]) -> dict[str, Any]:
    word, tone, meaning = STATES[HookState(line["state"])]
    text = capped(str(line["text"]), 300) or meaning
    return {"label": line["label"], "word": word, "tone": tone, "text": text}
