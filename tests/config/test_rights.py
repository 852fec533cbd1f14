"""Every address of the console, asked by everybody, against one table of who may do what.

A new address fails the first test until it stands in the table: add a line below.
"""

import logging
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings as django_settings
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from pytest_django.fixtures import Settings

from companies.models import Company, CompanyLink, Location, LocationLink
from config import roles
from contacts.models import Contact, ContactLink
from synclog.models import Entry, Run
from tests.factories import B2BFactory, CompanyFactory, ConnectionFactory, UserFactory
from tests.unrendered import without_rendering

pytestmark = pytest.mark.django_db

WHO = ("anonymous", "nobody", "viewer", "operator", "owner", "superuser")

# One sign for each of them, first for GET, then for POST:
#   +  allowed    -  refused (403)    l  sent to log in    m  not by this method (405)    0  not there
# An address goes by its name, or by its pattern where it has none. RECORD stands for each kind of record,
# SENT for each that the example's connection takes: Salesforce's, where no direction can be chosen, and for
# locations the store's.
TABLE = """
index                                  l+++++  l+++++
search                                 l+++++  l+++++
login                                  ++++++  ++++++
logout                                 +mmmmm  ++++++
password_change                        l+++++  l+++++
password_change_done                   l+++++  lmmmmm
autocomplete                           l-++++  lmmmmm
jsi18n                                 l+++++  lmmmmm
view_on_site                           l00000  l00000
app_list                               l0++++  l0++++
(?P<url>.*)$                           l00000  l00000

RECORD_changelist                      l-++++  l-++++
RECORD_add                             l--+++  l--+++
RECORD_change                          l-++++  l--+++
RECORD_delete                          l--+++  l--+++
RECORD_history                         l-++++  l-++++
RECORD_simple_history                  l00000  l00000
RECORD/<path:object_id>/               l+++++  l+++++
RECORD_cells                           l-++++  lmmmmm
SENT_sync                              lmmmmm  l--+++
SENT_enable                            lmmmmm  l--+++
SENT_disable                           lmmmmm  l--+++
SENT_unlink                            lmmmmm  l--+++
SENT_choose                            l-++++  l--+++
contacts_contact_pick                  l+++++  lmmmmm
contacts_contact_primary               l--+++  l--+++
companies_company_family               lmmmmm  l--+++
companies_company_release              lmmmmm  l--+++

synclog_entry_changelist               l-++++  l-++++
synclog_entry_add                      l-----  l-----
synclog_entry_change                   l-++++  l-----
synclog_entry_delete                   l-----  l-----
synclog_entry_history                  l-++++  l-++++
synclog_entry/<path:object_id>/        l+++++  l+++++
synclog_run_changelist                 l-++++  l-++++
synclog_run_add                        l-----  l-----
synclog_run_change                     l-++++  l-++++
synclog_run_delete                     l-----  l-----
synclog_run_history                    l-++++  l-++++
synclog_run/<path:object_id>/          l+++++  l+++++
synclog_run_live                       l-++++  l-++++
synclog_run_retry                      lmmmmm  l--+++
synclog_run_cancel                     lmmmmm  l--+++
synclog_run_rest                       lmmmmm  l--+++

connectors_connection_changelist       l-++++  l-++++
connectors_connection_add              l---++  l---++
connectors_connection_change           l-++++  l---++
connectors_connection_delete           l---++  l---++
connectors_connection_history          l-++++  l-++++
connectors_connection/<path:object_id>/  l+++++  l+++++
connectors_connection_test             lmmmmm  l---++
connectors_connection_pause            lmmmmm  l---++
connectors_connection_resume           lmmmmm  l---++
connectors_connection_retry            lmmmmm  l--+++
connectors_connection_check            lmmmmm  l---++
connectors_connection_mapping          l-++++  lmmmmm
connectors_connection_direction        l---00  l---00
connectors_connection_send             l---++  l---++
connectors_connection_start_over       l---++  l---++
connectors_connection_fetch            lmmmmm  l---00
connectors_connection_hooks            lmmmmm  l---00
connectors_connection_unhook           lmmmmm  l---00
connectors_connection_believe          lmmmmm  l---00
connectors_connection_dismiss_orphan   lmmmmm  l---++
connectors_connection_take_orphan      lmmmmm  l---++
connectors_connection_alert_test       lmmmmm  l---++
connectors_connection_alert_secret     lmmmmm  l---++
connectors_connection_simple_history   l00000  l00000

auth_user_changelist                   l-++++  l-++++
auth_user_add                          l---++  l---++
auth_user_change                       l-++++  l---++
auth_user_password_change              l---++  l---++
auth_user_delete                       l----+  l----+
auth_user_history                      l-++++  l-++++
auth_user_fetch                        lmmmmm  l---++
auth_user_proposals                    l---++  l---++
auth_user/<path:object_id>/            l+++++  l+++++
auth_group_changelist                  l---++  l---++
auth_group_add                         l----+  l----+
auth_group_change                      l---++  l----+
auth_group_delete                      l----+  l----+
auth_group_history                     l---++  l---++
auth_group/<path:object_id>/           l+++++  l+++++
"""
MEANT = {
    "RECORD": ("companies_company", "companies_location", "contacts_contact"),
    "SENT": ("companies_company", "companies_location", "contacts_contact"),
}
QUERIES = {"autocomplete": "?app_label=contacts&model_name=contact&field_name=company&term="}
ROOMS = ("auth", "synclog", "connectors", "companies", "contacts")


