"""Records over there whose own were deleted here meanwhile: a section of the connection's page."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from connectors import doorbell
from connectors.admin import cells, figures
from connectors.models import Connection, Orphan, Stray
from connectors.protocol import Direction
from connectors.pulling import notices, strays
from connectors.states import capped
from synclog import words

if TYPE_CHECKING:
    from unfold.admin import ModelAdmin as _Admin
else:
    _Admin = object

SHOWN = 20
WAYS = {"dismiss_orphan": "dismiss", "take_orphan": "take"}


class OrphanViewsMixin(_Admin):
    """The buttons beside each. Each is a POST of whoever may change the connection."""

    def get_urls(self) -> list[URLPattern]:
        """Add the addresses."""
        views: dict[str, Callable[[HttpRequest, Orphan], str]] = {
            "dismiss_orphan": _dismiss,
            "take_orphan": _take,
        }
        own = [
            path(
                f"<int:pk>/orphan/<int:orphan_pk>/{WAYS[what]}/",
                self.admin_site.admin_view(require_POST(self._orphan_button(act))),
                name=f"connectors_connection_{what}",
            )
            for what, act in views.items()
        ]
        return [*own, *super().get_urls()]

    def _orphan_button(self, act: Callable[[HttpRequest, Orphan], str]) -> Callable[..., HttpResponse]:
        def view(request: HttpRequest, pk: int, orphan_pk: int) -> HttpResponse:
            connection = Connection.objects.filter(pk=pk).first()
            if connection is None:
                raise Http404
            if not self.has_change_permission(request, connection):
                raise PermissionDenied
            rows = Orphan.objects.select_related("connection").filter(connection=connection)
            with transaction.atomic():
                orphan = rows.select_for_update(of=("self",)).filter(pk=orphan_pk).first()
                text = act(request, orphan) if orphan else "That was settled meanwhile."
            messages.info(request, text)
            return HttpResponseRedirect(f"{cells.address(Connection, 'change', pk)}#cc-orphans")

        return view


def _dismiss(_: HttpRequest, orphan: Orphan) -> str:
    """Forget it; what is read from there later is still known as deleted here."""
    name, where = capped(orphan.name, 100), orphan.connection.system.label
    if orphan.remote_id and orphan.entity in orphan.connection.system.directions:
        strays.keep_away(orphan.connection, orphan.entity, orphan.remote_id)
    orphan.delete()
    return f"{name} is dismissed. Nothing was changed in {where}."


def _take(_: HttpRequest, orphan: Orphan) -> str:
    """Have it read and made here."""
    connection, name = orphan.connection, capped(orphan.name, 100)
    if not _can_be_taken(orphan):
        raise Http404
    rows = Stray.objects.filter(connection=connection, entity=orphan.entity, remote_id=orphan.remote_id)
    rows.delete()
    notices.keep(connection, orphan.entity, [orphan.remote_id])
    orphan.delete()
    doorbell.ring_after_commit(connection.pk, doorbell.PULL)
    return f"{name} is read from {connection.system.label} and made here. What comes of it stands in the log."


def _can_be_taken(orphan: Orphan) -> bool:
    """Return whether what is new over there is made here at all."""
    return bool(orphan.remote_id) and orphan.connection.direction(orphan.entity) != Direction.OUT


def section(connection: Connection, *, may_change: bool) -> dict[str, Any]:
    """Return the section's context, {} where there is nothing to tell."""
    rows = Orphan.objects.filter(connection=connection).select_related("connection").order_by("-pk")
    number = rows.count()
    if not number:
        return {}
    where = connection.system.label
    return {
        "cc_orphans": {
            "title": figures.orphans(connection),
            "open": f"Open in {where}",
            "rows": [_row(row, may_change=may_change) for row in rows[:SHOWN]],
            "more": max(0, number - SHOWN),
        }
    }


def _row(orphan: Orphan, *, may_change: bool) -> dict[str, Any]:
    args = [orphan.connection_id, orphan.pk]
    take = may_change and _can_be_taken(orphan)
    return {
        "text": capped(orphan.message, 400),
        "when": words.when(orphan.noted_at, timezone.now()),
        "url": orphan.connection.record_url(orphan.entity, orphan.remote_id),
        "dismiss": reverse("admin:connectors_connection_dismiss_orphan", args=args) if may_change else "",
        "take": reverse("admin:connectors_connection_take_orphan", args=args) if take else "",
    }
