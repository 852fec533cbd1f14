"""The connections' screens: connect, test, pause, and decide what is sent by itself."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from connectors import doorbell, health, registry, tokens
from connectors.admin import (
    alerts,
    cells,
    company_configuration,
    connection_calls,
    connection_directions,
    connection_head,
    connection_sections,
    figures,
    hooks,
    orphans,
    send_changed,
)
from connectors.admin.alerts import AlertViewsMixin
from connectors.admin.board import synced_entities
from connectors.admin.company_configuration import CompanyConfigurationForm
from connectors.admin.compared import compared_after
from connectors.admin.connection_views import ConnectionViewsMixin
from connectors.admin.history import HistoryMixin
from connectors.admin.hooks import InboundViewsMixin
from connectors.admin.orphans import OrphanViewsMixin
from connectors.admin.plain import PlainWordsMixin
from connectors.kinds import Kind
from connectors.models import Connection, ConnectionHealth
from synclog.strict_admin import StrictAdmin

LOGIN_CHANGED = "Login changed"


@admin.register(Connection)
class ConnectionAdmin(
    PlainWordsMixin,
    AlertViewsMixin,
    OrphanViewsMixin,
    InboundViewsMixin,
    ConnectionViewsMixin,
    HistoryMixin,
    StrictAdmin,
):
    """One account of one remote system, how it fares, and its buttons."""

    form = CompanyConfigurationForm
    list_select_related = ["health", "pace"]
    list_fullwidth = True
    list_before_template = "concord/lead.html"
    change_list_template = "concord/connection_list.html"
    change_form_outer_before_template = "concord/connection_head.html"
    compressed_fields = True
    ordering = ["name"]
    actions = None

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """Return the columns; their numbers are counted once per page."""
        counted = figures.figures()

        def numbers(connection: Connection) -> SafeString:
            return figures.lines(connection, counted)

        return ["titled", "system", "standing", cells.titled(numbers, "numbers", "Records"), "usage"]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Return the form. Its kind's own boxes are no columns: Django must not look for them."""
        readonly = self.get_readonly_fields(request, obj)
        fixed = {*readonly, "kind"} if obj else {*readonly, "enabled"}
        kwargs["fields"] = [name for name in CompanyConfigurationForm.Meta.fields if name not in fixed]
        form = super().get_form(request, obj, change=change, **kwargs)
        form.links_users = request.user.has_perm("auth.view_user")
        return form

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Keep what other things refer to as it was made."""
        return ["slug", "system"] if obj else []

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return the sections; who may not change it sees the first one only."""
        if obj and not self.has_change_permission(request, obj):
            return connection_sections.for_readers()
        return connection_sections.sections(obj.system if obj else _asked_for(request), obj)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the page; after a save tell what differs now from what was sent."""
        if request.method != "POST" or self.get_object(request, object_id) is None:
            return super().change_view(request, object_id, form_url, extra_context)
        with compared_after(request, object_id):
            answer: HttpResponse = super().change_view(request, object_id, form_url, extra_context)
        return answer

    def save_model(self, request: HttpRequest, obj: Connection, form: Any, change: bool) -> None:
        """Write what was edited and nothing else: a blank secret leaves the stored one alone."""
        form.fill(obj)
        columns = form.changed_columns()
        if change and "credentials" in columns:
            obj._change_reason = LOGIN_CHANGED
        if not change:
            obj.save()
        elif columns:
            obj.save(update_fields=columns | {"updated_at"})
        if change and columns & {"credentials", "base_url", "settings"}:
            rows = ConnectionHealth.objects.filter(connection=obj)
            rows.update(checks=[], tested_at=None, other_org="")
            tokens.forget(obj)
            health.credentials_changed(obj)
            doorbell.ring_after_commit(obj.pk)
        if change:
            request.__dict__["concord_switched_on"] = form.switched_on()

    def response_change(self, request: HttpRequest, obj: Connection) -> HttpResponse:
        """After automatic sync was switched on, ask about what was changed before."""
        response: HttpResponse = super().response_change(request, obj)
        ask = send_changed.question(request, obj, request.__dict__.get("concord_switched_on", []))
        return HttpResponseRedirect(ask) if ask else response

    def has_delete_permission(self, request: HttpRequest, obj: Connection | None = None) -> bool:
        """Return whether it may go: never while records here know who they are over there."""
        links = (entity.links().filter(connection=obj) for entity in synced_entities())
        if obj is not None and any(rows.exists() for rows in links):
            return False
        return bool(super().has_delete_permission(request, obj))

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        """Add the head: how it stands, its buttons and the last test."""
        context["show_save_and_add_another"] = False
        connection = context.get("original")
        if connection is not None:
            context.update(connection_head.head(request, self, connection))
            may_change = self.has_change_permission(request, connection)
            context.update(hooks.section(connection, may_change=may_change))
            context.update(orphans.section(connection, may_change=may_change))
            context.update(alerts.section(connection, may_change=may_change))
        else:
            context["cc_tiles"] = connection_head.tiles(context["adminform"].form.system.slug)
        return super().render_change_form(request, context, *args, **kwargs)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Ask first which system it is: the form is that system's own."""
        known = [item.slug for item in registry.kinds()]
        if request.method == "GET" and request.GET.get("kind") not in known:
            if not self.has_add_permission(request):
                raise PermissionDenied
            return self._choose_kind(request)
        title = f"Connect {_asked_for(request).full_name}"
        answer: HttpResponse = super().add_view(request, form_url, {"title": title, **(extra_context or {})})
        return answer

    def _choose_kind(self, request: HttpRequest) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": "Add connection",
            "opts": Connection._meta,
            "cc_tiles": connection_head.tiles(),
        }
        return TemplateResponse(request, "concord/connection_kinds.html", context)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Show the list with the line that says what it is for."""
        lead = "The systems that Concord talks to: how each fares, and what is sent to it."
        tiles = connection_head.tiles() if self.has_add_permission(request) else []
        return super().changelist_view(request, {"cc_lead": lead, "cc_tiles": tiles, **(extra_context or {})})

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """Show who changed what, beside the connection's other pages."""
        connection = self.get_object(request, object_id)
        tabs = connection_head.tabs(connection, "history") if connection else []
        return super().history_view(request, object_id, {"cc_tabs": tabs, **(extra_context or {})})

    def history_label(self, record: Any, field: str, key: str) -> str:
        """Return what the form calls one of its kind's own boxes."""
        system = registry.kind(record.kind)
        boxes = {("settings", item.name): item.label for item in system.settings}
        known = {**boxes, **company_configuration.labels(system)}
        said = known.get((field, key)) or connection_directions.history_label(field, key)
        return said or super().history_label(record, field, key)

    def history_value(self, request: HttpRequest, record: Any, field: str, value: Any) -> str:
        """Return a direction or a master in words, a webhook's host where its path is not to be read."""
        if field == "alert_url" and value and not self.has_change_permission(request):
            return alerts.host(value)
        return connection_directions.history_value(registry.kind(record.kind), field, value)

    @admin.display(description="Connection", ordering="name")
    def titled(self, connection: Connection) -> SafeString:
        """Return the name with its environment."""
        return format_html("{} {}", connection.name, cells.environment(connection))

    @admin.display(description="Connector Type")
    def system(self, connection: Connection) -> str:
        """Return which system it is."""
        return connection.system.full_name

    @admin.display(description="State")
    def standing(self, connection: Connection) -> SafeString:
        """Return how it fares, in words."""
        how = figures.standing(connection)
        return format_html('<span class="cc-standing cc-tone-{}">{}</span>', how.tone, how.sentence)

    @admin.display(description="Calls")
    def usage(self, connection: Connection) -> str:
        """Return the calls used, or left."""
        return connection_calls.usage(connection) or "not known yet"


def _asked_for(request: HttpRequest) -> Kind:
    """Return the kind of a new connection: the one that is posted or linked to, else the first."""
    kinds = {item.slug: item for item in registry.kinds()}
    return kinds.get(request.POST.get("kind") or request.GET.get("kind", ""), next(iter(kinds.values())))
