"""Child processes that never outlive the process that started them.

Each child leads a session of its own, so a Ctrl-C reaches the parent only, which
then ends all of them in order. On Linux the kernel ends them as well when the
parent is killed; elsewhere a killed parent leaves them behind.
"""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from typing import IO

_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
_PR_SET_PDEATHSIG = 1

Process = subprocess.Popen[bytes]


def start(
    command: Sequence[str | Path],
    *,
    log: Path | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    user: int | None = None,
    death_signal: signal.Signals = signal.SIGTERM,
) -> Process:
    """Start a child whose output goes to the end of `log`, or where ours goes.

    `user` (a numeric id, for root only) drops to that user and its group.
    """
    with _output(log) as output:
        return subprocess.Popen(  # noqa: S603 - our own commands
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=None if log is None else subprocess.STDOUT,
            env=None if env is None else dict(env),
            cwd=cwd,
            start_new_session=True,
            preexec_fn=end_with_parent(death_signal),
            user=user,
            group=user,
            extra_groups=None if user is None else [],
        )


def _output(log: Path | None) -> AbstractContextManager[IO[bytes] | None]:
    if log is None:
        return nullcontext()
    log.parent.mkdir(parents=True, exist_ok=True)
    return log.open("ab")


def end_with_parent(death_signal: signal.Signals) -> Callable[[], None]:
    """Return what a new child calls before it becomes its program.

    After a change of user, as the kernel forgets the wish then: subprocess does so.
    """
    parent = os.getpid()

    def tie() -> None:
        if _LIBC is None:
            return
        _LIBC.prctl(_PR_SET_PDEATHSIG, int(death_signal))
        if os.getppid() != parent:  # it died before the wish was known
            os._exit(1)

    return tie


def stop(
    processes: Iterable[Process], *, patience_s: float = 3.0, first: signal.Signals = signal.SIGTERM
) -> None:
    """End processes and all they started: ask all first, then insist after one shared deadline."""
    running = [process for process in processes if process.poll() is None]
    for process in running:
        _signal(process, first)
    deadline = time.monotonic() + patience_s
    for process in running:
        with suppress(subprocess.TimeoutExpired):  # insisted on below
            process.wait(max(0.0, deadline - time.monotonic()))
    for process in running:
        _signal(process, signal.SIGKILL)  # the group: also what an ended child left behind
        process.wait()


def wait_until(
    is_ready: Callable[[], bool],
    *,
    timeout_s: float,
    what: str,
    process: Process | None = None,
    every_s: float = 0.02,
) -> None:
    """Wait for a condition.

    Raises RuntimeError when `process` ends first, TimeoutError when it takes longer.
    """
    deadline = time.monotonic() + timeout_s
    while not is_ready():
        if process is not None and process.poll() is not None:
            raise RuntimeError(f"{what} ended with status {process.returncode} before it was ready")
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} was not ready after {timeout_s:g} s")
        time.sleep(every_s)


def free_port(preferred: int = 0) -> int:
    """Return `preferred` or the next port that nobody listens on; without it, any free one.

    Free a moment ago: the caller must bear that somebody else was faster.
    """
    candidates = range(preferred, min(preferred + 20, 65536)) if preferred else ()
    for port in (*candidates, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return int(probe.getsockname()[1])
    raise OSError("no free port on this machine")


def _signal(process: Process, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):  # it ended by itself
        os.killpg(process.pid, number)
