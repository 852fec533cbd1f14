"""The rehearsed store's pages as a person clicks them; no script runs there."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
import requests

from connectors.sandbox.server import SandboxServer
from tests.browser.conftest import sit_down

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.slow

LONG = "Wörter" * 33
COMPANY = {
    "companyName": LONG,
    "adminFirstName": "Mark",
    "adminLastName": "Z",
    "adminEmail": "markz@test.com",
}
ADDRESS = {
    "firstName": LONG[:100],
    "lastName": "Z",
    "addressLine1": LONG,
    "city": "Paris",
    "countryCode": "FR",
}


@pytest.fixture
def store() -> Iterator[SandboxServer]:
    """A store with one company."""
    with SandboxServer() as server:
        control = f"{server.url}/_control/bigcommerce"
        key = requests.post(f"{control}/company", json=COMPANY, timeout=20).json()["ids"][0]
        requests.post(f"{control}/address", json={**ADDRESS, "companyId": int(key)}, timeout=20)
        yield server


def test_a_colleague_adds_changes_and_deletes_a_user(chrome: "Browser", store: SandboxServer) -> None:
    person = sit_down(chrome, store.url)
    page = person.page
    person.goes_to("/bigcommerce")
    page.get_by_role("link", name=LONG[:20]).click()
    page.get_by_role("link", name="Company User(s)").click()
    page.get_by_role("link", name="Add", exact=True).click()

    page.locator("input:focus").wait_for()  # the first field has it
    page.keyboard.type("Ann")
    page.get_by_label("Last Name").fill("Lee")
    page.get_by_label("Email").fill("ann@test.com")
    page.get_by_label("Role").select_option("Senior buyer")
    page.get_by_role("button", name="Add company user").click()

    row = page.locator("tr:target")
    assert "Senior buyer" in row.inner_text()
    row.get_by_role("link", name="Edit Ann Lee").click()
    page.get_by_label("Phone Number").fill("444444444")
    page.get_by_role("button", name="Save").click()
    assert "444444444" in row.inner_text()
    row.get_by_role("link", name="Delete Ann Lee").click()
    page.get_by_role("button", name="Delete company user").click()
    page.get_by_text("1 in all").wait_for()
    assert not page.get_by_text("ann@test.com").count()
    person.looks()


@pytest.mark.parametrize("width", [1280, 390])
def test_no_page_of_the_store_is_wider_than_the_window(
    chrome: "Browser", store: SandboxServer, width: int
) -> None:
    person = sit_down(chrome, store.url, viewport={"width": width, "height": 800})
    key = requests.get(f"{store.url}/_control/bigcommerce/company", timeout=20).json()[0]["id"]
    tabs = [f"company/{key}{tab}" for tab in ("", "/users", "/addresses", "/roles", "/payment-methods")]

    for path in (*(f"page/{name}" for name in ("companies", "users", "customers", "webhooks")), *tabs):
        person.goes_to(f"/bigcommerce/{path}")
        person.looks()
