"""The public form: as it opens, with mistakes, after too many, and the thanks."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from django.conf import settings
from django.test.utils import override_settings

from tests.screenshots.acts import places
from tests.screenshots.camera import Screen
from tests.screenshots.stage import Stage

if TYPE_CHECKING:
    from playwright.sync_api import Page

GOOD = {
    "company-name": "Harbour Tea & Spice",
    "company-phone": "+61 2 5550 0199",
    "company-website": "harbourtea.example",
    "contact-first_name": "Ines",
    "contact-last_name": "Okello",
    "contact-email": "ines@harbourtea.example",
}
BAD = {
    **GOOD,
    "company-name": "شركة النور للتجارة والمقاولات",
    "company-phone": "ask for Mark",
    "company-website": "javascript:x",
    "contact-email": "mark@",
}


def play(_stage: Stage) -> Iterator[list[Screen]]:
    """Look at the form as a stranger does."""
    yield [
        Screen("register", places.REGISTER, who=""),
        Screen("register-nothing-typed", places.REGISTER, _send, who=""),
        Screen("register-mistakes", places.REGISTER, _mistakes, who=""),
        Screen("register-thanks", f"{places.REGISTER}thanks/", who=""),
    ]
    with override_settings(REGISTRATION={**settings.REGISTRATION, "per_hour": 0, "held_per_hour": 0}):
        yield [Screen("register-too-many", places.REGISTER, _right, who="", status=429)]


def _mistakes(page: "Page") -> None:
    _fill(page, BAD)
    _send(page)


def _right(page: "Page") -> None:
    _fill(page, GOOD)
    page.select_option("#id_company-legal_country", "AU")
    _send(page)


def _fill(page: "Page", typed: dict[str, str]) -> None:
    for box, text in typed.items():
        page.fill(f"#id_{box}", text)


def _send(page: "Page") -> None:
    page.get_by_role("button", name="Register").click()
    page.wait_for_load_state("load")
