"""Who shall own a new record over there: never a reason for it to fail.

The record's representative if linked and active there, else the connection's default,
else the system's own choice. What came instead of what was wanted is said in the log
and kept on the link, so that it can be counted.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.contrib.auth import get_user_model
from django.utils import timezone

from connectors.models import Connection, Link, RemoteUser, UserLink
from connectors.protocol import Outcome, Status

DEFAULT = "the default representative"


@dataclass(frozen=True, slots=True)
class OwnerPlan:
    """Who may own one new record: remote ids, best first, and why somebody wanted is not among them."""

    owners: tuple[str, ...] = ()
    representatives: tuple[str, ...] = ()  # those of them that the record itself names
    default: str = ""  # the default representative, where it is nobody of these
    names_somebody: bool = False
    missing: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)  # of the owners, for sentences


def plans(connection: Connection, records: Sequence[Any]) -> dict[int, OwnerPlan]:
    """Return the plan of each of these new records, by its pk; two queries for all of them."""
    wanted = {record.pk: record.representatives() for record in records}
    default = connection.default_representative_id
    everybody = {pk for pks in wanted.values() for pk in pks} | ({default} if default else set())
    people = _people(connection, everybody)
    return {pk: _plan(connection, representatives, default, people) for pk, representatives in wanted.items()}


def told(plan: OwnerPlan, outcome: Outcome, system: str) -> tuple[Outcome, str]:
    """Return a create's outcome with what is to be said of its owner, and the fallback that it was."""
    if outcome.status is not Status.CREATED:
        return outcome, ""
    fallback = _fallback(plan, outcome.owner)
    if not fallback:
        return outcome, ""
    refused = [f"{plan.names.get(key, key)} {why}" for key, why in outcome.refused_owners.items()]
    why = "; ".join([*plan.missing, *refused])
    got = DEFAULT if fallback == Link.OwnerFallback.DEFAULT else f"Concord's own user in {system}"
    sentence = f"Its owner is {got}" + (f": {why}." if why else ".")
    return replace(outcome, message=f"{outcome.message} {sentence}".strip()), fallback


def refused(connection: Connection, outcomes: Iterable[Outcome]) -> None:
    """Flag the users whom the other side did not take as owners, until they are fetched again."""
    reasons = {key: why for outcome in outcomes for key, why in outcome.refused_owners.items()}
    for remote_id, why in sorted(reasons.items()):
        rows = RemoteUser.objects.filter(connection=connection, remote_id=remote_id, trouble="")
        rows.update(trouble=why, inactive_since=timezone.now())


@dataclass(frozen=True, slots=True)
class _Person:
    """One of our users, and who that is over there."""

    name: str
    remote: RemoteUser | None

    def trouble(self, system: str) -> str:
        if self.remote is None:
            return f"{self.name} is not linked to a {system} user"
        if not self.remote.is_active:
            return f"{self.name} is inactive in {system}"
        return f"{self.name} {self.remote.trouble}" if self.remote.trouble else ""


def _people(connection: Connection, pks: Iterable[int]) -> dict[int, _Person]:
    users = get_user_model()._default_manager.in_bulk(list(pks))
    links = UserLink.objects.filter(connection=connection, user__in=users).select_related("remote_user")
    remote = {link.user_id: link.remote_user for link in links}
    return {
        pk: _Person(user.get_full_name() or user.get_username(), remote.get(pk)) for pk, user in users.items()
    }


def _plan(
    connection: Connection, representatives: Sequence[int], default: int | None, people: Mapping[int, _Person]
) -> OwnerPlan:
    system = connection.system.label
    named = [people[pk] for pk in representatives if pk in people]
    last = people.get(default) if default and default not in representatives else None
    missing = [trouble for person in named if (trouble := person.trouble(system))]
    if last and (trouble := last.trouble(system)):
        missing.append(f"{DEFAULT}, {trouble}")
    asked = [*named, *([last] if last else [])]
    names = {
        person.remote.remote_id: person.name
        for person in asked
        if person.remote and not person.trouble(system)
    }
    own = tuple(key for key in names if key in {one.remote.remote_id for one in named if one.remote})
    spare = last.remote.remote_id if last is not None and last.remote else ""
    spare = spare if spare in names and spare not in own else ""
    return OwnerPlan(tuple(names), own, spare, bool(named), tuple(missing), names)


def _fallback(plan: OwnerPlan, owner: str) -> str:
    if not owner:
        return Link.OwnerFallback.LOGIN if plan.owners or plan.missing else ""
    if owner == plan.default and plan.names_somebody:
        return Link.OwnerFallback.DEFAULT
    return ""
