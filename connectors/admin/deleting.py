"""Deleting a record here deletes nothing over there, and the page says so first.

Beside Delete it offers to deactivate instead, where a record can be, and asks what the
record's admin needs to know before either (`asked_before_leaving`).
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.admin import actions as django_actions
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.html import format_html

from connectors import entities
from connectors.admin import cells, what_stays
from connectors.entities import Entity
from connectors.models import Synced
from connectors.pulling import strays
from synclog import words

if TYPE_CHECKING:
    from unfold.admin import ModelAdmin as _Admin
else:
    _Admin = object

LISTED = 50  # records that the page names
DEACTIVATE = "deactivate"  # the name of the button beside Delete


class UnansweredError(Exception):
    """Tell what must be answered before a record may leave. The text is for the person."""


class KeepsOverThereMixin(_Admin):
    """Say on the confirmation what stays over there, instead of listing our own link rows."""

    delete_confirmation_template = "concord/delete.html"
    delete_selected_confirmation_template = "concord/delete.html"
    deactivated = ""  # what "Deactivate instead" does, as in "Status becomes Inactive"; "": not offered

    def deactivate(self, request: HttpRequest, records: Sequence[Any]) -> int:
        """Deactivate these records instead of deleting them; return how many were active."""
        raise NotImplementedError

    def asked_before_leaving(self, request: HttpRequest, records: Sequence[Any]) -> list[Any]:
        """Return what to ask before these records are deleted or deactivated."""
        return []

    def before_leaving(self, request: HttpRequest, records: Sequence[Any]) -> None:
        """Do, in the deleting transaction, what was answered. Raises UnansweredError."""

    def get_deleted_objects(self, objs: Iterable[Any], request: HttpRequest) -> Any:
        """Return what goes, record by record, and below each what stays over there."""
        records = list(objs)
        _, counts, missing, protected = super().get_deleted_objects(records, request)
        for one in entities.in_order():
            counts.pop(one.link._meta.verbose_name_plural, None)
        stays = what_stays.of_each(entities.of(self.model), records[:LISTED])
        listed: list[Any] = []
        for record in records[:LISTED]:
            url = cells.address(self.model, "change", record.pk)
            listed.append(format_html('<a href="{}" dir="auto">{}</a>', url, str(record)[:200]))
            if stays.get(record.pk):
                listed.append(stays[record.pk])
        if len(records) > LISTED:
            listed.append(f"and {len(records) - LISTED:,} more")
        return listed, counts, missing, protected

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Ask, then delete or deactivate. What is not answered is asked again."""
        try:
            if request.method == "POST" and DEACTIVATE in request.POST:
                return self._deactivate_one(request, object_id)
            return super().delete_view(request, object_id, extra_context)
        except UnansweredError as error:
            messages.error(request, str(error))
            return HttpResponseRedirect(request.get_full_path())

    def _deactivate_one(self, request: HttpRequest, object_id: str) -> HttpResponse:
        record = self.get_object(request, object_id)
        if record is None or not self.deactivated or not self.has_change_permission(request, record):
            raise PermissionDenied
        self._deactivate(request, [record])
        return HttpResponseRedirect(cells.address(self.model, "change", record.pk))

    def _deactivate(self, request: HttpRequest, records: Sequence[Any]) -> None:
        with transaction.atomic():
            self.before_leaving(request, records)
            number = self.deactivate(request, records)
        same = len(records) - number
        entity = entities.of(self.model)
        text = f"{words.counted(number, entity.label, entity.label_plural)} deactivated, nothing was deleted."
        already = f" {same:,} {'was' if same == 1 else 'were'} inactive already." if same else ""
        messages.info(request, text + already)

    def render_delete_form(self, request: HttpRequest, context: dict[str, Any]) -> Any:
        """Add what stays, what goes along, and what is asked."""
        record = context["object"]
        return super().render_delete_form(request, {**context, **self._told(request, [record])})

    def _told(self, request: HttpRequest, records: Sequence[Any]) -> dict[str, Any]:
        entity = entities.of(self.model)
        along = what_stays.along(entity, records)
        one = str(records[0])[:120] if len(records) == 1 else ""
        return {
            "cc_what": one or words.counted(len(records), entity.label, entity.label_plural),
            "cc_along": " and ".join(along),
            "cc_along_stays": what_stays.of_children(entity, records),
            "cc_deactivated": self.deactivated if self.has_change_permission(request) else "",
            "cc_questions": self.asked_before_leaving(request, records),
            "cc_verb": f"Delete {words.counted(len(records), entity.label, entity.label_plural)}",
        }

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete one record, its children and their links."""
        with transaction.atomic():
            self.before_leaving(request, [obj])
            _hold(entities.of(self.model), [obj])
            obj.delete(requested_by=request.user.get_username())

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Delete many records; what held something of them is looked at, once each."""
        records = list(queryset)
        by = request.user.get_username()
        with transaction.atomic():
            self.before_leaving(request, records)
            touched = _hold(entities.of(self.model), records)
            super().delete_queryset(request, queryset)
            for other in touched:
                other.touched(by, of=self.model)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Put the deleting that asks in the place of Django's."""
        found: dict[str, Any] = super().get_actions(request)
        if "delete_selected" in found:
            _, name, text = found["delete_selected"]
            found["delete_selected"] = (_delete_chosen, name, text)
        return found


def _delete_chosen(admin: Any, request: HttpRequest, chosen: QuerySet[Any]) -> HttpResponse | None:
    """Ask, then delete or deactivate the ticked records."""
    try:
        if request.POST.get("post") and DEACTIVATE in request.POST:
            if not admin.deactivated or not admin.has_change_permission(request):
                raise PermissionDenied
            admin._deactivate(request, list(chosen))
            return None
        with transaction.atomic():
            answer = django_actions.delete_selected(admin, request, chosen)
    except UnansweredError as error:
        messages.error(request, str(error))
        return _asked_again(admin, request, chosen)
    return _with(answer, admin, request, chosen)


def _asked_again(admin: Any, request: HttpRequest, chosen: QuerySet[Any]) -> HttpResponse | None:
    """Show the confirmation once more: Django's view deletes where `post` is among what was sent."""
    kept = request.POST.copy()
    kept.pop("post", None)
    request.POST = kept  # type: ignore[assignment]
    return _with(django_actions.delete_selected(admin, request, chosen), admin, request, chosen)


def _with(answer: Any, admin: Any, request: HttpRequest, chosen: QuerySet[Any]) -> HttpResponse | None:
    if isinstance(answer, TemplateResponse) and answer.context_data is not None:
        answer.context_data.update(admin._told(request, list(chosen)))
        answer.context_data["cc_chosen"] = list(chosen.values_list("pk", flat=True))
    return answer


def _hold(entity: Entity[Any, Any], records: Sequence[Synced]) -> list[Synced]:
    """Lock these records with their links and children, which go with them; return whom that touches.

    What is left of them over there is noted, so that it does not come back.
    """
    touched = _touched(records)
    for other in touched:
        other.hold()
    strays.leave(entity, [record.pk for record in records])
    return touched


def _touched(records: Sequence[Synced]) -> list[Synced]:
    """Return the others whose payload held something of these, each once, in the order of locks."""
    gone = {(type(record), record.pk) for record in records}
    others = {(type(other), other.pk): other for record in records for other in record.touches()}
    left = [other for key, other in others.items() if key not in gone]
    return sorted(left, key=lambda other: other.pk)
