"""The boxes of Company Configuration: what is sent by itself, and who gets what nobody else owns."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.core.exceptions import FieldDoesNotExist
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectWidget,
)

from connectors import entities, states
from connectors.admin.connection_form import ConnectionForm
from connectors.entities import Entity
from connectors.kinds import Kind
from connectors.models import Connection, UserLink
from connectors.protocol import Direction
from connectors.users.known import has_users
from synclog import words

AUTO, STATUSES, ASSOCIATE = "auto_", "statuses_", "associate_"
COLUMNS = {AUTO: "auto_push", STATUSES: "auto_statuses", ASSOCIATE: "auto_associate"}
YES_NO = [("yes", "Yes"), ("no", "No")]
REPRESENTATIVE = "default_representative"
NAME_CHARS = 80


class CompanyConfigurationForm(ConnectionForm):
    """The connection's form with the switches, the choice of statuses and the default representative.

    `links_users`: the person may see the users' page, so the form may point there.
    """

    links_users = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for entity in taken(self.system):
            self._add_switches(entity)
        if self.instance.pk and has_users(self.system):
            self.fields[REPRESENTATIVE] = _representative(self.instance, links_users=self.links_users)
            self.initial[REPRESENTATIVE] = str(self.instance.default_representative_id or "")

    def _add_switches(self, entity: Entity[Any, Any]) -> None:
        """Add the boxes of one entity."""
        named, connection = labels(self.system), self.instance
        switch = _switch(named["auto_push", entity.name], _help(self.system, connection, entity))
        self.fields[AUTO + entity.name] = switch
        self.initial[AUTO + entity.name] = _answer((connection.auto_push or {}).get(entity.name))
        if choices := statuses(entity):
            self.fields[STATUSES + entity.name] = _statuses(entity, choices)
            self.initial[STATUSES + entity.name] = sent_statuses(connection, entity)
        if asks_to_associate(self.system):
            self.fields[ASSOCIATE + entity.name] = _association(self.system, entity)
            is_on = (connection.auto_associate or {}).get(entity.name, self.system.auto_associate)
            self.initial[ASSOCIATE + entity.name] = _answer(is_on)

    def clean(self) -> dict[str, Any] | None:
        """Refuse a Yes that would send nothing."""
        cleaned = super().clean()
        for entity in taken(self.system):
            chosen = (cleaned or {}).get(STATUSES + entity.name)
            if chosen == [] and (cleaned or {}).get(AUTO + entity.name) == "yes":
                text = f"Tick at least one status, or choose No above: no {entity.label} would be sent."
                self.add_error(STATUSES + entity.name, text)
        return cleaned

    def changed_columns(self) -> set[str]:
        """Return the columns to write."""
        return {_column(name) for name in super().changed_columns()}

    def fill(self, connection: Connection) -> None:
        """Put what the boxes say into the connection."""
        super().fill(connection)
        columns = self.changed_columns()
        if "auto_push" in columns or not connection.pk:
            answers = {name: answer == "yes" for name, answer in self._entered(AUTO).items()}
            connection.auto_push = {**connection.auto_push, **answers}
        if "auto_associate" in columns:
            answers = {name: answer == "yes" for name, answer in self._entered(ASSOCIATE).items()}
            connection.auto_associate = {**connection.auto_associate, **answers}
        if "auto_statuses" in columns:
            connection.auto_statuses = {**connection.auto_statuses, **self._entered(STATUSES)}
        if REPRESENTATIVE in columns:
            connection.default_representative_id = self.cleaned_data[REPRESENTATIVE]

    def switched_on(self) -> list[Entity[Any, Any]]:
        """Return the entities that this save turned from No to Yes."""
        turned = [entity for entity in taken(self.system) if AUTO + entity.name in self.changed_data]
        return [entity for entity in turned if self.cleaned_data[AUTO + entity.name] == "yes"]


def _column(box: str) -> str:
    """Return the column that keeps a box's answer."""
    return next((column for prefix, column in COLUMNS.items() if box.startswith(prefix)), box)


