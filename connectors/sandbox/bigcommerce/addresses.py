"""The address book of a company: places, defaults and external ids.

Source: BigCommerce docs, B2B "Addresses". The country goes by its code, its name follows; a state is checked
in some countries and must be left out by code in the others; a default needs its kind in the same request.
"""

from collections.abc import Mapping
from typing import Any

from . import extra_fields
from .errors import with_reasons
from .fields import Field, Reasons, read
from .geography import STATES, country_code, country_name, has_states, state_code, state_of_name
from .shop import Shop
from .store import Row, now
from .users import clash

CHANGEABLE = (
    Field("firstName", least=1, most=100, required=True),
    Field("lastName", least=1, most=100, required=True),
    Field("addressLine1", least=1, most=200, required=True),
    Field("addressLine2", most=200),
    Field("city", least=1, most=100, required=True),
    Field("countryCode", most=2),
    Field("countryName", most=150),
    Field("stateCode", most=50),
    Field("stateName", most=150),
    Field("zipCode", most=50),
    Field("phoneNumber", most=50),
    Field("label", most=255),
    Field("externalId", most=255),
    Field("isBilling", "flag"),
    Field("isShipping", "flag"),
    Field("isDefaultBilling", "flag"),
    Field("isDefaultShipping", "flag"),
)
BORN_WITH = (Field("companyId", "number", required=True), *CHANGEABLE)
EMPTY: Mapping[str, Any] = {field.key: False if field.kind == "flag" else "" for field in CHANGEABLE}
PLACE = ("countryCode", "countryName", "stateCode", "stateName")
DEFAULTS = {"isDefaultBilling": "isBilling", "isDefaultShipping": "isShipping"}
NO_COUNTRY = "At least one of the country and country code is not empty"
BAD_DEFAULT = "Check is default fields and corresponding field."
NO_ADDRESS = "Address matching query does not exist."


def create(shop: Shop, raw: Mapping[str, Any]) -> Row:
    """Store a new address; raise Refusal. The same one twice is two."""
    values, reasons = read(BORN_WITH, raw)
    _check_defaults(values, reasons)
    values.update(_place(values, EMPTY, reasons))
    extra = _extra(shop, raw, reasons, None)
    company = shop.store["company"].get(values.get("companyId"))
    if company is None and "company_id" not in reasons:
        reasons["company_id"] = ["Company does not exist."]  # [M]
    if reasons:
        raise with_reasons(422, reasons)
    extra_fields.refuse_taken(shop, "address", extra, None, clash)
    moment = now()
    stamps = {"createdAt": moment, "updatedAt": moment}
    address = shop.store.add("address", {**EMPTY, **values, "extraFields": extra, **stamps})
    _clear_others(shop, address)
    shop.announce("store/company/address/created", _ids(address))
    return address


def update(shop: Shop, address: Row, raw: Mapping[str, Any]) -> Row:
    """Store the changed values of an address; raise Refusal. Its company stays."""
    values, reasons = read(CHANGEABLE, raw, partial=True)
    _check_defaults(values, reasons)
    if any(key in values for key in PLACE):
        values.update(_place(values, address, reasons))
    if "extraFields" in raw:
        values["extraFields"] = _extra(shop, raw, reasons, address["extraFields"])
    if reasons:
        raise with_reasons(422, reasons)
    extra_fields.refuse_taken(shop, "address", values.get("extraFields", {}), address["id"], clash)
    return store_changed(shop, address, values)


def store_changed(shop: Shop, address: Row, values: Mapping[str, Any]) -> Row:
    """Store checked values and tell whoever hooked it."""
    changed = shop.store.put("address", {**address, "updatedAt": now(), **values})
    _clear_others(shop, changed)
    shop.announce("store/company/address/updated", _ids(changed))
    return changed


def remove(shop: Shop, address: Row) -> None:
    """Delete an address and tell whoever hooked it."""
    shop.store.remove("address", address["id"])
    shop.announce("store/company/address/deleted", _ids(address))


def _ids(address: Row) -> dict[str, int]:
    return {"company_id": address["companyId"], "address_id": address["id"]}


def _check_defaults(values: Mapping[str, Any], reasons: Reasons) -> None:
    if any(values.get(default) and not values.get(kind) for default, kind in DEFAULTS.items()):
        reasons.setdefault("non_field_errors", []).append(BAD_DEFAULT)


def _clear_others(shop: Shop, address: Row) -> None:
    if not shop.settings.new_default_clears_old:
        return
    for other in shop.store["address"].having("companyId", address["companyId"]):
        lost = {name: False for name in DEFAULTS if address[name] and other[name]}
        if lost and other["id"] != address["id"]:
            shop.store.put("address", {**other, **lost, "updatedAt": now()})


def _place(values: Mapping[str, Any], old: Row, reasons: Reasons) -> dict[str, str]:
    """Return country and state in full, of what was sent and what is there; note what cannot be."""
    code = _country(values, old, reasons)
    if code is None:
        return {}
    country = {"countryCode": code, "countryName": country_name(code)}
    moved = code != old["countryCode"]
    sent = {key: values[key] for key in ("stateCode", "stateName") if values.get(key)}
    if not has_states(code):
        if "stateCode" in sent:
            reasons["state_code"] = ["State does not exist."]  # [M] the docs: leave it out
        name = "" if moved else old["stateName"]
        return {**country, "stateCode": "", "stateName": values.get("stateName", name)}
    if not sent and not moved and old["stateCode"]:
        return country
    state = (
        state_code(code, sent["stateCode"])
        if "stateCode" in sent
        else state_of_name(code, sent.get("stateName", ""))
    )
    if state is None:
        name = "state_code" if "stateCode" in sent or not sent else "state_name"
        reasons[name] = ["State does not exist." if sent else "This field is required."]  # [M]
        return {}
    return {**country, "stateCode": state, "stateName": STATES[code][state]}


def _country(values: Mapping[str, Any], old: Row, reasons: Reasons) -> str | None:
    code, name = values.get("countryCode"), values.get("countryName")
    if not code and not name:
        if old["countryCode"] and code is None and name is None:
            return str(old["countryCode"])
        reasons.setdefault("non_field_errors", []).append(NO_COUNTRY)
        return None
    found = country_code(code or name or "")
    wrong = "country_code" if code else "country_name"
    if found is None or (code and found != code.upper()):
        reasons[wrong] = ["Country does not exist."]  # [M]
        return None
    if not code and old["countryCode"] and found != old["countryCode"]:
        reasons["country_code"] = ["This field is required."]  # a changed name needs the code with it
        return None
    return found


def _extra(
    shop: Shop, raw: Mapping[str, Any], reasons: Reasons, old: Mapping[str, str] | None
) -> dict[str, str]:
    try:
        return extra_fields.read(shop, "address", raw.get("extraFields"), old=old)
    except extra_fields.BadExtraField as error:
        reasons["extra_fields"] = [str(error)]
        return {}
