"""What a person can fill in, or is asked before something is deleted: one form for each deed.

A form says on which page it stands, what it asks for, and reads back what was typed: of a record that exists
only what is different from what is there, as an API call would send it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from . import extra_fields, users
from .errors import Refusal, flattened
from .fields import snake
from .geography import COUNTRIES, country_code
from .shop import JUNIOR, Shop
from .store import Row
from .words import ROOT, STATUS_WORDS, company_path, full_name, quoted, text

COMPANIES, CUSTOMERS, HOOKS = (f"{ROOT}/page/{name}" for name in ("companies", "customers", "webhooks"))
EXTRA = "extra-"
Options = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing to fill in; its name is the API's for it, or extra- and the id of an extra field."""

    name: str
    label: str
    kind: str = "text"  # text, email, tel, check, choice, lines
    must: bool = False
    most: int = 0
    options: Options = ()


@dataclass(frozen=True, slots=True)
class Form:
    """A form about `row` on the page `home`; `old` is what is there, `preset` what is likely."""

    deed: str
    row: Row
    home: str
    title: str
    button: str
    entries: tuple[Entry, ...] = ()
    old: Mapping[str, str] = field(default_factory=dict)
    preset: Mapping[str, str] = field(default_factory=dict)
    warning: str = ""

    def shown(self, sent: Mapping[str, str] | None, problem: str) -> dict[str, Any]:
        """Return what the template shows: what is there, or what was typed when the form was refused."""
        held = {**self.preset, **self.old} if sent is None else sent
        return {
            "deed": self.deed,
            "id": str(self.row.get("id", "")),
            "title": self.title,
            "button": self.button,
            "warning": self.warning,
            "problem": text(problem),
            "back": self.home,
            "entries": [_entry(each, held.get(each.name, "")) for each in self.entries],
        }

    def record(self, sent: Mapping[str, str]) -> dict[str, Any]:
        """Return what a call of the API would send for what was typed; nothing where nothing is different."""
        # Browsers send a new line as two characters.
        typed = {each.name: sent.get(each.name, "").replace("\r\n", "\n").strip() for each in self.entries}
        new = {name: value for name, value in typed.items() if value != self.old.get(name, "")}
        if not new:
            return {}
        # A default is taken only together with its kind, so all the boxes go.
        boxes = {each.name: bool(typed[each.name]) for each in self.entries if each.kind == "check"}
        plain = {name: value for name, value in new.items() if not name.startswith(EXTRA)}
        return {**plain, **boxes, **self._extra(typed, new)}

    def reasons(self, refusal: Refusal) -> str:
        """Return why the store said no, in its words but with the labels that the form has."""
        if not isinstance(refusal.fields, Mapping):
            return refusal.message
        labels = {snake(each.name): each.label for each in self.entries}
        said = ((labels.get(name), flattened(why)) for name, why in refusal.fields.items())
        return " ".join(f"{label}: {why}" if label else why for label, why in said)

    def _extra(self, typed: Mapping[str, str], new: Mapping[str, str]) -> dict[str, Any]:
        pairs = [
            {"fieldName": each.label, "fieldValue": typed[each.name]}
            for each in self.entries
            if each.name.startswith(EXTRA) and (typed[each.name] or each.name in new)
        ]
        return {"extraFields": pairs} if pairs else {}


def build(shop: Shop, deed: str, key: str) -> Form | None:
    """Return the form for a deed about the record with this id, None where there is no such thing."""
    kind, make = MAKERS.get(deed, ("", None))
    row = shop.store[kind].get(key) if kind else {}
    return None if make is None or row is None else make(shop, row)