def taken(system: Kind) -> list[Entity[Any, Any]]:
    """Return the entities that a system takes, parents first."""
    return entities.in_order(system.entities)


def names(system: Kind, *, is_new: bool) -> list[str]:
    """Return the names of the section's boxes, in their order."""
    boxes: list[str] = []
    for entity in taken(system):
        boxes += [AUTO + entity.name, *([STATUSES + entity.name] if statuses(entity) else [])]
        boxes += [ASSOCIATE + entity.name] if asks_to_associate(system) else []
    return [*boxes, REPRESENTATIVE] if has_users(system) and not is_new else boxes


def asks_to_associate(system: Kind) -> bool:
    """Return whether it is a question if new records are enabled: not where that is the rule."""
    return not system.auto_associate


def statuses(entity: Entity[Any, Any]) -> list[tuple[str, str]]:
    """Return the statuses that an entity's records have, none where it has no such field."""
    try:
        field = entity.model._meta.get_field("status")
    except FieldDoesNotExist:
        return []
    return [(str(value), str(label)) for value, label in getattr(field, "flatchoices", ())]


def sent_statuses(connection: Connection, entity: Entity[Any, Any]) -> list[str]:
    """Return the statuses whose records are sent by themselves: all but those that never are, at first."""
    chosen = (connection.auto_statuses or {}).get(entity.name)
    known = [value for value, _ in statuses(entity) if value not in entity.unsent]
    return known if chosen is None else [value for value in known if value in chosen]


def labels(system: Kind) -> dict[tuple[str, str], str]:
    """Return what people call a connection's answers, by column and entity."""
    found = {}
    for entity in taken(system):
        found["auto_push", entity.name] = f"Enable B2B {entity.label.title()} Synchronization"
        found["auto_statuses", entity.name] = f"{entity.label.title()} statuses sent by themselves"
        found["auto_associate", entity.name] = f"Enable new {entity.label_plural} for {system.label}"
    return found


def told(connection: Connection) -> list[tuple[str, str]]:
    """Return the section's answers as (question, answer), for somebody who may not change them."""
    return list(_told(connection))


def _told(connection: Connection) -> Iterator[tuple[str, str]]:
    named = labels(connection.system)
    for entity in taken(connection.system):
        is_on = (connection.auto_push or {}).get(entity.name)
        yield named["auto_push", entity.name], "Yes" if is_on else "No"
        if asks_to_associate(connection.system):
            is_on = connection.associates_automatically(entity.name)
            yield named["auto_associate", entity.name], "Yes" if is_on else "No"
        if choices := dict(statuses(entity)):
            sent = [choices[value] for value in sent_statuses(connection, entity)]
            yield named["auto_statuses", entity.name], ", ".join(sent) or "none"
    if not has_users(connection.system):
        return
    user = connection.default_representative
    yield "Default Sales Representative", _named(user) if user else "nobody"


def _answer(is_on: object) -> str:
    return "yes" if is_on else "no"


def _switch(label: str, help_text: str = "") -> forms.ChoiceField:
    widget = UnfoldAdminRadioSelectWidget()
    return forms.ChoiceField(label=label, choices=YES_NO, help_text=help_text, widget=widget)


def _help(system: Kind, connection: Connection, entity: Entity[Any, Any]) -> str:
    """Return what keeps an entity from being sent whatever the answer is."""
    if connection.pk and connection.direction(entity.name) == Direction.IN:
        return f"Nothing is sent: {entity.label_plural} come from {system.label} only (see Field mapping)."
    return system.needs.get(entity.name, "")


def _association(system: Kind, entity: Entity[Any, Any]) -> forms.ChoiceField:
    text = (
        f"Yes: each new {entity.label} is enabled when it is saved. No: when someone enables it, or clicks."
    )
    return _switch(labels(system)["auto_associate", entity.name], text)


