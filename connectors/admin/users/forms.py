"""The forms of users and roles."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth.models import Group, User
from django.utils.html import format_html
from unfold.forms import UserChangeForm

from connectors.admin.users import own_password

if TYPE_CHECKING:
    _UserForm = forms.ModelForm[User]
    _RoleForm = forms.ModelForm[Group]
else:  # Django can't subscript it
    _UserForm = _RoleForm = forms.ModelForm

WHAT_FOR = "Needed only where you change what {} may do."


class NewUserForm(_UserForm):
    """A user without rights and without a password: by a link they set one that nobody else knows."""

    class Meta:
        model = User
        fields = ("username", "first_name", "last_name", "email")

    def save(self, commit: bool = True) -> User:
        """Save with a password that matches nothing."""
        self.instance.set_unusable_password()
        return super().save(commit)


class UserForm(own_password.GuardedFormMixin, UserChangeForm):
    """A user; changing what they may do takes one's own password."""

    guarded = {
        "is_active": "whether somebody may log in",
        "is_staff": "whether somebody may log in",
        "is_superuser": "who is a superuser",
        "groups": "roles",
        "user_permissions": "permissions",
    }
    own_password = own_password.OwnPasswordField(required=False, help_text=WHAT_FOR.format("this user"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "password" in self.fields:
            self.fields["password"].help_text = format_html(
                'Nobody can read it here. <a href="{}">Make a link</a> by which this user sets a new one.',
                "../password/",
            )


class RoleForm(own_password.GuardedFormMixin, _RoleForm):
    """A role; changing its permissions takes one's own password."""

    guarded = {"permissions": "what a role may do"}
    own_password = own_password.OwnPasswordField(required=False, help_text=WHAT_FOR.format("this role"))

    class Meta:
        model = Group
        fields = ("name", "permissions")
