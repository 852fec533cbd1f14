"""What the owner of a store does once, as a text to hand over. Exact names, nothing to guess.

Sources: BigCommerce, Store-level API accounts; B2B Edition, Authentication; B2B
Edition, Extra fields; read 2026-11.
"""

from collections.abc import Mapping
from typing import Any

from connectors.systems.bigcommerce.mapping import CUSTOM, USER, key_extra

DEFAULT_KEY = "Concord ID"
_TEXT = """\
Concord keeps our companies, their contacts and their locations in agreement with companies, company users and
addresses in BigCommerce B2B Edition. Please set up the following. It takes about 10 minutes.

1. An API account for Concord
   Control panel › Settings › Store-level API accounts › Create API account.
   - Token type: V2/V3 API token. Name: Concord.
   - OAuth scopes: “B2B Edition: modify” and “Customers: modify”. No others are needed.
     (“B2B Edition” is offered only where the store has B2B Edition. “Customers” tells whether an e-mail
     belongs to a customer already, before that customer becomes a company's user.)
   - Send us, over a safe way: the API path (it holds the store hash), the access token and the client secret.
     They are shown once. The old B2B tokens (authToken) don't serve.

2. Extra fields
   B2B Edition › Settings › Extra fields.
{fields}
   Don't rename them later: they are known by their names. Extra fields that are required and that Concord
   does not fill need a default value, or Concord can't create anything.

3. Tell us
   - Whether companies are Independent or Dependent on a customer group (B2B Edition › Settings). For
     Dependent ones: the number of the price list that new companies get.
   - Which storefronts (channels) buyers may enter, by their numbers, if the store has several.
   - Whether new users should get a welcome e-mail from the store. Concord's default is no.

4. Good to know
   - B2B Edition allows 150 calls a minute, shared by all integrations of the store. Concord keeps below that.
   - A customer of the store who becomes a company's user brings earlier private orders along. Concord asks
     before each.
"""


def setup_guide(settings: Mapping[str, Any]) -> str:
    """Return the whole text, with the names of the extra fields as this connection has them."""
    return _TEXT.format(fields="\n".join(_fields(settings)))


def _fields(settings: Mapping[str, Any]) -> list[str]:
    key = key_extra(settings) or DEFAULT_KEY
    lines = [f"   - Company: “{key}”, text, unique, not visible to buyers, not required; holds Concord's id"]
    for setting, (thing, _, label) in CUSTOM.items():
        name = str(settings.get(setting) or "").strip()
        if name:
            tab, whose = ("Company user", "contact's") if thing == USER else ("Company", "company's")
            lines.append(f"   - {tab}: “{name}”, text; holds the {whose} {label}")
    return lines
