"""The addresses behind the buttons of a record: each a POST that checks the right to sync."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_permission_codename
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString
from django.views.decorators.http import require_GET, require_POST

from connectors import entities, queue
from connectors.admin import cells, choice, chosen, columns, polling, switched, syncing
from connectors.admin.board import Board, board_of
from connectors.models import Connection

if TYPE_CHECKING:
    from unfold.admin import ModelAdmin as _Admin
else:
    _Admin = object

GRID_FORM = "changelist-form"


class ClicksMixin(_Admin):
    """Addresses for one record and one connection: sync, enable, disable, unlink, choose.

    A record that others belong to has one more, which sends those too.
    """

    def board(self, request: HttpRequest) -> Board:
        """Return what this request's page knows of the connections."""
        return board_of(request, entities.of(self.model))

    def has_sync_permission(self, request: HttpRequest) -> bool:
        """Return whether this person may have records sent."""
        name = get_permission_codename("sync", self.opts)
        return bool(request.user.has_perm(f"{self.opts.app_label}.{name}"))

    def get_urls(self) -> list[URLPattern]:
        """Add the addresses of the cells, the clicks and the choice."""
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        clicks = {
            "sync": require_POST(self.sync_view),
            "enable": require_POST(self.enable_view),
            "disable": require_POST(self.disable_view),
            "unlink": require_POST(self.unlink_view),
            "choose": self.choose_view,
        }
        if entities.children_of(entities.of(self.model).name):
            clicks["family"] = require_POST(self.family_view)
        cell_path = path(
            "cells/", self.admin_site.admin_view(require_GET(self.cells_view)), name=f"{name}_cells"
        )
        paths = [
            path(
                f"<path:object_id>/{what}/<int:connection_id>/",
                self.admin_site.admin_view(view),
                name=f"{name}_{what}",
            )
            for what, view in clicks.items()
        ]
        return [cell_path, *paths, *super().get_urls()]

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Find a record by its pk or by its public id, which log entries and links carry."""
        if from_field is None and len(object_id) == 36:
            try:
                return self.get_queryset(request).filter(public_id=object_id).first()
            except ValidationError:
                return None
        return super().get_object(request, object_id, from_field)

    def cells_view(self, request: HttpRequest) -> HttpResponse:
        """Answer the grid's poll with the cells that were moving."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return polling.answer(request, self, self.board(request))

    def fresh_cells(self, request: HttpRequest, record: Any, *, is_over: bool) -> Iterable[SafeString]:
        """Return what a poll puts in the place of a record's cells."""
        return self.cells_of(request, record, GRID_FORM, is_over=is_over)

    def cells_of(
        self, request: HttpRequest, record: Any, form: str, *, is_over: bool
    ) -> Iterable[SafeString]:
        """Return a record's cells, whose buttons post the form of this id, for a poll."""
        board, may_sync = self.board(request), self.has_sync_permission(request)
        for part in columns.of(board):
            yield part.cell(board, record, may_sync=may_sync, form=form, swapped=True, is_over=is_over)

    def sync_view(self, request: HttpRequest, object_id: str, connection_id: int) -> HttpResponse:
        """Send one record."""
        record, connection = self._clicked(request, object_id, connection_id)
        board = self.board(request)
        syncing.request_sync(request, board, connection, chosen.alone(board, connection, [record.pk]))
        return self._back(request)

    def family_view(self, request: HttpRequest, object_id: str, connection_id: int) -> HttpResponse:
        """Send one record with all that belongs to it."""
        record, connection = self._clicked(request, object_id, connection_id)
        board = self.board(request)
        wanted = chosen.with_family(request, board, connection, [record.pk])
        syncing.request_sync(request, board, connection, wanted)
        return self._back(request)

    def enable_view(self, request: HttpRequest, object_id: str, connection_id: int) -> HttpResponse:
        """Let one record be sent: at once where automatic sync is on."""
        return self._switch(request, object_id, connection_id, enabled=True)

    def disable_view(self, request: HttpRequest, object_id: str, connection_id: int) -> HttpResponse:
        """Never send one record, until it is enabled."""
        return self._switch(request, object_id, connection_id, enabled=False)

    def _switch(
        self, request: HttpRequest, object_id: str, connection_id: int, *, enabled: bool
    ) -> HttpResponse:
        record, connection = self._clicked(request, object_id, connection_id)
        board, by = self.board(request), request.user.get_username()
        queue.set_enabled(board.entity.name, record.pk, connection, enabled, by=by)
        switched.tell(request, board, record, connection, switched.YES if enabled else switched.NO)
        return self._back(request)

    def unlink_view(self, request: HttpRequest, object_id: str, connection_id: int) -> HttpResponse:
        """Forget who a record is over there."""
        record, connection = self._clicked(request, object_id, connection_id)
        choice.unlink(request, self.board(request), connection, record)
        return HttpResponseRedirect(cells.address(self.model, "change", record.pk))

    def choose_view(self, request: HttpRequest, object_id: str, connection_id: int) -> HttpResponse:
        """Show the candidates (GET), or take a person's choice (POST)."""
        board = self.board(request)
        if request.method == "POST":
            record, connection = self._clicked(request, object_id, connection_id)
            return choice.decide(request, board, connection, record)
        if not self.has_view_permission(request):
            raise PermissionDenied
        record, connection = self._found(request, object_id, connection_id)
        return choice.page(request, self, board, connection, record)

    def _clicked(self, request: HttpRequest, object_id: str, connection_id: int) -> tuple[Any, Connection]:
        if not self.has_sync_permission(request):
            raise PermissionDenied
        return self._found(request, object_id, connection_id)

    def _found(self, request: HttpRequest, object_id: str, connection_id: int) -> tuple[Any, Connection]:
        record = self.get_object(request, object_id)
        connection = self.board(request).get(connection_id)
        if record is None or connection is None:
            raise Http404
        return record, connection

    def _back(self, request: HttpRequest) -> HttpResponse:
        """Return to the page that was clicked on, if it is one of ours."""
        page = request.headers.get("Referer", "")
        safe = url_has_allowed_host_and_scheme(page, {request.get_host()}, require_https=request.is_secure())
        tab = request.POST.get("tab", "")  # a browser doesn't tell which part of a page it was on
        part = f"#{tab}" if safe and tab.isalpha() and tab.isascii() else ""
        return HttpResponseRedirect(page + part if safe else cells.address(self.model, "changelist"))
