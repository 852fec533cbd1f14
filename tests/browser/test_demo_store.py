"""What README promises of the demo's store: tick some, choose it, and watch them arrive."""

import re
from typing import Any

import pytest

from companies.models import Company, CompanyLink
from config.demo import rehearsal, rows, storefront
from connectors import entities, queue, upkeep
from connectors.models import Connection, Link
from connectors.sandbox.bigcommerce import geography
from connectors.sandbox.server import SandboxServer
from connectors.systems.bigcommerce.states import state_name
from synclog.models import Run
from tests import b2b as store
from tests import talk
from tests.browser.conftest import Person
from tests.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
NUMBER = 60  # companies, as many as `make demo` begins with
LABEL = "Sync to B2B · with contacts and locations"
ALONE = "Sync to B2B · companies only"
NAME_CHARS = 200  # the store takes so many
ALL_IN_S = 300.0  # some 700 calls, on a machine that does much else
COUNTRIES = ("US", "DE", "GB", "FR")  # the store knows how their states are spelled here


@pytest.fixture
def better_b2b(transactional_db: None, sandbox: SandboxServer) -> Connection:
    """The demo's data on its first day, when nobody has sent anything to its store yet."""
    store.set_up(sandbox, requests_per_window=100_000)
    rows.add_rows(NUMBER, clean=False, sandbox_url=sandbox.url, people=True)
    rehearsal.prepare(sandbox.url)
    return Connection.objects.get(slug=storefront.SLUG)


@pytest.fixture
def newcomer(somebody: Person, better_b2b: Connection) -> Person:
    somebody.logs_in(rows.LOGIN, rows.PASSWORD)
    somebody.opens("Companies")
    return somebody


def choose(person: Person, label: str) -> None:
    """Choose an action for what is ticked."""
    person.page.select_option("select[name=action]", label=label)
    person.page.click("button[name=index]")
    person.looks()


def suffices(company: Company) -> bool:
    """Return whether a company has all that the store asks for, by the store's own lists."""
    if company.status == Company.Status.REJECTED or not company.contacts.filter(is_primary=True).exists():
        return False
    country, region = str(company.legal_country), company.legal_region
    is_known = not geography.has_states(country) or not region
    is_known = is_known or bool(geography.state_of_name(country, state_name(country, region) or ""))
    return is_known and len(company.name) <= NAME_CHARS and "," not in company.email


def sufficient(number: int) -> list[Company]:
    """Return some of the newest companies that lack nothing."""
    fitting = Company.objects.filter(
        legal_country__in=COUNTRIES, contacts__is_primary=True, name__regex="^.{1,99}$"
    )
    fitting = fitting.exclude(status=Company.Status.REJECTED).exclude(email__contains=",")
    return list(fitting.order_by("-created_at", "-pk")[:number])


def ends(run: Run) -> None:
    """Wait until nothing of a run moves by itself."""

    def is_over() -> bool:
        if not any(kind.links().exclude(lease=None).exists() for kind in entities.in_order()):
            upkeep.sweep()  # as beat would, for what waits to be tried again
        return not queue.moving(run.pk)

    wait_until(is_over, ALL_IN_S, said=talk.situation)


def explained(company: Company, connection: Connection) -> bool:
    """Return whether a person is told which field keeps a company from arriving."""
    if company.status == Company.Status.REJECTED:
        return "is rejected" in talk.shown(company, connection)[1]
    return bool(CompanyLink.objects.get(connection=connection, record=company, state="failed").errors)


@pytest.mark.parametrize("label", [LABEL, ALONE])
def test_ticked_companies_arrive_while_one_looks(
    newcomer: Person, better_b2b: Connection, sandbox: SandboxServer, worker: Any, label: str
) -> None:
    chosen = sufficient(3)

    for company in chosen:
        newcomer.page.check(f"input[name=_selected_action][value='{company.pk}']")
    choose(newcomer, label)

    newcomer.sees("queued.")
    newcomer.waits_for("in_sync", len(chosen))
    newcomer.looks()
    names = {row["companyName"] for row in store.rows(sandbox, "company")}
    assert names == {company.name for company in chosen}
    users = {row["email"] for row in store.rows(sandbox, "user")}
    assert users >= {company.contacts.get(is_primary=True).email for company in chosen}


def test_the_button_of_a_company_that_was_never_enabled_makes_it_with_its_people(
    newcomer: Person, better_b2b: Connection, sandbox: SandboxServer, worker: Any
) -> None:
    (company,) = sufficient(1)

    newcomer.goes_to(f"/admin/companies/company/{company.pk}/change/")
    newcomer.sees("The first sync makes a company with its Primary contact as first user")
    newcomer.page.get_by_role("button", name=LABEL, exact=True).click()

    newcomer.page.locator(".cc-box", has_text="Better B2B").locator(".cc-in_sync").wait_for()
    newcomer.looks()
    assert company.contacts.get(is_primary=True).links.get(connection=better_b2b).remote_id
    assert len(store.rows(sandbox, "company")) == 1


def test_all_companies_arrive_or_name_the_field_that_they_lack(
    newcomer: Person, better_b2b: Connection, sandbox: SandboxServer, worker: Any
) -> None:
    page = newcomer.page
    page.check("#action-toggle")
    page.get_by_role("link", name=re.compile(f"Select all {NUMBER}")).click()
    choose(newcomer, LABEL)
    newcomer.sees(f"Sync {NUMBER} companies")

    page.locator(".cc-dialog .cc-primary").click()
    newcomer.sees("Follow this run")
    newcomer.looks()
    run = Run.objects.get(connection_id=better_b2b.pk)
    ends(run)

    links = {link.record_id: link for link in CompanyLink.objects.filter(connection=better_b2b)}
    there = {pk for pk, link in links.items() if link.remote_id and link.state == Link.State.IDLE}
    every = list(Company.objects.all())
    assert {company.name for company in every if company.pk in there} == {
        company.name for company in every if suffices(company)
    }
    assert len(store.rows(sandbox, "company")) == len(there)
    silent = [
        company.name for company in every if company.pk not in there and not explained(company, better_b2b)
    ]
    assert silent == []

    page.get_by_role("link", name="Follow this run").click()
    newcomer.looks()
