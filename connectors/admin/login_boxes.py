"""The boxes of a login: one per value, shown for the ways of logging in that need it.

What is secret goes in and never comes out: after a mistake it is entered again.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminPasswordWidget,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from connectors.kinds import Input, Kind, Login, UnfitError

if TYPE_CHECKING:
    Upload = UploadedFile[bytes]
else:  # Django can't subscript it
    Upload = UploadedFile

Entered = TypeVar("Entered", str, bytes)
KEEP = "Stored. Leave blank to keep it."
BOX_CHARS = 2_000
PASTE_CHARS = 60_000


def choice(kind: Kind) -> forms.ChoiceField:
    """Return the choice between the ways of logging in."""
    return forms.ChoiceField(
        label="Way of logging in",
        choices=[(login.name, login.label) for login in kind.logins],
        required=False,
        help_text=" ".join(f"{login.label.partition(':')[0]}: {login.help}" for login in kind.logins),
        widget=UnfoldAdminRadioSelectWidget(attrs={"data-cc-ways": ""}),
    )


def inputs(logins: Sequence[Login]) -> list[Input]:
    """Return the boxes of all ways, each once, in their order."""
    return list({item.name: item for login in logins for item in login.inputs}.values())


def box(item: Input, ways: list[str], *, stored: str, is_asked: bool) -> forms.Field:
    """Return one box. `stored` is what is kept in it now, `is_asked` whether the chosen way needs it.

    One that is not asked takes whatever is in it, and gives nothing.
    """
    attrs = {"data-cc-for": " ".join(ways), "spellcheck": "false"}
    options: dict[str, Any] = {
        "label": item.label,
        "required": item.required and not stored and is_asked,
        "help_text": _help(item, stored),
    }
    if item.read_bytes:
        return KeyBox(item.read_bytes, is_asked=is_asked, widget=KeyWidget(item, attrs), **options)
    if item.choices:
        widget = UnfoldAdminSelectWidget({"data-cc-for": attrs["data-cc-for"]})
        return forms.ChoiceField(choices=item.choices, widget=widget, **options)
    return TextBox(item.read, is_asked=is_asked, max_length=BOX_CHARS, widget=_text(item, attrs), **options)


def _help(item: Input, stored: str) -> str:
    if not (item.secret and stored):
        return item.help
    shown = item.shown(stored)
    return f"{KEEP} {f'{shown}. ' if shown else ''}{item.help}".strip()


def _text(item: Input, attrs: dict[str, str]) -> forms.Widget:
    if item.secret:
        hidden: forms.Widget = UnfoldAdminPasswordWidget({**attrs, "autocomplete": "new-password"})
        return hidden
    plain: forms.Widget = UnfoldAdminTextInputWidget({**attrs, "autocomplete": "off"})
    return plain


class TextBox(forms.CharField):
    """A line of text that the kind reads in its own way."""

    def __init__(self, read: Callable[[str], str], *, is_asked: bool = True, **options: Any) -> None:
        super().__init__(**options)
        self.read, self.is_asked = read, is_asked

    def clean(self, value: Any) -> str:
        """Return what is stored for it. Raises ValidationError."""
        if not self.is_asked:
            return ""
        text = str(super().clean(value) or "")
        return _as_stored(self.read, text) if text else ""


class KeyWidget(forms.MultiWidget):
    """A file, or its text pasted. Shows neither again."""

    def __init__(self, item: Input, attrs: dict[str, str]) -> None:
        # Unfold's own: its script looks for the parts of this one beside every file input.
        file = UnfoldAdminFileFieldWidget({"accept": item.uploads, "aria-label": f"{item.label}: file"})
        pasted = UnfoldAdminTextareaWidget(
            {
                "rows": "4",
                "placeholder": "… or paste it here, from -----BEGIN to END-----",
                "maxlength": str(PASTE_CHARS),
                "autocomplete": "off",
                "class": "cc-paste",
            }
        )
        super().__init__({"file": file, "": pasted}, attrs)

    def decompress(self, value: Any) -> list[None]:
        """Show nothing of what is stored."""
        return [None, None]

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Show nothing of what was entered either."""
        context: dict[str, Any] = super().get_context(name, None, attrs)
        return context

    def id_for_label(self, id_: str) -> str:
        """Return the id of the box to paste into."""
        return f"{id_}_1"


class KeyBox(forms.Field):
    """A key that is uploaded or pasted."""

    def __init__(self, read: Callable[[bytes], str], *, is_asked: bool = True, **options: Any) -> None:
        super().__init__(**options)
        self.read, self.is_asked = read, is_asked

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return whether anything was handed over."""
        return any(_handed_over(data))

    def clean(self, value: Any) -> str:
        """Return the key as it is stored, "" to keep what is. Raises ValidationError."""
        if not self.is_asked:
            return ""
        file, text = _handed_over(value)
        if file and text:
            raise ValidationError("Upload the file or paste its text, not both.")
        if file:
            return _as_stored(self.read, file.read())
        if text:
            return _as_stored(self.read, text[: PASTE_CHARS + 1].encode())
        if self.required:
            raise ValidationError("Upload the private key, or paste it.")
        return ""


def _handed_over(value: Any) -> tuple[Upload | None, str]:
    file, text = value or (None, "")
    return file or None, str(text or "").strip()


def _as_stored(read: Callable[[Entered], str], entered: Entered) -> str:
    try:
        return read(entered)
    except UnfitError as error:
        raise ValidationError(str(error)) from error
