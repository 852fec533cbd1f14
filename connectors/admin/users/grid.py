"""The grid of all users: three columns per connection that has users, and what each represents."""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from django.contrib import admin
from django.db.models import Count, OuterRef, Prefetch, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.views import ChangeList

from connectors import entities
from connectors.admin import cells
from connectors.admin.users import shown
from connectors.entities import Entity
from connectors.models import Connection, RemoteUser, UserLink
from connectors.states import capped
from connectors.users import counts, known, linking
from connectors.users.proposals import Proposals

LINKS = "shown_remote_links"  # where a user keeps the links of this page's connections
NAME_CHARS = 120
DASH = "–"


class UserList(ChangeList):
    """Users with their links and numbers, in few statements."""

    def get_queryset(self, request: HttpRequest, *args: Any, **kwargs: Any) -> QuerySet[Any]:
        """Return the users of the page's filters."""
        links = UserLink.objects.select_related("remote_user")
        users: QuerySet[Any] = super().get_queryset(request, *args, **kwargs)
        numbers = {_number(entity): _represented(entity) for entity in represented()}
        return users.annotate(**numbers).prefetch_related(
            Prefetch("remote_links", queryset=links, to_attr=LINKS)
        )


class Grid:
    """What one request shows of its connections: read once, whatever the number of rows."""

    def __init__(self) -> None:
        self.now = timezone.now()

    @cached_property
    def connections(self) -> list[Connection]:
        """Return the enabled connections that have users."""
        return known.connections()

    @cached_property
    def proposals(self) -> dict[int, Proposals]:
        """Return who may be whom, by connection."""
        return {row.pk: linking.proposals(row) for row in self.connections}

    @cached_property
    def names(self) -> dict[int, str]:
        """Return the names of those who are proposed."""
        keys = [item.theirs for found in self.proposals.values() for item in found.found]
        return dict(RemoteUser.objects.filter(pk__in=keys).values_list("pk", "name"))

    def named(self, label: str, connection: Connection) -> str:
        """Return a label, with the connection's name where two of a kind are enabled."""
        return known.named(label, connection, self.connections)

    def columns(self) -> list[Callable[[Any], Any]]:
        """Return the columns of each connection: id, name and standing over there."""
        return [column for row in self.connections for column in self._columns(row)]

    def _columns(self, connection: Connection) -> list[Callable[[Any], Any]]:
        system = connection.system

        def there(user: Any) -> SafeString | str:
            linked = link_of(user, connection)
            return shown.over_there(linked.remote_user, connection) if linked else DASH

        def name(user: Any) -> SafeString | str:
            linked = link_of(user, connection)
            return _two(linked.remote_user.name, linked.remote_user.profile) if linked else DASH

        def status(user: Any) -> SafeString:
            return self._status(user, connection)

        titles = {"id": system.id_label, "name": f"{system.label} Name", "status": f"{system.label} Status"}
        made = {"id": there, "name": name, "status": status}
        return [
            cells.titled(made[what], f"remote_{what}_{connection.pk}", self.named(title, connection))
            for what, title in titles.items()
        ]

    def _status(self, user: Any, connection: Connection) -> SafeString:
        found = self.proposals[connection.pk]
        proposal = found.of(user.pk)
        name = self.names.get(proposal.theirs, "") if proposal else ""
        how = shown.standing(user, link_of(user, connection), found, self.now, name)
        url = f"{cells.address(type(user), 'change', user.pk)}#users-{connection.slug}"
        html = '<div class="cc-cell cc-users-status">{}{}</div>'
        return format_html(html, shown.chip(how, url), cells.why(how.why))


def grid_of(request: HttpRequest) -> Grid:
    """Return this request's grid. Kept on the request: an admin instance is shared by threads."""
    kept: Grid = request.__dict__.setdefault("concord_users", Grid())
    return kept


def represented() -> list[Entity[Any, Any]]:
    """Return what users represent: the entities that name one, but for those that belong to such a one."""
    return [one for one in entities.in_order() if counts.representative_field(one) and not one.parent]


def numbers(request: HttpRequest) -> list[Callable[[Any], Any]]:
    """Return the columns that count what each user represents, each a way to those records."""
    return [_numbered(request, entity) for entity in represented()]


def _numbered(request: HttpRequest, entity: Entity[Any, Any]) -> Callable[[Any], Any]:
    name = _number(entity)
    meta = entity.model._meta
    may_look = request.user.has_perm(f"{meta.app_label}.view_{meta.model_name}")
    where = f"{cells.address(entity.model, 'changelist')}?{counts.representative_field(entity)}__id__exact="

    def number(user: Any) -> SafeString | str:
        counted = getattr(user, name)
        if not counted or not may_look:
            return f"{counted:,}"
        return format_html('<a class="cc-number" href="{}{}">{}</a>', where, user.pk, f"{counted:,}")

    return cells.titled(number, name, entity.label_plural.capitalize())


def person(user: Any) -> SafeString:
    """Return the username and, on a second line, the name."""
    return _two(user.get_username(), user.get_full_name())


def address(user: Any) -> SafeString:
    """Return the e-mail address, to be broken before the @ where it must be."""
    name, at, domain = capped(user.email, NAME_CHARS).partition("@")
    return format_html("{}<wbr>{}{}", name, at, domain)


def link_of(user: Any, connection: Connection) -> UserLink | None:
    """Return a user's link to a connection, from what the list brought."""
    links: Sequence[UserLink] = getattr(user, LINKS)
    return next((link for link in links if link.connection_id == connection.pk), None)


class LinkedFilter(admin.SimpleListFilter):
    """Find those who are not linked, or linked to somebody who may not own anything."""

    title = "Linked"
    parameter_name = "linked"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the choices."""
        return [("yes", "Linked and active"), ("trouble", "Linked but inactive"), ("no", "Not linked")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return those users: over all connections of the page."""
        links = UserLink.objects.filter(connection__in=grid_of(request).connections)
        active = links.filter(remote_user__is_active=True, remote_user__trouble="")
        if self.value() == "no":
            return queryset.exclude(pk__in=links.values("user"))
        if self.value() == "trouble":
            return queryset.filter(pk__in=links.exclude(pk__in=active).values("user"))
        return queryset.filter(pk__in=active.values("user")) if self.value() == "yes" else queryset


def _two(first: str, second: str) -> SafeString:
    html = (
        '<span class="cc-two"><span class="cc-first" dir="auto">{}</span>'
        '<span class="cc-second" dir="auto">{}</span></span>'
    )
    return format_html(html, capped(first, NAME_CHARS), capped(second, NAME_CHARS))


def _number(entity: Entity[Any, Any]) -> str:
    return f"represented_{entity.name}"


def _represented(entity: Entity[Any, Any]) -> Coalesce:
    field = counts.representative_field(entity)
    records = entity.records().order_by().filter(**{field: OuterRef("pk")}).values(field)
    return Coalesce(Subquery(records.annotate(number=Count("pk")).values("number")), 0)
