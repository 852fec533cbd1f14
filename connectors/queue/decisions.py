"""Decisions: what a person says of one link, and whom a look-up found."""

import uuid
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from connectors import entities, logbook
from connectors.entities import Entity
from connectors.models import Connection, Link
from connectors.protocol import CREATE, Adoption, Candidate, Matched, Outcome, Status
from connectors.queue import pulled
from connectors.queue.changes import look_again
from connectors.queue.leads import enable_leads
from connectors.queue.requests import enqueue, enqueue_chosen
from connectors.queue.slots import live_leases


class InFlightError(Exception):
    """Tell that the record is being sent at this moment: ask again shortly."""


def choose(entity: str, link_pk: int, choice: str, *, by: str, run: uuid.UUID) -> None:
    """Store what a person decided about a record that matched several, and request it.

    `choice` is "create", a candidate's remote id, one of the ways that were offered, or
    "" for later. A record that was linked before is unlinked first, unless a way was
    chosen. Raises InFlightError, and ValueError for what was not offered.
    """
    with transaction.atomic():
        _, link = _locked(entity, link_pk)
        ways = {item["choice"] for item in link.ways}
        others = {item["remote_id"] for item in link.candidates} | (set() if ways else {CREATE})
        if choice not in {"", *ways, *others}:
            raise ValueError(f"{choice!r} is not among the candidates")
        link.choice = choice
        if choice and choice not in ways:
            _forget_remote(link)
        link.save(update_fields=["choice", "lease", *FORGOTTEN])
    if choice:
        enqueue(entity, [link.record_id], link.connection, run=run, requested_by=by)


def unlink(entity: str, link_pk: int, *, by: str) -> None:
    """Forget who a record is over there; nothing is changed there. Raises InFlightError."""
    with transaction.atomic():
        _, link = _locked(entity, link_pk)
        _forget_remote(link)
        link.state = Link.State.IDLE
        link.choice = link.code = link.message = ""
        link.errors, link.candidates, link.ways = {}, [], []
        link.requested_by = by[:150]
        link.save()


def send_anew(entity: str, pks: Sequence[int], connection: Connection, *, by: str, run: uuid.UUID) -> int:
    """Forget who these records are over there, and request them. Returns how many.

    For what belonged to a record that is gone there: each is looked for, and made anew where
    it is gone too. What is being sent at this moment is left.
    """
    kind = entities.get(entity)
    with transaction.atomic():
        links = kind.link.objects.select_for_update().filter(connection=connection, record_id__in=pks)
        links = links.exclude(lease__in=live_leases(connection)).exclude(enabled=Link.Enabled.NO)
        wanted = []
        for link in links.order_by("record_id"):
            _forget_remote(link)
            link.choice = ""  # it was about another one
            link.save(update_fields=["choice", *FORGOTTEN])
            wanted.append(link.record_id)
        done = enqueue_chosen({entity: wanted}, connection, run=run, requested_by=by)
    return done[entity].queued


def note_match(entity: str, pk: int, connection: Connection, matched: Matched) -> str:
    """Store who an unlinked record is over there, or that a person must choose.

    Nothing is requested. The link stays unsure, so that the first push writes our
    id over there. Returns "link" or "conflict", "" where the record is linked or being
    sent by now. A remote id that another record has is a conflict.
    """
    kind = entities.get(entity)
    try:
        with transaction.atomic():
            kind.link.objects.get_or_create(connection=connection, record_id=pk)
            link = kind.link.objects.select_for_update().get(connection=connection, record_id=pk)
            busy = link.lease is not None and link.lease in live_leases(connection)
            if link.remote_id or busy or link.enabled == Link.Enabled.NO:
                return ""
            _set_match(link, connection, entity, matched)
            link.save()
    except IntegrityError:
        if matched.adoption is None:
            raise
        return note_match(
            entity,
            pk,
            connection,
            Matched(matched.key, conflict=_taken(connection, entity, matched.adoption)),
        )
    return "link" if matched.adoption is not None else "conflict"


def _taken(connection: Connection, entity: str, wish: Adoption) -> Outcome:
    url = connection.record_url(entity, wish.remote_id)
    text = f"Another {entity} here is already linked to the one that matches. Choose which of them it is."
    found = Candidate(wish.remote_id, "", url, "is linked to another one here", wish.found)
    return Outcome(Status.CONFLICT, code="conflict", message=text, candidates=[found])


