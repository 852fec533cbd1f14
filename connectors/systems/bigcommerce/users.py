"""Push contacts as company users: roles with care, moves by a person's word.

A company is never left without an admin or a user: a role that is the last of its
kind stays until another has it. A role of the store's own is kept.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from connectors.mapping import is_blank
from connectors.protocol import Change, Outcome, Status, Way
from connectors.regions import folded
from connectors.systems.bigcommerce import wire
from connectors.systems.bigcommerce.children import Children
from connectors.systems.bigcommerce.crews import Crews
from connectors.systems.bigcommerce.errors import Refused, Why, garbage
from connectors.systems.bigcommerce.mapping import ROLES, USER, USER_KEY
from connectors.systems.bigcommerce.people import People, emails
from connectors.systems.bigcommerce.readings import ADMIN, JUNIOR
from connectors.systems.bigcommerce.records import unlinked
from connectors.systems.bigcommerce.store_lists import StoreList
from connectors.systems.bigcommerce.talk import MOVE, Plan, Talk
from connectors.systems.bigcommerce.user_matching import EMAIL, UserFinder
from connectors.systems.bigcommerce.users_bulk import LEAST, Bulk, new_user
from connectors.systems.bigcommerce.words import (
    customers_own,
    keeps_role,
    last_admin,
    last_one,
    move,
    stays_admin,
)

ROLE, ROLE_NAME, COMPANY = "role", "companyRoleName", "companyId"
FRESH_S = 60.0  # who is not in the list is no customer of the store either: that is asked each time
PLAIN_ROLES = frozenset({"admin", "seniorbuyer", "juniorbuyer"})


class Users(Children):
    """Push the contacts of one batch; those that are new go together."""

    entity, least = USER, LEAST

    def __init__(self, talk: Talk, changes: Sequence[Change]) -> None:
        super().__init__(talk, changes)
        self.people = People(talk, emails(changes, EMAIL))
        self.crews = Crews(talk.client)
        new = unlinked(changes)
        self.listing = StoreList(talk, "contact", len(new), len({one.parent_id for one in new}), FRESH_S)
        self.finder = self.known = UserFinder(talk, self.people, self.crews, changes, self.listing)
        self.bulk = Bulk(talk, self.listing, crews=self.crews)

    def _own(self, plan: Plan) -> Outcome:
        outcome = self._change(plan.change, plan.remote_id, self.talk.whole(plan.change), with_key=True)
        # The user whom we made along with the company; see `UserFinder.met`.
        is_made = plan.remote_id in self.known.first and outcome.status is Status.UPDATED
        return replace(outcome, status=Status.CREATED) if is_made else outcome

    def _goes_with(self, change: Change, other: Change) -> bool:
        return self.listing.is_known or other.parent_id == change.parent_id

    def _forget(self, group: Sequence[Change]) -> None:
        for one in group:
            self.plans.pop(one.key, None)
            self.crews.known.pop(one.parent_id, None)
            self.people.forget(str(one.payload.get(EMAIL) or ""))

    def _make(self, change: Change) -> Outcome:
        self.talk.engine.writing([change.key])
        try:
            reply = self.client.write("POST", "/users", new_user(change, self.talk.account))
        except Refused as refused:
            return self._not_made(change, refused)
        user_id = wire.as_id(reply.record.get("userId"))
        if not user_id:
            raise garbage(str(reply.body))
        self.made[change.key] = user_id
        self.crews.wrote(change.parent_id, user_id, {**change.payload, USER_KEY: change.key})
        return self.talk.done(Status.CREATED, user_id, self.talk.lasting(change.payload))

    def _not_made(self, change: Change, refused: Refused) -> Outcome:
        """Look again where the e-mail is said to be taken: it may be by an unanswered create of ours."""
        if refused.why not in (Why.TAKEN, Why.UNIQUE):
            return self.talk.refusal(change, refused)
        email = str(change.payload.get(EMAIL) or "")
        user = self.people.user(email)
        if user is None:
            return self.people.refused(change, email, EMAIL)
        plan = self.known.met(change, wire.as_id(user.get("id")), wire.user(user))
        self.plans[change.key] = plan
        return self._first(change)

    def _change(self, change: Change, user_id: str, fields: Mapping[str, Any], *, with_key: bool) -> Outcome:
        """Write what differs. Who is not there any more is looked for by e-mail, or is gone."""
        try:
            return self._written(change, user_id, fields, with_key=with_key)
        except Refused as refused:
            if refused.status != 404:
                return self._not_changed(change, user_id, refused)
        found = self.people.user(str(change.payload.get(EMAIL) or ""))
        other = wire.as_id(found.get("id")) if found else ""
        plan = self.known.met(change, other, wire.user(found)) if found and other != user_id else None
        if plan is None or plan.outcome is not None:
            return self.talk.lost(change)
        return self._written(change, other, self.talk.whole(change), with_key=True)

    def _not_changed(self, change: Change, user_id: str, refused: Refused) -> Outcome:
        email = str(change.payload.get(EMAIL) or "")
        if EMAIL in change.fields and refused.why is Why.CUSTOMER and self.people.customers_of(email):
            return self.talk.rejected(change, customers_own(email), EMAIL, code=Why.CUSTOMER)
        if refused.why not in (Why.TAKEN, Why.UNIQUE) or EMAIL not in change.fields:
            return self.talk.refusal(change, refused)
        outcome = self.people.refused(change, email, EMAIL)
        return replace(outcome, remote_id=user_id)

    def _written(self, change: Change, user_id: str, fields: Mapping[str, Any], *, with_key: bool) -> Outcome:
        sent = {name: value for name, value in fields.items() if name != COMPANY}
        held = self._held(change, user_id) if with_key or ROLE in sent else {}
        is_last = ROLE in sent and self._is_last_admin(change, user_id, sent[ROLE], held)
        role = "" if is_last or ROLE not in sent else self._kept_role(change, sent[ROLE], held)
        if is_last or role:
            del sent[ROLE]
        key = {USER_KEY: change.key} if with_key and is_blank(held.get(USER_KEY)) else {}
        if sent or key:
            self.talk.engine.writing([change.key])
            self.client.write("PUT", f"/users/{user_id}", wire.body({**sent, **key}))
            self.crews.wrote(change.parent_id, user_id, {**sent, **key})
        if is_last:
            return replace(self.talk.waits(change, stays_admin(change.name), "last_admin"), remote_id=user_id)
        agreed = {**fields, **({ROLE_NAME: role} if role else {})}
        return self.talk.done(Status.UPDATED, user_id, agreed, keeps_role(change.name, role) if role else "")

    def _held(self, change: Change, user_id: str) -> Mapping[str, Any]:
        """Return a user as it stands over there. Raises Refused for one that is not there."""
        known = self.crews.known.get(change.parent_id, {}).get(user_id) or self.known.seen.get(user_id)
        return known or wire.user(self.client.get(f"/users/{user_id}").record)

    def _kept_role(self, change: Change, role: int, held: Mapping[str, Any]) -> str:
        """Return the name of a role of the store's own that stays, "" where ours is sent.

        Such a user is reported as junior buyer; sending `role` alone would take the role
        away. Source: GET /users, `companyRoleId`. Who is made Admin here becomes it there.
        """
        role_id, name = str(held.get("companyRoleId") or ""), str(held.get(ROLE_NAME) or "")
        known = self.talk.account.facts.get(ROLES, {}).get(role_id, {})
        is_plain = folded(name) in PLAIN_ROLES or held.get(ROLE) != JUNIOR
        is_custom = bool(role_id) and bool(known.get("is_custom", not is_plain))
        is_promoted = role == ADMIN and ROLE in change.edited
        return (name or f"number {role_id}") if is_custom and not is_promoted else ""

    def _is_last_admin(self, change: Change, user_id: str, role: int, held: Mapping[str, Any]) -> bool:
        if held.get(ROLE) != ADMIN or role == ADMIN or not change.parent_id:
            return False
        return not self.crews.other_admins(change.parent_id, user_id)

    def _adopt(self, plan: Plan, held: Mapping[str, Any]) -> Outcome:
        """Take a user who was there before us; what differs stays."""
        wish = self.talk.wish(plan.change, plan.remote_id, held, [])
        taken = self.talk.adopted(plan, wish)
        if taken is not None:
            return taken
        outcome = self._change(plan.change, plan.remote_id, wish.fill, with_key=True)
        if outcome.status is not Status.UPDATED:
            return outcome
        note = " ".join(part for part in (self.talk.noted(wish), outcome.message) if part)
        return replace(outcome, message=note)

    def _move(self, change: Change) -> Outcome:
        """Delete the user there and make it below its new company, by a person's word.

        Source: PUT /users, `companyId` is read-only after the create.
        """
        user = self.client.one(f"/users/{change.remote_id}")
        if user is None:
            return self._first(replace(change, remote_id=""))
        there = wire.as_id(user.get(COMPANY))
        if there == change.parent_id:
            return self._change(change, change.remote_id, change.fields, with_key=not change.sure)
        old, new = self._name(there), self._name(change.parent_id)
        if change.choice != MOVE:
            asks, label, consequence = move(change.name, old, new)
            return self.talk.conflict(change, asks, ways=[Way(MOVE, label, consequence)])
        return self._leave(change, there, old, wire.user(user)) or self._arrive(change, f"Deleted in {old}")

    def _name(self, company_id: str) -> str:
        company = self.people.company(company_id) or {}
        return str(company.get("companyName") or f"company {company_id}")

    def _leave(
        self, change: Change, company_id: str, company: str, user: Mapping[str, Any]
    ) -> Outcome | None:
        """Delete a user; return why that can't be, None where it was done."""
        crew = self.crews.of(company_id, fresh=True)
        if not set(crew) - {change.remote_id}:
            return self.talk.rejected(change, last_one(change.name, company), "company", code=Why.LAST_USER)
        if user.get(ROLE) == ADMIN and not self.crews.other_admins(company_id, change.remote_id):
            return self.talk.rejected(change, last_admin(change.name, company), "company", code="last_admin")
        self.talk.engine.writing([change.key])
        try:
            self.client.write("DELETE", f"/users/{change.remote_id}")
        except Refused as refused:
            if refused.why is Why.LAST_USER:
                return self.talk.rejected(change, last_one(change.name, company), "company", code=refused.why)
            if refused.status != 404:
                raise
        return None
