"""The sections of a connection's form, as its kind wants them."""

from collections.abc import Iterator
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from connectors.admin import alert_fields, company_configuration, send_changed
from connectors.admin.connection_form import CREDENTIAL, SETTING, names
from connectors.kinds import Kind
from connectors.models import Connection

Section = tuple[str, dict[str, Any]]
ANCHOR = "cc-company-configuration"
THEIR_NAMES = "Their names over there. Empty where it may be: the field is not sent."
MESSAGES = (
    "Sent when this connection pauses, goes on, or many of its records fail. Not when somebody here pressed "
    "Pause."
)
CALLS = (
    "Batch size: how many records go in one call; larger batches use up fewer of the day's calls. Parallel "
    "calls: how many are under way at once; more are faster, and may get in the way of others who use the "
    "same system."
)
TURNS = (
    "{} tells with each answer how many calls are left, and Concord spaces its calls by that: more at once "
    "are not faster."
)


def for_readers() -> list[Section]:
    """Return what somebody sees who may not change the connection."""
    return [("Account", {"fields": ["name", "slug", "system", "environment", "base_url", "enabled"]})]


def sections(system: Kind, connection: Connection | None) -> list[Section]:
    """Return the sections. The one for automatic sync keeps the seed's name."""
    account: list[Any] = [("name", "environment"), "base_url"]
    account[1:1] = [("system", "slug")] if connection else ["slug", "kind"]
    account += ["enabled"] if connection else []  # a new one is off until a test has passed
    return [
        ("Account", {"fields": account}),
        ("Login", {"fields": names(CREDENTIAL, system), "description": _login_text(connection)}),
        (
            "Company Configuration",
            {
                "fields": company_configuration.names(system, is_new=connection is None),
                "description": send_changed.told(system, connection),
                "classes": [ANCHOR],
            },
        ),
        *_settings(system),
        (
            "Messages",
            {"fields": [*alert_fields.NAMES], "description": MESSAGES, "classes": [alert_fields.ANCHOR]},
        ),
        (
            "Speed",
            {
                "fields": [("batch_size", "max_slots")],
                "classes": ["collapse"],
                "description": TURNS.format(system.label) if system.is_paced else CALLS,
            },
        ),
    ]


def _settings(system: Kind) -> Iterator[Section]:
    """Yield the kind's own boxes by their sections, in the kind's order."""
    for title in dict.fromkeys(item.section for item in system.settings):
        fields = [SETTING + item.name for item in system.settings if item.section == title]
        described = {} if title else {"description": THEIR_NAMES}
        yield title or f"Fields in {system.label}", {"fields": fields, **described}


def _login_text(connection: Connection | None) -> SafeString:
    if connection is None:
        return format_html("{}", "Written once and never shown again. Stored encrypted.")
    text = "Never shown. Leave a box blank to keep what is stored; a new address needs the login again."
    keep = ""
    if connection.health.other_org:
        keep = " To keep the old login: enter it here again, save, and press Test connection."
    return format_html('<span id="login"></span>{}<b>{}</b>', text, keep)
