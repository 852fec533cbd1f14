"""A connection to a storefront: its own form, its switches, and nothing of what only Salesforce has."""

from typing import Any

import pytest
from django.test import Client

from companies.models import CompanyLink
from connectors.models import Connection
from connectors.sandbox.server import SandboxServer
from tests.connection_pages import LIST, RUNS_IT, boxes, text, told, url
from tests.factories import B2BFactory, CompanyFactory, ConnectionFactory
from tests.staff import READS, browser_of, person

pytestmark = pytest.mark.django_db
ADD = f"{LIST}add/?kind=bigcommerce"
NEW = {
    "name": "Better B2B",
    "environment": "production",
    "credential_store_hash": "https://api.bigcommerce.com/stores/8x2kd9/v3/",
    "credential_access_token": "a-token-of-some-length",
}


@pytest.fixture
def account() -> Connection:
    return B2BFactory.create()


@pytest.fixture
def client() -> Client:
    return browser_of(person(*RUNS_IT))


def form_of(client: Client, address: str = ADD) -> Any:
    return client.get(address).context["adminform"].form


def posted(client: Client, **edits: str) -> dict[str, Any]:
    """Return what the form of a new connection would post, with edits."""
    form = form_of(client)
    values = {name: form[name].value() for name in form.fields}
    known = {name: value for name, value in values.items() if value not in (None, False)}
    entered = {name: value if isinstance(value, list) else str(value) for name, value in known.items()}
    return {**entered, **edits}


def stored() -> Connection:
    return Connection.objects.get()


# Adding one


def test_adding_begins_with_a_tile_per_system(client: Client) -> None:
    html = text(client.get(f"{LIST}add/"))

    assert "<h3>BigCommerce B2B Edition</h3>" in html
    assert f'href="{ADD}">Connect B2B</a>' in html
    assert "Its scopes: B2B Edition: modify, and Customers: modify" in html
    assert f'href="{LIST}add/?kind=salesforce">Connect Salesforce</a>' in html
    assert "<form" not in html.split('class="cc-tiles"')[1].split("</main>")[0]


def test_an_unknown_system_leads_to_the_tiles(client: Client) -> None:
    assert "Connect B2B</a>" in text(client.get(f"{LIST}add/?kind=nothing"))


def test_who_may_add_none_sees_no_tiles() -> None:
    assert browser_of(person(*READS)).get(f"{LIST}add/").status_code == 403


def test_a_new_one_begins_with_what_suits_a_store(client: Client) -> None:
    form = form_of(client)

    assert form["base_url"].value() == "https://api-b2b.bigcommerce.com"
    assert (form["batch_size"].value(), form["max_slots"].value()) == (100, 2)
    assert form["setting_companies_kind"].value() == "independent"
    assert form["setting_welcome_mails"].value() == "no"
    assert form["associate_company"].value() == "no"


def test_choices_are_lists(client: Client) -> None:
    html = text(client.get(ADD))

    assert '<option value="dependent">Dependent on a customer group</option>' in html
    assert '<input type="hidden" name="kind" value="bigcommerce"' in html
    for section in ("The store", "Notices of changes", "Fields in B2B"):
        assert section in html
    assert "more at once are not faster" in html


def test_it_is_stored_as_its_kind_wants_it(client: Client) -> None:
    answer = client.post(ADD, posted(client, **NEW, setting_companies_kind="dependent"), follow=True)

    made = stored()
    assert answer.status_code == 200
    assert (made.kind, made.base_url, made.batch_size, made.max_slots) == (
        "bigcommerce", "https://api-b2b.bigcommerce.com", 100, 2,
    )  # fmt: skip
    assert dict(made.credentials) == {"store_hash": "8x2kd9", "access_token": "a-token-of-some-length"}
    assert made.settings["companies_kind"] == "dependent"


def test_a_value_that_is_no_choice_is_refused(client: Client) -> None:
    html = text(client.post(ADD, posted(client, **NEW, setting_companies_kind="both")))

    assert "both is not one of the available choices" in html
    assert not Connection.objects.exists()


def test_salesforce_keeps_its_own_speed(client: Client) -> None:
    form = form_of(client, f"{LIST}add/?kind=salesforce")

    assert (form["batch_size"].value(), form["max_slots"].value()) == (200, 4)
    assert form["base_url"].value() == ""


# The login goes where the addresses say


def test_another_address_of_the_stores_api_needs_the_login_again(account: Connection, client: Client) -> None:
    Connection.objects.update(settings={"core_url": "https://api.bigcommerce.com"})
    elsewhere = boxes(client, account, setting_core_url="https://evil.example")
    again = {"credential_access_token": "another-token", "credential_client_secret": "another-secret"}

    refused = client.post(url(account), elsewhere)
    kept = stored().settings["core_url"]
    client.post(url(account), {**elsewhere, **again})

    assert "The address has changed: enter this again" in text(refused)
    assert kept == "https://api.bigcommerce.com"
    assert stored().settings["core_url"] == "https://evil.example"
    assert stored().credentials["access_token"] == "another-token"


