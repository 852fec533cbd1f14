"""Match only: link who is who over there, and write nothing."""

import uuid
from typing import Any

import pytest

from connectors import entities, queue
from connectors.errors import AuthFailed
from connectors.matching import AllTalkersBusyError, Found, match_only
from connectors.models import Connection, ConnectionHealth
from connectors.sandbox.server import SandboxServer
from tests import talk
from tests.desk import KEY, remote_deletes, set_up
from tests.factories import CompanyFactory

pytestmark = pytest.mark.django_db(transaction=True)

SITE = "https://acme.example"


def matched(connection: Connection) -> Found:
    return match_only(Connection.objects.get(pk=connection.pk), entities.get("company"))


def there(sandbox: SandboxServer, name: str, **more: Any) -> str:
    (remote_id,) = talk.remote_creates(sandbox, {"Name": name, "Website": SITE, **more})
    return remote_id


def test_what_matches_is_linked_and_counted(salesforce: Connection, sandbox: SandboxServer) -> None:
    one = CompanyFactory.create(name="One", website=SITE)
    twice = CompanyFactory.create(name="Twice", website=SITE)
    CompanyFactory.create(name="New")
    remote_id = there(sandbox, "One")
    there(sandbox, "Twice"), there(sandbox, "Twice")

    found = matched(salesforce)

    assert found == Found(create=1, link=1, conflict=1)
    assert talk.link_of(one).remote_id == remote_id
    assert (talk.link_of(twice).state, len(talk.link_of(twice).candidates)) == ("failed", 2)
    assert talk.count(sandbox, "collections_update") == talk.count(sandbox, "collections_upsert") == 0
    assert KEY not in talk.accounts(sandbox)[0]


def test_a_choice_that_was_made_over_there_is_asked_no_more(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    company = CompanyFactory.create(name="Twice", website=SITE)
    remote_id, other = there(sandbox, "Twice"), there(sandbox, "Twice")
    matched(salesforce)
    remote_deletes(sandbox, other)

    assert matched(salesforce) == Found(link=1)

    link = talk.link_of(company)
    assert (link.state, link.code, link.candidates, link.remote_id) == ("idle", "", [], remote_id)


def test_a_choice_that_was_made_here_is_asked_no_more(salesforce: Connection, sandbox: SandboxServer) -> None:
    company = CompanyFactory.create(name="Twice", website=SITE)
    there(sandbox, "Twice"), there(sandbox, "Twice")
    matched(salesforce)
    queue.choose("company", talk.link_of(company).pk, "create", by="dana", run=uuid.uuid4())

    assert matched(salesforce) == Found(create=1)


def test_a_second_look_counts_the_linked_apart(salesforce: Connection, sandbox: SandboxServer) -> None:
    CompanyFactory.create(name="One", website=SITE)
    there(sandbox, "One")
    matched(salesforce)

    assert matched(salesforce) == Found(linked_before=1)


@pytest.mark.parametrize("ours", [False, True])
def test_the_first_push_after_it_writes_our_id_and_clears_nothing(
    salesforce: Connection, sandbox: SandboxServer, ours: bool
) -> None:
    company = CompanyFactory.create(name="One", website=SITE, tax_id="", phone="ours")
    key = {KEY: str(company.public_id)} if ours else {}
    there(sandbox, "ONE", Concord_Tax_Id__c="only theirs", **key)
    matched(salesforce)

    talk.send(salesforce, [company])

    kept = talk.account_of(sandbox, company)
    assert (kept["Concord_Tax_Id__c"], kept["Phone"]) == ("only theirs", "ours")
    assert len(talk.accounts(sandbox)) == 1


def test_fields_of_their_org_are_asked_for_first(salesforce: Connection, sandbox: SandboxServer) -> None:
    company = CompanyFactory.create(name="One", website=SITE, legal_country="DE", legal_region="")
    there(sandbox, "One", BillingCountryCode="FR")

    matched(salesforce)

    assert talk.link_of(company).left["BillingCountryCode"] == "DE"


def test_a_company_that_is_switched_off_is_left_out(salesforce: Connection, sandbox: SandboxServer) -> None:
    company = CompanyFactory.create(name="One", website=SITE)
    there(sandbox, "One")
    queue.set_enabled("company", company.pk, salesforce, False, by="admin")

    assert matched(salesforce) == Found()


def test_a_company_that_is_not_to_be_synchronized_at_all_is_left_out(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    talk.remote_creates(sandbox, {"Name": "Acme", "Website": "acme.example"})
    company = CompanyFactory.create(name="Acme", website="acme.example", sync_enabled=False)

    found = matched(salesforce)

    assert (found.link, found.create) == (0, 0)
    assert not company.links.exists()


def test_busy_talkers_are_said(salesforce: Connection) -> None:
    Connection.objects.update(max_slots=1)
    CompanyFactory.create()

    with (
        queue.slot(Connection.objects.get(), 60),
        pytest.raises(AllTalkersBusyError, match="busy"),
    ):
        matched(salesforce)


@pytest.mark.untested
def test_a_refused_login_is_raised(salesforce: Connection, sandbox: SandboxServer) -> None:
    CompanyFactory.create()
    set_up(sandbox, run_as_user=False)

    with pytest.raises(AuthFailed):
        matched(salesforce)

    assert ConnectionHealth.objects.get().facts == {}
