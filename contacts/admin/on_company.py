"""The Contacts tab of the company page."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from companies.admin.panels import OVER, ChildGrid, Column, cut, tick
from companies.models import Company
from connectors import entities, leads
from connectors.admin import cells
from connectors.admin.box import Mend
from connectors.models import Connection
from contacts.admin import asking
from contacts.models import Contact


def _set_as_primary(request: HttpRequest, contact: Any) -> SafeString:
    there: Any = admin.site.get_model_admin(Contact)
    if not asking.may_become(there, request, contact):
        return cells.NOTHING
    url = f"{cells.address(Contact, 'primary', contact.pk)}?{OVER}={contact.company_id}"
    return format_html('<a class="cc-button cc-small" href="{}">Set as Primary</a>', url)


def _primary(company: Company, connection: Connection) -> Mend:
    """Return what to do where a system lacks the Primary of a company."""
    lead = leads.find(connection, entities.of(Contact), [company.pk]).get(company.pk)
    if lead is None:
        return Mend("a Primary contact", f"#{GRID.slug}", is_missing=True)
    url = f"{cells.address(Contact, 'change', lead.record.pk)}?{OVER}={company.pk}"
    return Mend(f"{lead.record.name[:80]} (Primary contact)", url, text=lead.barred)


MENDS = {"primary_contact": _primary}
GRID = ChildGrid(
    model=Contact,
    slug="contacts",
    columns=[
        Column("Active", lambda one: tick(one.active, "active")),
        Column("Contact", lambda one: cut(one.name), leads=True),
        Column("Job Title", lambda one: cut(one.job_title)),
        Column("Primary", lambda one: tick(one.is_primary, "Primary")),
        Column("Email", lambda one: cut(one.email)),
        Column("Phone 1", lambda one: cut(one.phone, 40)),
        Column("Role", lambda one: one.get_role_display()),
    ],
    order=["-is_primary", "-active", "last_name", "first_name", "pk"],
    empty="No contacts.",
    pick="pick",
    pick_label="Set as Primary",
    row_tools=_set_as_primary,
)
