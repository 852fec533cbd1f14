"""The bodies of addresses, and the call that makes several at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from connectors.mapping import is_blank
from connectors.protocol import Account, Change, Outcome
from connectors.regions import country_code, state
from connectors.systems.bigcommerce import bulk, wire
from connectors.systems.bigcommerce.address_matching import AddressFinder
from connectors.systems.bigcommerce.errors import Refused
from connectors.systems.bigcommerce.extras import filled
from connectors.systems.bigcommerce.mapping import ADDRESS, ADDRESS_KEY
from connectors.systems.bigcommerce.places import is_about_state
from connectors.systems.bigcommerce.states import WITH_STATES

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


@dataclass(kw_only=True)
class Bulk(bulk.Bulk):
    """The bulk calls of addresses. Source: POST /addresses/bulk."""

    finder: AddressFinder

    path = "/addresses/bulk"

    def unique(self, change: Change) -> set[str]:
        """Return our key: nothing else is unique there."""
        return {change.key}

    def body(self, change: Change) -> dict[str, Any]:
        """Return a new address as the request has it."""
        return new_address(change, self.talk.account)

    def refusals(self, call: bulk.Call) -> dict[str, Outcome]:
        """Return the outcomes of the bad ones: a refusal has each one's own slice, in their order."""
        items = call.refused.said.items if call.refused else []
        if call.refused is None or len(items) != len(call.changes):
            return {}
        told: dict[str, Outcome] = {}
        for change, said in zip(call.changes.values(), items, strict=True):
            if said.text and not is_about_state(said):  # that one alone, in the store's own spelling
                own = call.exchange_of(change.key, dict(said.fields) or said.message)
                outcome = self.talk.refusal(change, Refused(call.refused.status, said))
                told[change.key] = replace(outcome, exchange=own)
        return told

    def found(self, calls: Sequence[bulk.Call]) -> dict[str, tuple[str, bulk.Flat]]:
        """Return who is there now: as the answers tell by our keys, else by asking for them."""
        flats = [
            (wire.as_id(record.get("addressId")), wire.address(record))
            for call in calls
            for record in call.stored
        ]
        found: dict[str, tuple[str, bulk.Flat]]
        found = {str(flat.get(ADDRESS_KEY)): (one, flat) for one, flat in flats if one}
        for change in [change for call in calls for change in call.changes.values()]:
            if change.key not in found:
                self.finder.forget(change)
                found.update([(change.key, pair) for pair in self.finder.own(change).items()])
        return found
