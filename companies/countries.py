"""Countries by name."""

from functools import cache

from django.utils import translation
from django_countries import countries


@cache
def english_name(code: str) -> str:
    """Return the English name of a two-letter code, "" for none or an unknown one.

    Kept: asking the library for it took a third of the time of rendering a company.
    """
    with translation.override("en"):
        return str(countries.name(code)) if code else ""
