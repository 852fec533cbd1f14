"""Refusals in words: what no page can make sense of, and what takes the database too long."""

from collections.abc import Callable, Iterable

from django.conf import settings
from django.core.paginator import InvalidPage
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from psycopg.errors import QueryCanceled

NUL = "\x00"  # no database stores it, no page sends it
Answer = Callable[[HttpRequest], HttpResponse]


class Refusals:
    """Answer 400 to a NUL in an address or a cookie (forms say it themselves), 503 to a stopped statement."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Look at the address and the cookies before anything reads them."""
        if _has_nul([request.path, *_values(request.GET.lists()), *request.COOKIES.values()]):
            return _refused(request)
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Say in words that a statement was stopped, and that a list has no such page."""
        if isinstance(error, InvalidPage):
            return render(request, "404.html", status=404)
        if not isinstance(error, OperationalError) or not isinstance(error.__cause__, QueryCanceled):
            return None
        context = {"limit_s": f"{settings.WEB_STATEMENT_TIMEOUT_S:g}"}
        return render(request, "concord/took_too_long.html", context, status=503)


def _refused(request: HttpRequest) -> HttpResponse:
    return render(request, "400.html", status=400)


def _values(lists: Iterable[tuple[str, list[str]]]) -> list[str]:
    return [text for name, values in lists for text in (name, *values)]


def _has_nul(texts: Iterable[str]) -> bool:
    return any(NUL in text for text in texts)