PLACE = (
    Entry("addressLine1", "Address Line 1", most=200),
    Entry("addressLine2", "Address Line 2", most=200),
    Entry("city", "City", most=100),
)
COMPANY = (
    Entry("companyName", "Company Name", must=True, most=200),
    Entry("companyEmail", "Company Email", "email", must=True, most=200),
    Entry("companyPhone", "Company Phone", "tel", must=True, most=50),
    *PLACE,
    Entry("state", "State (full name)", most=50),
    Entry("zipCode", "Zip Code", most=50),
)
FIRST_ADMIN = (
    Entry("adminFirstName", "Admin First Name", must=True, most=100),
    Entry("adminLastName", "Admin Last Name", must=True, most=100),
    Entry("adminEmail", "Admin Email", "email", must=True, most=100),
    Entry("adminPhoneNumber", "Admin Phone Number", "tel", most=50),
)
USER = (
    Entry("firstName", "First Name", must=True, most=100),
    Entry("lastName", "Last Name", must=True, most=100),
    Entry("email", "Email", "email", must=True, most=150),
    Entry("phoneNumber", "Phone Number", "tel", most=50),
)
ADDRESS = (
    Entry("label", "Label", most=255),
    Entry("firstName", "First Name", must=True, most=100),
    Entry("lastName", "Last Name", must=True, most=100),
    *PLACE,
    Entry("stateName", "State (full name)", most=150),
    Entry("zipCode", "Zip Code", most=50),
    Entry("phoneNumber", "Phone Number", "tel", most=50),
)
BOXES = (
    Entry("isBilling", "Billing address", "check"),
    Entry("isDefaultBilling", "Default billing address", "check"),
    Entry("isShipping", "Shipping address", "check"),
    Entry("isDefaultShipping", "Default shipping address", "check"),
)
CUSTOMER = (
    Entry("first_name", "First Name", must=True, most=100),
    Entry("last_name", "Last Name", must=True, most=100),
    Entry("email", "Email", "email", must=True, most=250),
    Entry("company", "Company Name", most=255),
    Entry("phone", "Phone", "tel", most=50),
)
LAND: Options = (("", ""), *sorted(COUNTRIES.items(), key=lambda pair: pair[1]))


def _add_company(shop: Shop, row: Row) -> Form:
    entries = (*COMPANY, _land("country"), *FIRST_ADMIN, *_extra(shop, "company"))
    return Form("company-add", row, COMPANIES, "Add Company", "Add company", entries)


def _edit_company(shop: Shop, row: Row) -> Form:
    entries = (*COMPANY, _land("country"), *_extra(shop, "company"))
    old = {**_old(shop, "company", row, entries), "country": country_code(row["country"]) or ""}
    home = company_path(row["id"])
    return Form("company-edit", row, home, "Edit Basic Information", "Save", entries, old)


def company_status(_shop: Shop, row: Row) -> Form:
    """Return the form that changes a company's status; it always stands on its page."""
    choices = tuple((str(number), word) for number, word in STATUS_WORDS.items())
    entry = Entry("companyStatus", "Company Status", "choice", must=True, options=choices)
    old = {"companyStatus": str(row["companyStatus"])}
    home = company_path(row["id"])
    return Form("company-status", row, home, "Company Status", "Change status", (entry,), old)


def _delete_company(shop: Shop, row: Row) -> Form:
    people = len(shop.store["user"].having("companyId", row["id"]))
    places = len(shop.store["address"].having("companyId", row["id"]))
    goes = [f"{places:,} {'address' if places == 1 else 'addresses'}"]
    if shop.settings.users_on_company_delete == "delete":
        goes.insert(0, f"{people:,} company {'user' if people == 1 else 'users'}")
    warning = (
        f"{quoted(row['companyName'])} goes, and with it {' and '.join(goes)}. "
        "The store's customers stay. There is no way back."
    )
    home = company_path(row["id"])
    return Form("company-delete", row, home, "Delete company?", "Delete company", warning=warning)


def _add_user(shop: Shop, row: Row) -> Form:
    entries = (*USER, _role(shop), *_extra(shop, "user"))
    preset = {"companyRoleId": str(shop.predefined(JUNIOR)["id"])}
    home = company_path(row["id"], "users")
    return Form("user-add", row, home, "Add Company User", "Add company user", entries, preset=preset)


def _edit_user(shop: Shop, row: Row) -> Form:
    entries = (*USER, _role(shop), *_extra(shop, "user"))
    role = {"companyRoleId": str(users.role_of(shop, row)["id"])}
    old = {**_old(shop, "user", row, entries), **role}
    home = company_path(row["companyId"], "users")
    return Form("user-edit", row, home, "Edit Company User", "Save", entries, old)


