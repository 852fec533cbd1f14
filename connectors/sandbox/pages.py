"""What people find beside the stand-ins' own pages: the front page, and what a button does."""

import hmac
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from .control import is_trusted_host, refuse_other_sites
from .system import ControlError, System
from .templating import render
from .wire import Reply, Request, redirect

if TYPE_CHECKING:
    from .app import Rehearsal

ORDER_PATH = "/page/order"
EVERYTHING_WORKS = "well"
NOTHING_DONE = "Nothing was changed"


def home(app: "Rehearsal", request: Request) -> Reply:
    """Return the front page, also where nothing else is."""
    found = request.path == "/"
    systems = [
        {
            "title": system.title,
            "path": f"/{system.name}",
            "base_url": f"{request.root}/{system.name}",
            "summary": system.summary(),
            "login": system.login_hint(),
            "troubles": len([fault for fault in app.faults.listing(system.name) if fault["times"] != 0]),
        }
        for system in app.systems.values()
    ]
    return render("home.html", {"systems": systems, "lost": not found}, 200 if found else 404)


def is_order(request: Request) -> bool:
    """Return whether this is a button of a system's page."""
    return request.path == ORDER_PATH and request.method == "POST"


def take_order(app: "Rehearsal", system: System, request: Request) -> Reply:
    """Do what a button says, if it was one of our own pages that was clicked, and go back there."""
    form = dict(parse_qsl(request.body.decode("utf-8", "replace")))
    try:
        _check_sender(app, request, form.get("token", ""))
        if "deed" in form:
            return system.act(form, app.desk(system.name))
        return redirect(_prank(app, system, form.get("prank", "")))
    except ControlError as error:
        return render("problem.html", {"title": NOTHING_DONE, "problem": _sentence(error)}, error.status)


def _prank(app: "Rehearsal", system: System, wanted: str) -> str:
    if wanted == EVERYTHING_WORKS:
        app.faults.clear(system.name)
    for prank in system.pranks:
        if prank.key == wanted:
            app.faults.add([{"system": system.name, **order} for order in prank.orders], app.systems)
    return f"/{system.name}"


def _sentence(error: ControlError) -> object:
    return error.problem.get("message") if isinstance(error.problem, dict) else error.problem


def _check_sender(app: "Rehearsal", request: Request, token: str) -> None:
    if not is_trusted_host(request):
        raise ControlError(403, "This host name is not this machine's.")
    refuse_other_sites(request)
    if not hmac.compare_digest(token.encode(), app.form_token.encode()):
        raise ControlError(403, "The rehearsal was restarted since the page was loaded. Load it again.")
