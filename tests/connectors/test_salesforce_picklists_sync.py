"""State and Country/Territory picklists through the engine and the rehearsed org: on, off, and switched."""

from typing import Any

import pytest

from companies.models import Company
from connectors import queue, trial
from connectors.models import Connection, ConnectionHealth
from connectors.sandbox.server import SandboxServer
from synclog.models import Entry
from tests import talk
from tests.connection_pages import RUNS_IT, text, url
from tests.desk import set_up
from tests.factories import CompanyFactory, LocationFactory
from tests.staff import SYNCS, browser_of, person

pytestmark = pytest.mark.django_db(transaction=True)

NO_STATES = "Salesforce lists no states of this country (Germany), so “Bavaria” is left out"
PROBLEM = (
    "There's a problem with this state, even though it may appear correct. Please select a state from the "
    "list of valid states.: Billing State/Province"
)
CODES = ("BillingStateCode", "BillingCountryCode")


@pytest.fixture
def on(salesforce: Connection, sandbox: SandboxServer) -> Connection:
    """Return a connection to an org whose picklists are on."""
    set_up(sandbox, state_country_picklists=True)
    return salesforce


def company(country: str, region: str, **values: Any) -> Company:
    made: Company = CompanyFactory.create(legal_country=country, legal_region=region, **values)
    return made


def codes(sandbox: SandboxServer, of: Company, prefix: str = "Billing") -> tuple[Any, Any]:
    account = talk.account_of(sandbox, of)
    return account.get(f"{prefix}StateCode"), account.get(f"{prefix}CountryCode")


def texts(sandbox: SandboxServer, of: Company) -> tuple[Any, Any]:
    account = talk.account_of(sandbox, of)
    return account.get("BillingState"), account.get("BillingCountry")


def edit(record: Company, **values: Any) -> None:
    for name, value in values.items():
        setattr(record, name, value)
    record.save()


def fresh(connection: Connection) -> Connection:
    """Return the connection as it stands now, with what was learned meanwhile."""
    return Connection.objects.select_related("health").get(pk=connection.pk)


def differing(connection: Connection) -> int:
    return queue.find_changed(fresh(connection), "company")


def learned(connection: Connection) -> dict[str, Any]:
    facts: dict[str, Any] = ConnectionHealth.objects.get(connection=connection).facts
    return facts


def test_every_address_arrives_whatever_its_state(on: Connection, sandbox: SandboxServer) -> None:
    given = {
        ("US", "CA"): ("CA", "US"),
        ("US", "california"): ("CA", "US"),
        ("CA", "Québec"): ("QC", "CA"),
        ("AU", "New South Wales"): ("NSW", "AU"),
        ("BR", "Sao Paulo"): ("SP", "BR"),
        ("GB", "Oxfordshire"): (None, "GB"),
        ("DE", "Bavaria"): (None, "DE"),
        ("US", "Calif."): (None, "US"),
        ("", "CA"): (None, None),
        ("FR", ""): (None, "FR"),
    }
    companies = {key: company(*key) for key in given}

    run = talk.send(on, companies.values())

    assert (run.created, run.rejected) == (len(given), 0)
    assert {key: codes(sandbox, one) for key, one in companies.items()} == given
    assert {key: codes(sandbox, one, "Shipping") for key, one in companies.items()} == given
    assert {talk.account_of(sandbox, one)["BillingCity"] for one in companies.values()} == {"San Francisco"}


def test_what_was_left_out_is_said_by_the_log_and_the_record_and_is_no_failure(
    on: Connection, sandbox: SandboxServer
) -> None:
    bavarian, californian = company("DE", "Bavaria"), company("US", "CA")

    talk.send(on, [bavarian, californian])

    word, reason = talk.shown(bavarian, on)
    assert word == "In sync"
    assert reason.endswith(", without Billing State or Province, Shipping State or Province")
    assert talk.shown(californian, on)[1].endswith("(now)")
    (line,) = talk.told(bavarian)
    assert line.startswith("WARNING created: ")
    assert f"Billing State or Province, Shipping State or Province: {NO_STATES}; the rest" in line
    (entry,) = Entry.objects.filter(object_id=bavarian.public_id)
    assert entry.code == "left_out"
    (line,) = talk.told(californian)
    assert line.startswith("INFO created: ")


def test_the_records_page_says_what_was_left_out(on: Connection) -> None:
    bavarian = company("DE", "Bavaria")
    talk.send(on, [bavarian])

    html = text(browser_of(person(*SYNCS)).get(f"/admin/companies/company/{bavarian.pk}/change/"))

    assert NO_STATES in html
    assert 'class="cc-remarks"' in html


