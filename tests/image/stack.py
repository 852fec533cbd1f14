"""The services of the image, by the commands and the health checks of docker-compose.yml."""

import re
import socket
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from config import processes

from . import compose
from .build import Image

START_TIMEOUT_S = 180.0
CHECK_TIMEOUT_S = 60.0


class ServiceError(Exception):
    """Tell which service failed, with the end of its log."""


@dataclass(slots=True)
class Stack:
    """Runs services of one image, each as a container would: its environment, nothing of this machine's.

    `values` are those of .env; `addresses` says where on this machine the other containers are.
    """

    image: Image
    logs: Path
    user: int | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    addresses: Mapping[str, str] = field(default_factory=dict)
    ports: Mapping[int, int] = field(init=False)
    running: dict[str, processes.Process] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.ports = {port: processes.free_port() for port in self.image.ports}

    def start(self, name: str, service: compose.Service) -> None:
        """Start the service's command, else the image's own."""
        command = service.get("command") or self.image.command
        self.running[name] = processes.start(
            [self.here(word) for word in command],
            log=self.logs / f"{name}.log",
            env=self._all(service),
            cwd=self.image.workdir,
            user=self.user,
        )

    def run(self, name: str, service: compose.Service) -> None:
        """Start a service that ends by itself, and wait for that. Raises ServiceError."""
        self.start(name, service)
        status = self.running.pop(name).wait(START_TIMEOUT_S)
        if status:
            raise ServiceError(self._obituary(name, f"ended with status {status}"))

    def wait(self, name: str, service: compose.Service) -> None:
        """Wait until the service's health check passes. Raises ServiceError."""
        command = [self.here(word) for word in compose.check(service)]
        try:
            processes.wait_until(
                lambda: self._passes(command, service),
                timeout_s=START_TIMEOUT_S,
                what=name,
                process=self.running[name],
                every_s=1.0,
            )
        except (RuntimeError, TimeoutError) as error:
            raise ServiceError(self._obituary(name, str(error))) from error

    def here(self, text: str) -> str:
        """The text with ports and host names as they are on this machine."""
        for inside, outside in self.ports.items():
            text = re.sub(rf"(?<!\d){inside}(?!\d)", str(outside), text)
        return re.sub(r"0\.0\.0\.0|(?<=//)web(?=:)", "127.0.0.1", text)

    def output(self, service: compose.Service, *command: str) -> str:
        """What a command says in a container of the service, whether it succeeds or not."""
        return self._ask(list(command), service).stdout

    def megabytes(self, name: str) -> int:
        """How much memory the service's processes hold."""
        leader = psutil.Process(self.running[name].pid)
        family = [leader, *leader.children(recursive=True)]
        return int(sum(process.memory_info().rss for process in family) / 2**20)

    def stop(self, patience_s: float = 3.0) -> dict[str, int]:
        """End all services, give their statuses. -9 means that it had to be killed."""
        processes.stop(self.running.values(), patience_s=patience_s)
        return {name: process.returncode for name, process in self.running.items()}

    def _passes(self, command: list[str], service: compose.Service) -> bool:
        return self._ask(command, service).returncode == 0

    def _ask(self, command: list[str], service: compose.Service) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.image.workdir,
            env=self._all(service),
            user=self.user,
            group=self.user,
            extra_groups=None if self.user is None else [],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=CHECK_TIMEOUT_S,
            check=False,
        )

    def _all(self, service: compose.Service) -> dict[str, str]:
        own = compose.environment(service, self.values)
        for inside, outside in self.addresses.items():
            own = {name: value.replace(inside, outside) for name, value in own.items()}
        home = {"HOSTNAME": socket.gethostname(), "HOME": str(self.image.place("/var/lib/concord"))}
        return {**home, **self.image.environment, **own}

    def _obituary(self, name: str, what: str) -> str:
        log = (self.logs / f"{name}.log").read_text(errors="replace")
        return f"{name} {what}; its log ends:\n{log[-4000:]}"
