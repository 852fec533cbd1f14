"""The page where a link is made by which somebody else sets a password. It shows the link once."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.cache import add_never_cache_headers

from connectors.admin import cells
from connectors.admin.users import own_password, password_link
from synclog import trail, words


class OwnPasswordForm(forms.Form):
    """Asks for one's own password."""

    own_password = own_password.OwnPasswordField(error_messages={"required": "Enter your own password."})

    def __init__(self, request: HttpRequest, data: Any = None) -> None:
        super().__init__(data)
        self.request = request

    def clean_own_password(self) -> str:
        """Check it as slowly as at the login."""
        typed = str(self.cleaned_data[own_password.FIELD])
        own_password.check(self.request, typed)
        return typed


def page(request: HttpRequest, admin: Any, user: User) -> HttpResponse:
    """Ask for one's own password, then show the link; for oneself there is another page."""
    if user.pk == request.user.pk:
        return HttpResponseRedirect(reverse("admin:password_change"))
    form, link = OwnPasswordForm(request, request.POST or None), ""
    if request.method == "POST" and form.is_valid():
        link = password_link.make(request, user)
        trail.warn(request, "password_link_made", target=user.get_username())
    context = {
        **admin.admin_site.each_context(request),
        "opts": admin.opts,
        "original": user,
        "title": f"Password of {user.get_username()}",
        "form": form,
        "link": link,
        "lasts": words.waiting(settings.PASSWORD_RESET_TIMEOUT),
        "back": cells.address(User, "change", user.pk),
    }
    answer = TemplateResponse(request, "concord/password_link.html", context)
    add_never_cache_headers(answer)
    return answer
