"""The Salesforce document's steps, one by one, as a person clicks them; each ends over there."""

from typing import Any

import pytest
import redis
from django.conf import settings as project
from pytest_django.fixtures import Settings

from companies.models import Company
from connectors.models import Connection
from connectors.sandbox.server import SandboxServer
from tests import talk
from tests.browser.conftest import Person
from tests.factories import CompanyFactory, UserFactory
from tests.waiting import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.untested]
SYNC = "Sync with Salesforce"


@pytest.fixture(autouse=True)
def _no_throttle(settings: Settings) -> None:
    settings.REGISTRATION = {**settings.REGISTRATION, "min_fill_s": 0.0}
    broker = redis.Redis.from_url(project.REDIS_URL)
    for key in broker.scan_iter("LIMITS:*"):
        broker.delete(key)
    broker.close()


@pytest.fixture
def admin(somebody: Person, salesforce: Connection) -> Person:
    """A person who may do everything, logged in. Nothing is sent by itself yet."""
    UserFactory.create(username="admin", password="rehearsal", is_superuser=True, email="")
    somebody.logs_in("admin", "rehearsal")
    return somebody


def saves(person: Person) -> None:
    person.page.get_by_role("button", name="Save", exact=True).click()
    person.looks()


def switch(person: Person, answer: str, *, entities: tuple[str, ...] = ("company", "contact")) -> None:
    """Salesforce › B2B & Customers › Company Configuration: Yes or No, and save."""
    person.opens("Company Configuration")
    for entity in entities:
        person.page.check(f"input[name=auto_{entity}][value={answer}]")
    saves(person)


def register(person: Person, name: str, mailbox: str) -> Company:
    """Register a company on the public form, as a buyer does."""
    page = person.page
    person.goes_to("/companies/register/")
    page.fill("#id_company-name", name)
    page.select_option("#id_company-legal_country", "CA")
    page.fill("#id_contact-first_name", "Mark")
    page.fill("#id_contact-last_name", "Z")
    page.fill("#id_contact-email", mailbox)
    page.get_by_role("button", name="Register").click()
    person.sees("Thank you")
    person.looks()
    return Company.objects.get(name=name)


def salesforce_ids(person: Person, company: Company) -> list[str]:
    """Return the links in the company's Salesforce ID column."""
    person.opens("Companies")
    row = person.page.locator("#result_list tr", has_text=company.name)
    return [link.get_attribute("href") or "" for link in row.locator(".cc-id a").all()]


def opens_company(person: Person, company: Company) -> None:
    person.opens("Companies")
    person.page.locator("#result_list").get_by_role("link", name=company.name).first.click()
    person.looks()


def edits(person: Person, company: Company, name: str, email: str) -> None:
    """Change name and e-mail on the company's page and save."""
    opens_company(person, company)
    person.page.fill("#id_name", name)
    person.page.fill("#id_email", email)
    saves(person)


def arrives(sandbox: SandboxServer, company: Company) -> None:
    """Wait until the company is over there, once."""
    key = str(company.public_id)
    wait_until(lambda: [row.get("Concord_Id__c") for row in talk.accounts(sandbox)].count(key) == 1)


def owner_of(sandbox: SandboxServer, company: Company) -> str:
    return str(talk.account_of(sandbox, company)["OwnerId"])


def test_with_the_setting_on_new_and_edited_companies_are_sent_by_themselves(
    admin: Person, sandbox: SandboxServer, worker: Any
) -> None:
    switch(admin, "yes")

    facebook = register(admin, "Facebook", "markz@facebook.example")

    wait_until(lambda: len(talk.rows(sandbox, "Contact")) == 1)
    account, (contact,) = talk.account_of(sandbox, facebook), talk.rows(sandbox, "Contact")
    assert (contact["LastName"], contact["AccountId"]) == ("Z", account["Id"])
    admin.goes_to("/admin/")
    assert [account["Id"] in url for url in salesforce_ids(admin, facebook)] == [True]

    edits(admin, facebook, "Meta", "office@meta.example")

    wait_until(lambda: talk.account_of(sandbox, facebook)["Name"] == "Meta")
    assert talk.account_of(sandbox, facebook)["Concord_Email__c"] == "office@meta.example"


def test_with_the_setting_off_nothing_is_sent_until_somebody_clicks(
    admin: Person, sandbox: SandboxServer, worker: Any
) -> None:
    switch(admin, "yes")
    switch(admin, "no")

    facebook = register(admin, "Facebook", "markz@facebook.example")

    admin.goes_to("/admin/")
    assert salesforce_ids(admin, facebook) == []
    assert (talk.accounts(sandbox), talk.rows(sandbox, "Contact")) == ([], [])

    opens_company(admin, facebook)
    admin.page.get_by_role("button", name=SYNC).first.click()
    arrives(sandbox, facebook)
    wait_until(lambda: talk.link_of(facebook).state == "idle")
    edits(admin, facebook, "Meta", "office@meta.example")

    admin.opens("Companies")
    admin.sees("Changed, not sent")
    admin.looks()
    assert talk.account_of(sandbox, facebook)["Name"] == "Facebook"

    admin.page.get_by_role("button", name="Changed, not sent").click()
    wait_until(lambda: talk.account_of(sandbox, facebook)["Name"] == "Meta")


def test_the_three_manual_ways(admin: Person, sandbox: SandboxServer, worker: Any) -> None:
    ticked, picked, opened = (CompanyFactory.create(name=name) for name in ("Ticked", "Picked", "Opened"))
    page = admin.page

    admin.opens("Companies")
    page.locator("#result_list tr", has_text="Ticked").locator("input[name=_selected_action]").check()
    page.select_option("select[name=action]", label=SYNC)
    page.click("button[name=index]")
    admin.sees("1 chosen: 1 queued.")
    arrives(sandbox, ticked)

    row = page.locator("#result_list tr", has_text="Picked")
    row.get_by_text("Select").click()
    row.get_by_role("button", name=SYNC, exact=True).last.click()
    admin.sees("1 chosen: 1 queued.")
    arrives(sandbox, picked)

    opens_company(admin, opened)
    page.get_by_role("button", name=SYNC).first.click()
    arrives(sandbox, opened)
    admin.sees("In sync")
    admin.looks()


def test_a_user_is_linked_and_becomes_the_default_owner(
    admin: Person, sandbox: SandboxServer, worker: Any
) -> None:
    UserFactory.create(username="dana", email="dana@concord.example", first_name="Dana")
    page = admin.page

    admin.opens("All Users")
    page.get_by_role("button", name="Fetch users").click()
    admin.sees("users fetched from Salesforce")
    page.locator("#result_list").get_by_role("link", name="dana").first.click()
    page.get_by_role("link", name="Salesforce", exact=True).click()
    page.locator(".select2-selection").click()
    page.keyboard.type("east")
    page.get_by_role("option", name="Sales East").click()
    page.get_by_role("button", name="Save User").click()
    admin.sees("was changed.")
    admin.opens("Company Configuration")
    page.get_by_label("Default Sales Representative").select_option(index=1)
    saves(admin)
    company = CompanyFactory.create(name="Facebook")
    opens_company(admin, company)
    page.get_by_role("button", name=SYNC).first.click()
    arrives(sandbox, company)

    (east,) = [row["Id"] for row in talk.rows(sandbox, "User") if row.get("Alias") == "east"]
    assert owner_of(sandbox, company) == east
