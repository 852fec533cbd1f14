"""A company with its contacts and locations: one click, one run, and what stays behind is said."""

import re
import uuid
from typing import Any

import pytest
from django.test import Client

from companies.models import Company, CompanyLink, LocationLink
from connectors.models import Connection
from connectors.sandbox.server import SandboxServer
from contacts.models import ContactLink
from synclog.models import Entry, Run
from tests import talk
from tests.factories import B2BFactory, CompanyFactory, ConnectionFactory, ContactFactory, LocationFactory
from tests.staff import READS_ALL, SYNCS, SYNCS_ALL, browser_of, person

pytestmark = pytest.mark.django_db
GRID = "/admin/companies/company/"
LABEL = "Sync to B2B · with contacts and locations"


@pytest.fixture
def store() -> Connection:
    return B2BFactory.create()


@pytest.fixture
def facebook() -> Company:
    company = CompanyFactory.create(name="Facebook")
    ContactFactory.create(company=company, first_name="Mark", last_name="Z")
    ContactFactory.create_batch(2, company=company)
    LocationFactory.create_batch(2, company=company, region="CA", postal_code="94607")
    return company


@pytest.fixture
def client() -> Client:
    return browser_of(person(*SYNCS_ALL))


def address(company: Company, store: Connection) -> str:
    return f"{GRID}{company.pk}/family/{store.pk}/"


def click(client: Client, company: Company, store: Connection, run: str = "") -> Any:
    return client.post(address(company, store), {"run": run or str(uuid.uuid4())}, follow=True)


def tick(client: Client, *chosen: Company, **more: str | list[str]) -> Any:
    data = {"action": "sync_better-b2b_family", "_selected_action": [one.pk for one in chosen], "index": "0"}
    return client.post(GRID, {**data, **more}, follow=True)


def told(answer: Any) -> str:
    return " ".join(str(message) for message in answer.context["messages"])


def waiting(model: Any) -> int:
    return int(model.objects.filter(state="pending").count())


def waiting_in_all() -> tuple[int, int, int]:
    return waiting(CompanyLink), waiting(ContactLink), waiting(LocationLink)


def test_one_click_asks_for_all_of_them_in_one_run(
    client: Client, store: Connection, facebook: Company
) -> None:
    answer = click(client, facebook, store)

    run = Run.objects.get()
    assert "1 company, 3 contacts and 2 locations: 6 queued." in told(answer)
    assert f'href="/admin/synclog/run/{run.pk}/change/">Follow this run' in told(answer)
    assert waiting_in_all() == (1, 3, 2)
    assert {link.run for link in ContactLink.objects.all()} == {run.pk}
    assert {link.run for link in LocationLink.objects.all()} == {run.pk}
    assert (run.requested, run.label, run.user_name) == (6, LABEL, "dana")


def test_the_page_sends_all_first_and_offers_the_company_alone(
    client: Client, store: Connection, facebook: Company
) -> None:
    html = client.get(f"{GRID}{facebook.pk}/change/").content.decode()

    everything = f'name="_sync" value="{store.pk}-family" data-once>'
    assert re.findall(rf'{everything}\s*<span class="cc-if-clean">(.*?)</span>', html) == [LABEL]
    assert f"{everything}With contacts and locations</button>" in html
    assert f'name="_sync" value="{store.pk}" data-once>Company only</button>' in html
    assert html.index(">With contacts and locations<") < html.index(">Company only<")


def test_the_actions_and_the_rows_menu_offer_all_first(
    client: Client, store: Connection, facebook: Company
) -> None:
    html = client.get(GRID).content.decode()

    actions = re.findall(r'<option value="sync_[^"]*">(.*?)</option>', html)
    menu = re.findall(r'class="cc-item" title="" data-once>(.*?)</button>', html)
    assert actions == [LABEL, "Sync to B2B · companies only"]
    assert menu == [LABEL, "Sync to B2B · company only"]


def test_the_words_follow_what_the_system_takes(client: Client, facebook: Company) -> None:
    ConnectionFactory.create()

    page = client.get(f"{GRID}{facebook.pk}/change/").content.decode()
    grid = client.get(GRID).content.decode()

    assert ">With contacts</button>" in page
    assert grid.count(">Sync with Salesforce · with contacts<") == 2  # the Actions menu, and the row's


def test_what_the_system_does_not_take_is_not_asked_for(client: Client, facebook: Company) -> None:
    answer = click(client, facebook, ConnectionFactory.create())

    assert "1 company and 3 contacts: 4 queued." in told(answer)
    assert not LocationLink.objects.exists()


