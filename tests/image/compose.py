"""docker-compose.yml as one machine without Docker reads it."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

Service = Mapping[str, Any]
_VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?P<operator>:?[-?])(?P<word>[^}]*)\}|\$\$")


class MissingVariableError(Exception):
    """Tell that .env lacks what the file demands."""


def services(root: Path) -> dict[str, Service]:
    """The services as they are written, nothing filled in."""
    found: dict[str, Service] = yaml.safe_load((root / "docker-compose.yml").read_text())["services"]
    return found


def filled(text: str, values: Mapping[str, str]) -> str:
    """Fill in ${NAME:?message}, ${NAME:-default}, ${NAME-default} and $$. Raises MissingVariableError."""

    def value(found: re.Match[str]) -> str:
        if found[0] == "$$":
            return "$"
        held = values.get(found["name"])
        if held or (held is not None and ":" not in found["operator"]):
            return held
        if "?" in found["operator"]:
            raise MissingVariableError(f"{found['name']} {found['word']}")
        return str(found["word"])

    return _VARIABLE.sub(value, text)


def environment(service: Service, values: Mapping[str, str]) -> dict[str, str]:
    """What the container's processes get: .env where the service takes it, then its own."""
    own = {name: filled(str(value), values) for name, value in service.get("environment", {}).items()}
    return {**(values if "env_file" in service else {}), **own}


def check(service: Service) -> list[str]:
    """The command of the service's health check."""
    kind, *words = service["healthcheck"]["test"]
    command = [filled(word, {}) for word in words]
    return ["sh", "-c", *command] if kind == "CMD-SHELL" else command


def megabytes(limit: str) -> int:
    """A memory limit as a number."""
    return int(limit[:-1]) * (1024 if limit.endswith("g") else 1)
