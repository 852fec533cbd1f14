"""The connections' screens: connect, test, pause, and decide what is sent by itself."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin

from connectors import doorbell, health, registry, trial
from connectors.admin import cells, connection_head, figures, syncing
from connectors.admin.board import Board, synced_entities
from connectors.admin.connection_form import AUTO, CREDENTIAL, SETTING, ConnectionForm, names
from connectors.admin.plain import PlainWordsMixin
from connectors.models import Connection, ConnectionHealth
from synclog import words


@admin.register(Connection)
class ConnectionAdmin(PlainWordsMixin, ModelAdmin):
    """One account of one remote system, how it fares, and its buttons."""

    form = ConnectionForm
    list_select_related = ["health"]
    list_fullwidth = True
    list_before_template = "concord/lead.html"
    change_list_template = "concord/change_list.html"
    change_form_outer_before_template = "concord/connection_head.html"
    compressed_fields = True
    ordering = ["name"]
    actions = None

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """Return the columns; their numbers are counted once per page."""
        counted = figures.figures()

        def numbers(connection: Connection) -> SafeString:
            return _numbers(counted.get(connection.pk, figures.Figures()))

        return ["titled", "system", "standing", cells.titled(numbers, "numbers", "Records"), "usage"]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Return the form. Its kind's own boxes are no columns: Django must not look for them."""
        readonly = self.get_readonly_fields(request, obj)
        fixed = {*readonly, "kind"} if obj else readonly
        kwargs["fields"] = [name for name in ConnectionForm.Meta.fields if name not in fixed]
        return super().get_form(request, obj, change=change, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Keep what other things refer to as it was made."""
        return ["slug", "system"] if obj else []

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return the sections. The one for automatic sync keeps the seed's name."""
        kinds = {item.slug: item for item in registry.kinds()}
        system = kinds.get(obj.kind if obj else request.POST.get("kind", ""), next(iter(kinds.values())))
        if obj and not self.has_change_permission(request, obj):
            return [("Account", {"fields": ["name", "slug", "system", "environment", "base_url", "enabled"]})]
        which = "system" if obj else "kind"
        return [
            ("Account", {"fields": [("name", "environment"), (which, "slug"), "base_url", "enabled"]}),
            ("Login", {"fields": names(CREDENTIAL, system), "description": _login_text(obj)}),
            (
                "Company Configuration",
                {
                    "fields": names(AUTO, system),
                    "description": _automatic_text(obj),
                    "classes": ["cc-company-configuration"],
                },
            ),
            (
                f"Fields in {system.label}",
                {
                    "fields": names(SETTING, system),
                    "description": "API names over there. Empty where it may be: the field is not sent.",
                },
            ),
            ("Speed", {"fields": [("batch_size", "max_slots")], "classes": ["collapse"]}),
        ]

    def save_model(self, request: HttpRequest, obj: Connection, form: Any, change: bool) -> None:
        """Write what was edited and nothing else: a blank secret leaves the stored one alone."""
        form.fill(obj)
        columns = form.changed_columns()
        if not change:
            obj.save()
        elif columns:
            obj.save(update_fields=columns | {"updated_at"})
        if change and columns & {"credentials", "base_url", "settings"}:
            ConnectionHealth.objects.filter(connection=obj).update(checks=[], tested_at=None)
            health.credentials_changed(obj)
            doorbell.ring(obj.pk)
        if "auto_push" in columns:
            _tell_unsent(request, obj)

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
        return super().render_change_form(request, context, *args, **kwargs)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Show the list with the line that says what it is for."""
        lead = "The systems that Concord talks to: how each fares, and what is sent to it."
        return super().changelist_view(request, {"cc_lead": lead, **(extra_context or {})})

    def get_urls(self) -> list[URLPattern]:
        """Add the addresses of the buttons. Each is a POST."""
        views = {
            "test": self.test_view,
            "pause": self.pause_view,
            "resume": self.resume_view,
            "retry": self.retry_view,
        }
        own = [
            path(
                f"<int:pk>/{what}/",
                self.admin_site.admin_view(require_POST(view)),
                name=f"connectors_connection_{what}",
            )
            for what, view in views.items()
        ]
        return [*own, *super().get_urls()]

    def test_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Test the connection now; the checklist is kept on its page."""
        connection = self._allowed(request, pk)
        tested = trial.test(connection, by=request.user.get_username())
        red = [item["label"] for item in tested.checks if item.get("ok") is False]
        if red:
            text = f"{connection.name} was tested: {', '.join(red)} failed. See below what to do."
            messages.error(request, text)
        else:
            messages.success(request, f"{connection.name} was tested: all checks passed.")
        return self._page(connection)

    def pause_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Send nothing until a person resumes."""
        connection = self._allowed(request, pk)
        health.pause(connection, by=request.user.get_username())
        messages.info(request, f"{connection.name} is paused. What waits goes on waiting; nothing is lost.")
        return self._page(connection)

    def resume_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """End any pause."""
        connection = self._allowed(request, pk)
        health.resume(connection, by=request.user.get_username())
        messages.info(request, f"{connection.name} is resumed. What waited is being sent.")
        return self._page(connection)

    def retry_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask again for all that failed, or for what failed in one run (`only_run`)."""
        connection = self._allowed(request, pk, right_to_sync=True)
        connection_head.retry(request, connection)
        return self._page(connection)

    def _allowed(self, request: HttpRequest, pk: int, *, right_to_sync: bool = False) -> Connection:
        connection = Connection.objects.select_related("health").filter(pk=pk).first()
        if connection is None:
            raise Http404
        may = (
            connection_head.may_retry(request)
            if right_to_sync
            else self.has_change_permission(request, connection)
        )
        if not may:
            raise PermissionDenied
        return connection

    def _page(self, connection: Connection) -> HttpResponse:
        return HttpResponseRedirect(cells.address(Connection, "change", connection.pk))

    @admin.display(description="Connection", ordering="name")
    def titled(self, connection: Connection) -> SafeString:
        """Return the name with its environment."""
        return format_html("{} {}", connection.name, cells.environment(connection))

    @admin.display(description="System")
    def system(self, connection: Connection) -> str:
        """Return which system it is."""
        return connection.system.label

    @admin.display(description="State")
    def standing(self, connection: Connection) -> SafeString:
        """Return how it fares, in words."""
        how = figures.standing(connection)
        return format_html('<span class="cc-standing cc-tone-{}">{}</span>', how.tone, how.sentence)

    @admin.display(description="Calls")
    def usage(self, connection: Connection) -> str:
        """Return the calls used today."""
        return figures.usage(connection) or "not known yet"


def _numbers(numbers: figures.Figures) -> SafeString:
    html = '<a class="cc-number cc-is-{}" href="{}"><b>{}</b> {}</a>'
    shown = ((item["tone"], item["url"], item["number"], item["label"]) for item in figures.links(numbers))
    return format_html('<span class="cc-numbers">{}</span>', format_html_join("", html, shown))


def _login_text(connection: Connection | None) -> str:
    if connection is None:
        return "Written once and never shown again. Stored encrypted."
    return "Never shown. Leave a box blank to keep what is stored; a new address needs the login again."


def _automatic_text(connection: Connection | None) -> SafeString:
    """Return what Yes and No mean, and what would stay behind."""
    text = (
        '<span id="company-configuration"></span>'
        "Yes: new and changed {} are sent by themselves. No: only when someone clicks.{}"
    )
    every = " and ".join(entity.label_plural for entity in synced_entities())
    if connection is None:
        return format_html(text, every, "")
    return format_html(text, every, _unsent(connection))


def _unsent(connection: Connection) -> SafeString:
    parts = []
    for entity in synced_entities():
        number = figures.changed(connection, entity)
        counted = words.counted(number, entity.label, entity.label_plural)
        url = f"{cells.address(entity.model, 'changelist')}?state=changed"
        have = "has" if number == 1 else "have"
        parts.append((url, counted, have) if number else ("", f"No {entity.label}", "has"))
    linked, plain = ' <a href="{}">{} {} changes not sent.</a>', "{} {} {} changes not sent."
    return format_html_join("", "{}", ((format_html(linked if part[0] else plain, *part),) for part in parts))


def _tell_unsent(request: HttpRequest, connection: Connection) -> None:
    """After automatic sync was switched on, say what it does not send."""
    for entity in synced_entities():
        number = figures.changed(connection, entity)
        if number and connection.pushes_automatically(entity.name):
            board = Board(entity)
            url = f"{cells.address(entity.model, 'changelist')}?state=changed"
            text = "From now on changes are sent by themselves. {} changed before that and {} not sent: {}"
            show = format_html('<a href="{}">look and send</a>', url)
            verb = "was" if number == 1 else "were"
            messages.info(request, format_html(text, syncing.counted(board, number), verb, show))
