"""make demo: one real start, and nothing left of it afterwards."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import environ
import psutil
import psycopg
import pytest
import requests

from config import local_database, processes
from config.demo import database
from config.demo.tree import only_one
from tests.waiting import wait_until
from tests.workers import ROOT

pytestmark = pytest.mark.xdist_group("demo")


def environment_of(folder: Path) -> dict[str, str]:
    """Return an environment that names neither a database nor a broker."""
    unset = ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE")
    kept = {name: value for name, value in os.environ.items() if name not in unset}
    return {**kept, "CONCORD_VAR_DIR": str(folder), "PYTHONUNBUFFERED": "1"}


class Demo:
    """A running `manage.py demo` with folder, ports, database and broker of its own.

    In the background it ignores SIGINT from birth, as a shell has it for what is started with `&`.
    """

    def __init__(self, folder: Path, port: int = 0, *, in_background: bool = False) -> None:
        ports = ("--port", str(port or processes.free_port()), "--sandbox-port", str(processes.free_port()))
        command = [sys.executable, "manage.py", "demo", *ports, "--companies", "9"]
        if in_background:
            command = ["sh", "-c", 'trap "" INT; exec "$@"', "sh", *command]
        self.said = folder / f"demo{ports[1]}.out"
        with self.said.open("wb") as output:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=environment_of(folder),
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
    elsewhere = tmp_path / "postgres.folder"  # root's data, where nobody can reach them
    if elsewhere.exists():
        shutil.rmtree(elsewhere.read_text(), ignore_errors=True)


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


def rows_of(folder: Path) -> psycopg.Connection:
    """Connect to the database of the demo that runs in a folder."""
    at = environ.Env.db_url_config(local_database.url_file(folder).read_text())
    return psycopg.connect(host=at["HOST"], user=at["USER"], dbname=at["NAME"])


def command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command as in another terminal: it knows the folder and nothing else."""
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=environment_of(folder),
        capture_output=True,
        text=True,
        check=False,
    )


def end(demo: Demo) -> None:
    family = demo.family()
    demo.process.send_signal(signal.SIGINT)

    assert demo.process.wait(timeout=60) == 0
    assert len(family) >= 6
    assert are_gone(family)


@pytest.mark.slow
def test_the_demo_answers_ends_on_ctrl_c_and_goes_on_later(
    start: Callable[..., Demo], hung_port: int, tmp_path: Path
) -> None:
    (tmp_path / "concord.sqlite3").touch()
    first = start(port=hung_port)
    said = first.wait_for("Ctrl-C ends it")
    console, rehearsal = re.findall(r"http://127\.0\.0\.1:\d+/", said)
    wait_until(lambda: len(account_ids(rehearsal)) == 3)  # two of the rehearsal, and the one that registered
    wait_until(lambda: len(store_ids(rehearsal)) == 3)  # of five whom the store sells to, two can't be sent
    ids, in_store = account_ids(rehearsal), store_ids(rehearsal)

    assert f"Port {hung_port} is taken. The console uses " in said
    assert f"{tmp_path}/concord.sqlite3 holds the data of an older demo." in said
    assert requests.get(f"{console}admin/login/", timeout=5).status_code == 200
    end(first)

    second = start()
    said = second.wait_for("Ctrl-C ends it")
    rehearsal = re.findall(r"http://127\.0\.0\.1:\d+/", said)[1]
    assert (account_ids(rehearsal), store_ids(rehearsal)) == (ids, in_store)
    with rows_of(tmp_path) as rows:
        assert rows.execute("SELECT COUNT(*) FROM companies_company").fetchone() == (10,)
        linked = "SELECT COUNT(*), COUNT(*) FILTER (WHERE is_active) FROM connectors_userlink JOIN"
        users = f"{linked} connectors_remoteuser ON remote_user_id = connectors_remoteuser.id"
        assert rows.execute(users).fetchone() == (2, 1)
        addresses = {url for (url,) in rows.execute("SELECT base_url FROM connectors_connection")}
    # They follow the rehearsal to its new port.
    assert addresses == {f"{rehearsal}salesforce", f"{rehearsal}bigcommerce"}
    end(second)


@pytest.mark.slow
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


@pytest.mark.slow
def test_a_killed_demo_leaves_no_orphan_and_the_next_one_starts(start: Callable[..., Demo]) -> None:
    broken_off = start()
    broken_off.wait_for("Starting the database ...")
    broken_off.process.kill()
    demo = start()
    demo.wait_for("Ctrl-C ends it")
    family = demo.family()

    demo.process.kill()
    start().wait_for("Ctrl-C ends it")

    processes.wait_until(lambda: are_gone(family), timeout_s=20, what="the end of the demo's processes")


@pytest.mark.slow
def test_a_command_in_another_terminal_finds_the_database_of_the_demo(demo: Demo, tmp_path: Path) -> None:
    demo.wait_for("Ctrl-C ends it")

    found = command(tmp_path, "sync", "salesforce", "company", "--match-only")

    assert found.returncode == 0, found.stderr
    assert found.stdout.startswith("company: create=")


def test_data_of_another_postgresql_are_left_alone_and_named(
    start: Callable[..., Demo], tmp_path: Path
) -> None:
    data = database.home(tmp_path) / "postgres"
    data.mkdir()
    (data / "PG_VERSION").write_text("9\n")

    demo = start()

    assert demo.process.wait(timeout=30) == 1
    assert f"{data} holds data of PostgreSQL 9; this Concord brings PostgreSQL 1" in demo.said.read_text()
    assert [file.name for file in data.iterdir()] == ["PG_VERSION"]


@pytest.mark.parametrize(
    ("data", "is_good"),
    [("/home/ann/concord/var/postgres", True), ("/home/ann/my #1/var/postgres", False), ("/a" * 60, False)],
)
def test_the_socket_lies_beside_the_data_unless_its_path_is_too_long_or_odd(data: str, is_good: bool) -> None:
    found = database.sockets(Path(data))

    assert (found == Path(data)) is is_good
    if not is_good:
        assert found.stat().st_mode & 0o077 == 0
        found.rmdir()


@pytest.mark.parametrize("arguments", [("migrate",), ("sync", "salesforce"), ("createsuperuser",)])
def test_without_a_database_what_connects_says_how_to_get_one(
    arguments: tuple[str, ...], tmp_path: Path
) -> None:
    done = command(tmp_path, *arguments)

    assert done.returncode == 1
    assert done.stderr.strip() == local_database.HINT


@pytest.mark.parametrize(
    "arguments", [("check",), ("makemigrations", "--check"), ("collectstatic", "--dry-run", "--no-input")]
)
def test_without_a_database_what_only_reads_code_works(arguments: tuple[str, ...], tmp_path: Path) -> None:
    local_database.url_file(tmp_path).write_text(
        "postgres://postgres@//tmp/ended/postgres"
    )  # of a killed demo

    assert command(tmp_path, *arguments).returncode == 0


@pytest.mark.slow
def test_a_child_that_ends_ends_the_demo_and_is_named(demo: Demo) -> None:
    demo.wait_for("Ctrl-C ends it")
    family = demo.family()
    beat = next(child for child in family if "beat" in child.cmdline())

    beat.kill()

    assert demo.process.wait(timeout=20) == 1
    assert re.search(r"The beat ended by itself with status -9\.\n.*beat\.log", demo.said.read_text())
    assert are_gone(family)
