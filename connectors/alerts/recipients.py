"""Who is written to about a connection."""

from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import QuerySet

from connectors.models import Connection

OWNERS = "Owner"  # the role whose members answer for connections
SEPARATOR = ", "


def recipients(connection: Connection) -> list[str]:
    """Find the addresses: those named on the connection, else its owners.

    Owners are the active users with that role and an e-mail address; where there are none,
    the superusers.
    """
    if connection.alert_recipients:
        return connection.alert_recipients.split(SEPARATOR)
    users = get_user_model()._default_manager.filter(is_active=True).exclude(email="")
    return _addresses(users.filter(groups__name=OWNERS)) or _addresses(users.filter(is_superuser=True))


def _addresses(users: QuerySet[Any]) -> list[str]:
    return list(dict.fromkeys(users.order_by("pk").values_list("email", flat=True)))
