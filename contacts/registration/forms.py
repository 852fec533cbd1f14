"""The public form: a company and its first contact, checked together.

It accepts whatever the models can store. What a remote system does not take is said
to the staff when it is sent, not to a stranger.
"""

import uuid
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.conf import settings
from django.core.validators import URLValidator
from django.http import QueryDict
from django_countries import countries

from companies.models import Company
from companies.phones import to_e164
from contacts.models import Contact
from contacts.registration import once
from contacts.registration.typed import says_something, tidied

if TYPE_CHECKING:
    _CompanyForm = forms.ModelForm[Company]
    _ContactForm = forms.ModelForm[Contact]
else:  # Django can't subscript it
    _CompanyForm = _ContactForm = forms.ModelForm

STAMP = "shown"
TRAP = "remarks"  # no browser fills it in by itself; a robot fills in everything

TOO_LONG = "This has %(show_value)d characters; at most %(limit_value)d fit. Shorten it."
NO_EMAIL = "This is not an e-mail address. Write it like name@example.com."
EXAMPLE = "Write it with the country's code, such as +44 20 7946 0958"


class WebField(forms.URLField):
    """An address in the web. `https://` may be left out."""

    default_validators = [URLValidator(schemes=["http", "https"])]


class CompanyForm(_CompanyForm):
    """The company. Its country is asked for: phones and addresses can't be read without."""

    website = WebField(
        label="Website",
        required=False,
        max_length=500,
        assume_scheme="https",
        error_messages={"invalid": "This is not a web address. Write it like www.example.com."},
        widget=forms.TextInput(attrs={"inputmode": "url"}),
    )

    class Meta:
        model = Company
        fields = [
            "name", "legal_name", "email", "phone", "website", "tax_id",
            "legal_street", "legal_city", "legal_region", "legal_postal_code", "legal_country",
        ]  # fmt: skip
        labels = {"email": "Company Email", "phone": "Company Phone"}
        help_texts = {
            "legal_name": "As in the commercial register, if it differs.",
            "email": "If left empty, the contact's e-mail is taken.",
            "phone": EXAMPLE + ", or choose the country below.",
        }
        error_messages = {"email": {"invalid": NO_EMAIL}}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _ask(self.fields["name"], "Enter the company's name.")
        _ask(self.fields["legal_country"], "Choose the country.")
        self.fields["legal_street"].widget.attrs["rows"] = 2
        country = cast(forms.ChoiceField, self.fields["legal_country"])
        country.choices = [("", "Choose a country"), *countries]
        completes = {
            "name": "organization", "legal_name": "off", "email": "email", "phone": "tel", "website": "url",
            "tax_id": "off", "legal_street": "street-address", "legal_city": "address-level2",
            "legal_region": "address-level1", "legal_postal_code": "postal-code", "legal_country": "country",
        }  # fmt: skip
        _dress(self, completes)

    def clean_name(self) -> str:
        """Refuse a name that nobody can see."""
        return _seen(self.cleaned_data["name"], "Enter the company's name.")

    def clean(self) -> dict[str, Any] | None:
        """Read the phone, which needs the country."""
        cleaned = super().clean()
        _check_phone(self, str(self.cleaned_data.get("legal_country") or ""))
        return cleaned


class ContactForm(_ContactForm):
    """The first contact, who becomes the company's Primary. `country` is the company's."""

    country = ""

    class Meta:
        model = Contact
        fields = ["first_name", "last_name", "job_title", "email", "phone"]
        labels = {"phone": "Phone"}
        help_texts = {"email": "We answer to this address."}
        error_messages = {"email": {"invalid": NO_EMAIL}}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _ask(self.fields["first_name"], "Enter the first name.")
        _ask(self.fields["last_name"], "Enter the last name.")
        _ask(self.fields["email"], "Enter the contact's e-mail address.")
        completes = {
            "first_name": "given-name", "last_name": "family-name", "job_title": "organization-title",
            "email": "email", "phone": "tel",
        }  # fmt: skip
        _dress(self, completes)

    def clean_first_name(self) -> str:
        """Refuse a name that nobody can see."""
        return _seen(self.cleaned_data["first_name"], "Enter the first name.")

    def clean_last_name(self) -> str:
        """Refuse a name that nobody can see."""
        return _seen(self.cleaned_data["last_name"], "Enter the last name.")

    def clean(self) -> dict[str, Any] | None:
        """Read the phone in the company's country."""
        cleaned = super().clean()
        _check_phone(self, self.country)
        return cleaned


class Registration:
    """Both forms as one page, with the page's stamp and its trap."""

    def __init__(self, data: QueryDict | None = None) -> None:
        typed = None if data is None else tidied(data)
        self.company = CompanyForm(typed, prefix="company")
        self.contact = ContactForm(typed, prefix="contact")
        self.stamp = "" if typed is None else typed.get(STAMP, "")
        self.age_s = once.age_s(self.stamp)
        if self.age_s is None:
            self.stamp = once.stamp()
        self.fell_for_trap = bool(typed and typed.get(TRAP))

    def is_valid(self) -> bool:
        """Return whether it can be stored."""
        company = self.company.is_valid()
        self.contact.country = str(self.company.cleaned_data.get("legal_country") or "")
        return self.contact.is_valid() and company and self.age_s is not None

    def was_too_quick(self) -> bool:
        """Return whether no person could have typed it in that time."""
        return self.age_s is not None and self.age_s < settings.REGISTRATION["min_fill_s"]

    def key(self, browser: str) -> uuid.UUID:
        """Return the public id of the company that this browser registers with it."""
        return once.key(browser, {**self.company.cleaned_data, "contact": self.contact.cleaned_data})

    def troubles(self) -> list[tuple[str, str]]:
        """Return every error in the page's order: the field's id in the page, and the sentence."""
        return [
            (field.auto_id, f"{field.label}: {error}")
            for form in (self.company, self.contact)
            for field in form
            for error in field.errors
        ]


def _ask(field: forms.Field, sentence: str) -> None:
    field.required = True
    field.error_messages["required"] = sentence


def _dress(form: forms.BaseForm, completes: dict[str, str]) -> None:
    """Let browsers fill in and scripts of any direction look right; never cut what is typed."""
    for name, field in form.fields.items():
        field.widget.attrs["autocomplete"] = completes[name]
        field.widget.attrs.pop("maxlength", None)  # would cut a pasted text without a word
        field.error_messages["max_length"] = TOO_LONG
        if not isinstance(field, forms.ChoiceField):
            field.widget.attrs["dir"] = "auto"


def _seen(text: str, sentence: str) -> str:
    if not says_something(text):
        raise forms.ValidationError(sentence)
    return text


def _check_phone(form: forms.BaseForm, country: str) -> None:
    phone = form.cleaned_data.get("phone", "")
    if phone and not to_e164(phone, country):
        end = "." if country else ", or choose the country."
        form.add_error("phone", f"This cannot be read as a phone number. {EXAMPLE}{end}")
