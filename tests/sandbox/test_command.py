"""The rehearsal's command, as a person starts and ends it: alone, or as manage.py sandbox."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from connectors.sandbox.server import SandboxServer
from tests.config.test_start import DEPLOYED

from .conftest import TIMEOUT_S

ROOT = Path(__file__).parents[2]
ALONE = ("-m", "connectors.sandbox")
MANAGE = ("manage.py", "sandbox")


@contextmanager
def started(
    port: int, folder: Path, command: Sequence[str] = MANAGE, env: Mapping[str, str] = os.environ
) -> Iterator[subprocess.Popen[str]]:
    arguments = [sys.executable, *command, "--port", str(port), "--seed-file", str(folder / "none")]
    process = subprocess.Popen(
        arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env, cwd=ROOT
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("command", [ALONE, MANAGE])
def test_it_serves_until_it_is_told_to_end(
    tmp_path: Path, command: Sequence[str], ending: signal.Signals
) -> None:
    with started(0, tmp_path, command) as process:
        assert process.stdout
        url = process.stdout.readline().split()[2].rstrip("/")

        answer = requests.get(f"{url}/healthz", timeout=TIMEOUT_S)
        process.send_signal(ending)

        assert answer.status_code == 200
        assert process.wait(TIMEOUT_S) == 0


def test_a_busy_port_is_said_in_one_sentence(tmp_path: Path) -> None:
    with SandboxServer() as server:
        port = int(server.url.rpartition(":")[2])

        with started(port, tmp_path) as process:
            _, problem = process.communicate(timeout=TIMEOUT_S)

    assert process.returncode == 1
    assert f"The sandbox cannot listen on 127.0.0.1:{port}: Address already in use." in problem
    assert "Traceback" not in problem


def test_it_needs_neither_settings_nor_a_secret_nor_a_folder_of_its_own(tmp_path: Path) -> None:
    folder = tmp_path / "var"
    with started(0, tmp_path, ALONE, env={"CONCORD_VAR_DIR": str(folder)}) as process:
        assert process.stdout
        url = process.stdout.readline().split()[2].rstrip("/")

        home = requests.get(f"{url}/", timeout=TIMEOUT_S)

    assert home.status_code == 200
    assert not folder.exists()


@pytest.mark.parametrize(
    ("command", "environment"),
    [(ALONE, "production"), (ALONE, "Production"), (ALONE, "staging"), (MANAGE, "production")],
)
def test_it_refuses_to_start_outside_development_and_rehearsals(
    tmp_path: Path, command: Sequence[str], environment: str
) -> None:
    env = {**os.environ, **DEPLOYED, "CONCORD_ENV": environment}

    with started(0, tmp_path, command, env=env) as process:
        _, problem = process.communicate(timeout=TIMEOUT_S)

    assert process.returncode == 1
    assert f"CONCORD_ENV is {environment}" in problem
    assert "Traceback" not in problem
