"""Which connections have users who may own records, and what their columns are called."""

from collections.abc import Sequence

from connectors.kinds import Kind
from connectors.models import Connection
from connectors.protocol import Capability


def has_users(system: Kind) -> bool:
    """Return whether a system can list its users; its connector need not be opened for that."""
    return Capability.USERS in getattr(system.connect, "capabilities", ())


def connections() -> list[Connection]:
    """Return the enabled connections that have users, with their health, by name."""
    rows = Connection.objects.filter(enabled=True).select_related("health", "default_representative")
    return [row for row in rows.order_by("name", "pk") if has_users(row.system)]


def named(label: str, connection: Connection, among: Sequence[Connection]) -> str:
    """Return a label, with the connection's name where two of a kind are among these."""
    kinds = [row.kind for row in among]
    return f"{label} · {connection.name}" if kinds.count(connection.kind) > 1 else label
