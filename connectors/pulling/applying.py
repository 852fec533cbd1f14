"""Take over what was found over there: one short transaction per record that changed.

Pages are read without locks; whatever has not changed costs nothing more. A page may
come twice: the second time nothing is left to do. What can't be taken over is told once
(`strays`), and what a push has in its hands at the moment is read again (`notices`).
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial
from typing import Any

from django.db import IntegrityError, OperationalError, transaction

from connectors import queue, registry
from connectors.entities import Entity
from connectors.errors import LeaseLost
from connectors.inbound import Found
from connectors.mapping import Json, Mapping, Rendered, same
from connectors.models import Connection, Link, Stray
from connectors.protocol import Direction
from connectors.pulling import making, notices, strays, telling
from connectors.pulling.merging import Merged, Ours, merge
from connectors.pulling.setting import put
from connectors.queue import pulled
from connectors.rendering import Renderer
from synclog.models import Entry

logger = logging.getLogger(__name__)

BUSY_S = 10.0  # until a record that is being sent is read again


@dataclass(frozen=True)
class Applier:
    """Take over records of one entity from one connection; `by` is the log's Login User."""

    connection: Connection
    kind: Entity[Any, Any]
    by: str
    alive: Callable[[], None]  # called before each record that is written: a page may take long

    @cached_property
    def mapping(self) -> Mapping:
        """Return how the entity's fields are bound."""
        return registry.mapping(self.connection, self.kind.name)

    @cached_property
    def direction(self) -> Direction:
        """Return which way the entity goes."""
        return self.connection.direction(self.kind.name)

    def page(self, records: Iterable[Found], read_at: datetime) -> None:
        """Take over what was read, not before `read_at`, of these records. Never raises for one of them."""
        found = {record.remote_id: record for record in records}
        links = self._links(list(found))
        fine = []
        for link, rendered in self._rendered(links):
            one = found.pop(link.remote_id)
            if self._safely(partial(self._compared, link, rendered), one, read_at):
                fine.append(one.remote_id)
        strays.forget(self.connection, self.kind.name, fine)
        for one in found.values():
            self._safely(self._unknown, one, read_at)

    def _links(self, remote_ids: Sequence[str]) -> list[Any]:
        rows = self.kind.links().filter(connection=self.connection, remote_id__in=remote_ids)
        return list(self.kind.with_records(rows).order_by("record_id"))

    def _rendered(self, links: Sequence[Any]) -> list[tuple[Any, Rendered]]:
        renderings = Renderer(self.connection, self.kind).render([link.record for link in links])
        return list(zip(links, renderings, strict=True))

    def _safely(self, take: Callable[[Found, datetime], bool], one: Found, read_at: datetime) -> bool:
        """Keep one record's trouble its own: the page must go on. Raises LeaseLost."""
        try:
            return take(one, read_at)
        except LeaseLost:
            raise
        except (IntegrityError, OperationalError):  # somebody saved or linked the same at this moment
            notices.keep(self.connection, self.kind.name, [one.remote_id], after_s=BUSY_S)
        except Exception as error:  # beside push's the one place: nobody foresaw it
            logger.error("a bug while taking over %s %s", self.kind.name, one.remote_id, exc_info=error)
            text = (
                f"{telling.theirs(self.connection, self.kind, one)} was not taken over: Concord failed in a "
                "way that nobody foresaw. Its operator finds the cause in the worker's log."
            )
            self.refuse(one, Stray.Reason.INVALID, text, level=Entry.Level.ERROR)
        return False

    def _compared(self, link: Any, rendered: Rendered, found: Found, read_at: datetime) -> bool:
        """Take over a record that is linked, if it says anything new; return whether it does not."""
        if not self._is_news(link, rendered, found):
            return True
        self.alive()
        self._known(found, read_at)
        return False

    def _is_news(self, link: Any, rendered: Rendered, found: Found) -> bool:
        if pulled.is_gone(link):
            return True
        merged = self.merged(link, rendered, found)
        agreed = all(same(value, link.snapshot.get(name)) for name, value in merged.snapshot.items())
        return bool(merged.taken or merged.refused) or not agreed or merged.left != link.left

    def merged(self, link: Any, rendered: Rendered, found: Found) -> Merged:
        """Compare a linked record with what was found."""
        payload = {**rendered.first, **rendered.payload}
        local = {
            item.local: getattr(link.record, item.local) for item in self.mapping.fields if item.is_pulled
        }
        ours = Ours(payload, local, link.snapshot, link.left, unanswered=link.recheck_at is not None)
        merged = merge(self.mapping, self.direction, ours, self.theirs(found))
        merged.snapshot.update(found.noted)
        return merged

    def theirs(self, found: Found) -> dict[str, Json]:
        """Return what a found record says of mapped fields, and below whom it stands."""
        known = self.mapping.by_remote
        said = {name: value for name, value in found.fields.items() if name in known}
        return (
            {**said, self.mapping.parent: found.parent_id}
            if found.parent_id and self.mapping.parent
            else said
        )

    def _known(self, found: Found, read_at: datetime) -> None:
        """Take over a record that is linked."""
        with transaction.atomic():
            link = pulled.lock(self.kind, self.connection, found.remote_id)
            if link is None or link.enabled == Link.Enabled.NO or not link.record.sync_enabled:
                return
            if pulled.is_in_flight(link, queue.live_leases(self.connection), read_at):
                notices.keep(self.connection, self.kind.name, [found.remote_id], after_s=BUSY_S)
                return
            first = self._back(link, found) if pulled.is_gone(link) else ""
            merged = self.take(link, found, first)
        if (merged.refused or first) and not merged.taken:
            queue.find_changed(self.connection, self.kind.name, [link.record_id])

    def _back(self, link: Any, found: Found) -> str:
        where = self.connection.system.label
        word = telling.word(self.connection, self.kind)
        return f"{telling.called(link.record)} is in {where} again ({word} {found.remote_id}): linked again."

    def take(self, link: Any, found: Found, first: str) -> Merged:
        """Take over what counts, agree on the rest, tell it; in the caller's transaction."""
        record = link.record
        rendered = Renderer(self.connection, self.kind).one(record)
        merged = self.merged(link, rendered, found)
        errors = put(record, merged, self.mapping)
        pulled.agree(link, merged.snapshot, merged.left)
        if merged.taken:
            record._change_reason = self.by
            record.save(requested_by=self.by)
        told = {"by": self.by, "first": first}
        telling.changed(self.connection, self.kind, record, found.remote_id, merged, **told)
        if errors:
            self._tell_invalid(record, found, errors)
        else:
            strays.forget(self.connection, self.kind.name, [found.remote_id])
        return merged

    def _tell_invalid(self, record: Any, found: Found, errors: dict[str, str]) -> None:
        where = self.connection.system.label
        reasons = " ".join(f"{label}: {text}" for label, text in errors.items())
        text = f"{telling.called(record)} was not updated from {where}. {reasons} Correct it in {where}."
        self.refuse(found, Stray.Reason.INVALID, text, record=record, errors=errors)

    def refuse(
        self,
        found: Found,
        reason: Stray.Reason,
        text: str,
        *,
        record: Any = None,
        errors: dict[str, str] | None = None,
        level: str = Entry.Level.WARNING,
        is_told: bool = True,
    ) -> None:
        """Remember why a record was not taken over; the log tells it, once."""
        if strays.note(self.connection, self.kind, found, reason, text) and is_told:
            telling.entry(
                self.connection,
                self.kind,
                text,
                by=self.by,
                outcome="not_taken",
                remote_id=found.remote_id,
                record=record,
                name=found.name,
                level=level,
                code=reason.value,
                errors=errors,
            )

    def _unknown(self, found: Found, read_at: datetime) -> bool:
        """Link or make a record that has no link, where the direction wants what is new there."""
        if self.direction != Direction.OUT:
            self.alive()
            making.welcome(self, found)
        return False
