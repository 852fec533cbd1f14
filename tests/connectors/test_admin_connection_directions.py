"""Which way records go and who owns a field: shown to all, asked about in numbers, changed once and told."""

from typing import Any

import pytest
from django.test import Client

from companies.models import CompanyLink
from connectors import registry
from connectors.models import Connection
from contacts.models import ContactLink
from synclog.models import Entry
from tests.connection_pages import RUNS_IT, text, told, url
from tests.factories import B2BFactory, CompanyFactory, ConnectionFactory, ContactFactory
from tests.staff import READS, browser_of, person

pytestmark = pytest.mark.django_db
BOTH = {"entity": "company", "direction": "both"}
PHONE = {"entity": "company", "master_phone": "remote"}


@pytest.fixture
def account() -> Connection:
    return B2BFactory.create()


@pytest.fixture
def two_way(account: Connection) -> Connection:
    """Return the connection with companies that go both ways."""
    account.directions = {"company": "both"}
    account.save()
    return account


@pytest.fixture
def client() -> Client:
    return browser_of(person(*RUNS_IT))


def shown(client: Client, account: Connection) -> str:
    return text(client.get(url(account, "mapping")))


def ask(client: Client, account: Connection, **query: str) -> Any:
    return client.get(url(account, "direction"), query, follow=True)


def change(client: Client, account: Connection, *, reason: str = "", **query: str) -> Any:
    """Open the page that asks, and press its button."""
    page = client.get(url(account, "direction"), query)
    hidden = {"seen": page.context["seen"], "direction": page.context["direction"], "reason": reason}
    masters = dict(page.context["masters"])
    return client.post(url(account, "direction"), {**query, **masters, **hidden}, follow=True)


def stored(account: Connection) -> Connection:
    return Connection.objects.select_related("health").get(pk=account.pk)


def linked(account: Connection, number: int, **values: Any) -> None:
    for _ in range(number):
        company = CompanyFactory.create()
        CompanyLink.objects.create(connection=account, record=company, remote_id=str(company.pk), **values)


# Shown


def test_each_entity_shows_its_direction_with_the_safe_default_marked(
    account: Connection, client: Client
) -> None:
    html = shown(client, account)

    for title in ("Companies → B2B company", "Contacts → B2B user", "Locations → B2B address"):
        assert title in html
    assert 'value="out" checked autocomplete="off"> → only to B2B <span class="cc-second">(default)' in html
    assert "⇄ both ways</label>" in html
    assert "← only from B2B</label>" in html


def test_one_way_concord_owns_every_field_and_there_is_no_choice(account: Connection, client: Client) -> None:
    html = shown(client, account)

    assert "Concord owns every field of companies while they go only one way." in html
    assert 'name="master_' not in html
    assert "B2B after creation" in html
    assert "from the Primary contact · create only" in html


def test_both_ways_each_field_that_can_be_fetched_has_a_choice_and_its_default(
    two_way: Connection, client: Client
) -> None:
    html = shown(client, two_way)

    assert "Companies ⇄ B2B company" in html
    assert 'name="master_phone" form="cc-masters-company" aria-label="Who is the master of Phone"' in html
    assert '<option value="local" selected>Concord (default)</option>' in html
    assert 'name="master_primary_contact"' not in html


def test_a_field_of_theirs_has_its_arrow_and_its_rule(two_way: Connection, client: Client) -> None:
    Connection.objects.update(masters={"company": {"phone": "remote"}})

    html = shown(client, two_way)

    assert '<option value="remote" selected>B2B</option>' in html
    assert '<span aria-hidden="true">←</span><span class="cc-hidden">comes from</span>' in html
    assert "ours with a new one only" in html


def test_only_from_there_nothing_of_ours_goes(account: Connection, client: Client) -> None:
    Connection.objects.update(directions={"company": "in"})

    html = shown(client, account)

    assert "Companies ← B2B company" in html
    assert "nobody: it is not fetched" in html
    assert "does not go" in html
    assert "required there" not in html.split("Locations →")[0].rpartition("Companies ←")[2]


def test_who_only_reads_sees_directions_and_masters_and_no_control(two_way: Connection) -> None:
    Connection.objects.update(masters={"company": {"phone": "remote"}})
    reader = browser_of(person(*READS))

    html = shown(reader, two_way)

    assert "<p>⇄ both ways</p>" in html
    assert '<td data-label="Owner"> B2B </td>' in html
    assert 'Concord <span class="cc-second">(default)</span>' in html
    assert "Change direction" not in html
    assert "<select" not in html.split('class="cc-page cc-mapping"')[1]


