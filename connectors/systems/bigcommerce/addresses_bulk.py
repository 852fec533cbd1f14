"""The bodies of addresses, and the call that makes several at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from connectors.mapping import is_blank
from connectors.protocol import Account, Change, Outcome, Status
from connectors.regions import country_code, state
from connectors.systems.bigcommerce import wire
from connectors.systems.bigcommerce.address_matching import AddressFinder
from connectors.systems.bigcommerce.client import MAX_BULK
from connectors.systems.bigcommerce.errors import Refused
from connectors.systems.bigcommerce.extras import filled
from connectors.systems.bigcommerce.mapping import ADDRESS, ADDRESS_KEY
from connectors.systems.bigcommerce.places import is_about_state
from connectors.systems.bigcommerce.states import WITH_STATES
from connectors.systems.bigcommerce.talk import Talk

LEAST = 2
_PLACE = ("countryCode", "stateName")
_DEFAULTS = {"isDefaultBilling": "isBilling", "isDefaultShipping": "isShipping"}


def new_address(change: Change, account: Account) -> dict[str, Any]:
    """Return the body of a new address: no blanks, and our key along."""
    extra = filled(account.facts, ADDRESS, change.payload)
    body = {
        "companyId": wire.as_int(change.parent_id),
        **address_body(change, {**change.payload, **extra}),
        ADDRESS_KEY: change.key,
    }
    return {name: value for name, value in body.items() if not is_blank(value)}


def address_body(change: Change, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return fields of an address as a request has them, with what must go along.

    Source: PUT /addresses: a new country wants its state, a default mark wants the
    purpose it is the default of; `stateCode` only where B2B checks states.
    """
    sent = {name: value for name, value in fields.items() if name != "companyId"}
    if set(_PLACE) & set(sent):
        sent.update({name: fields.get(name, change.payload.get(name)) for name in _PLACE})
    for mark, purpose in _DEFAULTS.items():
        if sent.get(mark):
            sent[purpose] = True
    return {**wire.body(sent), **_state(sent)}


def _state(sent: Mapping[str, Any]) -> dict[str, str]:
    code = country_code(sent.get("countryCode"))
    found = state(code, sent.get("stateName")) if code in WITH_STATES else None
    return {"stateCode": found.code} if found else {}


@dataclass
class Bulk:
    """The bulk calls of one push. `alone`: keys that go alone, since a bulk call did not serve them."""

    talk: Talk
    finder: AddressFinder
    alone: set[str] = field(default_factory=set)

    def make(self, changes: Sequence[Change]) -> dict[str, Outcome]:
        """Make up to ten addresses, of any companies; return the outcomes that are certain, by key.

        A refused call names the bad ones in its order. Whether it stored the others is
        not promised, so they are looked for. Source: POST /addresses/bulk.
        """
        group = list({change.key: change for change in changes}.values())[:MAX_BULK]
        bodies = {change.key: new_address(change, self.talk.account) for change in group}
        self.talk.engine.writing(bodies)
        told: dict[str, Outcome] = {}
        stored: Sequence[wire.Record] = ()
        try:
            stored = self.talk.client.write("POST", "/addresses/bulk", list(bodies.values())).records
        except Refused as refused:
            told = self._refused(group, bodies, refused)
        made = self.talk.client.last
        found = self._found(group, stored)
        for change in group:
            address_id, flat = found.get(change.key, ("", {}))
            if address_id:
                said = replace(made, request=bodies[change.key], answer=dict(flat))
                sent, note = self.talk.kept(self.talk.lasting(change.payload), flat)
                told[change.key] = Outcome(Status.CREATED, address_id, message=note, sent=sent, exchange=said)
        self.alone.update(change.key for change in group if change.key not in told)
        return told

    def _refused(
        self, group: Sequence[Change], bodies: Mapping[str, Any], refused: Refused
    ) -> dict[str, Outcome]:
        """Return the outcomes of the bad ones, each with its own slice of what was said."""
        items, last = refused.said.items, self.talk.client.last
        if len(items) != len(group):
            return {}
        told: dict[str, Outcome] = {}
        for change, said in zip(group, items, strict=True):
            if said.text and not is_about_state(said):  # that one alone, in the store's own spelling
                own = replace(last, request=bodies[change.key], answer=dict(said.fields) or said.message)
                outcome = self.talk.refusal(change, Refused(refused.status, said))
                told[change.key] = replace(outcome, exchange=own)
        return told

    def _found(
        self, group: Sequence[Change], stored: Sequence[wire.Record]
    ) -> dict[str, tuple[str, Mapping[str, Any]]]:
        """Return who is there now: as the answer tells by our keys, else by asking for them."""
        flats: dict[str, Mapping[str, Any]] = {
            wire.as_id(record.get("addressId")): wire.address(record) for record in stored
        }
        found: dict[str, tuple[str, Mapping[str, Any]]]
        found = {str(flat.get(ADDRESS_KEY)): (one, flat) for one, flat in flats.items() if one}
        for change in group:
            if change.key not in found:
                self.finder.forget(change)
                found.update([(change.key, pair) for pair in self.finder.own(change).items()])
        return found
