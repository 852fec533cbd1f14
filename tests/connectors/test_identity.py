"""Whose records a connection writes: its organisation is known before the first write, whatever changes."""

from collections.abc import Iterator
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
import requests
from django.apps import apps
from django.test import override_settings

from companies.models import CompanyLink
from connectors import clock, hooks, identity, matching, pull, push, queue, start_over, trial
from connectors.entities import Entity, get
from connectors.errors import AuthFailed
from connectors.models import Connection, ConnectionHealth, RemoteUser, Slot, Token
from connectors.sandbox.server import SandboxServer
from connectors.users import mirror
from synclog.models import Entry
from tests import b2b, talk
from tests.factories import CompanyFactory, ContactFactory
from tests.waiting import wait_until

from .test_races import in_thread

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.untested]

STRANGERS_ORG = "00D000000000002EAA"
STRANGERS_HASH = "stranger"
STRANGER = {
    "companyName": "Stranger", "companyEmail": "s@stranger.example", "companyPhone": "5", "country": "Canada",
}  # fmt: skip


@pytest.fixture(scope="session")
def second_server() -> Iterator[SandboxServer]:
    with SandboxServer(port=0) as server:
        yield server


@pytest.fixture
def elsewhere(second_server: SandboxServer) -> SandboxServer:
    """Return another rehearsal: another Salesforce organisation and another store, with a company in it."""
    requests.post(f"{second_server.url}/_control/reset", timeout=10).raise_for_status()
    settings = {
        "salesforce": {"org_id": STRANGERS_ORG, "org_name": "Somebody else"},
        "bigcommerce": {"store_hash": STRANGERS_HASH, "requests_per_window": 100_000},
    }
    requests.post(f"{second_server.url}/_control/settings", json=settings, timeout=10).raise_for_status()
    b2b.makes(second_server, "company", STRANGER)
    return second_server


@pytest.fixture
def shop(b2b: Connection) -> Connection:
    """Return a connection to the store that nobody tested."""
    return b2b


def company_kind() -> Entity[Any, Any]:
    return get("company")


def health_of(connection: Connection) -> ConnectionHealth:
    return ConnectionHealth.objects.get(connection=connection)


def fresh(connection: Connection) -> Connection:
    return Connection.objects.select_related("health").get(pk=connection.pk)


def move(connection: Connection, server: SandboxServer) -> None:
    """Change address and login outside the form: neither save() nor updated_at is asked."""
    path = {"salesforce": "salesforce", "bigcommerce": "bigcommerce"}[connection.kind]
    values: dict[str, Any] = {"base_url": f"{server.url}/{path}"}
    if connection.kind == "bigcommerce":
        values["credentials"] = {**connection.credentials, "store_hash": STRANGERS_HASH}
    Connection.objects.filter(pk=connection.pk).update(**values)


def companies_of(server: SandboxServer) -> list[tuple[str, str]]:
    return [(row["companyName"], row["companyPhone"]) for row in b2b.rows(server, "company")]


def a_company(connection: Connection) -> Any:
    """Return a company with the Primary contact that a store asks for."""
    company = CompanyFactory.create(phone="+1 1")
    contact = ContactFactory.create(company=company)
    queue.set_enabled("contact", contact.pk, connection, True, by="tester")
    return company


def test_a_store_is_known_after_the_first_push_without_any_test(shop: Connection) -> None:
    company = a_company(shop)

    talk.send(shop, [company])

    assert talk.link_of(company).remote_id
    assert fresh(shop).org_id == "rehearsal"


def test_an_edit_never_reaches_the_company_of_another_store_that_has_the_same_number(
    shop: Connection, sandbox: SandboxServer, elsewhere: SandboxServer
) -> None:
    company = a_company(shop)
    talk.send(shop, [company])
    assert talk.link_of(company).remote_id == str(b2b.named(elsewhere, "Stranger")["id"])
    move(shop, elsewhere)
    company.phone = "+1 2"
    company.save()

    talk.send(shop, [company])

    assert companies_of(elsewhere) == [("Stranger", "5")]
    found = health_of(shop)
    assert (found.pause, found.other_org) == ("login", STRANGERS_HASH)
    assert "another B2B organisation" in found.pause_reason