def _delete_user(_shop: Shop, row: Row) -> Form:
    warning = f"{quoted(full_name(row))} ({quoted(row['email'])}) goes. The store's customer stays."
    home = company_path(row["companyId"], "users")
    return Form("user-delete", row, home, "Delete company user?", "Delete company user", warning=warning)


def _add_address(shop: Shop, row: Row) -> Form:
    entries = (*ADDRESS, _land("countryCode"), *BOXES, *_extra(shop, "address"))
    home = company_path(row["id"], "addresses")
    return Form("address-add", row, home, "Add Address", "Add address", entries)


def _edit_address(shop: Shop, row: Row) -> Form:
    entries = (*ADDRESS, _land("countryCode"), *BOXES, *_extra(shop, "address"))
    old = _old(shop, "address", row, entries)
    home = company_path(row["companyId"], "addresses")
    return Form("address-edit", row, home, "Edit Address", "Save", entries, old)


def _delete_address(_shop: Shop, row: Row) -> Form:
    name = row["label"] or row["addressLine1"]
    warning = f"{quoted(name)} goes. Orders and quotes keep its text."
    home = company_path(row["companyId"], "addresses")
    return Form("address-delete", row, home, "Delete address?", "Delete address", warning=warning)


def _add_customer(_shop: Shop, row: Row) -> Form:
    return Form("customer-add", row, CUSTOMERS, "Add Customer", "Add customer", CUSTOMER)


def _delete_hook(_shop: Shop, row: Row) -> Form:
    return Form("hook-delete", row, HOOKS, "Delete webhook?", "Delete webhook")


Maker = Callable[[Shop, Row], Form]
# The deed, the kind of record it is about ("" for none), and its form.
MAKERS: Mapping[str, tuple[str, Maker]] = {
    "company-add": ("", _add_company),
    "company-edit": ("company", _edit_company),
    "company-status": ("company", company_status),
    "company-delete": ("company", _delete_company),
    "user-add": ("company", _add_user),
    "user-edit": ("user", _edit_user),
    "user-delete": ("user", _delete_user),
    "address-add": ("company", _add_address),
    "address-edit": ("address", _edit_address),
    "address-delete": ("address", _delete_address),
    "customer-add": ("", _add_customer),
    "hook-delete": ("hook", _delete_hook),
}


def _entry(entry: Entry, value: str) -> dict[str, Any]:
    options = [{"value": key, "words": words, "chosen": key == value} for key, words in entry.options]
    return {
        "name": entry.name,
        "label": text(entry.label),
        "kind": entry.kind,
        "must": entry.must,
        "most": str(entry.most or ""),
        "value": value,
        "options": options,
    }


def _old(shop: Shop, resource: str, row: Row, entries: tuple[Entry, ...]) -> dict[str, str]:
    old = {each.name: _as_typed(row.get(each.name, "")) for each in entries}
    for definition in extra_fields.definitions(shop, resource):
        old[f"{EXTRA}{definition['id']}"] = row["extraFields"].get(definition["fieldName"], "")
    return old


def _as_typed(value: object) -> str:
    return ("on" if value else "") if isinstance(value, bool) else str(value)


def _land(name: str) -> Entry:
    return Entry(name, "Country", "choice", must=True, options=LAND)


def _role(shop: Shop) -> Entry:
    roles = tuple((str(row["id"]), text(row["name"])) for row in shop.store["role"])
    return Entry("companyRoleId", "Role", "choice", must=True, options=roles)


def _extra(shop: Shop, resource: str) -> tuple[Entry, ...]:
    return tuple(_extra_entry(row) for row in extra_fields.definitions(shop, resource))


def _extra_entry(row: Row) -> Entry:
    kinds = {extra_fields.MULTILINE: "lines", extra_fields.DROPDOWN: "choice"}
    longest = str(row["maximumLength"])
    return Entry(
        f"{EXTRA}{row['id']}",
        row["fieldName"],
        kinds.get(str(row["fieldType"]), "text"),
        must=row["isRequired"],
        most=int(longest) if longest.isdigit() else 0,
        options=(("", ""), *((text(each), text(each)) for each in row["listOfValue"])),
    )
