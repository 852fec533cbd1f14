"""Forget who all records of a connection are over there, at once. Nothing is changed there."""

from connectors import entities
from connectors.models import Connection, Cursor, Link, Listener, Notice, Orphan, Slot, Stray
from connectors.queue import InFlightError, live_leases

_NEW: dict[str, object] = {
    "remote_id": "",
    "remote_url": "",
    "adopted": False,
    "owner_fallback": "",
    "snapshot": {},
    "left": {},
    "unsure": False,
    "full": False,
    "synced_at": None,
    "synced_version": 0,
    "changed": [],
    "state": Link.State.IDLE,
    "ticket": None,
    "attempts": 0,
    "crashes": 0,
    "lease": None,  # of a dead worker: should it settle late, it must not bring an id back
    "leased_at": None,
    "recheck_at": None,
    "create_sent": {},
    "failed_at": None,
    "code": "",
    "message": "",
    "errors": {},
    "candidates": [],
    "ways": [],
    "remarks": {},
    "choice": "",
}


def forget_all(connection: Connection) -> dict[str, int]:
    """Make every link of a connection as if nothing had been sent; return how many ids went, by entity.

    A person's No stays. Call it in a transaction: nobody can begin to talk before that
    ends. Raises InFlightError while somebody talks.
    """
    # `slots.take` skips rows that are locked, so it finds no free slot until we are through.
    list(Slot.objects.select_for_update().filter(connection=connection).order_by("number"))
    if live_leases(connection):
        raise InFlightError("Records are being sent right now. Try again in a moment.")
    gone = {}
    for kind in entities.in_order():
        links = kind.links().filter(connection=connection)
        list(links.select_for_update(of=("self",)).order_by("record_id").values_list("pk"))
        gone[kind.name] = links.linked().count()
        links.update(**_NEW)
    for model in (Cursor, Notice, Orphan, Stray):  # they speak of the old organisation's records
        model._default_manager.filter(connection=connection).delete()
    Listener.objects.filter(connection=connection).update(
        lines=[], looked_at=None, address="", signed_at=None
    )
    return gone
