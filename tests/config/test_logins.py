"""Guessing passwords gets slow for who guesses, and for nobody else; a flood holds no threads."""

import re
import threading
import time
from typing import Any

import pytest
from django.test import Client, RequestFactory
from pytest_django.fixtures import Settings

from config import logins
from synclog import rate_limits
from tests import counted
from tests.connectors.test_races import in_thread
from tests.factories import UserFactory
from tests.hashers import CheapHasher
from tests.staff import browser_of
from tests.waiting import wait_until

pytestmark = [pytest.mark.django_db, pytest.mark.security]
LOGIN = "/admin/login/"
RIGHT, WRONG = "a long right password", "a long wrong password"
MINE, THEIRS = "203.0.113.1", "203.0.113.2"


@pytest.fixture(autouse=True)
def _nobody_counted(settings: Settings) -> None:
    settings.BEHIND_PROXY = True
    counted.forget()


@pytest.fixture
def olga(db: None) -> Any:
    return UserFactory.create(username="olga", password=RIGHT, is_superuser=True)


def logs_in(password: str, *, name: str = "olga", address: str = MINE) -> Any:
    """Post the login form from an address, with a browser of its own."""
    typed = {"username": name, "password": password}
    return Client().post(LOGIN, typed, headers={"X-Forwarded-For": address})


def fails(times: int, **how: str) -> None:
    for _ in range(times):
        assert logs_in(WRONG, **how).status_code == 200


def test_after_five_wrong_passwords_the_right_one_has_to_wait(olga: Any) -> None:
    fails(5)

    refused = logs_in(RIGHT)

    assert refused.status_code == 429
    assert 1 <= int(refused["Retry-After"]) <= 5
    said = "Too many failed logins from your address. Try again in [1-5] seconds?[.]"
    assert re.search(said, refused.content.decode())
    assert 'value="olga"' in refused.content.decode()
    wait_until(lambda: logs_in(RIGHT).status_code == 302, 60)


def test_each_further_failure_doubles_the_wait_up_to_a_quarter_of_an_hour() -> None:
    waits = [logins.delay_s(failures, 5) for failures in (4, 5, 6, 7, 12, 13, 10_000)]

    assert waits == [0, 5, 10, 20, 640, 900, 900]


def test_who_waits_is_not_made_to_wait_longer(olga: Any, rf: Any) -> None:
    brake, *_ = logins.brakes_of(rf.post(LOGIN, headers={"X-Forwarded-For": MINE}), "olga")
    rate_limits.count(lambda counters: counters.incr(f"{brake.key}/wait", 600))

    answers = [logs_in(WRONG) for _ in range(7)]

    waits = [int(answer["Retry-After"]) for answer in answers]
    assert {answer.status_code for answer in answers} == {429}
    assert waits == sorted(waits, reverse=True)
    assert rate_limits.count(lambda counters: counters.get(f"{brake.key}/failures")) == 0


def test_nobody_locks_somebody_out_from_another_address(olga: Any) -> None:
    fails(5)

    assert logs_in(RIGHT).status_code == 429
    assert logs_in(RIGHT, address=THEIRS).status_code == 302


def test_an_unknown_user_is_braked_like_a_known_one(olga: Any) -> None:
    fails(5, name="nobody")

    assert logs_in(WRONG, name="nobody").status_code == 429


def test_many_users_tried_from_one_address_brake_the_address(olga: Any) -> None:
    for number in range(20):
        fails(1, name=f"user{number}")

    assert logs_in(RIGHT).status_code == 429
    assert logs_in(RIGHT, address=THEIRS).status_code == 302


def test_a_login_ends_the_count_of_that_user_and_not_of_the_address(olga: Any) -> None:
    UserFactory.create(username="mallory", password=RIGHT, is_superuser=True)
    for number in range(19):
        fails(1, name=f"user{number}")
    assert logs_in(RIGHT, name="mallory").status_code == 302

    fails(1)

    assert logs_in(RIGHT, name="mallory").status_code == 429


def test_mistypes_before_a_login_are_forgotten(olga: Any) -> None:
    for _ in range(3):
        fails(4)
        assert logs_in(RIGHT).status_code == 302


def test_an_account_without_staff_status_counts_as_a_failure_and_clears_nothing(olga: Any) -> None:
    UserFactory.create(username="mallory", password=RIGHT, is_staff=False)
    fails(4, name="mallory")

    refused = logs_in(RIGHT, name="mallory")

    assert refused.status_code == 200
    assert logs_in(RIGHT, name="mallory").status_code == 429


