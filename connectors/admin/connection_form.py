"""The connection's form: what its kind asks for. Secrets are written, never shown."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.text import slugify
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from connectors import addresses, registry
from connectors.admin import alert_fields, login_boxes
from connectors.kinds import Input, Kind, Login
from connectors.models import Connection
from connectors.protocol import LOGIN
from connectors.secrets import Secret

if TYPE_CHECKING:
    _Form = forms.ModelForm[Connection]
else:  # Django can't subscript it
    _Form = forms.ModelForm

CREDENTIAL, SETTING = "credential_", "setting_"
NO_ENVIRONMENT = [("", "Choose one")]  # a browser would preset the first, which is PRODUCTION
SLUG_CHARS = 50
SETTING_CHARS = 255


class ConnectionForm(_Form):
    """A connection's boxes and those that its kind adds for login and fields."""

    use_required_attribute = False  # a browser would demand the boxes of the way that is not chosen
    base_url = forms.CharField(max_length=300, widget=UnfoldAdminTextInputWidget({"spellcheck": "false"}))

    alert_recipients = alert_fields.RecipientsField()
    alert_url = alert_fields.WebhookField()

    class Meta:
        model = Connection
        fields = (
            "name", "slug", "kind", "environment", "base_url", "enabled", "batch_size", "max_slots",
            *alert_fields.NAMES,
        )  # fmt: skip

    class Media:
        js = ("concord/login_boxes.js",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.system = self._kind()
        self.stored = dict(self.instance.credentials or {})  # as it was: `fill` writes over it
        self.login = self._login()
        # What was stored for another way of logging in counts as none, and goes with the next save.
        self.kept = self.stored if self.system.login(self.stored) == self.login else {}
        self._name_address()
        self._bound_speed()
        self._add_login()
        for item in self.system.settings:
            self.fields[SETTING + item.name] = _setting(item)
            self.initial[SETTING + item.name] = (self.instance.settings or {}).get(item.name, item.default)
        if not self.instance.pk:
            self._begin()
        elif "enabled" in self.fields and self.instance.awaits_test:
            self.fields["enabled"].disabled = True
            self.fields["enabled"].help_text = "Test connection switches it on, once all checks have passed."

    def _kind(self) -> Kind:
        """Return the kind of the connection: stored, posted, or the first that Concord knows."""
        known = {item.slug: item for item in registry.kinds()}
        posted = self.data.get("kind") if self.is_bound else self.initial.get("kind")
        return known.get(self.instance.kind or str(posted or ""), next(iter(known.values())))

    def _begin(self) -> None:
        """Begin a new connection with what suits its kind."""
        environment = self.fields["environment"]
        if isinstance(environment, forms.ChoiceField):
            environment.choices = NO_ENVIRONMENT + Connection.Environment.choices
            environment.error_messages["required"] = "Choose one: in PRODUCTION real records are changed."
        self.initial.setdefault("base_url", self.system.base_url_default)
        self.initial.update(batch_size=self.system.batch_size, max_slots=self.system.slots)

    def _login(self) -> Login:
        """Return the way of logging in: posted, else stored, else the first."""
        posted = self.data.get(CREDENTIAL + LOGIN) if self.is_bound else None
        known = {login.name: login for login in self.system.logins}
        return known.get(str(posted), self.system.login(self.stored))

    def _add_login(self) -> None:
        """Add the boxes of every way, with what is kept for the chosen one."""
        if len(self.system.logins) > 1:
            self.fields[CREDENTIAL + LOGIN] = login_boxes.choice(self.system)
            self.initial[CREDENTIAL + LOGIN] = self.system.login(self.stored).name
        for item in login_boxes.inputs(self.system.logins):
            value = str(self.kept.get(item.name) or "")
            ways = [login.name for login in self.system.logins if item in login.inputs]
            is_asked = not self.is_bound or item in self.login.inputs
            self.fields[CREDENTIAL + item.name] = login_boxes.box(item, ways, stored=value, is_asked=is_asked)
            if not item.secret:
                self.initial[CREDENTIAL + item.name] = value

    def _bound_speed(self) -> None:
        """Bound the speed by what the system stands; the boxes say why."""
        limits = {
            "batch_size": ("Batch size", self.system.max_batch_size, _batch_help(self.system)),
            "max_slots": (
                "Parallel calls",
                self.system.max_parallel_calls,
                f"Calls at a time: 1 to {self.system.max_parallel_calls}. {self.system.parallel_help}",
            ),
        }
        for name, (label, most, why) in limits.items():
            if name in self.fields:
                self.fields[name] = _number(label, most, why, self.fields[name].initial)

    def _name_address(self) -> None:
        if "kind" in self.fields:
            choices = [(item.slug, item.full_name) for item in registry.kinds()]
            # Hidden: the boxes are those of one kind, so another one is another form.
            self.fields["kind"] = forms.ChoiceField(choices=choices, widget=forms.HiddenInput())
            self.initial["kind"] = self.system.slug
        if "slug" in self.fields:
            self.fields["slug"].required = False
            self.fields["slug"].widget.attrs["placeholder"] = "for commands; made from the name"
        if "base_url" in self.fields:
            self.fields["base_url"].label = self.system.base_url_label
            self.fields["base_url"].help_text = self.system.base_url_help

    def clean_slug(self) -> str:
        """Return the slug, made from the name where it was left blank."""
        entered = str(self.cleaned_data.get("slug") or "")
        return entered or _free_slug(slugify(self.data.get("name", ""))[:SLUG_CHARS] or "connection")

    def clean_base_url(self) -> str:
        """Return the address in one spelling."""
        return addresses.normal(str(self.cleaned_data["base_url"]))

    def clean(self) -> dict[str, Any] | None:
        """Look at where the addresses lead, and whether the login may go there."""
        cleaned = super().clean() or {}
        targets = ["base_url", *(SETTING + item.name for item in self.system.settings if item.is_target)]
        moved = [name for name in targets if self._leads_elsewhere(name, str(cleaned.get(name) or ""))]
        if self.instance.pk and moved:
            self._ask_again(cleaned)
        self._leads_elsewhere("alert_url", str(cleaned.get("alert_url") or ""))
        return cleaned

    def _leads_elsewhere(self, name: str, url: str) -> bool:
        """Return whether an address that the login is sent to has changed; refuse one that leads inside."""
        if not url:
            return False
        permit = registry.permit(str(self.cleaned_data.get("environment", "")))
        has_moved = url != str(self.initial.get(name) or "")
        is_new = has_moved or "environment" in self.changed_data
        said = addresses.points_inside(url, permit) if is_new else addresses.wrong(url, permit)
        if said:
            self.add_error(name, said)
        return has_moved

    def _ask_again(self, cleaned: dict[str, Any]) -> None:
        """Ask for the secrets again where the address moved: they must not follow to another place."""
        for item in self.login.inputs:
            name = CREDENTIAL + item.name
            is_kept = item.secret and (item.required or self.kept.get(item.name))
            if is_kept and not cleaned.get(name) and name not in self.errors:
                text = "The address has changed: enter this again, so that it goes only where you mean."
                self.add_error(name, text)

    def _get_validation_exclusions(self) -> set[str]:
        """Leave the address to `clean`: the model knows no host without a dot, as a rehearsal may have."""
        left: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]  # the stubs lack it
        return {*left, "base_url"}

    def changed_columns(self) -> set[str]:
        """Return the columns to write. Credentials only where a box of theirs says something new."""
        columns = {"credentials"} if self._entered_login() else set()
        for name in self.changed_data:
            if name.startswith(CREDENTIAL):
                continue
            if name.startswith(SETTING):
                columns.add("settings")
            else:
                columns.add(name)
        return columns

    def fill(self, connection: Connection) -> None:
        """Put what the kind's own boxes say into the connection. A blank secret keeps the stored one."""
        columns = self.changed_columns()
        if "credentials" in columns:
            connection.credentials = Secret({**self.kept, **self._entered_login()})
        if "settings" in columns or not connection.pk:
            connection.settings = {**connection.settings, **self._entered(SETTING)}

    def _entered_login(self) -> dict[str, str]:
        """Return what the boxes of the chosen way say anew; a blank secret says nothing."""
        entered = {}
        for item in self.login.inputs:
            name = CREDENTIAL + item.name
            value = str(self.cleaned_data.get(name) or "")
            if value if item.secret else name in self.changed_data:
                entered[item.name] = value
        if entered and self.login != self.system.logins[0]:
            entered[LOGIN] = self.login.name
        return entered

    def _entered(self, prefix: str) -> dict[str, str]:
        pairs = self.cleaned_data.items()
        return {name.removeprefix(prefix): value for name, value in pairs if name.startswith(prefix)}


