"""Staff find what is held for review, and release it by a click."""

from typing import Any

import pytest
from pytest_django.fixtures import Settings

from companies.models import Company
from tests.contacts.conftest import Visitor
from tests.staff import EDITS_ALL, SYNCS_ALL, browser_of, person

pytestmark = pytest.mark.django_db
GRID = "/admin/companies/company/"


@pytest.fixture
def company(visitor: Visitor, settings: Settings) -> Any:
    settings.REGISTRATION = {**settings.REGISTRATION, "per_hour": 0}
    visitor.posts()
    return Company.objects.get()


def test_the_tab_is_there_while_something_is_held(company: Company) -> None:
    Company.objects.create(name="Globex")
    browser = browser_of(person(*SYNCS_ALL))

    grid = browser.get(GRID).content.decode()
    tab = browser.get(GRID, {"state": "held"}).content.decode()

    assert "?state=held" in grid
    assert "Facebook" in tab
    assert "Globex" not in tab
    browser.post(f"{GRID}{company.pk}/release/")
    assert "?state=held" not in browser.get(GRID).content.decode()
    assert "No registration is held for review." in browser.get(GRID, {"state": "held"}).content.decode()


def test_its_page_says_why_and_offers_the_way_out(company: Company) -> None:
    page = browser_of(person(*SYNCS_ALL)).get(f"{GRID}{company.pk}/change/").content.decode()

    assert "Held for review." in page
    assert "Many companies registered within the hour." in page
    assert f'formaction="{GRID}{company.pk}/release/"' in page


def test_a_release_lets_it_be_sent_and_is_said(company: Company) -> None:
    answer = browser_of(person(*SYNCS_ALL)).post(f"{GRID}{company.pk}/release/", follow=True)

    company.refresh_from_db()
    assert "Facebook is released: it is sent like any other." in answer.content.decode()
    assert (company.held, company.sync_enabled) == ("", True)


def test_who_may_send_nothing_releases_nothing(company: Company) -> None:
    browser = browser_of(person(*EDITS_ALL))

    assert browser.post(f"{GRID}{company.pk}/release/").status_code == 403
    assert "/release/" not in browser.get(f"{GRID}{company.pk}/change/").content.decode()
    company.refresh_from_db()
    assert company.held == "many"


@pytest.mark.parametrize(("rights", "held"), [(SYNCS_ALL, ""), (EDITS_ALL, "many")])
def test_the_ticked_ones_are_released_by_who_may_send(
    company: Company, rights: tuple[str, ...], held: str
) -> None:
    data = {"action": "release", "_selected_action": [company.pk], "index": 0, "select_across": 0}

    browser_of(person(*rights)).post(f"{GRID}?state=held", data)

    company.refresh_from_db()
    assert company.held == held
