"""People change their own password; the old one is checked as slowly as at the login."""

from typing import Any

from django.contrib.auth.views import PasswordChangeView
from django.http import HttpRequest, HttpResponse
from unfold.forms import AdminOwnPasswordChangeForm

from connectors.admin.users import own_password
from synclog import trail


class OwnPasswordForm(AdminOwnPasswordChangeForm):  # type: ignore[misc] # Unfold is untyped
    """Unfold's form; the old password goes the way of a login."""

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request

    def clean_old_password(self) -> str:
        """Refuse a wrong one; slowly, where several were wrong."""
        typed = str(self.cleaned_data["old_password"])
        own_password.check(self.request, typed)
        return typed


class OwnPasswordView(PasswordChangeView):
    """Django's view with that form, noted in the trail."""

    form_class = OwnPasswordForm

    def get_form_kwargs(self) -> dict[str, Any]:
        """Give the form the request."""
        return {**super().get_form_kwargs(), "request": self.request}

    def form_valid(self, form: Any) -> HttpResponse:
        """Change it; other sessions of this person end by it."""
        answer = super().form_valid(form)
        trail.note(self.request, "password_changed", target=self.request.user.get_username())
        return answer
