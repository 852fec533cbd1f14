"""Site Association: the box, and one line per connection, on company, contact and location."""

import uuid
from typing import Any

import pytest
from django.test import Client

from companies.models import Company, CompanyLink, LocationLink
from connectors import queue
from connectors.models import Connection
from contacts.models import ContactLink
from synclog.models import Run
from tests.factories import CompanyFactory, ConnectionFactory, ContactFactory, LocationFactory
from tests.staff import EDITS_ALL, READS_ALL, SYNCS_ALL, browser_of, person

pytestmark = pytest.mark.django_db
GRID = "/admin/companies/company/"
ID = "0015g00000Xa1bcAAB"


@pytest.fixture
def account() -> Connection:
    return ConnectionFactory.create()


@pytest.fixture
def facebook() -> Company:
    return CompanyFactory.create(name="Facebook")


@pytest.fixture
def client() -> Client:
    return browser_of(person(*SYNCS_ALL))


def change(record: Any) -> str:
    return f"/admin/{record._meta.app_label}/{record._meta.model_name}/{record.pk}/change/"


def sent(company: Company, **more: str) -> dict[str, str]:
    return {
        "name": company.name, "status": company.status, "legal_country": str(company.legal_country),
        "association": "1", "sync_enabled": "on", **more,
    }  # fmt: skip


def chosen(account: Connection, value: str, was: str = "") -> dict[str, str]:
    return {f"association_{account.pk}": value, f"association_{account.pk}_was": was}


def table(client: Client, record: Any) -> str:
    html = client.get(change(record)).content.decode()
    return html.partition('id="association-group"')[2].partition("</section>")[0]


@pytest.mark.parametrize("factory", [CompanyFactory, ContactFactory, LocationFactory])
def test_the_box_names_what_it_is_for(client: Client, account: Connection, factory: Any) -> None:
    record = factory.create()

    html = table(client, record)

    assert f"Enable synchronization for this {record._meta.verbose_name}" in html


@pytest.mark.parametrize("factory", [CompanyFactory, ContactFactory])
def test_each_connection_has_its_line(client: Client, account: Connection, factory: Any) -> None:
    record = factory.create()
    type(record).links.rel.related_model.objects.create(connection=account, record=record, remote_id=ID)

    html = table(client, record)

    for title in (
        "Enabled", "Connection", "Connector Type", "Entity",
        "Commerce Reference ID", "State", "Last Synced", "Reason",
    ):  # fmt: skip
        assert f">{title}</th>" in html
    assert ID in html
    assert "In sync" in html


def test_a_location_goes_with_its_company_where_a_system_takes_none(
    client: Client, account: Connection
) -> None:
    html = table(client, LocationFactory.create())

    assert (
        "Salesforce takes no locations of its own: its address goes with the company where it is the default."
        in html
    )


@pytest.mark.parametrize(
    ("auto_push", "says"),
    [(True, "Automatic: sent when saved"), (False, "Automatic: only on a click")],
)
def test_automatic_says_what_it_means(
    client: Client, account: Connection, facebook: Company, auto_push: bool, says: str
) -> None:
    Connection.objects.update(auto_push={"company": auto_push})

    assert says in table(client, facebook)


def test_a_company_in_a_status_that_is_not_sent_says_so(
    client: Client, account: Connection, facebook: Company
) -> None:
    Connection.objects.update(auto_push={"company": True})
    Company.objects.update(status="rejected")

    assert "Automatic: only on a click" in table(client, facebook)


def test_saving_an_untouched_form_makes_no_link(
    client: Client, account: Connection, facebook: Company
) -> None:
    client.post(change(facebook), sent(facebook, **chosen(account, "")))

    assert not CompanyLink.objects.exists()


def test_no_is_a_persons_no_and_nothing_sends_it(
    client: Client, account: Connection, facebook: Company
) -> None:
    Connection.objects.update(auto_push={"company": True})

    client.post(change(facebook), sent(facebook, **chosen(account, "no")))
    client.post(change(facebook), sent(facebook, name="Meta", **chosen(account, "no", "no")))

    link = CompanyLink.objects.get()
    assert (link.enabled, link.enabled_by, link.state) == ("no", "dana", "idle")


def test_yes_is_kept_and_an_automatic_connection_sends_it_with_the_save(
    client: Client, account: Connection, facebook: Company
) -> None:
    Connection.objects.update(auto_push={"company": True}, auto_associate={"company": False})

    client.post(change(facebook), sent(facebook, **chosen(account, "yes")))

    link = CompanyLink.objects.get()
    assert (link.enabled, link.enabled_by, link.state) == ("yes", "dana", "pending")
    assert '<option value="yes" selected>' in table(client, facebook)


