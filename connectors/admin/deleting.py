"""Deleting a record here deletes nothing over there, and the page says so first."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.http import HttpRequest
from django.utils.html import format_html

from connectors import entities, queue
from connectors.admin import cells
from connectors.models import Connection

if TYPE_CHECKING:
    from unfold.admin import ModelAdmin as _Admin
else:
    _Admin = object


class KeepsOverThereMixin(_Admin):
    """Say on the confirmation what stays over there, instead of listing our own link rows."""

    def get_deleted_objects(self, objs: Iterable[Any], request: HttpRequest) -> Any:
        """Return what goes, record by record, and below each what stays over there."""
        records = list(objs)
        _, counts, missing, protected = super().get_deleted_objects(records, request)
        entity = entities.of(self.model)
        counts.pop(entity.link._meta.verbose_name_plural, None)
        stays = _stays(entity, records)
        listed: list[Any] = []
        for record in records:
            url = cells.address(self.model, "change", record.pk)
            listed.append(format_html('<a href="{}">{}</a>', url, record))
            if stays.get(record.pk):
                listed.append(stays[record.pk])
        return listed, counts, missing, protected

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete one record and its links."""
        with transaction.atomic():
            queue.hold(entities.of(self.model), [obj.pk])
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        """Delete many records and their links."""
        with transaction.atomic():
            queue.hold(entities.of(self.model), list(queryset.values_list("pk", flat=True)))
            super().delete_queryset(request, queryset)


def _stays(entity: Any, records: list[Any]) -> dict[int, list[str]]:
    names = dict(Connection.objects.values_list("pk", "name"))
    linked = entity.links().linked().filter(record__in=records)
    stays: dict[int, list[str]] = {}
    for pk, connection, remote_id in linked.values_list("record_id", "connection_id", "remote_id"):
        text = f"Not deleted: it stays in {names[connection]} as {remote_id}."
        stays.setdefault(pk, []).append(text)
    return stays
