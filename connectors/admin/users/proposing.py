"""Link proposals: a list with the reason of each, ticked by a person. Nothing is linked before."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse

from connectors.admin import cells
from connectors.models import Connection
from connectors.states import capped
from connectors.users import linking
from connectors.users.linking import Proposed
from synclog import words

if TYPE_CHECKING:
    from connectors.admin.users.screens import UserAdmin

TICKED = "pair"  # the boxes' name; the value is "ours:theirs"
AT_ONCE = 200  # lines of one page: more are offered after these
TEXT_CHARS = 160


@dataclass(frozen=True, slots=True)
class Line:
    """One proposal as the list shows it."""

    value: str
    name: str
    email: str
    theirs: str
    about: str
    why: str
    is_inactive: bool
    is_ticked: bool


def page(request: HttpRequest, admin: "UserAdmin", connection: Connection, title: str) -> HttpResponse:
    """Show the list; where nothing is proposed, say so on the grid."""
    found = linking.proposed(connection)
    if not found:
        messages.info(request, f"Nobody is proposed for {connection.name}.")
        return _grid(admin)
    lines = [_line(item) for item in found[:AT_ONCE]]
    ticked = sum(line.is_ticked for line in lines)
    context = {
        **admin.admin_site.each_context(request),
        "opts": admin.opts,
        "title": title,
        "connection": connection,
        "cc_environment": cells.environment(connection),
        "system": connection.system.label,
        "lines": lines,
        "number": words.counted(len(lines), "user", "users"),
        "more": len(found) - len(lines),
        "checkbox": TICKED,
        "ticked": ticked,
        "button": f"Link {words.counted(ticked, 'user', 'users')}",
        "home": cells.address(admin.model, "changelist"),
    }
    return TemplateResponse(request, "concord/users_link.html", context)


def link(request: HttpRequest, admin: "UserAdmin", connection: Connection) -> HttpResponse:
    """Link what was ticked, as far as it is still proposed, and say how many."""
    ticked = set(request.POST.getlist(TICKED))
    by = request.user.get_username()
    with transaction.atomic():
        found = [item for item in linking.proposed(connection) if _value(item) in ticked]
        for item in found:
            made = linking.link(item.user, item.remote_user, by=by)
            added = [{"added": {"name": "user link", "object": str(made)}}]
            admin.log_change(request, item.user, added)
    _tell(request, connection, len(found), len(ticked) - len(found))
    return _grid(admin)


def _tell(request: HttpRequest, connection: Connection, linked: int, left: int) -> None:
    if not linked and not left:
        messages.info(request, "Nobody was ticked, so nobody was linked.")
        return
    text = f"{words.counted(linked, 'user', 'users')} linked in {connection.name}."
    if left:
        are = "was" if left == 1 else "were"
        text += f" {left:,} {are} left out: not proposed any more. Look again."
    messages.add_message(request, messages.WARNING if left else messages.INFO, text)


def _line(item: Proposed) -> Line:
    remote = item.remote_user
    return Line(
        value=_value(item),
        name=linking.named(item.user),
        email=item.user.email,
        theirs=capped(remote.name, TEXT_CHARS),
        about=capped(" · ".join(filter(None, (remote.email, remote.profile))), TEXT_CHARS),
        why=item.proposal.rule.words,
        is_inactive=not remote.is_active,
        is_ticked=item.proposal.is_sure,
    )


def _value(item: Proposed) -> str:
    return f"{item.proposal.ours}:{item.proposal.theirs}"


def _grid(admin: Any) -> HttpResponse:
    return HttpResponseRedirect(cells.address(admin.model, "changelist"))
