"""The companies' screens. Which systems they go to is the connections' business: no name here."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import phonenumbers
from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter

from companies.models import Company, Location
from companies.phones import to_e164
from connectors.admin import cells, tabs
from connectors.admin.deleting import KeepsOverThereMixin
from connectors.admin.owner_filter import OwnerFilter
from connectors.admin.strip import StripMixin
from synclog import words

if TYPE_CHECKING:
    _Form = forms.ModelForm[Company]
else:  # Django can't subscript it
    _Form = forms.ModelForm


class CompanyForm(_Form):
    """A company's form; below the phone it says how the number was read."""

    class Meta:
        model = Company
        exclude = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "phone" in self.fields and self.instance.phone:
            self.fields["phone"].help_text = phone_help(self.instance)
        if "legal_street" in self.fields:
            self.fields["legal_street"].widget.attrs["rows"] = 3


def phone_help(company: Company) -> str:
    """Return how the phone was read; a number that can't be read is sent as typed."""
    readable = to_e164(company.phone, str(company.legal_country or ""))
    if readable:
        number = phonenumbers.parse(readable)
        shown = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
        return f"read as {shown}"
    place = f" in {company.legal_country.name}" if company.legal_country else " without a country"
    return f"cannot be read as a phone number{place}, sent as typed"


@admin.register(Company)
class CompanyAdmin(KeepsOverThereMixin, StripMixin, ModelAdmin):
    """Find companies, see their state in every system, send them."""

    form = CompanyForm
    list_filter = [
        tabs.StateFilter,
        ("status", ChoicesDropdownFilter),
        ("sales_representative", RelatedDropdownFilter),
        OwnerFilter,
    ]
    list_filter_submit = True
    list_per_page = 50
    list_fullwidth = True
    list_select_related = ["sales_representative"]
    list_before_template = "concord/grid_top.html"
    list_after_template = "concord/grid_end.html"
    show_facets = admin.ShowFacets.NEVER
    search_fields = ["name", "email", "website", "links__remote_id"]
    search_help_text = "Name, email, website or reference id"
    autocomplete_fields = ["sales_representative"]
    readonly_fields = ["public_id", "source", "created_at", "updated_at"]
    compressed_fields = True
    fieldsets = [
        (
            "General",
            {"fields": [("name", "status"), ("legal_name", "customer_class"), "sales_representative"]},
        ),
        ("Contact", {"fields": ["email", "phone", "website"]}),
        (
            "Legal address",
            {
                "fields": [
                    "legal_street",
                    ("legal_city", "legal_region"),
                    ("legal_postal_code", "legal_country"),
                ]
            },
        ),
        ("Numbers", {"fields": [("tax_id", "reseller_id")]}),
        (
            "Record",
            {"fields": [("public_id", "source"), ("created_at", "updated_at")], "classes": ["collapse"]},
        ),
    ]

    def get_list_display(self, request: HttpRequest) -> list[str | Callable[[Any], Any]]:
        """Return the columns: one for each enabled connection among them."""
        updated = cells.titled(_updated, "updated", f"Updated ({words.zone()})")
        updated.admin_order_field = "updated_at"
        return [
            "company",
            "status_word",
            *self.link_columns(request),
            "sales_representative",
            updated,
            self.menu_column(request),
        ]

    def get_fieldsets(self, request: HttpRequest, obj: Company | None = None) -> Any:
        """Leave out what a company has only once it is saved."""
        fieldsets = super().get_fieldsets(request, obj)
        return fieldsets if obj else fieldsets[:-1]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Show the grid with its tabs."""
        board = self.board(request)
        context = {
            "cc_lead": "Find companies, see where each of them stands, and send them.",
            "cc_tabs": tabs.tabs(request, board),
            "cc_nothing": tabs.nothing(request, board),
            **(extra_context or {}),
        }
        return super().changelist_view(request, context)

    @admin.display(description="Company", ordering="name")
    def company(self, company: Company) -> SafeString:
        """Return the name and, on a second line, e-mail and country."""
        place = company.legal_country.name if company.legal_country else ""
        second = " · ".join(filter(None, [company.email, place]))
        return format_html(
            '<span class="cc-two"><span class="cc-first" dir="auto">{}</span>'
            '<span class="cc-second" dir="auto">{}</span></span>',
            company.name[:120],
            second,
        )

    @admin.display(description="Status", ordering="status")
    def status_word(self, company: Company) -> SafeString:
        """Return the company's status, plain: chips are for states."""
        html = '<span class="cc-status cc-status-{}">{}</span>'
        return format_html(html, company.status, company.get_status_display())


def _updated(company: Company) -> SafeString:
    now = timezone.now()
    html = '<time class="cc-two cc-when" datetime="{}">{}<span class="cc-second">{}</span></time>'
    at = company.updated_at
    return format_html(html, at.isoformat(), *words.two_lines(at, now))


@admin.register(Location)
class LocationAdmin(KeepsOverThereMixin, StripMixin, ModelAdmin):
    """The places of companies."""

    list_filter = [tabs.StateFilter]
    list_per_page = 50
    list_fullwidth = True
    list_before_template = "concord/grid_top.html"
    list_after_template = "concord/grid_end.html"
    show_facets = admin.ShowFacets.NEVER
    search_fields = ["label", "recipient", "city", "company__name", "links__remote_id"]
    autocomplete_fields = ["company"]

    def get_list_display(self, request: HttpRequest) -> list[str | Callable[[Any], Any]]:
        """Return the columns: one for each enabled connection among them."""
        return ["label", "company", *self.link_columns(request), self.menu_column(request)]