def test_an_address_of_the_stores_api_inside_our_network_is_refused(client: Client) -> None:
    html = text(client.post(ADD, posted(client, **NEW, setting_core_url="https://169.254.169.254/v3")))

    assert "points inside your own network" in html
    assert not Connection.objects.exists()


def test_a_secret_that_was_never_stored_is_not_asked_for_again(account: Connection, client: Client) -> None:
    account.credentials = {"store_hash": "rehearsal", "access_token": "rehearsal-token"}
    account.save()
    moved = boxes(client, account, base_url="https://b2b.example", credential_access_token="another-token")

    client.post(url(account), moved)

    assert stored().base_url == "https://b2b.example"


# Company Configuration


def test_each_entity_has_its_switch_and_whether_new_ones_are_enabled(
    account: Connection, client: Client
) -> None:
    html = text(client.get(url(account)))

    for entity in ("Company", "Contact", "Location"):
        assert f"Enable B2B {entity} Synchronization" in html
    assert "Enable new companies for B2B" in html
    assert (
        "Yes: new and changed companies, locations and contacts that are enabled for B2B are sent by "
        "themselves. No: only when someone clicks."
    ) in html
    assert "B2B needs a primary contact before it can create the company." in html


def test_nobody_is_asked_who_owns_what_nobody_owns(account: Connection, client: Client) -> None:
    reader = browser_of(person(*READS, username="reader"))

    assert "Default Sales Representative" not in text(client.get(url(account)))
    assert "Default Sales Representative" not in text(reader.get(url(account)))


def test_a_new_company_is_enabled_only_where_someone_said_so(account: Connection, client: Client) -> None:
    client.post(url(account), boxes(client, account, auto_company="yes"))
    CompanyFactory.create()
    before = CompanyLink.objects.count()

    client.post(url(account), boxes(client, account, associate_company="yes"))
    CompanyFactory.create()

    assert stored().auto_push["company"]
    assert stored().auto_associate == {"company": True, "location": False, "contact": False}
    assert (before, CompanyLink.objects.count()) == (0, 1)


def test_a_reader_is_told_the_answers(account: Connection) -> None:
    Connection.objects.update(auto_associate={"contact": True})

    html = text(browser_of(person(*READS)).get(url(account)))

    assert '<dt>Enable new contacts for B2B</dt><dd dir="auto">Yes</dd>' in html
    assert '<dt>Enable new companies for B2B</dt><dd dir="auto">No</dd>' in html


def test_the_switch_of_what_only_comes_from_there_says_that_nothing_is_sent(
    account: Connection, client: Client
) -> None:
    Connection.objects.update(directions={"company": "in"})

    html = text(client.get(url(account)))

    assert "Nothing is sent: companies come from B2B only (see Field mapping)." in html


def test_the_association_stands_in_the_history_by_its_name(account: Connection, client: Client) -> None:
    client.post(url(account), boxes(client, account, associate_company="yes"))

    assert "<b>Enable new companies for B2B</b>" in text(client.get(url(account, "history")))


def test_sending_what_was_changed_promises_no_number_of_calls(account: Connection, client: Client) -> None:
    for number in range(3):
        CompanyLink.objects.create(
            connection=account, record=CompanyFactory.create(), remote_id=str(number), changed=["phone"]
        )
    Connection.objects.update(auto_push={"company": True})

    html = text(client.get(url(account, "send"), {"entity": "company"}))

    assert ">Send 3</button>" in html
    assert "They go as fast as the limit on calls allows" in html
    assert "About" not in html


# Around it


def test_the_sidebar_has_a_way_to_each_systems_company_configuration(
    account: Connection, client: Client
) -> None:
    other = ConnectionFactory.create()

    html = text(client.get("/admin/"))

    assert "BigCommerce B2B Edition › B2B &amp; Customers" in html
    assert "Salesforce › B2B &amp; Customers" in html
    for one in (account, other):
        assert f'href="{url(one)}#company-configuration"' in html


def test_the_list_says_which_system_it_is_in_full(account: Connection, client: Client) -> None:
    html = text(client.get(LIST))

    assert "Connector Type" in html
    assert "BigCommerce B2B Edition" in html


def test_testing_it_shows_its_checklist(b2b: Connection, client: Client, sandbox: SandboxServer) -> None:
    answer = client.post(url(b2b, "test"), follow=True)

    labels = [item["label"] for item in answer.context["cc_checks"]]
    assert "Better B2B was tested: all checks passed." in told(answer)
    assert labels[:4] == ["Login", "Store", "B2B Edition", "Customers"]
    assert "shared with your other integrations" in text(answer)


def test_a_wrong_token_is_a_red_line_with_who_does_what(b2b: Connection, client: Client) -> None:
    b2b.credentials = {**b2b.credentials, "access_token": "a-wrong-token"}
    b2b.save()

    answer = client.post(url(b2b, "test"), follow=True)

    assert "Login failed" in told(answer)
    assert "B2B does not accept the access token." in text(answer)
    assert "a-wrong-token" not in text(answer)
