"""Turns: a backlog uses what the limit allows, runs into it never, and lets clicks go ahead."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

import pytest
from django.utils import timezone

from connectors import pacing
from connectors.errors import RateLimited
from connectors.models import Connection, Pace
from connectors.protocol import Window

START = datetime(2026, 1, 1, tzinfo=UTC)
ALLOCATED, WINDOW_S = 150.0, 60.0


class Limiter(Protocol):
    def ask(self, now_s: float) -> Window | None: ...


@dataclass
class Fixed:
    """150 calls in each minute of the clock."""

    left: float = ALLOCATED
    minute: int = 0

    def ask(self, now_s: float) -> Window | None:
        if int(now_s // WINDOW_S) != self.minute:
            self.minute, self.left = int(now_s // WINDOW_S), ALLOCATED
        if self.left <= 0:
            return None
        self.left -= 1
        return Window(ALLOCATED, WINDOW_S, self.left, (self.minute + 1) * WINDOW_S - now_s)


@dataclass
class Leaky:
    """A bucket of 150 calls that fills up by 150 a minute."""

    left: float = ALLOCATED
    asked_s: float = 0.0

    def ask(self, now_s: float) -> Window | None:
        gained = (now_s - self.asked_s) * ALLOCATED / WINDOW_S
        self.left, self.asked_s = min(ALLOCATED, self.left + gained), now_s
        if self.left < 1:
            return None
        self.left -= 1
        return Window(ALLOCATED, WINDOW_S, self.left, (ALLOCATED - self.left) * WINDOW_S / ALLOCATED)


LIMITERS = pytest.mark.parametrize("limiter", [Fixed, Leaky], ids=["fixed", "leaky"])


@dataclass
class Talk:
    """A simulated backlog: four talkers, 0.2 s per call, for some minutes."""

    limiter: Limiter
    minutes: int = 4
    others_per_s: float = 0.0
    pace: Pace = field(default_factory=Pace)
    served: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)

    def run(self, clicks: tuple[float, ...] = ()) -> "Talk":
        talkers, foreign, waiting = [0.0] * 4, 0.0, list(clicks)
        while min(talkers) < self.minutes * WINDOW_S:
            now_s = min(talkers)
            urgent = bool(waiting and waiting[0] <= now_s)
            turn_s = self._turn(now_s, urgent=urgent)
            while self.others_per_s and foreign < turn_s:
                self.limiter.ask(foreign)
                foreign += 1 / self.others_per_s
            if urgent:
                self.clicked.append(turn_s - waiting.pop(0))
            talkers[talkers.index(now_s)] = self._call(turn_s) + 0.2
        return self

    clicked: list[float] = field(default_factory=list)

    def _turn(self, now_s: float, *, urgent: bool) -> float:
        turn = pacing.take(self.pace, START + timedelta(seconds=now_s), urgent=urgent)
        return (turn - START).total_seconds()

    def _call(self, at_s: float) -> float:
        window = self.limiter.ask(at_s)
        if window is None:
            self.refused.append(at_s)
            return at_s + 5
        self.served.append(at_s)
        pacing.space(self.pace, window, START + timedelta(seconds=at_s))
        return at_s


@LIMITERS
def test_a_backlog_uses_nearly_all_that_the_limit_allows(limiter: Callable[[], Limiter]) -> None:
    talk = Talk(limiter()).run()

    assert talk.refused == []
    after_the_first_minute = [at_s for at_s in talk.served if at_s >= WINDOW_S]
    assert len(after_the_first_minute) >= 0.9 * ALLOCATED * 3


@LIMITERS
def test_what_others_use_is_left_to_them(limiter: Callable[[], Limiter]) -> None:
    talk = Talk(limiter(), others_per_s=1.0).run()

    assert [at_s for at_s in talk.refused if at_s >= WINDOW_S] == []
    assert len(talk.served) >= 0.8 * (ALLOCATED - 60) * 4


@LIMITERS
def test_a_click_need_not_wait_for_the_backlog(limiter: Callable[[], Limiter]) -> None:
    clicks = (70.0, 70.1, 70.2, 119.0, 150.0, 178.0)

    talk = Talk(limiter()).run(clicks)

    assert len(talk.clicked) == len(clicks)
    assert max(talk.clicked) < 2.0
    assert talk.refused == []


def test_no_call_waits_before_anything_was_told() -> None:
    pace = Pace()

    turns = [pacing.take(pace, START) for _ in range(5)]

    assert turns == [START] * 5


def test_used_up_calls_are_waited_for_until_they_come_back() -> None:
    pace = Pace()
    pacing.space(pace, Window(ALLOCATED, WINDOW_S, 0, 42.0), START)

    assert pacing.take(pace, START) == START + timedelta(seconds=42)
    assert pacing.take(pace, START, urgent=True) > START


def test_a_strange_answer_stops_nobody_for_longer_than_a_window() -> None:
    pace = Pace()
    pacing.space(pace, Window(ALLOCATED, WINDOW_S, 0, 1e9), START)

    assert pacing.take(pace, START) == START + timedelta(seconds=WINDOW_S)


@pytest.mark.django_db(transaction=True)
def test_a_far_turn_is_a_pause_with_its_seconds(salesforce: Connection) -> None:
    pacing.observe(salesforce, pacing.Seen(Window(ALLOCATED, WINDOW_S, 0, 30.0)))

    with pytest.raises(RateLimited) as caught:
        pacing.wait_turn(salesforce, urgent=False)

    assert 25 < (caught.value.retry_after_s or 0) <= 30
    assert Pace.objects.filter(connection=salesforce, resets_at__gt=timezone.now()).exists()


def test_a_clock_that_is_set_back_stops_nobody_for_hours() -> None:
    pace = Pace(next_at=START + timedelta(hours=3), window_s=WINDOW_S, interval_s=0.4)

    assert pacing.take(pace, START) <= START + timedelta(seconds=2 * WINDOW_S)
    assert pace.next_at is not None
    assert pace.next_at <= START + timedelta(seconds=2 * WINDOW_S + 1)
