"""What arrived, in Salesforce's own words: which page stands at which address, and what is around it.

The console links to a record's page as it does in the real Salesforce.
Source: Salesforce fact sheet, "Ids and links".
"""

import re
from collections.abc import Mapping
from typing import Any

from .. import words
from ..system import Desk
from ..templating import render
from ..wire import Reply, Request, redirect
from . import lists, record_page
from .ids import normalised
from .org import Org
from .pranks import PRANKS

HOME = "/salesforce/page/Account"
READS = frozenset({"GET", "HEAD"})
LIST = re.compile(r"/page/(\w+)")
RECORD = re.compile(r"/lightning/r/(\w+)/(\w+)/view")
SHORT = re.compile(r"/(\w{15}(?:\w{3})?)")


def summary(org: Org) -> str:
    """Return how many accounts and contacts are held."""
    return " · ".join(
        f"{lists.count(org, name):,} {org.schema[name.lower()].plural}" for name in ("Account", "Contact")
    )


def page(org: Org, request: Request, desk: Desk) -> Reply | None:
    """Return the page at this path, or None where the path is the API's."""
    if request.method not in READS:
        return None
    path = request.path.rstrip("/")
    if not path or path == "/page":
        return redirect(HOME)
    with org.lock:
        if (match := LIST.fullmatch(path)) and match[1] in lists.COLUMNS:
            values = lists.values(org, match[1], request.query)
            return render("salesforce_list.html", {**values, **_surroundings(org, match[1], desk)})
        if match := RECORD.fullmatch(path) or SHORT.fullmatch(path):
            return _record(org, match[match.lastindex or 1], desk)
    return None


def _record(org: Org, key: str, desk: Desk) -> Reply:
    full = normalised(key) or ""
    for name in lists.COLUMNS:
        row = org.store.tables[name].rows.get(full)
        if row is not None:
            values = record_page.values(org, org.schema[name.lower()], row)
            return render("salesforce_record.html", {**values, **_surroundings(org, name, desk)})
    return render("salesforce_missing.html", {"key": key, **_surroundings(org, "", desk)}, 404)


def _surroundings(org: Org, active: str, desk: Desk) -> Mapping[str, Any]:
    tabs = [
        {
            "label": org.schema[name.lower()].plural,
            "path": f"/salesforce/page/{name}",
            "count": f"{lists.count(org, name):,}",
            "active": name == active,
        }
        for name in lists.COLUMNS
    ]
    return {
        "tabs": tabs,
        "org_name": org.settings.org_name,
        "usage": f"{org.api_used:,} of {org.settings.api_limit:,} calls",
        **words.of_desk(desk, "/salesforce", PRANKS),
    }
