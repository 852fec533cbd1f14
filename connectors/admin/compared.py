"""What differs after a connection was changed on a page: few records are compared before the page answers,
many by a worker.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.utils.html import format_html

from connectors import doorbell, drift, entities
from connectors.admin import figures, tabs
from connectors.entities import Entity
from connectors.models import Connection
from connectors.queue import Compared
from synclog import words

AT_ONCE = 2_000  # linked records of one entity: comparing them takes about a second


@contextmanager
def compared_after(request: HttpRequest, pk: Any) -> Iterator[None]:
    """Compare what the block changed the rules of, and tell the person. Use it outside of a transaction."""
    before = _rules(pk)
    yield
    after = _rules(pk)
    changed = [name for name, rules in after.items() if before.get(name) != rules]
    if not changed:
        return
    connection = Connection.objects.select_related("health").get(pk=pk)
    for kind in entities.in_order(changed):
        _compare(request, connection, kind)


def _rules(pk: Any) -> Mapping[str, str]:
    """Return the present rules by entity; none of a connection that is off or does not exist."""
    connection = Connection.objects.select_related("health").filter(pk=pk, enabled=True).first()
    if connection is None:
        return {}
    return {name: drift.rules_of(connection, name) for name in connection.system.entities}


def _compare(request: HttpRequest, connection: Connection, kind: Entity[Any, Any]) -> None:
    number = kind.links().linked().filter(connection=connection).count()
    found = drift.compare(connection, kind) if number <= AT_ONCE else None
    if found is None:
        doorbell.ring(connection.pk, doorbell.COMPARE)
        _announce(request, connection, words.counted(number, kind.label, kind.label_plural))
    elif found.new:
        _tell(request, connection, kind, found)


def _announce(request: HttpRequest, connection: Connection, counted: str) -> None:
    where = connection.system.label
    text = (
        f"What is sent to {where} was changed. {counted} are being compared in the background; the log says "
        "how many differ."
    )
    messages.info(request, text)


def _tell(request: HttpRequest, connection: Connection, kind: Entity[Any, Any], found: Compared) -> None:
    text = drift.told(connection, kind, found)
    if found.queued == found.new:
        messages.info(request, text)
        return
    url = figures.grid(kind, tabs.CHANGED)
    messages.warning(request, format_html('{} <a href="{}">Show them</a>', text, url))