def test_the_button_saves_first(client: Client, store: Connection, facebook: Company) -> None:
    form = {
        "name": "Meta", "status": "active", "legal_country": "US", "run": str(uuid.uuid4()),
        "_sync": f"{store.pk}-family",
    }  # fmt: skip

    answer = client.post(f"{GRID}{facebook.pk}/change/", form, follow=True)

    assert Company.objects.get().name == "Meta"
    assert "6 queued" in told(answer)


def test_ticked_companies_bring_theirs(client: Client, store: Connection, facebook: Company) -> None:
    other = ContactFactory.create().company
    CompanyFactory.create()  # not ticked: whoever ticks the whole list is asked first

    answer = tick(client, facebook, other)

    assert "2 companies, 4 contacts and 2 locations: 8 queued." in told(answer)
    assert waiting_in_all() == (2, 4, 2)


def test_what_is_switched_off_is_named_and_the_counts_add_up(
    client: Client, store: Connection, facebook: Company
) -> None:
    mark = facebook.contacts.get(first_name="Mark", last_name="Z")
    ContactLink.objects.create(connection=store, record=mark, enabled="no")

    answer = click(client, facebook, store)

    assert "1 company, 3 contacts and 2 locations: 5 queued, 1 not enabled (Mark Z)." in told(answer)
    assert (Run.objects.get().requested, Run.objects.get().skipped) == (6, 1)


def test_what_needs_a_choice_is_left_out_with_what_belongs_to_it(
    client: Client, store: Connection, facebook: Company
) -> None:
    CompanyFactory.create()  # not ticked
    torn = ContactFactory.create(company=CompanyFactory.create(name="Torn")).company
    CompanyLink.objects.create(connection=store, record=torn, state="failed", code="conflict")
    mark = facebook.contacts.get(first_name="Mark", last_name="Z")
    ContactLink.objects.create(connection=store, record=mark, state="failed", code="conflict")

    answer = tick(client, facebook, torn)

    assert "2 companies, 3 contacts and 2 locations: 5 queued, 2 need your choice (Torn, Mark Z)." in told(
        answer
    )
    assert waiting_in_all() == (1, 2, 2)


def test_what_somebody_may_not_sync_is_left_out_and_said(store: Connection, facebook: Company) -> None:
    client = browser_of(person(*SYNCS, "sync_contact"))

    page = client.get(f"{GRID}{facebook.pk}/change/").content.decode()
    answer = click(client, facebook, store)

    assert ">With contacts</button>" in page
    assert (
        "1 company and 3 contacts: 4 queued. 2 locations left out: your login may not sync locations."
        in told(answer)
    )
    assert waiting_in_all() == (1, 3, 0)


def test_somebody_who_may_sync_companies_only_is_offered_no_more(
    store: Connection, facebook: Company
) -> None:
    client = browser_of(person(*SYNCS))

    html = client.get(f"{GRID}{facebook.pk}/change/").content.decode() + client.get(GRID).content.decode()
    tick(client, facebook)

    assert "ith contacts" not in html
    assert waiting_in_all() == (0, 0, 0)


def test_a_double_click_makes_one_run(client: Client, store: Connection, facebook: Company) -> None:
    run = str(uuid.uuid4())
    click(client, facebook, store, run)
    for model in (CompanyLink, ContactLink, LocationLink):
        model.objects.update(state="idle")

    answer = click(client, facebook, store, run)

    assert "asked for already" in told(answer)
    assert Run.objects.count() == 1
    assert waiting_in_all() == (0, 0, 0)


def test_many_are_asked_about_with_all_that_goes_along(
    client: Client, store: Connection, facebook: Company
) -> None:
    ContactFactory.create_batch(200, company=facebook)

    asked = tick(client, facebook)
    html = " ".join(asked.content.decode().split())
    before = waiting_in_all()
    tick(client, facebook, confirmed="206")

    assert "Sync 1 company, 203 contacts and 2 locations with Better B2B" in html
    assert ">Sync 206 records</button>" in html
    assert 'value="sync_better-b2b" data-once>Sync 1 company only</button>' in html
    assert "They go as fast as the limit on calls allows" in html
    assert before == (0, 0, 0)
    assert waiting_in_all() == (1, 203, 2)


def test_the_dialog_takes_the_other_way_too(client: Client, store: Connection, facebook: Company) -> None:
    ContactFactory.create_batch(200, company=facebook)
    asked = tick(client, facebook)
    numbers = re.findall(r'name="confirmed" value="(\d+)"', asked.content.decode())

    answer = tick(client, facebook, action="sync_better-b2b", confirmed=numbers)

    assert numbers == ["206", "1"]
    assert "1 chosen: 1 queued." in told(answer)
    assert waiting_in_all() == (1, 0, 0)


