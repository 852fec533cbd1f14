"""Sessions that end when nobody used them for a while, without a write for each request.

A page that keeps itself fresh is no use of them.
"""

import time
from collections.abc import Callable

from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse

SEEN_AT = "seen_at"
NOTE_EVERY_S = 300
# How the names of routes end that an open page asks by itself, every two seconds: nobody may be there.
BY_ITSELF = ("_cells", "_live")


def end_when_idle(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Prolong the session of whoever is logged in and does something, every five minutes at most.

    It ends SESSION_COOKIE_AGE after the last time that this was noted.
    """

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)  # first: it finds the route
        if _is_asked_by_itself(request):
            return response if request.user.is_authenticated else _load_anew(request, response)
        if request.user.is_authenticated:
            now = time.time()
            if now - float(request.session.get(SEEN_AT, 0)) > NOTE_EVERY_S:
                request.session[SEEN_AT] = now
        return response

    return answer


def _is_asked_by_itself(request: HttpRequest) -> bool:
    route = request.resolver_match
    return route is not None and (route.url_name or "").endswith(BY_ITSELF)


def _load_anew(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Have the page load itself: it would put the login form, to which we redirect, into a part of itself."""
    if "HX-Request" not in request.headers:
        return response
    # Source: htmx reference, "Response Header Reference", HX-Refresh.
    return HttpResponse(status=401, headers={"HX-Refresh": "true"})


@receiver(user_logged_in)
def begin(request: HttpRequest, **_: object) -> None:
    """Note the login itself: the session is written then anyway."""
    request.session[SEEN_AT] = time.time()
