"""Push locations as company addresses.

Nothing is unique there and nothing keeps a repeated create from making a second
address, so our key (externalId) is looked for before every create.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from connectors.mapping import is_blank
from connectors.protocol import Change, Outcome, Status, Way
from connectors.systems.bigcommerce import wire
from connectors.systems.bigcommerce.address_matching import MAX_KEYS, AddressFinder
from connectors.systems.bigcommerce.addresses_bulk import LEAST, Bulk, address_body, new_address
from connectors.systems.bigcommerce.children import Children
from connectors.systems.bigcommerce.errors import Refused, garbage
from connectors.systems.bigcommerce.mapping import ADDRESS, ADDRESS_KEY
from connectors.systems.bigcommerce.places import Places
from connectors.systems.bigcommerce.records import unlinked
from connectors.systems.bigcommerce.store_lists import StoreList
from connectors.systems.bigcommerce.talk import MOVE, Plan, Talk
from connectors.systems.bigcommerce.words import move_address

COMPANY = "companyId"
FRESH_S = 60.0  # who else would make an address with our key, or in a company that had none?


class Addresses(Children):
    """Push the locations of one batch; new ones go together, of whatever companies."""

    entity, least = ADDRESS, LEAST

    def __init__(self, talk: Talk, changes: Sequence[Change]) -> None:
        super().__init__(talk, changes)
        new = unlinked(changes)
        adopted = {one.parent_id for one in new if one.parent_adopted}
        saves = math.ceil(len(new) / MAX_KEYS) + len(adopted)
        self.listing = StoreList(talk, "location", len(new), saves, FRESH_S)
        self.finder = self.addresses = AddressFinder(talk, changes, self.listing)
        self.bulk = Bulk(talk, self.listing, finder=self.addresses)
        self.places = Places(talk.client)

    def _own(self, plan: Plan) -> Outcome:
        whole = self.talk.whole(plan.change)
        return self._change(plan.change, plan.remote_id, whole, with_key=False)  # found by it

    def _forget(self, group: Sequence[Change]) -> None:
        for one in group:
            self.plans.pop(one.key, None)
            self.addresses.forget(one)

    def _make(self, change: Change) -> Outcome:
        self.talk.engine.writing([change.key])
        reply = self.places.write("POST", "/addresses", new_address(change, self.talk.account))
        address_id = wire.as_id(reply.record.get("addressId"))
        if not address_id:
            raise garbage(str(reply.body))
        self.made[change.key] = address_id
        return self.talk.done(Status.CREATED, address_id, self.talk.lasting(change.payload))

    def _change(
        self, change: Change, address_id: str, fields: Mapping[str, Any], *, with_key: bool
    ) -> Outcome:
        """Write what differs. What is not there any more is looked for by our key, or is gone."""
        try:
            return self._written(change, address_id, fields, with_key=with_key)
        except Refused as refused:
            if refused.status != 404:
                raise
        plan = self.addresses.ours(change, fresh=True)
        if plan is None or not plan.remote_id or plan.remote_id == address_id:
            return self.talk.lost(change)
        return self._written(change, plan.remote_id, self.talk.whole(change), with_key=False)

    def _written(
        self, change: Change, address_id: str, fields: Mapping[str, Any], *, with_key: bool
    ) -> Outcome:
        body = address_body(change, fields)
        if with_key and self._may_have_key(change, address_id):
            body[ADDRESS_KEY] = change.key
        if body:
            self.talk.engine.writing([change.key])
            self.places.write("PUT", f"/addresses/{address_id}", body)
        return self.talk.done(Status.UPDATED, address_id, fields)

    def _may_have_key(self, change: Change, address_id: str) -> bool:
        """Return whether an address carries no other id. Raises Refused for one that is not there."""
        held = wire.address(self.client.get(f"/addresses/{address_id}").record)
        return is_blank(held.get(ADDRESS_KEY)) or held.get(ADDRESS_KEY) == change.key

    def _adopt(self, plan: Plan, held: Mapping[str, Any]) -> Outcome:
        """Take an address that was there before us; what differs stays."""
        wish = self.talk.wish(plan.change, plan.remote_id, held, [])
        taken = self.talk.adopted(plan, wish)
        if taken is not None:
            return taken
        outcome = self._change(plan.change, plan.remote_id, wish.fill, with_key=True)
        return (
            replace(outcome, message=self.talk.noted(wish)) if outcome.status is Status.UPDATED else outcome
        )

    def _move(self, change: Change) -> Outcome:
        """Delete the address there and make it below its new company, by a person's word."""
        record = self.client.one(f"/addresses/{change.remote_id}")
        if record is not None and wire.as_id(record.get(COMPANY)) == change.parent_id:
            return self._change(change, change.remote_id, change.fields, with_key=not change.sure)
        if record is not None and change.choice != MOVE:
            asks, label, consequence = move_address(change.name)
            return self.talk.conflict(change, asks, ways=[Way(MOVE, label, consequence)])
        if record is not None:
            self.talk.engine.writing([change.key])
            self.client.write("DELETE", f"/addresses/{change.remote_id}")
        return self._arrive(change, "Deleted at the old company")