def test_a_system_that_is_not_read_has_arrows_and_no_control(client: Client) -> None:
    html = shown(client, ConnectionFactory.create())

    assert "Companies → Salesforce Account" in html
    assert "Change direction" not in html
    assert "only one way" not in html


def test_the_example_shows_what_is_read_of_the_primary_contact(account: Connection, client: Client) -> None:
    company = CompanyFactory.create(name="Facebook", status="blocked")
    lacking = shown(client, account)
    person = ContactFactory.create(company=company, is_primary=True, email="markz@test.example")
    ContactLink.objects.create(connection=account, record=person)

    html = shown(client, account)

    assert '<span dir="auto">blocked</span> <span aria-hidden="true">→</span>' in html
    assert lacking.count("Facebook has no active Primary contact.") == 1
    assert '<span dir="auto">markz@test.example</span>' in html
    assert "has no active Primary contact" not in html


# Asked about


def test_turning_to_both_ways_says_what_comes_in_and_that_no_field_changes_hands(
    account: Connection, client: Client
) -> None:
    linked(account, 3)

    html = text(ask(client, account, **BOTH))

    assert "Let companies go both ways in" in html
    assert "REHEARSAL" in html
    assert "Companies that are new in B2B are made here" in html
    assert "Every field of 3 companies stays Concord&#x27;s until you let B2B own it" in html
    assert ">Let companies go both ways</button>" in html
    assert stored(account).directions == {}


def test_another_master_says_its_consequence_in_numbers(two_way: Connection, client: Client) -> None:
    linked(two_way, 12)

    html = text(ask(client, two_way, **PHONE))

    assert "From now on B2B&#x27;s Phone of 12 companies replaces ours when it changes there." in html
    assert ">Let B2B own Phone</button>" in html
    assert "differ" not in html


def test_several_masters_are_one_sentence(two_way: Connection, client: Client) -> None:
    linked(two_way, 2)

    html = text(ask(client, two_way, **PHONE, master_email="remote"))

    assert "B2B&#x27;s Email and Phone of 2 companies replace ours when they change there." in html
    assert ">Let B2B own 2 fields</button>" in html


def test_what_differs_already_is_counted(two_way: Connection, client: Client) -> None:
    linked(two_way, 2)
    linked(two_way, 1, changed=["phone"])
    linked(two_way, 1, left={"companyPhone": "1"})
    linked(two_way, 1, changed=["email"])

    html = text(ask(client, two_way, **PHONE))

    assert "2 companies differ there already: B2B&#x27;s value is taken at the next look" in html


def test_giving_a_field_back_says_that_theirs_is_overwritten(two_way: Connection, client: Client) -> None:
    linked(two_way, 2)
    Connection.objects.update(
        masters={"company": {"phone": "remote", "email": "remote"}}, auto_push={"company": True}
    )

    html = text(ask(client, two_way, entity="company", master_phone="local", master_email="local"))

    assert "From now on our Email and Phone of 2 companies replace B2B&#x27;s" in html
    assert "each when it is next sent, at once where it differs." in html
    assert ">Let Concord own 2 fields</button>" in html


def test_only_from_there_counts_what_will_never_be_sent(account: Connection, client: Client) -> None:
    linked(account, 1, changed=["phone"])
    linked(account, 2, state="pending")

    html = text(ask(client, account, entity="company", direction="in"))

    assert "2 companies wait now and will not be sent. 1 company has changes that will never be sent." in html
    assert "Let companies come only from B2B</button>" in html
    assert "of 3 companies replace ours when they change there." in html


def test_one_way_again_takes_every_field_back(two_way: Connection, client: Client) -> None:
    linked(two_way, 2)
    Connection.objects.update(masters={"company": {"phone": "remote"}})

    html = text(ask(client, two_way, entity="company", direction="out"))

    assert "B2B&#x27;s Phone of 2 companies is not taken over any more" in html
    assert "is noticed and not taken over: our next send of a record overwrites it." in html


def test_without_a_linked_record_no_number_is_made_up(two_way: Connection, client: Client) -> None:
    html = text(ask(client, two_way, **PHONE))

    assert "B2B&#x27;s Phone replaces ours when it changes there." in html
    assert "No company is linked to one in B2B yet." in html


def test_nothing_new_is_nothing_to_ask(account: Connection, client: Client) -> None:
    answer = ask(client, account, entity="company", direction="out")

    assert "Nothing to change: that is how companies of Better B2B are set already." in told(answer)
    assert answer.redirect_chain == [(url(account, "mapping"), 302)]


def test_nonsense_in_the_address_changes_nothing(two_way: Connection, client: Client) -> None:
    answer = ask(
        client, two_way, entity="company", direction="up", master_phone="me", master_nothing="remote"
    )

    assert "Nothing to change" in told(answer)


