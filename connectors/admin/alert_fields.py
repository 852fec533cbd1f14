"""The boxes for messages on a connection's form: who is written to, and where they are posted."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from unfold.widgets import UnfoldAdminTextInputWidget

from connectors import addresses
from connectors.alerts.recipients import SEPARATOR

NAMES = ("alert_recipients", "alert_url")
ANCHOR = "cc-alert-fields"
MOST = 20
URL_CHARS = 500


class RecipientsField(forms.CharField):
    """E-mail addresses, with commas between."""

    def __init__(self) -> None:
        super().__init__(
            label="E-mail to",
            required=False,
            help_text="With commas between. Empty: the users with the role Owner who have an e-mail address.",
            widget=UnfoldAdminTextInputWidget({"autocomplete": "off", "spellcheck": "false"}),
        )

    def clean(self, value: Any) -> str:
        """Return the addresses in one spelling. Raises ValidationError."""
        entered = str(super().clean(value) or "").replace(";", ",").replace("\n", ",").split(",")
        found = list(dict.fromkeys(text.strip() for text in entered if text.strip()))
        if len(found) > MOST:
            raise ValidationError(f"These are {len(found)} addresses; at most {MOST} are written to.")
        for text in found:
            try:
                validate_email(text)
            except ValidationError as error:
                raise ValidationError(f"{text[:100]} is not an e-mail address.") from error
        return SEPARATOR.join(found)


class WebhookField(forms.CharField):
    """The address that messages are posted to."""

    def __init__(self) -> None:
        super().__init__(
            label="Webhook",
            required=False,
            max_length=URL_CHARS,
            help_text="Begins with https://. Messages are signed as Standard Webhooks says; the secret is "
            "made above, under Messages.",
            widget=UnfoldAdminTextInputWidget({"autocomplete": "off", "spellcheck": "false"}),
        )

    def clean(self, value: Any) -> str:
        """Return the address in one spelling. Raises ValidationError."""
        text = str(super().clean(value) or "")
        return addresses.normal(text) if text else ""
