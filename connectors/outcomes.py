"""Outcomes that the engine gives by itself, where no other side answered."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from connectors.errors import ConnectorError, RateLimited, Rejected, Transient
from connectors.mapping import Rendered
from connectors.protocol import Outcome, Status
from connectors.text import storable


def as_storable(outcome: Outcome) -> Outcome:
    """Return an outcome without what no database takes."""
    exchange = outcome.exchange
    return replace(
        outcome,
        code=str(storable(outcome.code)),
        message=str(storable(outcome.message)),
        errors=storable(dict(outcome.errors)),
        sent=storable(dict(outcome.sent)),
        noted=storable(dict(outcome.noted)),
        ways=[replace(item, **storable(asdict(item))) for item in outcome.ways],
        candidates=[replace(item, **storable(asdict(item))) for item in outcome.candidates],
        exchange=replace(exchange, request=storable(exchange.request), answer=storable(exchange.answer)),
    )


def without_call(row: Any, rendered: Rendered, fields: Mapping[str, Any]) -> Outcome | None:
    """Return the outcome of a record that needs no call, None for one that does."""
    if problems := rendered.problems(is_new=not row.remote_id):
        return Outcome(Status.REJECTED, code="invalid", errors=problems)
    if rendered.is_orphan:  # its parent went between the claim and now
        return Outcome(Status.WAITING)
    if row.remote_id and not fields and not row.unsure:
        return Outcome(Status.UNCHANGED, remote_id=row.remote_id)
    return None


def blame(error: Exception) -> Outcome | None:
    """Return the outcome of a record that was alone when its call failed, if it is to blame."""
    if isinstance(error, RateLimited):
        return None
    if isinstance(error, Transient):
        return Outcome(Status.TRANSIENT, code=error.code, message=error.message) if error.halves else None
    if isinstance(error, Rejected):
        return Outcome(Status.REJECTED, code=error.code, message=error.message, errors=error.errors)
    if type(error) is ConnectorError:
        return Outcome(Status.REJECTED, code=error.code, message=error.message)
    if isinstance(error, ConnectorError):
        return None
    text = (
        "Concord failed on this record in a way that nobody foresaw. "
        "Its operator finds the cause in the worker's log."
    )
    return Outcome(Status.REJECTED, code="internal", message=text)
