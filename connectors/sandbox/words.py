"""Faults and calls in words for people."""

from collections.abc import Iterable, Mapping
from typing import Any

from .calls import Call
from .system import Desk, Prank

CALLS_SHOWN = 8
FAULTS = {
    "status": "Calls are answered {argument}",
    "rate_limit": "Today's calls are used up",
    "html": "Calls are answered with a web page",
    "garbage": "Answers are cut off in the middle",
    "token": "The login is refused ({argument})",
    "drop_before_commit": "The line breaks before a write",
    "drop_after_commit": "The answer to a write is lost",
    "late": "A write gets no answer and is carried out {argument} seconds later",
    "expire_tokens": "The token in use ends",
    "expire_cursors": "Open queries end",
    "slow": "Answers take {argument} seconds longer",
    "hang": "Calls are never answered",
    "drip": "Answers come byte by byte",
    "record": "Records are refused with {argument}",
}


def of_desk(desk: Desk, home: str, pranks: Iterable[Prank]) -> dict[str, Any]:
    """Return what every page of the system at `home` shows beside its records."""
    return {
        "home": home,
        "pranks": pranks,
        "token": desk.form_token,
        "faults": [of_fault(fault) for fault in desk.faults if fault["times"] != 0],
        "calls": [of_call(call) for call in reversed(desk.calls[-CALLS_SHOWN:])],
    }


def of_fault(fault: Mapping[str, Any]) -> dict[str, str]:
    """Return what the fault does, and how much of it is left."""
    kind, _, rest = fault["fault"].partition(":")
    argument = rest.rpartition(":")[2]
    chance = fault["probability"]
    parts = [
        f"{fault['times']} left" if fault["times"] is not None else "until everything works again",
        f"{chance:.0%} of them" if chance < 1 else "",
        f"struck {fault['fired']}×" if fault["fired"] else "not yet struck",
        ", ".join(f"{key} {value}" for key, value in fault["match"].items()),
    ]
    return {"what": FAULTS[kind].format(argument=argument), "left": " · ".join(filter(None, parts))}


def of_call(call: Call) -> dict[str, str]:
    """Return when, what and how it ended."""
    return {
        "at": call.at.strftime("%H:%M:%S"),
        "what": call.route.replace("_", " "),
        "path": call.request.path,
        "end": str(call.status) if call.status else "no answer",
        "tone": "good" if 200 <= call.status < 300 else "bad",
        "ms": f"{call.seconds * 1000:.0f} ms",
    }