@pytest.mark.parametrize("entity", ["", "nothing", "user"])
def test_there_is_no_page_for_what_is_no_entity(account: Connection, client: Client, entity: str) -> None:
    assert client.get(url(account, "direction"), {"entity": entity}).status_code == 404


def test_there_is_no_page_for_a_system_that_is_not_read(client: Client) -> None:
    assert client.get(url(ConnectionFactory.create(), "direction"), BOTH).status_code == 404


# Changed


def test_a_direction_is_stored_told_and_in_the_history(account: Connection, client: Client) -> None:
    answer = change(client, account, reason="The store's staff add companies", **BOTH)

    assert stored(account).directions == {"company": "both"}
    assert "Better B2B: from now on companies go both ways." in told(answer)
    entry = Entry.objects.get(code="direction")
    assert (entry.login_user, entry.description) == (
        "dana", "Better B2B: from now on companies go both ways.",
    )  # fmt: skip
    html = text(client.get(url(account, "history")))
    assert '<b>Direction of companies</b>: <span dir="auto">default</span>' in html
    assert '<span dir="auto">⇄ both ways</span>' in html
    assert "The store&#x27;s staff add companies</td>" in html


def test_a_master_is_stored_and_the_mapping_goes_by_it(two_way: Connection, client: Client) -> None:
    change(client, two_way, **PHONE)

    account = stored(two_way)
    fields = {field.local: field.master for field in registry.mapping(account, "company").fields}
    assert account.masters == {"company": {"phone": "remote"}}
    assert (fields["phone"], fields["email"]) == ("remote", "local")
    html = text(client.get(url(account, "history")))
    assert '<b>Master of phone of companies</b>: <span dir="auto">default</span>' in html
    assert '<span dir="auto">B2B</span>' in html


def test_only_what_differs_from_the_default_is_stored(two_way: Connection, client: Client) -> None:
    change(client, two_way, **PHONE)

    change(client, two_way, entity="company", master_phone="local")
    masters = stored(two_way).masters
    change(client, two_way, entity="company", direction="out")

    assert masters == {}
    assert stored(two_way).directions == {}


def test_one_way_no_field_keeps_a_master_of_its_own(two_way: Connection, client: Client) -> None:
    change(client, two_way, **PHONE)

    change(client, two_way, entity="company", direction="out")

    assert stored(two_way).masters == {}


def test_other_entities_stay_as_they_are(two_way: Connection, client: Client) -> None:
    Connection.objects.update(
        directions={"company": "both", "contact": "both"}, masters={"contact": {"phone": "remote"}}
    )

    change(client, two_way, **PHONE)

    assert stored(two_way).directions == {"company": "both", "contact": "both"}
    assert stored(two_way).masters == {"contact": {"phone": "remote"}, "company": {"phone": "remote"}}


def test_a_field_that_is_theirs_now_is_no_change_of_ours_any_more(
    two_way: Connection, client: Client
) -> None:
    company = CompanyFactory.create()
    mapping = registry.mapping(stored(two_way), "company")
    snapshot = {**mapping.render(company).payload, "companyPhone": "before"}
    CompanyLink.objects.create(
        connection=two_way, record=company, remote_id="7", changed=["phone"], snapshot=snapshot
    )

    change(client, two_way, **PHONE)

    assert CompanyLink.objects.get().changed == []


def test_who_saved_meanwhile_is_named_and_nothing_is_stored(account: Connection, client: Client) -> None:
    page = client.get(url(account, "direction"), BOTH)
    seen = page.context["seen"]
    stored(account).save()

    answer = client.post(url(account, "direction"), {**BOTH, "seen": seen})
    again = client.post(url(account, "direction"), {**BOTH, "seen": answer.context["seen"]})

    assert "saved Better B2B after you opened this page" in text(answer)
    assert "Nothing of yours is stored yet." in text(answer)
    assert again.status_code == 302
    assert stored(account).directions == {"company": "both"}


def test_an_answer_without_the_page_is_asked_first(account: Connection, client: Client) -> None:
    answer = client.post(url(account, "direction"), BOTH)

    assert answer.status_code == 200
    assert stored(account).directions == {}


def test_only_who_may_change_connections_is_asked_and_answered(account: Connection) -> None:
    reader = browser_of(person(*READS))

    assert reader.get(url(account, "direction"), BOTH).status_code == 403
    assert reader.post(url(account, "direction"), BOTH).status_code == 403
    assert stored(account).directions == {}


def test_an_answer_without_a_token_is_refused(account: Connection) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(person(*RUNS_IT))

    assert strict.post(url(account, "direction"), BOTH).status_code == 403
    assert stored(account).directions == {}
