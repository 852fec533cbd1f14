"""The record's own page: one box per connection, and a button that saves first."""

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from connectors import entities
from connectors.admin import association, chosen, polling, record_log, switched, syncing
from connectors.admin.actions import SyncActionsMixin
from connectors.admin.board import Board
from connectors.admin.box import FAMILY, Mend, box, is_unknown
from connectors.admin.plain import PlainWordsMixin
from connectors.admin.tab import Tab
from connectors.models import Connection

SYNC = "_sync"  # the button's name; its value is the connection
ASSOCIATION = "association"


class StripMixin(PlainWordsMixin, SyncActionsMixin):
    """Show each connection's box above the form, and the tabs; save as the person who is logged in."""

    change_form_template = "concord/record.html"
    change_form_before_template = "concord/strip.html"
    warn_unsaved_form = True
    association_in_tab = False  # else it stands below the other fields
    not_taken = ""  # what becomes of a record in a system that takes none of its kind

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Add the box of the site association, which the page shows with its lines."""
        box = {"fields": ["sync_enabled"], "classes": ["cc-association"]}
        return [*super().get_fieldsets(request, obj), (None, box)]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Let only those who may sync decide whether a record is sent."""
        fields = super().get_readonly_fields(request, obj)
        return fields if self.has_sync_permission(request) else [*fields, "sync_enabled"]

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Name the record in the box's label."""
        if db_field.name == "sync_enabled":
            kwargs["label"] = f"Enable synchronization for this {self.opts.verbose_name}"
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save in the name of this person, which the log shows as Login User."""
        association.keep_box(request, form, obj)
        # First: the save sends by what is decided now.
        answers = association.store(request, self, obj) if change else []
        obj.save(requested_by=request.user.get_username())
        for connection, answer in answers:
            switched.tell(request, self.board(request), obj, connection, answer)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        """Add the boxes and the poll that keeps them fresh while something moves."""
        record = context.get("original")
        context["cc_association"] = association.shown(request, self, record)
        context["cc_association_in"] = "general"
        if record is not None:
            context.update(strip_context(request, self, self.board(request), record))
            context["cc_record_tabs"] = self.record_tabs(request, record)
            context["cc_association_in"] = ASSOCIATION if self.association_in_tab else "general"
        return super().render_change_form(request, context, *args, **kwargs)

    def record_tabs(self, request: HttpRequest, record: Any) -> list[Tab]:
        """Return the tabs after General."""
        mine = [Tab(ASSOCIATION, "Site Association")] if self.association_in_tab else []
        log = record_log.tab(request, record)
        return [*mine, log] if log else mine

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        """After "Save and sync with …": request it, and stay on the page."""
        wanted, _, more = request.POST.get(SYNC, "").partition("-")
        board = self.board(request)
        is_key = wanted.isdecimal() and len(wanted) < polling.PK_DIGITS
        connection = board.get(int(wanted)) if is_key else None
        if connection is None or not self.has_sync_permission(request):
            response: HttpResponse = super().response_change(request, obj)
            return response
        if more == FAMILY:
            asked = chosen.with_family(request, board, connection, [obj.pk])
        else:
            asked = chosen.alone(board, connection, [obj.pk])
        syncing.request_sync(request, board, connection, asked)
        return HttpResponseRedirect(request.get_full_path())

    def creates(self, record: Any, connection: Connection) -> str:
        """Return what a first push of a record makes over there, "" where that is not told."""
        return connection.system.creates(entities.of(self.model).name, connection.settings)

    def mend(self, record: Any, connection: Connection, name: str) -> Mend | None:
        """Return where something wrong is put right that is no field of the record, None for a field."""
        return None

    def fresh_cells(self, request: HttpRequest, record: Any, *, is_over: bool) -> Iterable[SafeString]:
        """Return the boxes where the record's own page asks, else the grid's cells."""
        place, board = polling.place_of(request), self.board(request)
        if place == polling.PANEL:
            yield from self.cells_of(request, record, panel_form(self.model), is_over=is_over)
        elif place != polling.STRIP:
            yield from super().fresh_cells(request, record, is_over=is_over)
        else:
            for row in board.connections:
                shown = box(request, self, board, record, row)
                yield render_to_string("concord/box.html", {"box": shown, "swapped": True}, request)
                yield association.fresh(board, record, row)


def panel_form(model: Any) -> str:
    """Return the id of the form that the buttons of these records post on another record's page."""
    return f"cc-acts-{model._meta.model_name}"


def strip_context(request: HttpRequest, admin: Any, board: Board, record: Any) -> dict[str, Any]:
    """Return what the strip above a record's form shows."""
    moving = [record.pk] if board.is_moving(record) else []
    known = [is_unknown(board, *board.shown(record, row), row) for row in board.connections]
    return {
        "cc_nowhere": bool(known) and all(known),
        "cc_boxes": [box(request, admin, board, record, row) for row in board.connections],
        "cc_poll": polling.poller(admin.model, moving, place=polling.STRIP),
        "cc_pauses": polling.pauses(board),
    }
