"""Another organisation: found by a test or a login, refused, and taken only as a person decides."""

import time
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from companies.models import CompanyLink
from connectors import push, queue, start_over, trial
from connectors.models import Connection, ConnectionHealth, RemoteUser, Slot, Token, UserLink
from connectors.queue import InFlightError
from connectors.sandbox.server import SandboxServer
from connectors.start_over import OtherOrgError
from connectors.users import mirror
from contacts.models import Contact, ContactLink
from synclog.models import Entry
from tests import people, talk
from tests.factories import CompanyFactory, ConnectionFactory, UserFactory
from tests.waiting import wait_until

from .test_races import in_thread

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.untested]

OLD, NEW = "00D000000000001EAA", "00D000000000002EAA"


@pytest.fixture
def moved(db: None) -> Connection:
    """Return a connection whose login was found to be another organisation's, with what it knew."""
    connection = ConnectionFactory.create(org_id=OLD)
    company = CompanyFactory.create()
    CompanyLink.objects.create(
        connection=connection, record=company, remote_id="001A", snapshot={"Name": "x"}, adopted=True
    )
    CompanyLink.objects.create(
        connection=connection, record=CompanyFactory.create(), state="failed", code="conflict", message="two",
        candidates=[{"remote_id": "001B"}], choice="001B",
    )  # fmt: skip
    CompanyLink.objects.create(
        connection=connection, record=CompanyFactory.create(), state="pending", ticket=uuid.uuid4()
    )
    contact = Contact.objects.create(company=company, last_name="Z")
    ContactLink.objects.create(connection=connection, record=contact, remote_id="003A", unsure=True)
    people.link(UserFactory.create(password=None), people.remote(connection, "Sales East"))
    Token.objects.create(connection=connection, value={"access_token": "old"})
    ConnectionHealth.objects.update(other_org=NEW, pause="login", pause_reason="x", facts={"Account": {}})
    return Connection.objects.get(pk=connection.pk)


def links() -> list[dict[str, Any]]:
    fields = ("remote_id", "state", "code", "snapshot", "candidates", "choice", "adopted", "unsure", "ticket")
    return [*CompanyLink.objects.values(*fields), *ContactLink.objects.values(*fields)]


def test_everything_that_points_to_the_old_organisation_is_forgotten_at_once(moved: Connection) -> None:
    gone = start_over.start_over(moved, NEW, by="dana")

    assert gone.reference_ids == {"company": 1, "location": 0, "contact": 1}
    assert (gone.total, gone.remote_users, gone.user_links) == (2, 1, 1)
    assert not RemoteUser.objects.exists()
    assert not UserLink.objects.exists()
    assert not Token.objects.exists()
    for link in links():
        assert link == {
            "remote_id": "", "state": "idle", "code": "", "snapshot": {}, "candidates": [], "choice": "",
            "adopted": False, "unsure": False, "ticket": None,
        }  # fmt: skip


def test_the_connection_is_the_new_organisations_and_goes_on(moved: Connection) -> None:
    start_over.start_over(moved, NEW, by="dana")

    found = Connection.objects.select_related("health").get()
    assert (found.org_id, found.health.other_org, found.health.pause, found.health.facts) == (NEW, "", "", {})


def test_the_log_and_the_history_say_who_did_it(moved: Connection) -> None:
    start_over.start_over(moved, NEW, by="dana")

    entry = Entry.objects.get(code="start_over")
    assert (entry.level, entry.login_user) == ("WARNING", "dana")
    assert "2 reference ids were forgotten here; nothing was changed over there." in entry.description
    last = moved.history.first()
    assert (last.org_id, last.history_change_reason) == (NEW, f"Started over with {NEW}")


def test_a_persons_no_and_a_persons_pause_stay(moved: Connection) -> None:
    CompanyLink.objects.filter(remote_id="001A").update(enabled="no", enabled_by="dana")
    ConnectionHealth.objects.update(pause="person")

    start_over.start_over(moved, NEW, by="dana")

    assert CompanyLink.objects.filter(enabled="no", remote_id="").count() == 1
    assert ConnectionHealth.objects.get().pause == "person"


@pytest.mark.parametrize("org_id", ["", OLD, "00D000000000003EAA"])
def test_only_the_organisation_that_the_last_test_found_is_taken(moved: Connection, org_id: str) -> None:
    with pytest.raises(OtherOrgError):
        start_over.start_over(moved, org_id, by="dana")

    assert CompanyLink.objects.filter(remote_id="001A").exists()
    assert Connection.objects.get().org_id == OLD


