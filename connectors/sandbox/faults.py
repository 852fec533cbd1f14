"""The troubles a rehearsal can be told to make, and when each one strikes.

A fault says what happens; how a refusal looks is the business of the system it happens to.
"""

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from random import Random
from typing import Any

REFUSALS = frozenset({"status", "rate_limit", "html", "garbage", "token"})
DROPS = frozenset({"drop_before_commit", "drop_after_commit", "late"})
SPOILERS = frozenset({"expire_tokens", "expire_cursors"})
KINDS = REFUSALS | DROPS | SPOILERS | {"slow", "hang", "drip", "record"}
# These go together with another fault of the same call; of all others only the first strikes.
COMPANIONS = SPOILERS | {"slow"}
NEEDS_ARGUMENT = {"status": int, "slow": float, "late": float, "record": str, "token": str}
KEYS = frozenset(
    {"system", "fault", "match", "times", "probability", "seed", "retry_after", "code", "message", "fields"}
)
CALL_KEYS = frozenset({"route", "method", "path"})


class UnknownFaultError(ValueError):
    """A fault that cannot be made; its text says which part was wrong."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a fault may look at: the call, and the records in its body when it asks for them."""

    system: str
    route: str
    method: str
    path: str
    writes: bool
    records: Callable[[], list[Any]]


@dataclass(slots=True)
class Fault:
    """One ordered trouble; `times` counts down, None never ends."""

    system: str
    kind: str
    argument: str = ""
    match: Mapping[str, Any] = field(default_factory=dict)
    times: int | None = None
    probability: float = 1.0
    random: Random = field(default_factory=Random)
    retry_after: int | None = None
    code: str = ""
    message: str = ""
    fields: tuple[str, ...] = ()
    fired: int = 0

    @property
    def name(self) -> str:
        """Return the fault as it was ordered, such as status:503."""
        return f"{self.kind}:{self.argument}" if self.argument else self.kind

    def as_json(self) -> dict[str, Any]:
        """Return what is ordered, how often it struck, and how often it still will."""
        return {
            "system": self.system,
            "fault": self.name,
            "match": dict(self.match),
            "times": self.times,
            "probability": self.probability,
            "fired": self.fired,
        }

    def concerns(self, facts: Facts) -> bool:
        """Return whether this call is one the fault is meant for.

        The login is left alone unless the fault is a token fault or names a route or path, and a lost
        connection needs a write to lose unless the fault says which calls it wants.
        """
        chosen = bool(CALL_KEYS & self.match.keys())
        if self.kind == "token" or (facts.route == "token" and not {"route", "path"} & self.match.keys()):
            return self.kind == "token" and facts.route == "token"
        if self.kind in DROPS and not chosen and not facts.writes:
            return False
        return all(
            fnmatchcase(getattr(facts, key), str(self.match[key])) for key in CALL_KEYS & self.match.keys()
        )

    def fits(self, record: Any) -> bool:
        """Return whether the record holds every value the fault asks for; a field's case does not count."""
        wanted = {key.lower(): value for key, value in self.match.items() if key not in CALL_KEYS}
        if not wanted or not isinstance(record, dict):
            return not wanted
        held = {key.lower(): value for key, value in record.items()}
        return all(held.get(key) == value for key, value in wanted.items())

    def strikes(self) -> bool:
        """Throw the dice and, when they fall, count this strike."""
        if self.times == 0 or (self.probability < 1 and self.random.random() >= self.probability):
            return False
        self.times = None if self.times is None else self.times - 1
        self.fired += 1
        return True


class FaultBox:
    """All ordered faults of all systems; safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def add(self, orders: Iterable[Mapping[str, Any]], systems: Iterable[str]) -> None:
        """Add faults behind those already ordered; raise UnknownFaultError and add none if one is wrong."""
        known = frozenset(systems)
        made = [make_fault(order, known) for order in orders]
        with self._lock:
            self._faults.extend(made)

    def clear(self, system: str = "") -> None:
        """Forget the faults of one system, or all."""
        with self._lock:
            self._faults = [fault for fault in self._faults if system and fault.system != system]

    def listing(self, system: str = "") -> list[dict[str, Any]]:
        """Return the faults in order, the used-up ones too."""
        with self._lock:
            return [fault.as_json() for fault in self._faults if not system or fault.system == system]

    def for_call(self, facts: Facts) -> list[Fault]:
        """Return the faults that strike this call: any number of companions, one of the others."""
        struck: list[Fault] = []
        with self._lock:
            for fault in self._faults:
                if fault.kind == "record" or fault.system != facts.system or fault.times == 0:
                    continue
                if fault.kind not in COMPANIONS and any(other.kind not in COMPANIONS for other in struck):
                    continue
                if fault.concerns(facts) and _fits_call(fault, facts) and fault.strikes():
                    struck.append(fault)
        return struck

    def for_record(self, facts: Facts, record: Any) -> Fault | None:
        """Return the fault that this one record fails with, or None."""
        with self._lock:
            for fault in self._faults:
                if fault.kind != "record" or fault.system != facts.system or fault.times == 0:
                    continue
                if fault.concerns(facts) and fault.fits(record) and fault.strikes():
                    return fault
        return None


def make_fault(order: Mapping[str, Any], systems: frozenset[str]) -> Fault:
    """Return the ordered fault; raise UnknownFaultError with a sentence for its author."""
    if not isinstance(order, dict) or not isinstance(order.get("fault"), str):
        raise UnknownFaultError(
            'a fault is an object such as {"system": "salesforce", "fault": "status:503"}'
        )
    if unknown := sorted(order.keys() - KEYS):
        raise UnknownFaultError(f"unknown key {unknown[0]!r}; known are {', '.join(sorted(KEYS))}")
    if order.get("system") not in systems:
        raise UnknownFaultError(
            f"unknown system {order.get('system')!r}; known are {', '.join(sorted(systems))}"
        )
    kind, _, argument = order["fault"].partition(":")
    _check_kind(kind, argument)
    return Fault(
        system=order["system"],
        kind=kind,
        argument=argument,
        match=_checked(order, "match", dict, {}),
        times=_checked(order, "times", int, None),
        probability=float(_checked(order, "probability", (int, float), 1.0)),
        random=Random(order.get("seed")),
        retry_after=_checked(order, "retry_after", int, None),
        code=_checked(order, "code", str, ""),
        message=_checked(order, "message", str, ""),
        fields=tuple(_checked(order, "fields", list, [])),
    )


def _check_kind(kind: str, argument: str) -> None:
    if kind not in KINDS:
        raise UnknownFaultError(f"unknown fault {kind!r}; known are {', '.join(sorted(KINDS))}")
    convert = NEEDS_ARGUMENT.get(kind)
    try:
        if convert and not argument:
            raise ValueError
        if convert:
            convert(argument)
    except ValueError:
        raise UnknownFaultError(f"{kind} needs something after its colon, not {argument!r}") from None


def _checked(order: Mapping[str, Any], key: str, kind: Any, default: Any) -> Any:
    value = order.get(key, default)
    if value is not None and value is not default and not isinstance(value, kind):
        raise UnknownFaultError(f"{key} has the wrong type")
    return default if value is None else value


def _fits_call(fault: Fault, facts: Facts) -> bool:
    if fault.match.keys() <= CALL_KEYS:
        return True
    return any(fault.fits(record) for record in facts.records())
