"""What a Salesforce administrator does once, as a text to hand over. Exact names, nothing to guess.

New connected apps can't be created any more: it must be an External Client App.
Sources: the fact sheet's sections 0.1, 2.1 and 2.10; help,
remoteaccess_oauth_client_credentials_flow and remoteaccess_oauth_jwt_flow.
"""

from collections.abc import Mapping
from typing import Any

from connectors.systems.salesforce import keys
from connectors.systems.salesforce.mapping import CONTACT_CUSTOM, CUSTOM, key_field

_TEXT = """\
Concord keeps our companies and contacts in agreement with Accounts and Contacts in Salesforce.
Please set up the following. It takes about 20 minutes.

1. A user for Concord
   Setup › Users › New User. A user of its own, so that its changes can be told apart. It needs:
   - API Enabled
   - Read, Create and Edit on Account and on Contact
   - Read and Edit on every field of step 4, and on the standard fields of Account and Contact
   - View All Users (to list the people who may own records)
   A permission set with these rights serves best. Delete rights are not needed.

2. An External Client App
   Setup › External Client App Manager › New External Client App. (New connected apps can no longer be
   created.)
   - Name: Concord. Distribution State: Local.
   - Enable OAuth. Callback URL: https://login.salesforce.com/services/oauth2/success (it is not used)
   - OAuth Scopes: “Manage user data via APIs (api)” and “Access the identity URL service (id)”

3. One of the two ways of logging in
   a) Client credentials
      - In the app's settings: tick Enable Client Credentials Flow
      - In the app's policies: tick Enable Client Credentials Flow, and enter the user of step 1 as Run As
      - Send us: Consumer Key and Consumer Secret (Settings › OAuth Settings › Consumer Key and Secret)
   b) JWT bearer, without a shared secret
      - We send you a certificate (.crt). We keep its private key. Made by:
        {make}
      - In the app's settings: tick Enable JWT Bearer Flow, and upload the certificate
      - Add the OAuth Scope “Perform requests at any time (refresh_token, offline_access)”
      - In the app's policies: Permitted Users “Admin approved users are pre-authorized”, and add the profile
        or the permission set of the user of step 1
      - Send us: Consumer Key, and the Username of the user of step 1

4. Fields
   Setup › Object Manager › Account (then Contact) › Fields & Relationships › New.

   Object   API name                     Type       Options
{fields}
   Give the user of step 1 access to them (field-level security: visible, not read-only).

5. Tell us the address
   Setup › My Domain, the address that ends in .my.salesforce.com.
"""


def setup_guide(settings: Mapping[str, Any]) -> str:
    """Return the whole text, with the names of the fields as this connection has them."""
    return _TEXT.format(make=keys.MAKE, fields="\n".join(_fields(settings)) + "\n")


def _fields(settings: Mapping[str, Any]) -> list[str]:
    key = key_field(settings)
    options = "External ID; Unique, case-insensitive"
    lines = [_line(thing, key, "Text(255)", options) for thing in ("Account", "Contact")]
    for thing, whose, custom in (("Account", "company's", CUSTOM), ("Contact", "contact's", CONTACT_CUSTOM)):
        for setting, (local, label, default) in custom.items():
            stored = settings.get(setting)
            name = str(default if stored is None else stored).strip()
            if name.endswith("__c"):  # a standard one is there already
                kind = "Email" if local == "email" else "Text(255)"
                lines.append(_line(thing, name, kind, f"none; holds the {whose} {label}"))
    return lines


def _line(thing: str, name: str, kind: str, options: str) -> str:
    return f"   {thing:<8} {name:<28} {kind:<10} {options}"
