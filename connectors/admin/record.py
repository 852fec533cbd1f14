"""The admin of any synced model: grid, page, history, deleting. The rooms add their own."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from connectors.admin import cells, seen, tabs
from connectors.admin.deleting import KeepsOverThereMixin
from connectors.admin.history import HistoryMixin
from connectors.admin.strip import StripMixin
from synclog import words
from synclog.strict_admin import StrictAdmin


class RecordAdmin(KeepsOverThereMixin, HistoryMixin, StripMixin, StrictAdmin):
    """Find records, see their state in every system, send them, edit them."""

    lead = ""  # what the grid is for
    list_filter_submit = True
    list_per_page = 50
    list_fullwidth = True
    list_before_template = "concord/grid_top.html"
    list_after_template = "concord/grid_end.html"
    show_facets = admin.ShowFacets.NEVER
    compressed_fields = True

    class Media:
        css = {"all": ["concord/records.css"]}

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Return the form, which refuses to overwrite what somebody saved meanwhile."""
        return seen.guarded(super().get_form(request, obj, change=change, **kwargs))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Show the grid with its tabs."""
        board = self.board(request)
        context = {
            "cc_lead": self.lead,
            "cc_tabs": tabs.tabs(request, board),
            "cc_nothing": tabs.nothing(request, board),
            **(extra_context or {}),
        }
        return super().changelist_view(request, context)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the history; a record is found by its public id too, as everywhere."""
        record = self.get_object(request, unquote(object_id))
        if record is None:
            raise Http404
        return super().history_view(request, str(record.pk), extra_context)

    def updated_column(self) -> Any:
        """Return the column with the time of the last save, its zone in the head."""
        updated = cells.titled(_updated, "updated", f"Updated ({words.zone()})")
        updated.admin_order_field = "updated_at"
        return updated


def _updated(record: Any) -> SafeString:
    at = record.updated_at
    html = '<time class="cc-two cc-when" datetime="{}">{}<span class="cc-second">{}</span></time>'
    return format_html(html, at.isoformat(), *words.two_lines(at, timezone.now()))


def two_lines(first: str, second: str) -> SafeString:
    """Return a grid's cell of two lines, in whatever script they are written; long ones are cut."""
    return format_html(
        '<span class="cc-two"><span class="cc-first" dir="auto">{}</span>'
        '<span class="cc-second" dir="auto">{}</span></span>',
        first[:120],
        second[:250],
    )
