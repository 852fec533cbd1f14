"""A link sets a password once, for whoever it was made for, and no log holds it."""

import logging
import re
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from config import roles
from tests.factories import UserFactory
from tests.staff import browser_of

pytestmark = [pytest.mark.django_db, pytest.mark.security]
MINE, NEW = "a password of my own", "cormorant 77 on a buoy"
ADDRESS = "/password/"


@pytest.fixture
def owner(db: None) -> User:
    roles.give(apps)
    user: User = UserFactory.create(username="olga", password=MINE)
    user.groups.add(Group.objects.get(name="Owner"))
    return user


@pytest.fixture
def carl(db: None) -> User:
    user: User = UserFactory.create(username="carl", password=None)
    return user


def asks(owner: User, user: User, password: str = MINE) -> Any:
    address = reverse("admin:auth_user_password_change", args=[user.pk])
    return browser_of(owner).post(address, {"own_password": password})


def code_in(answer: Any) -> str:
    found = re.search(r"http://testserver/password/#([\w.-]+)", answer.content.decode())
    assert found
    return found[1]


def sets(code: str, password: str = NEW, client: Client | None = None) -> Any:
    typed = {"code": code, "new_password1": password, "new_password2": password}
    return (client or Client()).post(ADDRESS, typed)


def has(user: User, password: str) -> bool:
    return User.objects.get(pk=user.pk).check_password(password)


def test_who_has_the_link_sets_a_password_and_logs_in(owner: User, carl: User) -> None:
    stranger = Client()

    answer = sets(code_in(asks(owner, carl)), client=stranger)

    assert (answer.status_code, answer["Location"]) == (302, "/admin/login/")
    assert "Your password is set." in stranger.get("/admin/login/").content.decode()
    assert stranger.post("/admin/login/", {"username": "carl", "password": NEW}).status_code == 302


def test_it_works_once(owner: User, carl: User) -> None:
    first, second = code_in(asks(owner, carl)), code_in(asks(owner, carl))
    sets(first)

    for code in (first, second):
        answer = sets(code, "another one of 30 letters")
        assert answer.status_code == 400
        assert "This link was used already" in answer.content.decode()
    assert has(carl, NEW)


def test_it_ends_after_a_day(owner: User, carl: User, settings: Settings) -> None:
    code = code_in(asks(owner, carl))
    settings.PASSWORD_RESET_TIMEOUT = -1

    assert sets(code).status_code == 400


def test_it_ends_with_a_login(owner: User, carl: User) -> None:
    code = code_in(asks(owner, carl))
    User.objects.filter(pk=carl.pk).update(last_login=timezone.now() + timedelta(seconds=2))

    assert sets(code).status_code == 400


@pytest.mark.parametrize("how", ["superuser", "role"])
def test_who_keeps_a_link_until_its_user_may_do_more_has_nothing(owner: User, carl: User, how: str) -> None:
    code = code_in(asks(owner, carl))
    if how == "superuser":
        User.objects.filter(pk=carl.pk).update(is_superuser=True)
    else:
        carl.groups.add(Group.objects.get(name="Viewer"))

    assert sets(code).status_code == 400


@pytest.mark.parametrize(
    "code", ["", "x", "MQ", "MQ.", ".a-b", "////", "MQ.a-b", "\u0000", "9" * 5000, "ä.ö"]
)
def test_what_is_no_code_gets_one_and_the_same_answer(owner: User, code: str) -> None:
    answer = sets(code)

    assert answer.status_code == 400
    assert "Ask whoever gave it to you for a new one." in answer.content.decode()


def test_a_code_of_somebody_else_sets_nothing(owner: User, carl: User) -> None:
    _, _, token = code_in(asks(owner, carl)).partition(".")
    other = code_in(asks(owner, UserFactory.create(username="otto", password=None))).partition(".")[0]

    assert sets(f"{other}.{token}").status_code == 400


def test_an_easy_password_is_refused_and_the_link_goes_on_working(owner: User, carl: User) -> None:
    code = code_in(asks(owner, carl))

    refused = sets(code, "password")

    assert "too common" in refused.content.decode()
    assert code in refused.content.decode()
    assert sets(code).status_code == 302


@pytest.mark.parametrize("password", ["", "a guess"])
def test_it_is_made_only_with_ones_own_password(owner: User, carl: User, password: str) -> None:
    answer = asks(owner, carl, password)

    assert "/password/#" not in answer.content.decode()
    assert "own password" in answer.content.decode()


def test_nobody_types_a_password_for_somebody_else(owner: User, carl: User) -> None:
    address = reverse("admin:auth_user_password_change", args=[carl.pk])

    browser_of(owner).post(address, {"own_password": MINE, "password1": NEW, "password2": NEW})

    assert not User.objects.get(pk=carl.pk).has_usable_password()


def test_for_oneself_there_is_the_other_page(owner: User) -> None:
    assert asks(owner, owner)["Location"] == "/admin/password_change/"


def test_the_link_is_kept_nowhere_and_in_no_log(
    owner: User, carl: User, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    made = asks(owner, carl)
    sets(code_in(made))

    token = code_in(made).partition("-")[2]
    assert token not in caplog.text
    assert NEW not in caplog.text
    assert 'password_link_made user="olga" address="127.0.0.1" target="carl"' in caplog.text
    assert 'password_set_by_link user="" address="127.0.0.1" target="carl"' in caplog.text
    assert "no-store" in made["Cache-Control"]


def test_nothing_inline_that_the_content_policy_would_stop(client: Client) -> None:
    page = client.get(ADDRESS)

    assert "no-store" in page["Cache-Control"]
    assert "<script>" not in page.content.decode()
    assert "onclick" not in page.content.decode()
