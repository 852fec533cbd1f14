"""The control API, under /_control: set the stage, look behind it, order faults.

For scripts and tests on this machine, so it asks for no login; a web page of another site that tries to use a
visitor's browser for it is refused.
"""

import ipaddress
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from . import keeping
from .faults import UnknownFaultError
from .system import ControlError, System
from .wire import Reply, Request, json_reply

if TYPE_CHECKING:
    from .app import Rehearsal

READS = frozenset({"GET", "HEAD"})


def answer(app: "Rehearsal", request: Request) -> Reply:
    """Return the answer to a control call; problems are 4xx with {"error": …}."""
    try:
        if not is_trusted_host(request):
            raise ControlError(403, "this host name is not this machine's")
        if request.method not in READS:
            refuse_other_sites(request)
        return json_reply(_dispatch(app, request))
    except ControlError as error:
        return json_reply({"error": error.problem}, error.status)


def is_trusted_host(request: Request) -> bool:
    """Return whether the Host is an address, localhost or a bare name, which no web site can claim.

    A page that rebinds its own domain name to 127.0.0.1 still sends that name.
    """
    host = urlsplit(request.root).hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return "." not in host
    return True


def refuse_other_sites(request: Request) -> None:
    """Raise ControlError(403) for a request that a browser sends for a page of another site."""
    origin = request.headers.get("origin")
    foreign = origin is not None and origin != request.root
    if foreign or request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise ControlError(403, "refused: the request comes from a page of another site")


def _dispatch(app: "Rehearsal", request: Request) -> object:
    parts = request.segments[1:]
    if len(parts) == 1 and parts[0] in {"reset", "seed", "faults", "late", "calls", "settings"}:
        return _desk(app, request, parts[0])
    if len(parts) in {2, 3, 4} and parts[0] in app.systems:
        return _records(app.systems[parts[0]], request, parts[1:])
    raise ControlError(404, f"nothing here; systems are {', '.join(app.systems)}")


def _desk(app: "Rehearsal", request: Request, what: str) -> object:  # noqa: C901 - one line per address
    match (request.method, what):
        case ("POST", "reset"):
            app.reset()
        case ("POST", "seed"):
            return {"added": keeping.sow(app, _json(request))}
        case ("POST", "faults"):
            return _add_faults(app, _json(request))
        case ("GET", "faults"):
            return app.faults.listing()
        case ("DELETE", "faults"):
            app.faults.clear()
        case ("GET", "late"):
            return {"waiting": app.late.waiting}
        case ("POST", "late"):
            return {"carried_out": app.late.carry_out()}
        case ("GET", "calls"):
            return {"counts": app.calls.counts(), "last": [call.as_json() for call in app.calls.last()]}
        case ("DELETE", "calls"):
            app.calls.clear()
        case ("GET", "settings"):
            return _settings(app)
        case ("POST", "settings"):
            return _configure(app, _json(request))
        case _:
            raise ControlError(405, f"{request.method} is not for {what}")
    return {"done": what}


def _records(system: System, request: Request, parts: list[str]) -> object:
    entity, key, verb = (*parts, "", "")[:3]
    match (request.method, len(parts)):
        case ("GET", 1):
            return system.listing(entity, with_deleted=request.query.get("deleted") == "1")
        case ("POST", 1):
            body = _json(request)
            return {"ids": system.create(entity, body if isinstance(body, list) else [body])}
        case ("GET", 2):
            return _one(system, entity, key)
        case ("PUT", 2):
            system.change(entity, key, _object(_json(request)))
        case ("DELETE", 2):
            system.delete(entity, key)
        case ("POST", 3):
            return system.perform(entity, key, verb, _object(_json(request)))
        case _:
            raise ControlError(405, f"{request.method} is not for this address")
    return {"id": key}


def _one(system: System, entity: str, key: str) -> object:
    for record in system.listing(entity, with_deleted=True):
        if str(record.get("Id", record.get("id"))) == key:
            return record
    raise ControlError(404, f"no {entity} {key}")


def _add_faults(app: "Rehearsal", body: Any) -> object:
    try:
        app.faults.add(body if isinstance(body, list) else [body], app.systems)
    except UnknownFaultError as error:
        raise ControlError(400, str(error)) from error
    return app.faults.listing()


def _settings(app: "Rehearsal") -> dict[str, Any]:
    inner = {name: system.settings() for name, system in app.systems.items()}
    return {"latency_ms": app.latency_ms, **inner}


def _configure(app: "Rehearsal", body: Any) -> object:
    wanted = _object(body)
    if unknown := wanted.keys() - _settings(app).keys():
        raise ControlError(400, f"unknown setting {sorted(unknown)[0]!r}")
    latency_ms = wanted.get("latency_ms", app.latency_ms)
    if isinstance(latency_ms, bool) or not isinstance(latency_ms, (int, float)) or latency_ms < 0:
        raise ControlError(400, "latency_ms is a number of milliseconds")
    for name in wanted.keys() & app.systems.keys():
        app.systems[name].configure(_object(wanted[name]))
    app.latency_ms = float(latency_ms)
    return _settings(app)


def _json(request: Request) -> Any:
    # A form of another site cannot send this type without asking first, and nobody answers its question.
    if request.media_type != "application/json":
        raise ControlError(415, "send Content-Type: application/json")
    try:
        return json.loads(request.body)
    except ValueError as error:
        raise ControlError(400, f"not JSON: {error}") from error


def _object(body: Any) -> Mapping[str, Any]:
    if not isinstance(body, dict):
        raise ControlError(400, "a JSON object is needed")
    return body
