"""Read records again whose last call got no answer, before they are compared and sent.

By then no such call can be carried out any more (`queue.rechecks`). What stands over there
takes the place of what was agreed, field by field: the comparison that follows sends what
differs, or finds that nothing does.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from connectors import queue
from connectors.inbound import Found, Missing
from connectors.mapping import Mapping as FieldMapping
from connectors.mapping import same
from connectors.models import Link
from connectors.protocol import Connector

NOTE = "A call that had got no answer was carried out late and had changed it there."


def read_again(connector: Connector, mapping: FieldMapping, rows: Sequence[Any]) -> set[int]:
    """Update the snapshots of claimed rows that are due for it; return those (pks) that had been changed.

    One that is not there is sent whole: its answer says what became of it. Raises ConnectorError.
    """
    wanted = {row.remote_id: row for row in rows if _is_wanted(row)}
    changed = set()
    for found in _found(connector, mapping, wanted):
        row = wanted[found.remote_id]
        if isinstance(found, Missing):
            row.unsure = True
        elif differing := overwritten(mapping, row.snapshot, row.left, found.fields):
            row.snapshot = {**row.snapshot, **differing}
            changed.add(row.pk)
    return changed


def overwritten(
    mapping: FieldMapping, agreed: Mapping[str, Any], left: Mapping[str, Any], found: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the values found that are not what was agreed, of the fields that we master and keep."""
    names = [item.remote for item in mapping.fields if item.only is None and item.master == "local"]
    return {
        name: found[name]
        for name in names
        if name in found and name in agreed and name not in left and not same(found[name], agreed[name])
    }


def _is_wanted(row: Any) -> bool:
    """Return whether a row is read first: due, or asked for by a person. An unsure one is sent whole."""
    if row.recheck_at is None or not row.remote_id or row.unsure:
        return False
    return queue.is_over(row) or row.priority == Link.Priority.CLICK


def _found(
    connector: Connector, mapping: FieldMapping, wanted: Mapping[str, Any]
) -> Sequence[Found | Missing]:
    return list(connector.fetch(mapping.entity, list(wanted))) if wanted else ()
