"""A record that was edited while nothing might send it: it differs from the moment it may go again."""

import uuid

import pytest

from companies.models import Company
from connectors import push, queue, states
from connectors.models import Connection
from connectors.sandbox.server import SandboxServer
from contacts.models import Contact
from tests import talk
from tests.factories import CompanyFactory, ContactFactory, LocationFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def facebook(salesforce: Connection) -> Company:
    """Return a company that is in sync with Salesforce."""
    company = CompanyFactory.create(name="Facebook", phone="1")
    talk.send(salesforce, [company])
    return company


def edited(company: Company, **values: str) -> None:
    fresh = Company.objects.get(pk=company.pk)
    for name, value in values.items():
        setattr(fresh, name, value)
    fresh.save()


def say(company: Company, connection: Connection, answer: bool | None) -> str:
    """Answer Yes, No, or Automatic (None); return the state that this led to."""
    if answer is None:
        link = queue.set_automatic("company", company.pk, connection, by="dana")
    else:
        link = queue.set_enabled("company", company.pk, connection, answer, by="dana")
    is_on = Company.objects.get(pk=company.pk).sync_enabled
    return states.state_of(link, queue.live_leases(connection), is_on=is_on).word


@pytest.mark.parametrize("answer", [True, None])
def test_edited_while_switched_off_shows_as_changed_once_it_may_go(
    salesforce: Connection, facebook: Company, answer: bool | None
) -> None:
    say(facebook, salesforce, False)
    edited(facebook, phone="2")

    done = say(facebook, salesforce, answer)

    assert talk.link_of(facebook).changed == ["phone"]
    assert talk.shown(facebook, salesforce)[0] == "Changed, not sent"
    assert done == "Changed, not sent"


@pytest.mark.parametrize("answer", [True, None])
def test_edited_while_switched_off_is_sent_where_records_go_by_themselves(
    salesforce: Connection, sandbox: SandboxServer, facebook: Company, answer: bool | None
) -> None:
    salesforce.auto_push = {"company": True}
    salesforce.save()
    say(facebook, salesforce, False)
    edited(facebook, phone="2")

    done = say(facebook, salesforce, answer)
    talk.drain(salesforce)

    assert done == "Waiting"
    assert talk.account_of(sandbox, facebook)["Phone"] == "2"


@pytest.mark.parametrize("automatic", [True, False])
@pytest.mark.parametrize("answer", [True, None])
def test_a_save_that_no_withdrew_is_found_by_the_next_answer(
    salesforce: Connection, facebook: Company, automatic: bool, answer: bool | None
) -> None:
    salesforce.auto_push = {"company": True}
    salesforce.save()
    edited(facebook, phone="2")
    assert talk.link_of(facebook).state == "pending"
    say(facebook, salesforce, False)
    salesforce.auto_push = {"company": automatic}
    salesforce.save()

    say(facebook, salesforce, answer)

    link = talk.link_of(facebook)
    assert (link.state, link.changed) == (("pending", []) if automatic else ("idle", ["phone"]))


def test_a_click_that_no_withdrew_shows_as_changed(salesforce: Connection, facebook: Company) -> None:
    edited(facebook, phone="2")
    talk.request(salesforce, [facebook])
    say(facebook, salesforce, False)

    say(facebook, salesforce, True)

    assert talk.shown(facebook, salesforce)[0] == "Changed, not sent"


def test_nothing_edited_stays_in_sync(salesforce: Connection, facebook: Company) -> None:
    say(facebook, salesforce, False)

    done = say(facebook, salesforce, True)

    assert done == talk.shown(facebook, salesforce)[0] == "In sync"


def test_a_record_that_was_never_sent_waits_for_a_click(salesforce: Connection) -> None:
    company = CompanyFactory.create()

    done = say(company, salesforce, True)

    assert done == "Not synced"
    assert talk.link_of(company).state == "idle"


