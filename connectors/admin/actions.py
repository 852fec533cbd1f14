"""What any synced model's admin gets: columns, the Actions menu and the row's menu.

Nothing here names a system: labels come from the kinds of the enabled connections.
Django doesn't filter actions that `get_actions` adds, so each checks the
permission `sync_<model>` itself.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from django import forms
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from unfold.forms import ActionForm

from connectors.admin import cells, chosen, columns, confirmation, polling, syncing
from connectors.admin.clicks import GRID_FORM, ClicksMixin
from connectors.models import Connection


class SyncActionForm(ActionForm):
    """The Actions menu with the id of the run that it will start: a double click makes one."""

    run = forms.UUIDField(
        label="",
        required=False,
        widget=forms.HiddenInput({"autocomplete": "off"}),
        initial=syncing.new_run_id,
    )


class SyncActionsMixin(ClicksMixin):
    """Columns, actions and buttons of the enabled connections, for a ModelAdmin of a Synced model."""

    action_form = SyncActionForm
    change_list_template = "concord/change_list.html"

    def link_columns(self, request: HttpRequest) -> list[Callable[[Any], SafeString]]:
        """Return one column per enabled connection; where they are many, one for the last of them."""
        board, may_sync = self.board(request), self.has_sync_permission(request)
        return [
            cells.titled(partial(part.cell, board, may_sync=may_sync, form=GRID_FORM), part.name, part.title)
            for part in columns.of(board)
        ]

    def menu_column(self, request: HttpRequest) -> Any:
        """Return the column with the row's own actions."""

        def column(record: Any) -> SafeString:
            return cells.menu(record, self.menu_items(request, record))

        return cells.titled(column, "row_menu", "Action")

    def menu_items(self, request: HttpRequest, record: Any) -> list[SafeString]:
        """Return the entries of one row's menu: edit, sync and open per connection, log."""
        board = self.board(request)
        verb = "Edit" if self.has_change_permission(request) else "View"
        items = [cells.menu_link(verb, cells.address(self.model, "change", record.pk))]
        if self.has_sync_permission(request):
            for row in board.connections:
                items += self._sync_items(request, record, row)
        for row in board.connections:
            url = cells.record_url(board.shown(record, row)[0], row)
            if url:
                items.append(cells.menu_link(board.open_label(row), url, outside_us=True))
        if request.user.has_perm("synclog.view_entry"):
            items.append(cells.menu_link("Log", cells.log_url(record)))
        return items

    def _sync_items(self, request: HttpRequest, record: Any, connection: Connection) -> list[SafeString]:
        """Return the menu's ways to send a record: alone, and with what belongs to it."""
        return [
            cells.post_button(way.label, chosen.url_of(way, record, connection), GRID_FORM, css="cc-item")
            for way in chosen.ways(request, self.board(request), connection, of_one=True)
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return records that bring their links, in one query whatever their number."""
        records: QuerySet[Any] = super().get_queryset(request)
        return self.board(request).with_links(records)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Put "Sync with …" per enabled connection on top of the Actions menu."""
        actions: dict[str, Any] = super().get_actions(request)
        if not self.has_sync_permission(request):
            return actions
        board = self.board(request)
        added = {}
        for row in board.connections:
            for way in chosen.ways(request, board, row):
                name = confirmation.action_name(row, way)
                call = partial(_sync_chosen, connection=row, is_family=way.is_family)
                added[name] = (call, name, way.label.replace("%", "%%"))
        return {**added, **actions}

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Show the grid with what is paused above it and the poll of its moving cells below."""
        board = self.board(request)
        context = {**(extra_context or {}), "cc_pauses": polling.pauses(board)}
        response = super().changelist_view(request, context)
        grid: ChangeList | None = getattr(response, "context_data", None) and response.context_data.get("cl")
        if grid is not None:
            moving = [record.pk for record in grid.result_list if board.is_moving(record)]
            response.context_data["cc_poll"] = polling.poller(self.model, moving)
        return response


def _sync_chosen(
    admin: SyncActionsMixin,
    request: HttpRequest,
    ticked: QuerySet[Any],
    *,
    connection: Connection,
    is_family: bool,
) -> HttpResponse | None:
    """Send the ticked records, `is_family` with what belongs to them; ask first where it is many, or all."""
    if not admin.has_sync_permission(request):
        raise PermissionDenied
    board = admin.board(request)
    pks = list(ticked.order_by("pk").values_list("pk", flat=True))
    wanted = chosen.of_way(request, board, connection, pks, is_family=is_family)
    if confirmation.is_needed(request, admin, wanted.total, len(pks)):
        others = [way for way in chosen.ways(request, board, connection) if way.is_family != is_family]
        offers = [confirmation.Offer(request.POST["action"], wanted)]
        for way in others:
            other = chosen.of_way(request, board, connection, pks, is_family=way.is_family)
            offers.append(confirmation.Offer(confirmation.action_name(connection, way), other))
        return confirmation.page(request, admin, confirmation.Question(board, connection, offers, pks))
    syncing.request_sync(request, board, connection, wanted)
    return None
