"""What stands above the grid of users: how far the links reach, who gets the rest, what is wrong."""

from collections import Counter
from dataclasses import dataclass
from urllib.parse import quote

from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString

from connectors.admin import cells
from connectors.admin.owner_filter import EITHER, PARAMETER
from connectors.admin.users import shown, tab
from connectors.admin.users.grid import Grid
from connectors.models import Connection, Link
from connectors.users import counts, linking
from synclog import words

Fallen = dict[str, Counter[str]]  # by entity: how many went to whom
DEFAULT, LOGIN = Link.OwnerFallback.DEFAULT, Link.OwnerFallback.LOGIN


@dataclass(frozen=True, slots=True)
class Top:
    """One connection's part of what stands above the grid. Sentences hold no HTML."""

    connection: Connection
    title: str  # "" where there is one connection only
    environment: SafeString
    is_fetched: bool
    fetched: str
    trouble: str
    line: str
    worst: str
    went: str
    shows: list[tuple[str, str]]  # label and address of the records that went to somebody else
    choose: str  # the button's label
    choose_url: str
    fetch_label: str
    fetch_url: str
    link_label: str
    link_url: str


def tops(request: HttpRequest, grid: Grid) -> list[Top]:
    """Return what stands above the grid, one part per connection."""
    return [_top(request, grid, row) for row in grid.connections]


def _top(request: HttpRequest, grid: Grid, connection: Connection) -> Top:
    health = getattr(connection, "health", None)
    fallen = counts.fallbacks(connection)
    problem = shown.default_problem(connection, grid.now)
    number = len(grid.proposals[connection.pk].found)
    may_link, fetched_at = request.user.has_perm(tab.LINK), health.users_at if health else None
    may_choose = request.user.has_perm("connectors.change_connection")
    is_fetched = bool(fetched_at) or connection.remote_users.exists()
    return Top(
        connection=connection,
        title=connection.name if len(grid.connections) > 1 else "",
        environment=cells.environment(connection),
        is_fetched=is_fetched,
        fetched=f"fetched {words.when(fetched_at, grid.now)}" if fetched_at else "",
        trouble=health.users_trouble if health else "",
        line=line(connection, counts.coverage(connection), shown.instead(connection, grid.now)),
        worst=worst(connection, problem, fallen) if problem else "",
        went="" if problem else went(connection, fallen),
        shows=_shows(request, connection, fallen, LOGIN if problem else EITHER),
        choose="Choose another" if problem else "Choose a default",
        choose_url=_choose_url(connection, problem) if may_choose else "",
        fetch_label=grid.named(connection.system.push_label, connection) if is_fetched else "Fetch users",
        fetch_url=reverse("admin:auth_user_fetch", args=[connection.pk]) if may_link else "",
        link_label=f"Link {words.counted(number, 'proposal', 'proposals')}…",
        link_url=reverse("admin:auth_user_proposals", args=[connection.pk]) if may_link and number else "",
    )


def line(connection: Connection, reach: counts.Coverage, instead: str) -> str:
    """Return how many are linked, and who gets the new records of the others."""
    if reach.total and not reach.others:
        return "1 user, linked." if reach.total == 1 else f"All {reach.total:,} users are linked."
    verb = "is" if reach.linked == 1 else "are"
    linked = f"{reach.linked:,} of {words.counted(reach.total, 'user', 'users')} {verb} linked"
    whose = f" of the other {reach.others:,}" if reach.linked else ""
    if reach.barred:
        linked += f", {reach.barred:,} of them to somebody inactive or refused there"
        whose = f" of {words.counted(reach.others, 'user', 'users')}"
    return f"{linked}. New {shown.titles(connection)}{whose} go to {instead}."


def worst(connection: Connection, problem: str, fallen: Fallen) -> str:
    """Return what is wrong with the default representative, and what it has led to."""
    default = linking.named(connection.default_representative)
    gone = _gone(connection, fallen, LOGIN)
    so = f"{gone} went to the login user" if gone else f"new {shown.titles(connection)} go to the login user"
    return f"The default representative ({default}) {problem}: {so}."


def went(connection: Connection, fallen: Fallen) -> str:
    """Return who got new records instead of who should have, "" where nobody did."""
    whose = {DEFAULT: "the default", LOGIN: "the login's own user"}
    counted = {which: _gone(connection, fallen, which) for which in whose}
    parts = [f"{gone} went to {whose[which]}" for which, gone in counted.items() if gone]
    return f"Not to their representative: {', '.join(parts)}." if parts else ""


def _gone(connection: Connection, fallen: Fallen, which: str) -> str:
    return shown.counted(connection, {name: by[which] for name, by in fallen.items()}, "new ")


def _shows(request: HttpRequest, connection: Connection, fallen: Fallen, which: str) -> list[tuple[str, str]]:
    """Return the ways to the records that went to somebody else, for who may see them."""
    found = []
    for entity in counts.taken(connection):
        by, meta = fallen[entity.name], entity.model._meta
        number = by[LOGIN] if which == LOGIN else by.total()
        if number and request.user.has_perm(f"{meta.app_label}.view_{meta.model_name}"):
            url = f"{cells.address(entity.model, 'changelist')}?{PARAMETER}={which}@{quote(connection.slug)}"
            found.append((number, entity, url))
    if len(found) == 1:
        return [(f"Show the {found[0][0]:,}", found[0][2])]
    return [
        (f"Show the {words.counted(number, entity.label, entity.label_plural)}", url)
        for number, entity, url in found
    ]


def _choose_url(connection: Connection, problem: str) -> str:
    if connection.default_representative_id and not problem:
        return ""
    return f"{cells.address(Connection, 'change', connection.pk)}#company-configuration"
