"""What the control API does with the records, in the name of a person who works over there.

The rules of the API hold for it, webhooks go out, and a few more things can be done: the last user of a
company can be deleted, a user can be moved, stamps can be set.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from ..system import ControlError, Desk
from ..wire import Reply
from . import addresses, companies, customers, deeds, seeding, users
from .errors import Refusal
from .shop import Shop
from .store import Row

T = TypeVar("T")
STAMPS = ("createdAt", "updatedAt")
CHANGEABLE = {
    "company": {field.key for field in companies.CHANGEABLE} | {"uuid", "extraFields", "companyStatus"},
    "user": {field.key for field in users.WRITABLE} | {"extraFields"},
    "address": {field.key for field in addresses.CHANGEABLE} | {"extraFields"},
}


class ByHand:
    """The stage hand's half of the stand-in."""

    shop: Shop

    def listing(self, entity: str, *, with_deleted: bool) -> list[dict[str, Any]]:
        """Return the stored records, or the deliveries of webhooks; what is deleted is gone."""
        if entity == "delivery":
            return self.shop.outbox.listing()
        with self.shop.lock:
            return [dict(row) for row in self.shop.store[self._entity(entity)]]

    def create(self, entity: str, records: Sequence[Mapping[str, Any]]) -> list[str]:
        """Store records, all or none, and return their ids."""
        self._entity(entity)
        return self._by_hand(lambda: [str(seeding.insert(self.shop, entity, raw)["id"]) for raw in records])

    def seed(self, entity: str, records: Sequence[Mapping[str, Any]]) -> int:
        """Add the records of a file that are not there yet, all or none, and return how many were added."""
        self._entity(entity)
        return self._by_hand(lambda: seeding.sow(self.shop, entity, records))

    def kept(self) -> dict[str, list[dict[str, Any]]]:
        """Return all records that a file remembers, in the order in which they can be seeded."""
        return {entity: self.listing(entity, with_deleted=True) for entity in seeding.KEPT}

    def change(self, entity: str, key: str, values: Mapping[str, Any]) -> None:
        """Change one record; stamps are set last where they are given."""
        self._by_hand(lambda: self._change(entity, self._existing(entity, key), values))

    def delete(self, entity: str, key: str) -> None:
        """Delete one record, the last user of a company too."""
        self._by_hand(lambda: self._delete(entity, self._existing(entity, key)))

    def perform(self, entity: str, key: str, verb: str, values: Mapping[str, Any]) -> object:
        """Send a delivery again ("repeat"), or move a user to {"companyId": …} ("move")."""
        if (entity, verb) == ("delivery", "repeat"):
            if not key.isdigit() or not self.shop.outbox.repeat(int(key)):
                raise ControlError(404, f"no delivery {key}")
        elif (entity, verb) == ("user", "move"):
            company = self._existing("company", str(values.get("companyId")))
            self._by_hand(lambda: users.move(self.shop, self._existing("user", key), company))
        else:
            raise ControlError(404, "the deeds are delivery/…/repeat and user/…/move")
        return {"id": key}

    def act(self, form: Mapping[str, str], desk: Desk) -> Reply:
        """Do what a form of a page says and return what to show then; raise ControlError."""
        return deeds.act(self.shop, form, desk)

    def settings(self) -> dict[str, Any]:
        """Return the settings in force."""
        return self.shop.settings.as_json()

    def configure(self, changes: Mapping[str, Any]) -> None:
        """Change settings; raise ControlError(400) when one is wrong."""
        try:
            self.shop.configure(changes)
        except (TypeError, ValueError, AttributeError) as error:
            raise ControlError(400, str(error)) from error

    def _entity(self, name: str) -> str:
        if name not in self.shop.store.tables:
            known = ", ".join((*self.shop.store.tables, "delivery"))
            raise ControlError(404, f"no entity {name!r}; known are {known}")
        return name

    def _existing(self, entity: str, key: str) -> Row:
        row = self.shop.store[self._entity(entity)].get(key)
        if row is None:
            raise ControlError(404, f"no {entity} {key}")
        return row

    def _change(self, entity: str, row: Row, values: Mapping[str, Any]) -> None:
        rest = {key: value for key, value in values.items() if key not in STAMPS}
        if entity in CHANGEABLE:
            self._change_told(entity, row, seeding.with_pairs(rest))
        elif entity == "customer":
            customers.change(self.shop, row, _known(row, rest))
        else:
            self.shop.store.put(entity, {**row, **_known(row, rest)})
        if stamps := {key: int(values[key]) for key in STAMPS if key in values}:
            self.shop.store.put(entity, {**self.shop.store[entity].rows[row["id"]], **stamps})

    def _change_told(self, entity: str, row: Row, values: dict[str, Any]) -> None:
        if unknown := sorted(values.keys() - CHANGEABLE[entity]):
            raise ControlError(400, f"a {entity} has no {unknown[0]!r} to change")
        match entity:
            case "company":
                status = values.pop("companyStatus", None)
                if values:
                    row = companies.update(self.shop, row, values)
                if status is not None:
                    companies.set_status(self.shop, row, status)
            case "user":
                users.update(self.shop, row, values)
            case _:
                addresses.update(self.shop, row, values)

    def _delete(self, entity: str, row: Row) -> None:
        match entity:
            case "company":
                companies.remove(self.shop, row)
            case "user":
                users.remove(self.shop, row, last_too=True)
            case "address":
                addresses.remove(self.shop, row)
            case "customer":
                customers.remove(self.shop, row)
            case _:
                self.shop.store.remove(entity, row["id"])

    def _by_hand(self, deed: Callable[[], T]) -> T:
        try:
            with self.shop.work():
                return deed()
        except Refusal as refusal:
            raise ControlError(400, refusal.body) from refusal
        except (TypeError, ValueError) as error:
            raise ControlError(400, str(error)) from error


def _known(row: Row, values: Mapping[str, Any]) -> Mapping[str, Any]:
    if unknown := sorted(values.keys() - (row.keys() - {"id"})):
        raise ControlError(400, f"there is no {unknown[0]!r} to change; known are {', '.join(row)}")
    return values
