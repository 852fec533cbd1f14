"""From a kind's name to its code, imported on first use."""

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from django.conf import settings

from connectors.addresses import Permit
from connectors.errors import AuthFailed
from connectors.inbound import HookKind
from connectors.kinds import Kind
from connectors.mapping import Mapping
from connectors.protocol import Account, Connector, Engine

if TYPE_CHECKING:
    from connectors.models import Connection

# One line per remote system: its folder holds the rest.
KINDS = {
    "salesforce": "connectors.systems.salesforce.kind",
    "bigcommerce": "connectors.systems.bigcommerce.kind",
}
REHEARSAL = "rehearsal"  # the environment


@cache
def kind(slug: str) -> Kind:
    """Return a remote system's description. Raises KeyError for an unknown one."""
    described: Kind = import_module(KINDS[slug]).KIND
    return described


def kinds() -> list[Kind]:
    """Return all remote systems that Concord knows."""
    return [kind(slug) for slug in KINDS]


def hooks(slug: str) -> HookKind | None:
    """Return how a system delivers to us; None for one that is unknown or delivers nothing."""
    return kind(slug).hooks if slug in KINDS else None


def mapping(connection: "Connection", entity: str) -> Mapping:
    """Return how an entity's fields are bound for this connection, by its settings."""
    facts = connection.health.facts if hasattr(connection, "health") else {}
    bound = connection.system.mappings(connection.settings, facts)[entity]
    return bound.mastered(connection.masters.get(entity, {}))


def knows_fields(connection: "Connection") -> bool:
    """Return whether the other side was asked about every object that we write or read."""
    facts = connection.health.facts
    bound = connection.system.mappings(connection.settings, facts).values()
    return all(mapping.remote in facts for mapping in bound)


def open_connector(connection: "Connection", engine: Engine, *, call_timeout_s: float) -> Connector:
    """Return a connector for this connection; use it as a context manager.

    Raises AuthFailed where the stored credentials can't be read.
    """
    if connection.credentials.unreadable:
        raise AuthFailed(
            "The stored login can't be read with the encryption keys that Concord has. Concord's operator "
            "restores the key, or someone enters the login anew on the connection's page.",
            code="key_lost",
        )
    account = Account(
        base_url=connection.base_url,
        credentials=connection.credentials,
        settings=connection.settings,
        facts=connection.health.facts,
        call_timeout_s=call_timeout_s,
        environment=connection.environment,
        permit=permit(connection.environment),
        batch_size=connection.batch_size,
    )
    return connection.system.connect(account, engine)


def permit(environment: str) -> Permit:
    """Return where a connection of this environment may connect to, beyond public https addresses."""
    inside, ports = tuple(settings.CONCORD_INSIDE_ALLOWED), tuple(settings.CONCORD_PORTS_ALLOWED)
    return Permit(environment == REHEARSAL, inside, ports)
