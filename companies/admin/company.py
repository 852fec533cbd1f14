"""The companies' grid and page. Tabs of other rooms come by `panels.add_panel`."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter

from companies.admin import panels
from companies.admin.held import HeldMixin
from companies.models import Company
from companies.phones import read_as
from connectors.admin import tabs
from connectors.admin.box import Mend
from connectors.admin.owner_filter import OwnerFilter
from connectors.admin.record import RecordAdmin, two_lines
from connectors.admin.tab import Tab
from connectors.models import Connection
from connectors.users.linking import named

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
            country = self.instance.legal_country
            self.fields["phone"].help_text = read_as(self.instance.phone, country)
        if "legal_street" in self.fields:
            self.fields["legal_street"].widget.attrs["rows"] = 3


class RepresentativeFilter(RelatedDropdownFilter):
    """Filter by the sales representative, by the name that people go by."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> list[tuple[int, str]]:
        """Return the users."""
        users = field.related_model._default_manager.all()
        return sorted(((user.pk, named(user)) for user in users), key=lambda pair: pair[1].casefold())


@admin.register(Company)
class CompanyAdmin(HeldMixin, RecordAdmin):
    """Find companies, see their state in every system, send them."""

    form = CompanyForm
    lead = "Find companies, see where each of them stands, and send them."
    association_in_tab = True
    deactivated = "the status becomes Inactive, contacts and locations stay"
    change_form_before_template = "concord/company_head.html"
    empty_value_display = "–"
    list_filter = [
        tabs.StateFilter,
        ("status", ChoicesDropdownFilter),
        ("sales_representative", RepresentativeFilter),
        OwnerFilter,
    ]
    list_select_related = ["sales_representative"]
    search_fields = ["name", "email", "website", "links__remote_id"]
    search_help_text = "Name, email, website or reference id"
    autocomplete_fields = ["sales_representative"]
    readonly_fields = ["public_id", "source", "created_at", "updated_at"]
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
        return [
            "company",
            "status_word",
            *self.link_columns(request),
            "represented_by",
            self.updated_column(),
            self.menu_column(request),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Show the grid; an empty one offers the public form's address."""
        share = request.build_absolute_uri(reverse("register"))
        return super().changelist_view(request, {"cc_share": share, **(extra_context or {})})

    def get_fieldsets(self, request: HttpRequest, obj: Company | None = None) -> Any:
        """Leave out what a company has only once it is saved."""
        fieldsets = super().get_fieldsets(request, obj)
        return fieldsets if obj else [one for one in fieldsets if one[0] != "Record"]

    def record_tabs(self, request: HttpRequest, record: Company) -> list[Tab]:
        """Return the tabs: what belongs to the company, the site association, the log."""
        return [*panels.tabs(request, record), *super().record_tabs(request, record)]

    def mend(self, record: Company, connection: Connection, name: str) -> Mend | None:
        """Return where something wrong is put right that a tab of the page holds."""
        return panels.mend(record, connection, name)

    def deactivate(self, request: HttpRequest, records: Sequence[Company]) -> int:
        """Set the status to Inactive."""
        wanted = [one for one in records if one.status != Company.Status.INACTIVE]
        for company in wanted:
            company.status = Company.Status.INACTIVE
            company.save(update_fields=["status", "updated_at"], requested_by=request.user.get_username())
        return len(wanted)

    @admin.display(description="Company", ordering="name")
    def company(self, company: Company) -> SafeString:
        """Return the name and, on a second line, e-mail and country."""
        place = company.legal_country.name if company.legal_country else ""
        return two_lines(company.name, " · ".join(filter(None, [company.email, place])))

    @admin.display(description="Sales Representative", ordering="sales_representative__username")
    def represented_by(self, company: Company) -> SafeString:
        """Return who sells to the company, by name."""
        user = company.sales_representative
        return panels.cut(named(user)) if user is not None else panels.cut("")

    @admin.display(description="Status", ordering="status")
    def status_word(self, company: Company) -> SafeString:
        """Return the company's status, plain: chips are for states."""
        html = '<span class="cc-status cc-status-{}">{}</span>'
        return format_html(html, company.status, company.get_status_display())
