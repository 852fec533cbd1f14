"""System › All Users and their roles; the schedule's own tables stay out of sight."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from connectors.admin.plain import PlainWordsMixin
from connectors.admin.users import tab

if TYPE_CHECKING:
    _UserAdmin = DjangoUserAdmin[User]
else:  # Django can't subscript it
    _UserAdmin = DjangoUserAdmin

SCHEDULE = "django_celery_beat"

for _model in list(admin.site._registry):
    if _model._meta.app_label == SCHEDULE or _model in (User, Group):
        admin.site.unregister(_model)


@admin.register(User)
class UserAdmin(PlainWordsMixin, _UserAdmin, ModelAdmin):
    """The people who use the console, and who they are in each system."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_fullwidth = True

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
class GroupAdmin(DjangoGroupAdmin, ModelAdmin):
    """Roles: named sets of permissions."""
