"""Records of a file, or of the control API: what the store is to begin with, or remembers from the last time.

A record with an id was written by this sandbox and comes back exactly as it was. Any other is new: it meets
every rule of the API, what a test need not care about is filled in, and it is left out where it is already
there. Users and addresses may name their company by `companyName`.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..system import ControlError
from . import addresses, companies, customers, users
from .shop import CUSTOM, JUNIOR, Shop, extra_field
from .store import Row, now

# In this order: who is named by others comes first.
KEPT = (
    "extra_field",
    "permission",
    "role",
    "group",
    "super_admin",
    "customer",
    "company",
    "user",
    "address",
    "hook",
)
# What two records have alike if they are the same one.
SAMENESS = {
    "extra_field": ("resource", "fieldName"),
    "permission": ("code",),
    "role": ("name",),
    "group": ("name",),
    "super_admin": ("email",),
    "customer": ("email",),
    "company": ("companyName",),
    "user": ("email",),
    "address": ("companyId", "label", "firstName", "lastName", "addressLine1", "city"),
    "hook": ("scope", "destination"),
}
NEEDED = {
    "extra_field": ("resource", "fieldName"),
    "permission": ("code", "name"),
    "role": ("name",),
    "group": ("name",),
    "super_admin": ("email",),
    "customer": ("email",),
    "hook": ("scope", "destination"),
}
RESOURCES = ("company", "user", "address")
Raw = Mapping[str, Any]


def insert(shop: Shop, entity: str, raw: Raw) -> Row:
    """Store a new record and return its row; raise ControlError or Refusal."""
    _check_shape(raw)
    for name in NEEDED.get(entity, ()):
        if not isinstance(raw.get(name), str) or not raw[name]:
            raise ControlError(400, f"a {entity} needs {name}")
    makers: Mapping[str, Callable[[Shop, Raw], Row]] = {
        "company": _company,
        "user": _user,
        "address": lambda shop, raw: addresses.create(shop, with_pairs(_with_company(shop, raw))),
        "customer": _customer,
        "extra_field": _extra_field,
    }
    if (make := makers.get(entity)) is not None:
        return make(shop, raw)
    return shop.store.add(entity, {**_born(shop, entity), **raw})


def sow(shop: Shop, entity: str, raws: Sequence[Raw]) -> int:
    """Add the records of a file that are not there yet and return how many were added."""
    known = {_sameness(entity, row) for row in shop.store[entity]}
    added = 0
    for raw in raws:
        _check_shape(raw)
        if "id" in raw:
            _put_back(shop, entity, raw)
        elif _sameness(entity, _named(shop, entity, raw)) in known:
            continue
        else:
            known.add(_sameness(entity, insert(shop, entity, raw)))
        added += 1
    return added


def with_pairs(values: Raw) -> dict[str, Any]:
    """Return the values with extraFields as the API takes them, also when they came as an object."""
    filled = dict(values)
    for key in ("extraFields", "userExtraFields"):
        if isinstance(values.get(key), Mapping):
            filled[key] = [{"fieldName": name, "fieldValue": value} for name, value in values[key].items()]
    return filled


def _company(shop: Shop, raw: Raw) -> Row:
    filled = {
        "companyPhone": "555-0100",
        "companyEmail": f"office-{secrets.token_hex(4)}@example.com",
        "country": "United States",
        "adminFirstName": "Ada",
        "adminLastName": "Admin",
        "adminEmail": f"admin-{secrets.token_hex(4)}@example.com",
        "catalogId": 1,
        **with_pairs(raw),
    }
    company, _ = companies.create(shop, filled)
    if "companyStatus" in raw and raw["companyStatus"] != company["companyStatus"]:
        company = companies.set_status(shop, company, raw["companyStatus"])
    if "uuid" in raw:
        company = shop.store.put("company", {**company, "uuid": str(raw["uuid"])})
    return company


def _user(shop: Shop, raw: Raw) -> Row:
    channels = shop.settings.channel_ids[:1]
    filled = {"role": JUNIOR, "channelIds": channels, **with_pairs(_with_company(shop, raw))}
    return users.create(shop, filled)


def _customer(shop: Shop, raw: Raw) -> Row:
    if customers.find(shop, raw["email"]) is not None:
        raise ControlError(400, f"there is a customer {raw['email']} already")
    return customers.add(shop, raw)


def _extra_field(shop: Shop, raw: Raw) -> Row:
    if raw["resource"] not in RESOURCES:
        raise ControlError(400, f"an extra field's resource is one of {', '.join(RESOURCES)}")
    return shop.store.add("extra_field", extra_field(raw))


def _born(shop: Shop, entity: str) -> dict[str, Any]:
    """Return what a new record of a simple kind has beside what is given."""
    moment = now()
    born: Mapping[str, dict[str, Any]] = {
        "role": {"roleType": CUSTOM, "roleLevel": "1", "role": JUNIOR, "permissions": []},
        "permission": {"description": "", "moduleName": ""},
        "super_admin": {"firstName": "", "lastName": ""},
        "hook": {
            "client_id": shop.settings.client_id,
            "headers": {},
            "is_active": True,
            "created_at": moment,
            "updated_at": moment,
        },
    }
    return born.get(entity, {})


def _put_back(shop: Shop, entity: str, raw: Raw) -> None:
    if isinstance(raw["id"], bool) or not isinstance(raw["id"], int) or raw["id"] < 1:
        raise ControlError(400, f"{raw['id']!r} is no id of a {entity}: it is a number")
    if missing := [name for name in SAMENESS[entity] if name not in raw]:
        raise ControlError(400, f"a kept {entity} has {missing[0]}")
    shop.store.put(entity, dict(raw))


def _named(shop: Shop, entity: str, raw: Raw) -> Raw:
    return _with_company(shop, raw) if entity in ("user", "address") else raw


def _with_company(shop: Shop, raw: Raw) -> Raw:
    if "companyName" not in raw:
        return raw
    found = shop.store["company"].having("companyName", raw["companyName"])
    if not found:
        raise ControlError(400, f"there is no company {raw['companyName']!r}")
    rest = {key: value for key, value in raw.items() if key != "companyName"}
    return {"companyId": found[0]["id"], **rest}


def _sameness(entity: str, values: Raw) -> tuple[str, ...]:
    return tuple(str(values.get(name, "")).lower() for name in SAMENESS[entity])


def _check_shape(raw: object) -> None:
    if not isinstance(raw, dict):
        raise ControlError(400, "a record is a JSON object")
