"""Who logged in, who did not, and who was refused stands in the log stream; secrets never do."""

import logging
from typing import Any

import pytest
from django.conf import settings as project
from django.test import Client
from pytest_django.fixtures import Settings

from tests import counted
from tests.factories import UserFactory
from tests.staff import browser_of, person

pytestmark = [pytest.mark.django_db, pytest.mark.security]
RIGHT, WRONG = "a long right password", "a long wrong password"


@pytest.fixture(autouse=True)
def _nobody_counted() -> None:
    counted.forget()


@pytest.fixture
def trail(caplog: pytest.LogCaptureFixture) -> Any:
    """The lines of the trail, by calling it."""
    caplog.set_level(logging.INFO, logger="concord.security")
    return lambda: [one.getMessage() for one in caplog.records if one.name == "concord.security"]


def logs_in(client: Client, name: str, password: str) -> Any:
    return client.post("/admin/login/", {"username": name, "password": password}, REMOTE_ADDR="203.0.113.1")


def test_login_failed_login_and_logout_are_noted_with_user_and_address(trail: Any) -> None:
    UserFactory.create(username="olga", password=RIGHT)
    client = Client()

    logs_in(client, "olga", WRONG)
    logs_in(client, "olga", RIGHT)
    client.post("/admin/logout/", REMOTE_ADDR="203.0.113.1")

    assert trail() == [
        'login_failed user="olga" address="203.0.113.1"',
        'login user="olga" address="203.0.113.1"',
        'logout user="olga" address="203.0.113.1"',
    ]


def test_the_right_password_of_an_account_without_staff_status_is_noted(trail: Any) -> None:
    UserFactory.create(username="olga", password=RIGHT, is_staff=False)

    logs_in(Client(), "olga", RIGHT)

    assert trail() == ['login_refused user="olga" address="203.0.113.1" why="not staff"']


def test_behind_a_proxy_the_visitors_address_is_noted(trail: Any, settings: Settings) -> None:
    settings.BEHIND_PROXY = True

    Client().post(
        "/admin/login/",
        {"username": "x", "password": WRONG},
        headers={"X-Forwarded-For": "9.9.9.9, 203.0.113.7"},
    )

    assert trail() == ['login_failed user="x" address="203.0.113.7"']


def test_a_refusal_is_noted_with_what_was_asked_for(trail: Any) -> None:
    browser_of(person("view_company")).get("/admin/auth/user/", REMOTE_ADDR="203.0.113.1")

    assert trail()[-1] == 'refused user="dana" address="203.0.113.1" method="GET" path="/admin/auth/user/"'


def test_a_post_without_its_token_is_noted(trail: Any) -> None:
    Client(enforce_csrf_checks=True).post("/admin/login/", {"username": "x"})

    assert trail() == ['refused user="" address="127.0.0.1" method="POST" path="/admin/login/"']


@pytest.mark.parametrize(
    "name",
    [
        'x"\nWARNING concord.security login user="root" address="1.2.3.4"',
        "x\r\nlogin",
        "x\u2028login\u202e\x1b[2J",
        "x" * 5000,
    ],
)
def test_nobody_types_a_line_of_the_trail(trail: Any, name: str) -> None:
    logs_in(Client(), name, WRONG)

    for line in trail():
        assert line.startswith('login_failed user="x')
        assert line.isascii()
        assert line.isprintable()
        assert len(line) < 1200
        assert line.count('" address="') <= 1


def test_no_password_and_no_session_is_in_any_log(trail: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    UserFactory.create(username="olga", password=RIGHT)
    client = Client()

    logs_in(client, "olga", WRONG)
    logs_in(client, "olga", RIGHT)
    key = client.cookies[project.SESSION_COOKIE_NAME].value
    client.get("/admin/")

    assert WRONG not in caplog.text
    assert RIGHT not in caplog.text
    assert key not in caplog.text


def test_a_change_of_ones_own_password_is_noted(trail: Any) -> None:
    browser = browser_of(UserFactory.create(username="olga", password=RIGHT))

    typed = {"old_password": RIGHT, "new_password1": "cormorant 77 x", "new_password2": "cormorant 77 x"}
    assert browser.post("/admin/password_change/", typed).status_code == 302

    assert trail()[-1] == 'password_changed user="olga" address="127.0.0.1" target="olga"'


def test_the_trail_does_not_depend_on_the_log_level() -> None:
    assert logging.getLogger("concord.security").level == logging.INFO
