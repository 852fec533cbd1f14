"""Find the address that is a location of ours already, or may be."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connectors.protocol import CREATE, Change
from connectors.regions import folded
from connectors.systems.bigcommerce import wire
from connectors.systems.bigcommerce.mapping import ADDRESS_KEY
from connectors.systems.bigcommerce.store_lists import StoreList
from connectors.systems.bigcommerce.talk import MOVE, Plan, Talk

MAX_KEYS = 20  # in one question: an address must stay short
ALIKE = "same street, city and postal code in the same company"
OWN = "carries this location's id"
_PLACE = (wire.LINES, "city", "zipCode", "countryCode")

Flat = Mapping[str, Any]


@dataclass
class AddressFinder:
    """Plan what is to be done about locations that are not linked yet."""

    talk: Talk
    changes: Sequence[Change]
    listing: StoreList
    by_key: dict[str, dict[str, Flat]] = field(default_factory=dict)  # our key -> addresses by id
    by_company: dict[str, dict[str, Flat]] = field(default_factory=dict)

    def plan(self, change: Change) -> Plan:
        """Return whether an address is ours, to be adopted, to be made, or a person's to choose."""
        if change.choice not in ("", CREATE, MOVE):
            return self._chosen(change)
        if self.decides(change):
            return Plan(change)
        return self.ours(change) or self._alike(change) or Plan(change)

    def decides(self, change: Change) -> bool:
        """Return whether the store's list has no address that may be this location."""
        if not self.listing.decides(change) or self.listing.found("", change.key):
            return False
        return not (change.parent_adopted and self.listing.has_any_of(change.parent_id))

    def ours(self, change: Change, *, fresh: bool = False) -> Plan | None:
        """Return the plan of an address that carries our key, None where there is none."""
        if fresh:
            self.forget(change)
        found = self.own(change)
        if not found:
            return None
        if len(found) == 1:
            return Plan(change, next(iter(found)))
        text = f"{len(found)} addresses in B2B carry this location's id. Choose which one it is."
        records = [self.talk.candidate(one, flat, OWN) for one, flat in found.items()]
        return Plan(change, outcome=self.talk.conflict(change, text, records))

    def forget(self, change: Change) -> None:
        """Ask anew when this location is looked for again."""
        self.by_key.pop(change.key, None)
        self.by_company.pop(change.parent_id, None)

    def own(self, change: Change) -> dict[str, Flat]:
        """Return the addresses of the location's company that carry its key, by id."""
        if change.parent_adopted or change.parent_id in self.by_company:
            found = self._of_company(change.parent_id)
            return {one: flat for one, flat in found.items() if flat.get(ADDRESS_KEY) == change.key}
        if change.key not in self.by_key:
            self._ask(change)
        found = self.by_key.get(change.key, {})
        return {one: flat for one, flat in found.items() if flat.get("companyId") == change.parent_id}

    def _ask(self, change: Change) -> None:
        """Ask for the keys of all new locations of this batch together.

        Source: GET /addresses, `externalId[]`. An answer with others in it means that the
        store does not know the filter: then the company's addresses are read.
        """
        keys = [one.key for one in self.changes if not one.remote_id and one.key not in self.by_key]
        asked = list(dict.fromkeys([change.key, *keys]))[:MAX_KEYS]
        found: dict[str, dict[str, Flat]] = {key: {} for key in asked}
        for address_id, flat in self._listed([("externalId[]", key) for key in asked]):
            if flat.get(ADDRESS_KEY) not in found:
                self.by_key[change.key] = self._of_company(change.parent_id, change.key)
                return
            found[str(flat[ADDRESS_KEY])][address_id] = flat
        self.by_key.update(found)

    def _listed(self, params: Sequence[tuple[str, Any]]) -> Iterator[tuple[str, Flat]]:
        asked: dict[str, Any] = {}
        for name, value in params:
            asked.setdefault(name, []).append(value)
        for record in self.talk.client.listed("/addresses", "addressId", **asked, isIncludeExtraFields="1"):
            yield wire.as_id(record.get("addressId")), wire.address(record)

    def _of_company(self, company_id: str, key: str = "") -> dict[str, Flat]:
        """Return a company's addresses by id, all or those of a key; read once."""
        if company_id not in self.by_company:
            found = self._listed([("companyId", company_id)])
            self.by_company[company_id] = {
                one: flat for one, flat in found if flat.get("companyId") == company_id
            }
        known = self.by_company[company_id]
        return {one: flat for one, flat in known.items() if not key or flat.get(ADDRESS_KEY) == key}

    def _alike(self, change: Change) -> Plan | None:
        """Return the plan where a company that was there before us has this place already."""
        if not change.parent_adopted or change.choice in (CREATE, MOVE):
            return None
        free = {
            one: flat for one, flat in self._of_company(change.parent_id).items() if not flat.get(ADDRESS_KEY)
        }
        same = [one for one, flat in free.items() if _place(flat) == _place(change.payload)]
        if len(same) < 2:
            return Plan(change, same[0], held=free[same[0]]) if same else None
        text = f"{len(same)} addresses of this company in B2B are the same. Choose which one it is."
        records = [self.talk.candidate(one, free[one], ALIKE) for one in same]
        return Plan(change, outcome=self.talk.conflict(change, text, records))

    def _chosen(self, change: Change) -> Plan:
        record = self.talk.client.one(f"/addresses/{change.choice}")
        flat = wire.address(record) if record else {}
        if flat.get("companyId") != change.parent_id:
            text = "The address that was chosen is not there any more. Choose again."
            return Plan(change, outcome=self.talk.conflict(change, text))
        if flat.get(ADDRESS_KEY) == change.key:
            return Plan(change, change.choice)
        return Plan(change, change.choice, held=flat)


def _place(flat: Flat) -> list[str]:
    return [folded(flat.get(name)) for name in _PLACE]
