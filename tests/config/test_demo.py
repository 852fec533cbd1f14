"""make demo: one real start, and nothing left of it afterwards."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import requests

from config import processes
from tests.workers import ROOT

pytestmark = [pytest.mark.once, pytest.mark.xdist_group("demo")]


class Demo:
    """A running `manage.py demo` with folder, ports, database and broker of its own."""

    def __init__(self, folder: Path) -> None:
        environment = {**os.environ, "CONCORD_VAR_DIR": str(folder), "PYTHONUNBUFFERED": "1"}
        for name in ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE"):
            environment.pop(name, None)
        ports = ("--port", str(processes.free_port()), "--sandbox-port", str(processes.free_port()))
        self.said = folder / "demo.out"
        with self.said.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "demo", *ports, "--companies", "9"],
                cwd=ROOT,
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def wait_for(self, text: str) -> str:
        """Return all it said, once it said this."""
        try:
            processes.wait_until(
                lambda: text in self.said.read_text(), timeout_s=90, what="the demo", process=self.process
            )
        except (RuntimeError, TimeoutError) as error:
            raise AssertionError(f"{error}; it said:\n{self.said.read_text()}") from error
        return self.said.read_text()

    def family(self) -> list[psutil.Process]:
        """Return all processes that it started, and theirs."""
        family: list[psutil.Process] = psutil.Process(self.process.pid).children(recursive=True)
        return family


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    """Start a demo; end it whatever the test does."""
    started = Demo(tmp_path)
    yield started
    if started.process.poll() is None:
        started.process.kill()
        started.process.wait()


def are_gone(family: list[psutil.Process]) -> bool:
    return not psutil.wait_procs(family, timeout=0)[1]


def test_the_demo_answers_and_ctrl_c_ends_every_process(demo: Demo) -> None:
    said = demo.wait_for("Ctrl-C ends it")
    console, rehearsal = re.findall(r"http://127\.0\.0\.1:\d+/", said)
    family = demo.family()

    login = requests.get(f"{console}admin/login/", timeout=5)
    accounts = requests.get(f"{rehearsal}_control/salesforce/Account", timeout=5)
    demo.process.send_signal(signal.SIGINT)

    assert login.status_code == 200
    assert len(accounts.json()) == 2
    assert len(family) >= 6
    assert demo.process.wait(timeout=20) == 0
    assert are_gone(family)


def test_a_killed_demo_leaves_no_orphan(demo: Demo) -> None:
    demo.wait_for("Ctrl-C ends it")
    family = demo.family()

    demo.process.kill()

    processes.wait_until(lambda: are_gone(family), timeout_s=20, what="the end of the demo's processes")


def test_a_child_that_ends_ends_the_demo_and_is_named(demo: Demo) -> None:
    demo.wait_for("Ctrl-C ends it")
    family = demo.family()
    beat = next(child for child in family if "beat" in child.cmdline())

    beat.kill()

    assert demo.process.wait(timeout=20) == 1
    assert re.search(r"The beat ended by itself with status -9\.\n.*beat\.log", demo.said.read_text())
    assert are_gone(family)