@cache
def table() -> dict[str, tuple[str, str]]:
    rows: dict[str, tuple[str, str]] = {}
    for line in filter(None, TABLE.splitlines()):
        name, get, post = line.split()
        kind = re.match("[A-Z]*", name)[0]  # type: ignore[index] # matches "" too
        for one in MEANT.get(kind, ("",)):
            rows[name.replace(kind, one, 1)] = (get, post)
    return rows


def patterns() -> dict[str, str]:
    """Return every address of the console as a pattern, by its name or what stands for it."""
    (console,) = [
        part
        for part in get_resolver().url_patterns
        if isinstance(part, URLResolver) and part.namespace == "admin"
    ]
    return dict(_walk(console, ""))


def _walk(part: URLResolver, before: str) -> Iterator[tuple[str, str]]:
    for one in part.url_patterns:
        here = before + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from _walk(one, here)
        elif isinstance(one, URLPattern):
            yield (
                one.name or f"{before.rstrip('/').replace('/', '_')}{'/' if before else ''}{one.pattern}",
                here,
            )


@dataclass
class Desk:
    """Everybody, and one example of everything that an address may name."""

    examples: dict[str, dict[str, Any]]
    sessions: dict[str, str] = field(default_factory=dict)
    # Each reads the middleware once: one that lets everything pass, one that wants a CSRF token.
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))
    wary: Client = field(
        default_factory=lambda: Client(enforce_csrf_checks=True, raise_request_exception=False)
    )

    def address(self, name: str, pattern: str) -> str:
        """Return the address with examples for its arguments."""
        kind = next((key for key in self.examples if key and name.startswith(key)), "")
        known = self.examples[""] | self.examples[kind]
        if name == "connectors_connection_delete":
            known["object_id"] = known["spare"]
        plain = re.sub(r"\(\?P<(\w+)>[^)]*\)", lambda found: str(known[found[1]]), pattern)
        plain = plain.replace("([^/]+)", str(known["object_id"]))  # of a pattern that names no arguments
        plain = re.sub(r"<(?:\w+:)?(\w+)>", lambda found: str(known[found[1]]), plain)
        return "/admin/" + plain.replace("^", "").replace("$", "") + QUERIES.get(name, "")

    def asks(self, who: str, method: str, address: str, *, token: bool = True) -> str:
        """Return the table's sign for one request. Nothing of it stays."""
        client = self.client if token else self.wary
        client.cookies.clear()
        if who in self.sessions:
            client.cookies[django_settings.SESSION_COOKIE_NAME] = self.sessions[who]
        with transaction.atomic():
            answer = getattr(client, method)(address)
            transaction.set_rollback(True)
        return sign(answer)


def sign(answer: Any) -> str:
    to_login = answer.status_code == 302 and answer["Location"].startswith("/admin/login/")
    if to_login:
        return "l"
    if answer.status_code < 400:
        return "+"
    return {403: "-", 404: "0", 405: "m"}.get(answer.status_code, str(answer.status_code))


@pytest.fixture
def desk(db: None, caplog: pytest.LogCaptureFixture) -> Desk:
    """Somebody of each kind, logged in."""
    caplog.set_level(logging.CRITICAL, logger="django.request")  # each refusal has a traceback: seconds
    roles.give(apps)
    found = Desk(examples())
    for who in WHO[1:]:
        user = UserFactory.create(username=who, password=None, is_superuser=who == "superuser")
        user.groups.set(Group.objects.filter(name=who.capitalize()))
        client = Client()
        client.force_login(user)
        found.sessions[who] = client.cookies[django_settings.SESSION_COOKIE_NAME].value
    return found


