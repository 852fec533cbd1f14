"""A contact's form: Status in words, how the phone was read, who may be the same, who is next."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.html import format_html
from unfold.widgets import UnfoldAdminSelectWidget

from companies.phones import read_as
from connectors.admin.board import PRIMARY
from contacts import primary
from contacts.models import Contact

if TYPE_CHECKING:
    _Form = forms.ModelForm[Contact]
else:  # Django can't subscript it
    _Form = forms.ModelForm

ROLES = (
    "What the person may do in the store. Admin: orders and manages the company's users. "
    "Senior buyer: orders. Junior buyer: prepares carts that another one orders."
)


def _is_yes(value: Any) -> bool:
    return str(value) == "True"


class ContactForm(_Form):
    """A contact's form. The admin's subclass knows the connected systems' words."""

    roles_there = ""
    primary_word = PRIMARY
    active = forms.TypedChoiceField(
        label="Status",
        choices=[(True, "Active"), (False, "Inactive")],
        coerce=_is_yes,
        initial=True,
        widget=UnfoldAdminSelectWidget,
    )
    successor = forms.ChoiceField(
        label="New Primary contact",
        required=False,
        widget=UnfoldAdminSelectWidget,
        help_text="The Primary leaves: who is next?",
    )

    class Meta:
        model = Contact
        exclude = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "phone" in self.fields and self.instance.phone:
            help_text = read_as(self.instance.phone, self.instance.company.legal_country)
            self.fields["phone"].help_text = help_text
        if "role" in self.fields:
            # Escaped here: a page shows a help text as it is.
            self.fields["role"].help_text = format_html("{} {}", ROLES, self.roles_there)
        choices = successors(self.instance) if self.instance.pk else []
        if choices:
            self.fields["successor"].choices = choices  # type: ignore[attr-defined]
            if self.primary_word != PRIMARY:
                text = f"The Primary leaves: who is next? The {self.primary_word} changes with it."
                self.fields["successor"].help_text = text
        else:  # a declared field is there whether or not the admin shows it
            del self.fields["successor"]

    def clean(self) -> dict[str, Any] | None:
        """Ask for the next Primary where the present one becomes inactive."""
        found = super().clean()
        values = found if found is not None else self.cleaned_data
        leaves = "successor" in self.fields and values.get("active") is False
        if leaves and not values.get("successor"):
            self.add_error(
                "successor", f"{self.instance} is the Primary. Choose who is next, or “No Primary”."
            )
        return found


def successors(contact: Contact) -> list[tuple[str, str]]:
    """Return who can be next after this contact, and that nobody is; nothing where nobody can be."""
    for question in primary.questions([contact]):
        named = [(str(one.pk), titled(one)) for one in question.candidates]
        return [("", "Choose…"), *named, (primary.NOBODY, "No Primary")]
    return []


def titled(contact: Contact) -> str:
    """Return a contact for a drop-down: name and e-mail."""
    return " · ".join(filter(None, [contact.name[:80], contact.email]))
