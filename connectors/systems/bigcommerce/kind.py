"""BigCommerce B2B Edition, as the rest of Concord sees it."""

import re
from collections.abc import Mapping
from typing import Any

from connectors.kinds import Input, Kind
from connectors.protocol import Direction
from connectors.systems.bigcommerce.client import B2B_HOST, CORE_SETTING, CORE_URL
from connectors.systems.bigcommerce.connector import BATCH, BigCommerceConnector
from connectors.systems.bigcommerce.guide import DEFAULT_KEY, setup_guide
from connectors.systems.bigcommerce.hooks import HOOK_KIND, SIGNATURE_SETTING
from connectors.systems.bigcommerce.logins import (
    LOGINS,
    address,
    field_name,
    minutes,
    number,
    numbers,
    pattern,
)
from connectors.systems.bigcommerce.mapping import CUSTOM, KEY_SETTING, USER, mappings
from connectors.systems.bigcommerce.options import (
    CATALOG_SETTING,
    CHANNELS_SETTING,
    DEPENDENT,
    GROUP_SETTING,
    INDEPENDENT,
    KIND_SETTING,
    MAILS_SETTING,
    welcomes,
)
from connectors.systems.bigcommerce.urls import APP_SETTING, HOLE, record_url
from connectors.systems.bigcommerce.words import EXTRA_FIELDS, SYSTEM, TITLE

STORE, FIELDS, NOTICES = "The store", "", "Notices of changes"
NO_YES = (("no", "No"), ("yes", "Yes"))


def valid_id(text: str) -> bool:
    """Return whether this may be an id of B2B."""
    return re.fullmatch(r"[1-9][0-9]{0,18}", text) is not None


def creates(entity: str, settings: Mapping[str, Any]) -> str:
    """Return what a first push makes there."""
    mail = "with a welcome e-mail" if welcomes(settings) else "no welcome e-mail"
    return {
        "company": f"a company with its Primary contact as first user, {mail}",
        "contact": f"a company user, role {{role}}, {mail}",
        "location": "an address in the company's address book",
    }.get(entity, "")


def _extra(setting: str) -> Input:
    thing, _, label = CUSTOM[setting]
    tab = "Company user" if thing == USER else "Company"
    return Input(
        setting, f"Extra field for {label}", f"Its name in {EXTRA_FIELDS} › {tab}. Empty: not sent.",
        required=False, read=field_name,
    )  # fmt: skip


SETTINGS = (
    Input(
        KIND_SETTING,
        "Companies",
        "As in B2B Edition › Settings: Independent companies may share a customer group; Dependent ones have "
        "each their own.",
        INDEPENDENT,
        choices=((INDEPENDENT, "Independent"), (DEPENDENT, "Dependent on a customer group")),
        section=STORE,
    ),
    Input(
        GROUP_SETTING,
        "Customer group",
        "Number of the group that new Independent companies get, 0 for none. Empty: the store's own choice.",
        required=False,
        read=number,
        section=STORE,
    ),
    Input(
        CATALOG_SETTING,
        "Price list",
        "Number of the price list that new Dependent companies get.",
        required=False,
        read=number,
        section=STORE,
    ),
    Input(
        CHANNELS_SETTING,
        "Channels",
        "Numbers of the storefronts that new companies and users may enter, such as 1,2. Empty: not sent, "
        "for a store with one storefront.",
        required=False,
        read=numbers,
        section=STORE,
    ),
    Input(
        MAILS_SETTING,
        "Welcome e-mails",
        "Whether the store writes to new users.",
        "no",
        choices=NO_YES,
        section=STORE,
    ),
    Input(
        CORE_SETTING,
        "Address of the store's API",
        f"Where customers and hooks are asked for. Leave it at {CORE_URL}; a rehearsal has all in one place.",
        CORE_URL,
        required=False,
        read=address,
        section=STORE,
        is_target=True,
    ),
    Input(
        APP_SETTING,
        "Page of a company",
        f"Address of a company's page in the B2B app, with {HOLE} where its number stands. Empty: no links.",
        required=False,
        read=pattern,
        section=STORE,
    ),
    Input(
        "poll_minutes",
        "Look for changes every so many minutes",
        "What webhooks miss is found so: companies made in bulk, changed roles. 0: only when someone asks.",
        "5",
        read=minutes,
        section=NOTICES,
    ),
    Input(
        SIGNATURE_SETTING,
        "Require signatures",
        "From when on a notice without the store's signature is refused. It needs the client secret of the "
        "login.",
        "no",
        choices=(("no", "From the first signed notice on"), ("yes", "At once")),
        section=NOTICES,
    ),
    Input(
        KEY_SETTING,
        "Extra field for Concord's id",
        f"Its name in {EXTRA_FIELDS} › Company: text, unique, not visible to buyers, such as {DEFAULT_KEY}. "
        "By it a company is found again whatever happens. Empty: by its first user's e-mail and its name.",
        required=False,
        read=field_name,
    ),
    *(_extra(setting) for setting in CUSTOM),
)

KIND = Kind(
    slug="bigcommerce",
    label=SYSTEM,
    title=TITLE,
    push_label="Sync to B2B",
    id_label="B2B Reference ID",
    record_words={
        "company": ("company", "companies"),
        "contact": ("user", "users"),
        "location": ("address", "addresses"),
    },
    connect=BigCommerceConnector,
    mappings=mappings,
    record_url=record_url,
    base_url_label="B2B API address",
    base_url_help=f"https://{B2B_HOST} for every store; another one for a rehearsal only.",
    base_url_default=f"https://{B2B_HOST}",
    logins=LOGINS,
    settings=SETTINGS,
    auto_associate=False,
    valid_id=valid_id,
    max_batch_size=BATCH,
    max_parallel_calls=4,
    parallel_help=(
        "1 or 2 serve best: B2B allows 150 calls a minute, shared with your other integrations, however many "
        "talk at once."
    ),
    setup_guide=setup_guide,
    at_hand=(
        "A store with BigCommerce B2B Edition",
        "A store-level API account: its API path with the store hash, its access token and its client secret",
        "Its scopes: B2B Edition: modify, and Customers: modify",
        "Somebody who may change B2B Edition's settings for about 10 minutes; then 5 minutes here",
    ),
    primary_word="Primary Admin",
    role_words={"admin": "Admin", "senior_buyer": "Senior buyer", "junior_buyer": "Junior buyer"},
    role_there=lambda snapshot: str(snapshot.get("companyRoleName") or ""),
    needs={
        "company": "B2B needs a primary contact before it can create the company.",
        "contact": "B2B needs a primary contact before it can create the company.",
        "location": "An address in B2B has a first and a last name: the recipient's or the Primary's.",
    },
    creates=creates,
    directions={"company": Direction.OUT, "contact": Direction.OUT, "location": Direction.OUT},
    hooks=HOOK_KIND,
    is_paced=True,
    batch_size=BATCH,
    slots=2,
)
