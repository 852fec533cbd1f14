"""The page behind a link that sets a password (connectors/admin/users/password_link.py)."""

from django.contrib import messages
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from connectors.admin.users import password_link
from synclog import trail

USED = (
    "This link was used already, is too old, or is not complete. Nothing was changed. "
    "Ask whoever gave it to you for a new one."
)
DONE = "Your password is set. Log in with it."


@method_decorator([never_cache, sensitive_post_parameters()], name="dispatch")
class SetPasswordView(View):
    """Takes a new password from whoever has the link's code. The same for every code that is none."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show the form; the browser fills in the code."""
        return _page(request, _form(User()))

    def post(self, request: HttpRequest) -> HttpResponse:
        """Set the password, once; other sessions of this user end by it."""
        user = password_link.user_of(request.POST.get("code", ""))
        if user is None:
            return _page(request, _form(User()), trouble=USED, status=400)
        form = SetPasswordForm(user, request.POST)
        if not form.is_valid():
            return _page(request, form)
        form.save()
        trail.warn(request, "password_set_by_link", target=user.get_username())
        messages.success(request, DONE)
        return redirect("admin:login")


def _form(user: User) -> "SetPasswordForm[User]":
    return SetPasswordForm(user)


def _page(
    request: HttpRequest, form: "SetPasswordForm[User]", *, trouble: str = "", status: int = 200
) -> HttpResponse:
    context = {"form": form, "trouble": trouble, "code": "" if trouble else request.POST.get("code", "")}
    return render(request, "public/set_password.html", context, status=status)
