"""Show times in the reader's zone: the browser tells it in a cookie, the pages name it."""

from collections.abc import Callable
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

COOKIE = "concord_zone"


class ReaderZone:
    """Activate the zone of the reader's browser for the request; the site's where it tells none."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer in the reader's zone, and leave none behind for the next request of this thread."""
        name = request.COOKIES.get(COOKIE, "")
        if name not in _zones():
            return self.get_response(request)
        with timezone.override(ZoneInfo(name)):
            return self.get_response(request)


@cache
def _zones() -> frozenset[str]:
    """Return the zones that this machine knows: a cookie names one of them or nothing."""
    return frozenset(available_timezones())
