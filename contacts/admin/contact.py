"""The contacts' grid and page."""

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter

from companies.admin.over import OverCompanyMixin
from companies.admin.panels import cut
from companies.models import Company
from connectors.admin import cells, tabs
from connectors.admin.deleting import UnansweredError
from connectors.admin.owner_filter import OwnerFilter
from connectors.admin.record import RecordAdmin, two_lines
from connectors.models import Connection
from contacts import duplicates, primary
from contacts.admin import asking, roles
from contacts.admin.form import ContactForm, successors
from contacts.models import Contact

NAMED = 5  # possible duplicates that the page links to


@admin.register(Contact)
class ContactAdmin(OverCompanyMixin, RecordAdmin):
    """Find people, see where each of them is known, send them."""

    form = ContactForm
    lead = "Find people, see where each of them is known, and send them."
    company_tab = "contacts"
    deactivated = "the status becomes Inactive"
    change_form_before_template = "concord/contact_head.html"
    list_filter = [
        tabs.StateFilter,
        ("company", AutocompleteSelectFilter),
        ("role", ChoicesDropdownFilter),
        "active",
        "is_primary",
        OwnerFilter,
    ]
    search_fields = ["first_name", "last_name", "email", "company__name", "links__remote_id"]
    search_help_text = "Name, e-mail, company or reference id"
    autocomplete_fields = ["company", "owner"]
    readonly_fields = ["duplicate", "public_id", "source", "created_at", "updated_at"]

    def get_fieldsets(self, request: HttpRequest, obj: Contact | None = None) -> Any:
        """Ask only what this contact gives reason to ask."""
        box = super().get_fieldsets(request, obj)[-1]
        person = (
            "Person",
            {"fields": [("first_name", "last_name"), "email", "job_title", "phone", "role"]},
        )
        if obj is None:
            return [("Contact", {"fields": ["company", "active", "owner"]}), person, box]
        may = self.has_change_permission(request, obj)
        asked = ["successor"] if may and obj.is_primary and successors(obj) else []
        told = ["duplicate"]
        if obj.is_validated or duplicates.of(obj).exists():
            told.append("is_validated")
        record = {"fields": [("public_id", "source"), ("created_at", "updated_at")], "classes": ["collapse"]}
        return [
            ("Contact", {"fields": ["company", "active", *asked, "owner", *told]}),
            person,
            box,
            ("Record", record),
        ]

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Say what the tick means."""
        if db_field.name == "is_validated":
            kwargs["label"] = "Validated: I looked, this is not a duplicate"
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_list_display(self, request: HttpRequest) -> list[str | Callable[[Any], Any]]:
        """Return the columns: one for each enabled connection among them."""
        return [
            "contact",
            "business",
            "status",
            *self.link_columns(request),
            self.updated_column(),
            self.menu_column(request),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return contacts that know whether another has the same e-mail."""
        return super().get_queryset(request).annotate(has_twin=duplicates.exists())

    @admin.display(description="Contact", ordering="last_name")
    def contact(self, contact: Contact) -> SafeString:
        """Return the name and, on a second line, title, e-mail and whether it may be a duplicate."""
        twin = "possible duplicate" if _is_twin(contact) else ""
        return two_lines(
            contact.name, " · ".join(filter(None, [twin, contact.job_title[:60], contact.email]))
        )

    @admin.display(description="Business Account", ordering="company__name")
    def business(self, contact: Contact) -> SafeString:
        """Return the company as a link."""
        url = cells.address(Company, "change", contact.company_id)
        return format_html('<a class="cc-link" href="{}">{}</a>', url, cut(contact.company.name))

    @admin.display(description="Status", ordering="active")
    def status(self, contact: Contact) -> SafeString:
        """Return the contact's status, plain, since chips are for states; and that it is the Primary."""
        css = "active" if contact.active else "inactive"
        html = '<span class="cc-two"><span class="cc-status cc-status-{}">{}</span>{}</span>'
        is_it = format_html('<span class="cc-second">{}</span>', "Primary") if contact.is_primary else ""
        return format_html(html, css, contact.status_word, is_it)

    @admin.display(description="Duplicate")
    def duplicate(self, contact: Contact) -> SafeString | str:
        """Return Validated, or who has the same e-mail, as links."""
        found = list(duplicates.of(contact)[: NAMED + 1])
        if not found:
            return "Validated: nobody else has this e-mail" if contact.email else "Validated"
        links = format_html_join(
            ", ", '<a class="cc-link" href="{}" dir="auto">{}</a>', map(_linked, found[:NAMED])
        )
        more = duplicates.of(contact).count() - NAMED
        said = "Validated. The same e-mail has" if contact.is_validated else "Possible duplicate of"
        return format_html("{} {}{}", said, links, f" and {more:,} more" if more > 0 else "")

    def menu_items(self, request: HttpRequest, record: Contact) -> list[SafeString]:
        """Add "Set as Primary" to the row's menu."""
        items = super().menu_items(request, record)
        if asking.may_become(self, request, record):
            items.insert(1, cells.menu_link("Set as Primary", cells.address(Contact, "primary", record.pk)))
        return items

    def get_urls(self) -> list[URLPattern]:
        """Add the addresses of Set as Primary."""
        return [*asking.urls(self), *super().get_urls()]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        """Head the page with the person, the company, and whether it is the Primary."""
        contact = context.get("original")
        if contact is not None:
            context["title"] = f"{contact} – {contact.company}"[:200]
            context["cc_primary_word"] = self.board(request).primary_word
            context["cc_primary_url"] = (
                asking.address(request, contact) if asking.may_become(self, request, contact) else ""
            )
        return super().render_change_form(request, context, *args, **kwargs)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Show the page; what others did meanwhile is told instead of saved over."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except primary.PrimaryError as error:
            messages.error(request, f"Nothing was saved. {error}")
            return HttpResponseRedirect(request.get_full_path())

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Return the form, which tells what a role and a Primary are in the connected systems."""
        form = super().get_form(request, obj, change=change, **kwargs)
        board = self.board(request)
        told = {"roles_there": roles.there(board, obj), "primary_word": board.primary_word}
        return type(form.__name__, (form,), told)

    def creates(self, record: Contact, connection: Connection) -> str:
        """Return what a first push makes, with the role."""
        role = roles.word(record, connection.system)
        return super().creates(record, connection).replace("{role}", role)

    def save_model(self, request: HttpRequest, obj: Contact, form: Any, change: bool) -> None:
        """Save; an inactive Primary hands on first. Whether it is the Primary is not the form's."""
        by = request.user.get_username()
        if "email" in form.changed_data and "is_validated" not in form.changed_data:
            obj.is_validated = False  # somebody looked at another address
        with transaction.atomic():
            if change:
                primary.lock([obj.company_id])
                if not obj.active:
                    primary.step_down(
                        [obj], {obj.company_id: form.cleaned_data.get("successor") or ""}, by=by
                    )
                obj.is_primary = Contact.objects.filter(pk=obj.pk, is_primary=True).exists()
            super().save_model(request, obj, form, change)
        self._tell(request, obj, form, change)

    def _tell(self, request: HttpRequest, contact: Contact, form: Any, change: bool) -> None:
        """Say what the save meant beyond itself."""
        if not change and contact.is_primary:
            messages.info(request, f"{contact} is the Primary of {contact.company}.")
        if (not change or "email" in form.changed_data) and not contact.is_validated:
            names = [f"{one} ({one.company})"[:120] for one in duplicates.of(contact)[:3]]
            if names:
                messages.warning(request, f"{contact}: possible duplicate of {', '.join(names)}.")

    def deactivate(self, request: HttpRequest, records: Sequence[Contact]) -> int:
        """Set the status to Inactive."""
        wanted = list(Contact.objects.filter(pk__in=[one.pk for one in records], active=True).order_by("pk"))
        for contact in wanted:
            contact.active = False
            contact.save(update_fields=["active", "updated_at"], requested_by=request.user.get_username())
        return len(wanted)

    def asked_before_leaving(self, request: HttpRequest, records: Sequence[Contact]) -> list[Any]:
        """Ask who is next where a Primary leaves."""
        return asking.questions(request, records)

    def before_leaving(self, request: HttpRequest, records: Sequence[Contact]) -> None:
        """Hand on what the Primaries among them leave behind."""
        try:
            primary.step_down(records, asking.answers(request), by=request.user.get_username())
        except primary.PrimaryError as error:
            raise UnansweredError(str(error)) from error

    def primary_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask (GET), or make this contact the Primary (POST)."""
        return asking.primary_view(self, request, object_id)

    def pick_view(self, request: HttpRequest) -> HttpResponse:
        """Lead the one who was picked in a grid to the question."""
        return asking.pick_view(self, request)


def _is_twin(contact: Any) -> bool:
    return contact.has_twin and not contact.is_validated


def _linked(contact: Contact) -> tuple[str, str]:
    return cells.address(Contact, "change", contact.pk), f"{contact} ({contact.company})"[:120]
