"""Leads that a request takes along: a new record is created with one there, or not at all."""

from typing import Any

from connectors.entities import Entity
from connectors.leads import needed
from connectors.models import Link


def enable_leads(kind: Entity[Any, Any], request: Link) -> int:
    """Enable the leads of a request's new records, and return how many are created with them.

    Those without a link get one; one that somebody switched off stays so. Nothing is requested
    of them: whatever creates the record creates them, and they are requested then. Call it in
    the request's transaction, after its rows are written: whoever inserts leads holds those
    locks, so that two requests never insert the same ones in opposite order.
    """
    lead = needed(request.connection, kind)
    if lead is None:
        return 0
    new = kind.links().filter(connection=request.connection, ticket=request.ticket, remote_id="")
    flagged = lead.records().filter(**{lead.lead: True, f"{lead.parent}__in": new.values("record")})
    wanted = flagged.filter(sync_enabled=True).order_by("pk").values_list("pk", flat=True)
    known = lead.links().filter(connection=request.connection)
    unknown = wanted.exclude(pk__in=known.values("record"))
    rows = [lead.link(connection=request.connection, record_id=pk) for pk in unknown]
    lead.link.objects.bulk_create(rows, ignore_conflicts=True)
    going = known.filter(record__in=wanted, enabled=Link.Enabled.YES)
    return going.exclude(state=Link.State.PENDING).count()
