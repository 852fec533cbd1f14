"""What a connection's settings say of new records."""

from collections.abc import Mapping
from typing import Any

from connectors.systems.bigcommerce import wire

KIND_SETTING, INDEPENDENT, DEPENDENT = "companies_kind", "independent", "dependent"
GROUP_SETTING, CATALOG_SETTING = "customer_group_id", "catalog_id"
CHANNELS_SETTING, MAILS_SETTING = "channel_ids", "welcome_mails"


def channels(settings: Mapping[str, Any]) -> list[int]:
    """Return the channels of the settings, [] where they are not to be sent."""
    parts = str(settings.get(CHANNELS_SETTING) or "").split(",")
    return [number for part in parts if (number := wire.as_int(part))]


def welcomes(settings: Mapping[str, Any]) -> bool:
    """Return whether new users get a mail from the store: only where somebody chose so."""
    return settings.get(MAILS_SETTING) == "yes"


def group_or_catalog(settings: Mapping[str, Any]) -> dict[str, int]:
    """Return what places a new company: a customer group, or a price list on a Dependent store.

    Source: POST /companies; the other of the two is refused, or ignored.
    """
    is_dependent = settings.get(KIND_SETTING) == DEPENDENT
    name, setting = ("catalogId", CATALOG_SETTING) if is_dependent else ("customerGroupId", GROUP_SETTING)
    number = wire.as_int(settings.get(setting))
    return {} if number is None else {name: number}
