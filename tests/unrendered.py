"""Answers without their pages, for tests that look at nothing but the status."""

from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.response import SimpleTemplateResponse
from django.test import Client, override_settings
from pytest_django.fixtures import Settings


class Unrendered:
    """Middleware: a view answers as always, with its status and headers; its template is not rendered."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on."""
        return self.get_response(request)

    def process_template_response(
        self, request: HttpRequest, response: SimpleTemplateResponse
    ) -> SimpleTemplateResponse:
        """Fill in an empty page."""
        response.content = b""
        return response


def context(client: Client, address: str) -> Mapping[str, Any]:
    """Return what a page is rendered of, as whoever is logged in at this client gets it."""
    with override_settings(MIDDLEWARE=[*settings.MIDDLEWARE, f"{__name__}.Unrendered"]):
        quiet = Client()
        quiet.cookies = client.cookies
        answer: Any = quiet.get(address)
    found: Mapping[str, Any] = answer.context_data
    return found


def without_rendering(fixture: Settings) -> None:
    """Have no page rendered by clients that are made from now on in this test."""
    fixture.MIDDLEWARE = [*settings.MIDDLEWARE, f"{__name__}.Unrendered"]
