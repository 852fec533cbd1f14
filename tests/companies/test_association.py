"""Site Association: the box, and one line per connection, on company, contact and location."""

import uuid
from typing import Any

import pytest
from django.test import Client

from companies.models import Company, CompanyLink, LocationLink
from connectors import entities, queue
from connectors.models import Connection
from connectors.rendering import Renderer
from contacts.models import ContactLink
from synclog.models import Run
from tests.factories import B2BFactory, CompanyFactory, ConnectionFactory, ContactFactory, LocationFactory
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


def by_button(client: Client, record: Any, account: Connection, value: str) -> Any:
    what = "enable" if value == "yes" else "disable"
    return client.post(change(record).replace("change/", f"{what}/{account.pk}/"), follow=True)


def by_drop_down(client: Client, record: Any, account: Connection, value: str) -> Any:
    was = "no" if CompanyLink.objects.filter(record=record, enabled="no").exists() else ""
    return client.post(change(record), sent(record, **chosen(account, value, was)), follow=True)


def told(answer: Any) -> str:
    return " ".join(str(message) for message in answer.context["messages"])


BOTH = pytest.mark.parametrize("answers", [by_button, by_drop_down])


@BOTH
def test_yes_says_that_nothing_was_sent_where_automatic_sync_is_off(
    client: Client, account: Connection, facebook: Company, answers: Any
) -> None:
    answer = answers(client, facebook, account, "yes")

    said = "Facebook is enabled for Salesforce. It was not sent: automatic sync is off."
    assert f"{said} Press Sync with Salesforce to send it." in told(answer)
    assert CompanyLink.objects.get().state == "idle"


@BOTH
def test_yes_sends_where_automatic_sync_is_on_and_says_so(
    client: Client, account: Connection, facebook: Company, answers: Any
) -> None:
    Connection.objects.update(auto_push={"company": True}, auto_associate={"company": False})

    answer = answers(client, facebook, account, "yes")

    assert "Facebook is enabled for Salesforce. Automatic sync is on, so it is queued." in told(answer)
    assert CompanyLink.objects.get().state == "pending"


@BOTH
def test_yes_to_what_is_in_sync_or_changed_says_which(
    client: Client, account: Connection, facebook: Company, answers: Any
) -> None:
    by_drop_down(client, facebook, account, "no")  # empties what the form lacks
    facebook.refresh_from_db()
    rendered = Renderer(account, entities.get("company")).one(facebook)
    CompanyLink.objects.update(remote_id=ID, snapshot={**rendered.first, **rendered.payload})
    same = told(answers(client, facebook, account, "yes"))
    queue.set_enabled("company", facebook.pk, account, False, by="carl")
    Company.objects.update(name="Meta")

    other = told(answers(client, Company.objects.get(), account, "yes"))

    assert "Facebook is enabled for Salesforce. It is in sync; nothing had to be sent." in same
    assert (
        "Its changes were not sent: automatic sync is off. Press Sync with Salesforce to send them." in other
    )


@BOTH
def test_yes_to_a_new_company_takes_its_primary_along(
    client: Client, facebook: Company, answers: Any
) -> None:
    store = B2BFactory.create()
    ContactFactory.create(company=facebook, first_name="Mark", last_name="Z")

    answer = answers(client, facebook, store, "yes")

    assert "Mark Z, its Primary contact, goes along." in told(answer)
    assert ContactLink.objects.get().enabled == "yes"


@BOTH
def test_yes_names_a_primary_who_is_switched_off(client: Client, facebook: Company, answers: Any) -> None:
    store = B2BFactory.create()
    mark = ContactFactory.create(company=facebook, first_name="Mark", last_name="Z")
    queue.set_enabled("contact", mark.pk, store, False, by="carl")

    answer = answers(client, facebook, store, "yes")

    assert "Mark Z, the Primary contact of Facebook, is switched off for Better B2B." in told(answer)
    assert ContactLink.objects.get().enabled == "no"


@BOTH
def test_no_says_that_nothing_sends_it(
    client: Client, account: Connection, facebook: Company, answers: Any
) -> None:
    answer = answers(client, facebook, account, "no")

    assert "Facebook is switched off for Salesforce: nothing sends it until you enable it." in told(answer)


@BOTH
def test_yes_to_a_company_that_a_rule_keeps_back_says_why(
    client: Client, account: Connection, answers: Any
) -> None:
    store = B2BFactory.create()
    nope = CompanyFactory.create(name="Nope", status="rejected")

    answer = answers(client, nope, store, "yes")

    said = "Nope is enabled for Better B2B. Nope is rejected; a rejected company is not created in B2B."
    assert said in told(answer)


def test_automatic_says_what_the_rule_does(client: Client, account: Connection, facebook: Company) -> None:
    answer = by_drop_down(client, facebook, account, "no")
    again = client.post(change(facebook), sent(facebook, **chosen(account, "", "no")), follow=True)

    assert "switched off" in told(answer)
    assert "Facebook follows the rule of Salesforce again. It was not sent: automatic sync is off." in told(
        again
    )


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
