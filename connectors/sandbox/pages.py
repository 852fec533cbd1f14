"""The pages for people: which systems are rehearsed here."""

from typing import TYPE_CHECKING

from .system import System
from .wire import Reply, Request, html_reply

if TYPE_CHECKING:
    from .app import Rehearsal


def home(app: "Rehearsal", request: Request) -> Reply:
    """Return the list of rehearsed systems."""
    return html_reply("Rehearsal", 200 if request.path == "/" else 404)


def is_order(request: Request) -> bool:
    """Return whether this is a button of a page."""
    return False


def take_order(app: "Rehearsal", system: System, request: Request) -> Reply:
    """Do what a button says."""
    return home(app, request)
