"""How large a request's body may be, and how long it may take to arrive.

One table for the whole console, by the name of the address. A view that takes
more than a form (an import) gets a line here; nothing else has to be changed.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve

from connectors import registry


@dataclass(frozen=True, slots=True)
class BodyLimit:
    """Bytes that a body may have, and seconds within which all of them must have arrived."""

    max_bytes: int
    within_s: float


def limit_for(path: str) -> BodyLimit:
    """Look up the limit of an address by its view; that of a form where the table has none."""
    try:
        match = resolve(path)
    except Resolver404:
        return _form({})
    return BY_VIEW.get(match.view_name, _form)(match.kwargs)


def _form(_: Mapping[str, Any]) -> BodyLimit:
    return BodyLimit(settings.DATA_UPLOAD_MAX_MEMORY_SIZE, within_s=30.0)


def _webhook(kwargs: Mapping[str, Any]) -> BodyLimit:
    system = registry.hooks(str(kwargs["kind"]))
    return BodyLimit(system.max_bytes if system else settings.DATA_UPLOAD_MAX_MEMORY_SIZE, within_s=5.0)


# The name of an address -> its limit, given what stands in the address.
BY_VIEW: Mapping[str, Callable[[Mapping[str, Any]], BodyLimit]] = {"webhook": _webhook}


def too_large(limit: BodyLimit) -> str:
    """Say what a person can do whose request was refused with 413."""
    return (
        f"This request is larger than the {limit.max_bytes // 1024} kB that Concord takes here. "
        "Send less at a time."
    )


def refuse_large(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: refuse by Content-Length, before anything reads or parses the body.

    config/asgi.py holds bodies of unknown length to the same limit. Under another
    server Django takes a body without a length for an empty one.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length == "0":
            return get_response(request)
        limit = limit_for(request.path_info)
        if not re.fullmatch("[0-9]{1,12}", length) or int(length) > limit.max_bytes:
            return HttpResponse(too_large(limit), status=413, content_type="text/plain")
        return get_response(request)

    return middleware
