"""The processes of the demo: started in order, watched, ended together."""

import fcntl
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import requests

from config import local_database, processes
from config.demo import database
from config.embedded import valkey

TAIL_LINES = 15
START_TIMEOUT_S = 60.0
LOOK_EVERY_S = 0.5
DATABASE = "database"
DATABASE_STOP_S = 30.0


class DemoEndedError(Exception):
    """Tell, for a person, which process ended the demo and what it wrote last."""


class DemoStoppedError(Exception):
    """Tell that somebody ended the demo before it was ready."""


@dataclass
class Tree:
    """Children by name, each with its log `NAME.log` in `folder`; a context manager."""

    folder: Path
    environment: dict[str, str]
    ended: threading.Event
    children: dict[str, processes.Process] = field(default_factory=dict)

    def __enter__(self) -> "Tree":
        return self

    def __exit__(self, *_: object) -> None:
        database = self.children.pop(DATABASE, None)  # last, and in order: the others write to it
        processes.stop(self.children.values())
        if database is not None:
            processes.stop([database], first=signal.SIGINT, patience_s=DATABASE_STOP_S)
        for note in (self._broker_url_file, local_database.url_file(self.folder)):
            note.unlink(missing_ok=True)

    @property
    def _broker_url_file(self) -> Path:
        return self.folder / "broker.url"  # settings.py reads it: commands in another terminal ring, too

    def start_broker(self) -> None:
        """Start the bundled broker and let later children use it. Raises NotBundledError."""
        broker = valkey.start(self.new_log("broker"))
        self.children["broker"] = broker.process
        self.environment["REDIS_URL"] = broker.url
        self._broker_url_file.write_text(broker.url)

    def start_database(self) -> None:
        """Start the bundled database and tell every process of this folder where it is.

        Raises UnreadableDataError, NotBundledError, RuntimeError, DemoEndedError.
        """
        cluster = database.prepare(self.folder)
        self.children[DATABASE] = cluster.launch(self.new_log(DATABASE))
        self.wait(DATABASE, cluster.accepts)
        local_database.url_file(self.folder).write_text(cluster.url)

    def start(self, name: str, *command: str) -> None:
        """Start a Python module or script as a child."""
        log = self.new_log(name)
        self.children[name] = processes.start([sys.executable, *command], log=log, env=self.environment)

    def wait(self, name: str, is_ready: Callable[[], bool]) -> None:
        """Wait until a child is ready. Raises DemoEndedError, or DemoStoppedError."""
        try:
            processes.wait_until(
                lambda: self.ended.is_set() or is_ready(),
                timeout_s=START_TIMEOUT_S,
                what=f"The {name}",
                process=self.children[name],
                every_s=0.1,
            )
        except (RuntimeError, TimeoutError) as error:
            raise DemoEndedError(self.obituary(name, f"{error}.")) from error
        if self.ended.is_set():
            raise DemoStoppedError

    def watch(self) -> None:
        """Return when the demo is to end. Raises DemoEndedError if a child ends before."""
        while not self.ended.wait(LOOK_EVERY_S):
            self.check()

    def check(self) -> None:
        """Raise DemoEndedError if a child has ended."""
        for name, process in self.children.items():
            if process.poll() is not None:
                raise DemoEndedError(
                    self.obituary(name, f"The {name} ended by itself with status {process.returncode}.")
                )

    def obituary(self, name: str, what: str) -> str:
        """Return what happened, and the last lines of the child's log and where the rest is."""
        log = self.folder / f"{name}.log"
        last = log.read_text(encoding="utf-8", errors="replace").splitlines()[-TAIL_LINES:]
        return "\n".join([what, f"The end of its log, {log}:", *(f"    {line}" for line in last)])

    def new_log(self, name: str) -> Path:
        """Return the path of a child's log, without that of the last demo."""
        log = self.folder / f"{name}.log"
        log.unlink(missing_ok=True)
        return log


def answers(url: str) -> Callable[[], bool]:
    """Return a question: does this address answer with 200?"""

    def ask() -> bool:
        with suppress(requests.RequestException):
            return requests.get(url, timeout=2).status_code == 200
        return False

    return ask


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold the folder while a demo runs. Raises DemoEndedError if one runs there already."""
    with (folder / "demo.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DemoEndedError(
                f"A demo runs here already (its logs: {folder}). End it with Ctrl-C."
            ) from error
        yield  # the kernel lets go when the process ends, however it ends
