"""The console's site: Unfold's, with its two password forms braked and noted in the trail."""

from typing import Any

from django.apps import AppConfig
from django.contrib import admin
from django.contrib.admin import sites
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from unfold.sites import UnfoldAdminSite


class ConsoleSiteConfig(AppConfig):
    """Unfold's application with our site in place of its own."""

    name = "unfold"

    def ready(self) -> None:
        """Put the site where Django's admin looks for it, before any model is registered."""
        admin.site = sites.site = ConsoleSite()


class ConsoleSite(UnfoldAdminSite):  # type: ignore[misc] # Unfold is untyped
    """Answers a password that was not looked at by its status: 429 or 503, with Retry-After."""

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the login form, or log in."""
        return _with_status(request, super().login(request, extra_context))

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Let people change their own password."""
        from config.own_password import OwnPasswordView  # needs the models, which are loaded after this

        request.current_app = self.name
        view = OwnPasswordView.as_view(
            success_url=reverse(f"{self.name}:password_change_done", current_app=self.name),
            extra_context={**self.each_context(request), **(extra_context or {})},
        )
        return _with_status(request, view(request))


def _with_status(request: HttpRequest, response: Any) -> HttpResponse:
    refused = getattr(request, "login_refused", None)
    if refused is not None:
        response.status_code = refused.status
        response["Retry-After"] = str(refused.wait_s)
    answer: HttpResponse = response
    return answer
