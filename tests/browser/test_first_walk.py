"""A newcomer's walk: send fifty companies, edit one and see it follow, read the log."""

from typing import Any

import pytest

from companies.models import Company
from connectors.models import Connection
from connectors.sandbox.server import SandboxServer
from tests import talk
from tests.browser.conftest import Person
from tests.factories import CompanyFactory, UserFactory
from tests.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True), pytest.mark.untested]


def test_a_newcomer_sends_fifty_edits_one_and_reads_the_log(
    somebody: Person, salesforce: Connection, sandbox: SandboxServer, worker: Any
) -> None:
    UserFactory.create(username="admin", password="rehearsal", is_superuser=True)
    Connection.objects.update(auto_push={"company": True})
    Company.objects.bulk_create(CompanyFactory.build_batch(60))
    facebook = Company.objects.order_by("-id")[0]
    Company.objects.filter(pk=facebook.pk).update(name="Facebook")
    page = somebody.page

    somebody.logs_in("admin", "rehearsal")
    somebody.sees("Nothing was sent yet.")

    somebody.opens("Companies")
    page.check("#action-toggle")
    page.select_option("select[name=action]", label="Sync with Salesforce")
    page.click("button[name=index]")
    somebody.looks()
    somebody.sees("50 chosen: 50 queued.")

    somebody.waits_for("in_sync", 50)
    somebody.looks()
    assert len(talk.accounts(sandbox)) == 50

    page.get_by_role("link", name="Follow this run").click()
    somebody.sees("Done: 50 created")
    somebody.looks()

    somebody.opens("Companies")
    page.get_by_role("link", name="Facebook").click()
    somebody.looks()
    page.fill("#id_phone", "+1 416 555 0123")
    page.get_by_role("button", name="Save", exact=True).click()
    somebody.looks()
    somebody.waits_for("in_sync", 50)
    wait_until(lambda: talk.account_of(sandbox, facebook)["Phone"] == "+1 416 555 0123")

    somebody.opens("Logs")
    page.fill("input[name=message]", "facebook")
    page.get_by_role("button", name="Filter").click()
    somebody.sees("Facebook updated in Salesforce: Phone.")
    page.get_by_text("Facebook updated in Salesforce: Phone.").click()
    somebody.sees("Before and after")
    somebody.sees("+1 416 555 0123")
    somebody.looks()


def test_the_button_on_the_page_saves_first_and_a_person_decides_between_two(
    somebody: Person, salesforce: Connection, sandbox: SandboxServer, worker: Any
) -> None:
    UserFactory.create(username="admin", password="rehearsal", is_superuser=True)
    facebook = CompanyFactory.create(name="Facebok", website="https://facebook.example")
    twin = {"Name": "Facebook", "Website": "https://facebook.example"}
    _, second = talk.remote_creates(sandbox, twin, {**twin, "Phone": "+1 444"})
    page = somebody.page

    somebody.logs_in("admin", "rehearsal")
    somebody.goes_to(f"/admin/companies/company/{facebook.pk}/change/")
    page.fill("#id_name", "Facebook")
    page.get_by_role("button", name="Save and sync with Salesforce").click()
    somebody.sees("2 accounts match")
    somebody.looks()

    page.get_by_role("link", name="Choose which one it is").click()
    somebody.looks()
    page.locator(f"button[value='{second}']").click()
    page.locator(".cc-box .cc-chip.cc-in_sync").wait_for()
    somebody.looks()

    assert talk.link_of(facebook).remote_id == second
    assert len(talk.accounts(sandbox)) == 2
