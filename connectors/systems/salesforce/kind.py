"""Salesforce, as the rest of Concord sees it."""

from connectors.kinds import Input, Kind
from connectors.systems.salesforce.client import DEFAULT_VERSION, MAX_RECORDS
from connectors.systems.salesforce.connector import SalesforceConnector
from connectors.systems.salesforce.guide import setup_guide
from connectors.systems.salesforce.ids import is_valid
from connectors.systems.salesforce.logins import LOGINS, api_name, version
from connectors.systems.salesforce.mapping import CONTACT_CUSTOM, CUSTOM, KEY_DEFAULT, KEY_SETTING, mappings
from connectors.systems.salesforce.urls import record_url


def _field(name: str, label: str, default: str, thing: str) -> Input:
    text = f"API name on {thing}. Empty: not sent."
    return Input(name, f"Field for {label}", text, default, required=False, read=api_name)


KIND = Kind(
    slug="salesforce",
    label="Salesforce",
    push_label="Sync with Salesforce",
    id_label="Salesforce ID",
    record_words={"company": ("account", "accounts"), "contact": ("contact", "contacts")},
    connect=SalesforceConnector,
    mappings=mappings,
    record_url=record_url,
    base_url_label="My Domain URL",
    base_url_help=(
        "Setup › My Domain, for example https://acme.my.salesforce.com. Not login.salesforce.com, "
        "and not the lightning.force.com address."
    ),
    logins=LOGINS,
    settings=(
        Input(
            "api_version",
            "API version",
            "Two digits, a dot and a zero. 62.0 to 66.0 are known to fit; old ones get retired.",
            DEFAULT_VERSION,
            read=version,
        ),
        Input(
            KEY_SETTING,
            "External id field",
            "API name of the field that holds Concord's id, on Account and on Contact: Text(255), "
            "External ID, Unique.",
            KEY_DEFAULT,
            read=api_name,
        ),
        *(_field(name, label, default, "Account") for name, (_, label, default) in CUSTOM.items()),
        *(
            _field(name, f"{label} of a contact", default, "Contact")
            for name, (_, label, default) in CONTACT_CUSTOM.items()
        ),
    ),
    auto_associate=True,
    valid_id=is_valid,
    max_batch_size=MAX_RECORDS,
    max_parallel_calls=25,
    parallel_help=(
        "4 to 8 serve best. Salesforce lets an organisation run 25 calls of 20 s or more at once (a trial or "
        "developer one 5), shared with your other integrations."
    ),
    setup_guide=setup_guide,
    at_hand=(
        "The My Domain URL of your organisation, such as https://acme.my.salesforce.com",
        "A login of Concord's own: an External Client App with its ID, and its secret or a private key",
        "Rights of that login: read, create and edit on Account and Contact, and on the fields that are sent",
        "A Salesforce administrator for about 20 minutes; then 5 minutes here",
    ),
)
