"""make demo: one real start, and nothing left of it afterwards."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from config import processes
from config.demo.tree import only_one
from tests.waiting import wait_until
from tests.workers import ROOT

pytestmark = [pytest.mark.once, pytest.mark.xdist_group("demo")]


class Demo:
    """A running `manage.py demo` with folder, ports, database and broker of its own.

    In the background it ignores SIGINT from birth, as a shell has it for what is started with `&`.
    """

    def __init__(self, folder: Path, port: int = 0, *, in_background: bool = False) -> None:
        environment = {**os.environ, "CONCORD_VAR_DIR": str(folder), "PYTHONUNBUFFERED": "1"}
        for name in ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE"):
            environment.pop(name, None)
        ports = ("--port", str(port or processes.free_port()), "--sandbox-port", str(processes.free_port()))
        command = [sys.executable, "manage.py", "demo", *ports, "--companies", "9"]
        if in_background:
            command = ["sh", "-c", 'trap "" INT; exec "$@"', "sh", *command]
        self.said = folder / f"demo{ports[1]}.out"
        with self.said.open("wb") as output:
            self.process = subprocess.Popen(
                command,
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
def start(tmp_path: Path) -> Iterator[Callable[..., Demo]]:
    """Start demos in one folder; end them whatever the test does."""
    started: list[Demo] = []

    def new(port: int = 0, *, in_background: bool = False) -> Demo:
        started.append(Demo(tmp_path, port, in_background=in_background))
        return started[-1]

    yield new
    for demo in started:
        if demo.process.poll() is None:
            demo.process.kill()
            demo.process.wait()


@pytest.fixture
def demo(start: Callable[..., Demo]) -> Demo:
    """Return a demo that has just been started."""
    return start()


def are_gone(family: list[psutil.Process]) -> bool:
    return not psutil.wait_procs(family, timeout=0)[1]


def over_there(rehearsal: str, entity: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = requests.get(f"{rehearsal}_control/{entity}", timeout=5).json()
    return found


def account_ids(rehearsal: str) -> list[str]:
    return [account["Id"] for account in over_there(rehearsal, "salesforce/Account")]


def store_ids(rehearsal: str) -> list[str]:
    """Return the ids of the store's companies that carry our id."""
    return [row["id"] for row in over_there(rehearsal, "bigcommerce/company") if row["uuid"]]


def end(demo: Demo) -> None:
    family = demo.family()
    demo.process.send_signal(signal.SIGINT)

    assert demo.process.wait(timeout=60) == 0
    assert len(family) >= 6
    assert are_gone(family)


def test_the_demo_answers_ends_on_ctrl_c_and_goes_on_later(
    start: Callable[..., Demo], hung_port: int, tmp_path: Path
) -> None:
    first = start(port=hung_port)
    said = first.wait_for("Ctrl-C ends it")
    console, rehearsal = re.findall(r"http://127\.0\.0\.1:\d+/", said)
    wait_until(lambda: len(account_ids(rehearsal)) == 3)  # two of the rehearsal, and the one that registered
    wait_until(lambda: len(store_ids(rehearsal)) == 3)  # of five whom the store sells to, two can't be sent
    ids, in_store = account_ids(rehearsal), store_ids(rehearsal)

    assert f"Port {hung_port} is taken. The console uses " in said
    assert requests.get(f"{console}admin/login/", timeout=5).status_code == 200
    end(first)

    second = start()
    said = second.wait_for("Ctrl-C ends it")
    rehearsal = re.findall(r"http://127\.0\.0\.1:\d+/", said)[1]
    assert (account_ids(rehearsal), store_ids(rehearsal)) == (ids, in_store)
    with sqlite3.connect(tmp_path / "concord.sqlite3") as rows:
        assert rows.execute("SELECT COUNT(*) FROM companies_company").fetchone() == (10,)
        linked = "SELECT COUNT(*), SUM(is_active) FROM connectors_userlink JOIN connectors_remoteuser ON"
        assert rows.execute(f"{linked} remote_user_id = connectors_remoteuser.id").fetchone() == (2, 1)
        addresses = {url for (url,) in rows.execute("SELECT base_url FROM connectors_connection")}
    # They follow the rehearsal to its new port.
    assert addresses == {f"{rehearsal}salesforce", f"{rehearsal}bigcommerce"}
    end(second)


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_a_demo_in_the_background_ends_on_a_signal(
    start: Callable[..., Demo], ending: signal.Signals
) -> None:
    demo = start(in_background=True)
    demo.wait_for("Starting ...")

    demo.process.send_signal(ending)

    assert demo.process.wait(timeout=60) == 0
    assert "All ended." in demo.said.read_text()


def test_a_second_demo_in_the_same_folder_is_refused(start: Callable[..., Demo], tmp_path: Path) -> None:
    with only_one(tmp_path):  # what a running demo holds
        other = start()

        assert other.process.wait(timeout=20) == 1
        assert "A demo runs here already" in other.said.read_text()


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
