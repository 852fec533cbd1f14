"""Push companies: look, then make or change, then see what was kept.

The status goes by a call of its own. A company that is not active here is never left
approved there: its status is set right after it was made, and where that fails the
record fails too, with its id known.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from connectors.errors import ConnectorError
from connectors.mapping import is_blank
from connectors.protocol import Change, Exchange, Outcome, Status
from connectors.systems.bigcommerce import wire
from connectors.systems.bigcommerce.companies_bulk import LEAST, Bulk, found_by
from connectors.systems.bigcommerce.company_matching import CompanyFinder
from connectors.systems.bigcommerce.errors import Refused, Why, garbage
from connectors.systems.bigcommerce.extras import filled, lacking, required
from connectors.systems.bigcommerce.mapping import (
    COMPANY,
    COMPANY_KEY,
    FIRST_USER,
    LEAD,
    USER,
    key_extra,
)
from connectors.systems.bigcommerce.options import channels, group_or_catalog, welcomes
from connectors.systems.bigcommerce.people import People, emails
from connectors.systems.bigcommerce.places import Places
from connectors.systems.bigcommerce.readings import ACTIVE
from connectors.systems.bigcommerce.records import Records, unlinked
from connectors.systems.bigcommerce.store_lists import StoreList
from connectors.systems.bigcommerce.talk import HalfwayError, Plan, Talk
from connectors.systems.bigcommerce.words import company_email, halfway, super_admin, unfilled

STATUS, EMAIL = "companyStatus", "companyEmail"
NEVER_EMPTY = ("city", "state", "country")  # Source: PUT /companies: they have a least length


class Companies(Records):
    """Push companies: new ones of a backlog together, in doubt one by one."""

    least = LEAST

    def __init__(self, talk: Talk, changes: Sequence[Change]) -> None:
        super().__init__(talk, changes)
        self.people = People(talk, emails(changes, "adminEmail"))
        self.places = Places(talk.client)
        new = unlinked(changes)
        asks = 2 if key_extra(talk.settings) else 1
        self.listing = StoreList(talk, "company", len(new), asks * len(new))
        self.finder = self.known = CompanyFinder(talk, self.people, self.listing)
        self.bulk = self.several = Bulk(talk, self.listing, finder=self.known, new_company=self._new)

    def plan(self, change: Change) -> Plan:
        """Return what is to be done about a company that is not linked yet. Reads only."""
        if change.key in self.made:
            return Plan(change, self.made[change.key])
        plan = Plan(change) if self._is_nobody(change) else self.finder.plan(self._doubted(change))
        if plan.outcome is None and not plan.remote_id:
            stop = self.talk.not_yet(change) or self._unfilled(change) or self._consent(change)
            return plan if stop is None else Plan(change, outcome=stop)
        return plan

    def _is_nobody(self, change: Change) -> bool:
        return change.key not in self.bulk.alone and self.known.decides(change)

    def _doubted(self, change: Change) -> Change:
        """Return a change as the finder is to see it: one that a bulk call may have made is found by that."""
        in_doubt = change.key in self.bulk.alone | self.listing.doubted
        if in_doubt and self.people.customers_of(str(change.payload.get("adminEmail") or "")):
            return replace(change, sure=False, create_sent=found_by(change))
        return change

    def _first(self, change: Change) -> Outcome:
        self.listing.freshen()
        return super()._first(change)

    def _may_go_together(self, change: Change) -> bool:
        """Return whether a company may be made with others: only who is new for certain, and active."""
        is_active = change.payload.get(STATUS, ACTIVE) == ACTIVE
        return is_active and super()._may_go_together(change) and self._is_nobody(change)

    def _anew(self, plan: Plan) -> Plan:
        """Look for one that a bulk call did not make, or whose answer nobody can tell."""
        if plan.change.key not in self.bulk.alone:
            return plan
        return self.plan(plan.change)

    def _forget(self, group: Sequence[Change]) -> None:
        for one in group:
            self.people.forget(str(one.payload.get("adminEmail") or ""))

    def _own(self, plan: Plan) -> Outcome:
        return self._change(plan.change, plan.remote_id, self.talk.whole(plan.change), with_key=True)

    def _consent(self, change: Change) -> Outcome | None:
        email, name = (str(change.payload.get(field) or "") for field in ("adminEmail", "companyName"))
        return self.people.needs_consent(change, email, name, LEAD)

    def _extras(self, change: Change) -> dict[str, Any]:
        """Return the extra fields of a new company: ours, our key, and the store's own defaults."""
        extra = key_extra(self.talk.settings)
        own = {f"{wire.EXTRA}{extra}": change.key} if extra else {}
        return filled(self.talk.account.facts, COMPANY, {**change.payload, **own})

    def _of_user(self, change: Change) -> dict[str, Any]:
        """Return the extra fields of the company's first user: ours, and the store's own defaults."""
        found = filled(self.talk.account.facts, USER, _as_users(change.payload))
        return {f"{wire.USER_EXTRA}{name.removeprefix(wire.EXTRA)}": value for name, value in found.items()}

    def _unfilled(self, change: Change) -> Outcome | None:
        """Say before any write which extra fields the store wants and nothing here fills."""
        facts = self.talk.account.facts
        of_user = lacking(facts, USER, _as_users(change.payload))
        names = [*lacking(facts, COMPANY, self._extras(change)), *of_user]
        return self.talk.rejected(change, unfilled(names), code="unfilled") if names else None

    def _new(self, change: Change) -> dict[str, Any]:
        """Return a new company as a request has it: no blanks, no status."""
        fields = {name: value for name, value in change.payload.items() if name != STATUS}
        whole = {**fields, **self._extras(change), **self._of_user(change)}
        body = {**wire.body(whole), **self._options()}
        return {name: value for name, value in body.items() if not is_blank(value)}

    def _make(self, change: Change) -> Outcome:
        body = self._new(change)
        self.talk.engine.creating(change.key, found_by(change))
        try:
            reply = self.places.write_company("POST", "/companies", body)
        except Refused as refused:
            return self._not_made(change, refused)
        company_id = wire.as_id(reply.record.get("companyId"))
        if not company_id:
            raise garbage(str(reply.body))
        self.made[change.key] = company_id
        return self._finish(change, company_id, self.client.last)

    def _not_made(self, change: Change, refused: Refused) -> Outcome:
        """Return why a company was refused. Which code a taken e-mail gets is not documented."""
        if self._is_own_email(change, refused):
            return self._email_taken(change)
        email = str(change.payload.get("adminEmail") or "")
        is_about_email = "adminEmail" in refused.said.fields or refused.why in (Why.TAKEN, Why.UNIQUE)
        user = self.people.user(email) if is_about_email else None
        if user is not None:
            return self.people.is_taken(change, email, user, LEAD)
        if refused.why is Why.TAKEN:
            return self.talk.rejected(change, super_admin(email), LEAD, code=Why.TAKEN)
        return self.talk.refusal(change, refused)

    @staticmethod
    def _is_own_email(change: Change, refused: Refused) -> bool:
        """Return whether the company's e-mail is taken, and not its first user's.

        Whether it must be unique is not documented.
        """
        text, fields = refused.said.text.casefold(), refused.said.fields
        emails = [str(change.payload.get(name) or "\n").casefold() for name in (EMAIL, "adminEmail")]
        is_named = EMAIL in fields or "company email" in text or (emails[0] in text and emails[1] not in text)
        return refused.why in (Why.TAKEN, Why.UNIQUE) and is_named and "adminEmail" not in fields

    def _email_taken(self, change: Change) -> Outcome:
        text = company_email(str(change.payload.get(EMAIL) or ""))
        return self.talk.rejected(change, text, "email", code=Why.TAKEN)

    def _options(self) -> dict[str, Any]:
        """Return what the settings say of new companies."""
        settings = self.talk.settings
        found: dict[str, Any] = {"acceptCreationEmail": welcomes(settings), **group_or_catalog(settings)}
        return {**found, "channelIds": channels(settings) or None}

    def _told(self, change: Change) -> Outcome:
        """Finish one that a bulk call made: until then it is known to be half made only."""
        half = self.ready.pop(change.key)
        self.talk.engine.writing([change.key])  # the next call is about this one alone: a cancel may come
        return self._finish(change, half.remote_id, half.exchange, self.several.stored[change.key])

    def _finish(
        self, change: Change, company_id: str, made: Exchange, stored: Mapping[str, Any] | None = None
    ) -> Outcome:
        """Do what a create leaves undone: status, our key, a look at what was stored where none was had."""
        wanted = change.payload.get(STATUS, ACTIVE)
        self.talk.engine.finishing(change.key)
        try:
            if wanted != ACTIVE:
                self._set_status(company_id, wanted)
            note = self._mark(change, company_id)
            if stored is None:
                stored = wire.company(self.client.get(f"/companies/{company_id}").record)
            if stored.get(STATUS) != wanted:
                self._set_status(company_id, wanted)
        except ConnectorError as error:
            text = halfway("Made in B2B", error.message)
            half = Outcome(
                Status.TRANSIENT, company_id, error.code, text, exchange=self.client.last, unsure=True
            )
            raise HalfwayError(half, error) from error
        sent, ignored = self.talk.kept({**change.payload, STATUS: wanted}, {**stored, STATUS: wanted})
        noted = {FIRST_USER: [change.lead_key, change.payload.get("adminEmail")]}
        text = " ".join(part for part in (note, ignored) if part)
        return Outcome(Status.CREATED, company_id, message=text, sent=sent, noted=noted, exchange=made)

    def _mark(self, change: Change, company_id: str) -> str:
        """Write our key, which a create does not take; return a sentence where B2B refuses it.

        Source: POST /companies has no uuid; PUT has.
        """
        try:
            self._put(company_id, {COMPANY_KEY: change.key}, self._extras(change))
        except Refused as refused:
            if refused.status == 404:
                raise
            return "B2B did not take Concord's id for it; it is known by its number there."
        return ""

    def _set_status(self, company_id: str, status: int) -> None:
        self.client.write("PUT", f"/companies/{company_id}/status", {STATUS: status})

    def _put(self, company_id: str, fields: Mapping[str, Any], held: Mapping[str, Any] | None = None) -> None:
        """Write these fields; the store's required extra fields go along, as they are there.

        Source: PUT /companies: "required extra fields must be included on update too".
        """
        along = [name for name in required(self.talk.account.facts, COMPANY) if name not in fields]
        if along and held is None:
            held = wire.company(self.client.get(f"/companies/{company_id}").record)
        stored = held or {}
        kept = {name: stored[name] for name in along if not is_blank(stored.get(name))}
        self.places.write_company("PUT", f"/companies/{company_id}", wire.body({**kept, **fields}))

    def _change(
        self, change: Change, company_id: str, fields: Mapping[str, Any], *, with_key: bool
    ) -> Outcome:
        """Write what differs. What is not there any more is looked for by our key, or is gone."""
        try:
            return self._written(change, company_id, fields, with_key=with_key)
        except Refused as refused:
            if self._is_own_email(change, refused):
                return self._email_taken(change)
            if refused.status != 404:
                raise
        found = self.known.ours(change)
        if found is None or not found.remote_id or found.remote_id == company_id:
            return self.talk.gone(change)
        return self._written(change, found.remote_id, self.talk.whole(change), with_key=True)

    def _written(
        self, change: Change, company_id: str, fields: Mapping[str, Any], *, with_key: bool
    ) -> Outcome:
        held = wire.company(self.client.get(f"/companies/{company_id}").record) if with_key else None
        if held is not None:  # nothing is emptied that is empty: in doubt all that we don't have is named
            fields = {name: value for name, value in fields.items() if value is not None or held.get(name)}
        sent, note = self.talk.cleared(fields, NEVER_EMPTY)
        self.talk.engine.writing([change.key])
        # First the status: a company that is blocked here must not wait for its new phone.
        if STATUS in sent and (held is None or held.get(STATUS) != sent[STATUS]):
            self._set_status(company_id, sent[STATUS])
        body = {**{name: value for name, value in sent.items() if name != STATUS}, **self._key(change, held)}
        if body:
            self._put(company_id, body, held)
        if not sent and note:
            errors = dict.fromkeys(self.talk.mapping.local_names(fields), note)
            return Outcome(Status.REJECTED, company_id, "not_empty", errors=errors)
        return self.talk.done(Status.UPDATED, company_id, sent, note)

    def _key(self, change: Change, held: Mapping[str, Any] | None) -> dict[str, Any]:
        """Return our key where it is to be written: another's uuid is left alone."""
        if held is None:
            return {}
        extra = key_extra(self.talk.settings)
        own = {f"{wire.EXTRA}{extra}": change.key} if extra else {}
        return {**own, **({COMPANY_KEY: change.key} if is_blank(held.get(COMPANY_KEY)) else {})}

    def _adopt(self, plan: Plan, held: Mapping[str, Any]) -> Outcome:
        """Take a company that was there before us; what differs stays, but not an approval."""
        change = plan.change
        is_closed = change.payload.get(STATUS, ACTIVE) != ACTIVE
        wish = self.talk.wish(change, plan.remote_id, held, [STATUS] if is_closed else [])
        taken = self.talk.adopted(plan, wish)
        if taken is not None:
            return taken
        outcome = self._change(change, plan.remote_id, wish.fill, with_key=True)
        if outcome.status is not Status.UPDATED:
            return outcome
        note = " ".join(part for part in (self.talk.noted(wish), outcome.message) if part)
        return self.talk.done(Status.UPDATED, plan.remote_id, outcome.sent, note)


def _as_users(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return the extra fields of a company's first user under the names that a user has them by."""
    start = wire.USER_EXTRA
    ours = {name: value for name, value in payload.items() if name.startswith(start)}
    return {f"{wire.EXTRA}{name.removeprefix(start)}": value for name, value in ours.items()}
