"""Logging in too often, changing what somebody may do, and setting a password by a link."""

import os
from typing import TYPE_CHECKING, Any

import pytest
import redis
from django.apps import apps
from django.conf import settings as project
from django.contrib.auth.models import Group

from config import roles
from tests.browser.conftest import Person, sit_down
from tests.factories import UserFactory

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
MINE, NEW = "a password of my own", "cormorant 77 on a buoy"


@pytest.fixture(autouse=True)
def _nobody_counted() -> None:
    broker = redis.Redis.from_url(project.REDIS_URL)
    for key in broker.scan_iter("LIMITS:*"):
        broker.delete(key)
    broker.close()


def owner() -> Any:
    roles.give(apps)
    user = UserFactory.create(username="olga", password=MINE)
    user.groups.add(Group.objects.get(name="Owner"))
    return user


def test_who_guesses_is_told_how_long_to_wait(somebody: Person) -> None:
    owner()
    somebody.goes_to("/admin/login/")
    for _ in range(6):
        somebody.page.fill("#id_username", "olga")
        somebody.page.fill("#id_password", "a guess")
        somebody.page.get_by_role("button", name="Log in").click()
        somebody.page.wait_for_load_state("load")

    somebody.sees("Too many failed logins from your address. Try again in")
    shoot(somebody, "login")
    assert all("429" in fault for fault in somebody.faults())  # the browser notes the status itself


def test_an_owner_gives_a_role_and_a_link_and_the_new_one_logs_in(
    somebody: Person, chrome: "Browser", live_server: Any
) -> None:
    owner()
    carl = UserFactory.create(username="carl", password=None)
    page = somebody.page
    somebody.logs_in("olga", MINE)

    somebody.goes_to(f"/admin/auth/user/{carl.pk}/change/")
    shoot(somebody, "user")
    page.locator("#id_groups_from option", has_text="Viewer").dblclick()
    shoot(somebody, "user-chosen")
    page.get_by_role("button", name="Save User").click()
    somebody.sees("Enter your own password")
    shoot(somebody, "user-refused")
    page.fill("#id_own_password", MINE)
    page.get_by_role("button", name="Save User").click()
    somebody.sees("was changed.")
    somebody.looks()

    somebody.goes_to(f"/admin/auth/user/{carl.pk}/password/")
    shoot(somebody, "link-asked")
    page.fill("#id_own_password", MINE)
    page.get_by_role("button", name="Make a link").click()
    link = page.locator("code").inner_text()
    shoot(somebody, "link")
    somebody.looks()

    other = sit_down(chrome, live_server.url)
    other.page.goto(link)
    shoot(other, "set-password")
    assert other.page.url == f"{live_server.url}/password/"
    other.page.fill("#id_new_password1", NEW)
    other.page.fill("#id_new_password2", NEW)
    other.page.get_by_role("button", name="Set password").click()
    other.sees("Your password is set.")
    shoot(other, "login-after")
    other.looks()
    other.logs_in("carl", NEW)
    other.page.context.close()


def shoot(person: Person, name: str) -> None:
    folder = os.environ.get("SHOTS")
    if folder:
        person.page.screenshot(path=f"{folder}/{name}.png", full_page=True)
