"""Find the company over there that is ours already, or may be.

B2B has no upsert and no key for a repeated create, so this look comes before every
create: by our key, by the first user's e-mail, by the name. Never "the first one":
what is not certain is a person's to decide.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from connectors.mapping import as_text
from connectors.protocol import CREATE, Candidate, Change, Outcome
from connectors.regions import folded
from connectors.systems.bigcommerce import wire
from connectors.systems.bigcommerce.mapping import COMPANY_KEY, LEAD, key_extra
from connectors.systems.bigcommerce.people import People, same_email
from connectors.systems.bigcommerce.store_lists import StoreList
from connectors.systems.bigcommerce.talk import CONSENT, Plan, Talk

MIN_DIGITS = 6  # of a phone that says who somebody is
FOUND_BY = ("adminEmail", "companyName")  # of a create, where its answer is missing
SAME = "same name, and the same e-mail or phone"
NAMED = "same name"
OWN = "carries this company's id"

Flat = Mapping[str, Any]


@dataclass(frozen=True)
class CompanyFinder:
    """Plan what is to be done about companies that are not linked yet."""

    talk: Talk
    people: People
    listing: StoreList

    def plan(self, change: Change) -> Plan:
        """Return whether a company is ours, to be adopted, to be made, or a person's to choose."""
        if change.choice not in ("", CREATE, CONSENT):
            return self._chosen(change)
        return (
            self.ours(change)
            or self._begun(change)
            or self._of_first_user(change)
            or self._alike(change)
            or Plan(change)
        )

    def decides(self, change: Change) -> bool:
        """Return whether the store's lists have nobody who may be this company, or its first user."""
        name = folded(change.payload.get("companyName"))
        if not name or not self.listing.decides(change) or self.listing.found(name, change.key):
            return False
        return not self.people.customers_of(str(change.payload.get("adminEmail") or ""))

    def ours(self, change: Change) -> Plan | None:
        """Return the plan of a company that is found by our key, None where there is none."""
        extra = key_extra(self.talk.settings)
        if not extra:
            return None
        found = self.talk.client.listed(
            "/companies", "companyId", extraFields=f"{extra}:{change.key}",
            extraFieldFilterType="exact-match", isIncludeExtraFields="1",
        )  # fmt: skip
        name = f"{wire.EXTRA}{extra}"
        own = [one for one in found if folded(wire.extras(one).get(name)) == folded(change.key)]
        return self._own(change, own)

    def _own(self, change: Change, own: list[wire.Record]) -> Plan | None:
        if not own:
            return None
        if len(own) == 1:
            return Plan(change, wire.as_id(own[0].get("companyId")))
        text = f"{len(own)} companies in B2B carry this company's id. Choose which one it is."
        return Plan(change, outcome=self._asks(change, text, own, OWN))

    def _chosen(self, change: Change) -> Plan:
        """Return the plan of a company that a person has linked."""
        record = self.talk.client.one(f"/companies/{change.choice}")
        if record is None:
            text = "The company that was chosen is not there any more. Choose again."
            return Plan(change, outcome=self.talk.conflict(change, text))
        return self._met(change, record)

    def _met(self, change: Change, record: wire.Record) -> Plan:
        """Return the plan of one company: ours where it carries our key, else to be adopted."""
        company_id, flat = wire.as_id(record.get("companyId")), wire.company(record)
        if self.key_of(flat) == change.key:
            return Plan(change, company_id)
        return Plan(change, company_id, held=flat)

    def key_of(self, flat: Flat) -> str:
        """Return the key that a company carries, ours or another's; "" for none."""
        extra = key_extra(self.talk.settings)
        values = (flat.get(COMPANY_KEY), flat.get(f"{wire.EXTRA}{extra}") if extra else None)
        return next((text.casefold() for value in values if (text := as_text(value))), "")

    def _begun(self, change: Change) -> Plan | None:
        """Return the plan of a company that an unanswered create of ours made, whatever was edited since.

        Its first user had nobody's e-mail before that create: whoever has it now came with it.
        """
        email, name = (str(change.create_sent.get(field) or "") for field in FOUND_BY)
        user = self.people.user(email) if email and change.choice == "" and not change.sure else None
        record = self.talk.client.one(f"/companies/{wire.as_id(user.get('companyId'))}") if user else None
        if record is None:
            return None
        flat = wire.company(record)
        is_ours = folded(flat.get("companyName")) == folded(name) and self.key_of(flat) in ("", change.key)
        return Plan(change, wire.as_id(record.get("companyId"))) if is_ours else None

    def _of_first_user(self, change: Change) -> Plan | None:
        """Return the plan where the Primary contact's e-mail has a user there already."""
        email = str(change.payload.get("adminEmail") or "")
        # No customer of the store has it, so no user has: see `people`. In doubt B2B itself is asked.
        if change.sure and not self.people.customers_of(email):
            return None
        user = self.people.user(email)
        if user is None:
            return None
        record = self.talk.client.one(f"/companies/{wire.as_id(user.get('companyId'))}")
        flat = wire.company(record) if record else {}
        key = self.key_of(flat)
        is_named = folded(flat.get("companyName")) == folded(change.payload.get("companyName"))
        if record and key == change.key:
            return Plan(change, wire.as_id(record.get("companyId")))
        if record and not key and is_named:
            # An unanswered create of ours: the same name, the same first user, and nobody's key.
            met = self._met(change, record)
            return met if change.sure else Plan(change, met.remote_id)
        if record and not key and not change.sure and change.choice != CREATE:
            text = f"{email} is a user of a company in B2B with another name. Choose whether it is the same."
            return Plan(change, outcome=self._asks(change, text, [record], "its user has the same e-mail"))
        return Plan(change, outcome=self.people.is_taken(change, email, user, LEAD))

    def _alike(self, change: Change) -> Plan | None:
        """Return the plan where companies have the same name.

        Source: GET /companies, `q` finds part of a name; there is no filter by e-mail,
        phone or uuid, so those are compared here.
        """
        name = str(change.payload.get("companyName") or "")
        found = self.talk.client.listed("/companies", "companyId", q=name, isIncludeExtraFields="1")
        same = [one for one in found if folded(one.get("companyName")) == folded(name)]
        flats = [wire.company(one) for one in same]
        keys = [self.key_of(flat) for flat in flats]
        own = [one for one, key in zip(same, keys, strict=True) if key == change.key]
        if own:
            return self._own(change, own)
        if change.choice in (CREATE, CONSENT):
            return None
        close = [one for one, flat in zip(same, flats, strict=True) if is_close(change, flat)]
        return self._decided(change, close, [one for one, key in zip(same, keys, strict=True) if not key])

    def _decided(self, change: Change, close: list[wire.Record], free: list[wire.Record]) -> Plan | None:
        """Return the plan for companies of one name: `close` agree in more, `free` carry nobody's key."""
        if len(close) == 1 and close[0] in free:
            record = self.talk.client.one(f"/companies/{wire.as_id(close[0].get('companyId'))}") or close[0]
            return self._met(change, {**close[0], **record})
        if close:
            text = (
                f"{len(close)} companies in B2B match. Choose which one it is."
                if len(close) > 1
                else "The company in B2B that matches carries the id of another record. Choose what to do."
            )
            return Plan(change, outcome=self._asks(change, text, close, SAME))
        if free:
            text = (
                "A company in B2B has this name, and another e-mail and phone. Choose whether it is the same."
            )
            return Plan(change, outcome=self._asks(change, text, free, NAMED))
        return None

    def _asks(self, change: Change, text: str, records: Iterable[wire.Record], rule: str) -> Outcome:
        return self.talk.conflict(change, text, [self._candidate(one, rule) for one in records])

    def _candidate(self, record: wire.Record, rule: str) -> Candidate:
        made = wire.day(record.get("createdAt"))
        facts = {"Created": made} if made else {}
        return self.talk.candidate(wire.as_id(record.get("companyId")), wire.company(record), rule, facts)


def is_close(change: Change, flat: Flat) -> bool:
    """Return whether e-mail or phone agree; a few digits say nothing."""
    phones = [re.sub(r"\D", "", str(one.get("companyPhone") or "")) for one in (change.payload, flat)]
    is_same_phone = phones[0] == phones[1] and len(phones[0]) >= MIN_DIGITS
    return is_same_phone or same_email(change.payload.get("companyEmail"), flat.get("companyEmail"))
