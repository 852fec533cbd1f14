"""Bulk calls of users and addresses: at most ten records, reasons in the order of the records.

Whether good records are stored beside bad ones is not documented; the setting `bulk_atomic` decides.
"""

from collections.abc import Callable, Mapping
from typing import Any

from .context import Context
from .errors import PARAMETER_ERROR, Refusal, with_reasons
from .store import Row


class Partly(Refusal):
    """A refusal after which what was written before stays."""


def write_all(ctx: Context, write: Callable[[Mapping[str, Any]], Row]) -> list[Row]:
    """Write each record and return the rows; raise Refusal with a reason, or {}, for each."""
    written: list[Row] = []
    refusals: list[Refusal | None] = []
    for raw in ctx.several():
        mark = ctx.shop.mark()
        try:
            ctx.fail_if_ordered(raw)
            written.append(write(raw))
            refusals.append(None)
        except Refusal as refusal:
            ctx.shop.undo(mark)
            refusals.append(refusal)
    if any(refusals):
        raise together(refusals, partly=not ctx.settings.bulk_atomic)
    return written


def together(refusals: list[Refusal | None], *, partly: bool) -> Refusal:
    """Return one refusal for all: the only reason as it is when it is a sentence, else a list."""
    bad = [each for each in refusals if each is not None]
    if all(isinstance(each.fields, str) for each in bad):
        merged = (
            bad[0] if len(bad) == 1 else with_reasons(bad[0].status, " ".join(str(x.fields) for x in bad))
        )
    else:
        reasons = [{} if each is None else each.fields or each.message for each in refusals]
        merged = with_reasons(bad[0].status, reasons, PARAMETER_ERROR)
    return Partly(merged.status, merged.body) if partly else merged
