"""What a rehearsal begins with, and what it remembers over a restart if told to.

Both are one file: {"salesforce": {"Account": [record, …]}}. A record with an Id comes
back exactly as it was; one without is new, and left out where its name is taken.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .app import Rehearsal
from .salesforce.system import Salesforce
from .system import ControlError, System

# The others (users, the organisation) are the same on every first day.
KEPT = ("Account", "Contact")
Record = Mapping[str, Any]


class UnreadableFileError(Exception):
    """Tell that a file does not hold records of a rehearsal."""


def load(app: Rehearsal, path: Path) -> int:
    """Add the records of a file and return how many were added. Raises UnreadableFileError."""
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        return sum(
            _add(app.systems[name], entity, records)
            for name, entities in stored.items()
            for entity, records in entities.items()
        )
    except (ValueError, KeyError, AttributeError, TypeError, ControlError) as error:
        raise UnreadableFileError(f"{path} can't be read as records of a rehearsal: {error}") from error


def keep(app: Rehearsal, path: Path) -> None:
    """Write all records to a file, whole or not at all."""
    salesforce = {entity: app.systems["salesforce"].listing(entity, with_deleted=True) for entity in KEPT}
    draft = path.with_name(f"{path.name}.new")
    draft.write_text(json.dumps({"salesforce": salesforce}, ensure_ascii=False), encoding="utf-8")
    draft.replace(path)


def _add(system: System, entity: str, records: Sequence[Record]) -> int:
    names = {record.get("Name") for record in system.listing(entity, with_deleted=False)}
    back = [record for record in records if "Id" in record]
    new = [record for record in records if "Id" not in record and record.get("Name") not in names]
    if back:
        _bring_back(system, entity, back)
    if new:
        system.create(entity, new)
    return len(back) + len(new)


def _bring_back(system: System, entity: str, records: Sequence[Record]) -> None:
    """Store rows under their old ids, which the vendor would not let anybody choose."""
    if not isinstance(system, Salesforce):
        raise TypeError(f"{system.name} keeps nothing")
    with system.org.store.lock:
        table = system.org.store.tables[entity]
        for record in records:
            system.org.store.put(table, record["Id"], dict(record))
