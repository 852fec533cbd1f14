"""A record's history: who changed what, from what to what. It is read, never written or reverted."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.contrib.admin.utils import unquote
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from simple_history.admin import SimpleHistoryAdmin
from simple_history.models import DeletedObject, ModelChange
from simple_history.template_utils import HistoricalRecordContextHelper

from connectors import states
from synclog import words

if TYPE_CHECKING:
    from unfold.admin import ModelAdmin as _Admin

    class _HistoryAdmin(SimpleHistoryAdmin, _Admin): ...
else:
    _HistoryAdmin = SimpleHistoryAdmin

VALUE_CHARS = 200


class HistoryMixin(_HistoryAdmin):
    """Show a record's changes field by field, those of a JSON box key by key."""

    object_history_template = "concord/history.html"
    history_list_per_page = 50

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """Show the changes, newest first. Raises Http404 for what cannot be a record's key."""
        try:
            self.opts.pk.to_python(unquote(object_id))
        except ValidationError:
            raise Http404 from None
        return super().history_view(request, object_id, {"cc_zone": words.zone(), **(extra_context or {})})

    def history_form_view(
        self, request: HttpRequest, object_id: str, version_id: str, extra_context: Any = None
    ) -> HttpResponse:
        """Refuse: this view would write an old version back, and lets those in who may only look."""
        raise Http404

    def history_label(self, record: Any, field: str, key: str) -> str:
        """Return what people call one key of a JSON box."""
        return key.replace("_", " ").capitalize()

    def history_value(self, request: HttpRequest, record: Any, field: str, value: Any) -> str:
        """Return what this reader is told in place of a text, "" where it says that itself."""
        return ""

    def get_historical_record_context_helper(self, request: HttpRequest, historical_record: Any) -> Any:
        """Return what puts one version's changes into words."""
        return _Words(self, request, historical_record)


class _Words(HistoricalRecordContextHelper):
    """One version's changes as this reader is told them."""

    def __init__(self, admin: HistoryMixin, request: HttpRequest, record: Any) -> None:
        super().__init__(admin.model, record)
        self.admin, self.request = admin, request

    def context_for_delta_changes(self, delta: Any) -> list[dict[str, Any]]:
        """Return [{"field", "old", "new"}], not escaped: the template does that."""
        return [row for change in delta.changes for row in self._rows(change)]

    def _rows(self, change: ModelChange) -> Iterator[dict[str, Any]]:
        for part in self._parts(change):
            old, new = (self._told(change.field, value) for value in (part.old, part.new))
            yield {"field": part.field, "old": old, "new": new}

    def _parts(self, change: ModelChange) -> Iterator[ModelChange]:
        """Yield one change per key of a JSON box, else the change itself."""
        if not (isinstance(change.old, dict) and isinstance(change.new, dict)):
            label = str(self.model._meta.get_field(change.field).verbose_name)
            yield replace(change, field=label[:1].upper() + label[1:])
            return
        for key, (old, new) in _keys(change.old, change.new).items():
            label = self.admin.history_label(self.record, change.field, key)
            yield replace(change, field=label, old=old, new=new)

    def _told(self, name: str, value: Any) -> str:
        is_text = value is None or isinstance(value, str)
        known = self.admin.history_value(self.request, self.record, name, value) if is_text else ""
        return known or self._said(name, value)

    def _said(self, name: str, value: Any) -> str:
        if isinstance(value, bool):
            return "Yes" if value else "No"
        if isinstance(value, list):
            return ", ".join(str(item).capitalize() for item in value) or "none"
        was_nobody = isinstance(value, DeletedObject) and value.pk is None
        if value is None or value == "" or was_nobody:
            return "–"
        return states.capped(str(dict(self._choices(name)).get(value, value)), VALUE_CHARS)

    def _choices(self, name: str) -> Any:
        try:
            return getattr(self.model._meta.get_field(name), "flatchoices", ())
        except FieldDoesNotExist:
            return ()


def _keys(old: dict[str, Any], new: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return what differs between two JSON boxes, by key; a box in a box by "key.key"."""
    found: dict[str, tuple[Any, Any]] = {}
    for key in {**old, **new}:
        before, after = old.get(key), new.get(key)
        if isinstance(before, dict) or isinstance(after, dict):
            inner = _keys(before or {}, after or {})
            found |= {f"{key}.{name}": pair for name, pair in inner.items()}
        elif before != after:
            found[key] = (before, after)
    return found
