"""manage.py sandbox, as a person starts and ends it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from connectors.sandbox.server import SandboxServer

from .conftest import TIMEOUT_S

pytestmark = pytest.mark.once
MANAGE = Path(__file__).parents[2] / "manage.py"


@contextmanager
def started(port: int, folder: Path) -> Iterator[subprocess.Popen[str]]:
    command = [
        sys.executable,
        str(MANAGE),
        "sandbox",
        "--port",
        str(port),
        "--seed-file",
        str(folder / "none"),
    ]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_told_to_end(tmp_path: Path, ending: signal.Signals) -> None:
    with started(0, tmp_path) as process:
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