def names(prefix: str, system: Kind) -> list[str]:
    """Return the names of the boxes that a kind adds under a prefix."""
    inputs: dict[str, Iterable[str]] = {
        CREDENTIAL: [
            *([LOGIN] if len(system.logins) > 1 else []),
            *(item.name for item in login_boxes.inputs(system.logins)),
        ],
        SETTING: (item.name for item in system.settings),
    }
    return [prefix + name for name in inputs[prefix]]


def _free_slug(wanted: str) -> str:
    """Return the slug, numbered where another connection has it."""
    taken = set(
        Connection.objects.filter(slug__startswith=wanted[: SLUG_CHARS - 4]).values_list("slug", flat=True)
    )
    numbered = (f"{wanted[: SLUG_CHARS - 4]}-{number}" for number in range(2, len(taken) + 3))
    return wanted if wanted not in taken else next(slug for slug in numbered if slug not in taken)


def _number(label: str, most: int, why: str, initial: Any) -> forms.IntegerField:
    text = f"Enter a whole number from 1 to {most}."
    return forms.IntegerField(
        label=label,
        initial=initial,
        min_value=1,
        max_value=most,
        help_text=why,
        error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), text),
        widget=UnfoldAdminIntegerFieldWidget(),
    )


def _batch_help(system: Kind) -> str:
    most = system.max_batch_size
    if system.is_paced:  # a call carries one record there: this only says how many are taken at once
        return f"Records that a worker takes at once: 1 to {most}. A click waits for the one under way only."
    return f"Records in one call: 1 to {most}, which is the most that {system.label} takes."


def _setting(item: Input) -> forms.Field:
    if item.choices:
        return forms.ChoiceField(
            choices=item.choices,
            label=item.label,
            required=item.required,
            help_text=item.help,
            widget=UnfoldAdminSelectWidget(),
        )
    return login_boxes.TextBox(
        item.read,
        label=item.label,
        required=item.required,
        max_length=SETTING_CHARS,
        help_text=item.help,
        widget=UnfoldAdminTextInputWidget({"spellcheck": "false"}),
    )
