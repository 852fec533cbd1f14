"""Records of a file: what the org is to begin with, or what it remembers from the last time.

A record with stamps was written by this sandbox and comes back exactly as it was. Any other is new: it meets
every rule, may bring an Id so that others can name it, and is left out where it is already there.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ..system import ControlError
from .ids import normalised
from .org import Org
from .people import with_defaults
from .records import Pen
from .schema import SObject
from .values import read_record

# In this order: who is named by others comes first.
KEPT = ("Profile", "User", "Account", "Contact")
# What two records have alike if they are the same one.
SAMENESS = {
    "Profile": ("Name",),
    "User": ("Username",),
    "Account": ("Name",),
    "Contact": ("FirstName", "LastName", "Email"),
}
Raw = Mapping[str, Any]


def insert(org: Org, sobject: SObject, raw: Raw, pen: Pen) -> str:
    """Store a new record and return its id; raise ControlError or Refusal."""
    _check_shape(raw)
    return org.records.create(sobject, read_record(sobject, _filled(sobject, raw)), pen)


def sow(org: Org, sobject: SObject, raws: Sequence[Raw], pen: Pen) -> int:
    """Add the records of a file that are not there yet and return how many were added."""
    known = {_sameness(sobject, row) for row in org.table(sobject).rows.values() if not row["IsDeleted"]}
    added = 0
    for raw in raws:
        _check_shape(raw)
        if "SystemModstamp" in raw:
            key = _full_id(sobject, raw)
            codes = org.address_rules.codes_of_texts(raw) if org.address_rules else {}
            org.store.put(org.table(sobject), key, {"IsDeleted": False, **codes, **raw, "Id": key})
        elif _is_there(org, sobject, raw, known):
            continue
        else:
            insert(org, sobject, raw, pen)
        added += 1
    return added


def _check_shape(raw: object) -> None:
    if not isinstance(raw, dict):
        raise ControlError(400, "a record is a JSON object")


def _is_there(org: Org, sobject: SObject, raw: Raw, known: set[tuple[Any, ...]]) -> bool:
    if "Id" in raw:
        return _full_id(sobject, raw) in org.table(sobject).rows
    return _sameness(sobject, _filled(sobject, raw)) in known


def _sameness(sobject: SObject, values: Raw) -> tuple[Any, ...]:
    return tuple(values.get(name) for name in SAMENESS.get(sobject.name, ("Id",)))


def _filled(sobject: SObject, values: Raw) -> Raw:
    return with_defaults(values) if sobject.name == "User" else values


def _full_id(sobject: SObject, raw: Raw) -> str:
    full = normalised(str(raw.get("Id")))
    if full is None or not full.startswith(sobject.prefix):
        raise ControlError(
            400, f"{raw.get('Id')!r} is no Id of {sobject.name}: they begin with {sobject.prefix}"
        )
    return full
