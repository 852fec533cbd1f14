"""System › All Users and their roles; the schedule's own tables stay out of sight."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.views.decorators.http import require_http_methods, require_POST

from connectors.admin import cells
from connectors.admin.plain import PlainWordsMixin
from connectors.admin.users import forms, grid, password_page, proposing, tab, top
from connectors.admin.users.own_password import GuardedAdminMixin
from connectors.admin.users.ranks import RoleRanksMixin, UserRanksMixin
from connectors.admin.users.traced import TracedMixin
from connectors.models import Connection
from connectors.users import mirror
from synclog.strict_admin import StrictAdmin

if TYPE_CHECKING:
    _UserAdmin = DjangoUserAdmin[User]
else:  # Django can't subscript it
    _UserAdmin = DjangoUserAdmin

SCHEDULE = "django_celery_beat"
apps.get_app_config("auth").verbose_name = "System"  # where the sidebar has users and roles

for _model in list(admin.site._registry):
    if _model._meta.app_label == SCHEDULE or _model in (User, Group):
        admin.site.unregister(_model)


@admin.register(User)
class UserAdmin(GuardedAdminMixin, UserRanksMixin, TracedMixin, PlainWordsMixin, _UserAdmin, StrictAdmin):
    """The people who use the console, and who they are in each system."""

    form = forms.UserForm
    add_form = forms.NewUserForm
    add_fieldsets = ((None, {"fields": ("username", "first_name", "last_name", "email")}),)
    guards_adding = False  # nobody can log in as a new user, nor does it have rights
    traced = ("groups", "user_permissions")
    list_fullwidth = True
    actions = None  # the only one would delete people: their page deactivates
    list_filter = [grid.LinkedFilter, "is_active", "is_staff", "is_superuser", "groups"]
    list_before_template = "concord/users_top.html"
    change_list_template = "concord/change_list.html"
    search_fields = ["username", "first_name", "last_name", "email", "remote_links__remote_user__name"]
    search_help_text = "Username, name, email, or name over there"
    show_facets = admin.ShowFacets.NEVER

    def get_list_display(self, request: HttpRequest) -> list[str | Callable[[Any], Any]]:
        """Return the columns: three for each connection that has users."""
        shown = grid.grid_of(request).columns()
        return ["person", "address", "is_active", *shown, *grid.numbers(request)]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> Any:
        """Return the list that brings links and numbers along."""
        return grid.UserList

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Show the grid with how far the links reach."""
        context = {
            "cc_lead": "Who uses Concord, and who each of them is over there: so that every new record "
            "lands with the right owner.",
            "cc_tops": top.tops(request, grid.grid_of(request)),
            "cc_nothing": "Nobody matches this.",
            **(extra_context or {}),
        }
        return super().changelist_view(request, context)

    def get_urls(self) -> list[URLPattern]:
        """Add the addresses of the buttons."""
        views = {
            "fetch": require_POST(self.fetch_view),
            "proposals": require_http_methods(["GET", "HEAD", "POST"])(self.proposals_view),
        }
        own = [
            path(f"{what}/<int:pk>/", self.admin_site.admin_view(view), name=f"auth_user_{what}")
            for what, view in views.items()
        ]
        return [*own, *super().get_urls()]

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002
        """Make a link by which this user sets a password: nobody types one for somebody else."""
        user = self.get_object(request, unquote(id))
        if not self.has_change_permission(request, user):
            raise PermissionDenied
        if user is None:
            raise Http404
        return password_page.page(request, self, user)

    def fetch_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Fetch the users over there now; at most one call's time."""
        connection = self._allowed(request, pk)
        done = mirror.refresh(connection, by=request.user.get_username())
        messages.add_message(request, messages.SUCCESS if done.ok else messages.ERROR, done.text)
        return HttpResponseRedirect(cells.address(self.model, "changelist"))

    def proposals_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show who may be whom; link what was ticked."""
        connection = self._allowed(request, pk)
        if request.method == "POST":
            return proposing.link(request, self, connection)
        title = grid.grid_of(request).named("Link proposals", connection)
        return proposing.page(request, self, connection, title)

    def _allowed(self, request: HttpRequest, pk: int) -> Connection:
        """Return the connection, for who may link. Fetching writes nothing over there, but decides here."""
        if not request.user.has_perm(tab.LINK):
            raise PermissionDenied
        found = [row for row in grid.grid_of(request).connections if row.pk == pk]
        if not found:
            raise Http404
        return found[0]

    @admin.display(description="User", ordering="username")
    def person(self, user: User) -> Any:
        """Return the username and, on a second line, the name."""
        return grid.person(user)

    @admin.display(description="Email", ordering="email")
    def address(self, user: User) -> Any:
        """Return the e-mail address, to be broken before the @ where it must be."""
        return grid.address(user)

    def get_inline_instances(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Return a tab for each connection that has users; a user who is not saved yet has none."""
        shown = tab.inlines(self.model, self.admin_site) if obj is not None else []
        allowed = [one for one in shown if one.has_view_permission(request, obj)]
        for one in allowed:
            one.max_num = 1 if one.has_change_permission(request, obj) else 0
        return allowed

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Link by our own rules; Django saves the rest."""
        if isinstance(formset, tab.LinkFormSet):
            tab.save(request, formset, form.instance)
        else:
            super().save_formset(request, form, formset, change)


@admin.register(Group)
class GroupAdmin(GuardedAdminMixin, RoleRanksMixin, TracedMixin, DjangoGroupAdmin, StrictAdmin):
    """Roles: named sets of permissions."""

    form = forms.RoleForm
    traced = ("permissions",)
