"""Salesforce, as the rest of Concord sees it."""

from connectors.protocol import Input, Kind
from connectors.systems.salesforce.client import DEFAULT_VERSION
from connectors.systems.salesforce.connector import SalesforceConnector
from connectors.systems.salesforce.ids import is_valid
from connectors.systems.salesforce.mapping import CUSTOM, KEY_DEFAULT, KEY_SETTING, mappings
from connectors.systems.salesforce.urls import record_url

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
    credentials=(
        Input(
            "client_id",
            "Client ID",
            "Setup › External Client App Manager › your app › Settings › OAuth Settings › Consumer Key and "
            "Secret. The app needs the client credentials flow and a Run As user.",
            secret=True,
        ),
        Input("client_secret", "Client Secret", "From the same page.", secret=True),
    ),
    settings=(
        Input(
            "api_version",
            "API version",
            "Two digits, a dot and a zero. 62.0 to 66.0 are known to fit; old ones get retired.",
            DEFAULT_VERSION,
        ),
        Input(
            KEY_SETTING,
            "External id field",
            "API name of the field that holds Concord's id, on Account and on Contact: Text(255), "
            "External ID, Unique.",
            KEY_DEFAULT,
        ),
        *(
            Input(
                name, f"Field for {label}", "API name on Account. Empty: not sent.", default, required=False
            )
            for name, (_, label, default) in CUSTOM.items()
        ),
    ),
    auto_associate=True,
    valid_id=is_valid,
)