def test_automatic_takes_a_no_back(client: Client, account: Connection, facebook: Company) -> None:
    queue.set_enabled("company", facebook.pk, account, False, by="carl")

    client.post(change(facebook), sent(facebook, **chosen(account, "", "no")))

    assert not CompanyLink.objects.exists()


def test_a_form_opened_before_somebody_said_no_does_not_undo_it(
    client: Client, account: Connection, facebook: Company
) -> None:
    queue.set_enabled("company", facebook.pk, account, False, by="carl")

    client.post(change(facebook), sent(facebook, **chosen(account, "", "")))

    assert CompanyLink.objects.get().enabled == "no"


@pytest.mark.parametrize("value", ["maybe", "YES", "1"])
def test_a_value_that_is_none_changes_nothing(
    client: Client, account: Connection, facebook: Company, value: str
) -> None:
    client.post(change(facebook), sent(facebook, **chosen(account, value)))

    assert not CompanyLink.objects.exists()


def test_the_box_off_withdraws_what_waits_and_a_click_says_so(
    client: Client, account: Connection, facebook: Company
) -> None:
    CompanyLink.objects.create(connection=account, record=facebook, state="pending")
    off = sent(facebook)
    del off["sync_enabled"]

    client.post(change(facebook), off)
    answer = client.post(f"{GRID}{facebook.pk}/sync/{account.pk}/", {"run": str(uuid.uuid4())}, follow=True)

    told = " ".join(str(message) for message in answer.context["messages"])
    assert not Company.objects.get().sync_enabled
    assert CompanyLink.objects.get().state == "idle"
    assert "1 not enabled (Facebook)" in told
    assert Run.objects.get().skipped == 1


def test_the_box_off_is_said_on_the_page(client: Client, account: Connection, facebook: Company) -> None:
    Company.objects.update(sync_enabled=False)

    html = table(client, facebook)

    assert "Off: nothing sends this company anywhere" in html
    assert "Not enabled" in html


def test_a_form_without_the_part_leaves_the_box_as_it_was(
    client: Client, account: Connection, facebook: Company
) -> None:
    only_name = {"name": "Meta", "status": "active", "legal_country": "US"}

    client.post(change(facebook), only_name)

    assert Company.objects.get().name == "Meta"
    assert Company.objects.get().sync_enabled


def test_an_editor_without_the_right_to_sync_reads_the_part_and_changes_nothing(
    account: Connection, facebook: Company
) -> None:
    client = browser_of(person(*EDITS_ALL))
    off = sent(facebook, **chosen(account, "no"))
    del off["sync_enabled"]

    html = table(client, facebook)
    client.post(change(facebook), off)

    assert "<select" not in html
    assert "Automatic" in html
    assert Company.objects.get().sync_enabled
    assert not CompanyLink.objects.exists()


def test_a_reader_reads_the_part(account: Connection, facebook: Company) -> None:
    html = table(browser_of(person(*READS_ALL)), facebook)

    assert "<select" not in html
    assert "Salesforce" in html


def test_the_strips_switch_shows_as_a_persons_answer(
    client: Client, account: Connection, facebook: Company
) -> None:
    client.post(f"{GRID}{facebook.pk}/disable/{account.pk}/")
    switched_off = table(client, facebook)
    client.post(f"{GRID}{facebook.pk}/enable/{account.pk}/")

    assert '<option value="no" selected>' in switched_off
    assert '<option value="yes" selected>' in table(client, facebook)


def test_a_contacts_no_is_its_own(client: Client, account: Connection) -> None:
    mark = ContactFactory.create()
    form = {"last_name": "Z", "active": "True", "role": "admin", "association": "1", "sync_enabled": "on"}

    client.post(change(mark), {**form, **chosen(account, "no")})

    assert ContactLink.objects.get().enabled == "no"
    assert not CompanyLink.objects.exists()
    assert not LocationLink.objects.exists()


def test_a_poll_of_the_strip_mends_the_line_too(
    client: Client, account: Connection, facebook: Company
) -> None:
    CompanyLink.objects.create(connection=account, record=facebook, remote_id=ID)

    fresh = client.get(f"{GRID}cells/?ids={facebook.pk}&strip=1").content.decode()

    assert f'id="cc-company-{facebook.pk}-{account.pk}-state" hx-swap-oob="true"' in fresh


def test_a_disabled_connection_has_no_line(client: Client, account: Connection, facebook: Company) -> None:
    Connection.objects.update(enabled=False)

    assert "Commerce Reference ID" not in table(client, facebook)


def test_a_new_record_has_the_box_alone(client: Client, account: Connection) -> None:
    html = client.get(f"{GRID}add/").content.decode()

    assert "Enable synchronization for this company" in html
    assert "Commerce Reference ID" not in html
