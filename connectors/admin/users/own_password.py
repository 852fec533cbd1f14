"""One's own password, asked for before a change that an unattended browser must not make."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth import authenticate
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminPasswordWidget

if TYPE_CHECKING:
    from unfold.admin import ModelAdmin as _Admin
else:
    _Admin = object

FIELD = "own_password"
WRONG = "This is not your password. Enter the one that you log in with."
MISSING = "Enter your own password: it is needed to change {what}."


def check(request: HttpRequest, typed: str) -> None:
    """Raise ValidationError where this is not the password of whoever is logged in.

    It goes the way of a login, so that guessing it is as slow as guessing there.
    """
    user = authenticate(request, username=request.user.get_username(), password=typed)
    if user is None or user.pk != request.user.pk:
        raise ValidationError(WRONG)


class OwnPasswordField(forms.CharField):
    """A box for it: never filled in by the browser, never cut."""

    def __init__(self, **kwargs: Any) -> None:
        widget = UnfoldAdminPasswordWidget(attrs={"autocomplete": "off"})
        super().__init__(label="Your own password", strip=False, widget=widget, **kwargs)


class GuardedFormMixin(forms.BaseForm):
    """A form that asks for one's own password where a field of `guarded` is changed.

    `request` is put there by GuardedAdminMixin.
    """

    request: HttpRequest
    guarded: dict[str, str] = {}  # field: what people call it

    @property
    def changed_data(self) -> list[str]:
        """Leave the password out: it changes nothing."""
        return [name for name in super().changed_data if name != FIELD]

    def clean(self) -> dict[str, Any] | None:
        """Ask for the password, or check it."""
        cleaned = super().clean()
        changed = [self.guarded[name] for name in self.changed_data if name in self.guarded]
        if not changed:
            return cleaned
        typed = str(self.cleaned_data.get(FIELD) or "")
        try:
            if not typed:
                raise ValidationError(MISSING.format(what=" and ".join(dict.fromkeys(changed))))
            check(self.request, typed)
        except ValidationError as error:
            self.add_error(FIELD, error)
        return cleaned


class GuardedAdminMixin(_Admin):
    """The admin of such a form: shows the box to whoever may change the record."""

    guards_adding = True

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Make the form, which is a class of its own for each request."""
        form = super().get_form(request, obj, change=change, **kwargs)
        form.request = request
        return form

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Put the box below what it is asked for."""
        fieldsets = super().get_fieldsets(request, obj)
        if not self._may_save(request, obj):
            return fieldsets
        plain = [(name, _without(options)) for name, options in fieldsets]
        guarded = set(getattr(self.form, "guarded", {}))
        last = max(at for at, (_, options) in enumerate(plain) if guarded & set(options["fields"]))
        return [*plain[: last + 1], ("Confirm", {"fields": [FIELD]}), *plain[last + 1 :]]

    def _may_save(self, request: HttpRequest, obj: Any) -> bool:
        if obj is None:
            return self.guards_adding and bool(self.has_add_permission(request))
        return bool(self.has_change_permission(request, obj))


def _without(options: dict[str, Any]) -> dict[str, Any]:
    """Drop the box from fields that Django collected from the form by itself."""
    return {**options, "fields": [name for name in options["fields"] if name != FIELD]}
