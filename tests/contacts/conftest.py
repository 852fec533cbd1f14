"""The public form in tests: nobody counted yet, and nobody taken for a robot because tests are quick."""

import re
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from tests import counted

TYPED = {
    "company-name": "Facebook",
    "company-legal_country": "AU",
    "contact-first_name": "Mark",
    "contact-last_name": "Z",
    "contact-email": "markz@facebook.example",
}


class Visitor:
    """A stranger with a browser: keeps cookies and sends the token."""

    def __init__(self) -> None:
        self.client = Client(enforce_csrf_checks=True)
        self.form: dict[str, str] = {}

    def opens(self) -> Any:
        """Open the form; its hidden fields go along with the next post."""
        page = self.client.get("/companies/register/")
        self.keeps(page)
        return page

    def keeps(self, page: Any) -> None:
        """Take over the hidden fields of a page."""
        hidden = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.content.decode())
        self.form = dict(hidden)

    def posts(self, **headers: str) -> Any:
        """Post Facebook and Mark Z."""
        return self.sends({}, **headers)

    def sends(self, typed: dict[str, str], **headers: str) -> Any:
        """Post the form, with some boxes filled in otherwise."""
        data = {**self.form, **TYPED, **typed}
        return self.client.post("/companies/register/", data, headers=headers)


@pytest.fixture(autouse=True)
def _nobody_counted(settings: Settings) -> None:
    settings.REGISTRATION = {**settings.REGISTRATION, "min_fill_s": 0.0}
    counted.forget()


@pytest.fixture
def visitor(db: None) -> Visitor:
    """A stranger who has opened the form."""
    visitor = Visitor()
    visitor.opens()
    return visitor
