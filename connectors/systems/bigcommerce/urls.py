"""Addresses of records in B2B, for people."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from connectors.systems.bigcommerce.client import B2B_HOST

APP_SETTING = "app_url"
HOLE = "{company}"
_PAGES = {"company": "company", "contact": "user", "location": "address"}


def record_url(base_url: str, settings: Mapping[str, Any], entity: str, remote_id: str) -> str:
    """Return the page of a record, "" where no address is known.

    The vendor documents none: a real store's is a setting, and only companies have
    one. A rehearsal has a page for each record.
    """
    shown_id = quote(remote_id, safe="")
    if urlsplit(base_url).hostname != B2B_HOST:
        return f"{base_url.rstrip('/')}/{_PAGES.get(entity, entity)}/{shown_id}"
    pattern = str(settings.get(APP_SETTING) or "")
    return pattern.replace(HOLE, shown_id) if entity == "company" and HOLE in pattern else ""