def examples() -> dict[str, dict[str, Any]]:
    """Return what fills an address's arguments, by the beginning of its name."""
    account, store = ConnectionFactory.create(), B2BFactory.create()
    spare = ConnectionFactory.create(slug="spare", name="Spare", enabled=False)
    company = CompanyFactory.create()
    location = Location.objects.create(company=company, label="Warehouse")
    contact = Contact.objects.create(company=company, last_name="Z")
    for model, record, row in (
        (CompanyLink, company, account), (LocationLink, location, store), (ContactLink, contact, account),
    ):  # fmt: skip
        model.objects.create(connection=row, record=record, remote_id="x", state="failed", code="gone")  # type: ignore[misc]
    run = Run.objects.create(
        pk=uuid.uuid4(), kind="click", connection_id=account.pk, entity="company", requested=1, rejected=1
    )
    entry = Entry.objects.create(level="INFO", action_type="customer_sync", description="x", run=run.pk)
    return {
        "": {
            "content_type_id": ContentType.objects.get_for_model(Company).pk,
            "object_id": company.pk, "connection_id": account.pk, "app_label": "companies", "url": "nowhere/",
        },
        "companies_company": {"object_id": company.pk},
        "companies_location": {"object_id": location.pk, "connection_id": store.pk},
        "contacts_contact": {"object_id": contact.pk},
        "connectors_connection": {
            "object_id": account.pk, "pk": account.pk, "spare": spare.pk, "orphan_pk": 1,
        },
        "synclog_run": {"object_id": run.pk, "pk": run.pk},
        "synclog_entry": {"object_id": entry.pk},
        "auth_user": {
            "object_id": (user := UserFactory.create(password=None)).pk, "id": user.pk, "pk": account.pk,
        },
        "auth_group": {"object_id": Group.objects.get(name="Viewer").pk},
    }  # fmt: skip


def stored() -> dict[str, list[Any]]:
    models = [model for room in ROOMS for model in apps.get_app_config(room).get_models()]
    return {model._meta.label: list(model._default_manager.order_by("pk").values_list()) for model in models}


def is_asked(name: str, number: int) -> bool:
    """Return whether the person of this number asks this address: of a line's three kinds each asks one."""
    kinds = MEANT["RECORD"]
    at = next((at for at, kind in enumerate(kinds) if name.startswith(kind)), 0)
    rest = name.removeprefix(kinds[at])
    has_others = all(kind + rest in table() for kind in kinds)
    return not has_others or (len(rest) + number) % len(kinds) == at


def test_the_table_names_every_address_and_no_other() -> None:
    addresses, rows = set(patterns()), set(table())

    assert sorted(addresses - rows) == [], "add a line to TABLE for each of these"
    assert sorted(rows - addresses) == [], "these are gone: take their lines out"


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("kinds", [1, pytest.param(3, marks=pytest.mark.slow)])
def test_everybody_may_do_what_the_table_says_and_nothing_else(
    desk: Desk, settings: Settings, method: str, kinds: int
) -> None:
    """With `kinds` 1, each asks a line that stands for three kinds of record of one of them, in turn."""
    without_rendering(settings)  # who may is decided before; that each page renders is said below
    wrong = []
    for name, pattern in patterns().items():
        expected = dict(zip(("get", "post"), table().get(name, ("?", "?")), strict=True))[method]
        address = desk.address(name, pattern)
        for number, (who, sign) in enumerate(zip(WHO, expected, strict=True)):
            if (kinds > 1 or is_asked(name, number)) and (got := desk.asks(who, method, address)) != sign:
                wrong.append(f"{name} ({address}) as {who}: {got}, not {sign}")

    assert not wrong, "\n".join(wrong)


def test_a_look_renders_and_changes_nothing(desk: Desk) -> None:
    before = stored()
    failed = []

    for name, pattern in patterns().items():
        client = Client(raise_request_exception=False)
        client.cookies[django_settings.SESSION_COOKIE_NAME] = desk.sessions["superuser"]
        if client.get(desk.address(name, pattern)).status_code >= 500:
            failed.append(name)

    after = stored()
    assert {model: rows for model, rows in after.items() if rows != before[model]} == {}
    assert not failed


def test_no_post_passes_without_its_token(desk: Desk) -> None:
    passed = [
        name
        for name, pattern in patterns().items()
        if desk.asks("superuser", "post", desk.address(name, pattern), token=False) != "-"
    ]

    assert not passed


@pytest.mark.parametrize(
    "path", ["/companies/register/", "/companies/register/thanks/", "/password/", "/healthz", "/readyz"]
)
def test_these_and_no_others_are_public(client: Client, path: str) -> None:
    assert client.get(path).status_code == 200


def test_every_address_outside_the_console_is_known() -> None:
    outside = [str(part.pattern) for part in get_resolver().url_patterns if isinstance(part, URLPattern)]

    webhook = "webhooks/<slug:kind>/<uuid:public_id>/"
    assert outside == ["", "password/", "companies/register/", "companies/register/thanks/", webhook]
