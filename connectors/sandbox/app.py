"""The rehearsal as a whole: which stand-in gets a call, and which faults strike it first."""

import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from . import control, pages
from .bigcommerce.system import BigCommerce
from .calls import Call, CallLog
from .faults import DROPS, REFUSALS, SPOILERS, Facts, Fault, FaultBox
from .late import LateCalls
from .salesforce.system import Salesforce
from .system import Desk, System
from .wire import Delivery, Reply, Request, json_reply, readable_body

DRIP_GAP_S = 0.05


class Rehearsal:
    """All stand-ins behind one address."""

    def __init__(self) -> None:
        systems: tuple[System, ...] = (Salesforce(), BigCommerce())
        self.systems: dict[str, System] = {system.name: system for system in systems}
        self.faults = FaultBox()
        self.calls = CallLog()
        self.late = LateCalls()
        self.latency_ms = 0.0
        self.form_token = secrets.token_urlsafe(16)

    def answer(self, request: Request) -> Reply:
        """Return the reply to one call, whoever it is for."""
        head, rest = _split(request.path)
        if head == "_control":
            return control.answer(self, request)
        if head == "healthz":
            return json_reply({"status": "ok"})
        if head in self.systems:
            return self._ask(self.systems[head], replace(request, path=rest))
        return pages.home(self, request)

    def reset(self) -> None:
        """Forget records, settings, faults and calls, also those that were still to be carried out."""
        self.late.drop()
        for system in self.systems.values():
            system.reset()
        self.faults.clear()
        self.calls.clear()
        self.latency_ms = 0.0

    def desk(self, system: str) -> Desk:
        """Return what the pages of a system show beside its records."""
        calls = [call for call in self.calls.last() if call.system == system]
        return Desk(self.faults.listing(system), calls, self.form_token)

    def _ask(self, system: System, request: Request) -> Reply:
        if pages.is_order(request):
            return pages.take_order(self, system, request)
        if (page := system.page(request, self.desk(system.name))) is not None:
            return page
        started = time.perf_counter()
        route, writes = system.route_of(request)
        facts = Facts(system.name, route, request.method, request.path, writes, _Records(request))
        struck = self.faults.for_call(facts)
        reply = self._reply(system, request, facts, struck)
        answered = reply.status if reply.delivery in (Delivery.WHOLE, Delivery.DRIP) else 0
        names = tuple(fault.name for fault in struck)
        took_s = time.perf_counter() - started
        self.calls.add(Call(system.name, route, request, answered, names, took_s, datetime.now(UTC)))
        return replace(reply, pause_s=reply.pause_s + self.latency_ms / 1000)

    def _reply(self, system: System, request: Request, facts: Facts, struck: Sequence[Fault]) -> Reply:
        for fault in struck:
            if fault.kind in SPOILERS:
                system.spoil(fault.kind)
        for fault in struck:
            if fault.kind in REFUSALS:
                return _slowed(system.refuse(request, fault), struck)
            if fault.kind == "hang":
                return Reply(0, delivery=Delivery.NEVER)
            if fault.kind == "drop_before_commit":
                return Reply(0, delivery=Delivery.CUT)
            if fault.kind == "late":
                self.late.add(float(fault.argument), lambda: self._carried_out(system, request, facts))
                return Reply(0, delivery=Delivery.CUT)
        return _slowed(_delivered(self._carried_out(system, request, facts), struck), struck)

    def _carried_out(self, system: System, request: Request, facts: Facts) -> Reply:
        return system.respond(request, lambda record: self.faults.for_record(facts, record))


@dataclass(slots=True)
class _Records:
    """The records in a body, decoded once and only when a fault asks."""

    request: Request
    found: list[Any] | None = None

    def __call__(self) -> list[Any]:
        if self.found is None:
            body = readable_body(self.request)
            inner = body.get("records", body) if isinstance(body, Mapping) else body
            self.found = inner if isinstance(inner, list) else [inner]
        return self.found


def _split(path: str) -> tuple[str, str]:
    head, _, rest = path.lstrip("/").partition("/")
    return head, f"/{rest}"


def _delivered(reply: Reply, struck: Sequence[Fault]) -> Reply:
    for fault in struck:
        if fault.kind in DROPS:
            return replace(reply, delivery=Delivery.CUT)
        if fault.kind == "drip":
            return replace(reply, delivery=Delivery.DRIP, byte_gap_s=float(fault.argument or DRIP_GAP_S))
    return reply


def _slowed(reply: Reply, struck: Sequence[Fault]) -> Reply:
    # The wait comes after the work: a caller who gives up has nevertheless been obeyed, which is the
    # harder case, and a write never lands later than one that was sent after it.
    return replace(reply, pause_s=sum(float(fault.argument) for fault in struck if fault.kind == "slow"))
