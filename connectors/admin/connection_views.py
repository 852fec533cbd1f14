"""The addresses of a connection's buttons and of the pages beside its form."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from connectors import health, trial
from connectors.admin import (
    cells,
    connection_direction_page,
    connection_head,
    mapping_tab,
    other_org,
    send_changed,
)
from connectors.admin.compared import compared_after
from connectors.models import Connection

if TYPE_CHECKING:
    from unfold.admin import ModelAdmin as _Admin
else:
    _Admin = object

NAMED = 3  # how many red lines a message names
ask = require_http_methods(["GET", "HEAD", "POST"])  # a page that asks, and takes the answer


class ConnectionViewsMixin(_Admin):
    """What can be done to one connection. What changes anything is a POST and checks its right."""

    def get_urls(self) -> list[URLPattern]:
        """Add the addresses."""
        views: dict[str, Callable[..., HttpResponse]] = {
            "test": require_POST(self.test_view),
            "pause": require_POST(self.pause_view),
            "resume": require_POST(self.resume_view),
            "retry": require_POST(self.retry_view),
            "check": require_POST(self.check_view),
            "mapping": require_GET(self.mapping_view),
            "direction": ask(self.direction_view),
            "send": ask(self.send_view),
            "start_over": ask(self.start_over_view),
        }
        own = [
            path(
                f"<int:pk>/{what.replace('_', '-')}/",
                self.admin_site.admin_view(view),
                name=f"connectors_connection_{what}",
            )
            for what, view in views.items()
        ]
        return [*own, *super().get_urls()]

    def test_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Test the connection now; the checklist is kept on its page."""
        connection = self._changeable(request, pk)
        _test(request, connection, "See below what to do.")
        return _home(connection)

    def check_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Test, and return to the field mapping, which shows what was found field by field."""
        connection = self._changeable(request, pk)
        _test(
            request, connection, "What concerns a field stands beside it; the rest on the connection's page."
        )
        return HttpResponseRedirect(cells.address(Connection, "mapping", connection.pk))

    def mapping_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show which field goes where."""
        connection = _found(pk)
        if not self.has_view_permission(request, connection):
            raise PermissionDenied
        may_change = self.has_change_permission(request, connection)
        return mapping_tab.page(request, self.admin_site, connection, may_change=may_change)

    def direction_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask (GET) what another direction or master would mean, or set it."""
        connection = self._changeable(request, pk)
        if request.method == "POST":
            return connection_direction_page.decide(request, self.admin_site, connection)
        return connection_direction_page.page(request, self.admin_site, connection)

    def pause_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Send nothing until a person resumes."""
        connection = self._changeable(request, pk)
        health.pause(connection, by=request.user.get_username())
        messages.info(request, f"{connection.name} is paused. What waits goes on waiting; nothing is lost.")
        return _home(connection)

    def resume_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """End any pause."""
        connection = self._changeable(request, pk)
        health.resume(connection, by=request.user.get_username())
        messages.info(request, f"{connection.name} is resumed. What waited is being sent.")
        return _home(connection)

    def retry_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask again for all that failed, or for what failed in one run (`only_run`)."""
        connection = _found(pk)
        if not connection_head.may_retry(request, connection):
            raise PermissionDenied
        connection_head.retry(request, connection)
        return _home(connection)

    def send_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask (GET) whether to send what was changed before the switch was turned on, or send it."""
        connection = self._changeable(request, pk)
        if request.method == "POST":
            return send_changed.send(request, connection)
        return send_changed.page(request, self.admin_site, connection)

    def start_over_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask (GET) whether to start over with another organisation, or do it."""
        connection = self._changeable(request, pk)
        if request.method == "POST":
            return other_org.decide(request, self.admin_site, connection)
        return other_org.page(request, self.admin_site, connection)

    def _changeable(self, request: HttpRequest, pk: int) -> Connection:
        connection = _found(pk)
        if not self.has_change_permission(request, connection):
            raise PermissionDenied
        return connection


def _found(pk: int) -> Connection:
    connection = Connection.objects.select_related("health").filter(pk=pk).first()
    if connection is None:
        raise Http404
    return connection


def _home(connection: Connection) -> HttpResponse:
    return HttpResponseRedirect(cells.address(Connection, "change", connection.pk))


def _test(request: HttpRequest, connection: Connection, where: str) -> None:
    was_new = connection.awaits_test
    try:
        with compared_after(request, connection.pk):
            tested = trial.test(connection, by=request.user.get_username())
    except trial.ChangedError as changed:
        messages.error(request, str(changed))
        return
    red: list[Any] = [item["label"] for item in tested.checks if item.get("ok") is False]
    if red:
        more = f" and {len(red) - NAMED:,} more" if len(red) > NAMED else ""
        text = f"{connection.name} was tested: {', '.join(red[:NAMED])}{more} failed. {where}"
        messages.error(request, text)
    else:
        on = " It is switched on now." if was_new else ""
        messages.success(request, f"{connection.name} was tested: all checks passed.{on}")
