"""What the control API does with the records, in the name of a colleague over there."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from ..system import ControlError
from . import seeding
from .errors import Refusal
from .org import Org
from .records import Pen
from .schema import SObject
from .values import read_record

T = TypeVar("T")


class ByHand:
    """The stage hand's half of the stand-in; every rule for values holds for it too."""

    org: Org

    def listing(self, entity: str, *, with_deleted: bool) -> list[dict[str, Any]]:
        """Return the stored records with every field that is set."""
        sobject = self._entity(entity)
        with self.org.lock:
            rows = list(self.org.table(sobject).rows.values())
        names = [field.name for field in sobject.fields]
        return [
            {name: row[name] for name in names if row.get(name) is not None}
            for row in rows
            if with_deleted or not row["IsDeleted"]
        ]

    def create(self, entity: str, records: Sequence[Mapping[str, Any]]) -> list[str]:
        """Store records, all or none, and return their ids."""
        sobject = self._entity(entity)
        return self._by_hand(lambda pen: [seeding.insert(self.org, sobject, raw, pen) for raw in records])

    def seed(self, entity: str, records: Sequence[Mapping[str, Any]]) -> int:
        """Add the records of a file that are not there yet, all or none, and return how many were added."""
        sobject = self._entity(entity)
        return self._by_hand(
            lambda pen: seeding.sow(self.org, sobject, records, replace(pen, chooses_ids=True))
        )

    def kept(self) -> dict[str, list[dict[str, Any]]]:
        """Return all records that a file remembers, in the order in which they can be seeded."""
        return {entity: self.listing(entity, with_deleted=True) for entity in seeding.KEPT}

    def change(self, entity: str, key: str, values: Mapping[str, Any]) -> None:
        """Change one record."""
        sobject = self._entity(entity)
        self._by_hand(lambda pen: self.org.records.update(sobject, key, read_record(sobject, values), pen))

    def delete(self, entity: str, key: str) -> None:
        """Delete one record; users can only be deactivated."""
        sobject = self._entity(entity)
        if sobject.find("IsDeleted") is None:
            raise ControlError(
                400, f'a {entity} is never deleted; a User is deactivated with {{"IsActive": false}}'
            )
        self._by_hand(lambda pen: self.org.records.delete(sobject, key, pen))

    def perform(self, entity: str, key: str, verb: str, values: Mapping[str, Any]) -> object:
        """Merge: {"losers": [id, …]}, or {"loser": id}, are deleted and name this record as their master."""
        sobject = self._entity(entity)
        if verb != "merge":
            raise ControlError(404, "the only deed here is merge")
        if sobject.find("MasterRecordId") is None:
            raise ControlError(400, f"no {entity} can be merged")
        losers = _losers(values)
        return {"id": key, "merged": self._by_hand(lambda pen: self._merge(sobject, key, losers, pen))}

    def settings(self) -> dict[str, Any]:
        """Return the settings in force."""
        return {**self.org.settings.as_json(), "api_used": self.org.api_used}

    def configure(self, changes: Mapping[str, Any]) -> None:
        """Change settings; raise ControlError(400) when one is wrong."""
        try:
            self.org.configure(changes)
        except (TypeError, ValueError, AttributeError) as error:
            raise ControlError(400, str(error)) from error

    def _entity(self, name: str) -> SObject:
        for sobject in self.org.schema.values():
            if sobject.name == name:
                return sobject
        known = ", ".join(sobject.name for sobject in self.org.schema.values())
        raise ControlError(404, f"no entity {name!r}; known are {known}")

    def _merge(self, sobject: SObject, master: str, losers: Sequence[str], pen: Pen) -> list[str]:
        return [self.org.records.merge(sobject, master, loser, pen) for loser in losers]

    def _by_hand(self, deed: Callable[[Pen], T]) -> T:
        pen = Pen(self.org.remote_user, allow_save=True, writes_locked_fields=True)
        with self.org.lock:
            self.org.store.begin()
            try:
                return deed(pen)
            except ControlError:
                self.org.store.roll_back(0)
                raise
            except Refusal as refusal:
                self.org.store.roll_back(0)
                missing = refusal.code in ("INVALID_CROSS_REFERENCE_KEY", "ENTITY_IS_DELETED", "MALFORMED_ID")
                raise ControlError(404 if missing else 400, refusal.as_request_error()) from refusal


def _losers(values: Mapping[str, Any]) -> list[str]:
    losers = values.get("losers", [values.get("loser")])
    if not isinstance(losers, list) or not losers or not all(isinstance(each, str) for each in losers):
        raise ControlError(400, 'a merge needs {"losers": [id, …]}')
    return losers
