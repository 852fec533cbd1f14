"""The locations' grid and page, and their tab on the company page."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from companies.admin.over import OverCompanyMixin
from companies.admin.panels import ChildGrid, Column, add_panel, cut, tick
from companies.models import Company, Location
from companies.phones import read_as
from connectors.admin import tabs
from connectors.admin.board import Board
from connectors.admin.record import RecordAdmin, two_lines

if TYPE_CHECKING:
    _Form = forms.ModelForm[Location]
else:  # Django can't subscript it
    _Form = forms.ModelForm


class LocationForm(_Form):
    """A location's form; below the phone it says how the number was read."""

    class Meta:
        model = Location
        exclude = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "phone" in self.fields and self.instance.phone:
            self.fields["phone"].help_text = read_as(self.instance.phone, self.instance.country)
        if "street" in self.fields:
            self.fields["street"].widget.attrs["rows"] = 3


@admin.register(Location)
class LocationAdmin(OverCompanyMixin, RecordAdmin):
    """The places of companies."""

    form = LocationForm
    lead = "Find the places of companies: where they are billed, and where goods go."
    company_tab = "locations"
    not_taken = "its address goes with the company where it is the default"
    list_filter = [tabs.StateFilter, ("company", AutocompleteSelectFilter)]
    list_select_related = ["company"]
    search_fields = ["label", "recipient", "city", "company__name", "links__remote_id"]
    search_help_text = "Label, recipient, city, company or reference id"
    autocomplete_fields = ["company"]
    fieldsets = [
        ("General", {"fields": ["company", ("label", "recipient"), "phone"]}),
        ("Address", {"fields": ["street", ("city", "region"), ("postal_code", "country")]}),
        ("Default", {"fields": [("is_default_billing", "is_default_shipping")]}),
    ]

    def get_list_display(self, request: HttpRequest) -> list[str | Callable[[Any], Any]]:
        """Return the columns: one for each enabled connection among them."""
        return ["location", "business", "defaults", *self.link_columns(request), self.menu_column(request)]

    @admin.display(description="Location", ordering="label")
    def location(self, location: Location) -> SafeString:
        """Return the label and, on a second line, recipient and address."""
        return two_lines(location.label, " · ".join(filter(None, [location.recipient, in_line(location)])))

    @admin.display(description="Company", ordering="company__name")
    def business(self, location: Location) -> SafeString:
        """Return the company's name."""
        return cut(location.company.name)

    @admin.display(description="Default for")
    def defaults(self, location: Location) -> str:
        """Return what it is the default of."""
        marks = {"billing": location.is_default_billing, "shipping": location.is_default_shipping}
        return ", ".join(name for name, is_on in marks.items() if is_on) or "–"


def in_line(location: Location) -> str:
    """Return a location's address in one line."""
    one = location.address
    street = " ".join(one.street.split())
    return ", ".join(filter(None, [street, f"{one.postal_code} {one.city}".strip(), one.country_name]))


def where_from(company: Company, board: Board) -> str:
    """Return which addresses a company has in the systems that take no locations."""
    if board.connections and not board.others:
        return ""
    named = [kind.record_words["company"][0] for kind in board.others]
    record = " or ".join(dict.fromkeys(named)) or "company"
    billing, shipping = _source(company, "is_default_billing"), _source(company, "is_default_shipping")
    labels = " and ".join(kind.label for kind in board.others)
    where = f"In {labels} the" if board.connections else "The"
    return f"{where} {record}'s billing address: {billing}. Its shipping address: {shipping}."


def _source(company: Company, mark: str) -> str:
    marked = company.locations.filter(**{mark: True}).first()
    if marked is None:
        return "the legal address, since no location is the default"
    if not marked.sync_enabled:
        return f"the legal address, since {marked.label[:60]} is not enabled for synchronization"
    return f"{marked.label[:60]} (default location)"


GRID = ChildGrid(
    model=Location,
    slug="locations",
    columns=[
        Column("Label", lambda one: cut(one.label), leads=True),
        Column("Recipient", lambda one: cut(one.recipient)),
        Column("Address", lambda one: cut(" ".join(one.street.split()))),
        Column("City", lambda one: cut(one.city)),
        Column("Country", lambda one: one.country.name if one.country else ""),
        Column("Default Billing", lambda one: tick(one.is_default_billing, "default billing")),
        Column("Default Shipping", lambda one: tick(one.is_default_shipping, "default shipping")),
    ],
    order=["-is_default_billing", "-is_default_shipping", "label", "pk"],
    empty="No locations.",
    note=where_from,
)
add_panel(GRID.slug, GRID.tab, order=20)
