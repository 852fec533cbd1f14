"""A target of the Dockerfile, built step by step in a folder.

The paths of the image that its steps name lie below that folder; a step that names another one is refused
rather than let loose on this machine. Users are not made: whoever starts a service chooses one.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from string import Template

from .dockerfile import Copy, Stage, Step, needed, read

VENV = "/venv"  # has its own path in its scripts, so all stages share one
OWN = (VENV, "/app", "/build", "/var/lib/concord")
_PATH = re.compile(r"(?<![\w.}])/[\w./-]+")
_REACHES_THE_INDEX = re.compile(r"PIP_.*|SSL_.*|REQUESTS_CA_BUNDLE|\w+_proxy", re.IGNORECASE)


class UnknownStepError(Exception):
    """Tell that the Dockerfile has a step that can't be done by hand: teach it to this module."""


class FailedStepError(Exception):
    """Tell which step failed and what it said."""


@dataclass(slots=True)
class Image:
    """What a stage has made: its files below `root`, its environment, its command."""

    root: Path
    environment: dict[str, str]
    folder: str = "/"
    command: list[str] = field(default_factory=list)
    ports: list[int] = field(default_factory=list)

    def place(self, path: str) -> Path:
        """Where an absolute path of the image lies on this machine."""
        if path.startswith(VENV):
            return self.root.parent / path.lstrip("/")
        return self.root / path.lstrip("/")

    def placed(self, text: str) -> str:
        """The text with the image's own paths as they are on this machine."""
        return _PATH.sub(
            lambda found: str(self.place(found[0])) if found[0].startswith(OWN) else found[0], text
        )

    @property
    def workdir(self) -> Path:
        """Where commands start."""
        return self.place(self.folder)


class Builder:
    """Builds targets from the files of a context; `python` is what the base image would have."""

    def __init__(self, context: Path, folder: Path, python: Path) -> None:
        self._context = context
        self._folder = folder
        self._stages = read((context / "Dockerfile").read_text())
        self._built: dict[str, Image] = {}
        binaries = folder / "bin"
        binaries.mkdir()
        (binaries / "python").symlink_to(python)
        self._path = f"{binaries}:/usr/bin:/bin"

    def build(self, target: str) -> Image:
        """Build a target and the stages that it needs, each once.

        Raises UnknownStepError, FailedStepError.
        """
        for stage in needed(self._stages, target):
            if stage.name not in self._built:
                self._built[stage.name] = self._begin(stage)
                for step in stage.steps:
                    self._do(self._built[stage.name], step)
        return self._built[target]

    def _begin(self, stage: Stage) -> Image:
        root = self._folder / stage.name
        base = self._built.get(stage.base)
        if base is None:
            root.mkdir()
            return Image(root, {"PATH": self._path, "LANG": "C.UTF-8"})
        shutil.copytree(base.root, root)
        environment = {
            name: value.replace(f"{base.root}/", f"{root}/") for name, value in base.environment.items()
        }
        return Image(root, environment, base.folder)

    def _do(self, image: Image, step: Step) -> None:
        match step.keyword:
            case "COPY":
                self._copy(image, Copy.of(step))
            case "RUN":
                _run(image, step.text)
            case "ENV":
                _set(image, step.text)
            case "WORKDIR":
                image.folder = step.text
                image.workdir.mkdir(parents=True, exist_ok=True)
            case "CMD":
                image.command = [image.placed(word) for word in json.loads(step.text)]
            case "EXPOSE":
                image.ports += map(int, step.text.split())
            case "USER":
                pass
            case _:
                raise UnknownStepError(f"{step.keyword} {step.text}")

    def _copy(self, image: Image, copy: Copy) -> None:
        for source in copy.sources:
            origin = self._built[copy.stage].place(source) if copy.stage else self._context / source
            target = (
                image.workdir / copy.target if not copy.target.startswith("/") else image.place(copy.target)
            )
            if origin == target and origin.exists():  # what all stages share
                continue
            if origin.is_dir():
                shutil.copytree(origin, target, dirs_exist_ok=True)
                continue
            target = target / origin.name if copy.target.endswith(("/", ".")) else target
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(origin, target)


def _run(image: Image, text: str) -> None:
    if text.startswith("useradd "):
        image.place("/var/lib/concord").mkdir(parents=True)
        return
    foreign = [path for path in _PATH.findall(text) if not path.startswith(OWN)]
    if foreign:
        raise UnknownStepError(f"RUN {text}: {foreign[0]} is not below the image's own folders {OWN}")
    passed_on = {name: value for name, value in os.environ.items() if _REACHES_THE_INDEX.fullmatch(name)}
    environment: Mapping[str, str] = {**passed_on, **image.environment}
    done = subprocess.run(
        ["sh", "-ec", image.placed(text)],
        cwd=image.workdir,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise FailedStepError(f"RUN {text} ended with status {done.returncode}:\n{done.stdout[-4000:]}")


def _set(image: Image, text: str) -> None:
    for word in shlex.split(text):
        name, _, value = word.partition("=")
        image.environment[name] = image.placed(Template(value).safe_substitute(image.environment))
