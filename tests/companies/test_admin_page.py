"""The company's own page: the strip, saving, the choice, and deleting."""

import uuid
from typing import Any

import pytest
from django.test import Client

from companies.models import Company, CompanyLink
from connectors.models import Connection
from synclog.models import Run
from tests.factories import CompanyFactory, ConnectionFactory
from tests.staff import EDITS, READS, SYNCS, browser_of, person

pytestmark = pytest.mark.django_db
GRID = "/admin/companies/company/"
ID, OTHER = "0015g00000Xa1bcAAB", "0015g00000Xa2bcAAB"


@pytest.fixture
def account() -> Connection:
    return ConnectionFactory.create()


@pytest.fixture
def client() -> Client:
    return browser_of(person(*SYNCS))


def form_of(company: Company, **edits: str) -> dict[str, str]:
    fields = [
        "name", "legal_name", "email", "phone", "website", "tax_id", "reseller_id", "customer_class",
        "status", "legal_street", "legal_city", "legal_region", "legal_postal_code",
    ]  # fmt: skip
    values = {name: str(getattr(company, name)) for name in fields}
    return {**values, "legal_country": str(company.legal_country), "sales_representative": "", **edits}


def change(company: Company) -> str:
    return f"{GRID}{company.pk}/change/"


def told(answer: Any) -> str:
    return " ".join(str(message) for message in answer.context["messages"])


def candidate(remote_id: str, **more: Any) -> dict[str, Any]:
    return {
        "remote_id": remote_id,
        "name": "Facebook",
        "url": "",
        "rule": "",
        "fields": {},
        "facts": {},
        **more,
    }


def test_the_strip_says_who_the_company_is_over_there(account: Connection, client: Client) -> None:
    company = CompanyFactory.create()
    CompanyLink.objects.create(connection=account, record=company, remote_id=ID)

    html = client.get(change(company)).content.decode()

    assert "REHEARSAL" in html
    assert "Salesforce ID" in html
    assert ID in html
    assert "In sync" in html
    assert "Sync with Salesforce" in html
    assert "Save and sync with Salesforce" in html


def test_what_is_wrong_is_said_by_the_fields_label(account: Connection, client: Client) -> None:
    company = CompanyFactory.create()
    CompanyLink.objects.create(
        connection=account, record=company, state="failed", errors={"tax_id": "Too long <b>by 3</b>."}
    )

    html = client.get(change(company)).content.decode()

    assert 'data-field="id_tax_id">Tax ID</a>: Too long &lt;b&gt;by 3&lt;/b&gt;.' in html


def test_the_button_saves_first_and_then_asks_for_the_sync(account: Connection, client: Client) -> None:
    company = CompanyFactory.create()
    run = str(uuid.uuid4())

    answer = client.post(
        change(company), form_of(company, name="Meta", _sync=str(account.pk), run=run), follow=True
    )

    link = CompanyLink.objects.get()
    assert Company.objects.get().name == "Meta"
    assert (link.state, str(link.run), link.requested_by) == ("pending", run, "dana")
    assert "1 chosen: 1 queued." in told(answer)
    assert answer.redirect_chain == [(change(company), 302)]


def test_a_form_with_a_mistake_is_neither_saved_nor_sent(account: Connection, client: Client) -> None:
    company = CompanyFactory.create(name="Facebook")

    client.post(change(company), form_of(company, name="", _sync=str(account.pk)))

    assert Company.objects.get().name == "Facebook"
    assert not CompanyLink.objects.exists()


def test_the_button_needs_the_right_to_sync(account: Connection) -> None:
    company = CompanyFactory.create()
    client = browser_of(person(*EDITS))

    client.post(change(company), form_of(company, name="Meta", _sync=str(account.pk)))

    assert Company.objects.get().name == "Meta"
    assert not Run.objects.exists()


def test_somebody_who_may_sync_but_not_edit_has_a_button_that_only_sends(account: Connection) -> None:
    company = CompanyFactory.create()
    client = browser_of(person(*READS, "sync_company"))

    html = client.get(change(company)).content.decode()

    assert f'formaction="{GRID}{company.pk}/sync/{account.pk}/"' in html
    assert 'name="_sync"' not in html


def test_a_save_is_requested_in_the_name_of_the_person(account: Connection, client: Client) -> None:
    Connection.objects.update(auto_push={"company": True})
    company = CompanyFactory.create()
    CompanyLink.objects.update(requested_by="", state="idle", remote_id=ID)

    answer = client.post(change(company), form_of(company, phone="+1 415 555 9999"), follow=True)

    assert CompanyLink.objects.get().requested_by == "dana"
    assert "successfully" not in told(answer)


def test_an_edit_shows_changed_not_sent_where_automatic_sync_is_off(
    account: Connection, client: Client
) -> None:
    company = CompanyFactory.create()
    CompanyLink.objects.create(
        connection=account, record=company, remote_id=ID, snapshot={"Name": company.name}
    )

    client.post(change(company), form_of(company, name="Meta"))
    html = client.get(change(company)).content.decode()

    assert "Changed, not sent" in html
    assert "automatic sync is off" in html


