"""What goes along when records are deleted here, and what of them stays in which system, in words."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from connectors import entities, queue
from connectors.entities import Entity
from connectors.models import Connection, LinkQuerySet
from synclog import words


def along(entity: Entity[Any, Any], records: Sequence[Any]) -> list[str]:
    """Return what is deleted here together with these records, as in ["3 contacts", "2 locations"]."""
    pks = [record.pk for record in records]
    found = []
    for child in entities.children_of(entity.name):
        number = child.records().filter(**{f"{child.parent}__in": pks}).count()
        found += [words.counted(number, child.label, child.label_plural)] if number else []
    return found


def of_children(entity: Entity[Any, Any], records: Sequence[Any]) -> list[str]:
    """Return how many of their children stay in which system, or are being sent there."""
    pks, said = [record.pk for record in records], []
    for child in entities.children_of(entity.name):
        mine: dict[str, Any] = {f"record__{child.parent}__in": pks}
        links = child.links().filter(**mine)
        for name, number in _by_connection(links.linked()).items():
            counted = words.counted(number, child.label, child.label_plural)
            said.append(f"{counted} {'stays' if number == 1 else 'stay'} in {name}.")
        for name, number in _by_connection(links.filter(remote_id="", unsure=True)).items():
            counted = words.counted(number, child.label, child.label_plural)
            verb = "is" if number == 1 else "are"
            said.append(f"{counted} {verb} being sent to {name} and may be made there too.")
    return said


def _by_connection(links: LinkQuerySet) -> Counter[str]:
    return Counter(links.order_by("pk").values_list("connection__name", flat=True))


def of_each(entity: Entity[Any, Any], records: Sequence[Any]) -> dict[int, list[str]]:
    """Return, by record (pk), who it stays in each system."""
    names = dict(Connection.objects.values_list("pk", "name"))
    linked = entity.links().linked().filter(record__in=records)
    stays: dict[int, list[str]] = {}
    for pk, connection, remote_id in linked.values_list("record_id", "connection_id", "remote_id"):
        text = f"Not deleted: it stays in {names[connection]} as {remote_id}."
        stays.setdefault(pk, []).append(text)
    for pk, text in _under_way(entity, records):
        stays.setdefault(pk, []).append(text)
    return stays


def _under_way(entity: Entity[Any, Any], records: Sequence[Any]) -> Iterator[tuple[int, str]]:
    """Yield a sentence for each record (pk) that may be made over there although it is deleted here."""
    links = entity.links().filter(record__in=records, remote_id="", unsure=True)
    for link in links.select_related("connection").order_by("record_id", "connection__name"):
        name = link.connection.name
        if link.lease in queue.live_leases(link.connection):
            text = (
                f"It is being sent to {name} at this moment and will be made there. Wait until it has been "
                "sent, or find it there and delete it."
            )
        else:
            text = f"It was sent to {name}, which did not answer: it may have been made there."
        yield link.record_id, text
