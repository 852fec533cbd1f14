"""A sandbox in a process of its own, so that its work is not counted as ours."""

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from config import processes

ROOT = Path(__file__).resolve().parent.parent.parent


@contextmanager
def rehearsal(log: Path) -> Iterator[str]:
    """Serve a sandbox and give its address."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [sys.executable, "manage.py", "sandbox", "--port", str(port), "--seed-file", str(log) + ".none"]
    process = processes.start(command, log=log, cwd=ROOT)
    url = f"http://127.0.0.1:{port}"
    try:
        processes.wait_until(lambda: _answers(url), timeout_s=30, what="the sandbox", process=process)
        yield url
    finally:
        processes.stop([process], patience_s=5)


def _answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/healthz", timeout=1).ok
    except requests.RequestException:
        return False


def begin(url: str, latency_ms: int) -> None:
    """Empty the sandbox and let each call take so long."""
    requests.post(f"{url}/_control/reset", timeout=10).raise_for_status()
    body = {"latency_ms": latency_ms}
    requests.post(f"{url}/_control/settings", json=body, timeout=10).raise_for_status()
