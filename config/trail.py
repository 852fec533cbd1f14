"""Notes in the trail what Django itself does: logins, logouts, and refusals (403)."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.http import HttpRequest, HttpResponse

from synclog import trail


def note_refusals(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: note every answer 403 with who asked for what."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if response.status_code == 403:
            trail.warn(request, "refused", method=str(request.method), path=request.path)
        return response

    return middleware


def connect() -> None:
    """Listen to Django's signals."""
    user_logged_in.connect(_logged_in, dispatch_uid="trail")
    user_logged_out.connect(_logged_out, dispatch_uid="trail")
    user_login_failed.connect(_login_failed, dispatch_uid="trail")


def _logged_in(request: HttpRequest | None = None, user: Any = None, **_: Any) -> None:
    trail.note(request, "login", user=user.get_username())


def _logged_out(request: HttpRequest | None = None, user: Any = None, **_: Any) -> None:
    if user is not None:
        trail.note(request, "logout", user=user.get_username())


def _login_failed(credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    trail.warn(request, "login_failed", user=str(credentials.get("username") or ""))
