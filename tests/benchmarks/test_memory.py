"""What a worker takes of memory over a long backlog: `make bench ONLY=memory`."""

import time

import psutil
import pytest

from companies.models import Company, CompanyLink
from tests import talk
from tests.benchmarks.rehearsal import begin
from tests.benchmarks.test_figures import say, with_facts
from tests.factories import CompanyFactory
from tests.workers import Workers

pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]

RECORDS = 100_000
EVERY = 10_000
PART = 5_000


def test_a_workers_memory(sandbox_url: str, workers: Workers) -> None:
    """One worker with four slots sends them all, as new companies."""
    connection = with_facts(sandbox_url, max_slots=4)
    for _ in range(RECORDS // PART):
        Company.objects.bulk_create(CompanyFactory.build_batch(PART))
    begin(sandbox_url, 0)
    worker = psutil.Process(workers.start(threads=8).process.pid)
    sizes = {0: _mb(worker)}
    started = time.perf_counter()
    talk.request(connection, Company.objects.all())
    while (sent := RECORDS - CompanyLink.objects.filter(state="pending").count()) < RECORDS:
        assert worker.is_running()
        sizes.setdefault(sent // EVERY * EVERY, _mb(worker))
        time.sleep(0.2)
    sizes[RECORDS] = _mb(worker)
    took_s = time.perf_counter() - started
    assert not CompanyLink.objects.exclude(state="idle").exists()
    warm = [size for sent, size in sizes.items() if sent >= EVERY]
    say(f"{RECORDS:,} companies in {took_s:.0f} s; a worker takes, in MB, after so many thousand:")
    say("  " + ", ".join(f"{sent // 1_000}: {size:.0f}" for sent, size in sorted(sizes.items())))
    say(f"  from the first {EVERY:,} on between {min(warm):.0f} and {max(warm):.0f} MB")


def _mb(process: psutil.Process) -> float:
    return float(process.memory_info().rss) / 2**20