def test_who_is_kept_back_is_left_out_with_what_belongs_to_it(
    client: Client, store: Connection, facebook: Company
) -> None:
    CompanyFactory.create()  # not ticked
    rejected = ContactFactory.create(company=CompanyFactory.create(name="Nope", status="rejected")).company
    anna = ContactFactory.create(company=facebook, first_name="Anna", last_name="B", active=False)

    answer = tick(client, facebook, rejected)

    assert "2 companies, 4 contacts and 2 locations: 6 queued, 2 not enabled (Nope, Anna B)." in told(answer)
    assert waiting_in_all() == (1, 3, 2)
    assert not ContactLink.objects.filter(record=anna).exists()
    assert (Run.objects.get().requested, Run.objects.get().skipped) == (8, 2)


def test_a_contact_alone_does_not_go_where_its_company_is_kept_back(
    client: Client, store: Connection, facebook: Company
) -> None:
    anna = ContactFactory.create(company=CompanyFactory.create(name="Nope", status="rejected"))
    data = {"action": "sync_better-b2b", "_selected_action": [anna.pk], "index": "0"}

    answer = client.post("/admin/contacts/contact/", data, follow=True)

    assert f"1 chosen: 1 not enabled ({anna})." in told(answer)
    assert waiting_in_all() == (0, 0, 0)


def test_contacts_go_where_their_company_is_there_and_comes_from_there_only(
    client: Client, store: Connection, facebook: Company
) -> None:
    Connection.objects.update(directions={"company": "in"})
    CompanyLink.objects.create(connection=store, record=facebook, remote_id="7")
    mark = facebook.contacts.get(is_primary=True)
    data = {"action": "sync_better-b2b", "_selected_action": [mark.pk], "index": "0"}

    answer = client.post("/admin/contacts/contact/", data, follow=True)

    assert "1 chosen: 1 queued." in told(answer)


def test_who_is_kept_back_is_counted_apart_before(
    client: Client, store: Connection, facebook: Company
) -> None:
    ContactFactory.create_batch(2, company=facebook, active=False)

    html = " ".join(tick(client, facebook, confirmed="none").content.decode().split())

    assert "Sync 1 company, 5 contacts and 2 locations" in html
    assert "<dt>6</dt><dd>to send</dd>" in html
    assert "<dt>2</dt><dd>not enabled: left out</dd>" in html


def test_looking_at_the_address_sends_nothing(client: Client, store: Connection, facebook: Company) -> None:
    assert client.get(address(facebook, store)).status_code == 405
    assert waiting_in_all() == (0, 0, 0)


def test_a_reader_may_not(store: Connection, facebook: Company) -> None:
    reader = browser_of(person(*READS_ALL))

    assert reader.post(address(facebook, store)).status_code == 403
    assert waiting_in_all() == (0, 0, 0)


def test_the_whole_family_arrives_and_who_is_inactive_stays(
    client: Client, b2b: Connection, facebook: Company, sandbox: SandboxServer
) -> None:
    facebook.contacts.filter(is_primary=False).update(active=False)

    click(client, facebook, b2b)
    talk.drain(b2b)

    run = Run.objects.get()
    assert CompanyLink.objects.get().remote_id
    assert ContactLink.objects.exclude(remote_id="").get().record.is_primary
    assert LocationLink.objects.exclude(remote_id="").count() == 2
    assert (run.requested, run.finished, run.skipped) == (6, 6, 2)
    assert not Entry.objects.filter(level="ERROR").exists()


def test_a_company_alone_takes_its_primary_along_and_that_is_said(
    client: Client, store: Connection, facebook: Company
) -> None:
    answer = client.post(f"{GRID}{facebook.pk}/sync/{store.pk}/", follow=True)

    assert "1 chosen: 1 queued. 1 Primary contact goes along." in told(answer)
    assert waiting_in_all() == (1, 0, 0)
    assert ContactLink.objects.get().record.is_primary


def test_a_primary_that_somebody_switched_off_is_not_taken_along(
    client: Client, store: Connection, facebook: Company
) -> None:
    mark = facebook.contacts.get(is_primary=True)
    ContactLink.objects.create(connection=store, record=mark, enabled="no")

    answer = client.post(f"{GRID}{facebook.pk}/sync/{store.pk}/", follow=True)

    assert "1 chosen: 1 queued. <" in told(answer)
    assert ContactLink.objects.get().enabled == "no"


def test_a_primary_who_was_chosen_is_not_counted_twice(
    client: Client, store: Connection, facebook: Company
) -> None:
    assert "go along" not in told(click(client, facebook, store))
