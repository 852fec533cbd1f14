"""Writing one record: every rule between a value that can be read and a row that is stored.

Source: Salesforce fact sheet, "One record" and "Error codes and what to do".
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from . import duplicates, owners
from .addresses import AddressRules
from .errors import MESSAGES, Refusal, not_found
from .ids import normalised
from .people import full_name
from .schema import COMPOUND, Field, SObject
from .settings import Settings
from .store import Row, Store, Table
from .values import Incoming, checked

PERSONS = frozenset({"Contact", "User"})


@dataclass(frozen=True, slots=True)
class Pen:
    """Who writes, and with which permissions: a caller's headers, or a remote user's hand."""

    user_id: str
    allow_save: bool = False
    with_details: bool = False
    writes_locked_fields: bool = False
    chooses_ids: bool = False


class Records:
    """The write rules over the store; the caller holds the store's lock."""

    def __init__(self, store: Store, settings: Settings, address_rules: AddressRules | None) -> None:
        self.store = store
        self.settings = settings
        self._address_rules = address_rules

    def create(self, sobject: SObject, incoming: Incoming, pen: Pen) -> str:
        """Store a new record and return its id; raise Refusal."""
        chosen = incoming.values.get("Id")
        if chosen is not None and not pen.chooses_ids:
            message = "cannot specify Id in an insert call"
            raise Refusal("INVALID_FIELD_FOR_INSERT_UPDATE", message, fields=["Id"])
        values = self._prepared(sobject, incoming, pen, creating=True)
        key = normalised(chosen or "") or self.store.new_id(sobject)
        born = {**sobject.unticked, **_born(values, key, pen, self.store.now())}
        self._store(sobject, key, born, pen, changed=values)
        return key

    def update(self, sobject: SObject, key: str, incoming: Incoming, pen: Pen) -> None:
        """Change the named fields of a record; raise Refusal, also for one that is deleted or never was."""
        old = self.existing(sobject, key)
        values = self._prepared(sobject, incoming, pen, creating=False)
        now = self.store.now()
        stamps = {"LastModifiedDate": now, "LastModifiedById": pen.user_id, "SystemModstamp": now}
        self._store(sobject, old["Id"], {**old, **values, **stamps}, pen, changed=values)

    def upsert(
        self,
        sobject: SObject,
        field: Field,
        value: Any,
        incoming: Incoming,
        pen: Pen,
        *,
        may_create: bool = True,
    ) -> tuple[str, bool]:
        """Update the record with this external id, or create it; return its id and whether it is new."""
        matches = self.matching(sobject, field, value)
        if len(matches) > 1:
            listed = ", ".join(row["Id"] for row in matches)
            message = f"{field.name}: more than one record found for external id field: [{listed}]"
            raise Refusal("DUPLICATE_EXTERNAL_ID", message, fields=[field.name])
        if matches:
            self.update(sobject, matches[0]["Id"], incoming, pen)
            return matches[0]["Id"], False
        if not may_create:
            raise not_found()
        own_key = {} if field.name == "Id" else {field.name: value}
        return self.create(sobject, Incoming({**incoming.values, **own_key}, incoming.parents), pen), True

    def matching(self, sobject: SObject, field: Field, value: Any) -> list[Row]:
        """Return the living records with this value in a key field."""
        if field.name == "Id":
            return [] if value is None else [self.existing(sobject, value)]
        return self._table(sobject).alive_with(field.name, checked(field, value))

    def delete(self, sobject: SObject, key: str, pen: Pen) -> None:
        """Put a record into the recycle bin; an Account takes its Contacts along."""
        old = self.existing(sobject, key)
        self._bury(sobject, old, pen)
        contacts = self.store.tables["Contact"]
        if sobject.name == "Account" and contacts.has_index("AccountId"):
            for child in contacts.alive_with("AccountId", old["Id"]):
                self._bury(contacts.sobject, child, pen)

    def merge(self, sobject: SObject, winner: str, loser: str, pen: Pen) -> str:
        """Merge as a person does and return the loser's id.

        The loser is deleted and names the winner, its children move, the winner's values stay.
        """
        kept, lost = self.existing(sobject, winner), self.existing(sobject, loser)
        if kept["Id"] == lost["Id"]:
            raise Refusal("INVALID_FIELD", "a record cannot be merged with itself")
        for table in self.store.tables.values():
            for field in table.sobject.fields:
                if field.reference_to == sobject.name and field.name != "MasterRecordId":
                    self._move(table, field.name, lost["Id"], kept["Id"])
        self._bury(sobject, {**self.existing(sobject, loser), "MasterRecordId": kept["Id"]}, pen)
        return str(lost["Id"])

    def existing(self, sobject: SObject, key: str) -> Row:
        """Return the living record of that id, 15 or 18 characters; raise Refusal."""
        full = normalised(key)
        if full is None or not full.startswith(sobject.prefix):
            message = f"{sobject.name} ID: id value of incorrect type: {key}"  # [M]
            raise Refusal("MALFORMED_ID", message, fields=["Id"])
        row = self._table(sobject).rows.get(full)
        if row is None:
            raise Refusal("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
        if row["IsDeleted"]:
            raise Refusal("ENTITY_IS_DELETED", "entity is deleted")
        return row

    def _table(self, sobject: SObject) -> Table:
        return self.store.tables[sobject.name]

    def _prepared(self, sobject: SObject, incoming: Incoming, pen: Pen, *, creating: bool) -> dict[str, Any]:
        sent = {name: value for name, value in incoming.values.items() if name != "Id"}
        fields = {name: sobject.by_name[name.lower()] for name in sent}
        _refuse_locked(fields.values(), pen, creating=creating)
        values = {name: checked(fields[name], value) for name, value in sent.items()}
        for name, (key_field, value) in incoming.parents.items():
            values[name] = self._parent_id(sobject.by_name[name.lower()], key_field, value)
        _refuse_blank(sobject, values, creating=creating)
        if "OwnerId" in values and values["OwnerId"] is None:
            owners.refuse_blank(sobject)
        for name, value in values.items():
            field = sobject.by_name[name.lower()]
            if field.type == "reference" and value is not None:
                self._refuse_bad_reference(sobject, field, value)
        return values

    def _parent_id(self, link: Field, key_field: str, value: Any) -> str:
        parent = self.store.tables[link.reference_to].sobject
        field = parent.find(key_field)
        if field is None or not field.is_key:
            raise Refusal("INVALID_FIELD", f"No such column '{key_field}' on sobject of type {parent.name}")
        matches = self.matching(parent, field, value)
        if len(matches) != 1:
            message = (
                f"Foreign key external ID: {value} not found for field {field.name} in entity {parent.name}"
            )
            raise Refusal("INVALID_FIELD", message)  # [M]
        return str(matches[0]["Id"])

    def _refuse_bad_reference(self, sobject: SObject, field: Field, key: str) -> None:
        target = self.store.tables[field.reference_to]
        if not key.startswith(target.sobject.prefix):
            message = f"{field.label}: id value of incorrect type: {key}"
            raise Refusal("MALFORMED_ID", message, fields=[field.name])
        row = target.rows.get(key)
        if row is None or row["IsDeleted"]:
            code = "INVALID_CROSS_REFERENCE_KEY"
            raise Refusal(code, f"{field.label}: {MESSAGES[code]}", fields=[field.name])
        if field.name == "OwnerId":
            owners.refuse_bad(sobject, row, self.settings.users_without_read)

    def _store(
        self, sobject: SObject, key: str, row: dict[str, Any], pen: Pen, *, changed: Mapping[str, Any]
    ) -> None:
        if self._address_rules is not None:
            creating = key not in self._table(sobject).rows
            row.update(self._address_rules.apply(sobject, row, changed, creating=creating))
        self._refuse_taken(sobject, key, changed)
        if sobject.name in PERSONS:
            row["Name"] = full_name(row)
        self._refuse_duplicate(sobject, row, pen, changed)
        self.store.put(self._table(sobject), key, row)

    def _refuse_duplicate(self, sobject: SObject, row: Row, pen: Pen, changed: Mapping[str, Any]) -> None:
        rule = duplicates.rule_of(sobject, self.settings)
        if rule is None or rule.compares not in changed or (rule.is_soft and pen.allow_save):
            return
        duplicates.refuse(rule, self._table(sobject), row, with_details=pen.with_details)

    def _refuse_taken(self, sobject: SObject, key: str, changed: Mapping[str, Any]) -> None:
        if not self.settings.enforce_unique:
            return
        for name, value in changed.items():
            field = sobject.by_name.get(name.lower())
            if value is None or field is None or not field.unique:
                continue
            for row in self._table(sobject).alive_with(name, value):
                if row["Id"] != key:
                    # The 15-character form stands here in the vendor's messages. [M]
                    where = f"{name} duplicates value on record with id: {row['Id'][:15]}"
                    raise Refusal("DUPLICATE_VALUE", f"duplicate value found: {where}", fields=[name])

    def _bury(self, sobject: SObject, row: Row, pen: Pen) -> None:
        now = self.store.now()
        stamps = {"LastModifiedDate": now, "LastModifiedById": pen.user_id, "SystemModstamp": now}
        self.store.put(self._table(sobject), row["Id"], {**row, "IsDeleted": True, **stamps})

    def _move(self, table: Table, name: str, old: str, new: str) -> None:
        for row in table.alive_with(name, old):
            parent = None if row["Id"] == new else new  # nobody becomes their own parent
            self.store.put(table, row["Id"], {**row, name: parent, "SystemModstamp": self.store.now()})


def _born(values: Mapping[str, Any], key: str, pen: Pen, now: str) -> dict[str, Any]:
    return {
        "OwnerId": pen.user_id,
        **{name: value for name, value in values.items() if value is not None},
        "Id": key,
        "IsDeleted": False,
        "CreatedDate": now,
        "CreatedById": pen.user_id,
        "LastModifiedDate": now,
        "LastModifiedById": pen.user_id,
        "SystemModstamp": now,
    }


def _refuse_locked(fields: Iterable[Field], pen: Pen, *, creating: bool) -> None:
    writable = {
        field.name: field.createable if creating else field.updateable
        for field in fields
        if field.type == COMPOUND or not pen.writes_locked_fields
    }
    locked = [name for name, is_writable in writable.items() if not is_writable]
    if locked:
        message = (
            f"Unable to create/update fields: {', '.join(locked)}. Please check the security settings of "
            "this field and verify that it is read/write for your profile or permission set."
        )
        raise Refusal("INVALID_FIELD_FOR_INSERT_UPDATE", message, fields=locked)


def _refuse_blank(sobject: SObject, values: Mapping[str, Any], *, creating: bool) -> None:
    blank = [name for name in sobject.required if (creating or name in values) and values.get(name) is None]
    if blank:
        message = f"Required fields are missing: [{', '.join(blank)}]"
        raise Refusal("REQUIRED_FIELD_MISSING", message, fields=blank)