class _StatusBoxes(UnfoldAdminCheckboxSelectMultipleWidget):
    """Check boxes; those that never apply are shown and can't be ticked."""

    never: frozenset[str] = frozenset()

    def create_option(self, name: str, value: Any, label: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return one box."""
        option: dict[str, Any] = super().create_option(name, value, label, *args, **kwargs)
        if str(value) in self.never:
            option["attrs"]["disabled"] = True
            option["label"] = f"{label} (never)"
        return option


def _statuses(entity: Entity[Any, Any], choices: list[tuple[str, str]]) -> forms.MultipleChoiceField:
    widget = _StatusBoxes()
    widget.never = entity.unsent
    box = forms.MultipleChoiceField(
        label=f"{entity.label.title()} statuses sent by themselves",
        required=False,
        choices=[choice for choice in choices if choice[0] not in entity.unsent],
        widget=widget,
        help_text="A click sends a record in any status.",
    )
    box.widget.choices = choices  # the refused one is shown, and is still no choice
    return box


def _representative(connection: Connection, *, links_users: bool) -> forms.TypedChoiceField:
    """Return the box: who may own something over there, and the stored one even where it may not."""
    system, accounts = connection.system.label, connection.system.record_words["company"][1]
    choices = _owners(connection)
    help_text: str = (
        f"Owns new {accounts} whose own sales representative is not linked to an active {system} user. "
        f"Existing {accounts} keep their owner."
    )
    if not choices:
        help_text = _nobody(system, links_users=links_users)
    stored = connection.default_representative
    if stored is not None and str(stored.pk) not in dict(choices):
        choices.append((str(stored.pk), f"{_named(stored)} · {_unfit(connection, stored)}"))
        lost = f"{_named(stored)} can't own anything in {system} now: {_unfit(connection, stored)}. "
        rest = f"New {accounts} go to Concord's own user there. "
        help_text = format_html("<b>{}</b>{}{}", lost, rest, help_text)
    nobody = f"Nobody: they go to Concord's own user in {system}"
    return forms.TypedChoiceField(
        label="Default Sales Representative",
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("", nobody), *choices],
        help_text=help_text,
        widget=UnfoldAdminSelectWidget(),
    )


def _nobody(system: str, *, links_users: bool) -> SafeString:
    text = f"No user is linked to an active {system} user."
    if not links_users:
        return format_html("{}", text)
    return format_html('{} <a href="{}">Link users</a>', text, reverse("admin:auth_user_changelist"))


def _owners(connection: Connection) -> list[tuple[str, str]]:
    links = UserLink.objects.filter(connection=connection, user__is_active=True)
    able = links.filter(remote_user__is_active=True, remote_user__trouble="")
    rows = able.select_related("user", "remote_user").order_by("user__username")
    return [(str(row.user_id), _pair(row)) for row in rows]


def _pair(row: UserLink) -> str:
    """Return "Mark Z · Mark Zuck": the name over there where it is another one."""
    here, there = _named(row.user), states.capped(row.remote_user.name, NAME_CHARS)
    return here if here == there else f"{here} · {there}"


def _unfit(connection: Connection, user: Any) -> str:
    """Return why a user can't own anything over there."""
    system = connection.system.label
    link = UserLink.objects.filter(connection=connection, user=user).select_related("remote_user").first()
    if not user.is_active:
        return "no longer active here"
    if link is None:
        return f"not linked to a {system} user"
    there = link.remote_user
    if there.is_active:
        return states.capped(there.trouble, 160)
    since = f" since {words.day(there.inactive_since, timezone.now())}" if there.inactive_since else ""
    return f"inactive in {system}{since}"


def _named(user: Any) -> str:
    return states.capped(user.get_full_name() or user.get_username(), NAME_CHARS)
