"""The field mapping's page: which field goes where, with an example of this house and what was checked."""

import pytest
from django.test import Client

from companies.models import CompanyLink
from connectors import trial
from connectors.models import Connection, ConnectionHealth
from connectors.sandbox.server import SandboxServer
from contacts.models import Contact, ContactLink
from tests import people
from tests.connection_pages import RUNS_IT, text, told, url
from tests.desk import set_up
from tests.factories import CompanyFactory, ConnectionFactory, UserFactory
from tests.staff import READS, browser_of, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Connection:
    return ConnectionFactory.create()


@pytest.fixture
def client() -> Client:
    return browser_of(person(*RUNS_IT))


def shown(client: Client, account: Connection) -> str:
    return text(client.get(url(account, "mapping")))


def check(client: Client, account: Connection) -> str:
    return text(client.post(url(account, "check"), follow=True))


def test_an_empty_house_shows_the_defaults_and_says_that_there_is_no_example(
    account: Connection, client: Client
) -> None:
    html = shown(client, account)

    assert "Companies → Salesforce Account" in html
    assert "Contacts → Salesforce Contact" in html
    assert "<code>Concord_Email__c</code>" in html
    assert "No company here yet, so there is no example." in html
    assert "Not checked against Salesforce yet." in html
    assert ">not checked</span>" in html


def test_the_tabs_lead_from_page_to_page(account: Connection, client: Client) -> None:
    for what in ("change", "mapping", "history"):
        html = text(client.get(url(account, what)))

        assert f'<a href="{url(account, "mapping")}"' in html
        assert f'<a href="{url(account, what)}" class="cc-chosen" aria-current="page">' in html


def test_the_example_is_the_newest_record_that_is_over_there(account: Connection, client: Client) -> None:
    there = CompanyFactory.create(name="Facebook", status="blocked")
    CompanyLink.objects.create(connection=account, record=there, remote_id="001A")
    CompanyFactory.create(name="Newer and not there")

    html = shown(client, account)

    assert 'Example: <span dir="auto">Facebook</span>' in html
    assert '<span dir="auto">blocked</span> <span aria-hidden="true">→</span>' in html
    assert "Newer and not there" not in html


def test_a_contact_waits_for_its_company_until_that_is_there(account: Connection, client: Client) -> None:
    company = CompanyFactory.create(name="Facebook")
    contact = Contact.objects.create(company=company, last_name="Z")
    ContactLink.objects.create(connection=account, record=contact)

    waiting = shown(client, account)
    CompanyLink.objects.create(connection=account, record=company, remote_id="001AAA")
    there = shown(client, account)

    assert 'dir="auto">waits for the company</span>' in waiting
    assert '<span dir="auto">001AAA</span>' in there


def test_the_owner_is_who_would_get_it(account: Connection, client: Client) -> None:
    dora = UserFactory.create(username="dora", password=None)
    sales = people.remote(account, "Sales East")
    people.link(dora, sales)
    CompanyFactory.create(sales_representative=dora)

    html = shown(client, account)

    assert "Salesforce after creation" in html
    assert f'<span dir="auto">{sales.remote_id}</span>' in html


def test_checking_asks_salesforce_and_marks_every_field(
    salesforce: Connection, client: Client, sandbox: SandboxServer
) -> None:
    html = check(client, salesforce)

    assert "and all of them fit." in html
    assert '<span dir="auto">Account Name</span> <code>Name</code>' in html
    assert "Writable, up to 40 characters." in html
    assert ">failed</span>" not in html


def test_a_missing_field_says_what_is_lost_who_makes_it_and_how(
    salesforce: Connection, client: Client
) -> None:
    CompanyFactory.create_batch(3)
    CompanyFactory.create(email="")
    Connection.objects.update(settings={"email_field": "No_Such__c"})

    html = check(client, salesforce)

    assert "No_Such__c does not exist on Account in Salesforce" in html
    assert "the Email of 3 companies can&#x27;t be sent" in html
    assert "<summary>How to create it</summary>" in html
    assert "A Salesforce administrator creates the field on Account" in html
    assert 'data-copy="Please create the field No_Such__c on Account' in html
    assert "New: Email, name No_Such;" in html
    assert "fields go to Salesforce; 1 does not fit." in html


def test_a_field_that_concord_may_not_write_is_red_and_not_called_missing(
    salesforce: Connection, client: Client, sandbox: SandboxServer
) -> None:
    set_up(sandbox, fields={"Account": {"Phone": {"updateable": False}}})

    html = check(client, salesforce)

    assert "edit access to Account.Phone" in html
    assert "Phone does not exist" not in html


def test_a_required_field_that_nothing_fills_has_a_line(
    salesforce: Connection, client: Client, sandbox: SandboxServer
) -> None:
    field = {"label": "Region", "type": "string", "length": 40, "nillable": False}
    set_up(sandbox, fields={"Account": {"Region__c": field}})

    html = check(client, salesforce)

    assert '<th scope="row">nothing of ours</th>' in html
    assert "<code>Region__c</code>" in html


def test_a_new_setting_makes_the_old_check_void(salesforce: Connection, client: Client) -> None:
    trial.test(Connection.objects.get(), by="dana")
    ConnectionHealth.objects.update(checks=[], tested_at=None)

    assert "Not checked against Salesforce yet." in shown(client, salesforce)


def test_a_check_that_cannot_log_in_is_told_and_is_no_error_page(account: Connection, client: Client) -> None:
    answer = client.post(url(account, "check"), follow=True)

    assert answer.status_code == 200
    assert "Login failed" in told(answer)


def test_markup_and_endless_text_of_a_record_stay_text(account: Connection, client: Client) -> None:
    CompanyFactory.create(name="<script>alert(1)</script>" + "x" * 400)

    html = shown(client, account)

    assert "<script>alert(1)</script>" not in html
    assert "x" * 200 not in html


def test_somebody_who_only_reads_sees_the_table_and_no_button(account: Connection) -> None:
    reader = browser_of(person(*READS))

    html = shown(reader, account)

    assert "Companies → Salesforce Account" in html
    assert "Check against Salesforce" not in html
    assert reader.post(url(account, "check")).status_code == 403
    assert reader.get(url(account, "check")).status_code == 405


def test_somebody_without_rights_sees_nothing(account: Connection) -> None:
    assert browser_of(person()).get(url(account, "mapping")).status_code == 403
    assert ConnectionHealth.objects.get().tested_at is None


def test_a_field_that_every_store_has_is_built_in_once_the_connection_was_tested(
    b2b: Connection, client: Client
) -> None:
    untested = shown(client, b2b)

    html = check(client, b2b)

    assert "Not checked against B2B yet." in untested
    assert ">built in</span>" not in untested
    assert "and all of them fit." in html
    assert ">built in</span>" in html
    assert ">not checked</span>" not in html


def test_an_extra_field_that_the_store_lacks_is_red_among_the_built_in_ones(
    b2b: Connection, client: Client
) -> None:
    CompanyFactory.create_batch(2)
    Connection.objects.update(settings={"tax_id_field": "No such field"})

    html = check(client, b2b)

    assert "extraFields.No such field does not exist on company in B2B" in html
    assert "the Tax ID of 0 companies" in html
    assert ">built in</span>" in html
