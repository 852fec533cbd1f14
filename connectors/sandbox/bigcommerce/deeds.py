"""What a person does on a page: the same as the API's call for it would, webhooks and refusals too."""

from collections.abc import Callable, Mapping
from typing import Any

from ..system import ControlError, Desk
from ..wire import Reply, redirect, whole_number
from . import addresses, companies, core_customers, customers, forms, pages, users
from .errors import Refusal, email_taken, with_reasons
from .fields import read
from .shop import Shop
from .store import Row
from .words import ROOT, company_path

REPEAT = "delivery-repeat"
NOTHING_THERE = "What this button is for is not there (any more)."
Values = Mapping[str, Any]


def act(shop: Shop, sent: Mapping[str, str], desk: Desk) -> Reply:
    """Do what a form says and lead to what there is then; show a refused form again, with the reason.

    Raises ControlError where there is nothing that it could be done to.
    """
    deed, key = sent["deed"], sent.get("id", "")
    if deed == REPEAT:
        return redirect(_repeat(shop, key))
    with shop.lock:
        form = forms.build(shop, deed, key)
        if form is None:
            raise ControlError(404, NOTHING_THERE)
        try:
            with shop.work():
                return redirect(DOERS[deed](shop, form.row, form.record(sent)))
        except Refusal as refusal:
            return pages.refused(shop, form, sent, refusal, desk)


def _repeat(shop: Shop, key: str) -> str:
    if not shop.outbox.repeat(whole_number(key) or 0):
        raise ControlError(404, NOTHING_THERE)
    return forms.HOOKS


def _add_company(shop: Shop, _row: Row, values: Values) -> str:
    # On a store with Dependent Companies a price list is asked for; there is nothing to choose from.
    company, _ = companies.create(shop, {"catalogId": 1, **values})
    return company_path(company["id"])


def _edit_company(shop: Shop, row: Row, values: Values) -> str:
    if values:
        companies.update(shop, row, values)
    return company_path(row["id"])


def _set_status(shop: Shop, row: Row, values: Values) -> str:
    if values:
        companies.set_status(shop, row, values["companyStatus"])
    return company_path(row["id"])


def _delete_company(shop: Shop, row: Row, _values: Values) -> str:
    companies.remove(shop, row)
    return forms.COMPANIES


def _add_user(shop: Shop, row: Row, values: Values) -> str:
    channels = shop.settings.channel_ids[:1]
    user = users.create(shop, {"companyId": row["id"], "channelIds": channels, **values})
    return f"{ROOT}/user/{user['id']}"


def _edit_user(shop: Shop, row: Row, values: Values) -> str:
    if values:
        users.update(shop, row, values)
    return f"{ROOT}/user/{row['id']}"


def _delete_user(shop: Shop, row: Row, _values: Values) -> str:
    users.remove(shop, row)
    return company_path(row["companyId"], "users")


def _add_address(shop: Shop, row: Row, values: Values) -> str:
    address = addresses.create(shop, {"companyId": row["id"], **values})
    return f"{ROOT}/address/{address['id']}"


def _edit_address(shop: Shop, row: Row, values: Values) -> str:
    if values:
        addresses.update(shop, row, values)
    return f"{ROOT}/address/{row['id']}"


def _delete_address(shop: Shop, row: Row, _values: Values) -> str:
    addresses.remove(shop, row)
    return company_path(row["companyId"], "addresses")


def _add_customer(shop: Shop, _row: Row, raw: Values) -> str:
    values, reasons = read(core_customers.FIELDS, raw)
    if reasons:
        raise with_reasons(422, reasons)
    if customers.find(shop, values["email"]) is not None:
        raise email_taken(values["email"])
    customers.add(shop, values)
    return forms.CUSTOMERS


def _delete_hook(shop: Shop, row: Row, _values: Values) -> str:
    shop.store.remove("hook", row["id"])
    return forms.HOOKS


DOERS: Mapping[str, Callable[[Shop, Row, Values], str]] = {
    "company-add": _add_company,
    "company-edit": _edit_company,
    "company-status": _set_status,
    "company-delete": _delete_company,
    "user-add": _add_user,
    "user-edit": _edit_user,
    "user-delete": _delete_user,
    "address-add": _add_address,
    "address-edit": _edit_address,
    "address-delete": _delete_address,
    "customer-add": _add_customer,
    "hook-delete": _delete_hook,
}
