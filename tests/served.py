"""The console as it is shipped: granian with config/serve.py's own commands, nginx with config/nginx."""

import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import requests

from config import processes, serve
from tests.workers import ROOT

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Served:
    """A running console, and where its processes write what they log."""

    port: int
    health_port: int
    log: Path

    @property
    def url(self) -> str:
        """Return the address of the console without a proxy."""
        return f"http://{HOST}:{self.port}"


@contextmanager
def served(environment: dict[str, str], folder: Path, *, workers: int = 1) -> Iterator[Served]:
    """Run python -m config.serve until the block ends."""
    found = Served(processes.free_port(), processes.free_port(), folder / "console.log")
    ports = ["--port", str(found.port), "--health-port", str(found.health_port), "--workers", str(workers)]
    process = processes.start(
        [sys.executable, "-m", "config.serve", *ports],
        log=found.log,
        env={**os.environ, **environment},
        cwd=ROOT,
    )
    try:
        for port in (found.port, found.health_port):
            processes.wait_until(
                lambda port=port: answers(f"http://{HOST}:{port}/healthz"),  # type: ignore[misc]
                timeout_s=60,
                what="the console",
                process=process,
            )
        yield found
    finally:
        processes.stop([process], patience_s=serve.STOP_S)


def answers(url: str) -> bool:
    """Return whether a page is served there."""
    try:
        return requests.get(url, timeout=2).status_code == 200
    except requests.RequestException:
        return False


def send(port: int, request: bytes) -> socket.socket:
    """Send the beginning of a request; return the open socket."""
    client = socket.create_connection((HOST, port), timeout=30)
    client.sendall(request)
    return client


def rest(client: socket.socket) -> tuple[bytes, float]:
    """Read until the other side hangs up; return what came and after how many seconds."""
    started, got = time.monotonic(), b""
    with suppress(ConnectionResetError):
        while chunk := client.recv(65_536):
            got += chunk
    client.close()
    return got, time.monotonic() - started
