"""A lock is closed if it pins, with its hash, whatever its packages need wherever Concord runs."""

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
# Each lock, and the extras of pyproject.toml that it is for.
LOCKS: Mapping[str, tuple[str, ...]] = {
    "requirements.txt": (),
    "requirements-demo.txt": ("demo",),
    "requirements-dev.txt": ("demo", "dev"),
}

# The first and a late patch release: a backport may be needed until one of them.
_PYTHONS = ("3.11.0", "3.11.99", "3.12.0", "3.12.99", "3.13.0", "3.13.99", "3.14.0", "3.14.99")
_MACHINES = (
    ("linux", "Linux", "x86_64"),
    ("linux", "Linux", "aarch64"),
    ("darwin", "Darwin", "x86_64"),
    ("darwin", "Darwin", "arm64"),
)
_BLOCK = re.compile(
    r"^(?P<name>[A-Za-z0-9._-]+)(\[(?P<extras>[^]]+)\])?==(?P<version>[^ ;\\]+)(?P<rest>.*)", re.DOTALL
)

Environment = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Pin:
    """One line of a lock."""

    name: str
    version: Version
    extras: frozenset[str]
    marker: Marker | None
    is_hashed: bool

    def __str__(self) -> str:
        extras = f"[{','.join(sorted(self.extras))}]" if self.extras else ""
        return f"{self.name}{extras}=={self.version}"

    def applies(self, environment: Environment) -> bool:
        """Whether pip installs it there."""
        return self.marker is None or self.marker.evaluate(dict(environment))


# What a package of this version says that it needs.
RequirementsOf = Callable[[Pin], Sequence[Requirement]]


def environments() -> Iterator[Environment]:
    """Every combination of a system, a machine and a Python for which the lock must hold."""
    for (platform, system, machine), python in product(_MACHINES, _PYTHONS):
        yield {
            "implementation_name": "cpython",
            "implementation_version": python,
            "os_name": "posix",
            "platform_machine": machine,
            "platform_python_implementation": "CPython",
            "platform_system": system,
            "python_full_version": python,
            "python_version": python.rpartition(".")[0],
            "sys_platform": platform,
        }


def read(text: str) -> list[Pin]:
    """The pins of a lock. Raises ValueError for a line that pins nothing."""
    blocks = re.split(r"\n(?=[^\s#])", text.strip())
    return [_pin(block) for block in blocks]


def _pin(block: str) -> Pin:
    found = _BLOCK.match(block)
    if found is None:
        raise ValueError(f"not pinned: {block.splitlines()[0]}")
    marker = found["rest"].partition("\\")[0].strip().removeprefix(";").strip()
    return Pin(
        canonicalize_name(found["name"]),
        Version(found["version"]),
        frozenset(canonicalize_name(extra) for extra in (found["extras"] or "").split(",") if extra),
        Marker(marker) if marker else None,
        "--hash=sha256:" in block,
    )


def roots(lock: str) -> list[Requirement]:
    """What pyproject.toml itself asks of this lock."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    texts = list(project["dependencies"])
    for extra in LOCKS[lock]:
        texts += project["optional-dependencies"][extra]
    return [Requirement(text) for text in texts]


def gaps(pins: Sequence[Pin], wanted: Iterable[Requirement], requirements_of: RequirementsOf) -> list[str]:
    """What is missing, a sentence each with the first system that lacks it; empty if the lock is closed."""
    found = {f"{pin} has no hash": "" for pin in pins if not pin.is_hashed}
    wanted, ask = list(wanted), cache(requirements_of)
    for environment in environments():
        where = f" (on {environment['platform_system']}, Python {environment['python_version']})"
        here = [pin for pin in pins if pin.applies(environment)]
        by_name = {pin.name: pin for pin in here}
        for pin in here:
            if by_name[pin.name] != pin:
                found.setdefault(f"{pin} is pinned twice", where)
        for owner, requirement in _needed(here, wanted, ask, environment):
            if problem := _problem(requirement, by_name.get(canonicalize_name(requirement.name))):
                found.setdefault(f"{owner} needs {requirement}: {problem}", where)
    return [sentence + where for sentence, where in found.items()]


def _needed(
    pins: Iterable[Pin],
    wanted: Iterable[Requirement],
    requirements_of: RequirementsOf,
    environment: Environment,
) -> Iterator[tuple[str, Requirement]]:
    for requirement in wanted:
        if _is_due(requirement, environment, frozenset()):
            yield "pyproject.toml", requirement
    for pin in pins:
        for requirement in requirements_of(pin):
            if _is_due(requirement, environment, pin.extras):
                yield str(pin), requirement


def _is_due(requirement: Requirement, environment: Environment, extras: frozenset[str]) -> bool:
    marker = requirement.marker
    return marker is None or any(marker.evaluate({**environment, "extra": extra}) for extra in ("", *extras))


def _problem(requirement: Requirement, pin: Pin | None) -> str | None:
    if pin is None:
        return "not in the lock"
    if not requirement.specifier.contains(pin.version, prereleases=True):
        return f"the lock has {pin}"
    if missing := {canonicalize_name(extra) for extra in requirement.extras} - pin.extras:
        return f"the lock has {pin} without [{','.join(sorted(missing))}]"
    return None
