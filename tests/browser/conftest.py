"""A person's browser: Debian's Chromium on a live server, and what no page may ever show."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from tests import chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
RAW = (
    "Traceback (most recent call last)",
    "OperationalError",
    "Server Error (500)",
    "<bound method",
    "&lt;b",
)
WIDTH, HEIGHT = 1280, 800
PATIENCE_MS = 30_000


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything here as a browser test, left out where there is no browser."""
    missing = pytest.mark.skip(reason=chromium.said())
    for item in items:
        if "tests/browser/" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)
            if chromium.find() is None:
                item.add_marker(missing)


@pytest.fixture(scope="session")
def chrome() -> "Iterator[Browser]":
    """Start Chromium once."""
    from playwright.sync_api import sync_playwright

    # Playwright keeps an event loop in this thread, which Django takes for asynchronous code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=FLAGS)
        yield browser
        browser.close()


@dataclass
class Person:
    """Somebody at the console. `page` is what they see."""

    page: "Page"
    home: str
    troubles: list[str] = field(default_factory=list)

    def goes_to(self, path: str) -> None:
        """Open an address of the console."""
        self.page.goto(self.home + path)

    def opens(self, title: str) -> None:
        """Follow a link of the sidebar."""
        self.page.locator("#nav-sidebar-apps a", has_text=title).click()
        self.looks()

    def logs_in(self, name: str, password: str) -> None:
        """Log in as anybody would, by the form."""
        self.page.goto(self.home + "/admin/login/")
        self.page.fill("#id_username", name)
        self.page.fill("#id_password", password)
        self.page.get_by_role("button", name="Log in").click()
        self.page.wait_for_url("**/admin/")
        self.looks()

    def looks(self) -> None:
        """Check what holds of every page."""
        assert not self.faults()

    def faults(self) -> list[str]:
        """Return what is wrong with the page: it overflows, shows raw errors, or complains in the console."""
        self.page.wait_for_load_state("load")
        wide = self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        text = self.page.inner_text("body")
        found = [*self.troubles, *(f"shows {raw}" for raw in RAW if raw in text)]
        self.troubles.clear()
        return [
            f"{self.page.url}: {fault}" for fault in [*found, *([f"{wide} px too wide"] if wide > 0 else [])]
        ]

    def sees(self, text: str) -> None:
        """Wait until a text is there."""
        self.page.get_by_text(text).first.wait_for(timeout=PATIENCE_MS)

    def waits_for(self, chip: str, count: int) -> None:
        """Wait until so many cells that are to be seen show a chip, without reloading."""
        self.page.wait_for_function(
            "([name, count]) => [...document.querySelectorAll(`.cc-chip.cc-${name}`)]"
            ".filter((chip) => chip.checkVisibility()).length === count",
            arg=[chip, count],
            timeout=PATIENCE_MS,
        )


def sit_down(browser: "Browser", home: str, **options: Any) -> Person:
    """Return a person at a fresh browser, whose console is listened to."""
    context = browser.new_context(
        **{"viewport": {"width": WIDTH, "height": HEIGHT}, "timezone_id": "Europe/Berlin", **options}
    )
    context.set_default_timeout(PATIENCE_MS)
    person = Person(context.new_page(), home)
    page, note = person.page, person.troubles.append
    page.on("console", lambda said: note(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: note(str(error)))
    page.on("response", lambda got: note(f"{got.status} {got.url}") if got.status >= 400 else None)
    return person


@pytest.fixture
def somebody(chrome: "Browser", live_server: Any) -> Iterator[Person]:
    """A person at a desk, not logged in yet."""
    person = sit_down(chrome, live_server.url)
    yield person
    person.page.context.close()
