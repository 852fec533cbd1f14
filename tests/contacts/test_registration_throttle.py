"""How many may register, who counts as one, and that a dead broker stops nobody."""

import time
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from companies.models import Company
from contacts.registration import throttle
from tests.contacts.conftest import Visitor

pytestmark = pytest.mark.django_db


def limited(settings: Settings, *, one: int = 1000, everybody: int = 1000) -> None:
    settings.REGISTRATION = {**settings.REGISTRATION, "per_hour": one, "per_hour_all": everybody}


def registers(visitor: Visitor, **headers: str) -> Any:
    """Register one more company with this browser."""
    visitor.opens()
    return visitor.sends({"company-name": f"Facebook {Company.objects.count()}"}, **headers)


def test_one_address_registers_so_many_and_is_told_when_to_go_on(
    visitor: Visitor, settings: Settings
) -> None:
    limited(settings, one=2)
    registers(visitor)
    registers(visitor)

    refused = registers(visitor)

    page = refused.content.decode()
    assert refused.status_code == 429
    assert 3500 < int(refused["Retry-After"]) <= 3600
    assert "press Register again in 60 minutes." in page
    assert 'value="Facebook 2"' in page
    assert Company.objects.count() == 2


def test_the_refused_form_can_be_posted_when_the_hour_is_over(visitor: Visitor, settings: Settings) -> None:
    limited(settings, one=0)
    refused = registers(visitor)
    limited(settings, one=1)
    visitor.keeps(refused)

    visitor.posts()

    assert Company.objects.count() == 1


def test_all_together_register_so_many(visitor: Visitor, settings: Settings) -> None:
    limited(settings, everybody=2)
    settings.BEHIND_PROXY = True

    answers = [registers(visitor, X_Forwarded_For=f"203.0.113.{last}") for last in (1, 2, 3)]

    assert [answer.status_code for answer in answers] == [302, 302, 429]


def test_who_waits_is_not_made_to_wait_longer(visitor: Visitor, settings: Settings) -> None:
    limited(settings, everybody=1)
    registers(visitor)
    for _ in range(3):
        registers(visitor)
    limited(settings, one=2)

    assert registers(visitor).status_code == 302


def test_errors_and_repeats_are_not_counted(visitor: Visitor, settings: Settings) -> None:
    limited(settings, one=1)
    visitor.sends({"contact-email": "mark@"})
    visitor.sends({"company-name": ""})
    first = visitor.posts()

    again = visitor.posts()

    assert (first.status_code, again.status_code) == (302, 302)


# --- Who is one ---------------------------------------------------------------------------------


def test_a_visitor_cannot_choose_an_address(visitor: Visitor, settings: Settings) -> None:
    limited(settings, one=1)
    registers(visitor, X_Forwarded_For="203.0.113.1")

    assert registers(visitor, X_Forwarded_For="203.0.113.2").status_code == 429


def test_behind_a_proxy_the_last_hop_is_believed_and_no_other(visitor: Visitor, settings: Settings) -> None:
    limited(settings, one=1)
    settings.BEHIND_PROXY = True
    registers(visitor, X_Forwarded_For="198.51.100.1, 203.0.113.1")

    assert registers(visitor, X_Forwarded_For="198.51.100.2, 203.0.113.1").status_code == 429
    assert registers(visitor, X_Forwarded_For="198.51.100.1, 203.0.113.2").status_code == 302


def test_a_proxy_that_tells_no_address_leaves_the_limit_of_all(visitor: Visitor, settings: Settings) -> None:
    limited(settings, one=1, everybody=2)
    settings.BEHIND_PROXY = True

    answers = [registers(visitor) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [302, 302, 429]


@pytest.mark.parametrize(
    ("first", "second", "is_same"),
    [
        ("2001:db8:1:1::1", "2001:db8:1:1:ffff::2", True),
        ("2001:db8:1:1::1", "2001:db8:1:2::1", False),
        ("203.0.113.1", "::ffff:203.0.113.1", True),
        ("203.0.113.1", "203.0.113.2", False),
        ("unknown", "unknown", True),
    ],
)
def test_a_network_of_version_six_is_one_visitor(rf: Any, first: str, second: str, is_same: bool) -> None:
    one, other = (throttle.client_of(rf.get("/", REMOTE_ADDR=address)) for address in (first, second))

    assert (one == other) is is_same
    assert first not in one


# --- Without the broker --------------------------------------------------------------------------


def test_without_the_broker_a_registration_is_stored_and_still_counted(
    visitor: Visitor, settings: Settings
) -> None:
    limited(settings, one=2)
    settings.BEHIND_PROXY = True
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    answers = [registers(visitor, X_Forwarded_For="2001:db8:dead::1") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [302, 302, 429]
    assert Company.objects.count() == 2


def test_a_broker_that_never_answers_holds_nobody_up(
    visitor: Visitor, settings: Settings, hung_port: int
) -> None:
    settings.REDIS_URL = f"redis://127.0.0.1:{hung_port}/0"
    visitor.opens()

    started = time.monotonic()
    answer = visitor.posts()

    assert answer.status_code == 302
    assert time.monotonic() - started < 3
