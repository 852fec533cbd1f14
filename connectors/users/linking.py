"""Link our users with those over there. Each change is an event of the connection, with who made it."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import QuerySet

from connectors import logbook
from connectors.models import Connection, RemoteUser, UserLink
from connectors.states import capped
from connectors.users.proposals import Ours, Proposal, Proposals, Theirs, propose

NAME_CHARS = 100


@dataclass(frozen=True, slots=True)
class Proposed:
    """A proposal with the two whom it names."""

    user: Any
    remote_user: RemoteUser
    proposal: Proposal


def current(user: Any, connection: Connection) -> UserLink | None:
    """Return who this user of ours is over there, None for nobody."""
    links = UserLink.objects.filter(user=user, connection=connection)
    return links.select_related("remote_user").first()


def link(user: Any, remote_user: RemoteUser, *, by: str) -> UserLink:
    """Link a user of ours, in place of any other link there. New records follow it, existing ones don't."""
    connection = remote_user.connection
    with transaction.atomic():
        linked, _ = UserLink.objects.update_or_create(
            user=user, connection=connection, defaults={"remote_user": remote_user, "linked_by": by[:150]}
        )
        text = f"{named(user)} was linked to {_theirs(remote_user)} in {connection.name} by {by}."
        logbook.event(connection, text, login_user=by, code="user_linked")
    return linked


def unlink(user: Any, connection: Connection, *, by: str) -> UserLink | None:
    """Forget who a user of ours is over there; return what was forgotten."""
    with transaction.atomic():
        linked = current(user, connection)
        if linked is None:
            return None
        text = f"{named(user)} was unlinked from {_theirs(linked.remote_user)} in {connection.name} by {by}."
        logbook.event(connection, text, login_user=by, code="user_unlinked")
        linked.delete()
    return linked


def others(remote_user: RemoteUser, user: Any) -> list[str]:
    """Return who else of ours is linked to this one: a shared login is allowed, and said."""
    links = remote_user.links.exclude(user=user).select_related("user").order_by("user__username")
    return [named(link.user) for link in links]


def proposals(connection: Connection) -> Proposals:
    """Return who of our active, unlinked users may be whom over there; two queries."""
    linked = UserLink.objects.filter(connection=connection)
    people = _users().filter(is_active=True).exclude(pk__in=linked.values("user"))
    free = connection.remote_users.exclude(pk__in=linked.values("remote_user"))
    columns = ("pk", "username", "email", "federation_id", "is_active")
    return propose(
        [Ours(*row) for row in people.values_list("pk", "username", "email")],
        [Theirs(*row) for row in free.values_list(*columns)],
    )


def proposed(connection: Connection) -> list[Proposed]:
    """Return the proposals with whom they name, in the same order."""
    found = proposals(connection).found
    people = _users().in_bulk([item.ours for item in found])
    remote = RemoteUser.objects.select_related("connection").in_bulk([item.theirs for item in found])
    return [
        Proposed(people[item.ours], remote[item.theirs], item)
        for item in found
        if item.ours in people and item.theirs in remote
    ]


def named(user: Any) -> str:
    """Return what people call a user of ours."""
    return capped(user.get_full_name() or user.get_username(), NAME_CHARS)


def _theirs(remote_user: RemoteUser) -> str:
    return capped(remote_user.name, NAME_CHARS) + ("" if remote_user.is_active else " (inactive)")


def _users() -> QuerySet[Any]:
    return get_user_model()._default_manager.all()
