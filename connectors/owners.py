"""Who shall own a new record over there: never a reason for it to fail.

The record's representative if linked and active there, else the connection's default,
else the system's own choice; below a parent that was there before us, the parent's owner
comes before them. What came instead of what was wanted is said in the log and kept on
the link, so that it can be counted.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.contrib.auth import get_user_model
from django.utils import timezone

from connectors.models import Connection, Link, RemoteUser, UserLink
from connectors.protocol import Outcome, Status

DEFAULT = "the default representative"


@dataclass(frozen=True, slots=True)
class Wish:
    """One of ours who should own a new record: who that is over there, and why it cannot be."""

    name: str
    remote_id: str = ""
    trouble: str = ""  # a sentence's rest: "Dana is inactive in Salesforce"
    is_default: bool = False


@dataclass(frozen=True, slots=True)
class OwnerPlan:
    """Who should own one new record, best first."""

    wishes: tuple[Wish, ...] = ()

    @property
    def owners(self) -> tuple[str, ...]:
        """Return those who may, as remote ids, each once."""
        return tuple(dict.fromkeys(wish.remote_id for wish in self.wishes if not wish.trouble))

    @property
    def names(self) -> dict[str, str]:
        """Return what they are called here, by remote id."""
        return {wish.remote_id: wish.name for wish in reversed(self.wishes) if wish.remote_id}


def plans(connection: Connection, records: Sequence[Any]) -> dict[int, OwnerPlan]:
    """Return the plan of each of these new records, by its pk; two queries for all of them."""
    wanted = {record.pk: record.representatives() for record in records}
    default = connection.default_representative_id
    everybody = {pk for pks in wanted.values() for pk in pks} | ({default} if default else set())
    people = _people(connection, everybody)
    return {pk: _plan(representatives, default, people) for pk, representatives in wanted.items()}


def told(plan: OwnerPlan, outcome: Outcome, system: str, *, parent_decides: bool) -> tuple[Outcome, str]:
    """Return a create's outcome with what is to be said of its owner, and the fallback that it was.

    `parent_decides`: the parent was there before us, so its owner was asked first.
    """
    by_parent = parent_decides and outcome.owner and not outcome.refused_owners
    if by_parent or outcome.status is not Status.CREATED:
        return outcome, ""
    reasons = list(dict.fromkeys(_reasons(plan, outcome)))
    if not reasons:
        return outcome, ""
    got, fallback = _got(plan, outcome.owner, system)
    text = f"{outcome.message} Its owner is {got}: {'; '.join(reasons)}.".strip()
    return replace(outcome, message=text), fallback


def refused(connection: Connection, outcomes: Iterable[Outcome]) -> None:
    """Flag the users whom the other side did not take as owners, until they are fetched again."""
    reasons = {key: why for outcome in outcomes for key, why in outcome.refused_owners.items()}
    for remote_id, why in sorted(reasons.items()):
        rows = RemoteUser.objects.filter(connection=connection, remote_id=remote_id, trouble="")
        rows.update(trouble=why, inactive_since=timezone.now())


def _people(connection: Connection, pks: Iterable[int]) -> dict[int, Wish]:
    system = connection.system.label
    users = get_user_model()._default_manager.in_bulk(list(pks))
    links = UserLink.objects.filter(connection=connection, user__in=users).select_related("remote_user")
    remote = {link.user_id: link.remote_user for link in links}
    return {
        pk: _wish(user.get_full_name() or user.get_username(), remote.get(pk), system)
        for pk, user in users.items()
    }


def _wish(name: str, remote: RemoteUser | None, system: str) -> Wish:
    if remote is None:
        return Wish(name, trouble=f"{name} is not linked to a {system} user")
    if not remote.is_active:
        return Wish(name, remote.remote_id, f"{name} is inactive in {system}")
    return Wish(name, remote.remote_id, f"{name} {remote.trouble}" if remote.trouble else "")


def _plan(representatives: Sequence[int], default: int | None, people: Mapping[int, Wish]) -> OwnerPlan:
    named = [people[pk] for pk in dict.fromkeys(representatives) if pk in people]
    last = people.get(default) if default and default not in representatives else None
    if last is None:
        return OwnerPlan(tuple(named))
    trouble = f"{DEFAULT}, {last.trouble}" if last.trouble else ""
    return OwnerPlan((*named, replace(last, trouble=trouble, is_default=True)))


def _reasons(plan: OwnerPlan, outcome: Outcome) -> Iterator[str]:
    """Yield why each of those who come before the owner that it got is not the one."""
    names, why = plan.names, outcome.refused_owners
    yield from (f"{key} {reason}" for key, reason in why.items() if key not in names)  # the parent's owner
    for wish in plan.wishes:
        if outcome.owner and wish.remote_id == outcome.owner:
            return
        if wish.trouble:
            yield wish.trouble
        elif wish.remote_id in why:
            yield f"{wish.name} {why[wish.remote_id]}"


def _got(plan: OwnerPlan, owner: str, system: str) -> tuple[str, str]:
    """Return who it is, in words, and the kind of fallback: none where the record names that one itself."""
    if not owner:
        return f"Concord's own user in {system}", Link.OwnerFallback.LOGIN
    names_somebody = any(not wish.is_default for wish in plan.wishes)
    wish = next((wish for wish in plan.wishes if wish.remote_id == owner and not wish.trouble), None)
    if wish is not None and wish.is_default and names_somebody:
        return DEFAULT, Link.OwnerFallback.DEFAULT
    return plan.names.get(owner, owner), Link.OwnerFallback.NONE