@pytest.mark.parametrize(
    ("phone", "country", "told"),
    [
        ("0444 444 444", "AU", "read as +61 444 444 444"),
        ("call me", "CA", "cannot be read as a phone number in Canada, sent as typed"),
        ("444", "", "cannot be read as a phone number without a country, sent as typed"),
    ],
)
def test_the_phone_says_how_it_was_read(
    account: Connection, client: Client, phone: str, country: str, told: str
) -> None:
    company = CompanyFactory.create(phone=phone, legal_country=country)

    assert told in client.get(change(company)).content.decode()


@pytest.fixture
def torn(account: Connection) -> Company:
    """A company that two accounts match."""
    company = CompanyFactory.create(name="Facebook", phone="+1 444 444 444")
    CompanyLink.objects.create(
        connection=account,
        record=company,
        state="failed",
        code="conflict",
        candidates=[
            candidate(ID, rule="the same name and website", fields={"Name": "Facebook", "Phone": "+1 1"}),
            candidate(OTHER, name="<b>Facebook</b>", url="javascript:alert(1)", facts={"Owner": "Mark Z"}),
        ],
    )
    return company


def choice_of(account: Connection, company: Company) -> str:
    return f"{GRID}{company.pk}/choose/{account.pk}/"


def test_the_choice_shows_ours_and_theirs_side_by_side(
    account: Connection, client: Client, torn: Company
) -> None:
    html = client.get(choice_of(account, torn)).content.decode()

    assert "matches 2 accounts in Salesforce" in html
    assert "the same name and website" in html
    assert "Mark Z" in html
    assert "&lt;b&gt;Facebook&lt;/b&gt;" in html
    assert "javascript:" not in html
    assert 'class="cc-same">Facebook' in html
    assert html.count("Link to this one") == 2
    assert "Create a new account" in html
    assert "Decide later" in html


def test_linking_to_a_candidate_is_stored_and_sent(
    account: Connection, client: Client, torn: Company
) -> None:
    answer = client.post(choice_of(account, torn), {"choice": OTHER, "run": str(uuid.uuid4())}, follow=True)

    link, run = CompanyLink.objects.get(), Run.objects.get()
    assert (link.choice, link.state, link.run) == (OTHER, "pending", run.pk)
    assert run.requested == 1
    assert "It is remembered." in told(answer)


def test_creating_a_new_one_is_stored_and_sent(account: Connection, client: Client, torn: Company) -> None:
    client.post(choice_of(account, torn), {"choice": "create"})

    assert (CompanyLink.objects.get().choice, CompanyLink.objects.get().state) == ("create", "pending")


def test_deciding_later_changes_nothing(account: Connection, client: Client, torn: Company) -> None:
    client.post(choice_of(account, torn), {"choice": ""})

    assert CompanyLink.objects.get().state == "failed"
    assert not Run.objects.exists()


def test_what_is_no_candidate_is_refused(account: Connection, client: Client, torn: Company) -> None:
    answer = client.post(choice_of(account, torn), {"choice": "0015g00000Xa9zzAAA"}, follow=True)

    assert "not among the candidates any more" in told(answer)
    assert CompanyLink.objects.get().state == "failed"
    assert not Run.objects.exists()


def test_somebody_who_only_reads_sees_the_candidates_and_no_buttons(
    account: Connection, torn: Company
) -> None:
    html = browser_of(person(*READS)).get(choice_of(account, torn)).content.decode()

    assert "matches 2 accounts" in html
    assert "Link to this one" not in html


def test_a_company_without_a_question_leads_back_to_its_page(account: Connection, client: Client) -> None:
    company = CompanyFactory.create()

    answer = client.get(choice_of(account, company), follow=True)

    assert answer.redirect_chain == [(change(company), 302)]
    assert "nothing to choose" in told(answer)


def test_a_company_that_is_gone_over_there_has_three_exits(account: Connection, client: Client) -> None:
    company = CompanyFactory.create(name="Facebook")
    CompanyLink.objects.create(
        connection=account, record=company, state="failed", code="gone", remote_id=ID,
        message="Deleted in Salesforce. Nothing was changed here.",
    )  # fmt: skip

    html = client.get(choice_of(account, company)).content.decode()

    assert "is gone from Salesforce" in html
    assert html.count("Nothing was changed here.") == 1
    for way_out in ("Create it again", "Unlink", "Leave"):
        assert way_out in html


def test_unlinking_forgets_the_id_and_says_that_nothing_changed_there(
    account: Connection, client: Client
) -> None:
    company = CompanyFactory.create(name="Facebook")
    CompanyLink.objects.create(connection=account, record=company, remote_id=ID)

    answer = client.post(f"{GRID}{company.pk}/unlink/{account.pk}/", follow=True)

    assert CompanyLink.objects.get().remote_id == ""
    assert "Nothing was changed in Salesforce." in told(answer)


def test_deleting_says_what_stays_over_there(account: Connection, client: Client) -> None:
    company = CompanyFactory.create(name="Facebook")
    CompanyLink.objects.create(connection=account, record=company, remote_id=ID)

    html = client.get(f"{GRID}{company.pk}/delete/").content.decode()
    client.post(f"{GRID}{company.pk}/delete/", {"post": "yes"})

    assert f"Not deleted: it stays in Salesforce as {ID}." in html
    assert "company link" not in html.lower()
    assert not Company.objects.exists()
