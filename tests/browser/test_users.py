"""Linking users as a person clicks it: by the box of the user's page, and by the list of proposals."""

from typing import Any

import pytest

from connectors.models import Connection, UserLink
from connectors.sandbox.server import SandboxServer
from tests.browser.conftest import Person
from tests.factories import UserFactory
from tests.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True), pytest.mark.untested]
PROPOSED = "Dana Whitfield · dana.whitfield@example.com · Field Sales"


def linked() -> dict[str, str]:
    links = UserLink.objects.select_related("user", "remote_user")
    return {link.user.username: link.remote_user.name for link in links}


@pytest.fixture
def staff(salesforce: Connection, somebody: Person) -> Any:
    """Log the admin in; return Dana, whom the rehearsal knows by her e-mail."""
    UserFactory.create(username="admin", password="rehearsal", is_superuser=True)
    UserFactory.create(username="marcus", email="marcus.bell@example.com", password=None)
    dana = UserFactory.create(username="dana", email="dana.whitfield@example.com", password=None)
    somebody.logs_in("admin", "rehearsal")
    return dana


def test_a_user_is_searched_for_chosen_and_saved(
    somebody: Person, staff: Any, sandbox: SandboxServer
) -> None:
    page = somebody.page

    somebody.opens("All Users")
    page.get_by_role("button", name="Fetch users").click()
    somebody.sees("13 users fetched from Salesforce")
    page.locator("#result_list").get_by_role("link", name="marcus", exact=True).click()
    page.get_by_role("link", name="Salesforce", exact=True).click()
    page.locator(".select2-selection").click()
    page.keyboard.type("okafor")
    page.get_by_role("option", name="Chidi Okafor").click()
    somebody.looks()
    page.get_by_role("button", name="Save User").click()

    somebody.sees("was changed.")
    somebody.looks()
    assert linked() == {"marcus": "Chidi Okafor"}


def test_a_proposal_is_taken_without_losing_what_was_typed(somebody: Person, staff: Any) -> None:
    page = somebody.page
    somebody.opens("All Users")
    page.get_by_role("button", name="Fetch users").click()
    somebody.sees("13 users fetched from Salesforce")

    somebody.goes_to(f"/admin/auth/user/{staff.pk}/change/")
    page.fill("#id_first_name", "Dana")
    page.get_by_role("link", name="Salesforce", exact=True).click()
    page.get_by_role("link", name="Take it").click()
    page.locator(".select2-selection", has_text=PROPOSED).wait_for()
    somebody.looks()
    page.get_by_role("button", name="Save User").click()

    somebody.sees("was changed.")
    staff.refresh_from_db()
    assert (staff.first_name, linked()) == ("Dana", {"dana": "Dana Whitfield"})


def test_the_button_of_the_list_repeats_how_many_are_ticked(somebody: Person, staff: Any) -> None:
    page = somebody.page
    somebody.opens("All Users")
    page.get_by_role("button", name="Fetch users").click()
    page.get_by_role("link", name="Link 2 proposals…").click()
    somebody.looks()

    page.get_by_label("marcus").uncheck()
    page.get_by_role("button", name="Link 1 user", exact=True).click()

    somebody.sees("1 user linked in Salesforce.")
    somebody.looks()
    wait_until(lambda: linked() == {"dana": "Dana Whitfield"})
