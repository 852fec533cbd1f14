"""A new Concord: nothing in it, then companies and a connection that nobody has used yet."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group

from companies.models import Company
from config.demo import rehearsal, rows
from contacts.models import Contact
from tests.screenshots.acts import places
from tests.screenshots.camera import Screen
from tests.screenshots.stage import ADMIN, PASSWORD, VIEWER, Stage

if TYPE_CHECKING:
    from playwright.sync_api import Page

COMPANIES = 120


def play(stage: Stage) -> Iterator[list[Screen]]:
    """Look at the empty console, then at the demo's data before the first call."""
    users = get_user_model()._default_manager
    users.create_superuser(ADMIN, "admin@concord.example", PASSWORD)
    users.create_user(VIEWER, "vera@concord.example", PASSWORD, is_staff=True).groups.set(
        Group.objects.filter(name="Viewer")
    )
    yield _empty()
    rows.add_rows(COMPANIES, clean=False, sandbox_url=stage.sandbox_url, people=True)
    rehearsal.prepare(stage.sandbox_url)
    yield _unused(stage.account.pk, stage.store.pk)


def _empty() -> list[Screen]:
    return [
        Screen("overview-empty", "/admin/"),
        Screen("companies-empty", places.COMPANIES),
        Screen("contacts-empty", places.CONTACTS),
        Screen("locations-empty", places.LOCATIONS),
        Screen("company-add", f"{places.COMPANIES}add/"),
        Screen("contact-add", f"{places.CONTACTS}add/"),
        Screen("location-add", f"{places.LOCATIONS}add/"),
        Screen("connections-empty", places.CONNECTIONS),
        Screen("connection-add", f"{places.CONNECTIONS}add/"),
        Screen("connection-add-salesforce", f"{places.CONNECTIONS}add/?kind=salesforce"),
        Screen("connection-add-store", f"{places.CONNECTIONS}add/?kind=bigcommerce"),
        Screen("connection-add-store-refused", f"{places.CONNECTIONS}add/?kind=bigcommerce", _forgets),
        Screen("connection-add-jwt", f"{places.CONNECTIONS}add/?kind=salesforce", _choose_jwt),
        Screen("connection-add-refused", f"{places.CONNECTIONS}add/?kind=salesforce", _points_inside),
        Screen("users-empty", places.USERS),
        Screen("user-add", f"{places.USERS}add/"),
        Screen("runs-empty", places.RUNS),
        Screen("log-empty", places.LOG),
        Screen("not-allowed", f"{places.COMPANIES}add/", who=VIEWER, status=403),
        Screen("not-found", f"{places.CONNECTIONS}nothing/of/the/kind/", status=404),
        Screen("login", "/admin/login/", who=""),
        Screen("login-wrong", "/admin/login/", _mistypes_password, who=""),
    ]


def _unused(account: int, store: int) -> list[Screen]:
    first = Company.objects.order_by("name")[0]
    someone = get_user_model()._default_manager.get(username="dana")
    return [
        Screen("overview-nothing-sent", "/admin/"),
        Screen("companies-nothing-sent", places.COMPANIES),
        Screen("company-nothing-sent", places.company(first.pk)),
        Screen("contact-nothing-sent", places.contact(Contact.objects.filter(company=first)[0].pk)),
        Screen("connection-untested", places.connection(account)),
        Screen("mapping-unchecked", places.connection(account, "mapping")),
        Screen("store-untested", places.connection(store)),
        Screen("store-mapping-unchecked", places.connection(store, "mapping")),
        Screen("users-not-fetched", places.USERS),
        Screen("user-not-fetched", f"{places.USERS}{someone.pk}/change/", _opens_salesforce),
    ]


def _choose_jwt(page: "Page") -> None:
    page.get_by_label("JWT").first.check()


def _points_inside(page: "Page") -> None:
    page.fill("#id_name", "Salesforce")
    page.fill("#id_base_url", "http://169.254.169.254/latest")
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_load_state("load")


def _forgets(page: "Page") -> None:
    page.fill("#id_name", "Better B2B")
    page.fill("#id_credential_store_hash", "my store")
    page.fill("#id_setting_channel_ids", "all of them")
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_load_state("load")


def _mistypes_password(page: "Page") -> None:
    page.fill("#id_username", ADMIN)
    page.fill("#id_password", "wrong")
    page.get_by_role("button", name="Log in").click()
    page.wait_for_load_state("load")


def _opens_salesforce(page: "Page") -> None:
    page.locator("nav a, [role=tab], a").get_by_text("Salesforce", exact=True).last.click()
