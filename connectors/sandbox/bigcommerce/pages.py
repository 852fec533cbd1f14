"""What arrived, for a person to see: a list of the companies."""

from ..system import Desk
from ..templating import render
from ..wire import Reply, Request, redirect
from .shop import Shop

HOME = "/bigcommerce/page/companies"
READS = frozenset({"GET", "HEAD"})
STATUS_WORDS = {0: "Pending", 1: "Approved", 2: "Rejected", 3: "Inactive"}


def summary(shop: Shop) -> str:
    """Return how many companies, users and addresses are held."""
    counts = ((len(shop.store[kind]), words) for kind, words in NAMES.items())
    return " · ".join(f"{count:,} {words}" for count, words in counts)


def page(shop: Shop, request: Request, _desk: Desk) -> Reply | None:
    """Return the page at this path, or None where the path is the API's."""
    path = request.path.rstrip("/")
    if request.method not in READS:
        return None
    if path in ("", "/page"):
        return redirect(HOME)
    return _companies(shop) if path == "/page/companies" else None


def _companies(shop: Shop) -> Reply:
    with shop.lock:
        rows = [
            {
                "name": row["companyName"],
                "email": row["companyEmail"],
                "status": STATUS_WORDS[row["companyStatus"]],
                "users": f"{len(shop.store['user'].having('companyId', row['id'])):,}",
                "addresses": f"{len(shop.store['address'].having('companyId', row['id'])):,}",
            }
            for row in shop.store["company"]
        ]
        values = {"rows": rows, "store_name": shop.settings.store_name, "summary": summary(shop)}
    return render("bigcommerce_companies.html", values)


NAMES = {"company": "companies", "user": "users", "address": "addresses"}
