"""A stranger at the public form: by mouse, by keyboard alone, on a phone, without JavaScript."""

from typing import TYPE_CHECKING, Any

import pytest
import redis
from django.conf import settings as project
from pytest_django.fixtures import Settings

from companies.models import Company
from contacts.models import Contact
from tests.browser.conftest import Person, sit_down
from tests.factories import UserFactory

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
FORM = "/companies/register/"
ARABIC = "شركة النور للتجارة والمقاولات"
CONTRAST = """() => {
    const paint = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
    const rgba = colour => {
        paint.clearRect(0, 0, 1, 1); paint.fillStyle = colour; paint.fillRect(0, 0, 1, 1);
        return [...paint.getImageData(0, 0, 1, 1).data];
    };
    const light = colour => {
        const [r, g, b] = rgba(colour).slice(0, 3).map(part => part / 255)
            .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ground = element => {
        const colour = getComputedStyle(element).backgroundColor;
        return rgba(colour)[3] || !element.parentElement ? colour : ground(element.parentElement);
    };
    return [...document.querySelectorAll('h1, h2, p, a, label, span, legend, input, select, li, button')]
        .filter(element => element.checkVisibility() && !element.closest('.aside'))
        .map(element => {
            const [a, b] = [light(getComputedStyle(element).color), light(ground(element))];
            const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
            return [ratio, element.tagName + ' ' + (element.textContent || element.name).trim().slice(0, 30)];
        }).filter(([ratio]) => ratio < 4.5);
}"""


@pytest.fixture(autouse=True)
def _quick_and_uncounted(settings: Settings) -> None:
    settings.REGISTRATION = {**settings.REGISTRATION, "min_fill_s": 0.0}
    broker = redis.Redis.from_url(project.REDIS_URL)
    for key in broker.scan_iter("LIMITS:*"):
        broker.delete(key)
    broker.close()


def fill(page: "Page", **other: str) -> None:
    """Fill in what is asked for."""
    typed = {"name": "Facebook", "first_name": "Mark", "last_name": "Z", "email": "markz@facebook.example"}
    typed |= other
    page.fill("#id_company-name", typed["name"])
    page.select_option("#id_company-legal_country", "AU")
    page.fill("#id_contact-first_name", typed["first_name"])
    page.fill("#id_contact-last_name", typed["last_name"])
    page.fill("#id_contact-email", typed["email"])


def test_a_stranger_registers_goes_back_and_presses_again(somebody: Person) -> None:
    somebody.goes_to(FORM)
    fill(somebody.page, name=ARABIC)
    somebody.page.get_by_role("button", name="Register").click()
    somebody.sees("What happens next")
    somebody.looks()

    somebody.page.go_back()
    somebody.page.get_by_role("button", name="Register").click()
    somebody.sees("What happens next")

    assert Company.objects.get().name == ARABIC
    assert Contact.objects.get().is_primary


def test_two_clicks_make_one_company(somebody: Person) -> None:
    somebody.goes_to(FORM)
    fill(somebody.page)

    somebody.page.get_by_role("button", name="Register").dblclick()
    somebody.sees("What happens next")

    assert Company.objects.count() == 1


def test_the_keyboard_alone_is_enough(somebody: Person) -> None:
    somebody.goes_to(FORM)
    page, keys = somebody.page, somebody.page.keyboard
    keys.press("Tab")
    typed = {
        "company-name": "Facebook",
        "company-legal_country": "Austral",
        "contact-first_name": "Mark",
        "contact-last_name": "Z",
        "contact-email": "markz@",
    }
    for _ in range(40):
        name = page.evaluate("document.activeElement.name || document.activeElement.type")
        if name == "submit":
            break
        assert name != "remarks", "the trap must not be met by the keyboard"
        keys.type(typed.get(name, ""))
        keys.press("Tab")
    keys.press("Enter")
    somebody.sees("1 thing to correct")

    assert page.evaluate("document.activeElement.getAttribute('role')") == "alert"
    keys.press("Tab")
    keys.press("Enter")
    assert page.evaluate("document.activeElement.name") == "contact-email"
    keys.press("End")
    keys.type("facebook.example")
    keys.press("Enter")
    somebody.sees("What happens next")

    contact = Contact.objects.get()
    assert (contact.email, contact.company.legal_country.code) == ("markz@facebook.example", "AU")


def test_it_works_without_javascript(chrome: "Browser", live_server: Any) -> None:
    person = sit_down(chrome, live_server.url, java_script_enabled=False)
    person.page.goto(live_server.url + FORM)
    person.page.get_by_role("button", name="Register").click()
    person.sees("5 things to correct")
    fill(person.page)
    person.page.get_by_role("button", name="Register").click()
    person.sees("What happens next")
    person.page.context.close()

    assert Company.objects.count() == 1


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_no_page_is_too_wide_or_hard_to_read(
    chrome: "Browser", live_server: Any, settings: Settings, width: int, theme: str
) -> None:
    person = sit_down(chrome, live_server.url, viewport={"width": width, "height": 800}, color_scheme=theme)
    faults, pale = [], []

    def look() -> None:
        faults.extend(person.faults())
        pale.extend(person.page.evaluate(CONTRAST))

    person.goes_to(FORM)
    look()
    person.page.fill("#id_company-name", "W" * 600)
    person.page.fill("#id_company-phone", "ask for Mark")
    person.page.get_by_role("button", name="Register").click()
    person.sees("things to correct")
    look()
    fill(person.page, first_name=ARABIC)
    person.page.fill("#id_company-phone", "")
    person.page.get_by_role("button", name="Register").click()
    person.sees("What happens next")
    look()
    settings.REGISTRATION = {**settings.REGISTRATION, "per_hour": 0, "held_per_hour": 0}
    person.goes_to(FORM)
    fill(person.page)
    person.page.get_by_role("button", name="Register").click()
    person.sees("Too many companies")
    refused = person.faults()
    pale.extend(person.page.evaluate(CONTRAST))
    person.page.context.close()

    assert not faults
    assert not pale
    assert all("429" in fault for fault in refused)  # the browser notes the status itself


def test_staff_find_what_is_held_and_release_it(somebody: Person, settings: Settings) -> None:
    settings.REGISTRATION = {**settings.REGISTRATION, "per_hour": 0}
    UserFactory.create(username="admin", password="rehearsal", is_superuser=True)
    somebody.goes_to(FORM)
    fill(somebody.page)
    somebody.page.get_by_role("button", name="Register").click()
    somebody.sees("What happens next")

    somebody.logs_in("admin", "rehearsal")
    somebody.opens("Companies")
    somebody.page.get_by_role("link", name="Held for review 1").click()
    somebody.looks()
    somebody.page.locator("#result_list").get_by_role("link", name="Facebook").first.click()
    somebody.sees("Held for review.")
    somebody.looks()
    somebody.page.get_by_role("button", name="Release").click()
    somebody.sees("Facebook is released")
    somebody.looks()

    assert Company.objects.get().sync_enabled
