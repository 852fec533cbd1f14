"""Addresses of records in Salesforce, for people."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote


def record_url(base_url: str, _: Mapping[str, Any], entity: str, remote_id: str) -> str:
    """Return the page of a record, opened under the org's own domain.

    Lightning redirects from there; the vendor calls UI addresses unsupported, so
    they may change. Source: the fact sheet's section 2.11.
    """
    sobject = {"company": "Account", "contact": "Contact", "user": "User"}.get(entity, "Account")
    return f"{base_url.rstrip('/')}/lightning/r/{sobject}/{quote(remote_id)}/view"
