"""Two people on one record: who saves last must have seen what the other saved.

The page carries the moment of the save that it shows. If that has moved when the form
comes back, nothing is stored; the person sees what would change, and may save again.
"""

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils import timezone

from connectors.states import capped
from synclog import words

if TYPE_CHECKING:
    _Form = forms.ModelForm[Any]
else:  # Django can't subscript it
    _Form = forms.ModelForm

SEEN = "seen"
NAME_CHARS = 60


def stamp(record: Any) -> str:
    """Return what changes with every save of the record by somebody."""
    return str(record.updated_at.isoformat())


class SeenMixin(_Form):
    """Refuse a form that was opened before the last save. One without a stamp is let through."""

    def clean(self) -> dict[str, Any] | None:
        """Add the sentence on top of the form."""
        cleaned = super().clean()
        seen = self.data.get(SEEN)
        if seen and self.instance.pk and seen != stamp(self.instance):
            self.add_error(None, self._sentence())
        return cleaned

    def _sentence(self) -> str:
        record = self.instance
        fields = [str(self.fields[name].label or name) for name in self.changed_data if name in self.fields]
        would = f"Saving now would change: {', '.join(fields)}. " if fields else ""
        when = words.when(record.updated_at, timezone.now())
        return (
            f"{who(record)} saved {capped(str(record), NAME_CHARS)} after you opened this page, {when}. "
            f"Nothing of yours is stored yet. {would}Look at each, then save again; or reload the page to "
            "begin anew."
        )


def who(record: Any) -> str:
    """Return who saved a record last."""
    last = record.history.select_related("history_user").first()
    user = last.history_user if last is not None else None
    return str(user.get_full_name() or user.get_username()) if user is not None else "Somebody"


def guarded(form: type[Any]) -> type[Any]:
    """Return the form class with the guard."""
    return type(form.__name__, (SeenMixin, form), {})
