"""What a person's Yes, No or Automatic did to one record: the same words after the button and the form."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest

from connectors import leads, states
from connectors.admin.board import Board
from connectors.admin.syncing import paused
from connectors.models import Connection, Link
from connectors.states import State, capped

AUTOMATIC, YES, NO = "", Link.Enabled.YES.value, Link.Enabled.NO.value
NAME_CHARS = 100


def tell(request: HttpRequest, board: Board, record: Any, connection: Connection, answer: str) -> None:
    """Tell what this answer did. Call it after the record was compared with what the system has."""
    messages.info(request, _said(board, record, connection, answer))


def _said(board: Board, record: Any, connection: Connection, answer: str) -> str:
    links = board.entity.links().filter(connection=connection, record_id=record.pk)
    link: Link | None = links.first()
    name, here = capped(str(record), NAME_CHARS), connection.name
    if answer == NO:
        under_way = link is not None and link.lease in board.worlds[connection.pk].live
        late = " It is being sent right now; that is not stopped." if under_way else ""
        return f"{name} is switched off for {here}: nothing sends it until you enable it.{late}"
    what = f"is enabled for {here}" if answer == YES else f"follows the rule of {here} again"
    parts = [f"{name} {what}.", _outcome(board, record, connection, link), _lead(board, record, link)]
    return " ".join(filter(None, parts))


def _outcome(board: Board, record: Any, connection: Connection, link: Link | None) -> str:
    if not record.sync_enabled:
        return f"Synchronization is switched off for this {board.entity.label}: nothing is sent."
    if held := board.held(record, connection, link):
        return held
    state = states.state_of(link, board.worlds[connection.pk].live)
    if state.is_moving:
        return f"Automatic sync is on, so it is queued. {paused(board, connection)}".rstrip()
    if state is State.IN_SYNC:
        return "It is in sync; nothing had to be sent."
    if state in (State.CHOICE, State.GONE):
        return "It was not sent: it needs your choice first."
    why, push = _why_not(board, record, connection, link), board.push_label(connection)
    what = "Its changes were" if state is State.CHANGED else "It was"
    return f"{what} not sent: {why}. Press {push} to send {'them' if state is State.CHANGED else 'it'}."


def _why_not(board: Board, record: Any, connection: Connection, link: Link | None) -> str:
    if not connection.pushes_automatically(board.entity.name):
        return "automatic sync is off"
    if not connection.sends_by_itself(record):
        return "its status is not sent automatically"
    return "the rule enables no new record by itself" if link is None else "it failed before"


def _lead(board: Board, record: Any, link: Link | None) -> str:
    """Return who a new record is created with there, or why that one may not be."""
    if link is None or link.remote_id or not board.needs_lead(link.connection):
        return ""
    children = leads.needed(link.connection, board.entity)
    lead = leads.find(link.connection, children, [record.pk]).get(record.pk) if children else None
    if lead is None:
        return ""
    name = capped(str(lead.record), NAME_CHARS)
    return lead.barred or f"{name}, its Primary {lead.record._meta.verbose_name}, goes along."