def test_automatic_sends_what_was_never_sent_where_the_rule_says_so(salesforce: Connection) -> None:
    company = CompanyFactory.create()
    say(company, salesforce, False)
    salesforce.auto_push = {"company": True}
    salesforce.save()

    done = say(company, salesforce, None)

    assert done == "Waiting"
    assert talk.link_of(company).state == "pending"


@pytest.mark.parametrize("answer", [True, None])
def test_a_yes_says_that_the_whole_record_is_switched_off(
    salesforce: Connection, facebook: Company, answer: bool | None
) -> None:
    Company.objects.update(sync_enabled=False, phone="2")

    assert say(facebook, salesforce, answer) == "Not enabled"
    assert talk.shown(facebook, salesforce)[0] == "Not enabled"


def test_a_record_whose_box_was_off_while_it_was_edited_shows_as_changed(
    salesforce: Connection, facebook: Company
) -> None:
    for values in ({"sync_enabled": False}, {"phone": "2"}, {"sync_enabled": True}):
        edited(facebook, **values)

    assert talk.shown(facebook, salesforce)[0] == "Changed, not sent"


def test_a_call_without_an_answer_is_sent_again_after_no_and_yes(
    salesforce: Connection, sandbox: SandboxServer, facebook: Company
) -> None:
    talk.break_it(sandbox, {"fault": "drop_after_commit", "match": {"route": "collections_*"}, "times": 1})
    edited(facebook, phone="2")
    talk.request(salesforce, [facebook])
    push.drain(salesforce.pk)
    say(facebook, salesforce, False)
    edited(facebook, phone="1")  # as it was agreed: what stands over there nobody knows

    say(facebook, salesforce, True)
    assert talk.shown(facebook, salesforce)[0] != "In sync"
    talk.later(salesforce)

    assert talk.account_of(sandbox, facebook)["Phone"] == "1"


def test_the_box_of_a_record_forgets_no_call_without_an_answer(
    salesforce: Connection, sandbox: SandboxServer, facebook: Company
) -> None:
    talk.break_it(sandbox, {"fault": "drop_after_commit", "match": {"route": "collections_*"}, "times": 1})
    edited(facebook, phone="2")
    talk.request(salesforce, [facebook])
    push.drain(salesforce.pk)
    for values in ({"sync_enabled": False}, {"phone": "1"}, {"sync_enabled": True}):
        edited(facebook, **values)

    assert talk.shown(facebook, salesforce)[0] != "In sync"
    talk.later(salesforce)

    assert talk.account_of(sandbox, facebook)["Phone"] == "1"


@pytest.mark.parametrize("answer", [False, None])
def test_a_lead_that_is_switched_off_marks_what_was_sent_with_it(
    b2b: Connection, sandbox: SandboxServer, answer: bool | None
) -> None:
    company = CompanyFactory.create()
    mark = ContactFactory.create(company=company, first_name="Mark", is_primary=True)
    place = LocationFactory.create(company=company, region="CA", postal_code="94607", recipient="")
    queue.set_enabled("contact", mark.pk, b2b, True, by="dana")
    talk.send(b2b, [company])
    queue.enqueue("location", [place.pk], b2b, run=uuid.uuid4(), requested_by="dana")
    talk.drain(b2b)
    assert talk.shown(place, b2b)[0] == "In sync"

    queue.set_enabled("contact", mark.pk, b2b, False, by="dana")

    assert talk.shown(place, b2b)[0] == "Changed, not sent"
    if answer is None:
        queue.set_automatic("contact", mark.pk, b2b)
        assert Contact.objects.get().is_primary
        assert talk.shown(place, b2b)[0] == "In sync"


def test_a_lead_is_switched_off_where_its_locations_are_not_sent_at_all(salesforce: Connection) -> None:
    mark = ContactFactory.create(is_primary=True)
    LocationFactory.create(company=mark.company, recipient="")

    queue.set_enabled("contact", mark.pk, salesforce, False, by="dana")

    assert talk.contact_link_of(mark).enabled == "no"
