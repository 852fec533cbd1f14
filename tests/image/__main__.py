"""`make image-check`: build both images by hand and start them as docker-compose.yml does.

In a folder that holds only what .dockerignore lets through, as a user without rights where root runs this,
against a database and a broker set up as shipped. Ends every process that it started.
"""

import re
import secrets
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import requests

from config import processes
from config.embedded.postgres import owner
from config.secrets import local_secrets
from tests.services import Services
from tests.workers import ROOT

from . import backing, compose
from .build import Builder, FailedStepError, Image, UnknownStepError
from .context import copy_context
from .interpreter import find_python
from .stack import ServiceError, Stack

HOST = "concord.example.com"


@dataclass(frozen=True, slots=True)
class Report:
    """Says each step when it is done, and how long it took."""

    began: float

    def __call__(self, text: str) -> None:
        print(f"{time.monotonic() - self.began:5.0f} s  {text}", flush=True)  # noqa: T201 - its purpose


def main() -> int:
    """Build, start, look, end; the exit status is 1 where a step failed, which is named."""
    say = Report(time.monotonic())
    try:
        with tempfile.TemporaryDirectory(prefix="concord-image-") as name, ExitStack() as ending:
            folder = Path(name)
            folder.chmod(0o755)  # the unprivileged user passes through
            concord, sandbox = _build(folder, say)
            _try_concord(concord, folder / "logs", ending, say)
            _try_sandbox(sandbox, folder / "logs", ending, say)
    except (FailedStepError, UnknownStepError, ServiceError, RuntimeError, TimeoutError) as error:
        say(f"FAILED: {error}")
        return 1
    say("Everything ended. The image starts.")
    return 0


def _build(folder: Path, say: Report) -> tuple[Image, Image]:
    context = folder / "context"
    copy_context(ROOT, context)
    (context / "Dockerfile").write_text((ROOT / "Dockerfile").read_text())
    python = find_python(owner())
    say(f"Copied what .dockerignore lets through. Building with {python} ...")
    builder = Builder(context, folder, python)
    concord, sandbox = builder.build("concord"), builder.build("sandbox")
    say("Built concord and sandbox")
    return concord, sandbox


def _try_concord(image: Image, logs: Path, ending: ExitStack, say: Report) -> None:
    values = env_file()
    stack = Stack(image, logs, owner(), values, _start_backing(ending, values))
    ending.callback(stack.stop)
    say("Database and broker run as shipped")
    ours = {name: s for name, s in compose.services(ROOT).items() if s["image"] == "concord"}
    stack.run("migrate", ours.pop("migrate"))
    say("Migrated, as a role that is no superuser")
    for name, service in ours.items():
        stack.start(name, service)
    for name, service in ours.items():
        stack.wait(name, service)
        say(f"{name} is healthy")
    _look(stack, ours["web"])
    say("The login page and its style sheet are served; manage.py knows no sandbox")
    _weigh(stack, ours, say)
    _end(stack, say)


def _start_backing(ending: ExitStack, values: dict[str, str]) -> dict[str, str]:
    """Start both and say where they are instead of where docker-compose.yml has them."""
    services = Services()
    ending.callback(services.stop)
    postgres, broker = processes.free_port(), processes.free_port()
    backing.start_postgres(services, ROOT, values["POSTGRES_PASSWORD"], postgres)
    backing.start_redis(services, ROOT, values, broker)
    return {"@postgres:5432": f"@127.0.0.1:{postgres}", "@redis:6379": f"@127.0.0.1:{broker}"}


def env_file() -> dict[str, str]:
    """What .env holds after somebody copied .env.example and filled in what is empty."""
    text = (ROOT / ".env.example").read_text()
    values = dict(re.findall(r"^([A-Z_]+)=(.*)$", text, flags=re.MULTILINE))
    with tempfile.TemporaryDirectory() as folder:
        made = local_secrets(Path(folder) / "secrets.json")
    made |= {name: secrets.token_hex(24) for name in ("POSTGRES_PASSWORD", "REDIS_PASSWORD")}
    return {name: value or made[name] for name, value in values.items()} | {"ALLOWED_HOSTS": HOST}


def _look(stack: Stack, web: compose.Service) -> None:
    """Ask as the proxy asks."""
    home = f"http://127.0.0.1:{stack.ports[8000]}"
    headers = {"Host": HOST, "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1"}
    page = requests.get(f"{home}/admin/login/", headers=headers, timeout=30)
    styles = re.findall(r'href="(/static/[^"]+\.css)"', page.text)
    answers = [requests.get(home + style, headers=headers, timeout=30).status_code for style in styles]
    if page.status_code != 200 or not answers or set(answers) != {200}:
        raise ServiceError(f"the login page answered {page.status_code}, its style sheets {answers}")
    said = stack.output(web, "python", "manage.py", "sandbox")
    if "Unknown command" not in said:
        raise ServiceError(f"the production image has the rehearsal's servers: {said}")


def _weigh(stack: Stack, services: dict[str, compose.Service], say: Report) -> None:
    for name, service in services.items():
        held, limit = stack.megabytes(name), compose.megabytes(service["mem_limit"])
        say(f"{name} holds {held} MB of {limit}")
        if held > limit * 3 / 4:  # shared pages are counted once for each process
            raise ServiceError(f"{name} nearly fills its limit although it does nothing")


def _end(stack: Stack, say: Report) -> None:
    statuses = stack.stop(patience_s=60)
    killed = [name for name, status in statuses.items() if status == -9]
    if killed:
        raise ServiceError(f"killed, as they did not end within a minute: {', '.join(killed)}")
    say(f"Ended by SIGTERM: {', '.join(statuses)}")


def _try_sandbox(image: Image, logs: Path, ending: ExitStack, say: Report) -> None:
    stack = Stack(image, logs, owner())
    ending.callback(stack.stop)
    service = compose.services(ROOT)["sandbox"]
    stack.start("sandbox", service)
    stack.wait("sandbox", service)
    say("sandbox is healthy, without settings and secrets")
    _end(stack, say)


if __name__ == "__main__":
    sys.exit(main())
