"""Pages from templates, with nothing of Django but its template engine, autoescape on.

Every page carries a policy under which no script runs and nothing is fetched from anywhere.
"""

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.template import Context, Engine
from django.utils.safestring import mark_safe

from .wire import Reply, html_reply

FOLDER = Path(__file__).parent / "templates"
STYLE = (FOLDER / "style.css").read_text(encoding="utf-8")
STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = (
    f"default-src 'none'; style-src 'sha256-{STYLE_HASH}'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
HEADERS = (
    ("Content-Security-Policy", POLICY),
    ("X-Content-Type-Options", "nosniff"),
    # A form's Origin is checked; a stricter policy would have browsers hide it.
    ("Referrer-Policy", "same-origin"),
    ("Cache-Control", "no-store"),
)
ENGINE = Engine(dirs=[str(FOLDER)], autoescape=True)


def render(template: str, values: Mapping[str, Any], status: int = 200) -> Reply:
    """Return the page; values are shown as they are, so numbers and times come as text."""
    style = mark_safe(STYLE)  # noqa: S308 - our own file
    context = Context({"style": style, **values}, use_l10n=False, use_tz=False)
    return html_reply(ENGINE.get_template(template).render(context), status, HEADERS)
