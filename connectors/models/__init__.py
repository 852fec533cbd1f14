"""Accounts, links and slots: who we talk to, and who each record is over there.

`connectors/queue/` is the only writer of link state and slots.
"""

from connectors.models import lookups as lookups  # registers them
from connectors.models.accounts import Comparison, Connection, ConnectionHealth, Pace, Slot, Token
from connectors.models.alerts import Alert, AlertState
from connectors.models.inbound import Cursor, Listener, Notice, Orphan, Sighting, Stray
from connectors.models.links import Link, LinkQuerySet, Synced
from connectors.models.people import RemoteUser, UserLink

__all__ = [
    "Alert",
    "AlertState",
    "Comparison",
    "Connection",
    "ConnectionHealth",
    "Cursor",
    "Link",
    "LinkQuerySet",
    "Listener",
    "Notice",
    "Orphan",
    "Pace",
    "RemoteUser",
    "Sighting",
    "Slot",
    "Stray",
    "Synced",
    "Token",
    "UserLink",
]
