"""What stands in the rehearsal before anything is sent.

Two accounts in Salesforce: both match one company of the demo, which therefore needs a
person's choice. In the store its extra fields, and a customer who is a contact here. The
sandbox reads all this from a file when it starts; one that already runs is told.
"""

import json
from typing import Any

import requests
from django.conf import settings

from companies.models import Company
from config.demo import storefront
from config.demo.companies import DUPLICATE_HOST, DUPLICATE_NAME
from connectors.models import Connection

ACCOUNTS: tuple[dict[str, Any], ...] = (
    {
        "Name": DUPLICATE_NAME,
        "Website": f"https://{DUPLICATE_HOST}",
        "Phone": "+44 113 496 0123",
        "BillingStreet": "4 Wharf Street",
        "BillingCity": "Leeds",
        "BillingPostalCode": "LS2 7EQ",
    },
    {
        "Name": DUPLICATE_NAME,
        "Website": f"http://{DUPLICATE_HOST}/york",
        "Phone": "+44 1904 960456",
        "BillingStreet": "12 Coney Street",
        "BillingCity": "York",
        "BillingPostalCode": "YO1 9NA",
    },
)
_PATIENCE_S = 1.0


def prepare(sandbox_url: str) -> None:
    """Let all this be in the sandbox, running or not yet, as far as the demo's rows need it.

    Left in a file for the sandbox's next start; where one runs it is told at once.
    """
    path = settings.VAR_DIR / "rehearsal.json"
    begins_with = _records()
    if not begins_with:
        path.unlink(missing_ok=True)
        return
    path.write_text(json.dumps(begins_with, indent=1), encoding="utf-8")
    tell_sandbox(sandbox_url, begins_with)


def _records() -> dict[str, Any]:
    found: dict[str, Any] = {}
    if Company.objects.filter(name=DUPLICATE_NAME).exists():
        found["salesforce"] = {"Account": ACCOUNTS}
    if Connection.objects.filter(slug=storefront.SLUG).exists():
        found["bigcommerce"] = {"extra_field": storefront.EXTRA_FIELDS, "customer": storefront.shoppers()}
    return found


def tell_sandbox(url: str, records: dict[str, Any]) -> bool:
    """Add what is not there yet to a sandbox that runs at this address; return False if none does."""
    try:
        answer = requests.post(f"{url.rstrip('/')}/_control/seed", json=records, timeout=_PATIENCE_S)
        answer.raise_for_status()
    except requests.RequestException:
        return False
    return True