def _set_match(link: Any, connection: Connection, entity: str, matched: Matched) -> None:
    if matched.adoption is not None:
        link.remote_id = matched.adoption.remote_id
        link.remote_url = connection.record_url(entity, link.remote_id)
        link.snapshot, link.left = dict(matched.adoption.found), dict(matched.adoption.left)
        link.unsure = link.adopted = True
        if link.code == "conflict":  # solved over there: there is nothing left to choose
            link.state, link.code, link.message = Link.State.IDLE, "", ""
            link.candidates, link.ways = [], []
    elif matched.conflict is not None and link.state != Link.State.PENDING:  # the request will ask itself
        link.state, link.code, link.message = Link.State.FAILED, "conflict", matched.conflict.message
        link.candidates = logbook.candidates(matched.conflict.candidates)
        link.ways = [asdict(way) for way in matched.conflict.ways]


FORGOTTEN = (
    "remote_id", "remote_url", "snapshot", "left", "changed", "adopted", "owner_fallback", "create_sent",
    "remarks",
)  # fmt: skip


def _forget_remote(link: Link) -> None:
    """Forget who the record is there, but not that a call about it may still be carried out."""
    if link.remote_id:  # else the call without an answer may still make the record
        link.create_sent, link.unsure = {}, False
    link.remote_id = link.remote_url = link.owner_fallback = ""
    link.snapshot, link.left, link.changed, link.remarks = {}, {}, [], {}
    link.adopted = False


def _locked(entity: str, link_pk: int) -> tuple[Entity[Any, Any], Any]:
    kind = entities.get(entity)
    link = kind.link.objects.select_for_update(of=("self",)).select_related("connection").get(pk=link_pk)
    if link.lease is not None and link.lease in live_leases(link.connection):
        raise InFlightError("This record is being sent right now. Try again in a moment.")
    link.lease = None  # of a dead worker: should it settle late, it must not undo what a person does now
    return kind, link


def set_enabled(
    entity: str, pk: int, connection: Connection, enabled: bool, *, by: str, look: bool = True
) -> Any:
    """Store a person's yes or no to syncing one record with one connection; return its link, fresh.

    Yes: what differs is requested or marked at once, as after a save of the record; the
    lead that a new record is created with is enabled too, unless switched off. No:
    nothing sends it, a waiting request is withdrawn unless an earlier call of it got no
    answer; a call under way is not called back: what it answers is stored. Without
    `look` nothing is compared: for a caller who saves the record next.
    """
    kind = entities.get(entity)
    answer = Link.Enabled.YES if enabled else Link.Enabled.NO
    with transaction.atomic():
        record = pulled.hold(kind, kind.records().get(pk=pk))
        kind.link.objects.get_or_create(connection=connection, record_id=pk)
        link = kind.link.objects.select_for_update().get(connection=connection, record_id=pk)
        link.enabled, link.enabled_by, link.enabled_at = answer, by[:150], timezone.now()
        if not enabled and link.state == Link.State.PENDING and not link.unsure:
            link.state = Link.State.IDLE
        link.save(update_fields=["enabled", "enabled_by", "enabled_at", "state"])
        if enabled:
            enable_leads(kind, connection, kind.links().filter(pk=link.pk))
        if look:
            look_again(record, connection, requested_by=by)
    return _fresh(kind, connection, pk)


def set_automatic(entity: str, pk: int, connection: Connection, *, by: str = "", look: bool = True) -> Any:
    """Take a person's yes or no back: the connection's rule decides again. Returns its link, None for none.

    A record that is linked, waits or is being sent keeps its link, enabled, as does one of
    which a call got no answer; others lose it. `look`: as in `set_enabled`.
    """
    kind = entities.get(entity)
    with transaction.atomic():
        record = pulled.hold(kind, kind.records().get(pk=pk))
        links = kind.links().filter(connection=connection, record_id=pk)
        list(links.select_for_update().values_list("pk"))
        rests = Q(lease=None) | ~Q(lease__in=live_leases(connection))
        unlinked = Q(remote_id="", state__in=[Link.State.IDLE, Link.State.FAILED])
        known = links.exclude(rests & unlinked & Q(unsure=False, recheck_at=None))
        if not known.update(enabled=Link.Enabled.YES, enabled_by="", enabled_at=None):
            links.delete()
        if look:
            look_again(record, connection, requested_by=by)
    return _fresh(kind, connection, pk)


def _fresh(kind: Entity[Any, Any], connection: Connection, pk: int) -> Any | None:
    return kind.links().filter(connection=connection, record_id=pk).first()