@pytest.mark.parametrize(("country", "region"), [("US", "California"), ("DE", "Bavaria"), ("CA", "ON")])
def test_what_salesforce_made_of_it_is_no_change_at_the_next_look(
    on: Connection, sandbox: SandboxServer, country: str, region: str
) -> None:
    sent = company(country, region)
    talk.send(on, [sent])
    said = talk.count(sandbox, "collections_update")

    assert differing(on) == 0
    assert talk.send(on, [sent]).unchanged == 1
    assert talk.count(sandbox, "collections_update") == said
    talk.send(on, [sent], full=True)
    assert differing(on) == 0


def test_an_edit_changes_the_remark_at_once(on: Connection, sandbox: SandboxServer) -> None:
    sent = company("DE", "Bavaria")
    talk.send(on, [sent])

    edit(sent, legal_region="Saxony")

    remarks = talk.link_of(sent).remarks
    assert all("“Saxony”" in remark for remark in remarks.values())
    edit(sent, legal_region="")
    assert talk.link_of(sent).remarks == {}
    assert talk.shown(sent, on)[0] == "In sync"


def test_a_state_that_does_not_fit_its_new_country_is_cleared(on: Connection, sandbox: SandboxServer) -> None:
    moved = company("US", "CA")
    talk.send(on, [moved])

    edit(moved, legal_country="DE", legal_region="Bavaria")
    talk.send(on, [moved])

    assert codes(sandbox, moved) == (None, "DE")
    assert texts(sandbox, moved) == (None, "Germany")


def test_a_new_country_goes_with_a_state_of_the_same_code(on: Connection, sandbox: SandboxServer) -> None:
    moved = company("US", "WA")
    talk.send(on, [moved])

    edit(moved, legal_country="AU")
    talk.send(on, [moved])

    assert codes(sandbox, moved) == ("WA", "AU")
    assert texts(sandbox, moved) == ("Western Australia", "Australia")


def test_a_location_fills_its_address_by_codes_too(on: Connection, sandbox: SandboxServer) -> None:
    sent = company("US", "CA")
    LocationFactory.create(company=sent, country="CA", region="Ontario", is_default_shipping=True)

    talk.send(on, [sent])

    assert codes(sandbox, sent) == ("CA", "US")
    assert codes(sandbox, sent, "Shipping") == ("ON", "CA")


def test_a_country_that_the_org_does_not_have_is_left_out_with_its_state(
    on: Connection, sandbox: SandboxServer
) -> None:
    set_up(sandbox, countries={"LK": None})
    sent = company("LK", "Western Province")

    talk.send(on, [sent])

    assert codes(sandbox, sent) == (None, None)
    (remark,) = set(talk.link_of(sent).remarks.values())
    assert remark.startswith("“Sri Lanka” is not on Salesforce's list of countries, so it is left out, and ")


# The switch, and the lists, after the facts were read


@pytest.fixture
def turned_on(salesforce: Connection, sandbox: SandboxServer) -> Connection:
    """Return a connection to an org whose picklists were turned on after it was tested."""
    set_up(sandbox, state_country_picklists=False)
    trial.test(fresh(salesforce), by="tester")
    set_up(sandbox, state_country_picklists=True)
    return fresh(salesforce)


def test_a_switch_that_was_turned_on_is_found_by_the_first_refusal(
    turned_on: Connection, sandbox: SandboxServer
) -> None:
    refused, taken = company("US", "OR"), company("US", "Oregon")

    run = talk.send(turned_on, [refused, taken])

    assert (run.created, run.rejected) == (2, 0)
    assert codes(sandbox, refused) == codes(sandbox, taken) == ("OR", "US")
    assert talk.link_of(refused).remarks == {}
    assert "picklists" in learned(turned_on)
    told = Entry.objects.filter(description__contains="They were read again, and differ.")
    assert told.count() == 1


def test_after_that_the_others_differ_until_they_are_sent(
    turned_on: Connection, sandbox: SandboxServer
) -> None:
    taken, refused = company("US", "Oregon"), company("US", "OR")
    talk.send(turned_on, [taken])
    talk.send(turned_on, [refused])
    connection = fresh(turned_on)

    assert differing(connection) == 1
    assert talk.shown(taken, connection)[0] == "Changed, not sent"
    talk.send(connection, [taken])
    assert differing(connection) == 0


def test_a_switch_that_was_turned_off_is_found_too(on: Connection, sandbox: SandboxServer) -> None:
    known = company("US", "CA")
    talk.send(on, [known])
    set_up(sandbox, state_country_picklists=False)
    edit(known, legal_region="WA")
    new = company("DE", "Bavaria")

    talk.send(on, [known, new])

    assert texts(sandbox, known) == ("WA", "United States")
    assert texts(sandbox, new) == ("Bavaria", "Germany")
    assert talk.link_of(new).remarks == {}
    assert ConnectionHealth.objects.get(connection=on).pause == ""


