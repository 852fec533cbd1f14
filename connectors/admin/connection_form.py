"""The connection's form: what its kind asks for. Secrets are written, never shown."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.text import slugify
from unfold.widgets import (
    UnfoldAdminPasswordWidget,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from connectors import entities, registry
from connectors.models import Connection
from connectors.protocol import Input, Kind
from connectors.secrets import Secret

if TYPE_CHECKING:
    _Form = forms.ModelForm[Connection]
else:  # Django can't subscript it
    _Form = forms.ModelForm

CREDENTIAL, SETTING, AUTO = "credential_", "setting_", "auto_"
KEEP = "Stored. Leave blank to keep it."
YES_NO = [("yes", "Yes"), ("no", "No")]


class ConnectionForm(_Form):
    """A connection's boxes and those that its kind adds for login, fields and automatic sync."""

    base_url = forms.URLField(max_length=300, assume_scheme="https", widget=UnfoldAdminTextInputWidget())

    class Meta:
        model = Connection
        fields = ("name", "slug", "kind", "environment", "base_url", "enabled", "batch_size", "max_slots")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.system = self._kind()
        self._name_address()
        stored = self.instance.credentials or {}
        for item in self.system.credentials:
            self.fields[CREDENTIAL + item.name] = _credential(item, has_one=bool(stored.get(item.name)))
            if not item.secret:
                self.initial[CREDENTIAL + item.name] = stored.get(item.name, "")
        for item in self.system.settings:
            self.fields[SETTING + item.name] = _setting(item)
            self.initial[SETTING + item.name] = (self.instance.settings or {}).get(item.name, item.default)
        for entity in self.system.entities:
            self.fields[AUTO + entity] = _switch(entity)
            self.initial[AUTO + entity] = "yes" if (self.instance.auto_push or {}).get(entity) else "no"

    def _kind(self) -> Kind:
        """Return the kind of the connection: stored, posted, or the first that Concord knows."""
        known = {item.slug: item for item in registry.kinds()}
        posted = self.data.get("kind") if self.is_bound else self.initial.get("kind")
        return known.get(self.instance.kind or str(posted or ""), next(iter(known.values())))

    def _name_address(self) -> None:
        if "kind" in self.fields:
            choices = [(item.slug, item.label) for item in registry.kinds()]
            self.fields["kind"] = forms.ChoiceField(
                choices=choices, widget=UnfoldAdminSelectWidget(), label="System"
            )
            self.initial.setdefault("kind", self.system.slug)
        if "slug" in self.fields:
            self.fields["slug"].required = False
            self.fields["slug"].widget.attrs["placeholder"] = "for commands; made from the name"
        if "base_url" in self.fields:
            self.fields["base_url"].label = self.system.base_url_label
            self.fields["base_url"].help_text = self.system.base_url_help

    def clean_slug(self) -> str:
        """Return the slug, made from the name where it was left blank."""
        return str(self.cleaned_data.get("slug") or slugify(self.data.get("name", "")) or "connection")[:50]

    def clean_base_url(self) -> str:
        """Return the address without its closing slash."""
        return str(self.cleaned_data["base_url"]).rstrip("/")

    def clean(self) -> dict[str, Any] | None:
        """Ask for the secrets again where the address moved: they must not follow to another place."""
        cleaned = super().clean()
        is_plain = str((cleaned or {}).get("base_url", "")).startswith("http:")
        if is_plain and (cleaned or {}).get("environment") != Connection.Environment.REHEARSAL:
            self.add_error("base_url", "Use https: over plain http the login would travel readable for all.")
        if self.instance.pk and "base_url" in self.changed_data and cleaned:
            for item in self.system.credentials:
                if item.secret and not cleaned.get(CREDENTIAL + item.name):
                    text = "The address has changed: enter this again, so that it goes only where you mean."
                    self.add_error(CREDENTIAL + item.name, text)
        return cleaned

    def changed_columns(self) -> set[str]:
        """Return the columns to write. Credentials only where a box of theirs was filled in."""
        columns = set()
        for name in self.changed_data:
            if name.startswith(CREDENTIAL):
                columns |= {"credentials"} if self.cleaned_data.get(name) else set()
            elif name.startswith(SETTING):
                columns.add("settings")
            elif name.startswith(AUTO):
                columns.add("auto_push")
            else:
                columns.add(name)
        return columns

    def fill(self, connection: Connection) -> None:
        """Put what the kind's own boxes say into the connection. A blank secret keeps the stored one."""
        columns = self.changed_columns()
        if "credentials" in columns:
            entered = self._entered(CREDENTIAL, filled=True)
            connection.credentials = Secret({**connection.credentials, **entered})
        if "settings" in columns or not connection.pk:
            connection.settings = {**connection.settings, **self._entered(SETTING)}
        if "auto_push" in columns or not connection.pk:
            answers = self._entered(AUTO)
            connection.auto_push = {**connection.auto_push, **{k: v == "yes" for k, v in answers.items()}}

    def _entered(self, prefix: str, *, filled: bool = False) -> dict[str, str]:
        pairs = self.cleaned_data.items()
        values = {name.removeprefix(prefix): value for name, value in pairs if name.startswith(prefix)}
        return {name: value for name, value in values.items() if value or not filled}


def names(prefix: str, system: Kind) -> list[str]:
    """Return the names of the boxes that a kind adds under a prefix."""
    inputs: dict[str, Iterable[str]] = {
        CREDENTIAL: (item.name for item in system.credentials),
        SETTING: (item.name for item in system.settings),
        AUTO: system.entities,
    }
    return [prefix + name for name in inputs[prefix]]


def _credential(item: Input, *, has_one: bool) -> forms.CharField:
    help_text = f"{KEEP} {item.help}".strip() if has_one and item.secret else item.help
    attrs = {"autocomplete": "new-password" if item.secret else "off", "spellcheck": "false"}
    widget: Any = UnfoldAdminPasswordWidget(attrs) if item.secret else UnfoldAdminTextInputWidget(attrs)
    return forms.CharField(
        label=item.label, required=item.required and not has_one, help_text=help_text, widget=widget
    )


def _setting(item: Input) -> forms.CharField:
    return forms.CharField(
        label=item.label,
        required=item.required,
        help_text=item.help,
        widget=UnfoldAdminTextInputWidget({"spellcheck": "false"}),
    )


def _switch(entity: str) -> forms.ChoiceField:
    label = f"Enable B2B {entities.get(entity).label.title()} Synchronization"
    return forms.ChoiceField(label=label, choices=YES_NO, widget=UnfoldAdminRadioSelectWidget())
