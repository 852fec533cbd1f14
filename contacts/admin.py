"""The contacts' screens."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from connectors.admin import tabs
from connectors.admin.deleting import KeepsOverThereMixin
from connectors.admin.owner_filter import OwnerFilter
from connectors.admin.strip import StripMixin
from contacts.models import Contact


@admin.register(Contact)
class ContactAdmin(KeepsOverThereMixin, StripMixin, ModelAdmin):
    """Find people, see where each of them is known, send them."""

    list_filter = [tabs.StateFilter, OwnerFilter]
    list_filter_submit = True
    list_per_page = 50
    list_fullwidth = True
    list_before_template = "concord/grid_top.html"
    list_after_template = "concord/grid_end.html"
    show_facets = admin.ShowFacets.NEVER
    search_fields = ["first_name", "last_name", "email", "company__name", "links__remote_id"]
    autocomplete_fields = ["company", "owner"]

    def get_list_display(self, request: HttpRequest) -> list[str | Callable[[Any], Any]]:
        """Return the columns: one for each enabled connection among them."""
        return ["__str__", "company", *self.link_columns(request), self.menu_column(request)]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Show the grid with its tabs."""
        board = self.board(request)
        context = {
            "cc_lead": "Find people, see where each of them is known, and send them.",
            "cc_tabs": tabs.tabs(request, board),
            "cc_nothing": tabs.nothing(request, board),
            **(extra_context or {}),
        }
        return super().changelist_view(request, context)