def test_a_state_that_was_taken_from_the_list_is_left_out(on: Connection, sandbox: SandboxServer) -> None:
    talk.send(on, [company("US", "CA")])
    set_up(sandbox, countries={"US": {"states": {"CA": "California"}}})
    sent = company("US", "OR")

    talk.send(on, [sent])

    assert codes(sandbox, sent) == (None, "US")
    (remark,) = set(talk.link_of(sent).remarks.values())
    assert remark.startswith("“OR” is not on Salesforce's list of states (United States)")


def test_a_state_that_was_added_is_sent_after_a_test(on: Connection, sandbox: SandboxServer) -> None:
    sent = company("DE", "Bavaria")
    talk.send(on, [sent])
    set_up(sandbox, countries={"DE": {"states": {"BY": "Bavaria"}}})

    trial.test(fresh(on), by="tester")

    connection = fresh(on)
    assert differing(connection) == 1
    talk.send(connection, [sent])
    assert codes(sandbox, sent) == ("BY", "DE")
    assert talk.link_of(sent).remarks == {}


def test_a_state_that_is_refused_although_it_is_listed_does_not_fail_the_record(
    on: Connection, sandbox: SandboxServer
) -> None:
    fault = {"fault": "record:FIELD_INTEGRITY_EXCEPTION", "message": PROBLEM}
    talk.break_it(sandbox, {**fault, "match": {"BillingStateCode": "CA"}})
    sent, other = company("US", "CA"), company("US", "WA")

    run = talk.send(on, [sent, other])

    assert (run.created, run.rejected) == (2, 0)
    assert codes(sandbox, sent) == (None, "US")
    assert codes(sandbox, sent, "Shipping") == ("CA", "US")
    assert codes(sandbox, other) == ("WA", "US")
    link = talk.link_of(sent)
    assert list(link.remarks) == ["Billing State or Province"]
    assert "Salesforce refused “CA” although it fits its lists" in link.remarks["Billing State or Province"]
    talk.mend(sandbox)
    assert differing(on) == 0  # it is not tried again and again
    edit(sent, phone="+1 415 555 0199")
    assert "Billing State or Province" in talk.link_of(sent).remarks


def test_an_edit_of_a_state_that_was_refused_is_sent(on: Connection, sandbox: SandboxServer) -> None:
    fault = {"fault": "record:FIELD_INTEGRITY_EXCEPTION", "message": PROBLEM}
    talk.break_it(sandbox, {**fault, "match": {"BillingStateCode": "CA"}})
    sent = company("US", "CA")
    talk.send(on, [sent])

    edit(sent, legal_region="WA")
    talk.send(on, [sent])

    assert codes(sandbox, sent) == ("WA", "US")
    assert talk.link_of(sent).remarks == {}


def test_a_linked_record_whose_state_is_refused_keeps_none(on: Connection, sandbox: SandboxServer) -> None:
    sent = company("US", "WA")
    talk.send(on, [sent])
    fault = {"fault": "record:FIELD_INTEGRITY_EXCEPTION", "message": PROBLEM}
    talk.break_it(sandbox, {**fault, "match": {"BillingStateCode": "CA"}})

    edit(sent, legal_region="CA", phone="+1 415 555 0199")
    run = talk.send(on, [sent])

    assert (run.updated, run.rejected) == (1, 0)
    assert codes(sandbox, sent) == (None, "US")
    assert talk.account_of(sandbox, sent)["Phone"] == "+1 415 555 0199"


# The test of the connection, and its tab


def check(connection: Connection) -> dict[str, Any]:
    checks = trial.test(fresh(connection), by="tester").checks
    (found,) = [item for item in checks if item["label"] == "State and Country/Territory picklists"]
    return dict(found)


def test_the_test_warns_where_the_picklists_are_on(on: Connection) -> None:
    found = check(on)

    assert (found["ok"], found["warns"]) == (True, True)
    assert (
        "It lists states for Australia, Brazil, Canada, China, India, Ireland, Italy, Mexico and"
        in found["text"]
    )


def test_the_test_does_not_warn_where_they_are_off(salesforce: Connection, sandbox: SandboxServer) -> None:
    set_up(sandbox, state_country_picklists=False)

    found = check(salesforce)

    assert (found["ok"], found["warns"]) == (True, False)


def test_the_mapping_tab_shows_what_is_sent_and_what_is_left_out(on: Connection) -> None:
    company("DE", "Bavaria")
    check(on)

    html = text(browser_of(person(*RUNS_IT)).get(url(on, "mapping")))

    for name in CODES:
        assert name in html
    assert NO_STATES in html
    assert "left out if not on the list there" in html
    assert "BillingState<" not in html
