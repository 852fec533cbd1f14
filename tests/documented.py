"""What the vendor documents of the calls that Concord makes, and what of a request goes beyond it.

Source: BigCommerce docs, B2B Edition: "Authentication", "Companies", "Users",
"Addresses", and Core "Customers V3", "Webhooks"; read 2026-11. The store ignores unknown keys and
parameters without a word, so nobody but a reader of the request sees them.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from tests.between import Heard

TIMES = {"minModified", "maxModified", "minCreated", "maxCreated"}
PAGE = {"limit", "offset"}
_COMPANY = {
    "companyName", "companyPhone", "companyEmail", "country", "addressLine1", "addressLine2", "city", "state",
    "zipCode", "customerGroupId", "extraFields",
}  # fmt: skip
_USER = {
    "email",
    "firstName",
    "lastName",
    "role",
    "channelIds",
    "companyRoleId",
    "phoneNumber",
    "uuid",
    "extraFields",
}
_ADDRESS = {
    "companyId", "firstName", "lastName", "addressLine1", "addressLine2", "city", "countryName",
    "countryCode", "stateName", "stateCode", "zipCode", "phoneNumber", "label", "externalId", "isBilling",
    "isShipping", "isDefaultBilling", "isDefaultShipping", "extraFields",
}  # fmt: skip
_NEW_USER = _USER | {"companyId", "originChannelId", "acceptWelcomeEmail"}
KEYS: Mapping[str, set[str]] = {
    "POST /companies": _COMPANY
    | {"adminFirstName", "adminLastName", "adminEmail", "adminPhoneNumber", "catalogId", "channelIds"}
    | {"originChannelId", "acceptCreationEmail", "userExtraFields"},
    "POST /companies/bulk": _COMPANY
    | {"adminFirstName", "adminLastName", "adminEmail", "adminPhoneNumber", "catalogId", "channelIds"}
    | {"originChannelId", "acceptWelcomeEmail", "userExtraFields", "catalogName"},
    "PUT /companies/{}": _COMPANY | {"uuid", "priceListAssign"},
    "PUT /companies/{}/status": {"companyStatus"},
    "POST /users": _NEW_USER,
    "POST /users/bulk": _NEW_USER,
    "PUT /users/{}": _USER,
    "POST /addresses": _ADDRESS,
    "POST /addresses/bulk": _ADDRESS,
    "PUT /addresses/{}": _ADDRESS,
    "DELETE /users/{}": set(),
    "DELETE /addresses/{}": set(),
}
PARAMETERS: Mapping[str, set[str]] = {
    "GET /companies": PAGE
    | TIMES
    | {
        "sortBy",
        "orderBy",
        "isIncludeExtraFields",
        "companyStatus",
        "q",
        "extraFields",
        "extraFieldFilterType",
    }
    | {"bcOrderId", "orderId", "bcGroupId", "customerId"},
    "GET /users": PAGE | TIMES | {"companyId", "roles", "email", "channelId", "isIncludeExtraFields", "q"},
    "GET /addresses": PAGE
    | TIMES
    | {
        "companyId",
        "isBilling",
        "isShipping",
        "isIncludeExtraFields",
        "firstName",
        "lastName",
        "address",
        "city",
    }
    | {"country", "state", "zipCode", "phoneNumber", "externalId[]"},
    "GET /companies/extra-fields": PAGE,
    "GET /users/extra-fields": PAGE,
    "GET /addresses/extra-fields": PAGE,
    "GET /companies/roles": PAGE | {"q"},
    "GET /channels": PAGE,  # of lists in general
    "GET /states": {"searchType", "q", "country"},
    "GET core/customers": {"email:in", "id:in", "limit", "page"},
    "GET core/hooks": {"page", "limit", "is_active", "scope", "destination"},
}
NEEDED: Mapping[str, set[str]] = {
    "POST /companies": {"companyName", "companyPhone", "companyEmail", "country", "adminFirstName"}
    | {"adminLastName", "adminEmail", "acceptCreationEmail"},
    "POST /companies/bulk": {"companyName", "companyPhone", "companyEmail", "country", "adminFirstName"}
    | {"adminLastName", "adminEmail", "acceptWelcomeEmail"},
    "POST /users": {"companyId", "email", "firstName", "lastName", "acceptWelcomeEmail"},
    "POST /addresses": {"companyId", "firstName", "lastName", "addressLine1", "countryCode"},
}
# They have a least length, or are needed: an empty text is refused in a change too.
NEVER_BLANK = {
    "companyName", "companyPhone", "companyEmail", "country", "city", "state", "adminPhoneNumber", "email",
    "firstName", "lastName", "addressLine1", "countryCode", "stateCode",
}  # fmt: skip
_OPTIONAL_LINE = ("PUT /companies/{}", "addressLine1")  # up to 200, no least
_TYPES: Mapping[str, type] = {
    "companyId": int, "role": int, "companyStatus": int, "customerGroupId": int, "catalogId": int,
    "companyRoleId": int, "acceptCreationEmail": bool, "acceptWelcomeEmail": bool, "isBilling": bool,
    "isShipping": bool, "isDefaultBilling": bool, "isDefaultShipping": bool, "channelIds": list,
    "extraFields": list, "userExtraFields": list,
}  # fmt: skip
Rule = Callable[[Heard], Iterator[str]]


def faults(heard: Iterable[Heard]) -> list[str]:
    """Return what of these requests the vendor does not document, a sentence each."""
    return [f"{one.call}: {text}" for one in heard for rule in _RULES for text in rule(one)]


def _headers(one: Heard) -> Iterator[str]:
    wanted = {"accept": "application/json", "content-type": "application/json"}
    for name, value in wanted.items():
        if one.headers.get(name) != value:
            yield f"{name} is {one.headers.get(name)!r}"
    if not one.headers.get("x-auth-token"):
        yield "no X-Auth-Token"
    if not one.call.partition(" ")[2].startswith("core") and not one.headers.get("x-store-hash"):
        yield "no X-Store-Hash"
    for name in ("authtoken", "authorization", "cookie"):
        if name in one.headers:
            yield f"sends {name}"


def _parameters(one: Heard) -> Iterator[str]:
    known = PARAMETERS.get(one.call, set())
    for name, value in one.query:
        if name not in known:
            yield f"parameter {name} is not documented"
        least = 2 if one.call == "GET /addresses" else 1
        if name == "limit" and one.call != "GET core/customers" and not least <= int(value) <= 200:
            yield f"limit is {value}"
        if name == "isIncludeExtraFields" and value not in ("0", "1"):
            yield f"isIncludeExtraFields is {value}"
        if name == "extraFields" and ":" not in value:
            yield f"extraFields is {value}, not Name:Value"


def _route(one: Heard) -> Iterator[str]:
    if one.method != "GET" and one.call not in KEYS:
        yield "is not a call that is needed"
    if one.call.endswith("/bulk") and not 1 <= len(one.records) <= 10:
        yield f"{len(one.records)} records in one call"


def _keys(one: Heard) -> Iterator[str]:
    if one.method == "GET" and one.raw:
        yield "a GET with a body"
    for record in one.records if one.method != "GET" else ():
        for key in record.keys() - KEYS.get(one.call, set()):
            yield f"{key} is not documented" + (" (snake_case)" if "_" in key else "")
        needed = NEEDED.get(one.call, NEEDED.get(one.call.removesuffix("/bulk"), set()))
        for key in needed - record.keys():
            yield f"{key} is missing"


def _values(one: Heard) -> Iterator[str]:
    for record in one.records:
        for key, value in record.items():
            wanted = _TYPES.get(key, str)
            if type(value) is not wanted:
                yield f"{key} is {value!r}, not {wanted.__name__}"
            if value == [] or (value == "" and (one.method == "POST" or _is_needed(one, key))):
                yield f"{key} is empty"
        for flag in ("Billing", "Shipping"):
            if record.get(f"isDefault{flag}") and not record.get(f"is{flag}"):
                yield f"isDefault{flag} without is{flag}"


def _is_needed(one: Heard, key: str) -> bool:
    return key in NEVER_BLANK and (one.call, key) != _OPTIONAL_LINE


def _extra_fields(one: Heard) -> Iterator[str]:
    for record in one.records:
        for pair in _pairs(record):
            if set(pair) != {"fieldName", "fieldValue"} or not all(
                isinstance(each, str) for each in pair.values()
            ):
                yield f"extra field {pair}"


def _pairs(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [*record.get("extraFields", ()), *record.get("userExtraFields", ())]


def _path(one: Heard) -> Iterator[str]:
    if re.search(r"//|%2F|None", one.path):
        yield f"odd path {one.path}"


_RULES: tuple[Rule, ...] = (_headers, _parameters, _route, _keys, _values, _extra_fields, _path)
