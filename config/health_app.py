"""The WSGI application of the health port: /healthz and /readyz, in a process of their own."""

import os
from collections.abc import Callable, Iterable
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.db import close_old_connections  # noqa: E402 - its models want Django set up
from django.http import HttpResponse  # noqa: E402

from config.health import PAGES  # noqa: E402


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer the two pages, and 404 to everything else. A body is never read."""
    close_old_connections()
    page = PAGES.get(environ["PATH_INFO"])
    response = page() if page else HttpResponse(status=404)
    start_response(f"{response.status_code} {response.reason_phrase}", list(response.items()))
    return [response.content]
