"""A login of another organisation: what it means, and the choice between the two."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from connectors import entities, start_over
from connectors.admin import cells
from connectors.admin.board import health_of
from connectors.models import Connection
from connectors.queue import InFlightError
from connectors.start_over import OtherOrgError
from synclog import words


def notice(connection: Connection) -> dict[str, str]:
    """Return what the head says where the login was found to be another organisation's, else nothing."""
    health = health_of(connection)
    if health is None or not health.other_org:
        return {}
    known = start_over.known(connection)
    return {
        "system": connection.system.label,
        "new": health.other_org,
        "old": connection.org_id,
        "ids": _at_stake(connection, known.total),
        "url": reverse("admin:connectors_connection_start_over", args=[connection.pk]),
    }


def _at_stake(connection: Connection, total: int) -> str:
    """Return how many reference ids are not of the login's organisation."""
    if not connection.org_id:  # it was never asked: see connectors.identity
        ids = words.counted(total, "reference id was", "reference ids were")
        return f"{ids} made with another login, whose organisation was never asked."
    ids = words.counted(total, "reference id points", "reference ids point")
    return f"{ids} to the old one." if total else "No reference id points to the old one."


def page(request: HttpRequest, site: Any, connection: Connection, *, problem: str = "") -> HttpResponse:
    """Ask before anything is forgotten; without another organisation there is nothing to ask."""
    told = notice(connection)
    if not told:
        messages.info(request, f"The login of {connection.name} belongs to the organisation it always had.")
        return _home(connection)
    context = {
        **site.each_context(request),
        "title": "Start over with another organisation",
        "opts": Connection._meta,
        "original": connection,  # for the way back in the head of the page
        "connection": connection,
        "cc_environment": cells.environment(connection),
        "other": told,
        "parts": _parts(start_over.known(connection)),
        "problem": problem,
        "back": cells.address(Connection, "change", connection.pk),
    }
    return TemplateResponse(request, "concord/connection_start_over.html", context)


def _parts(known: start_over.Known) -> list[tuple[str, str]]:
    """Return what would be forgotten, as (number, words); what is none is left out."""
    labels = {kind.name: (kind.label, kind.label_plural) for kind in entities.in_order()}
    parts = []
    for name, number in known.reference_ids.items():
        one, many = labels[name]
        parts.append((number, f"reference id of a {one}" if number == 1 else f"reference ids of {many}"))
    parts.append((known.remote_users, "user over there" if known.remote_users == 1 else "users over there"))
    linked = "link of a user here to one of them" if known.user_links == 1 else "links of users here to them"
    parts.append((known.user_links, linked))
    return [(f"{number:,}", text) for number, text in parts if number]


def decide(request: HttpRequest, site: Any, connection: Connection) -> HttpResponse:
    """Start over, if the person ticked that this is meant."""
    if request.POST.get("understood") != "yes":
        return page(request, site, connection, problem="Tick the box if you mean it. Nothing was changed.")
    try:
        by = request.user.get_username()
        gone = start_over.start_over(connection, request.POST.get("org", ""), by=by)
    except InFlightError as busy:
        return page(request, site, connection, problem=f"{busy} Nothing was changed.")
    except OtherOrgError as other:
        messages.error(request, f"{other} Nothing was changed.")
        return _home(connection)
    forgotten = words.counted(gone.total, "reference id is", "reference ids are")
    text = (
        f"{connection.name} starts over with the new organisation: {forgotten} forgotten here, nothing was "
        "changed over there. Press Test connection, then send what should be there."
    )
    messages.success(request, text)
    return _home(connection)


def _home(connection: Connection) -> HttpResponse:
    return HttpResponseRedirect(cells.address(Connection, "change", connection.pk))
