"""How many may register, who counts as one, and that a dead broker stops nobody."""

import time
import uuid
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from companies.held import release
from companies.models import Company
from connectors.models import Connection
from contacts.models import Contact
from contacts.registration import once, throttle
from tests import counted
from tests.contacts.conftest import Visitor

pytestmark = pytest.mark.django_db


def limited(settings: Settings, **limits: int) -> None:
    wide = {"per_hour": 1000, "per_hour_network": 1000, "per_hour_all": 1000, "held_per_hour": 1000}
    settings.REGISTRATION = {**settings.REGISTRATION, **wide, **limits}


def registers(visitor: Visitor, **headers: str) -> Any:
    """Register one more company with this browser."""
    visitor.opens()
    return visitor.sends({"company-name": f"Facebook {Company.objects.count()}"}, **headers)


def held() -> list[str]:
    """Why each company is held, "" for not at all, in the order of their registration."""
    return [company.held for company in Company.objects.order_by("pk")]


def test_what_one_address_registers_beyond_its_limit_is_held_for_review(
    visitor: Visitor, settings: Settings
) -> None:
    limited(settings, per_hour=2)

    answers = [registers(visitor) for _ in range(3)]

    thanked = (302, "/companies/register/thanks/")
    assert [(answer.status_code, answer["Location"]) for answer in answers] == [thanked] * 3
    assert held() == ["", "", "many"]


def test_what_is_held_is_sent_nowhere_until_it_is_released(
    visitor: Visitor, settings: Settings, salesforce: Connection
) -> None:
    salesforce.auto_push = {"company": True, "contact": True}
    salesforce.save()
    limited(settings, per_hour=0)

    registers(visitor)

    company, contact = Company.objects.get(), Contact.objects.get()
    assert (company.status, company.sync_enabled, contact.sync_enabled) == ("pending", False, False)
    assert not company.links.filter(state="pending").exists()
    assert not contact.links.filter(state="pending").exists()

    assert release(company, by="dana")

    contact.refresh_from_db()
    company.refresh_from_db()
    assert (company.held, company.sync_enabled, contact.sync_enabled) == ("", True, True)
    assert company.links.get().state == contact.links.get().state == "pending"
    assert not release(company, by="dana")


def test_a_whole_network_of_version_six_does_not_close_the_form_for_others(
    visitor: Visitor, settings: Settings
) -> None:
    limited(settings, per_hour=2, per_hour_network=3, per_hour_all=5)
    settings.BEHIND_PROXY = True
    for number in range(8):
        registers(visitor, X_Forwarded_For=f"2001:db8:1:{number:x}::1")

    registers(visitor, X_Forwarded_For="203.0.113.1")

    assert held() == ["", "", "", *["many"] * 5, ""]


def test_neighbours_of_a_network_of_version_four_are_counted_together(
    visitor: Visitor, settings: Settings
) -> None:
    limited(settings, per_hour_network=2)
    settings.BEHIND_PROXY = True

    for address in ("203.0.113.1", "203.0.113.2", "203.0.113.3", "203.0.114.1"):
        registers(visitor, X_Forwarded_For=address)

    assert held() == ["", "", "many", ""]


def test_one_network_does_not_fill_the_database_with_what_is_held(
    visitor: Visitor, settings: Settings
) -> None:
    limited(settings, per_hour=0, held_per_hour=2)
    settings.BEHIND_PROXY = True
    for last in (1, 2):
        registers(visitor, X_Forwarded_For=f"203.0.113.{last}")

    refused = registers(visitor, X_Forwarded_For="203.0.113.3")
    other = registers(visitor, X_Forwarded_For="198.51.100.1")

    page = refused.content.decode()
    assert refused.status_code == 429
    assert 3500 < int(refused["Retry-After"]) <= 3600
    assert "press Register again in 60 minutes." in page
    assert 'value="Facebook 2"' in page
    assert other.status_code == 302
    assert Company.objects.count() == 3


def test_the_refused_form_can_be_posted_when_the_hour_is_over(visitor: Visitor, settings: Settings) -> None:
    limited(settings, per_hour=0, held_per_hour=0)
    refused = registers(visitor)
    limited(settings, per_hour=1)
    visitor.keeps(refused)

    visitor.sends({"company-name": "Facebook 0"})

    assert Company.objects.count() == 1


def test_all_together_register_so_many(visitor: Visitor, settings: Settings) -> None:
    limited(settings, per_hour_all=2)
    settings.BEHIND_PROXY = True

    for network in (1, 2, 3):
        registers(visitor, X_Forwarded_For=f"203.0.{network}.1")

    assert held() == ["", "", "many"]


def test_what_is_held_takes_nobodys_place(visitor: Visitor, settings: Settings) -> None:
    limited(settings, per_hour_all=1)
    for _ in range(3):
        registers(visitor)
    limited(settings, per_hour=2)

    registers(visitor)

    assert held() == ["", "many", "many", ""]


