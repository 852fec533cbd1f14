"""System › All Users and their roles; the schedule's own tables stay out of sight."""

from typing import TYPE_CHECKING

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

if TYPE_CHECKING:
    _UserAdmin = DjangoUserAdmin[User]
else:  # Django can't subscript it
    _UserAdmin = DjangoUserAdmin

SCHEDULE = "django_celery_beat"

for _model in list(admin.site._registry):
    if _model._meta.app_label == SCHEDULE or _model in (User, Group):
        admin.site.unregister(_model)


@admin.register(User)
class UserAdmin(_UserAdmin, ModelAdmin):
    """The people who use the console."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_fullwidth = True


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, ModelAdmin):
    """Roles: named sets of permissions."""
