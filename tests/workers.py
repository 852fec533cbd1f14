"""Real Celery workers on the test's own database and broker."""

import itertools
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from config import processes

ROOT = Path(__file__).resolve().parent.parent
_numbers = itertools.count(1)


@dataclass
class Worker:
    """One worker process. `process.kill()` is the kill -9 of the chaos tests."""

    name: str
    process: processes.Process
    log: Path

    def is_ready(self) -> bool:
        """Return whether it answers a ping through the broker."""
        from config.celery import app

        return bool(app.control.ping(destination=[self.name], timeout=0.5, limit=1))


@dataclass
class Workers:
    """Start workers, each like the other, and end them together. 3 to 5 s each: few such tests."""

    environment: Mapping[str, str]
    folder: Path
    started: list[Worker] = field(default_factory=list)

    def start(self, *, threads: int = 2, **environment: str) -> Worker:
        """Start a worker and return when it takes messages.

        `environment` overrides settings, as RECORD_BACKOFF_FIRST_S="0.1" does.
        """
        name = f"test{os.getpid()}-{next(_numbers)}@localhost"
        log = self.folder / f"{name}.log"
        command = [sys.executable, "-m", "celery", "-A", "config", "worker", "-P", "threads", "-c", threads]
        command += ["--without-gossip", "--without-mingle", "--without-heartbeat", "-n", name]
        process = processes.start(
            [str(part) for part in command], log=log, env={**self.environment, **environment}, cwd=ROOT
        )
        worker = Worker(name, process, log)
        self.started.append(worker)
        try:
            processes.wait_until(worker.is_ready, timeout_s=60, what=name, process=process)
        except (RuntimeError, TimeoutError) as error:
            raise AssertionError(f"{error}; its log:\n{log.read_text()[-4000:]}") from error
        return worker

    def stop(self) -> None:
        """End all of them: a warm stop first, then kill."""
        processes.stop([worker.process for worker in self.started], patience_s=10)


def database_url(settings: Mapping[str, Any]) -> str:
    """Return the DATABASE_URL of a running connection, as `connection.settings_dict` has it."""
    name = settings["NAME"]
    login = settings["USER"] + (f":{settings['PASSWORD']}" if settings["PASSWORD"] else "")
    place = str(settings["HOST"]) + (f":{settings['PORT']}" if settings["PORT"] else "")
    return (
        f"postgres://{login}@/{place}/{name}"
        if place.startswith("/")
        else f"postgres://{login}@{place}/{name}"
    )