def test_an_organisation_is_known_after_the_first_push_without_any_test(salesforce: Connection) -> None:
    talk.send(salesforce, [CompanyFactory.create()])

    assert fresh(salesforce).org_id.startswith("00D")


def test_a_login_that_tells_whose_it_is_costs_no_call_more(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    talk.send(salesforce, [CompanyFactory.create()])

    assert talk.count(sandbox, "composite") == 1  # it looked the company up


def test_the_organisation_is_learned_before_the_first_write_is_sent(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    talk.break_it(sandbox, {"fault": "slow:1", "match": {"route": "collections_upsert"}, "times": 1})
    company = CompanyFactory.create()
    talk.request(salesforce, [company])

    with in_thread(lambda: push.drain(salesforce.pk)):
        wait_until(lambda: talk.count(sandbox, "collections_upsert"))
        during = fresh(salesforce).org_id

    assert during.startswith("00D")


def test_an_address_that_changes_midway_sends_nothing_to_the_other_organisation(
    salesforce: Connection, sandbox: SandboxServer, elsewhere: SandboxServer
) -> None:
    Connection.objects.update(batch_size=1)
    companies = CompanyFactory.create_batch(12)
    talk.break_it(sandbox, {"fault": "slow:0.2", "match": {"route": "collections_upsert"}})
    talk.request(salesforce, companies)

    with in_thread(*[lambda: push.drain(salesforce.pk)] * 2):
        wait_until(lambda: talk.count(sandbox, "collections_upsert") >= 3)
        move(salesforce, elsewhere)
    talk.drain(salesforce)

    assert talk.accounts(elsewhere) == []
    assert 3 <= len(talk.accounts(sandbox)) < 12
    assert CompanyLink.objects.linked().count() == len(talk.accounts(sandbox))
    assert health_of(salesforce).other_org == STRANGERS_ORG
    assert health_of(salesforce).pause == "login"


def test_a_script_that_saves_a_copy_from_before_the_first_push_does_not_make_it_forget_whose_it_is(
    salesforce: Connection, elsewhere: SandboxServer
) -> None:
    before, company = fresh(salesforce), CompanyFactory.create()
    talk.send(salesforce, [company])
    before.base_url = f"{elsewhere.url}/salesforce"
    before.save()

    talk.send(salesforce, [company], full=True)

    assert talk.accounts(elsewhere) == []
    assert health_of(salesforce).other_org == STRANGERS_ORG


def test_a_login_of_another_organisation_at_the_same_address_sends_nothing(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    first, second = CompanyFactory.create_batch(2)
    talk.send(salesforce, [first])
    requests.post(
        f"{sandbox.url}/_control/settings",
        json={"salesforce": {"org_id": STRANGERS_ORG, "client_secret": "another-secret"}},
        timeout=10,
    ).raise_for_status()
    login = {"client_id": "rehearsal-client", "client_secret": "another-secret"}
    Connection.objects.update(credentials=login)

    talk.send(salesforce, [second])

    assert len(talk.accounts(sandbox)) == 1
    assert health_of(salesforce).other_org == STRANGERS_ORG


def test_two_workers_that_begin_at_once_learn_one_organisation(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    Connection.objects.update(batch_size=1)
    companies = CompanyFactory.create_batch(6)
    talk.request(salesforce, companies)

    with in_thread(*[lambda: push.drain(salesforce.pk)] * 4):
        pass
    talk.drain(salesforce)

    assert len(talk.accounts(sandbox)) == 6
    assert health_of(salesforce).pause == ""


def test_whoever_asked_by_the_old_address_learns_nothing_for_the_new_one(
    salesforce: Connection, sandbox: SandboxServer, elsewhere: SandboxServer
) -> None:
    company = CompanyFactory.create()
    talk.request(salesforce, [company])
    talk.break_it(sandbox, {"fault": "slow:1", "match": {"route": "token"}, "times": 1})

    with in_thread(lambda: push.drain(salesforce.pk)):
        wait_until(lambda: Token.objects.exclude(refreshing_until=None).exists())
        move(salesforce, elsewhere)
    talk.drain(salesforce)

    assert talk.accounts(sandbox) == []
    assert fresh(salesforce).org_id == STRANGERS_ORG
    assert len(talk.accounts(elsewhere)) == 1


def test_matching_links_nothing_in_another_organisation(
    salesforce: Connection, elsewhere: SandboxServer
) -> None:
    known, new = CompanyFactory.create(), CompanyFactory.create(name="Facebook")
    talk.send(salesforce, [known])
    talk.remote_creates(elsewhere, {"Name": "Facebook", "Phone": new.phone, "Website": new.website})
    move(salesforce, elsewhere)

    with pytest.raises(AuthFailed, match="another Salesforce organisation"):
        matching.match_only(fresh(salesforce), company_kind())

    assert not CompanyLink.objects.linked().filter(record=new).exists()


def test_users_of_another_organisation_are_not_mirrored(
    salesforce: Connection, elsewhere: SandboxServer
) -> None:
    talk.send(salesforce, [CompanyFactory.create()])
    move(salesforce, elsewhere)

    done = mirror.refresh(fresh(salesforce), by="dana")

    assert not done.ok
    assert "another Salesforce organisation" in done.text
    assert not RemoteUser.objects.exists()


def test_reading_takes_nothing_from_another_store(shop: Connection, elsewhere: SandboxServer) -> None:
    company = a_company(shop)
    talk.send(shop, [company])
    Connection.objects.update(directions={"company": "both"})
    move(shop, elsewhere)
    pull.ask(fresh(shop), by="dana")

    pull.drain(shop.pk)

    company.refresh_from_db()
    assert company.name != "Stranger"
    assert CompanyLink.objects.count() == 1
    assert health_of(shop).other_org == STRANGERS_HASH


@override_settings(PUBLIC_URL="https://concord.example.com")
def test_no_webhook_is_made_in_another_store(shop: Connection, elsewhere: SandboxServer) -> None:
    talk.send(shop, [a_company(shop)])
    move(shop, elsewhere)

    with pytest.raises(AuthFailed, match="another B2B organisation"):
        hooks.register(fresh(shop), by="dana")

    assert b2b.rows(elsewhere, "hook") == []


def test_an_answer_of_the_old_organisation_is_kept_for_its_own_links_only(
    salesforce: Connection, sandbox: SandboxServer, elsewhere: SandboxServer
) -> None:
    """The worker is taken for dead, a person starts over, and then its answer comes."""
    company = CompanyFactory.create()
    talk.send(salesforce, [CompanyFactory.create()])
    written = talk.count(sandbox, "collections_upsert")
    talk.break_it(sandbox, {"fault": "slow:1.5", "match": {"route": "collections_upsert"}, "times": 1})
    talk.request(salesforce, [company])

    with in_thread(lambda: push.drain(salesforce.pk)):
        wait_until(lambda: talk.count(sandbox, "collections_upsert") > written)
        move(salesforce, elsewhere)
        Slot.objects.update(expires_at=clock.now() - timedelta(seconds=1))
        found = trial.test(fresh(salesforce), by="dana").other_org
        start_over.start_over(fresh(salesforce), found, by="dana")

    assert fresh(salesforce).org_id == STRANGERS_ORG
    assert not CompanyLink.objects.linked().exists()
    assert health_of(salesforce).pause == ""


def test_a_changed_login_of_the_same_organisation_goes_on(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    first, second = CompanyFactory.create_batch(2)
    talk.send(salesforce, [first])
    talk_settings = {"salesforce": {"client_secret": "another-secret"}}
    requests.post(f"{sandbox.url}/_control/settings", json=talk_settings, timeout=10).raise_for_status()
    Connection.objects.update(
        credentials={"client_id": "rehearsal-client", "client_secret": "another-secret"}
    )

    talk.send(salesforce, [second])

    assert len(talk.accounts(sandbox)) == 2
    assert health_of(salesforce).pause == ""


def test_whose_the_login_is_is_asked_once_and_not_with_each_batch(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    Connection.objects.update(batch_size=1)
    talk.send(salesforce, [CompanyFactory.create()])
    logins, asked = talk.count(sandbox, "token"), talk.count(sandbox, "userinfo")

    talk.send(salesforce, CompanyFactory.create_batch(8))

    assert (talk.count(sandbox, "token"), talk.count(sandbox, "userinfo")) == (logins, asked)
    assert len(talk.accounts(sandbox)) == 9


def test_an_organisation_that_nobody_tells_is_not_written_to(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    company = CompanyFactory.create()
    Token.objects.create(
        connection=salesforce, value={"access_token": "x", "login": identity.fingerprint(salesforce)}
    )
    refused = {"fault": "status:403", "code": "INSUFFICIENT_ACCESS", "match": {"route": "composite"}}
    talk.break_it(sandbox, refused)

    talk.send(salesforce, [company])

    assert talk.accounts(sandbox) == []
    assert fresh(salesforce).org_id == ""


# An address or a login that is replaced while somebody talks


def test_a_refusal_of_the_old_login_does_not_pause_the_new_one(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    right = dict(salesforce.credentials)
    company = CompanyFactory.create()
    Connection.objects.update(credentials={**right, "client_secret": "mistyped"})
    talk.request(salesforce, [company])
    talk.break_it(sandbox, {"fault": "slow:1", "match": {"route": "token"}, "times": 1})

    with in_thread(lambda: push.drain(salesforce.pk)):
        wait_until(lambda: talk.count(sandbox, "token"))
        Connection.objects.update(credentials=right)

    assert health_of(salesforce).pause == ""
    assert not Entry.objects.filter(level="ERROR").exists()
    assert talk.link_of(company).state == "idle"


def test_a_login_that_is_still_the_one_and_refused_pauses(salesforce: Connection) -> None:
    Connection.objects.update(credentials={"client_id": "rehearsal-client", "client_secret": "mistyped"})

    talk.send(salesforce, [CompanyFactory.create()])

    assert health_of(salesforce).pause == "login"


def test_a_reader_that_was_refused_by_the_old_login_does_not_pause_the_new_one(
    shop: Connection, sandbox: SandboxServer
) -> None:
    talk.send(shop, [a_company(shop)])
    right = dict(shop.credentials)
    Connection.objects.update(credentials={**right, "access_token": "a-mistyped-token"})
    pull.ask(fresh(shop), by="dana")
    asked = sum(b2b.calls(sandbox).values())
    b2b.break_it(sandbox, {"fault": "slow:1", "times": 1})

    with in_thread(lambda: pull.drain(shop.pk)):
        wait_until(lambda: sum(b2b.calls(sandbox).values()) > asked)
        Connection.objects.update(credentials=right)

    assert health_of(shop).pause == ""


def test_a_test_of_the_old_login_says_nothing_of_the_new_one(
    salesforce: Connection, sandbox: SandboxServer, elsewhere: SandboxServer
) -> None:
    before = fresh(salesforce)
    talk.break_it(sandbox, {"fault": "slow:1", "match": {"route": "token"}, "times": 1})

    def tested() -> None:
        with pytest.raises(trial.ChangedError, match="changed while it was tested"):
            trial.test(before, by="dana")

    with in_thread(tested):
        wait_until(lambda: talk.count(sandbox, "token"))
        move(salesforce, elsewhere)

    found = health_of(salesforce)
    assert (found.tested_at, found.passed_at, found.checks) == (None, None, [])
    assert fresh(salesforce).org_id == ""


def test_a_token_of_the_old_login_is_not_kept_for_the_new_one(
    salesforce: Connection, sandbox: SandboxServer, elsewhere: SandboxServer
) -> None:
    talk.break_it(sandbox, {"fault": "slow:1", "match": {"route": "token"}, "times": 1})
    talk.request(salesforce, [CompanyFactory.create()])
    Connection.objects.update(org_id="00D000000000001EAA")

    with in_thread(lambda: push.drain(salesforce.pk)):
        wait_until(lambda: talk.count(sandbox, "token"))
        move(salesforce, elsewhere)
        Connection.objects.update(enabled=False)

    assert not Token.objects.exclude(version=0).exists()


# Connections of before


def of_before(connection: Connection) -> Any:
    """Return a company that was sent when nobody asked whose a login is; as the migration left it."""
    company = CompanyFactory.create()
    talk.send(connection, [company])
    Connection.objects.update(org_id="")
    ConnectionHealth.objects.update(confirmed_login=identity.fingerprint(connection))
    return company


def test_a_connection_of_before_learns_whose_it_is_and_says_what_it_takes_for_granted(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    company = of_before(salesforce)
    company.phone = "+1 2"
    company.save()

    talk.send(salesforce, [company])

    assert talk.account_of(sandbox, company)["Phone"] == "+1 2"
    assert fresh(salesforce).org_id.startswith("00D")
    said = Entry.objects.filter(code="organisation").latest("pk").description
    assert "1 reference id is taken to be of this organisation" in said


def test_a_connection_of_before_whose_login_was_changed_since_is_stopped_and_can_start_over(
    salesforce: Connection, elsewhere: SandboxServer
) -> None:
    company = of_before(salesforce)
    move(salesforce, elsewhere)

    talk.send(salesforce, [company], full=True)

    found = health_of(salesforce)
    assert talk.accounts(elsewhere) == []
    assert (found.pause, found.other_org) == ("login", STRANGERS_ORG)
    start_over.start_over(fresh(salesforce), STRANGERS_ORG, by="dana")
    talk.send(salesforce, [company])
    assert len(talk.accounts(elsewhere)) == 1


def test_a_connection_of_before_that_gets_its_old_login_back_goes_on(
    salesforce: Connection, sandbox: SandboxServer, elsewhere: SandboxServer
) -> None:
    company, address = of_before(salesforce), salesforce.base_url
    move(salesforce, elsewhere)
    trial.test(fresh(salesforce), by="dana")
    Connection.objects.update(base_url=address)

    after = trial.test(fresh(salesforce), by="dana")

    assert (after.pause, after.other_org) == ("", "")
    assert talk.account_of(sandbox, company)["Id"] == talk.link_of(company).remote_id


def test_a_migrated_database_waits_for_no_test(salesforce: Connection) -> None:
    ConnectionHealth.objects.update(passed_at=None, confirmed_login="")
    migration = import_module("connectors.migrations.0014_existing_connections")

    migration.keep_as_they_are(apps, None)

    found = health_of(salesforce)
    assert found.passed_at is not None
    assert found.confirmed_login == identity.fingerprint(salesforce)


# A new connection


def test_the_first_passed_test_switches_a_new_connection_on(salesforce: Connection) -> None:
    Connection.objects.update(enabled=False)

    trial.test(fresh(salesforce), by="dana")

    assert fresh(salesforce).enabled
    last = salesforce.history.first()
    assert (last.enabled, last.org_id, last.history_change_reason) == (
        True, fresh(salesforce).org_id, "First test passed",
    )  # fmt: skip


def test_a_failed_test_leaves_a_new_connection_off(salesforce: Connection) -> None:
    Connection.objects.update(enabled=False, credentials={"client_id": "x", "client_secret": "y"})

    trial.test(fresh(salesforce), by="dana")

    assert not fresh(salesforce).enabled


def test_a_later_test_does_not_switch_on_what_a_person_switched_off(salesforce: Connection) -> None:
    trial.test(fresh(salesforce), by="dana")
    Connection.objects.update(enabled=False)

    trial.test(fresh(salesforce), by="dana")

    assert not fresh(salesforce).enabled