def test_a_network_of_version_six_is_one_address(olga: Any) -> None:
    for number in range(5):
        fails(1, address=f"2001:db8:1:1::{number}")

    assert logs_in(RIGHT, address="2001:db8:1:1:ffff::").status_code == 429
    assert logs_in(RIGHT, address="2001:db8:1:2::1").status_code == 302


def failed(address: str, name: str) -> None:
    """Count one failure as the login does, without a page."""
    request = RequestFactory().post(LOGIN, headers={"X-Forwarded-For": address})
    for brake in logins.brakes_of(request, name):
        rate_limits.count(brake.fail)


@pytest.mark.parametrize(
    ("neighbour", "stranger"),
    [("2001:db8:1:{:x}::1", "2001:db8:2::1"), ("203.0.113.{}", "203.0.114.1")],
    ids=["a /48", "a /24"],
)
def test_a_network_that_changes_its_addresses_is_braked_whole(
    olga: Any, neighbour: str, stranger: str
) -> None:
    for number in range(99):
        failed(neighbour.format(number), f"user{number}")
    fails(1, address=neighbour.format(99))

    assert logs_in(RIGHT, address=neighbour.format(200)).status_code == 429
    assert logs_in(RIGHT, address=stranger).status_code == 302


def test_a_login_does_not_end_the_count_of_the_network(olga: Any) -> None:
    for number in range(99):
        failed(f"203.0.113.{number}", f"user{number}")
    assert logs_in(RIGHT, address="203.0.113.200").status_code == 302

    fails(1, address="203.0.113.201")

    assert logs_in(RIGHT, address="203.0.113.202").status_code == 429


def test_a_proxy_that_tells_no_address_locks_nobody_out(olga: Any) -> None:
    fails(30, address="")

    assert logs_in(RIGHT, address="").status_code == 302


def test_without_the_broker_each_process_brakes_by_itself(olga: Any, settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    fails(5, address="198.51.100.77")

    assert logs_in(RIGHT, address="198.51.100.77").status_code == 429


def test_the_old_password_is_not_guessed_faster_than_at_the_login(olga: Any) -> None:
    browser = browser_of(olga)
    typed = {"old_password": WRONG, "new_password1": "cormorant 77 x", "new_password2": "cormorant 77 x"}
    headers = {"X-Forwarded-For": MINE}
    for _ in range(5):
        assert browser.post("/admin/password_change/", typed, headers=headers).status_code == 200

    answer = browser.post("/admin/password_change/", {**typed, "old_password": RIGHT}, headers=headers)

    assert answer.status_code == 429
    olga.refresh_from_db()
    assert olga.check_password(RIGHT)


# --- Too many at once ------------------------------------------------------------------------------


class Gate:
    """A hash that takes until it is let go, and how many are at it."""

    def __init__(self) -> None:
        self.opened = threading.Event()
        self.lock = threading.Lock()
        self.at_once = self.most = 0

    def passes(self) -> None:
        with self.lock:
            self.at_once += 1
            self.most = max(self.most, self.at_once)
        self.opened.wait(60)
        with self.lock:
            self.at_once -= 1


GATE = Gate()


class SlowHasher(CheapHasher):
    """Checks a password for as long as the gate is closed."""

    algorithm = "slow"

    def verify(self, password: str, encoded: str) -> bool:
        """Wait, then check."""
        GATE.passes()
        return super().verify(password, encoded)


@pytest.mark.django_db(transaction=True)
def test_two_passwords_are_checked_at_once_and_a_flood_is_answered_503(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = [f"{__name__}.SlowHasher"]
    UserFactory.create(username="olga", password=RIGHT, is_superuser=True)
    GATE.opened.clear()
    answers: list[Any] = []
    first = [lambda: answers.append(logs_in(RIGHT))] * 2
    flood = [lambda: answers.append(logs_in(RIGHT, address=THEIRS))] * 6

    with in_thread(*first):
        wait_until(lambda: GATE.at_once == 2, 30)
        started = time.monotonic()
        with in_thread(*flood):
            pass
        took = time.monotonic() - started
        GATE.opened.set()

    refused = [answer for answer in answers if answer.status_code == 503]
    assert len(refused) == 6
    assert GATE.most == 2
    assert took < 10
    assert {answer["Retry-After"] for answer in refused} == {"2"}
    assert "Too many people are logging in right now." in refused[0].content.decode()
    assert [answer.status_code for answer in answers if answer not in refused] == [302, 302]