def test_a_form_used_a_hundred_times_leaves_one_key_in_the_broker() -> None:
    form, companies = once.stamp(), [uuid.uuid4() for _ in range(100)]

    used = [once.use(form, company) for company in companies]

    assert used == [True, *[False] * 99]
    assert once.use(form, companies[0])
    assert len(counted.keys("stamp/*")) == 1


def test_who_posts_one_form_again_and_again_is_asked_to_come_back(
    visitor: Visitor, settings: Settings
) -> None:
    limited(settings, per_hour=2, held_per_hour=2)

    answers = [visitor.sends({"company-name": f"Facebook {number}"}) for number in range(6)]

    assert [answer.status_code for answer in answers] == [302, 200, 200, 200, 429, 429]


def test_who_is_asked_to_come_back_leaves_nothing_in_the_broker(visitor: Visitor, settings: Settings) -> None:
    limited(settings, per_hour=0, held_per_hour=1)
    registers(visitor)
    before = counted.keys()

    answers = [registers(visitor) for _ in range(5)]

    assert [answer.status_code for answer in answers] == [429] * 5
    assert sorted(counted.keys()) == sorted(before)


def test_errors_and_repeats_are_not_counted(visitor: Visitor, settings: Settings) -> None:
    limited(settings, per_hour=1)
    visitor.sends({"contact-email": "mark@"})
    visitor.sends({"company-name": ""})
    first = visitor.posts()

    again = visitor.posts()

    assert (first.status_code, again.status_code) == (302, 302)
    assert held() == [""]


# --- Who is one ---------------------------------------------------------------------------------


def test_a_visitor_cannot_choose_an_address(visitor: Visitor, settings: Settings) -> None:
    limited(settings, per_hour=1)
    registers(visitor, X_Forwarded_For="203.0.113.1")

    registers(visitor, X_Forwarded_For="203.0.113.2")

    assert held() == ["", "many"]


def test_behind_a_proxy_the_last_hop_is_believed_and_no_other(visitor: Visitor, settings: Settings) -> None:
    limited(settings, per_hour=1)
    settings.BEHIND_PROXY = True
    registers(visitor, X_Forwarded_For="198.51.100.1, 203.0.113.1")

    registers(visitor, X_Forwarded_For="198.51.100.2, 203.0.113.1")
    registers(visitor, X_Forwarded_For="198.51.100.1, 203.0.113.2")

    assert held() == ["", "many", ""]


def test_a_proxy_that_tells_no_address_leaves_the_limit_of_all(visitor: Visitor, settings: Settings) -> None:
    limited(settings, per_hour=1, per_hour_all=2)
    settings.BEHIND_PROXY = True

    for _ in range(3):
        registers(visitor)

    assert held() == ["", "", "many"]


@pytest.mark.parametrize(
    ("first", "second", "is_same"),
    [
        ("2001:db8:1:1::1", "2001:db8:1:1:ffff::2", True),
        ("2001:db8:1:1::1", "2001:db8:1:2::1", False),
        ("203.0.113.1", "::ffff:203.0.113.1", True),
        ("203.0.113.1", "203.0.113.2", False),
        ("203.0.113.1:4711", "203.0.113.1:4712", True),
    ],
)
def test_a_network_of_version_six_is_one_visitor(rf: Any, first: str, second: str, is_same: bool) -> None:
    one, other = (throttle.client_of(rf.get("/", REMOTE_ADDR=address)).own for address in (first, second))

    assert (one == other) is is_same
    assert first not in one


# --- Without the broker --------------------------------------------------------------------------


def test_without_the_broker_a_registration_is_stored_and_still_counted(
    visitor: Visitor, settings: Settings
) -> None:
    limited(settings, per_hour=2)
    settings.BEHIND_PROXY = True
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    for _ in range(3):
        registers(visitor, X_Forwarded_For="2001:db8:dead::1")

    assert held() == ["", "", "many"]


def test_without_the_broker_a_form_serves_one_registration(visitor: Visitor, settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    settings.BEHIND_PROXY = True
    visitor.posts(X_Forwarded_For="2001:db8:beef::1")

    refused = visitor.sends({"company-name": "Facebook 2"}, X_Forwarded_For="2001:db8:beef::1")

    assert "press Register again" in refused.content.decode()
    assert Company.objects.count() == 1


def test_a_broker_that_never_answers_holds_nobody_up(
    visitor: Visitor, settings: Settings, hung_port: int
) -> None:
    settings.REDIS_URL = f"redis://127.0.0.1:{hung_port}/0"
    visitor.opens()

    started = time.monotonic()
    answer = visitor.posts()

    assert answer.status_code == 302
    assert time.monotonic() - started < 3
