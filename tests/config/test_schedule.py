"""The schedule goes on whatever the clock has done: a last run that lies ahead holds nothing up."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from config.celery import app
from config.health import readiness
from config.schedule import Scheduler
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ahead() -> PeriodicTask:
    """Return a task for each second whose last run, it says, is in three days."""
    every = IntervalSchedule.objects.create(every=1, period=IntervalSchedule.SECONDS)
    last = timezone.now() + timedelta(days=3)
    return PeriodicTask.objects.create(
        name="sweep", task="connectors.sweep", interval=every, last_run_at=last
    )


def runs(task: PeriodicTask, scheduler: Scheduler) -> bool:
    """Go round the loop once; return whether the task has run."""
    scheduler.tick()
    scheduler.sync()
    task.refresh_from_db()
    return bool(task.total_run_count)


def test_a_last_run_that_lies_ahead_at_the_start_holds_nothing_up(ahead: PeriodicTask) -> None:
    scheduler = Scheduler(app, lazy=True)

    wait_until(lambda: runs(ahead, scheduler))

    assert ahead.last_run_at <= timezone.now()


def test_a_clock_that_is_set_back_while_it_runs_holds_nothing_up(ahead: PeriodicTask) -> None:
    PeriodicTask.objects.update(last_run_at=timezone.now())
    scheduler = Scheduler(app, lazy=True)
    entry = scheduler.schedule["sweep"]
    entry.last_run_at = entry.model.last_run_at = timezone.now() + timedelta(days=3)
    scheduler.populate_heap()  # as it stands after a run with the clock ahead

    wait_until(lambda: runs(ahead, scheduler))

    assert ahead.last_run_at <= timezone.now()


def test_what_is_not_ahead_keeps_its_last_run(ahead: PeriodicTask) -> None:
    last = timezone.now() - timedelta(milliseconds=200)
    PeriodicTask.objects.update(last_run_at=last)
    scheduler = Scheduler(app, lazy=True)

    scheduler.tick()

    assert scheduler.schedule["sweep"].last_run_at == last


def test_a_last_run_that_lies_ahead_is_told(ahead: PeriodicTask, client: Client) -> None:
    readiness.forget()
    before = client.get("/readyz").json()
    PeriodicTask.objects.update(last_run_at=timezone.now())
    readiness.forget()
    after = client.get("/readyz").json()

    assert (before["status"], after["status"]) == ("degraded", "ok")
    assert before["beat_ahead_s"] > 86_400
    assert after["beat_ahead_s"] == 0


def test_the_schedule_in_use_is_this_one() -> None:
    assert app.conf.beat_scheduler == "config.schedule:Scheduler"
