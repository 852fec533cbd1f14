"""The two accounts that stand in the rehearsal Salesforce before anything is sent.

Both match one company of the demo, which therefore needs a person's choice. The
sandbox reads them from a file when it starts; one that already runs is told.
"""

import json
from typing import Any

import requests
from django.conf import settings

from companies.models import Company
from config.demo.companies import DUPLICATE_HOST, DUPLICATE_NAME

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
    """Let the accounts be in the sandbox, running or not yet, if a company here matches them.

    Left in a file for the sandbox's next start; where one runs it is told at once.
    """
    path = settings.VAR_DIR / "rehearsal.json"
    if not Company.objects.filter(name=DUPLICATE_NAME).exists():
        path.unlink(missing_ok=True)
        return
    path.write_text(json.dumps({"salesforce": {"Account": ACCOUNTS}}, indent=1), encoding="utf-8")
    tell_sandbox(sandbox_url)


def tell_sandbox(url: str) -> bool:
    """Add the accounts to a sandbox that runs at this address; return False if none does."""
    address = f"{url.rstrip('/')}/_control/salesforce/Account"
    try:
        known = requests.get(address, timeout=_PATIENCE_S)
        known.raise_for_status()
        if not any(account.get("Name") == DUPLICATE_NAME for account in known.json()):
            requests.post(address, json=ACCOUNTS, timeout=_PATIENCE_S).raise_for_status()
    except requests.RequestException:  # also an answer that is not JSON
        return False
    return True
