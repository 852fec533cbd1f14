"""What a rehearsal begins with, and what it remembers over a restart if told to.

Both are one file: {"salesforce": {"Account": [record, …], "User": […]}}. A record that a sandbox kept comes
back exactly as it was; any other is new, and left out where it is already there.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .system import ControlError, System

if TYPE_CHECKING:
    from .app import Rehearsal

Entities = Mapping[str, Sequence[Mapping[str, Any]]]


class UnreadableFileError(Exception):
    """Tell that a file does not hold records of a rehearsal."""


def load(app: "Rehearsal", path: Path) -> int:
    """Add the records of a file and return how many were added. Raises UnreadableFileError."""
    try:
        return sow(app, json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, ControlError) as error:
        raise UnreadableFileError(f"{path} can't be read as records of a rehearsal: {error}") from error


def sow(app: "Rehearsal", stored: object) -> int:
    """Add the records that are not there yet and return how many; raise ControlError(400) for bad content."""
    try:
        if not isinstance(stored, Mapping):
            raise TypeError("an object is needed")
        return sum(_sow(app.systems[name], entities) for name, entities in stored.items())
    except (KeyError, AttributeError, TypeError) as error:
        raise ControlError(
            400, f'what is needed is {{"salesforce": {{"Account": [record, …]}}}}: {error}'
        ) from error


def keep(app: "Rehearsal", path: Path) -> None:
    """Write all records to a file, whole or not at all."""
    stored = {name: system.kept() for name, system in app.systems.items()}
    draft = path.with_name(f"{path.name}.new")
    draft.write_text(json.dumps(stored, ensure_ascii=False), encoding="utf-8")
    draft.replace(path)


def _sow(system: System, entities: Entities) -> int:
    if not isinstance(entities, Mapping):
        raise TypeError(f"{system.name} holds no entities")
    # Whoever is named by others comes first, whatever the order in the file.
    order = list(system.kept())
    names = sorted(entities, key=lambda name: order.index(name) if name in order else len(order))
    return sum(system.seed(name, entities[name]) for name in names)