def test_nothing_is_forgotten_while_records_are_being_sent(moved: Connection) -> None:
    soon = timezone.now() + timedelta(minutes=1)
    Slot.objects.create(connection=moved, number=0, lease=uuid.uuid4(), expires_at=soon)

    with pytest.raises(InFlightError, match="Try again in a moment"):
        start_over.start_over(moved, NEW, by="dana")

    assert CompanyLink.objects.filter(remote_id="001A").exists()
    assert UserLink.objects.exists()
    assert Connection.objects.get().org_id == OLD


def test_a_worker_that_died_holding_rows_brings_no_id_back(moved: Connection) -> None:
    lease, past = uuid.uuid4(), timezone.now() - timedelta(minutes=1)
    Slot.objects.create(connection=moved, number=0, lease=lease, expires_at=past)
    CompanyLink.objects.filter(state="pending").update(lease=lease)

    start_over.start_over(moved, NEW, by="dana")

    assert not CompanyLink.objects.exclude(lease=None).exists()


def test_another_connections_links_stay(moved: Connection) -> None:
    other = ConnectionFactory.create(slug="emea", name="EMEA", org_id="00D000000000009EAA")
    CompanyLink.objects.create(connection=other, record=CompanyFactory.create(), remote_id="001A")
    people.remote(other, "Sales West")

    start_over.start_over(moved, NEW, by="dana")

    assert CompanyLink.objects.get(connection=other).remote_id == "001A"
    assert RemoteUser.objects.filter(connection=other).exists()


def test_a_test_remembers_the_organisation_that_it_found_and_forgets_it_when_the_login_is_right_again(
    salesforce: Connection,
) -> None:
    trial.test(Connection.objects.get(), by="dana")
    real = Connection.objects.get().org_id
    Connection.objects.update(org_id=OLD)
    found = trial.test(Connection.objects.get(), by="dana").other_org
    Connection.objects.update(org_id=real)

    after = trial.test(Connection.objects.get(), by="dana").other_org

    assert (found, after) == (real, "")


def test_a_login_of_a_worker_remembers_it_too(salesforce: Connection) -> None:
    Connection.objects.update(org_id=OLD)
    connection = Connection.objects.get()

    talk.send(connection, [CompanyFactory.create()])

    health = ConnectionHealth.objects.get()
    assert health.other_org.startswith("00D")
    assert health.pause == "login"


def test_after_starting_over_records_are_looked_for_and_sent_anew(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    company = CompanyFactory.create(name="Facebook")
    CompanyLink.objects.create(connection=salesforce, record=company, remote_id="001000000000001AAA")
    Connection.objects.update(org_id=OLD)
    found = trial.test(Connection.objects.get(), by="dana").other_org

    start_over.start_over(salesforce, found, by="dana")
    talk.send(Connection.objects.get(), [company])

    (account,) = talk.accounts(sandbox)
    assert account["Name"] == "Facebook"
    assert talk.link_of(company).remote_id == account["Id"]
    assert queue.live_leases(salesforce) == set()


def test_users_that_were_asked_for_before_it_are_not_kept_after_it(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    trial.test(Connection.objects.get(), by="dana")
    before, asked = Connection.objects.get(), talk.count(sandbox, "composite")
    talk.break_it(sandbox, {"fault": "slow:1", "match": {"route": "composite"}, "times": 1})

    with in_thread(lambda: mirror.refresh(before, by="dana")):
        wait_until(lambda: talk.count(sandbox, "composite") > asked)
        ConnectionHealth.objects.update(other_org=NEW)
        start_over.start_over(Connection.objects.get(), NEW, by="dana")

    assert not RemoteUser.objects.exists()
    assert ConnectionHealth.objects.get().users_at is None
    assert "another organisation by now" in ConnectionHealth.objects.get().users_trouble


def test_a_worker_that_read_the_connection_before_it_pauses_nothing(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    Connection.objects.update(org_id=OLD)
    before = Connection.objects.select_related("health").get()
    found = trial.test(Connection.objects.select_related("health").get(), by="dana").other_org
    company = CompanyFactory.create()
    talk.request(salesforce, [company])
    start_over.start_over(Connection.objects.get(), found, by="dana")
    talk.request(salesforce, [company])

    assert push._talk(before, time.monotonic() + 30, lambda: False)  # look again

    health = ConnectionHealth.objects.get()
    assert (health.pause, health.other_org) == ("", "")
    assert queue.live_leases(before) == set()
    talk.drain(salesforce)
    assert talk.link_of(company).state == "idle"
