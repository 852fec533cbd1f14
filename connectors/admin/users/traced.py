"""Changes of users and roles, noted in the trail: who gained and who lost what."""

from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.http import HttpRequest

from synclog import trail

if TYPE_CHECKING:
    from unfold.admin import ModelAdmin as _Admin
else:
    _Admin = object


class TracedMixin(_Admin):
    """Note what is added, changed and deleted. `traced` names the fields that hold rights."""

    traced: tuple[str, ...] = ()

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Save, and note what came of it."""
        before = self._held(form.instance)
        super().save_related(request, form, formsets, change)
        after = self._held(form.instance)
        plain = [name for name in form.changed_data if name not in before]
        if plain or not change:
            event = "changed" if change else "added"
            self._note(request, event, form.instance, fields=[_said(form, name) for name in plain])
        for name, held in after.items():
            gained, lost = sorted(held - before[name]), sorted(before[name] - held)
            if gained or lost:
                self._note(request, f"{name}_changed", form.instance, gained=gained, lost=lost)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete, and note it."""
        self._note(request, "deleted", obj)
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Delete, and note each."""
        for obj in queryset:
            self._note(request, "deleted", obj)
        super().delete_queryset(request, queryset)

    def _held(self, obj: Any) -> dict[str, set[str]]:
        return {name: {str(one) for one in getattr(obj, name).all()} for name in self.traced}

    def _note(self, request: HttpRequest, event: str, obj: Any, **fields: list[str]) -> None:
        trail.warn(request, f"{self.opts.model_name}_{event}", target=str(obj), **fields)


def _said(form: Any, name: str) -> str:
    """Name a changed field; tell the value of a switch."""
    value = form.cleaned_data.get(name)
    return f"{name}={value}" if isinstance(value, bool) else name
