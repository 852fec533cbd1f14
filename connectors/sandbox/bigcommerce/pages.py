"""The app of B2B Edition as a person sees it: which page stands at which address, and what is around it.

A company, a company user and an address each have an address here; the vendor documents none for theirs.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from .. import words as rehearsal
from ..system import Desk
from ..templating import render
from ..wire import Reply, Request, redirect
from . import company_page, page_lists
from .errors import Refusal
from .forms import COMPANIES, Form
from .pranks import PRANKS
from .shelves import Visit, page_of
from .shop import Shop
from .store import Row
from .words import ROOT, company_path, newest_first, text

READS = frozenset({"GET", "HEAD"})
Values = Mapping[str, Any]
NAMES = {"company": "companies", "user": "users", "address": "addresses"}
# What leads to a company's page: the kind of record and the tab where it stands.
TABS_OF = {"user": "users", "address": "addresses"}
NAVIGATION = (
    ("B2B Edition", (("companies", "Companies", "company"), ("users", "Users", "user"))),
    ("Store", (("customers", "Customers", "customer"), ("webhooks", "Webhooks", "hook"))),
)


def summary(shop: Shop) -> str:
    """Return how many companies, users and addresses are held."""
    counts = ((len(shop.store[kind]), words) for kind, words in NAMES.items())
    return " · ".join(f"{count:,} {words}" for count, words in counts)


def page(shop: Shop, request: Request, desk: Desk) -> Reply | None:
    """Return the page at this path, or None where the path is the API's."""
    if request.method not in READS:
        return None
    segments = request.segments
    if segments in ([], ["page"]):
        return redirect(COMPANIES)
    if segments[0] not in ("page", "company", "user", "address"):
        return None
    visit = Visit(f"{ROOT}/{'/'.join(segments)}", request.query)
    with shop.lock:
        return _show(shop, segments, visit, desk)


def refused(shop: Shop, form: Form, sent: Mapping[str, str], refusal: Refusal, desk: Desk) -> Reply:
    """Return the page on which a refused form stands, with what was typed and why it was refused."""
    query = {"do": form.deed, "id": str(form.row.get("id", ""))}
    visit = Visit(form.home, query, sent, form.reasons(refusal))
    return _show(shop, visit.path.split("/")[2:], visit, desk, refusal.status)


def _show(shop: Shop, segments: list[str], visit: Visit, desk: Desk, status: int = 200) -> Reply:
    match segments:
        case ["page", name] if name in page_lists.LISTS:
            values = page_lists.LISTS[name](shop, visit)
            return _page(shop, desk, "bigcommerce_list.html", values, name, status)
        case ["company", key, *rest] if len(rest) < 2:
            row, tab = shop.store["company"].get(key), "".join(rest)
            if row is not None and tab in company_page.TABS:
                here = replace(visit, path=company_path(row["id"], tab))
                values = company_page.values(shop, row, tab, here)
                return _page(shop, desk, company_page.TEMPLATES[tab], values, "companies", status)
        case ["user" | "address" as kind, key]:
            if (found := shop.store[kind].get(key)) is not None:
                return redirect(_where(shop, kind, found))
    return _missing(shop, segments, desk)


def _where(shop: Shop, kind: str, row: Row) -> str:
    """Return the place of a user or address on its company's page."""
    siblings = newest_first(shop.store[kind].having("companyId", row["companyId"]))
    visit = Visit(company_path(row["companyId"], TABS_OF[kind]))
    number = page_of(row, siblings)
    return f"{visit.to(page=number if number > 1 else '')}#{kind}-{row['id']}"


def _missing(shop: Shop, segments: list[str], desk: Desk) -> Reply:
    kinds = {"company": "company", "user": "company user", "address": "address"}
    kind = kinds.get(segments[0], "page")
    values = {"kind": kind, "key": text(segments[1]) if len(segments) == 2 and kind != "page" else ""}
    return _page(shop, desk, "bigcommerce_missing.html", values, "", 404)


def _page(shop: Shop, desk: Desk, template: str, values: Values, active: str, status: int) -> Reply:
    around = {
        "groups": [_group(shop, title, entries, active) for title, entries in NAVIGATION],
        "store_name": shop.settings.store_name,
        "store_kind": f"{shop.settings.store_kind.capitalize()} Companies",
        **rehearsal.of_desk(desk, ROOT, PRANKS),
    }
    return render(template, {**around, **values}, status)


def _group(shop: Shop, title: str, entries: tuple[tuple[str, str, str], ...], active: str) -> Values:
    links = [
        {
            "path": f"{ROOT}/page/{name}",
            "label": label,
            "count": f"{len(shop.store[kind]):,}",
            "active": name == active,
        }
        for name, label, kind in entries
    ]
    return {"title": title, "links": links}
