"""Times and counts as people read them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from synclog import words

NOW = datetime(2026, 11, 22, 0, 30, tzinfo=UTC)


def test_a_time_of_the_last_day_is_absolute_and_relative() -> None:
    assert words.when(NOW - timedelta(hours=2), NOW) == "10:30 PM (2 h ago)"


def test_an_older_time_carries_its_day() -> None:
    assert words.when(NOW - timedelta(days=2), NOW) == "20 Nov, 12:30 AM"


def test_a_time_of_today_needs_no_day() -> None:
    assert words.dated(NOW, NOW) == "12:30 AM"
    assert words.dated(NOW - timedelta(hours=1), NOW) == "21 Nov, 11:30 PM"


def test_another_year_is_named() -> None:
    assert words.day(NOW - timedelta(days=400), NOW) == "18 Oct 2025"


def test_times_are_in_the_readers_zone() -> None:
    with timezone.override(ZoneInfo("America/Toronto")):
        assert words.clock(NOW) == "7:30 PM"
        assert words.day(NOW, NOW) == "21 Nov"


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0, "a moment"), (4, "4 s"), (180, "3 min"), (7200, "2 h"), (90_000, "1 day"), (400_000, "4 days")],
)
def test_a_span_is_told_in_its_largest_unit(seconds: int, told: str) -> None:
    assert words.lasting(NOW - timedelta(seconds=seconds), NOW) == told


@pytest.mark.parametrize(
    ("number", "told"),
    [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (12, "12th"), (22, "22nd")],
)
def test_ordinals(number: int, told: str) -> None:
    assert words.ordinal(number) == told


def test_numbers_carry_their_noun() -> None:
    assert words.counted(1, "company", "companies") == "1 company"
    assert words.counted(1204, "company", "companies") == "1,204 companies"
