"""Objects and fields: what may be written, and how describe tells it.

Source: Salesforce fact sheet, "Fields (recorded describes)".
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

BOOLEAN_TYPES = frozenset({"boolean"})
NUMBER_TYPES = frozenset({"int", "double", "currency", "percent"})
COMPOUND = "address"  # the type of a field that shows others as one and is never written
LONG_TEXT_LENGTH = 4000
SOAP_TYPES = {
    "id": "tns:ID",
    "reference": "tns:ID",
    "boolean": "xsd:boolean",
    "int": "xsd:int",
    "double": "xsd:double",
    "currency": "xsd:double",
    "date": "xsd:date",
    "datetime": "xsd:dateTime",
    COMPOUND: "urn:address",
}


@dataclass(frozen=True, slots=True)
class Field:
    """One column of an object."""

    name: str
    label: str
    type: str = "string"
    length: int = 0
    required: bool = False
    createable: bool = True
    updateable: bool = True
    external_id: bool = False
    unique: bool = False
    case_sensitive: bool = False
    id_lookup: bool = False
    defaulted: bool = False
    indexed: bool = False
    reference_to: str = ""
    relationship: str = ""
    picklist: tuple[str, ...] = ()
    restricted: bool = False
    choices: tuple[Mapping[str, Any], ...] = ()  # of a picklist whose labels are no values, as described
    controller: str = ""
    digits: int = 0
    compound: str = ""  # the field that shows this one among others
    parts: tuple[tuple[str, str], ...] = ()  # of a compound field: its keys and the fields they show

    @property
    def is_key(self) -> bool:
        """Return whether an upsert may name this field."""
        return self.external_id or self.id_lookup

    @property
    def filterable(self) -> bool:
        """Return whether a WHERE may name this field; long text areas and compounds cannot be filtered."""
        return self.length <= LONG_TEXT_LENGTH and self.type != COMPOUND

    def value_of(self, row: Mapping[str, Any]) -> Any:
        """Read this field of a record; a compound without any part is null."""
        if self.type != COMPOUND:
            return row.get(self.name)
        shown = {key: row.get(name) for key, name in self.parts}
        return shown if any(value is not None for value in shown.values()) else None

    def describe(self) -> dict[str, Any]:
        """Return the field as describe tells it."""
        number = self.type in NUMBER_TYPES
        return {
            "name": self.name,
            "label": self.label,
            "type": self.type,
            "soapType": SOAP_TYPES.get(self.type, "xsd:string"),
            "length": self.length,
            "precision": self.digits if number and self.type != "int" else 0,
            "digits": self.digits if self.type == "int" else 0,
            "scale": 0,
            "nillable": not self.required,
            "createable": self.createable,
            "updateable": self.updateable,
            "defaultedOnCreate": self.defaulted,
            "externalId": self.external_id,
            "unique": self.unique,
            "caseSensitive": self.case_sensitive,
            "idLookup": self.id_lookup,
            "filterable": self.filterable,
            "sortable": self.filterable,
            "calculated": False,
            "custom": self.name.endswith("__c"),
            "nameField": self.name == "Name",
            "compoundFieldName": self.compound or None,
            "restrictedPicklist": self.restricted,
            "controllerName": self.controller or None,
            "dependentPicklist": bool(self.controller),
            "picklistValues": self.choices or [choice(value, value) for value in self.picklist],
            "referenceTo": [self.reference_to] if self.reference_to else [],
            "relationshipName": self.relationship or None,
        }


def choice(value: str, label: str, *, valid_for: str | None = None, default: bool = False) -> dict[str, Any]:
    """Describe a value of a picklist."""
    return {"active": True, "defaultValue": default, "label": label, "validFor": valid_for, "value": value}


@dataclass(frozen=True)
class SObject:
    """One object; field names are found in any case, as the API finds them."""

    name: str
    plural: str
    prefix: str
    fields: tuple[Field, ...]
    writable: bool = True
    by_name: Mapping[str, Field] = field(init=False)
    relationships: Mapping[str, Field] = field(init=False)
    required: tuple[str, ...] = field(init=False)
    unticked: Mapping[str, bool] = field(init=False)

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "by_name", {each.name.lower(): each for each in self.fields})
        put(
            self,
            "relationships",
            {each.relationship.lower(): each for each in self.fields if each.relationship},
        )
        must = (each.name for each in self.fields if each.required and each.createable and not each.defaulted)
        put(self, "required", tuple(must))
        put(self, "unticked", {each.name: False for each in self.fields if each.type in BOOLEAN_TYPES})

    def find(self, name: str) -> Field | None:
        """Return the field of that name, whatever its case."""
        return self.by_name.get(name.lower())

    def indexed_fields(self) -> Iterable[Field]:
        """Return the fields that are looked up by value."""
        return (each for each in self.fields if each.indexed or each.is_key or each.unique)

    def brief(self, root: str) -> dict[str, Any]:
        """Return the object as the list of objects tells it."""
        base = f"{root}/sobjects/{self.name}"
        return {
            "name": self.name,
            "label": self.name,
            "labelPlural": self.plural,
            "keyPrefix": self.prefix,
            "custom": self.name.endswith("__c"),
            "createable": self.writable,
            "updateable": self.writable,
            "deletable": self.writable,
            "queryable": True,
            "retrieveable": True,
            "searchable": True,
            "replicateable": True,
            "urls": {"sobject": base, "describe": f"{base}/describe", "rowTemplate": f"{base}/{{ID}}"},
        }

    def describe(self, root: str) -> dict[str, Any]:
        """Return the whole describe answer."""
        return {
            **self.brief(root),
            "fields": [each.describe() for each in self.fields],
            "recordTypeInfos": [],
        }
