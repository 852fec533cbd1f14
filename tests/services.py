"""A real PostgreSQL and a real broker for the tests, out of Python wheels (config/embedded).

Everything lives in one folder per run under /tmp (short: a socket's path holds 107
characters), which the next run removes if this one was killed; the servers
themselves end with this process.
"""

import os
import shutil
import signal
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from config import processes
from config.embedded import postgres, valkey
from config.embedded.postgres import INITDB_ARGS, Cluster

PREFIX = "concord-tests-"
_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "200"}


@dataclass
class Services:
    """The servers of one test run, started on demand and stopped together."""

    folder: Path = field(default_factory=lambda: _own_folder())
    running: list[processes.Process] = field(default_factory=list)

    def start_postgres(
        self, *, initdb: Sequence[str] = (*INITDB_ARGS, "--no-sync"), port: int = 5432, **options: str
    ) -> Cluster:
        """Start PostgreSQL. Takes about a second.

        `options` are server settings; it listens on a socket in its folder only, unless they say otherwise.
        """
        data = self.folder / "pg"
        cluster = Cluster(data, data, postgres.binaries(self.folder), port)
        cluster.create(initdb)
        process = cluster.launch(self.folder / "postgres.log", {**_FAST, **options})
        self.running.append(process)
        processes.wait_until(cluster.accepts, timeout_s=30, what="PostgreSQL", process=process, every_s=0.1)
        return cluster

    def start_broker(self) -> str:
        """Start Valkey and return its REDIS_URL."""
        broker = valkey.start(self.folder / "valkey.log")
        self.running.append(broker.process)
        return broker.url

    def stop(self) -> None:
        """Stop every server and remove the folder."""
        processes.stop(self.running, first=signal.SIGINT)
        shutil.rmtree(self.folder, ignore_errors=True)


def sweep() -> None:
    """Remove the folders of runs that were killed: their process is no more."""
    for folder in _parent().glob(f"{PREFIX}*"):
        owner = folder.name.removeprefix(PREFIX).partition("-")[0]
        if owner.isdigit() and not _is_alive(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)


def _own_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=_parent()))
    folder.chmod(0o711)  # nobody passes through to its own folder, and reads nothing else
    return folder


def _parent() -> Path:
    short = Path("/tmp")
    return short if short.is_dir() and os.access(short, os.W_OK) else Path(tempfile.gettempdir())


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # somebody else's
    return True
