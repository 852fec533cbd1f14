"""Leads that a request takes along: a new record is created with one there, or not at all."""

from typing import Any

from connectors.entities import Entity
from connectors.leads import needed
from connectors.models import Connection, Link, LinkQuerySet


def enable_leads(kind: Entity[Any, Any], connection: Connection, links: LinkQuerySet) -> int:
    """Enable the leads of those of these links' records that are new; return how many go along.

    Those without a link get one; one that somebody switched off stays so. Nothing is requested
    of them: whatever creates the record creates them, and they are requested then. Call it in
    the transaction that wrote these links: whoever inserts leads holds those locks, so that
    two requests never insert the same ones in opposite order.
    """
    lead = needed(connection, kind)
    if lead is None:
        return 0
    new = links.filter(connection=connection, remote_id="", enabled=Link.Enabled.YES)
    flagged = lead.records().filter(**{lead.lead: True, f"{lead.parent}__in": new.values("record")})
    wanted = flagged.filter(sync_enabled=True).order_by("pk").values_list("pk", flat=True)
    known = lead.links().filter(connection=connection)
    unknown = wanted.exclude(pk__in=known.values("record"))
    rows = [lead.link(connection=connection, record_id=pk) for pk in unknown]
    lead.link.objects.bulk_create(rows, ignore_conflicts=True)
    going = known.filter(record__in=wanted, enabled=Link.Enabled.YES)
    return going.exclude(state=Link.State.PENDING).count()
