"""The fields that a merchant adds: their definitions, and the values that records bring.

Source: BigCommerce docs, "Extra fields" of companies, users and addresses: values go by the field's name and
are text, a required one is asked for also on update, a taken unique one is a 409 or a 422. [M] wordings.
"""

from collections.abc import Callable, Mapping
from typing import Any

from .errors import Refusal
from .shop import Shop
from .store import Row

TEXT, MULTILINE, NUMBER, DROPDOWN = "0", "1", "2", "3"
TYPE_WORDS = {TEXT: "text", MULTILINE: "multilineText", NUMBER: "number", DROPDOWN: "dropdown"}
ONE_OF_TWO = "Both fieldName and fieldValue are required."
Values = dict[str, str]


class BadExtraField(ValueError):
    """A value that cannot be; its text says which and why."""


def definitions(shop: Shop, resource: str) -> list[Row]:
    """Return the definitions for companies, users or addresses."""
    return shop.store["extra_field"].having("resource", resource)


def read(shop: Shop, resource: str, raw: object, *, old: Mapping[str, str] | None = None) -> Values:
    """Return all values after what was sent; raise BadExtraField. Undefined names are passed over."""
    sent = _pairs(raw)
    values = dict(old or {})
    for each in definitions(shop, resource):
        name = each["fieldName"]
        if name in sent:
            _check(each, sent[name])
            values[name] = sent[name]
        if each["isRequired"] and not sent.get(name):
            raise BadExtraField(f"{name} is required.")
    return values


def refuse_taken(
    shop: Shop,
    resource: str,
    values: Mapping[str, str],
    own_id: int | None,
    clash: Callable[[int, str], Refusal],
) -> None:
    """Raise the Refusal that `clash` makes when another record has the value of a unique field."""
    for each in definitions(shop, resource):
        name = each["fieldName"]
        value = values.get(name)
        if not each["isUnique"] or not value:
            continue
        for row in shop.store[resource]:
            if row["id"] != own_id and row["extraFields"].get(name) == value:
                raise clash(
                    shop.settings.unique_extra_field_status, f"The value of {name} already exists: {value}"
                )


def shown(shop: Shop, resource: str, values: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the values as answers have them, one for each definition."""
    return [
        {
            "fieldName": each["fieldName"],
            "fieldValue": values.get(each["fieldName"], each["defaultValue"]),
            "labelName": each["fieldName"],
            "isRequired": "1" if each["isRequired"] else "0",
            "dataType": each["fieldType"],
            "fieldType": TYPE_WORDS[str(each["fieldType"])],
        }
        for each in definitions(shop, resource)
    ]


def as_config(row: Row) -> dict[str, Any]:
    """Return a definition as the configuration endpoints have it: isRequired is a boolean there."""
    return {key: value for key, value in row.items() if key != "resource"}


def _pairs(raw: object) -> Values:
    if raw is None:
        return {}
    if not isinstance(raw, list):
        raise BadExtraField('Expected a list of items but got type "dict".')
    found: Values = {}
    for each in raw:
        if not isinstance(each, Mapping) or "fieldName" not in each or each.get("fieldValue") is None:
            raise BadExtraField(ONE_OF_TWO)
        if isinstance(each["fieldValue"], (bool, list, dict)):
            raise BadExtraField(f"{each['fieldName']}: Not a valid string.")
        found[str(each["fieldName"])] = str(each["fieldValue"])
    return found


def _check(definition: Row, value: str) -> None:
    name, kind = definition["fieldName"], str(definition["fieldType"])
    longest = definition["maximumLength"]
    if kind in (TEXT, MULTILINE) and longest and len(value) > int(longest):
        raise BadExtraField(f"{name}: Ensure this field has no more than {longest} characters.")
    if kind == NUMBER and value:
        _check_number(definition, value)
    if kind == DROPDOWN and value and value not in definition["listOfValue"]:
        raise BadExtraField(f'{name}: "{value}" is not a valid choice')


def _check_number(definition: Row, value: str) -> None:
    name, most = definition["fieldName"], definition["maximumValue"]
    try:
        number = float(value)
    except ValueError:
        raise BadExtraField(f"{name}: A valid number is required.") from None
    if most and number > float(most):
        raise BadExtraField(f"{name}: Ensure this value is less than or equal to {most}.")
